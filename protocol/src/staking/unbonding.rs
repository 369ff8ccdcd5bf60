//! Unbonding: money leaves a pool in tranches, waits, and is withdrawn.
//!
//! All that leaves an operator's pool in one epoch is one tranche with its own shares, so that a
//! slash for an offence before it left reaches it without a loop over those who left.
//!
//! # Invariants
//! - Money waits at least `unbond_blocks`, and at most one epoch more: a tranche is due that long
//!   after its epoch *ends*, so that nobody leaves faster by joining an old tranche.
//! - What is locked by open seats does not leave.
//! - Until it is withdrawn, money in a tranche answers for offences of the tranche's epoch and
//!   earlier ones, never for what follows: see [`super::forfeits`].
//!
//! Spec: `docs/spec/04-staking.md`.

use probity_primitives::{Address, Amount, ArithmeticError, Epoch, Height, OperatorId};

use super::bonding::{add_shares, check_least};
use super::error::{PartError, StakingError};
use super::message::{Unbond, Withdraw};
use super::parts;
use super::state::{Claim, Delegation, Tranche};
use crate::bank::Bucket;
use crate::event::Event;
use crate::ledger::{Context, Ledger};

/// Begins to take the sender's money out of an operator's pool. What leaves is worth at least what
/// was asked for: whole shares leave, rounded up.
///
/// # Errors
/// [`StakingError`] with what the sender has, or what is locked.
pub fn unbond(
    ledger: &mut Ledger,
    ctx: &mut Context,
    sender: Address,
    message: &Unbond,
) -> Result<(), StakingError> {
    let Unbond { operator, amount } = *message;
    let leaving = plan_leaving(ledger, operator, sender, amount)?;
    let joining = plan_joining(ledger, ctx, operator, sender, leaving.amount)?;

    let (from, to) = (Bucket::Bonded(operator), Bucket::Unbonding(operator, joining.epoch));
    ledger.transfer(from, to, leaving.amount)?;
    ledger.operator_mut(&operator)?.shares = leaving.shares_left;
    if leaving.delegation_left.shares == 0 {
        ledger.delegations.remove(&(sender, operator));
    } else {
        ledger.delegations.insert((sender, operator), leaving.delegation_left);
    }
    ledger.tranches.insert((operator, joining.epoch), joining.tranche);
    ledger.claims.insert((sender, operator, joining.epoch), joining.claim);
    let until = joining.tranche.until;
    ctx.emit(Event::Unbonding { operator, by: sender, amount: leaving.amount, until });
    Ok(())
}

/// Takes out what left an operator's pool in one epoch and has waited long enough. Whoever
/// withdraws last takes what roundings left.
///
/// # Errors
/// [`PartError::NoClaim`], [`PartError::NotDue`].
pub fn withdraw(
    ledger: &mut Ledger,
    ctx: &mut Context,
    sender: Address,
    message: &Withdraw,
) -> Result<(), StakingError> {
    let Withdraw { operator, epoch } = *message;
    ledger.operator(&operator)?;
    let missing = StakingError::Part(PartError::NoClaim { operator, epoch, sender });
    let Some(claim) = ledger.claims.get(&(sender, operator, epoch)).copied() else {
        return Err(missing);
    };
    let Some(mut tranche) = ledger.tranches.get(&(operator, epoch)).copied() else {
        return Err(missing);
    };
    let (until, now) = (tranche.until, ctx.height);
    if now < until {
        return Err(PartError::NotDue { operator, epoch, until, now }.into());
    }
    let amount = ledger.leaving(&operator, epoch).value_of(claim.shares)?;
    tranche.shares = take_shares(tranche.shares, claim.shares)?;
    ledger.transfer(Bucket::Unbonding(operator, epoch), Bucket::Free(sender), amount)?;
    ledger.claims.remove(&(sender, operator, epoch));
    if tranche.shares == 0 {
        ledger.tranches.remove(&(operator, epoch));
    } else {
        ledger.tranches.insert((operator, epoch), tranche);
    }
    ctx.emit(Event::Withdrawn { operator, by: sender, amount });
    Ok(())
}

/// What leaves a pool, and what stays.
struct Leaving {
    amount: Amount,
    shares_left: u128,
    delegation_left: Delegation,
}

/// Where it goes.
struct Joining {
    epoch: Epoch,
    tranche: Tranche,
    claim: Claim,
}

fn plan_leaving(
    ledger: &Ledger,
    operator: OperatorId,
    sender: Address,
    wanted: Option<Amount>,
) -> Result<Leaving, StakingError> {
    ledger.operator(&operator)?;
    let pool = ledger.pool(&operator);
    let held = ledger.delegations.get(&(sender, operator)).copied().unwrap_or_default().shares;
    let available = pool.value_of(held)?;
    let least = ledger.params.get().staking.min_bond;
    let wanted = wanted.unwrap_or(available);
    if held == 0 || wanted > available {
        return Err(StakingError::NotDelegated { operator, sender, available, wanted });
    }
    if available.is_zero() {
        let (value, shares) = (pool.value, pool.shares);
        return Err(StakingError::WorthlessPool { operator, value, shares });
    }
    let shares = if wanted == available {
        held
    } else {
        check_least(wanted, least)?;
        pool.shares_to_free(wanted)?.min(held)
    };
    let amount = pool.value_of(shares)?;
    let unlocked = ledger.unlocked(&operator);
    if amount > unlocked {
        let locked = ledger.locked(&operator);
        return Err(StakingError::Locked { operator, wanted: amount, unlocked, locked });
    }
    let left = available.checked_sub(amount)?;
    let delegation_left = Delegation { shares: take_shares(held, shares)? };
    if delegation_left.shares > 0 && left < least {
        return Err(StakingError::LeavesTooLittle { left, least });
    }
    Ok(Leaving { amount, shares_left: take_shares(pool.shares, shares)?, delegation_left })
}

fn plan_joining(
    ledger: &Ledger,
    ctx: &Context,
    operator: OperatorId,
    sender: Address,
    amount: Amount,
) -> Result<Joining, StakingError> {
    let epoch = ledger.epoch(ctx);
    let pool = ledger.leaving(&operator, epoch);
    let shares = pool.shares_for(amount)?.ok_or(StakingError::WorthlessPool {
        operator,
        value: pool.value,
        shares: pool.shares,
    })?;
    let known = ledger.tranches.get(&(operator, epoch)).copied().unwrap_or_default();
    let due = due(ledger, epoch)?;
    let tranche =
        Tranche { shares: add_shares(known.shares, shares)?, until: known.until.max(due) };
    let claim = ledger.claims.get(&(sender, operator, epoch)).copied().unwrap_or_default();
    if claim.shares == 0 {
        parts::check_claims(ledger, sender)?;
    }
    let claim = Claim { shares: add_shares(claim.shares, shares)? };
    Ok(Joining { epoch, tranche, claim })
}

/// When a tranche of this epoch can be withdrawn.
fn due(ledger: &Ledger, epoch: Epoch) -> Result<Height, ArithmeticError> {
    let staking = &ledger.params.get().staking;
    let next = epoch.checked_add(1)?;
    let start = Amount::from_units(u128::from(next.0)).checked_mul(staking.epoch_blocks.into())?;
    let overflow = ArithmeticError::Overflow {
        left: next.0.into(),
        operator: '*',
        right: staking.epoch_blocks.into(),
    };
    let start = Height(u64::try_from(start.units()).map_err(|_| overflow)?);
    start.checked_add(staking.unbond_blocks)
}

fn take_shares(some: u128, fewer: u128) -> Result<u128, ArithmeticError> {
    Amount::from_units(some).checked_sub(Amount::from_units(fewer)).map(Amount::units)
}
