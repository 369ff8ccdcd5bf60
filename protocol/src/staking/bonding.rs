//! Bonding: money behind an operator, its owner's and others' alike.
//!
//! # Invariants
//! - Bonding changes what nobody else's shares are worth, but for a rounding in their favour.
//!
//! Spec: `docs/spec/04-staking.md`.

use probity_primitives::{Address, Amount, ArithmeticError};

use super::error::StakingError;
use super::message::Bond;
use super::parts;
use super::state::Standing;
use crate::bank::Bucket;
use crate::event::Event;
use crate::ledger::{Context, Ledger};

/// Puts the sender's money behind an operator. A jailed operator may be backed, since its backers
/// may want it to return; a tombstoned one may not.
///
/// # Errors
/// [`StakingError`] with what the sender, the operator or its pool lacks.
pub fn bond(
    ledger: &mut Ledger,
    ctx: &mut Context,
    sender: Address,
    message: &Bond,
) -> Result<(), StakingError> {
    let Bond { operator, amount } = *message;
    if ledger.operator(&operator)?.standing == Standing::Tombstoned {
        return Err(StakingError::Tombstoned(operator));
    }
    check_least(amount, ledger.params.get().staking.min_bond)?;
    let pool = ledger.pool(&operator);
    let shares = pool.shares_for(amount)?.ok_or(StakingError::WorthlessPool {
        operator,
        value: pool.value,
        shares: pool.shares,
    })?;
    let mut delegation = ledger.delegations.get(&(sender, operator)).copied().unwrap_or_default();
    if delegation.shares == 0 {
        parts::check_operators(ledger, sender)?;
    }
    delegation.shares = add_shares(delegation.shares, shares)?;
    let all = add_shares(pool.shares, shares)?;
    ledger.transfer(Bucket::Free(sender), Bucket::Bonded(operator), amount)?;
    ledger.operator_mut(&operator)?.shares = all;
    ledger.delegations.insert((sender, operator), delegation);
    ctx.emit(Event::Bonded { operator, by: sender, amount });
    Ok(())
}

pub(super) fn check_least(amount: Amount, least: Amount) -> Result<(), StakingError> {
    if amount < least {
        return Err(StakingError::BelowMinimum { amount, least });
    }
    Ok(())
}

pub(super) fn add_shares(some: u128, more: u128) -> Result<u128, ArithmeticError> {
    Amount::from_units(some).checked_add(Amount::from_units(more)).map(Amount::units)
}
