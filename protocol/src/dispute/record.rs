//! The books of disputes: which are open, on what, by whom, and when each is due.
//!
//! # Invariants
//! - An open dispute is in its task's list and has one entry in the schedule, at its `due` height.
//!
//! Spec: `docs/spec/13-disputes.md`.

use probity_primitives::{BoundedVec, Height, TaskId};

use super::contested;
use super::error::DisputeError;
use super::state::{Dispute, Ruling, Stage, TaskDisputes};
use crate::ledger::Ledger;
use crate::task::{Due, Task, TaskError, error::Named};

/// A dispute.
pub(super) fn dispute(ledger: &Ledger, id: u64) -> Result<Dispute, DisputeError> {
    ledger.disputes.get(&id).cloned().ok_or(DisputeError::Unknown(id))
}

/// A task.
pub(super) fn task(ledger: &Ledger, id: TaskId) -> Result<Task, DisputeError> {
    let unknown = TaskError::Unknown(Named::Task(id));
    ledger.tasks.get(&id).cloned().ok_or(DisputeError::Task(unknown))
}

/// Stores a dispute whose present stage ends at a height.
pub(super) fn store(ledger: &mut Ledger, id: u64, mut dispute: Dispute, due: Height) {
    ledger.schedule.remove(&(dispute.due, Due::Dispute(id)));
    dispute.due = due;
    ledger.schedule.insert((due, Due::Dispute(id)), ());
    ledger.disputes.insert(id, dispute);
}

/// Enters a new dispute in the books of its task and its challenger.
pub(super) fn enter(ledger: &mut Ledger, id: u64, dispute: &Dispute) -> Result<(), DisputeError> {
    let mut known = ledger.task_disputes.get(&dispute.task).cloned().unwrap_or_default();
    let mut open = std::mem::take(&mut known.open).into_vec();
    open.push(id);
    known.open = BoundedVec::from_vec(open)?;
    if dispute.claim.is_aggregate() {
        known.aggregate = Some(id);
    }
    ledger.task_disputes.insert(dispute.task, known);
    if let Some(account) = dispute.challenger.account() {
        let count = ledger.account_disputes.get(&account).copied().unwrap_or_default();
        ledger.account_disputes.insert(account, count.saturating_add(1));
    }
    Ok(())
}

/// Takes a dispute that has ended out of the books; it stays to be read.
pub(super) fn shut(
    ledger: &mut Ledger,
    id: u64,
    mut dispute: Dispute,
    ruling: Ruling,
    at: Height,
) -> Result<(), DisputeError> {
    ledger.schedule.remove(&(dispute.due, Due::Dispute(id)));
    let mut known: TaskDisputes =
        ledger.task_disputes.get(&dispute.task).cloned().unwrap_or_default();
    let open = std::mem::take(&mut known.open).into_vec();
    known.open = BoundedVec::from_vec(open.into_iter().filter(|other| *other != id).collect())?;
    if known.aggregate == Some(id) {
        known.aggregate = None;
        known.failed = known.failed.saturating_add(u8::from(ruling != Ruling::Overturn));
    }
    ledger.task_disputes.insert(dispute.task, known);
    if let Some(account) = dispute.challenger.account() {
        match ledger.account_disputes.get(&account).copied().unwrap_or_default() {
            0 | 1 => {
                ledger.account_disputes.remove(&account);
            }
            more => ledger.account_disputes.insert(account, more.saturating_sub(1)),
        }
    }
    dispute.due = at;
    dispute.stage = Stage::Closed { ruling, at };
    ledger.disputes.insert(id, dispute);
    Ok(())
}

/// The last height at which a stage of an open dispute about a task ends, if one is open.
pub(crate) fn open_until(ledger: &Ledger, task: TaskId) -> Option<Height> {
    let known = ledger.task_disputes.get(&task)?;
    known.open.iter().filter_map(|id| ledger.disputes.get(id)).map(|dispute| dispute.due).max()
}

/// Forgets what was counted in a round that is over; its disputes are closed.
pub(crate) fn forget_round(ledger: &mut Ledger, task: TaskId) {
    contested::forget(ledger, task);
    ledger.task_disputes.remove(&task);
}
