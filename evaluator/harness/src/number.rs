//! Numbers of files and models, made exact.
//!
//! The only place of the harness that goes between floats and integers. A number that could be
//! written in two ways (a scale, a range) is a ratio or a decimal in the benchmark file, never a
//! float, so that the file's hash says exactly what is computed; a number that a model gives
//! becomes micro-units, rounded half to even.
//!
//! Spec: `docs/spec/22-evaluator.md`.

use serde::{Deserialize, Deserializer};

/// Why a text is not a number of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Not a ratio.
    #[error("{0:?} is not a ratio such as \"1/16\" or \"3\"")]
    Ratio(String),
    /// Not a decimal number of at most six decimals.
    #[error("{0:?} is not a decimal number of at most six decimals")]
    Decimal(String),
}

/// An exact ratio, written `"1/16"`, `"3"` or as a whole number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ratio {
    numerator: i32,
    denominator: u32,
}

impl Ratio {
    /// One: nothing is scaled.
    pub const ONE: Self = Self { numerator: 1, denominator: 1 };

    /// The ratio that `text` spells.
    ///
    /// # Errors
    /// [`NumberError::Ratio`], also for a zero on either side.
    pub fn parse(text: &str) -> Result<Self, NumberError> {
        let (numerator, denominator) = text.split_once('/').unwrap_or((text, "1"));
        match (numerator.trim().parse(), denominator.trim().parse()) {
            (Ok(numerator), Ok(denominator)) if numerator != 0 && denominator != 0 => {
                Ok(Self { numerator, denominator })
            }
            _ => Err(NumberError::Ratio(text.to_owned())),
        }
    }

    /// `value` times the ratio, as the model sees it: one product, one quotient, one rounding to
    /// single precision, so that every machine shows the model the same bits.
    #[must_use]
    pub fn scale(self, value: f64) -> f32 {
        single(value * f64::from(self.numerator) / f64::from(self.denominator))
    }
}

impl<'de> Deserialize<'de> for Ratio {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&exact_text(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// A decimal number in micro-units, written `"12.5"` or as a whole number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decimal(pub i64);

impl Decimal {
    /// The number that `text` spells.
    ///
    /// # Errors
    /// [`NumberError::Decimal`] for more than six decimals or more than `i64` holds.
    pub fn parse(text: &str) -> Result<Self, NumberError> {
        Self::micros_of(text).map(Self).ok_or_else(|| NumberError::Decimal(text.to_owned()))
    }

    /// The number in single precision.
    #[must_use]
    pub fn single(self) -> f32 {
        single(approximate(self.0.into()) / 1e6)
    }

    fn micros_of(text: &str) -> Option<i64> {
        let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
        let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
        let plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !plain(whole) || !plain(part) || part.len() > 6 {
            return None;
        }
        let micros: i64 = format!("{part:0<6}").parse().ok()?;
        whole.parse::<i64>().ok()?.checked_mul(1_000_000)?.checked_add(micros)?.checked_mul(sign)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&exact_text(deserializer)?).map_err(serde::de::Error::custom)
    }
}

fn exact_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a whole number or an exact number in quotes, such as \"1/16\"")]
    enum Exact {
        Whole(i64),
        Text(String),
    }
    Ok(match Exact::deserialize(deserializer)? {
        Exact::Whole(number) => number.to_string(),
        Exact::Text(text) => text,
    })
}

/// A float in micro-units, rounded half to even; what `i64` cannot hold becomes its end.
#[expect(clippy::as_conversions, reason = "a float cast saturates, which is what is wanted")]
#[must_use]
pub fn micros(value: f64) -> i64 {
    (value * 1e6).round_ties_even() as i64
}

#[expect(clippy::as_conversions, reason = "rounding to single precision is the purpose")]
fn single(value: f64) -> f32 {
    value as f32
}

/// A whole number as a float, for statistics only.
#[expect(clippy::as_conversions, reason = "statistics may lose the last bits of a large sum")]
pub(crate) fn approximate(value: i128) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_scales_exactly_and_refuses_zero_and_floats() {
        assert_eq!(Ratio::parse("1/16").unwrap().scale(3.0).to_bits(), 0.1875f32.to_bits());
        assert_eq!(Ratio::parse("-2").unwrap().scale(3.0).to_bits(), (-6f32).to_bits());
        for text in ["0", "1/0", "0.5", "", "1/2/3"] {
            assert_eq!(Ratio::parse(text), Err(NumberError::Ratio(text.to_owned())));
        }
    }

    #[test]
    fn a_decimal_has_one_value_and_at_most_six_places() {
        assert_eq!(Decimal::parse("-12.5"), Ok(Decimal(-12_500_000)));
        assert_eq!(Decimal::parse("0.000001"), Ok(Decimal(1)));
        for text in ["1.0000001", "1e3", ".5", "5.", "", "9223372036855"] {
            assert_eq!(Decimal::parse(text), Err(NumberError::Decimal(text.to_owned())));
        }
    }

    #[test]
    fn micro_units_round_half_to_even_and_saturate() {
        assert_eq!(micros(0.000_000_5), 0);
        assert_eq!(micros(0.000_001_5), 2);
        assert_eq!(micros(-2.5), -2_500_000);
        assert_eq!(micros(1e300), i64::MAX);
    }
}
