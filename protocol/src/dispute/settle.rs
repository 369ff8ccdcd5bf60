//! Who was false pays, and the result follows the ruling.
//!
//! # Invariants
//! - Only members whose leaf is the one that a ruling calls false are at fault, and only a final
//!   ruling takes their stake.
//! - Jurors answer to the final ruling, those of every level.
//!
//! Spec: `docs/spec/13-disputes.md`, `docs/spec/12-slashing.md`.

use std::collections::BTreeSet;

use probity_primitives::{Height, OperatorId, TaskId};

use super::contested;
use super::error::DisputeError;
use super::open::MAX_FAILED;
use super::record;
use super::state::{Claim, Dispute, Question, Ruling, Stage};
use crate::ledger::{Context, Ledger};
use crate::slashing::Offence;
use crate::task::panel::{self, Fault};
use crate::task::{Member, Opened, Phase, Submission, Task, result};

/// The members whose leaf a dispute calls false: the one it is about, and for a result as a whole
/// everyone with the same root, with the same leaf opened in the spot check, or implicated since.
#[must_use]
pub fn accused(ledger: &Ledger, task: &Task, dispute: &Dispute) -> BTreeSet<OperatorId> {
    let member = dispute.claim.member();
    let mut accused = BTreeSet::from([member]);
    match &dispute.claim {
        Claim::Transcript { .. } | Claim::Withheld { .. } => return accused,
        Claim::Aggregate { .. } => accused.extend(&dispute.implicated),
    }
    let disputed = match &dispute.stage {
        Stage::Ladder { question: Question::Item { item, stated, .. }, .. } => {
            Some((*item, stated))
        }
        Stage::Ladder { question: Question::Segment { .. }, .. }
        | Stage::Answer { .. }
        | Stage::Game { .. }
        | Stage::Closed { .. } => None,
    };
    let root =
        super::locate::revealed(ledger, dispute.task, member).map(|shown| shown.answers_root);
    for seat in task.phase.committee() {
        let Some(Submission::Revealed { revealed, opened, .. }) =
            ledger.submissions.get(&(dispute.task, seat.operator))
        else {
            continue;
        };
        let same_leaf = disputed.is_some_and(|(item, stated)| {
            opened.get(&item).is_some_and(|leaf| Opened::of(leaf) == *stated)
        });
        if Ok(revealed.answers_root) == root || same_leaf {
            accused.insert(seat.operator);
        }
    }
    accused
}

/// Slashes those whom a final ruling is against: members, auditors in whose name the pool disputed,
/// and jurors.
pub(super) fn punish(
    ledger: &mut Ledger,
    ctx: &mut Context,
    task: &Task,
    dispute: &Dispute,
    ruling: Ruling,
) -> Result<(), DisputeError> {
    match ruling {
        Ruling::Overturn => convict(ledger, ctx, task, dispute)?,
        Ruling::Uphold => contested::convict(ledger, ctx, task, dispute)?,
        Ruling::Void => return Ok(()),
    }
    for one in dispute.levels.iter().flat_map(|level| &level.votes) {
        if one.vote.is_some_and(|vote| vote != ruling) {
            let member = Member { operator: one.operator, seats: one.seats };
            let offence = Offence::IncoherentVote;
            let fault = Fault { offence, committed: dispute.opened, reporter: None };
            panel::penalise(ledger, ctx, (dispute.task, task), &member, fault)?;
        }
    }
    Ok(())
}

fn convict(
    ledger: &mut Ledger,
    ctx: &mut Context,
    task: &Task,
    dispute: &Dispute,
) -> Result<(), DisputeError> {
    let offence =
        if dispute.claim.is_aggregate() { Offence::FalseResult } else { Offence::FalseTranscript };
    let reporter = dispute.challenger.account();
    let accused = accused(ledger, task, dispute);
    for member in task.phase.committee().iter().filter(|one| accused.contains(&one.operator)) {
        let fault = Fault { offence, committed: task.requested, reporter };
        panel::penalise(ledger, ctx, (dispute.task, task), member, fault)?;
    }
    result::exclude(ledger, dispute.task, &accused)?;
    Ok(())
}

/// Lets the result follow the newest rulings of all open disputes about it.
pub(super) fn recount(
    ledger: &mut Ledger,
    ctx: &mut Context,
    dispute: &Dispute,
) -> Result<(), DisputeError> {
    let id = dispute.task;
    let task = record::task(ledger, id)?;
    let suspended = suspended(ledger, id, &task);
    Ok(result::recount(ledger, ctx, id, &task, &suspended)?)
}

/// The members against whom a ruling stands that may still be appealed.
fn suspended(ledger: &Ledger, id: TaskId, task: &Task) -> BTreeSet<OperatorId> {
    let Some(known) = ledger.task_disputes.get(&id) else { return BTreeSet::new() };
    let open = known.open.iter().filter_map(|id| ledger.disputes.get(id));
    let against = open.filter(|dispute| dispute.ruling() == Some(Ruling::Overturn));
    against.flat_map(|dispute| accused(ledger, task, dispute)).collect()
}

/// A challenge of a result that failed must not be what kept a better one from being opened: the
/// time to open one begins anew, as often as one may fail.
pub(super) fn extend(
    ledger: &mut Ledger,
    now: Height,
    dispute: &Dispute,
    ruling: Ruling,
) -> Result<(), DisputeError> {
    let failed = ledger.task_disputes.get(&dispute.task).map_or(0, |known| known.failed);
    if !dispute.claim.is_aggregate() || ruling == Ruling::Overturn || failed >= MAX_FAILED {
        return Ok(());
    }
    if let Some(task) = ledger.tasks.get_mut(&dispute.task) {
        let later = now.checked_add(task.frozen.dispute.appeal_blocks)?;
        if let Phase::Provisional { until, .. } = &mut task.phase {
            *until = later.max(*until);
        }
    }
    Ok(())
}
