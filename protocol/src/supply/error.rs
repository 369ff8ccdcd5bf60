//! Why nothing is minted.

use probity_primitives::bounded::LimitError;
use probity_primitives::{Amount, ArithmeticError};

use super::caps::Caps;
use crate::bank::BankError;

/// Why nothing is minted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SupplyError {
    /// Nothing was asked for.
    #[error("a minting of nothing")]
    Nothing,
    /// It is more than one of the caps.
    #[error("{amount} is beyond a cap of supply: {caps}")]
    BeyondCap {
        /// What was asked for.
        amount: Amount,
        /// The three figures.
        caps: Caps,
    },
    /// As many streams flow as may.
    #[error("{open} streams flow, of {limit}: one has to end first")]
    TooManyStreams {
        /// How many flow.
        open: usize,
        /// How many may.
        limit: usize,
    },
    /// Money does not move.
    #[error(transparent)]
    Bank(#[from] BankError),
    /// A number leaves its range.
    #[error(transparent)]
    Arithmetic(#[from] ArithmeticError),
    /// A list is full.
    #[error(transparent)]
    Limit(#[from] LimitError),
}
