//! Seat locks: what an operator's open seats hold fast.
//!
//! A lock is a count beside the pool, not a bucket: the money stays bonded and can be slashed. It
//! cannot leave, and it cannot back another seat.
//!
//! # Invariants
//! - What is locked is never more than what is bonded: after a slash, all that is left is locked.
//!
//! Spec: `docs/spec/04-staking.md`.

use probity_primitives::{Amount, OperatorId};

use super::error::StakingError;
use crate::ledger::Ledger;

/// Locks so much for seats.
///
/// # Errors
/// [`StakingError::Locked`] if less is free.
pub fn lock_seats(
    ledger: &mut Ledger,
    operator: &OperatorId,
    wanted: Amount,
) -> Result<(), StakingError> {
    let (unlocked, locked) = (ledger.unlocked(operator), ledger.locked(operator));
    if wanted > unlocked {
        return Err(StakingError::Locked { operator: *operator, wanted, unlocked, locked });
    }
    let known = ledger.operator_mut(operator)?;
    known.seat_locks = known.seat_locks.checked_add(wanted)?;
    Ok(())
}

/// Ends the lock of so much.
///
/// # Errors
/// [`StakingError::Bank`] if less was locked: a seat was ended twice.
pub fn unlock_seats(
    ledger: &mut Ledger,
    operator: &OperatorId,
    amount: Amount,
) -> Result<(), StakingError> {
    let known = ledger.operator_mut(operator)?;
    known.seat_locks = known.seat_locks.checked_sub(amount)?;
    Ok(())
}
