//! The inequalities that a set of parameters must keep.
//!
//! A genesis document and every vote pass through [`Params::validate`]. What it refuses is a set
//! that the rules cannot run on ([`structure`]), one whose windows do not fit into each other
//! ([`windows`]), or one under which cheating would pay ([`incentives`]).
//!
//! # Not here
//! The inequalities of governance and of supply, which come with them.
//!
//! Spec: `docs/spec/15-parameters.md`.

mod incentives;
mod structure;
mod windows;

use probity_primitives::ArithmeticError;

use super::Params;
pub use incentives::IncentiveError;
pub use structure::{MAX_SEATS, StructureError};
pub use windows::WindowError;

/// Why a set of parameters is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParamError {
    /// The rules cannot run on it.
    #[error(transparent)]
    Structure(#[from] StructureError),
    /// Its windows do not fit into each other.
    #[error(transparent)]
    Window(#[from] WindowError),
    /// Cheating would pay.
    #[error(transparent)]
    Incentive(#[from] IncentiveError),
    /// A computation on the parameters leaves its range.
    #[error(transparent)]
    Arithmetic(#[from] ArithmeticError),
}

impl Params {
    /// Checks all inequalities: structure first, since the others compute with what it checked.
    ///
    /// # Errors
    /// [`ParamError`] for the first inequality that does not hold, with both of its sides.
    pub fn validate(&self) -> Result<(), ParamError> {
        structure::check(self)?;
        windows::check(self)?;
        incentives::check(self)
    }
}

#[cfg(test)]
mod tests;
