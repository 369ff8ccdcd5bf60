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

/// Micro-units of a score: rounded half away from zero, and within what can be counted.
#[expect(
    clippy::as_conversions,
    reason = "rounded before; the conversion saturates, and what is not a number is zero"
)]
#[must_use]
pub fn micros(score: f64) -> i64 {
    score.round() as i64
}

/// How many runs a test makes: so many, times `PROBITY_SIM_SCALE` if that is set.
#[cfg(test)]
pub(crate) fn runs(small: u64) -> u64 {
    let scale = std::env::var("PROBITY_SIM_SCALE").ok().and_then(|text| text.parse().ok());
    small * scale.unwrap_or(1)
}
