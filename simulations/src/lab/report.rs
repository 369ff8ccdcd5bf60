//! The report: one page that needs nothing but itself.
//!
//! It is written from the documents of an experiment's folder (`summary.json`, and if they are there
//! `sensitivity.json` and `attack.json`), so it can be drawn again at any time, and it is the same
//! page each time.
//!
//! # Invariants
//! - No script, nothing loaded from elsewhere; readable in light, in dark and on paper.
//! - Every number stands with its interval and how many runs it rests on.
//! - At most [`MAX_BYTES`]: long lists are cut, and the page says so.
//!
//! # Not here
//! Computing what it shows.

mod charts;
mod scale;

use askama::Template;

use self::charts::{Curve, Dots, Frontier, Heat, WIDTH};
use self::scale::{count, number, percent, setting, words};
use super::LabError;
use super::attack::Hunt;
use super::plan::Folder;
use super::sensitivity::{Effects, Sensitivity};
use super::summary::{self, Summary};

/// The most bytes of a page.
pub const MAX_BYTES: usize = 300_000;
/// The most courses that are drawn.
const MAX_COURSES: usize = 12;
/// The most points that are listed.
const MAX_POINTS: usize = 200;

#[derive(Template)]
#[template(path = "report.html")]
struct Page {
    title: String,
    lede: String,
    facts: Vec<(&'static str, String)>,
    payoffs: Option<Dots>,
    returns: Option<Dots>,
    numbers: Vec<[String; 7]>,
    zeros: String,
    along: Option<Curve>,
    heat: Option<Heat>,
    heat_note: String,
    courses: Vec<Curve>,
    courses_left: usize,
    tornado: Option<Dots>,
    tornado_note: String,
    hunt: Option<Attacks>,
    points: Vec<Vec<String>>,
    point_names: Vec<String>,
    points_left: u64,
    reproduce: String,
    width: f64,
}

/// What a hunt found, drawn.
struct Attacks {
    verdict: String,
    note: String,
    unit: String,
    gains: Dots,
    frontier: Frontier,
    rows: Vec<[String; 6]>,
}

/// Draws the report of an experiment into its folder.
///
/// # Errors
/// If a document is missing or damaged, or the page cannot be written.
pub fn draw(folder: &Folder) -> Result<(), LabError> {
    let summary: Option<Summary> = document(folder, "summary.json")?;
    let sensitivity: Option<Sensitivity> = document(folder, "sensitivity.json")?;
    let hunt: Option<Hunt> = document(folder, "attack.json")?;
    let reproduce = folder.text("REPRODUCE").unwrap_or_default();
    let page = page(summary.as_ref(), sensitivity.as_ref(), hunt.as_ref(), reproduce);
    let failed = |error: askama::Error| LabError::Table {
        path: folder.file("report.html"),
        error: error.to_string().into(),
    };
    folder.write("report.html", page.render().map_err(failed)?.as_bytes())
}

/// A document of the folder, if it is there.
///
/// # Errors
/// If it is there and cannot be read.
pub fn document<T: serde::de::DeserializeOwned>(
    folder: &Folder,
    name: &str,
) -> Result<Option<T>, LabError> {
    let path = folder.file(name);
    if !path.is_file() {
        return Ok(None);
    }
    let text = folder.text(name)?;
    serde_json::from_str(&text).map(Some).map_err(|error| LabError::Damaged { path, error })
}

fn page(
    summary: Option<&Summary>,
    sensitivity: Option<&Sensitivity>,
    hunt: Option<&Hunt>,
    reproduce: String,
) -> Page {
    let mut page = Page {
        title: "An experiment without runs".to_owned(),
        lede: String::new(),
        facts: Vec::new(),
        payoffs: None,
        returns: None,
        numbers: Vec::new(),
        zeros: String::new(),
        along: None,
        heat: None,
        heat_note: String::new(),
        courses: Vec::new(),
        courses_left: 0,
        tornado: sensitivity.map(charts::tornado),
        tornado_note: sensitivity.map(tornado_note).unwrap_or_default(),
        hunt: hunt.map(attacks),
        points: Vec::new(),
        point_names: Vec::new(),
        points_left: 0,
        reproduce,
        width: WIDTH,
    };
    if let Some(summary) = summary {
        describe(&mut page, summary);
    }
    if let Some(hunt) = hunt {
        page.title = format!("Attacks on {}", words(&hunt.scenario));
        page.lede = page.hunt.as_ref().map(|hunt| hunt.verdict.clone()).unwrap_or_default();
        page.facts = vec![
            ("Attacker", hunt.attacker.clone()),
            ("Runs", count(hunt.runs)),
            ("Search", words(&format!("{:?}", hunt.method)).to_lowercase()),
            ("Seed", hunt.seed.clone()),
        ];
    }
    page
}

/// What a summary adds to the page.
fn describe(page: &mut Page, summary: &Summary) {
    page.title = words(&summary.scenario);
    page.facts = vec![
        ("Runs", count(summary.runs)),
        ("Points", count(summary.points_total)),
        ("Runs at each point", count(summary.replicates)),
        ("Design", format!("{:?}", summary.kind).to_lowercase()),
        ("Seed", summary.seed.clone()),
        ("Design hash", summary.design.chars().take(16).collect()),
    ];
    if let Some(first) = summary.points.first() {
        page.payoffs = charts::payoffs(first, "payoff");
        page.returns = charts::payoffs(first, "return");
        if let Some(kpi) = first.number(&summary.kpi) {
            page.lede = format!(
                "{}: {} at the first point, 95 % interval {} to {}, {} runs.",
                words(&summary.kpi),
                number(kpi.mean.mean),
                number(kpi.mean.low),
                number(kpi.mean.high),
                count(kpi.mean.n)
            );
        }
        let (zeros, rest): (Vec<_>, Vec<_>) = first.numbers.iter().partition(|n| n.is_zero());
        page.numbers = rest.into_iter().map(number_row).collect();
        let zeros: Vec<String> = zeros.into_iter().map(|number| words(&number.name)).collect();
        page.zeros = zeros.join(", ");
    }
    page.along = charts::along_axis(summary);
    page.heat = charts::heat(summary);
    if page.heat.is_some() {
        let others = summary.axes.iter().skip(2).map(|axis| axis.path.as_str());
        let others: Vec<&str> = others.collect();
        let over = if others.is_empty() {
            String::new()
        } else {
            format!(", averaged over {}", others.join(", "))
        };
        page.heat_note = format!(
            "Mean of {} over {} runs at each point{over}.",
            words(&summary.kpi),
            count(summary.replicates)
        );
    }
    page.courses = summary.courses.iter().take(MAX_COURSES).filter_map(charts::fan).collect();
    page.courses_left = summary.courses.len().saturating_sub(MAX_COURSES);
    if summary.points.len() > 1 {
        page.point_names = summary.axes.iter().map(|axis| axis.path.clone()).collect();
        page.point_names.push(words(&summary.kpi));
        page.point_names.push("against the first point".to_owned());
        page.points =
            summary.points.iter().take(MAX_POINTS).map(|p| point_row(p, summary)).collect();
        let shown = u64::try_from(page.points.len()).unwrap_or(0);
        page.points_left = summary.points_total.saturating_sub(shown);
    }
}

fn number_row(found: &summary::Number) -> [String; 7] {
    let summary::Number { name, mean, deviation, p5, p50, p95, positive: _ } = found;
    [
        words(name),
        number(mean.mean),
        format!("{} to {}", number(mean.low), number(mean.high)),
        number(*deviation),
        number(*p50),
        format!("{} to {}", number(*p5), number(*p95)),
        count(mean.n),
    ]
}

fn point_row(point: &summary::Point, summary: &Summary) -> Vec<String> {
    let mut row: Vec<String> = point.values.iter().map(|text| setting(text)).collect();
    let kpi = point.number(&summary.kpi).map(|found| charts::told(&found.mean));
    row.push(kpi.unwrap_or_default());
    row.push(point.against_first.as_ref().map(charts::told).unwrap_or_default());
    row
}

fn tornado_note(found: &Sensitivity) -> String {
    let (samples, runs) = (count(found.samples), count(found.runs));
    let what = words(&found.kpi);
    match found.effects {
        Effects::Sobol(_) => format!(
            "The share of the variance of {what} that each setting explains together with all \
             others (Sobol, total), with 95 % intervals of 1000 resamples; alone: what it explains \
             by itself. {samples} blocks, {runs} runs."
        ),
        Effects::Morris(_) => format!(
            "How far {what} moves when a setting goes through its whole range (Morris, mean of \
             elementary effects), with 95 % intervals of 1000 resamples; ±: how much that differs \
             from place to place. {samples} paths, {runs} runs."
        ),
    }
}

fn attacks(hunt: &Hunt) -> Attacks {
    let row = |found: &super::attack::Found| {
        let settings = found.settings.iter().map(|(name, value)| {
            let value = value.parse().map_or_else(|_| value.clone(), number);
            format!("{name} {value}")
        });
        let settings: Vec<String> = settings.collect();
        [
            words(&found.name),
            settings.join(", "),
            charts::told(&found.gain),
            charts::told(&found.payoff),
            number(found.cost.mean),
            format!("{} of {}", percent(found.wins.mean), count(found.wins.n)),
        ]
    };
    Attacks {
        verdict: verdict(hunt),
        note: format!(
            "Gain over honest work with the same stake and the same chance ({}); honest work itself \
             earns {}.",
            hunt.unit,
            charts::told(&hunt.honest)
        ),
        unit: hunt.unit.clone(),
        gains: charts::gains(hunt),
        frontier: charts::frontier(hunt),
        rows: hunt.found.iter().map(row).collect(),
    }
}

/// What a hunt says in one sentence.
#[must_use]
pub fn verdict(hunt: &Hunt) -> String {
    let Some(best) = hunt.found.first() else { return "No attack was tried.".to_owned() };
    let gain = charts::told(&best.gain);
    let name = words(&best.name);
    if best.gain.is_positive() {
        format!("The most profitable attack is {name}: it gains {gain} over honest work.")
    } else if best.gain.high < 0.0 {
        format!("No attack pays: the best, {name}, gains {gain} against honest work.")
    } else {
        format!("No attack surely pays: the best, {name}, gains {gain}, and that may be nothing.")
    }
}
