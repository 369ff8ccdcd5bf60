//! What becomes of the money that the sides put up.
//!
//! With L what the losers put up: the winners get theirs back and `dispute.winner` of L in proportion
//! to it; a member that had to answer a challenge that failed gets `dispute.defender` of the
//! challenger's bond; the rest of L pays the juries and burns. Where the losers' rest is too small,
//! because those who lost had not put up anything, the audit pool pays the juries. If nobody won,
//! the juries are paid out of everything and what is left goes back in proportion.
//!
//! # Invariants
//! - What leaves the escrow is what went in, to the unit: what roundings leave burns.
//!
//! Spec: `docs/spec/13-disputes.md`.

use probity_primitives::{Amount, ArithmeticError};

use super::error::DisputeError;
use super::state::{Dispute, JurorVote, Ruling, Side, Stake};
use crate::bank::Bucket;
use crate::ledger::Ledger;
use crate::staking;
use crate::task::{Task, panel};

/// Where the money went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Shared {
    /// What was put up.
    pub(super) staked: Amount,
    /// What went to those who put it up, and to a member that had to answer.
    pub(super) returned: Amount,
    /// What jurors were paid out of it.
    pub(super) jurors: Amount,
    /// What burned of it.
    pub(super) burned: Amount,
}

/// Shares a dispute's escrow out.
pub(super) fn share_out(
    ledger: &mut Ledger,
    id: u64,
    task: &Task,
    dispute: &Dispute,
    ruling: Ruling,
) -> Result<Shared, DisputeError> {
    let escrow = Bucket::BondEscrow(id);
    let staked = ledger.balance(escrow);
    let returned = match ruling {
        Ruling::Uphold => win(ledger, id, task, dispute, Side::Defender)?,
        Ruling::Overturn => win(ledger, id, task, dispute, Side::Challenger)?,
        Ruling::Void => part(ledger, id, task, dispute)?,
    };
    let jurors = pay_jurors(ledger, escrow, task, dispute, ruling)?;
    let burned = ledger.balance(escrow);
    ledger.burn(escrow, burned)?;
    Ok(Shared { staked, returned, jurors, burned })
}

/// Pays the winners; what is left in the escrow is the losers' rest.
fn win(
    ledger: &mut Ledger,
    id: u64,
    task: &Task,
    dispute: &Dispute,
    winner: Side,
) -> Result<Amount, DisputeError> {
    let rules = &task.frozen.dispute;
    let (won, lost) = match winner {
        Side::Challenger => (stakes(dispute, Side::Challenger), stakes(dispute, Side::Defender)),
        Side::Defender => (stakes(dispute, Side::Defender), stakes(dispute, Side::Challenger)),
    };
    let (own, loot) = (sum(&won)?, rules.winner.of_floor(sum(&lost)?)?);
    let mut returned = Amount::ZERO;
    for stake in &won {
        let prize = loot.mul_div_floor(stake.amount.units(), own.units())?;
        let amount = stake.amount.checked_add(prize)?;
        ledger.transfer(Bucket::BondEscrow(id), stake.by.bucket(), amount)?;
        returned = returned.checked_add(amount)?;
    }
    let had_to_answer = winner == Side::Defender && dispute.answered;
    if let (true, Some(bond)) = (had_to_answer, lost.first())
        && let Some(member) = ledger.operators.get(&dispute.claim.member())
    {
        let (owner, amount) = (member.owner, rules.defender.of_floor(bond.amount)?);
        ledger.transfer(Bucket::BondEscrow(id), Bucket::Free(owner), amount)?;
        returned = returned.checked_add(amount)?;
    }
    Ok(returned)
}

/// Gives everyone back its part of what the juries do not cost.
fn part(
    ledger: &mut Ledger,
    id: u64,
    task: &Task,
    dispute: &Dispute,
) -> Result<Amount, DisputeError> {
    let mut all = stakes(dispute, Side::Challenger);
    all.extend(stakes(dispute, Side::Defender));
    let whole = sum(&all)?;
    let fees = earning(dispute, Ruling::Void).map(|vote| fee(task, vote));
    let fees = Amount::sum(fees.collect::<Result<Vec<_>, _>>()?)?.min(whole);
    let left = whole.checked_sub(fees)?;
    let mut returned = Amount::ZERO;
    for stake in &all {
        let amount = left.mul_div_floor(stake.amount.units(), whole.units())?;
        ledger.transfer(Bucket::BondEscrow(id), stake.by.bucket(), amount)?;
        returned = returned.checked_add(amount)?;
    }
    Ok(returned)
}

/// Pays the jurors that voted as the final ruling says, out of the escrow and then the audit pool;
/// how much of it came from the escrow.
fn pay_jurors(
    ledger: &mut Ledger,
    escrow: Bucket,
    task: &Task,
    dispute: &Dispute,
    ruling: Ruling,
) -> Result<Amount, DisputeError> {
    let mut paid = Amount::ZERO;
    for vote in earning(dispute, ruling) {
        let owed = fee(task, vote)?;
        let staked = owed.min(ledger.balance(escrow));
        let pooled = owed.checked_sub(staked)?.min(ledger.balance(Bucket::AuditPool));
        let mut funds = ledger.take(escrow, staked)?;
        funds.merge(ledger.take(Bucket::AuditPool, pooled)?)?;
        staking::reward(ledger, &vote.operator, funds)?;
        paid = paid.checked_add(staked)?;
    }
    Ok(paid)
}

/// The jurors that are paid: all that voted if nobody was at fault, else those who agree.
fn earning(dispute: &Dispute, ruling: Ruling) -> impl Iterator<Item = &JurorVote> {
    let votes = dispute.levels.iter().flat_map(|level| &level.votes);
    votes.filter(move |one| match ruling {
        Ruling::Void => one.vote.is_some(),
        Ruling::Uphold | Ruling::Overturn => one.vote == Some(ruling),
    })
}

fn fee(task: &Task, vote: &JurorVote) -> Result<Amount, ArithmeticError> {
    panel::fee(task, task.frozen.dispute.fee, vote.seats)
}

/// What a side put up on all levels, the first level first.
fn stakes(dispute: &Dispute, side: Side) -> Vec<Stake> {
    dispute.levels.iter().flat_map(|level| level.pot(side).stakes()).copied().collect()
}

fn sum(stakes: &[Stake]) -> Result<Amount, ArithmeticError> {
    Amount::sum(stakes.iter().map(|stake| stake.amount))
}
