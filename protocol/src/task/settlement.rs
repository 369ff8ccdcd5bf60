//! The end of a task: who is paid, and what is given back.
//!
//! A fee is split once, when the result becomes final. Each share is rounded down; what the
//! roundings leave goes to the treasury, and what no member earned goes to the audit pool, never
//! to other members.
//!
//! # Invariants
//! - The payments of a task add up to its fee; its escrow is empty afterwards.
//!
//! Spec: `docs/spec/11-payments.md`.

use probity_primitives::{Amount, ArithmeticError, Height, Seats, TaskId};

use super::audit;
use super::error::TaskError;
use super::phases::{release, start_round};
use super::result;
use super::state::{
    Due, JuryPhase, Member, MemberOutcome, Outcome, OutcomeState, Phase, Standing, Task, VoidReason,
};
use crate::bank::Bucket;
use crate::event::{Event, TaskPhase};
use crate::ledger::{Context, Ledger};
use crate::params::{FeeSplit, MAX_SEATS};
use crate::{dispute, pause, registry, staking, supply};

/// Pays everyone and makes the result final, or draws anew if it fell. While a jury sits, an audit
/// runs or a dispute is open, it waits.
pub(super) fn finish(
    ledger: &mut Ledger,
    ctx: &mut Context,
    id: TaskId,
    mut task: Task,
) -> Result<(), TaskError> {
    if let Some(next) = waits_until(ledger, ctx, id, &task)? {
        ledger.schedule.insert((next, Due::Task(id)), ());
        return Ok(());
    }
    let fallen = ledger.outcomes.get(&id).filter(|known| known.state == OutcomeState::Overturned);
    if let Some(outcome) = fallen.cloned() {
        return again(ledger, ctx, id, task, &outcome);
    }
    pause::check(ledger, ctx.height)?;
    pay(ledger, ctx, id, &task)?;
    release(ledger, id, &task)?;
    close_books(ledger);
    let at = ctx.height;
    dispute::forget_round(ledger, id);
    task.phase = Phase::Final { at };
    ctx.emit(Event::PhaseEntered {
        task: id,
        round: task.round,
        phase: TaskPhase::Final,
        until: at,
    });
    ledger.tasks.insert(id, task);
    if let Some(outcome) = ledger.outcomes.get_mut(&id) {
        if outcome.state == OutcomeState::Provisional {
            outcome.state = OutcomeState::Final;
        }
        ctx.emit(Event::ResultFinal { task: id, score: outcome.score });
    }
    Ok(())
}

/// Draws a committee of `2 n + 1` seats for a result that was proven false; the second time there is
/// no score, and who did honest work is paid.
fn again(
    ledger: &mut Ledger,
    ctx: &mut Context,
    id: TaskId,
    mut task: Task,
    outcome: &Outcome,
) -> Result<(), TaskError> {
    result::retract(ledger, id);
    if task.reopened {
        let honest = result::deserving(outcome);
        return void(ledger, ctx, id, task, VoidReason::Overturned, &honest);
    }
    release(ledger, id, &task)?;
    let seats = task.frozen.seats.0.saturating_mul(2).saturating_add(1);
    task.frozen.seats = Seats(seats.min(MAX_SEATS));
    task.reopened = true;
    task.phase = Phase::Open { until: ctx.height };
    task.round = task.round.saturating_add(1);
    ctx.emit(Event::TaskReopened { task: id, round: task.round, seats: task.frozen.seats });
    start_round(ledger, ctx, id, task)
}

/// Ends a task without a score: those in `paid` get the seat price, the requester the rest.
pub(super) fn void(
    ledger: &mut Ledger,
    ctx: &mut Context,
    id: TaskId,
    mut task: Task,
    reason: VoidReason,
    paid: &[Member],
) -> Result<(), TaskError> {
    pause::check(ledger, ctx.height)?;
    let escrow = Bucket::TaskEscrow(id);
    for member in paid {
        let owed = task.frozen.seat_price.checked_mul(u128::from(member.seats.0))?;
        let amount = owed.min(ledger.balance(escrow));
        pay_operator(ledger, ctx, id, member, amount)?;
    }
    let rest = ledger.balance(escrow);
    ledger.transfer(escrow, Bucket::Free(task.request.requester), rest)?;
    release(ledger, id, &task)?;
    close_books(ledger);
    task.phase = Phase::Void { reason, at: ctx.height };
    ledger.tasks.insert(id, task);
    ctx.emit(Event::TaskVoid { task: id, reason });
    Ok(())
}

fn pay(ledger: &mut Ledger, ctx: &mut Context, id: TaskId, task: &Task) -> Result<(), TaskError> {
    let (fee, split, escrow) = (task.request.fee, &task.frozen.split, Bucket::TaskEscrow(id));
    let per_seat = seat_reward(fee, split, task.frozen.seats)?;
    let mut earned = Amount::ZERO;
    let mut verified = 0u64;
    let members = ledger.outcomes.get(&id).map(|outcome| outcome.members.to_vec());
    for member in members.unwrap_or_default().iter().filter(|one| earns(one.standing, one.clean)) {
        let amount = per_seat.checked_mul(u128::from(member.seats.0))?;
        earned = earned.checked_add(amount)?;
        verified = verified.saturating_add(u64::from(member.seats.0));
        let seat = Member { operator: member.operator, seats: member.seats };
        pay_operator(ledger, ctx, id, &seat, amount)?;
        note_payment(ledger, id, member, amount)?;
    }
    let royalties = ledger.take(escrow, split.royalties.of_floor(fee)?)?;
    registry::pay_royalties(ledger, task.request.benchmark, royalties)?;
    let seats = per_seat.checked_mul(u128::from(task.frozen.seats.0))?;
    let unearned = seats.checked_sub(earned)?;
    let audit = split.audit_pool.of_floor(fee)?.checked_add(unearned)?;
    ledger.transfer(escrow, Bucket::AuditPool, audit)?;
    ledger.burn(escrow, split.burn.of_floor(fee)?)?;
    let rest = ledger.balance(escrow);
    ledger.transfer(escrow, Bucket::Treasury, rest)?;
    let units = u128::from(verified).saturating_mul(u128::from(task.frozen.compute_units));
    Ok(supply::credit(ledger, units, task.frozen.lambda)?)
}

/// What a fee pays for each seat of a committee.
///
/// # Errors
/// [`ArithmeticError`] without seats.
pub fn seat_reward(fee: Amount, split: &FeeSplit, seats: Seats) -> Result<Amount, ArithmeticError> {
    split.evaluators.of_floor(fee)?.mul_div_floor(1, u128::from(seats.0))
}

/// Paid are members within the tolerance whose openings passed or could not be judged, and flagged
/// members whom a jury found right.
#[must_use]
pub const fn earns(standing: Option<Standing>, clean: Option<bool>) -> bool {
    match (standing, clean) {
        (Some(Standing::Accepted), Some(true) | None) | (Some(Standing::Flagged), Some(true)) => {
            true
        }
        (Some(Standing::Accepted), Some(false))
        | (Some(Standing::Flagged), Some(false) | None)
        | (Some(Standing::Grey) | None, _) => false,
    }
}

fn pay_operator(
    ledger: &mut Ledger,
    ctx: &mut Context,
    id: TaskId,
    member: &Member,
    amount: Amount,
) -> Result<(), TaskError> {
    let funds = ledger.take(Bucket::TaskEscrow(id), amount)?;
    staking::reward(ledger, &member.operator, funds)?;
    ctx.emit(Event::SeatsPaid { task: id, operator: member.operator, amount });
    Ok(())
}

fn note_payment(
    ledger: &mut Ledger,
    id: TaskId,
    paid: &MemberOutcome,
    amount: Amount,
) -> Result<(), TaskError> {
    let Some(outcome) = ledger.outcomes.get_mut(&id) else { return Ok(()) };
    let mut members = std::mem::take(&mut outcome.members).into_vec();
    if let Some(member) = members.iter_mut().find(|member| member.operator == paid.operator) {
        member.paid = amount;
    }
    outcome.members = members.try_into()?;
    Ok(())
}

/// When to look again, if it is too early to settle: never in this block, or what is late would keep
/// all else from its turn.
fn waits_until(
    ledger: &Ledger,
    ctx: &Context,
    id: TaskId,
    task: &Task,
) -> Result<Option<Height>, TaskError> {
    let jury = ledger.juries.get(&id).and_then(|jury| match jury.phase {
        JuryPhase::Commit { until } | JuryPhase::Reveal { until } => Some(until),
        JuryPhase::Done { .. } => None,
    });
    let sits = jury.max(audit::runs_until(ledger, id)).max(dispute::open_until(ledger, id));
    if let Some(until) = sits {
        return Ok(Some(until.max(ctx.height).checked_add(1)?));
    }
    let Phase::Provisional { until, .. } = &task.phase else { return Ok(None) };
    Ok(Some(*until).filter(|until| *until > ctx.height))
}

fn close_books(ledger: &mut Ledger) {
    let counters = ledger.counters.get_mut();
    counters.open_tasks = counters.open_tasks.saturating_sub(1);
}
