//! Audits: some results are evaluated once more, by operators outside the committee.
//!
//! A committee that agrees on a lie passes every check of its own leaves. So after a result is
//! published the beacon decides whether it is audited, with a probability that grows with the value
//! at risk, and draws a few seats from everyone else. An auditor does what a member does: it runs
//! the whole core, binds itself to a score with a transcript that gives it, and shows it. It sends
//! the same messages under the same checks ([`super::member`]); no vote on whether the committee was
//! right. One that finds another score contests the result, and the audit pool disputes it in the
//! auditor's name.
//!
//! # Invariants
//! - Nobody audits a result that it took part in.
//! - While an audit runs its task does not end.
//!
//! # Not here
//! Planted faults that would show a lazy auditor: the chapter says why there are none.
//!
//! Spec: `docs/spec/10-checks.md`.

use probity_primitives::{Amount, BoundedVec, Hash, Height, OperatorId, Seats, TaskId};

use super::error::{Named, TaskError};
use super::member::wrong_phase;
use super::phases::{by_operator, candidates, convict, lock, total_seats, unlock};
use super::state::{
    Audit, AuditEntry, AuditPhase, Due, Member, OutcomeState, Phase, Revealed, Task,
};
use crate::bank::Bucket;
use crate::beacon::Beacon;
use crate::committee;
use crate::dispute;
use crate::event::Event;
use crate::ledger::{Context, Ledger};
use crate::slashing::{self, Offence};
use crate::staking;

/// The whole of a probability in parts per million.
const MILLION: u128 = 1_000_000;

/// Plans the draw of a result's audit: a full window on, so that nobody knows the beacon's value.
/// An audit of an earlier round's result is over: nobody needs it.
pub(super) fn plan(
    ledger: &mut Ledger,
    ctx: &Context,
    id: TaskId,
    task: &Task,
) -> Result<(), TaskError> {
    if let Some(before) = ledger.audits.remove(&id) {
        abandon(ledger, id, task, &before)?;
    }
    let at = ctx.height.checked_add(task.frozen.windows.open_blocks)?;
    let (auditors, phase) = (BoundedVec::new(), AuditPhase::Planned { at });
    ledger.audits.insert(id, Audit { round: task.round, auditors, phase });
    ledger.schedule.insert((at, Due::Audit(id)), ());
    Ok(())
}

fn abandon(ledger: &mut Ledger, id: TaskId, task: &Task, audit: &Audit) -> Result<(), TaskError> {
    match audit.phase {
        AuditPhase::Planned { .. } | AuditPhase::Done { .. } => Ok(()),
        AuditPhase::Commit { .. } | AuditPhase::Reveal { .. } => {
            for auditor in &audit.auditors {
                ledger.audit_entries.remove(&(id, auditor.operator));
            }
            unlock(ledger, &audit.auditors, task)
        }
    }
}

/// Does what is due of an audit: its draw, or the end of a phase. What was due of an abandoned one
/// finds nothing to do.
pub(super) fn advance(ledger: &mut Ledger, ctx: &mut Context, id: TaskId) -> Result<(), TaskError> {
    let task = ledger.tasks.get(&id).cloned().ok_or(TaskError::Unknown(Named::Task(id)))?;
    let Some(mut audit) = ledger.audits.get(&id).cloned() else { return Ok(()) };
    match audit.phase {
        AuditPhase::Planned { at } if ctx.height >= at => draw(ledger, ctx, id, &task),
        AuditPhase::Commit { until } if ctx.height >= until => {
            let until = ctx.height.checked_add(task.frozen.windows.reveal_blocks)?;
            audit.phase = AuditPhase::Reveal { until };
            ledger.audits.insert(id, audit);
            ledger.schedule.insert((until, Due::Audit(id)), ());
            Ok(())
        }
        AuditPhase::Reveal { until } if ctx.height >= until => close(ledger, ctx, id, &task, audit),
        AuditPhase::Planned { .. }
        | AuditPhase::Commit { .. }
        | AuditPhase::Reveal { .. }
        | AuditPhase::Done { .. } => Ok(()),
    }
}

/// The height until which a task's audit runs, if one does.
pub(super) fn runs_until(ledger: &Ledger, id: TaskId) -> Option<Height> {
    match ledger.audits.get(&id)?.phase {
        AuditPhase::Commit { until } | AuditPhase::Reveal { until } => Some(until),
        AuditPhase::Planned { .. } | AuditPhase::Done { .. } => None,
    }
}

/// An auditor's seats in a task's audit.
pub(super) fn seats_of(ledger: &Ledger, id: TaskId, operator: OperatorId) -> Option<Seats> {
    let audit = ledger.audits.get(&id)?;
    audit.auditors.iter().find(|auditor| auditor.operator == operator).map(|one| one.seats)
}

/// Whether an operator may bind itself in an audit now.
///
/// # Errors
/// [`TaskError`] with the value that is refused.
pub(super) fn may_commit(
    ledger: &Ledger,
    id: TaskId,
    task: &Task,
    operator: OperatorId,
) -> Result<(), TaskError> {
    let audit = ledger.audits.get(&id);
    if !audit.is_some_and(|audit| matches!(audit.phase, AuditPhase::Commit { .. })) {
        return Err(wrong_phase(id, task));
    }
    if seats_of(ledger, id, operator).is_none() {
        return Err(TaskError::NotDrawn { operator, task: id });
    }
    if ledger.audit_entries.contains(&(id, operator)) {
        return Err(TaskError::AlreadySent { operator, task: id, what: "commitment" });
    }
    Ok(())
}

/// What an auditor is bound to and may show now.
///
/// # Errors
/// [`TaskError`] with the value that is refused.
pub(super) fn commitment(
    ledger: &Ledger,
    id: TaskId,
    task: &Task,
    operator: OperatorId,
) -> Result<Hash, TaskError> {
    let audit = ledger.audits.get(&id);
    if !audit.is_some_and(|audit| matches!(audit.phase, AuditPhase::Reveal { .. })) {
        return Err(wrong_phase(id, task));
    }
    match ledger.audit_entries.get(&(id, operator)) {
        Some(AuditEntry::Committed { commitment }) => Ok(*commitment),
        Some(AuditEntry::Revealed { .. }) => {
            Err(TaskError::AlreadySent { operator, task: id, what: "reveal" })
        }
        None => Err(TaskError::NotDrawn { operator, task: id }),
    }
}

fn draw(ledger: &mut Ledger, ctx: &mut Context, id: TaskId, task: &Task) -> Result<(), TaskError> {
    ledger.audits.remove(&id);
    if !matches!(task.phase, Phase::Provisional { .. }) {
        return Ok(());
    }
    let terms = task.frozen.audit;
    let seed = committee::seed(ledger.beacon.get().value(), &(id, task.round, "audit"));
    if !is_chosen(seed.low_u128(), terms.probability.parts().into()) {
        return Ok(());
    }
    let members = by_operator(task.phase.committee());
    let mut bench = candidates(ledger, task.frozen.class);
    bench.retain(|candidate| !members.contains_key(&candidate.operator));
    let drawn = committee::draw(&bench, seed, terms.seats, task.frozen.seat_lock)?;
    let auditors: Vec<Member> =
        drawn.into_iter().map(|(operator, seats)| Member { operator, seats }).collect();
    let seats = total_seats(&auditors);
    let operators = u32::try_from(auditors.len()).unwrap_or(u32::MAX);
    ctx.emit(Event::AuditDrawn { task: id, seats, operators });
    if auditors.is_empty() {
        return Ok(());
    }
    lock(ledger, &auditors, task)?;
    let until = ctx.height.checked_add(task.request.commit_blocks)?;
    let phase = AuditPhase::Commit { until };
    ledger.audits.insert(id, Audit { round: task.round, auditors: auditors.try_into()?, phase });
    ledger.schedule.insert((until, Due::Audit(id)), ());
    Ok(())
}

/// Whether a number of 128 random bits falls below a probability in parts per million: the bias of
/// the remainder is below 2^-108.
pub(super) fn is_chosen(luck: u128, probability: u128) -> bool {
    luck.checked_rem(MILLION).is_some_and(|luck| luck < probability)
}

fn close(
    ledger: &mut Ledger,
    ctx: &mut Context,
    id: TaskId,
    task: &Task,
    mut audit: Audit,
) -> Result<(), TaskError> {
    let outcome = ledger.outcomes.get(&id).cloned();
    let (mut agreed, mut differed) = (Seats(0), Seats(0));
    for auditor in &audit.auditors {
        let operator = auditor.operator;
        match ledger.audit_entries.remove(&(id, operator)) {
            Some(AuditEntry::Revealed { revealed }) => {
                slashing::record_assignment(ledger, ctx, operator, false)?;
                pay(ledger, ctx, id, task, auditor)?;
                if outcome.as_ref().is_some_and(|outcome| outcome.differs(revealed.score)) {
                    differed = differed.checked_add(auditor.seats.0)?;
                    contest(ledger, ctx, id, operator, revealed);
                } else {
                    agreed = agreed.checked_add(auditor.seats.0)?;
                }
            }
            Some(AuditEntry::Committed { .. }) => {
                slashing::record_assignment(ledger, ctx, operator, true)?;
                convict(ledger, ctx, id, task, auditor, Offence::NoReveal)?;
            }
            None => slashing::record_assignment(ledger, ctx, operator, true)?,
        }
    }
    unlock(ledger, &audit.auditors, task)?;
    audit.phase = AuditPhase::Done { agreed, differed };
    ledger.audits.insert(id, audit);
    ctx.emit(Event::AuditClosed { task: id, agreed, differed });
    dispute::contest_as_auditor(ledger, ctx, id)?;
    Ok(())
}

/// Marks a result as contested, and keeps what the auditor revealed until its turn to dispute it is
/// over.
fn contest(
    ledger: &mut Ledger,
    ctx: &mut Context,
    id: TaskId,
    operator: OperatorId,
    revealed: Revealed,
) {
    let Some(outcome) = ledger.outcomes.get_mut(&id) else { return };
    let (score, published) = (revealed.score, outcome.score);
    if outcome.state == OutcomeState::Provisional {
        outcome.state = OutcomeState::Contested;
    }
    ctx.emit(Event::AuditDiffers { task: id, operator, score, published });
    ctx.emit(Event::ResultContested { task: id, operator });
    ledger.audit_entries.insert((id, operator), AuditEntry::Revealed { revealed });
}

/// An auditor earns the price of a seat for each of its seats, as far as the audit pool reaches.
fn pay(
    ledger: &mut Ledger,
    ctx: &mut Context,
    id: TaskId,
    task: &Task,
    auditor: &Member,
) -> Result<(), TaskError> {
    let owed = task.frozen.seat_price.checked_mul(u128::from(auditor.seats.0))?;
    let amount: Amount = owed.min(ledger.balance(Bucket::AuditPool));
    let funds = ledger.take(Bucket::AuditPool, amount)?;
    staking::reward(ledger, &auditor.operator, funds)?;
    ctx.emit(Event::SeatsPaid { task: id, operator: auditor.operator, amount });
    Ok(())
}
