//! Answers that every designer of a committee asks for, and the figures of the specification.
//!
//! Each calculator draws by the protocol's own draw, judges by its own aggregation, and pays and
//! slashes by its own prices; what is left to it are people and chance. A question is a value, the
//! answer is a document with a schema, and both follow from a seed.
//!
//! # Reading order
//! [`capture`], [`penalties`] and [`corr`] answer one question each; [`payoff`] and [`cartel`] are
//! the tables of what behaviour earns; [`random`], [`noise`], [`seats`], [`binomial`] and
//! [`interval`] are what they are made of.
//!
//! # Not here
//! A chain: whoever wants blocks and transactions takes a [`crate::World`]. Other rules of
//! aggregation are in [`crate::mechanisms`].
//!
//! Spec: `docs/spec/19-figures.md`.

pub mod binomial;
pub mod capture;
pub mod cartel;

pub mod corr;
pub mod error;
pub mod interval;
pub mod noise;
pub mod payoff;

pub mod penalties;
pub mod random;
pub mod seats;

pub use error::CalculatorError;

/// A share as people write it: `0.45` or `1/3`.
///
/// # Errors
/// [`CalculatorError::NotAShare`] for anything else, and for a fraction without a whole.
pub fn share(text: &str) -> Result<f64, CalculatorError> {
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|x| x.is_finite());
    let found = match text.split_once('/') {
        Some((part, whole)) => number(part).zip(number(whole)).map(|(part, whole)| part / whole),
        None => number(text),
    };
    let found = found.filter(|share| share.is_finite());
    found.ok_or_else(|| CalculatorError::NotAShare(text.to_owned()))
}

/// Micro-units of a score: rounded half away from zero, and within what can be counted.
#[expect(
    clippy::as_conversions,
    reason = "rounded before; the conversion saturates, and what is not a number is zero"
)]
#[must_use]
pub fn micros(score: f64) -> i64 {
    score.round() as i64
}

/// A score in micro-units as a float.
#[expect(clippy::as_conversions, reason = "scores are far below 2^53 micro-units")]
#[must_use]
pub const fn from_micros(micros: i64) -> f64 {
    micros as f64
}

/// How many runs a test makes: so many, times `PROBITY_SIM_SCALE` if that is set.
#[cfg(test)]
pub(crate) fn runs(small: u64) -> u64 {
    let scale = std::env::var("PROBITY_SIM_SCALE").ok().and_then(|text| text.parse().ok());
    small * scale.unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_a_decimal_or_a_fraction() {
        assert_eq!(share("0.45"), Ok(0.45));
        assert_eq!(share("1/3"), Ok(1.0 / 3.0));
        for wrong in ["", "a third", "1/0", "0/0", "1/2/3", "inf", "NaN"] {
            let refused = share(wrong).unwrap_err().to_string();
            assert_eq!(refused, format!("{wrong:?} is not a share: write 0.3333 or 1/3"));
        }
    }
}
