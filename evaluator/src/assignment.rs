//! What the chain asks of one operator, as a node tells it.
//!
//! # Invariants
//! - All of it was read at one height, so that a submission that is not there was not in a block
//!   up to that height.
//!
//! Spec: `docs/spec/22-evaluator.md`.

use probity_primitives::{Height, OperatorId, Seats, TaskId};
use probity_protocol::registry::ArtifactFile;
use probity_protocol::task::{Jury, JuryBallot, Member, Submission, Task};

/// Everything that one operator must act on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignments {
    /// The height that this was read at.
    pub height: Height,
    /// The next nonce of the operator key's account at that height.
    pub nonce: u64,
    /// The tasks in which the operator sits, as a member or as a juror.
    pub tasks: Vec<Assignment>,
}

/// One task in which an operator sits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The task's identifier.
    pub id: TaskId,
    /// The task.
    pub task: Task,
    /// What the operator has sent as a member in the present round.
    pub submission: Option<Submission>,
    /// The task's jury, if one was drawn.
    pub jury: Option<Jury>,
    /// What the operator has sent as a juror in the present draw.
    pub ballot: Option<JuryBallot>,
    /// What has to be fetched.
    pub files: Files,
}

/// The files that an evaluation reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// The model.
    pub model: ArtifactFile,
    /// The dataset.
    pub dataset: ArtifactFile,
    /// The benchmark's definition.
    pub definition: ArtifactFile,
}

impl Assignment {
    /// Whether the operator was drawn for the committee of the present round.
    #[must_use]
    pub fn is_member(&self, operator: OperatorId) -> bool {
        sits(self.task.phase.committee(), operator)
    }

    /// The task's jury, if the operator sits in it.
    #[must_use]
    pub fn jury_of(&self, operator: OperatorId) -> Option<&Jury> {
        self.jury.as_ref().filter(|jury| sits(&jury.jurors, operator))
    }
}

fn sits(members: &[Member], operator: OperatorId) -> bool {
    members.iter().any(|member| member.operator == operator && member.seats > Seats(0))
}
