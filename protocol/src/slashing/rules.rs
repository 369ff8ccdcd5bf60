//! Recording, sharing out and reverting slashes.

use probity_primitives::bounded::LimitError;
use probity_primitives::{
    Address, Amount, ArithmeticError, BoundedVec, Height, OperatorId, TaskId,
};

use super::correlation;
use super::state::{Conviction, Offence, Offender, Slash, SlashState};
use crate::bank::{BankError, Bucket};
use crate::event::Event;
use crate::ledger::{Context, Ledger};
use crate::params::Slashing;
use crate::staking::{self, StakingError};
use crate::task::Due;

/// Why a slash cannot be recorded or shared out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SlashError {
    /// There is no such operator.
    #[error("there is no operator {0}")]
    UnknownOperator(OperatorId),
    /// There is no such slash, or it has been shared out.
    #[error("no slash {0} waits")]
    UnknownSlash(u64),
    /// There is no such window, or it is not suspended.
    #[error("no window {0} waits for a vote")]
    UnknownWindow(u64),
    /// Money does not move.
    #[error(transparent)]
    Bank(#[from] BankError),
    /// A number leaves its range.
    #[error(transparent)]
    Arithmetic(#[from] ArithmeticError),
    /// A list is full.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// The operator's pool or standing refuses.
    #[error(transparent)]
    Staking(#[from] StakingError),
}

/// A fault that was proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Who.
    pub operator: OperatorId,
    /// What.
    pub offence: Offence,
    /// In which task, if in one.
    pub task: Option<TaskId>,
    /// What its seats there lock.
    pub lock: Amount,
    /// When it was done: money that began to leave before is out of reach.
    pub committed: Height,
    /// Who reported it, if someone did.
    pub reporter: Option<Address>,
}

/// Takes the price of a proven fault out of the offender's pool.
///
/// Of several faults in one task the largest counts: a second one costs the difference. The
/// operator is jailed or tombstoned as the offence says.
///
/// # Errors
/// [`SlashError`]; the caller drops its snapshot.
pub fn slash(ledger: &mut Ledger, ctx: &mut Context, verdict: Verdict) -> Result<(), SlashError> {
    let Verdict { operator, offence, task, .. } = verdict;
    if !ledger.operators.contains(&operator) {
        return Err(SlashError::UnknownOperator(operator));
    }
    let since = verdict.committed.epoch(ledger.params.get().staking.epoch_blocks);
    let answering = staking::answering(ledger, &operator, since)?;
    let price = price(ledger, &verdict)?;
    let due = match task.and_then(|task| ledger.convictions.get(&(task, operator)).copied()) {
        Some(earlier) => price.checked_sub(earlier.amount).unwrap_or_default(),
        None => price,
    };
    if let Some(task) = task {
        let earlier = ledger.convictions.get(&(task, operator)).copied();
        let gravest = earlier.filter(|earlier| earlier.amount >= price);
        ledger
            .convictions
            .insert((task, operator), gravest.unwrap_or(Conviction { offence, amount: price }));
    }
    let taken = record(ledger, ctx, &verdict, due)?;
    if offence.is_correlated_class() {
        let committed = verdict.committed;
        let offender = Offender { operator, answering, committed, immediate: taken };
        correlation::note_offender(ledger, ctx, offender, since)?;
    }
    Ok(punish(ledger, ctx, operator, offence)?)
}

/// Moves `price` out of the pool into a slash that waits, as far as there is so much.
pub(super) fn record(
    ledger: &mut Ledger,
    ctx: &mut Context,
    verdict: &Verdict,
    price: Amount,
) -> Result<Amount, SlashError> {
    let params = ledger.params.get();
    let since = verdict.committed.epoch(params.staking.epoch_blocks);
    let due = ctx.height.checked_add(params.slashing.delay_blocks)?;
    let (sources, funds) = staking::take_stake(ledger, &verdict.operator, price, since)?;
    let amount = funds.amount();
    if amount.is_zero() {
        return Ok(amount);
    }
    let counters = ledger.counters.get_mut();
    let id = counters.slashes;
    counters.slashes = id.checked_add(1).ok_or(ArithmeticError::Overflow {
        left: u128::from(id),
        operator: '+',
        right: 1,
    })?;
    ledger.put(Bucket::SlashPending(id), funds)?;
    let Verdict { operator, offence, task, reporter, .. } = *verdict;
    ledger.slashes.insert(
        id,
        Slash {
            operator,
            offence,
            task,
            reporter,
            sources: BoundedVec::from_vec(sources)?,
            amount,
            recorded: ctx.height,
            due,
            state: SlashState::Waiting,
        },
    );
    ledger.schedule.insert((due, Due::Slash(id)), ());
    ctx.emit(Event::Slashed { id, operator, offence, task, amount });
    Ok(amount)
}

/// Shares out a slash whose time has come. A suspended one goes on waiting for its vote.
///
/// # Errors
/// [`SlashError`]; the caller drops its snapshot.
pub fn settle(ledger: &mut Ledger, ctx: &mut Context, id: u64) -> Result<(), SlashError> {
    let slash = ledger.slashes.get(&id).ok_or(SlashError::UnknownSlash(id))?.clone();
    if slash.state == SlashState::Suspended {
        return Ok(());
    }
    let params = &ledger.params.get().slashing;
    let to_pool = params.audit_pool.of_floor(slash.amount)?;
    let reporter =
        slash.reporter.filter(|reporter| !is_offender(ledger, &slash.operator, reporter));
    let bounty = match reporter {
        Some(_) => params.reporter.of_floor(slash.amount)?,
        None => Amount::ZERO,
    };
    let burned = slash.amount.checked_sub(to_pool)?.checked_sub(bounty)?;
    let pending = Bucket::SlashPending(id);
    if let Some(reporter) = reporter {
        ledger.transfer(pending, Bucket::Free(reporter), bounty)?;
    }
    ledger.transfer(pending, Bucket::AuditPool, to_pool)?;
    ledger.burn(pending, burned)?;
    ledger.slashes.remove(&id);
    ctx.emit(Event::SlashSettled { id, reporter: bounty, audit_pool: to_pool, burned });
    Ok(())
}

/// Gives a waiting slash back in full: to the pools it was taken from.
///
/// # Errors
/// [`SlashError::UnknownSlash`] once it has been shared out.
pub fn revert(ledger: &mut Ledger, ctx: &mut Context, id: u64) -> Result<(), SlashError> {
    let slash = ledger.slashes.remove(&id).ok_or(SlashError::UnknownSlash(id))?;
    let funds = ledger.take(Bucket::SlashPending(id), slash.amount)?;
    staking::give_back(ledger, &slash.operator, &slash.sources, funds)?;
    ledger.schedule.remove(&(slash.due, Due::Slash(id)));
    ctx.emit(Event::SlashReverted { id, amount: slash.amount });
    Ok(())
}

/// Notes that an operator did or missed what it was drawn for, and jails one that misses often.
///
/// # Errors
/// [`SlashError`]; the caller drops its snapshot.
pub fn record_assignment(
    ledger: &mut Ledger,
    ctx: &mut Context,
    id: OperatorId,
    missed: bool,
) -> Result<(), SlashError> {
    let params = ledger.params.get().slashing.clone();
    let operator = ledger.operators.get_mut(&id).ok_or(SlashError::UnknownOperator(id))?;
    let record = &mut operator.misses;
    record.bits = (record.bits << 1) | u32::from(missed);
    if !missed || record.bits.count_ones() <= params.miss_limit {
        return Ok(());
    }
    let doublings = record.jailings.min(params.jail_doublings);
    record.bits = 0;
    record.jailings = record.jailings.saturating_add(1);
    let blocks = params.jail_blocks.saturating_mul(2u64.saturating_pow(doublings));
    Ok(staking::jail(ledger, ctx, &id, blocks)?)
}

/// What an offence costs: a share of the seats' lock, and for equivocation one of all that is bonded.
fn price(ledger: &Ledger, verdict: &Verdict) -> Result<Amount, ArithmeticError> {
    let params = &ledger.params.get().slashing;
    let share = price_of_lock(params, verdict.offence, verdict.lock)?;
    if verdict.offence != Offence::Equivocation {
        return Ok(share);
    }
    let bonded = ledger.bonded(&verdict.operator);
    share.checked_add(params.equivocation_bonded.of_ceil(bonded)?)
}

/// The part of an offence's price that is a share of the seats' lock.
///
/// # Errors
/// [`ArithmeticError`] for a price that cannot be counted.
pub fn price_of_lock(
    params: &Slashing,
    offence: Offence,
    lock: Amount,
) -> Result<Amount, ArithmeticError> {
    match offence {
        Offence::NoCommit | Offence::Correlated => Ok(Amount::ZERO),
        Offence::NoReveal => params.no_reveal.of_ceil(lock),
        Offence::Undefended => params.undefended.of_ceil(lock),
        Offence::FalseTranscript => params.transcript.of_ceil(lock),
        Offence::FalseResult => params.false_result.of_ceil(lock),
        Offence::IncoherentVote => params.incoherent.of_ceil(lock),
        Offence::NoVote => params.incoherent.of_ceil(lock)?.checked_mul(2),
        Offence::Equivocation => params.equivocation.of_ceil(lock),
    }
}

fn punish(
    ledger: &mut Ledger,
    ctx: &mut Context,
    id: OperatorId,
    offence: Offence,
) -> Result<(), StakingError> {
    let (fault, false_result) = {
        let params = &ledger.params.get().slashing;
        (params.fault_jail_blocks, params.false_jail_blocks)
    };
    match offence {
        Offence::FalseTranscript => staking::jail(ledger, ctx, &id, fault),
        Offence::Equivocation => staking::tombstone(ledger, ctx, &id),
        Offence::FalseResult => {
            let times = ledger.operators.get_mut(&id).map(|operator| {
                operator.false_results = operator.false_results.saturating_add(1);
                operator.false_results
            });
            if times > Some(1) {
                staking::tombstone(ledger, ctx, &id)
            } else {
                staking::jail(ledger, ctx, &id, false_result)
            }
        }
        Offence::NoCommit
        | Offence::NoReveal
        | Offence::Undefended
        | Offence::IncoherentVote
        | Offence::NoVote
        | Offence::Correlated => Ok(()),
    }
}

fn is_offender(ledger: &Ledger, id: &OperatorId, reporter: &Address) -> bool {
    ledger.operators.get(id).is_some_and(|operator| {
        operator.owner == *reporter || Address::of(&operator.key, reporter.network()) == *reporter
    })
}
