//! What is to be evaluated outside a committee: a task with its files.

use probity_primitives::TaskId;
use probity_protocol::task::Task;
use probity_runtime::query::{Disputable, DisputeSeat, TaskFiles};

/// A task with its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The task's identifier.
    pub task_id: TaskId,
    /// The task.
    pub task: Task,
    /// The files that it needs.
    pub files: TaskFiles,
}

impl From<&DisputeSeat> for Order {
    fn from(seat: &DisputeSeat) -> Self {
        let DisputeSeat { dispute, task, files, .. } = seat;
        Self { task_id: dispute.task, task: task.clone(), files: files.clone() }
    }
}

impl From<&Disputable> for Order {
    fn from(result: &Disputable) -> Self {
        let Disputable { task_id, task, files, .. } = result;
        Self { task_id: *task_id, task: task.clone(), files: files.clone() }
    }
}
