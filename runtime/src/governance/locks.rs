//! Locks at work: no message takes from its sender what voted and is still locked.
//!
//! Rules do not know of locks. A message runs on a snapshot, and is refused afterwards if it has
//! lowered what its sender holds below what is locked, however it did so: by a transfer, a bond
//! behind another's operator that rounds badly, a purchase, a deposit.
//!
//! # Not here
//! Fees, which are charged before: an account whose tokens are all locked can still vote. Slashes:
//! a lock does not shield anyone.
//!
//! Spec: `docs/spec/14-governance.md`.

use probity_dao::locks::{Lock, Why};
use probity_primitives::{Address, Amount, ArithmeticError, Height};

use crate::state::State;

/// What a message may take from locked tokens: less than the least fee, so that it is no way out.
/// Joining and leaving a pool rounds against whoever does it, by a share of a unit or a few.
pub const ROUNDING: Amount = Amount::from_units(1_000);

/// Why a message is refused after it ran.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// It would take what is locked.
    #[error(
        "{account} would hold {left} of the {held} it holds, and {locked} of it is locked {why} \
         {until}",
        why = Words(*why), until = Until(*until)
    )]
    Locked {
        /// Whose tokens.
        account: Address,
        /// What it holds.
        held: Amount,
        /// What it would hold.
        left: Amount,
        /// What is locked.
        locked: Amount,
        /// Why.
        why: Why,
        /// Until when, if that is known.
        until: Option<Height>,
    },
    /// A number leaves its range.
    #[error(transparent)]
    Arithmetic(#[from] ArithmeticError),
}

/// Refuses what took locked tokens from `account` between two states.
///
/// # Errors
/// [`LockError::Locked`] with the lock that holds most.
pub fn check(
    before: &State,
    after: &State,
    account: Address,
    now: Height,
) -> Result<(), LockError> {
    let Some(Lock { amount: locked, why, until }) = after.dao.largest_lock(account, now) else {
        return Ok(());
    };
    let (held, left) = (before.ledger.holdings(account)?, after.ledger.holdings(account)?);
    let lowered = held.checked_sub(left).unwrap_or_default();
    if left >= locked || lowered <= ROUNDING {
        return Ok(());
    }
    Err(LockError::Locked { account, held, left, locked, why, until })
}

struct Words(Why);

impl std::fmt::Display for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Why::Vote(referendum) => write!(f, "by the vote on referendum {referendum}"),
            Why::Delegation(track) => write!(f, "by the delegation on the {track} track"),
            Why::FormerDelegation => write!(f, "by a delegation that was taken back"),
        }
    }
}

struct Until(Option<Height>);

impl std::fmt::Display for Until {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(height) => write!(f, "until height {height}"),
            None => write!(f, "until it ends"),
        }
    }
}
