//! Scales: numbers to places on paper, round numbers for ticks, and numbers as people read them.

use crate::lab::stats::{float_of, floor};

/// Numbers laid out along a line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
    log: bool,
}

/// A tick: its place, and its text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    /// Where.
    pub(super) at: f64,
    /// What it says.
    pub(super) text: String,
}

impl Scale {
    /// A scale that holds all finite numbers of these, between two places; with zero if asked for.
    #[must_use]
    pub(super) fn around(
        values: impl IntoIterator<Item = f64>,
        zero: bool,
        [from, to]: [f64; 2],
        log: bool,
    ) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        let values =
            values.into_iter().chain(zero.then_some(0.0)).filter(|value| value.is_finite());
        values.for_each(|value| (low, high) = (low.min(value), high.max(value)));
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        if log && low > 0.0 {
            let high = if low < high { high } else { low * 10.0 };
            return Self { low: low.ln(), high: high.ln(), from, to, log };
        }
        if low == 0.0 && high == 0.0 {
            return Self { low, high: 1.0, from, to, log: false };
        }
        // A lone number gets room on both sides.
        let room = if low < high { (high - low) * 0.06 } else { low.abs().max(1.0) * 0.5 };
        let (bottom, top) = (low - room, high + room);
        // A number that cannot be below zero does not get an axis that is.
        let bottom = if low >= 0.0 && high > 0.0 { bottom.max(0.0) } else { bottom };
        let top = if high <= 0.0 && low < 0.0 { top.min(0.0) } else { top };
        Self { low: bottom, high: top, from, to, log: false }
    }

    /// A scale that ends where its numbers end.
    #[must_use]
    pub(super) const fn exact(low: f64, high: f64, [from, to]: [f64; 2]) -> Self {
        Self { low, high: if high > low { high } else { low + 1.0 }, from, to, log: false }
    }

    /// The place of a number, kept within the paper, to a hundredth.
    #[must_use]
    pub(super) fn at(&self, value: f64) -> f64 {
        let value = if self.log { value.max(f64::MIN_POSITIVE).ln() } else { value };
        let part = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        ((self.from + (self.to - self.from) * part) * 100.0).round() / 100.0
    }

    /// Whether a number lies on the scale.
    #[must_use]
    pub(super) fn holds(&self, value: f64) -> bool {
        let value = if self.log { value.ln() } else { value };
        (self.low..=self.high).contains(&value)
    }

    /// About so many ticks at round numbers.
    #[must_use]
    pub(super) fn ticks(&self, about: u32) -> Vec<Tick> {
        let values =
            if self.log { self.decades() } else { round_steps(self.low, self.high, about) };
        let places = decimals(&values);
        let tick = |value: &f64| Tick { at: self.at(*value), text: fixed(*value, places) };
        if self.log {
            values.iter().map(|value| Tick { at: self.at(*value), text: number(*value) }).collect()
        } else {
            values.iter().map(tick).collect()
        }
    }

    /// One, two and five times each power of ten, or the powers alone if there are many.
    fn decades(&self) -> Vec<f64> {
        let (low, high) = (self.low.exp() * (1.0 - 1e-9), self.high.exp() * (1.0 + 1e-9));
        let wide = (self.high - self.low) / std::f64::consts::LN_10 > 2.5;
        let steps: &[f64] = if wide { &[1.0] } else { &[1.0, 2.0, 5.0] };
        let mut found = Vec::new();
        let mut decade = 10f64.powf((self.low / std::f64::consts::LN_10).floor());
        while decade <= high && found.len() < 40 {
            found.extend(
                steps.iter().map(|step| step * decade).filter(|v| (low..=high).contains(v)),
            );
            decade *= 10.0;
        }
        found
    }
}

fn round_steps(low: f64, high: f64, about: u32) -> Vec<f64> {
    let raw = (high - low) / f64::from(about.max(1));
    let decade = 10f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|s| s * decade).find(|s| *s >= raw * 0.999);
    let step = step.unwrap_or(raw);
    let mut found = Vec::new();
    let mut count = (low / step - 1e-9).ceil();
    while count * step <= high + step * 1e-9 && found.len() < 40 {
        // Adding zero turns a negative zero into zero.
        found.push(count * step + 0.0);
        count += 1.0;
    }
    found
}

/// How many decimals tell these apart.
fn decimals(values: &[f64]) -> usize {
    let gap = values.windows(2).filter_map(|pair| Some(pair.get(1)? - pair.first()?));
    let gap = gap.fold(f64::INFINITY, f64::min);
    if gap.is_finite() && gap > 0.0 { floor((-gap.log10()).ceil().max(0.0)).min(9) } else { 0 }
}

/// A number with three digits that count, and digits in groups of three.
#[must_use]
pub(super) fn number(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let magnitude = value.abs().log10().floor();
    if !(-5.0..9.0).contains(&magnitude) {
        return format!("{value:.2e}").replace('-', "−");
    }
    let places = floor((2.0 - magnitude).max(0.0));
    fixed(value, places)
}

/// A setting's value: a whole one without decimals.
#[must_use]
pub(super) fn setting(text: &str) -> String {
    match text.parse::<f64>() {
        Ok(value) if value.fract() == 0.0 && value.abs() < 1e9 => fixed(value, 0),
        Ok(value) => number(value),
        Err(_) => text.to_owned(),
    }
}

/// A number with so many decimals.
#[must_use]
pub(super) fn fixed(value: f64, places: usize) -> String {
    let text = format!("{:.places$}", value.abs());
    let (whole, rest) = text.split_once('.').map_or((text.as_str(), ""), |(w, r)| (w, r));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 && whole.len() > 4 {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    let zero = text.chars().all(|c| matches!(c, '0' | '.'));
    let sign = if value < 0.0 && !zero { "−" } else { "" };
    let point = if rest.is_empty() { "" } else { "." };
    format!("{sign}{grouped}{point}{rest}")
}

/// A whole number with digits in groups of three.
#[must_use]
pub(super) fn count(value: u64) -> String {
    fixed(crate::lab::stats::float(value), 0)
}

/// A share as percents.
#[must_use]
pub(super) fn percent(value: f64) -> String {
    if value.is_finite() { format!("{} %", fixed(value * 100.0, 1)) } else { "–".to_owned() }
}

/// A name of code as words; `group.NAME.payoff` is the payoff of that group.
#[must_use]
pub(super) fn words(name: &str) -> String {
    let of_group = name.strip_prefix("group.").and_then(|rest| rest.rsplit_once('.'));
    match of_group {
        Some((group, what)) => format!("{what} of {group}").replace('_', " "),
        None => name.replace('_', " "),
    }
}

/// The middle of equal parts of a line.
#[must_use]
pub(super) fn middle(part: usize, of: usize, [from, to]: [f64; 2]) -> f64 {
    let width = (to - from) / float_of(of.max(1));
    ((from + width * (float_of(part) + 0.5)) * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_shown_as_they_are_set() {
        let shown = ["1", "4.0", "0.25", "20000", "gaussian"].map(setting);
        assert_eq!(shown, ["1", "4", "0.250", "20\u{202f}000", "gaussian"]);
    }

    #[test]
    fn numbers_are_shown_with_the_digits_that_count() {
        let shown = [0.0, 1.0, -0.1234, 12.345, 1234.5, -98765.4, 1e-7, 3.2e12, f64::NAN];
        let shown = shown.map(number);
        assert_eq!(
            shown,
            ["0", "1.00", "−0.123", "12.3", "1234", "−98\u{202f}765", "1.00e−7", "3.20e12", "–"]
        );
        assert_eq!(fixed(-0.001, 1), "0.0");
    }

    #[test]
    fn ticks_are_round_and_lie_on_the_paper() {
        let scale = Scale::around([0.0, 37.0], false, [0.0, 100.0], false);
        let texts: Vec<String> = scale.ticks(4).into_iter().map(|tick| tick.text).collect();
        assert_eq!(texts, ["0", "10", "20", "30"]);
        let scale = Scale::around([-0.3, 0.1], true, [10.0, 0.0], false);
        assert!(scale.ticks(5).iter().all(|tick| (0.0..=10.0).contains(&tick.at)));
        let log = Scale::around([10.0, 10_000.0], false, [0.0, 90.0], true);
        let texts: Vec<String> = log.ticks(4).into_iter().map(|tick| tick.text).collect();
        assert_eq!(texts, ["10.0", "100", "1000", "10\u{202f}000"]);
        assert_eq!((log.at(10.0), log.at(100.0)), (0.0, 30.0));
    }

    #[test]
    fn a_scale_of_nothing_or_of_one_number_is_still_one() {
        for values in [vec![], vec![5.0], vec![0.0], vec![f64::NAN], vec![-3.0, -3.0]] {
            let scale = Scale::around(values.clone(), false, [0.0, 100.0], false);
            let ticks = scale.ticks(4);
            assert!(!ticks.is_empty() && ticks.len() < 12, "{values:?}: {ticks:?}");
            assert!(ticks.iter().all(|tick| tick.at.is_finite()));
        }
    }
}
