//! 3, 4, 6 and 7: tasks, as a single state shows them.

use std::collections::BTreeMap;

use probity_primitives::{Amount, TaskId};
use probity_protocol::event::TaskPhase;
use probity_protocol::task::{Due, Outcome, OutcomeState, Submission, Task};
use probity_protocol::{Bucket, Ledger};

use super::{Violation, equal, exact, holds};

/// 3 and 4: an open task's escrow is its fee, an ended one's is empty; no escrow is without a task.
pub(super) fn escrows(ledger: &Ledger) -> Result<(), Violation> {
    for (id, task) in ledger.tasks.iter() {
        let expected = if ended(task) { Amount::ZERO } else { task.request.fee };
        let escrow = ledger.balance(Bucket::TaskEscrow(*id));
        equal(4, || format!("the escrow of the task {id}"), escrow, expected)?;
        if let Some(outcome) = ledger.outcomes.get(id) {
            let paid = Amount::sum(outcome.members.iter().map(|member| member.paid));
            let paid = exact(4, "what members were paid", paid)?;
            let share =
                exact(4, "a share", task.frozen.split.evaluators.of_floor(task.request.fee))?;
            holds(
                4,
                paid <= share,
                || format!("what members of the task {id} were paid"),
                || paid.to_string(),
                "at most the evaluators' share of the fee",
            )?;
        }
    }
    for (bucket, amount) in ledger.buckets.iter() {
        if let Bucket::TaskEscrow(id) = bucket {
            holds(
                4,
                ledger.tasks.contains(id),
                || format!("the escrow of {id}, which is no task,"),
                || amount.to_string(),
                "empty",
            )?;
        }
    }
    Ok(())
}

/// 6 and 7: a result lies within its reveals; what was sent belongs to a member of an open task;
/// every open task has exactly one end to its phase.
pub(super) fn tasks(ledger: &Ledger) -> Result<(), Violation> {
    let mut due: BTreeMap<TaskId, u32> = BTreeMap::new();
    for ((_, what), ()) in ledger.schedule.iter() {
        if let Due::Task(id) = what {
            let count = due.entry(*id).or_default();
            *count = count.saturating_add(1);
        }
    }
    let mut open = 0u32;
    for (id, task) in ledger.tasks.iter() {
        let expected = u32::from(!ended(task));
        open = open.saturating_add(expected);
        let found = due.get(id).copied().unwrap_or_default();
        equal(7, || format!("the number of ends planned for {id}"), found, expected)?;
        result(id, task, ledger.outcomes.get(id))?;
        let most = task.frozen.windows.max_rounds.saturating_add(u8::from(task.reopened));
        let round = task.round;
        holds(
            7,
            round >= 1 && round <= most,
            || format!("the round of the task {id}"),
            || round.to_string(),
            "from 1 to the most there may be",
        )?;
    }
    equal(7, || "the count of open tasks".to_owned(), ledger.counters.get().open_tasks, open)?;
    submissions(ledger)?;
    audits(ledger)
}

/// What an auditor sent is kept while its audit or the dispute in its name may need it.
fn audits(ledger: &Ledger) -> Result<(), Violation> {
    for ((id, operator), _) in ledger.audit_entries.iter() {
        let phase = ledger.tasks.get(id).map(|task| task.phase.name());
        let drawn = ledger.audits.get(id).is_some_and(|audit| {
            audit.auditors.iter().any(|auditor| auditor.operator == *operator)
        });
        holds(
            7,
            drawn && phase == Some(TaskPhase::Provisional),
            || format!("what {operator} sent in the audit of {id}"),
            || {
                format!(
                    "that of {}, in the phase {phase:?}",
                    if drawn { "an auditor" } else { "someone else" }
                )
            },
            "an auditor's, of a provisional result",
        )?;
    }
    Ok(())
}

fn submissions(ledger: &Ledger) -> Result<(), Violation> {
    for ((id, operator), submission) in ledger.submissions.iter() {
        let task = ledger.tasks.get(id);
        let seated = task.is_some_and(|task| {
            task.phase.committee().iter().any(|member| member.operator == *operator)
        });
        holds(
            7,
            seated,
            || format!("the submission of {operator} to {id}"),
            || "of someone without a seat".to_owned(),
            "of a member",
        )?;
        let phase = task.map(|task| task.phase.name());
        let revealed = matches!(submission, Submission::Revealed { .. });
        holds(
            7,
            !(revealed && phase == Some(TaskPhase::Commit)),
            || format!("the submission of {operator} to {id}"),
            || "a reveal in the commit phase".to_owned(),
            "a commitment",
        )?;
    }
    Ok(())
}

fn result(id: &TaskId, task: &Task, outcome: Option<&Outcome>) -> Result<(), Violation> {
    let phase = task.phase.name();
    let published = matches!(phase, TaskPhase::Provisional | TaskPhase::Final);
    equal(7, || format!("whether {id} has a result"), outcome.is_some(), published)?;
    let Some(outcome) = outcome else { return Ok(()) };
    let (lowest, highest) = outcome.spread;
    holds(
        6,
        lowest <= outcome.score && outcome.score <= highest,
        || format!("the score of {id}"),
        || outcome.score.to_string(),
        "between the lowest and the highest reveal",
    )?;
    let stands = outcome.state == OutcomeState::Final;
    holds(
        7,
        !stands || phase == TaskPhase::Final,
        || format!("the result of {id}"),
        || format!("final in the phase {phase:?}"),
        "final only when the task is",
    )
}

/// Whether a task has come to its end.
pub(super) const fn ended(task: &Task) -> bool {
    match task.phase.name() {
        TaskPhase::Final | TaskPhase::Void => true,
        TaskPhase::Open
        | TaskPhase::Commit
        | TaskPhase::Reveal
        | TaskPhase::Spot
        | TaskPhase::Provisional => false,
    }
}
