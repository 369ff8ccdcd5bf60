//! Charts: places on paper for what a summary says. The templates only write them down.
//!
//! A dot with a line is an estimate with its interval: full if the interval does not hold zero,
//! hollow if it does. Every chart says how many runs it rests on.
//!
//! # Not here
//! Colours and letters: the template's style.

use super::scale::{Scale, Tick, middle, number, setting, words};
use crate::lab::attack::Hunt;
use crate::lab::sensitivity::{Effects, Sensitivity};
use crate::lab::stats::{Estimate, float, float_of};
use crate::lab::summary::{Fan, Point, Summary};

/// The width of a chart's paper.
pub(super) const WIDTH: f64 = 720.0;
/// The height of one row of dots or bars.
const ROW: f64 = 30.0;
/// The most rows, curves and cells that a chart shows.
const MOST: usize = 24;

/// Estimates by name, one below the other.
pub(super) struct Dots {
    /// The paper's height.
    pub(super) height: f64,
    /// Where zero is, if on paper.
    pub(super) zero: Option<f64>,
    /// The ticks below.
    pub(super) ticks: Vec<Tick>,
    /// The rows.
    pub(super) rows: Vec<Dot>,
    /// Where the plot ends below.
    pub(super) bottom: f64,
}

/// One estimate.
pub(super) struct Dot {
    /// Its name.
    pub(super) name: String,
    /// Where it lies from above.
    pub(super) y: f64,
    /// Its interval and itself.
    pub(super) x: [f64; 3],
    /// Whether its interval is without zero.
    pub(super) sure: bool,
    /// What it says in numbers.
    pub(super) text: String,
}

/// A curve with bands.
pub(super) struct Curve {
    /// What is drawn.
    pub(super) title: String,
    /// What it rests on.
    pub(super) note: String,
    /// What lies along the paper.
    pub(super) along: String,
    /// The paper.
    pub(super) paper: Paper,
    /// Ticks at the left.
    pub(super) left: Vec<Tick>,
    /// Ticks below.
    pub(super) below: Vec<Tick>,
    /// Where zero is, if on paper.
    pub(super) zero: Option<f64>,
    /// The band as a path.
    pub(super) band: String,
    /// The middle as a path.
    pub(super) line: String,
    /// The points of the middle, if they are few.
    pub(super) dots: Vec<[f64; 2]>,
    /// Where the curve crosses zero, with what to say.
    pub(super) crossings: Vec<Tick>,
}

/// A map of cells.
pub(super) struct Heat {
    /// What lies along the paper and up it.
    pub(super) axes: [String; 2],
    /// The paper's height.
    pub(super) height: f64,
    /// The names of columns.
    pub(super) columns: Vec<Tick>,
    /// The names of rows.
    pub(super) rows: Vec<Tick>,
    /// The cells.
    pub(super) cells: Vec<Cell>,
}

/// One cell.
pub(super) struct Cell {
    /// Its corner and size.
    pub(super) place: [f64; 4],
    /// How strong its colour is, in percent.
    pub(super) strength: u32,
    /// Whether it is below zero.
    pub(super) negative: bool,
    /// What it says.
    pub(super) text: String,
    /// What it says in full.
    pub(super) full: String,
}

/// Where the plot lies on the paper of a row chart.
const PLOT: [f64; 2] = [190.0, 520.0];

/// Estimates one below the other, on one scale with zero.
#[must_use]
pub(super) fn dots(estimates: &[(String, Estimate, String)]) -> Dots {
    let all = estimates.iter().flat_map(|(_, e, _)| [e.low, e.high, e.mean]);
    let scale = Scale::around(all, true, PLOT, false);
    let bottom = 12.0 + ROW * float_of(estimates.len());
    let row = |(place, (name, estimate, text)): (usize, &(String, Estimate, String))| Dot {
        name: name.clone(),
        y: 12.0 + ROW * (float_of(place) + 0.5),
        x: [estimate.low, estimate.mean, estimate.high].map(|value| scale.at(value)),
        sure: estimate.n > 1 && (estimate.low > 0.0 || estimate.high < 0.0),
        text: text.clone(),
    };
    Dots {
        height: bottom + 30.0,
        zero: scale.holds(0.0).then(|| scale.at(0.0)),
        ticks: scale.ticks(5),
        rows: estimates.iter().enumerate().map(row).collect(),
        bottom,
    }
}

/// An estimate in numbers.
#[must_use]
pub(super) fn told(estimate: &Estimate) -> String {
    let Estimate { n, mean, low, high } = estimate;
    if *n < 2 {
        return format!("{}, n {n}", number(*mean));
    }
    format!("{} [{}, {}], n {n}", number(*mean), number(*low), number(*high))
}

/// The gain of each group at the first point, the best first.
#[must_use]
pub(super) fn payoffs(point: &Point, what: &str) -> Option<Dots> {
    let mut found: Vec<(String, Estimate, String)> = Vec::new();
    for number in &point.numbers {
        let name = number.name.strip_prefix("group.").and_then(|name| name.strip_suffix(what));
        if let Some(name) = name.and_then(|name| name.strip_suffix('.')) {
            found.push((words(name), number.mean, told(&number.mean)));
        }
    }
    found.sort_by(|(_, one, _), (_, other, _)| other.mean.total_cmp(&one.mean));
    found.truncate(MOST);
    (!found.is_empty()).then(|| dots(&found))
}

/// Where a curve's plot lies on its paper.
#[derive(Clone, Copy)]
pub(super) struct Paper {
    /// The whole paper.
    pub(super) width: f64,
    /// The whole paper.
    pub(super) height: f64,
    /// The plot's left side.
    pub(super) left: f64,
    /// The plot's right side.
    pub(super) right: f64,
    /// The plot's upper side.
    pub(super) top: f64,
    /// The plot's lower side.
    pub(super) bottom: f64,
}

/// The paper of a curve that stands alone.
const WIDE: Paper =
    Paper { width: WIDTH, height: 236.0, left: 64.0, right: 704.0, top: 12.0, bottom: 196.0 };
/// The paper of one of several.
const SMALL: Paper =
    Paper { width: 350.0, height: 170.0, left: 52.0, right: 340.0, top: 8.0, bottom: 134.0 };

/// A course over time: the middle run, and where nine of ten runs lie.
#[must_use]
pub(super) fn fan(fan: &Fan) -> Option<Curve> {
    let (first, last) = (fan.steps.first()?, fan.steps.last()?);
    let points: Vec<(f64, [f64; 3])> =
        fan.steps.iter().map(|step| (float(step.at), step.bands)).collect();
    let along = Scale::exact(float(first.at), float(last.at), [SMALL.left, SMALL.right]);
    let mut curve = curve(&points, along, SMALL);
    curve.title = words(&fan.name);
    curve.note = format!("n {}", first.n);
    curve.along = "epoch".to_owned();
    curve.dots.clear();
    Some(curve)
}

/// The number along the only axis of an experiment, and where it crosses zero.
#[must_use]
pub(super) fn along_axis(summary: &Summary) -> Option<Curve> {
    let [axis] = &summary.axes[..] else { return None };
    let mut points: Vec<(f64, Estimate)> = Vec::new();
    for point in &summary.points {
        let at: f64 = point.values.first()?.parse().ok()?;
        points.push((at, point.number(&summary.kpi)?.mean));
    }
    points.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let along =
        Scale::around(points.iter().map(|(at, _)| *at), false, [WIDE.left, WIDE.right], axis.log);
    let along = match (axis.log, points.first(), points.last()) {
        (false, Some((low, _)), Some((high, _))) => {
            Scale::exact(*low, *high, [WIDE.left, WIDE.right])
        }
        _ => along,
    };
    let bands: Vec<(f64, [f64; 3])> =
        points.iter().map(|(at, e)| (*at, [e.low, e.mean, e.high])).collect();
    let mut curve = curve(&bands, along, WIDE);
    curve.title = words(&summary.kpi);
    curve.note = format!("mean with its 95 % interval, {} runs at each point", summary.replicates);
    curve.along.clone_from(&axis.path);
    for pair in bands.windows(2) {
        if let &[(a, [_, low, _]), (b, [_, high, _])] = pair
            && (low < 0.0) != (high < 0.0)
        {
            let at = a + (b - a) * (-low / (high - low));
            let text = format!("crosses zero near {}", number(at));
            curve.crossings.push(Tick { at: along.at(at), text });
        }
    }
    Some(curve)
}

fn curve(points: &[(f64, [f64; 3])], along: Scale, paper: Paper) -> Curve {
    let up = points.iter().flat_map(|(_, bands)| *bands);
    let up = Scale::around(up, false, [paper.bottom, paper.top], false);
    let place = |at: f64, value: f64| format!("{} {}", along.at(at), up.at(value));
    let line: Vec<String> = points.iter().map(|(at, [_, mid, _])| place(*at, *mid)).collect();
    let over = points.iter().map(|(at, [.., high])| place(*at, *high));
    let under = points.iter().rev().map(|(at, [low, ..])| place(*at, *low));
    let band: Vec<String> = over.chain(under).collect();
    let dots = points.iter().map(|(at, [_, mid, _])| [along.at(*at), up.at(*mid)]);
    Curve {
        title: String::new(),
        note: String::new(),
        along: String::new(),
        paper,
        left: up.ticks(4),
        below: along.ticks(if paper.width < WIDTH { 4 } else { 7 }),
        zero: up.holds(0.0).then(|| up.at(0.0)),
        band: format!("M{}Z", band.join("L")),
        line: format!("M{}", line.join("L")),
        dots: dots.take(if points.len() <= MOST { MOST } else { 0 }).collect(),
        crossings: Vec::new(),
    }
}

/// The number over the first two axes of a grid, averaged over the others.
#[must_use]
pub(super) fn heat(summary: &Summary) -> Option<Heat> {
    let [along, up, ..] = &summary.axes[..] else { return None };
    let (mut columns, mut rows): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    let mut found: Vec<(usize, usize, f64, u64)> = Vec::new();
    for point in &summary.points {
        let [x, y, ..] = &point.values[..] else { return None };
        let (x, y) = (place_of(&mut columns, x), place_of(&mut rows, y));
        let mean = point.number(&summary.kpi)?.mean;
        match found.iter_mut().find(|(a, b, ..)| (*a, *b) == (x, y)) {
            Some((.., sum, n)) => (*sum, *n) = (*sum + mean.mean * float(mean.n), *n + mean.n),
            None => found.push((x, y, mean.mean * float(mean.n), mean.n)),
        }
    }
    if columns.len() > MOST || rows.len() > MOST || found.len() != columns.len() * rows.len() {
        return None;
    }
    let cell_height = 34.0;
    let bottom = 10.0 + cell_height * float_of(rows.len());
    let (across, down) = ([120.0, 704.0], [bottom, 10.0]);
    let most = found.iter().map(|(.., sum, n)| (sum / float(*n)).abs()).fold(0.0, f64::max);
    let width = (across[1] - across[0]) / float_of(columns.len());
    let cell = |&(x, y, sum, n): &(usize, usize, f64, u64)| {
        let value = sum / float(n);
        let middle = [middle(x, columns.len(), across), middle(y, rows.len(), down)];
        let strength = if most > 0.0 { (value.abs() / most * 78.0).round() } else { 0.0 };
        let text = number(value);
        let full = format!(
            "{} = {}, {} = {}: {text}, n {n}",
            along.path,
            columns.get(x).copied().unwrap_or_default(),
            up.path,
            rows.get(y).copied().unwrap_or_default()
        );
        let size = [width - 2.0, cell_height - 2.0];
        Cell {
            place: [middle[0] - size[0] / 2.0, middle[1] - size[1] / 2.0, size[0], size[1]],
            strength: u32::try_from(crate::lab::stats::floor(strength)).unwrap_or(0),
            negative: value < 0.0,
            text: if width > 44.0 { text } else { String::new() },
            full,
        }
    };
    let ticks = |names: &[&str], line: [f64; 2]| -> Vec<Tick> {
        let at = |place| middle(place, names.len(), line);
        let short = |name: &str| match name.parse::<f64>() {
            Ok(_) => setting(name),
            Err(_) => words(name),
        };
        names.iter().enumerate().map(|(p, name)| Tick { at: at(p), text: short(name) }).collect()
    };
    Some(Heat {
        axes: [along.path.clone(), up.path.clone()],
        height: bottom + 44.0,
        columns: ticks(&columns, across),
        rows: ticks(&rows, down),
        cells: found.iter().map(cell).collect(),
    })
}

fn place_of<'a>(names: &mut Vec<&'a str>, name: &'a str) -> usize {
    if let Some(place) = names.iter().position(|known| *known == name) {
        return place;
    }
    names.push(name);
    names.len() - 1
}

/// What each setting does to the number, the strongest first.
#[must_use]
pub(super) fn tornado(found: &Sensitivity) -> Dots {
    let mut rows: Vec<(String, Estimate, String)> = Vec::new();
    let mut row = |path: &str, value: f64, low: f64, high: f64, more: String| {
        let n = found.samples;
        let interval = format!("{} [{}, {}]{more}", number(value), number(low), number(high));
        rows.push((path.to_owned(), Estimate { n, mean: value, low, high }, interval));
    };
    match &found.effects {
        Effects::Sobol(shares) => {
            for share in shares {
                let more = format!(", alone {}", number(share.first.value));
                let total = share.total;
                row(&share.path, total.value, total.low, total.high, more);
            }
        }
        Effects::Morris(effects) => {
            for effect in effects {
                let more = format!(", ± {}", number(effect.deviation));
                let mean = effect.mean;
                row(&effect.path, mean.value, mean.low, mean.high, more);
            }
        }
    }
    rows.sort_by(|(_, one, _), (_, other, _)| other.mean.abs().total_cmp(&one.mean.abs()));
    dots(&rows)
}

/// What each attack gains over honest work, the best first.
#[must_use]
pub(super) fn gains(hunt: &Hunt) -> Dots {
    let row =
        |found: &crate::lab::attack::Found| (words(&found.name), found.gain, told(&found.gain));
    dots(&hunt.found.iter().map(row).collect::<Vec<_>>())
}

/// Attacks by what they cost and what they gain.
pub(super) struct Frontier {
    /// Ticks at the left and below.
    pub(super) left: Vec<Tick>,
    /// Ticks below.
    pub(super) below: Vec<Tick>,
    /// Where zero is.
    pub(super) zero: Option<f64>,
    /// Each attack: its place, its interval's ends from above, its name, whether it pays.
    pub(super) marks: Vec<Mark>,
}

/// One attack on the frontier.
pub(super) struct Mark {
    /// Where it is along the paper.
    pub(super) x: f64,
    /// Where it is from above: upper end, itself, lower end.
    pub(super) y: [f64; 3],
    /// Its name.
    pub(super) name: String,
    /// Whether it surely pays.
    pub(super) pays: bool,
    /// Whether the name stands to its left.
    pub(super) left: bool,
    /// Where the name stands from above: moved where names would meet.
    pub(super) label: f64,
}

/// The frontier of a hunt.
#[must_use]
pub(super) fn frontier(hunt: &Hunt) -> Frontier {
    let along = Scale::around(
        hunt.found.iter().map(|found| found.cost.mean),
        true,
        [WIDE.left, WIDE.right - 40.0],
        false,
    );
    let all = hunt.found.iter().flat_map(|found| [found.gain.low, found.gain.high]);
    let up = Scale::around(all, true, [WIDE.bottom + 60.0, WIDE.top], false);
    let mark = |found: &crate::lab::attack::Found| {
        let x = along.at(found.cost.mean);
        Mark {
            x,
            y: [found.gain.high, found.gain.mean, found.gain.low].map(|value| up.at(value)),
            name: words(&found.name),
            pays: found.gain.is_positive(),
            left: x > 520.0,
            label: up.at(found.gain.mean),
        }
    };
    let mut marks: Vec<Mark> = hunt.found.iter().map(mark).collect();
    apart(&mut marks);
    Frontier {
        left: up.ticks(5),
        below: along.ticks(6),
        zero: up.holds(0.0).then(|| up.at(0.0)),
        marks,
    }
}

/// Moves names down that would stand on those above them.
fn apart(marks: &mut [Mark]) {
    let mut placed: Vec<(bool, f64, f64)> = Vec::new();
    for mark in marks {
        let meets = |at: f64, placed: &[(bool, f64, f64)]| {
            placed.iter().any(|(left, x, y)| {
                *left == mark.left && (x - mark.x).abs() < 150.0 && (y - at).abs() < 13.0
            })
        };
        while meets(mark.label, &placed) && mark.label < 256.0 {
            mark.label += 2.0;
        }
        placed.push((mark.left, mark.x, mark.label));
    }
}
