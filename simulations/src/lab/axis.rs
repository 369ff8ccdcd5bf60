//! An axis: one setting that an experiment varies, and over what.
//!
//! The text of an axis is its only form, in plans as on the command line, so that what is read back
//! is exactly what was meant:
//!
//! ```text
//! agents.attacker.stake=1000..50000:5       five values from 1000 to 50000, evenly
//! task.fee=1..10000:5:log                   five values, each as many times its neighbour
//! params.tolerance=0.01..0.3                a range for designs that choose their own values
//! agents.attacker.strategy=honest,lazy      just these
//! ```
//!
//! # Invariants
//! - A range between whole numbers has whole values.
//! - No value occurs twice, so that no two points of a grid are the same experiment.

use std::fmt::{self, Display};
use std::str::FromStr;

use toml::Value;

use super::stats::{float_of, floor};

/// The most values that an axis may name.
pub const MAX_LEVELS: usize = 10_000;

/// One setting and what it may be.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    text: String,
    path: String,
    span: Span,
}

#[derive(Debug, Clone, PartialEq)]
enum Span {
    Levels(Vec<Value>),
    Range { low: f64, high: f64, levels: Option<usize>, log: bool, whole: bool },
}

/// Why a text is no axis.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AxisError {
    /// No `=`, no path or no values.
    #[error("`{0}` is no axis: write PATH=LOW..HIGH:COUNT or PATH=VALUE,VALUE")]
    Form(String),
    /// An end of a range that is no number, or ends in the wrong order.
    #[error("`{0}` is no range: both ends are numbers, the lower one first")]
    Range(String),
    /// A scale or count that makes no sense.
    #[error("`{0}`: after the range comes a count from 2 to {MAX_LEVELS}, then `log` or nothing")]
    Count(String),
    /// A logarithmic range that reaches 0.
    #[error("`{0}`: a logarithmic range lies above 0")]
    Log(String),
    /// A value that occurs twice.
    #[error("`{text}` has the value {value} twice")]
    Twice {
        /// The axis.
        text: String,
        /// The value.
        value: String,
    },
    /// A grid over a range without a count.
    #[error("`{0}` needs a count of values here, as in {0}:5")]
    NoLevels(String),
}

impl Axis {
    /// The setting's path.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether its values are numbers.
    #[must_use]
    pub fn is_numeric(&self) -> bool {
        match &self.span {
            Span::Levels(levels) => levels.iter().all(|level| number(level).is_some()),
            Span::Range { .. } => true,
        }
    }

    /// Whether its values lie on a logarithmic scale.
    #[must_use]
    pub const fn is_log(&self) -> bool {
        matches!(self.span, Span::Range { log: true, .. })
    }

    /// Its values, for a design that visits each.
    ///
    /// # Errors
    /// If it is a range without a count.
    pub fn levels(&self) -> Result<Vec<Value>, AxisError> {
        match &self.span {
            Span::Levels(levels) => Ok(levels.clone()),
            Span::Range { levels: Some(count), .. } => {
                let last = float_of(count.saturating_sub(1)).max(1.0);
                Ok((0..*count).map(|at| self.between(float_of(at) / last)).collect())
            }
            Span::Range { levels: None, .. } => Err(AxisError::NoLevels(self.text.clone())),
        }
    }

    /// The value at a place from 0 to below 1, for a design that chooses its own values.
    #[must_use]
    pub fn at(&self, unit: f64) -> Value {
        match &self.span {
            Span::Levels(levels) => {
                let place = floor(unit * float_of(levels.len()));
                let level = levels.get(place).or_else(|| levels.last());
                level.cloned().unwrap_or(Value::Boolean(false))
            }
            Span::Range { low, high, log: false, whole: true, .. } => {
                // Each whole number gets an equal part of the unit.
                Value::Integer(whole((low + unit * (high - low + 1.0)).floor().min(*high)))
            }
            Span::Range { .. } => self.between(unit),
        }
    }

    /// The value at a place from 0 to 1, both ends included.
    fn between(&self, unit: f64) -> Value {
        let Span::Range { low, high, log, whole: is_whole, .. } = &self.span else {
            return self.at(unit);
        };
        let value = match unit {
            unit if unit >= 1.0 => *high,
            unit if *log => low * (high / low).powf(unit),
            unit => low + (high - low) * unit,
        };
        if *is_whole { Value::Integer(whole(value.round())) } else { Value::Float(value) }
    }

    fn read(text: &str) -> Result<Self, AxisError> {
        let form = || AxisError::Form(text.to_owned());
        let (path, values) = text.split_once('=').ok_or_else(form)?;
        let (path, values) = (path.trim(), values.trim());
        if path.is_empty() || values.is_empty() {
            return Err(form());
        }
        let span = match values.split_once("..") {
            Some((low, rest)) => range(text, low, rest)?,
            None => Span::Levels(values.split(',').map(|value| level(value.trim())).collect()),
        };
        let axis = Self { text: text.to_owned(), path: path.to_owned(), span };
        axis.check()?;
        Ok(axis)
    }

    /// Refuses values that occur twice.
    fn check(&self) -> Result<(), AxisError> {
        let levels = match self.levels() {
            Err(AxisError::NoLevels(_)) => return Ok(()),
            levels => levels?,
        };
        if levels.len() > MAX_LEVELS {
            return Err(AxisError::Count(self.text.clone()));
        }
        let mut seen = std::collections::BTreeSet::new();
        for value in levels.iter().map(plain) {
            if !seen.insert(value.clone()) {
                return Err(AxisError::Twice { text: self.text.clone(), value });
            }
        }
        Ok(())
    }
}

/// A range after its lower end: `HIGH[:COUNT[:log]]`.
fn range(text: &str, low: &str, rest: &str) -> Result<Span, AxisError> {
    let mut parts = rest.split(':');
    let high = parts.next().unwrap_or_default();
    let ends = [low, high].map(|end| level(end.trim()));
    let whole = ends.iter().all(Value::is_integer);
    let [Some(low), Some(high)] = ends.each_ref().map(number) else {
        return Err(AxisError::Range(text.to_owned()));
    };
    if !(low.is_finite() && high.is_finite() && low < high) {
        return Err(AxisError::Range(text.to_owned()));
    }
    let count = |count: &str| match count.parse() {
        Ok(count) if (2..=MAX_LEVELS).contains(&count) => Ok(count),
        Ok(_) | Err(_) => Err(AxisError::Count(text.to_owned())),
    };
    let (levels, log) = match (parts.next(), parts.next(), parts.next()) {
        (None, None, None) => (None, false),
        (Some("log"), None, None) => (None, true),
        (Some(levels), None, None) => (Some(count(levels)?), false),
        (Some(levels), Some("log"), None) => (Some(count(levels)?), true),
        _ => return Err(AxisError::Count(text.to_owned())),
    };
    if log && low <= 0.0 {
        return Err(AxisError::Log(text.to_owned()));
    }
    Ok(Span::Range { low, high, levels, log, whole })
}

/// A value as it is written: as TOML if that is one, or else as a word.
fn level(text: &str) -> Value {
    let document: Option<toml::Table> = format!("v = {text}").parse().ok();
    document.and_then(|mut table| table.remove("v")).unwrap_or_else(|| Value::String(text.into()))
}

/// A value as a number, if it is one.
#[must_use]
#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "settings are below 2^53")]
pub fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(value) => Some(*value as f64),
        Value::Float(value) => Some(*value),
        Value::Boolean(_)
        | Value::String(_)
        | Value::Datetime(_)
        | Value::Array(_)
        | Value::Table(_) => None,
    }
}

/// A value as people read it: a text without its quotes.
#[must_use]
pub fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "it is whole, and saturates"
)]
const fn whole(value: f64) -> i64 {
    value as i64
}

impl FromStr for Axis {
    type Err = AxisError;

    fn from_str(text: &str) -> Result<Self, AxisError> {
        Self::read(text)
    }
}

impl Display for Axis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(text: &str) -> Vec<String> {
        text.parse::<Axis>().unwrap().levels().unwrap().iter().map(plain).collect()
    }

    #[test]
    fn an_axis_has_the_values_that_its_text_says() {
        assert_eq!(levels("a.b=0.5..1.5:3"), ["0.5", "1.0", "1.5"]);
        assert_eq!(levels("a=1..10:4"), ["1", "4", "7", "10"]);
        assert_eq!(levels("a=1..1000:4:log"), ["1", "10", "100", "1000"]);
        assert_eq!(levels("a=honest, lazy,true,\"x\""), ["honest", "lazy", "true", "x"]);
        assert_eq!(levels("a=-0.1..0.1:2"), ["-0.1", "0.1"]);
        let axis: Axis = "a.b=0.5..1.5:3".parse().unwrap();
        assert_eq!((axis.path(), axis.to_string().as_str()), ("a.b", "a.b=0.5..1.5:3"));
    }

    #[test]
    fn places_in_a_range_are_shared_out_evenly() {
        let axis: Axis = "a=1..4".parse().unwrap();
        let found: Vec<String> = (0..8).map(|at| plain(&axis.at(f64::from(at) / 8.0))).collect();
        assert_eq!(found, ["1", "1", "2", "2", "3", "3", "4", "4"]);
        let words: Axis = "a=x,y".parse().unwrap();
        assert_eq!(plain(&words.at(0.49)) + &plain(&words.at(0.5)), "xy");
        assert_eq!(plain(&words.at(1.0)), "y");
    }

    #[test]
    fn what_is_no_axis_is_refused_with_its_text() {
        for (text, says) in [
            ("a", "is no axis"),
            ("=1", "is no axis"),
            ("a=", "is no axis"),
            ("a=2..1:3", "the lower one first"),
            ("a=x..2:3", "both ends are numbers"),
            ("a=1..2:1", "a count from 2"),
            ("a=1..2:3:lin", "then `log`"),
            ("a=0..2:3:log", "above 0"),
            ("a=1..2:5", "twice"),
            ("a=x,y,x", "has the value x twice"),
        ] {
            let refusal = text.parse::<Axis>().unwrap_err().to_string();
            assert!(refusal.contains(says) && refusal.contains(text), "{text}: {refusal}");
        }
        let open: Axis = "a=0.1..0.2".parse().unwrap();
        assert!(open.levels().unwrap_err().to_string().contains("a=0.1..0.2:5"));
    }
}
