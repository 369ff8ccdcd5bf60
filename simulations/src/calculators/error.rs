//! What a calculator refuses.

use probity_primitives::ArithmeticError;

/// A question without an answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CalculatorError {
    /// A count outside its range.
    #[error("{what} must be {least} to {most}, not {given}")]
    Count {
        /// Which count.
        what: &'static str,
        /// The least.
        least: u64,
        /// The most.
        most: u64,
        /// What was asked for.
        given: u64,
    },
    /// A number outside its range.
    #[error("{what} must be {least} to {most}, not {given}")]
    Number {
        /// Which number.
        what: &'static str,
        /// The least.
        least: f64,
        /// The most.
        most: f64,
        /// What was asked for.
        given: f64,
    },
    /// More draws than a command should make.
    #[error("{runs} runs of {seats} seats are {draws} draws, the limit is {limit}")]
    TooMuch {
        /// How many runs.
        runs: u64,
        /// Of how many seats each.
        seats: u32,
        /// Their product.
        draws: u64,
        /// The most.
        limit: u64,
    },
    /// No such family of errors.
    #[error("no noise is called {0}; there are gaussian, laplace, t3")]
    UnknownNoise(String),
    /// Not a share.
    #[error("{0:?} is not a share: write 0.3333 or 1/3")]
    NotAShare(String),
    /// A rule's arithmetic refuses.
    #[error(transparent)]
    Arithmetic(#[from] ArithmeticError),
}

/// The most seats that are drawn in one question.
pub const MAX_DRAWS: u64 = 10_000_000_000;

/// Whether a count is within its range.
pub(crate) fn count(
    what: &'static str,
    given: u64,
    (least, most): (u64, u64),
) -> Result<(), CalculatorError> {
    if (least..=most).contains(&given) {
        return Ok(());
    }
    Err(CalculatorError::Count { what, least, most, given })
}

/// Whether a number is within its range; what is not a number is not.
pub(crate) fn number(
    what: &'static str,
    given: f64,
    (least, most): (f64, f64),
) -> Result<(), CalculatorError> {
    if (least..=most).contains(&given) {
        return Ok(());
    }
    Err(CalculatorError::Number { what, least, most, given })
}

/// Whether so many runs of so many seats may be made.
pub(crate) fn draws(runs: u64, seats: u32) -> Result<(), CalculatorError> {
    let draws = runs.saturating_mul(u64::from(seats));
    if draws <= MAX_DRAWS {
        return Ok(());
    }
    Err(CalculatorError::TooMuch { runs, seats, draws, limit: MAX_DRAWS })
}
