//! What a committee member may send, and when.
//!
//! Every message names the operator it acts for, and only that operator's present hot key acts.
//! A member sends one commitment a round, opens exactly what it committed to, and shows the leaves
//! that were drawn.
//!
//! Spec: `docs/spec/08-transcript.md`, `docs/spec/10-checks.md`.

use std::collections::BTreeMap;

use probity_primitives::{Address, Hash, OperatorId, TaskId};

use super::audit;
use super::error::{Named, TaskError};
use super::message::{Commit, PostOpenings, ReportUnavailable, Reveal, Statement, SubmitEvidence};
use super::state::{AuditEntry, Phase, Revealed, Standing, Submission, Task};
use crate::event::Event;
use crate::ledger::{Context, Ledger};
use crate::slashing::{self, Offence, Verdict};
use crate::staking::{Operator, Standing as OperatorStanding};

/// Binds a member to a score.
///
/// # Errors
/// [`TaskError`] with the value that is refused; the caller drops its snapshot.
pub fn commit(
    ledger: &mut Ledger,
    ctx: &mut Context,
    sender: Address,
    message: &Commit,
) -> Result<(), TaskError> {
    let attestation = &message.attestation;
    let (id, round, operator) = (attestation.task, attestation.round, attestation.operator);
    let key = acting(ledger, sender, operator)?.key;
    let task = in_round(ledger, id, round)?;
    let Statement::Commit(commitment) = attestation.statement else {
        return Err(wrong_phase(id, task));
    };
    let audits = matches!(task.phase, Phase::Provisional { .. });
    if audits {
        audit::may_commit(ledger, id, task, operator)?;
    } else if matches!(task.phase, Phase::Commit { .. }) {
        seated(task, id, operator)?;
        first_of_round(ledger, id, operator, "commitment")?;
    } else {
        return Err(wrong_phase(id, task));
    }
    attestation.check(ctx, &key)?;
    if audits {
        ledger.audit_entries.insert((id, operator), AuditEntry::Committed { commitment });
    } else {
        ledger.submissions.insert((id, operator), Submission::Committed { commitment });
    }
    ctx.emit(Event::Committed { task: id, round, operator });
    Ok(())
}

/// Says that a member cannot fetch what it is to evaluate.
///
/// # Errors
/// [`TaskError`] with the value that is refused; the caller drops its snapshot.
pub fn report_unavailable(
    ledger: &mut Ledger,
    ctx: &mut Context,
    sender: Address,
    message: &ReportUnavailable,
) -> Result<(), TaskError> {
    let ReportUnavailable { operator, task: id, round } = *message;
    acting(ledger, sender, operator)?;
    let task = in_round(ledger, id, round)?;
    if !matches!(task.phase, Phase::Commit { .. }) {
        return Err(wrong_phase(id, task));
    }
    seated(task, id, operator)?;
    first_of_round(ledger, id, operator, "commitment or report")?;
    ledger.submissions.insert((id, operator), Submission::Unavailable);
    ctx.emit(Event::ReportedUnavailable { task: id, round, operator });
    Ok(())
}

/// Shows what a member bound itself to.
///
/// The score must be what the last leaf folds to, and the last leaf must stand under the root, so
/// that a score cannot be claimed without a transcript that adds up to it.
///
/// # Errors
/// [`TaskError`] with the value that is refused; the caller drops its snapshot.
pub fn reveal(
    ledger: &mut Ledger,
    ctx: &mut Context,
    sender: Address,
    message: &Reveal,
) -> Result<(), TaskError> {
    let Reveal { committed, engine, last, transcript, attestation } = message;
    let (id, round, operator) = (attestation.task, attestation.round, attestation.operator);
    let key = acting(ledger, sender, operator)?.key;
    let task = in_round(ledger, id, round)?;
    let audits = matches!(task.phase, Phase::Provisional { .. });
    let bound = if audits {
        audit::commitment(ledger, id, task, operator)?
    } else {
        commitment_of(ledger, id, task, operator)?
    };
    let shown = committed.commitment(ctx.chain, id, round, operator);
    if shown != bound {
        return Err(TaskError::Commitment { shown, committed: bound });
    }
    let stated = Reveal::hash(committed, *engine, last, *transcript);
    if attestation.statement != Statement::Reveal(stated) {
        return Err(TaskError::NoEvidence("the attestation is not of this reveal"));
    }
    check_score(task, message)?;
    attestation.check(ctx, &key)?;

    let revealed = Revealed {
        score: committed.score,
        answers_root: committed.answers_root,
        attachments_root: committed.attachments_root,
        private_root: committed.private_root,
        header: task.frozen.header(*engine),
        last: Box::new(last.leaf.clone()),
        transcript: *transcript,
        at: ctx.height,
    };
    if audits {
        ledger.audit_entries.insert((id, operator), AuditEntry::Revealed { revealed });
    } else {
        let submission = Submission::Revealed { revealed, standing: None, opened: BTreeMap::new() };
        ledger.submissions.insert((id, operator), submission);
    }
    ctx.emit(Event::Revealed { task: id, round, operator, score: committed.score });
    Ok(())
}

/// What a member may reveal now.
fn commitment_of(
    ledger: &Ledger,
    id: TaskId,
    task: &Task,
    operator: OperatorId,
) -> Result<Hash, TaskError> {
    if !matches!(task.phase, Phase::Reveal { .. }) {
        return Err(wrong_phase(id, task));
    }
    seated(task, id, operator)?;
    match ledger.submissions.get(&(id, operator)) {
        Some(Submission::Committed { commitment }) => Ok(*commitment),
        Some(Submission::Revealed { .. }) => {
            Err(TaskError::AlreadySent { operator, task: id, what: "reveal" })
        }
        Some(Submission::Unavailable) | None => Err(TaskError::NotDrawn { operator, task: id }),
    }
}

/// Shows leaves that were drawn.
///
/// # Errors
/// [`TaskError`] with the value that is refused; the caller drops its snapshot.
pub fn post_openings(
    ledger: &mut Ledger,
    _ctx: &mut Context,
    sender: Address,
    message: &PostOpenings,
) -> Result<(), TaskError> {
    let PostOpenings { operator, task: id, round, openings } = message;
    let (id, operator) = (*id, *operator);
    acting(ledger, sender, operator)?;
    let task = in_round(ledger, id, *round)?;
    let Phase::Spot { drawn, defence, .. } = &task.phase else {
        return Err(wrong_phase(id, task));
    };
    let Some(Submission::Revealed { revealed, standing, opened }) =
        ledger.submissions.get(&(id, operator))
    else {
        return Err(TaskError::NotDrawn { operator, task: id });
    };
    let defends = matches!(standing, Some(Standing::Grey | Standing::Flagged));
    let (mut opened, revealed, standing) = (opened.clone(), revealed.clone(), *standing);
    for opening in openings {
        let index = opening.leaf.index;
        let asked = drawn.contains(&index) || (defends && defence.contains(&index));
        if !asked {
            return Err(TaskError::Unknown(Named::Item(index)));
        }
        opening.check(task.frozen.items, revealed.header, revealed.answers_root)?;
        opened.insert(index, opening.leaf.clone());
    }
    let submission = Submission::Revealed { revealed, standing, opened };
    ledger.submissions.insert((id, operator), submission);
    Ok(())
}

/// Takes two different statements of one operator for one task and round, and slashes it: once ever,
/// since that bars it.
///
/// # Errors
/// [`TaskError`] with the value that is refused; the caller drops its snapshot.
pub fn submit_evidence(
    ledger: &mut Ledger,
    ctx: &mut Context,
    sender: Address,
    message: &SubmitEvidence,
) -> Result<(), TaskError> {
    let SubmitEvidence { first, second, key } = message;
    let (id, operator) = (first.task, first.operator);
    if (id, first.round, operator) != (second.task, second.round, second.operator) {
        return Err(TaskError::NoEvidence("they are not of one operator, task and round"));
    }
    let clash = match (first.statement, second.statement) {
        (Statement::Commit(a), Statement::Commit(b))
        | (Statement::Reveal(a), Statement::Reveal(b)) => a != b,
        (Statement::Commit(_), Statement::Reveal(_))
        | (Statement::Reveal(_), Statement::Commit(_)) => false,
    };
    if !clash {
        return Err(TaskError::NoEvidence("they do not contradict each other"));
    }
    if ledger.operator_keys.get(key) != Some(&operator) {
        return Err(TaskError::NoEvidence("the key never was the operator's"));
    }
    first.check(ctx, key)?;
    second.check(ctx, key)?;
    let task = ledger.tasks.get(&id).ok_or(TaskError::Unknown(Named::Task(id)))?;
    if !ledger.could_state(&operator, key, task.requested) {
        return Err(TaskError::NoEvidence("the key was replaced before the task was requested"));
    }
    // Once, not once a task: with a key at hand there would be no end of statements to make up, and
    // of bounties out of what others bonded.
    let known = ledger.operators.get(&operator);
    if known.is_some_and(|known| known.standing == OperatorStanding::Tombstoned) {
        return Err(TaskError::AlreadySent { operator, task: id, what: "punishment" });
    }
    let unbond = ledger.params.get().staking.unbond_blocks;
    if task.requested.0.saturating_add(unbond) < ctx.height.0 {
        return Err(TaskError::NoEvidence("what was bonded at the time may have left"));
    }
    let seats = seats_of(ledger, id, task, operator);
    let lock = task.frozen.seat_lock.checked_mul(seats)?;
    let verdict = Verdict {
        operator,
        offence: Offence::Equivocation,
        task: Some(id),
        lock,
        committed: task.requested,
        reporter: Some(sender),
    };
    Ok(slashing::slash(ledger, ctx, verdict)?)
}

/// The operator that `sender` acts for.
pub(crate) fn acting(
    ledger: &Ledger,
    sender: Address,
    id: OperatorId,
) -> Result<&Operator, TaskError> {
    let operator = ledger.operators.get(&id).ok_or(TaskError::Unknown(Named::Operator(id)))?;
    if Address::of(&operator.key, sender.network()) == sender {
        Ok(operator)
    } else {
        Err(TaskError::NotActing { sender, operator: id })
    }
}

/// The seats of an operator in a task that runs or has a result.
fn seats_of(ledger: &Ledger, id: TaskId, task: &Task, operator: OperatorId) -> u128 {
    let sits = task.phase.committee().iter().find(|member| member.operator == operator);
    let sat = ledger.outcomes.get(&id).and_then(|outcome| {
        outcome.members.iter().find(|member| member.operator == operator).map(|member| member.seats)
    });
    let audits = audit::seats_of(ledger, id, operator);
    sits.map(|member| member.seats).or(sat).or(audits).map_or(0, |seats| u128::from(seats.0))
}

fn in_round(ledger: &Ledger, id: TaskId, round: u8) -> Result<&Task, TaskError> {
    let task = ledger.tasks.get(&id).ok_or(TaskError::Unknown(Named::Task(id)))?;
    if task.round == round { Ok(task) } else { Err(wrong_phase(id, task)) }
}

fn seated(task: &Task, id: TaskId, operator: OperatorId) -> Result<(), TaskError> {
    if task.phase.committee().iter().any(|member| member.operator == operator) {
        Ok(())
    } else {
        Err(TaskError::NotDrawn { operator, task: id })
    }
}

fn first_of_round(
    ledger: &Ledger,
    id: TaskId,
    operator: OperatorId,
    what: &'static str,
) -> Result<(), TaskError> {
    if ledger.submissions.contains(&(id, operator)) {
        return Err(TaskError::AlreadySent { operator, task: id, what });
    }
    Ok(())
}

fn check_score(task: &Task, message: &Reveal) -> Result<(), TaskError> {
    let frozen = &task.frozen;
    let Reveal { committed, engine, last, .. } = message;
    if !frozen.engines.is_empty() && !frozen.engines.contains(engine) {
        return Err(TaskError::NoEvidence("the benchmark does not accept this engine profile"));
    }
    let header = frozen.header(*engine);
    if last.leaf.index.checked_add(1) != Some(frozen.items) {
        return Err(TaskError::Unknown(Named::Item(last.leaf.index)));
    }
    last.check(frozen.items, header, committed.answers_root)?;
    let folded = frozen.fold.score(last.leaf.prefix_sum, frozen.items);
    let (lowest, highest) = frozen.range;
    if folded != Some(committed.score) || committed.score < lowest || committed.score > highest {
        return Err(TaskError::Score { folded, stated: committed.score, range: frozen.range });
    }
    Ok(())
}

pub(super) fn wrong_phase(id: TaskId, task: &Task) -> TaskError {
    TaskError::WrongPhase { task: id, phase: task.phase.name(), round: task.round }
}
