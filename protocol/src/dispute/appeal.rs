//! Appeals: who wants a larger jury pays for it, together if they like.
//!
//! The side that a ruling is against has the first half of the window to put up two costs of the
//! next level; only then the other side may put up one, in the whole window. Truth needs no money:
//! the next level sits whether or not the other side has paid, and what it did not pay it cannot
//! lose.
//!
//! # Invariants
//! - An appeal that is not paid for in time is given back to the unit.
//!
//! Spec: `docs/spec/13-disputes.md`.

use probity_primitives::{Address, Amount, Height};

use super::costs::level_cost;
use super::error::{self, DisputeError};
use super::ladder;
use super::message::FundAppeal;
use super::record;
use super::state::{Dispute, Funder, Level, MAX_FUNDERS, Question, Ruling, Rung, Side, Stage};
use crate::bank::Bucket;
use crate::event::Event;
use crate::ledger::{Context, Ledger};
use crate::task::Task;

/// Puts up money for a side of an appeal.
///
/// # Errors
/// [`DisputeError`] with the value that is refused; the caller drops its snapshot.
pub fn fund_appeal(
    ledger: &mut Ledger,
    ctx: &mut Context,
    sender: Address,
    message: &FundAppeal,
) -> Result<(), DisputeError> {
    let FundAppeal { dispute: id, side, amount } = *message;
    let mut dispute = record::dispute(ledger, id)?;
    let closed = DisputeError::Stage { dispute: id, what: error::name(side) };
    let Stage::Ladder { question, rung: Rung::Appeal { ruling, mut next, half, until } } =
        dispute.stage.clone()
    else {
        return Err(closed);
    };
    let task = record::task(ledger, dispute.task)?;
    let price = price(&task, &dispute, ruling, side)?;
    let room = price.checked_sub(next.pot(side).sum()?)?;
    let loses = side == ruling.loser();
    if ctx.height > (if loses { half } else { until }) || room.is_zero() {
        return Err(closed);
    }
    // So large that the places in a pot cannot run out before it is full.
    let least = price.mul_div_ceil(1, u128::from(MAX_FUNDERS))?.min(room);
    if amount < least || amount > room {
        return Err(DisputeError::Contribution { offered: amount, least, room });
    }
    ledger.transfer(Bucket::Free(sender), Bucket::BondEscrow(id), amount)?;
    next.pot_mut(side).add(Funder::Account(sender), amount)?;
    ctx.emit(Event::AppealFunded { dispute: id, side, by: sender, amount });
    if is_full(&task, &dispute, ruling, &next, Side::Challenger)?
        && is_full(&task, &dispute, ruling, &next, Side::Defender)?
    {
        return ladder::escalate(ledger, ctx, id, dispute, (question, ruling, next));
    }
    dispute.stage = Stage::Ladder { question, rung: Rung::Appeal { ruling, next, half, until } };
    ledger.disputes.insert(id, dispute);
    Ok(())
}

/// Ends the half of a window, or the whole.
pub(super) fn advance(
    ledger: &mut Ledger,
    ctx: &mut Context,
    id: u64,
    mut dispute: Dispute,
    (question, ruling, next, until): (Question, Ruling, Level, Height),
) -> Result<(), DisputeError> {
    let task = record::task(ledger, dispute.task)?;
    if !is_full(&task, &dispute, ruling, &next, ruling.loser())? {
        give_back(ledger, id, &next)?;
        return ladder::conclude(ledger, ctx, id, dispute, ruling);
    }
    if ctx.height < until {
        let half = dispute.due;
        dispute.stage =
            Stage::Ladder { question, rung: Rung::Appeal { ruling, next, half, until } };
        record::store(ledger, id, dispute, until);
        return Ok(());
    }
    ladder::escalate(ledger, ctx, id, dispute, (question, ruling, next))
}

/// What a side has to put up for the level above the present one.
fn price(
    task: &Task,
    dispute: &Dispute,
    ruling: Ruling,
    side: Side,
) -> Result<Amount, DisputeError> {
    let next = dispute.level().saturating_add(1);
    let cost = level_cost(&task.frozen.dispute, task.frozen.seat_price, next)?;
    Ok(if side == ruling.loser() { cost.checked_mul(2)? } else { cost })
}

fn is_full(
    task: &Task,
    dispute: &Dispute,
    ruling: Ruling,
    next: &Level,
    side: Side,
) -> Result<bool, DisputeError> {
    Ok(next.pot(side).sum()? >= price(task, dispute, ruling, side)?)
}

/// Gives everyone back what was put up for a level that does not come.
fn give_back(ledger: &mut Ledger, id: u64, level: &Level) -> Result<(), DisputeError> {
    let stakes = level.challenger.stakes().iter().chain(level.defender.stakes());
    for stake in stakes {
        ledger.transfer(Bucket::BondEscrow(id), stake.by.bucket(), stake.amount)?;
    }
    Ok(())
}
