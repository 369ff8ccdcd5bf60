//! What pays validators: a share of the reward pool, at the end of each epoch.
//!
//! The share is of what the pool holds, so that it never runs dry and a larger one pays more. Each
//! validator gets its part of the epoch's power, rounded down; what the roundings leave, and the
//! parts of those who may not work, stay in the pool.
//!
//! # Not here
//! Whether a validator was there: blocks do not record who signed them, so an absent one is paid
//! like the others. It can lose its place through stake and jail alone.

use probity_primitives::{Amount, OperatorId};

use super::caps::turn_year;
use super::error::SupplyError;
use crate::bank::Bucket;
use crate::event::Event;
use crate::ledger::{Context, Ledger};
use crate::pause;
use crate::staking::{self, Standing};

/// Ends an epoch: pays those who validated in it, and begins a year where one begins. Called before
/// the next epoch's validators are chosen. It cannot fail, since a block that ends one must never
/// be refused for it: payments that would leave an arithmetic limit are not made at all.
pub fn end_epoch(ledger: &mut Ledger, ctx: &mut Context) {
    turn_year(ledger, ctx);
    if pause::until(ledger, ctx.height).is_some() {
        return;
    }
    let (mut trial, mut trial_ctx) = (ledger.clone(), ctx.clone());
    if pay(&mut trial, &mut trial_ctx).is_ok() {
        (*ledger, *ctx) = (trial, trial_ctx);
    }
}

fn pay(ledger: &mut Ledger, ctx: &mut Context) -> Result<(), SupplyError> {
    let set = ledger.validators.get();
    let total = u128::from(set.total_power());
    let works = |id: &OperatorId| {
        ledger.operators.get(id).is_some_and(|known| known.standing == Standing::Active)
    };
    let paid: Vec<(OperatorId, u64)> = (set.members.iter())
        .filter(|member| works(&member.operator))
        .map(|member| (member.operator, member.power))
        .collect();
    let share = ledger.params.get().supply.reward_share;
    let pot = share.of_floor(ledger.balance(Bucket::RewardPool))?;
    let mut amount = Amount::ZERO;
    for (operator, power) in &paid {
        let part = pot.mul_div_floor(u128::from(*power), total)?;
        if part.is_zero() {
            continue;
        }
        let funds = ledger.take(Bucket::RewardPool, part)?;
        staking::reward(ledger, operator, funds)?;
        amount = amount.checked_add(part)?;
    }
    if !amount.is_zero() {
        let validators = u32::try_from(paid.len()).unwrap_or(u32::MAX);
        ctx.emit(Event::ValidatorsPaid { validators, amount });
    }
    Ok(())
}
