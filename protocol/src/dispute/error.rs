//! Why a dispute's message is refused.

use probity_primitives::merkle::OpeningError;
use probity_primitives::{Amount, Hash, Height, OperatorId, Score, TaskId};

use super::state::{Ruling, Side};
use crate::task::TaskError;

/// Why a dispute's message is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DisputeError {
    /// There is no such dispute.
    #[error("there is no dispute {0}")]
    Unknown(u64),
    /// The result cannot be disputed any more, or not yet.
    #[error("the task {task} can be disputed in round {round} until {until}, and it is {now}")]
    Late {
        /// The task.
        task: TaskId,
        /// Its present round.
        round: u8,
        /// The last block in which it can be; the first of all if it is not provisional.
        until: Height,
        /// The present block.
        now: Height,
    },
    /// The dispute does not take this now.
    #[error("the dispute {dispute} does not take {what} at its present stage")]
    Stage {
        /// Which dispute.
        dispute: u64,
        /// What was sent.
        what: &'static str,
    },
    /// There are as many as there may be.
    #[error("{open} {what} are open, the limit is {limit}")]
    TooMany {
        /// What there are too many of.
        what: &'static str,
        /// How many are open.
        open: u32,
        /// How many may be.
        limit: u32,
    },
    /// The bond is too small.
    #[error("a bond of {offered} is below the {needed} that this dispute needs")]
    Bond {
        /// What was offered.
        offered: Amount,
        /// What is needed.
        needed: Amount,
    },
    /// A contribution to an appeal is too small or too large.
    #[error("a contribution of {offered} is not between {least} and the {room} that are missing")]
    Contribution {
        /// What was offered.
        offered: Amount,
        /// The least that is taken.
        least: Amount,
        /// What is missing.
        room: Amount,
    },
    /// The challenger's score does not contradict the result.
    #[error("a score of {score} is within {tolerance} micro-units of the result {result}")]
    Tolerated {
        /// The challenger's score.
        score: Score,
        /// The result.
        result: Score,
        /// The tolerance in micro-units.
        tolerance: u64,
    },
    /// What is claimed is what the member's leaf holds.
    #[error("the leaves shown for item {item} do not contradict each other")]
    NoDifference {
        /// Which item.
        item: u32,
    },
    /// A leaf stands at another place than was asked for.
    #[error("leaf {index} was opened where leaf {wanted} was asked for")]
    Misplaced {
        /// The leaf that was opened.
        index: u32,
        /// The leaf that was asked for.
        wanted: u32,
    },
    /// The operator has no part in this.
    #[error("{operator} is not one of the {role} of {what}")]
    NotOne {
        /// Who.
        operator: OperatorId,
        /// What it would have to be.
        role: &'static str,
        /// Of what.
        what: String,
    },
    /// It was sent before.
    #[error("{operator} has already sent its {what} for the dispute {dispute}")]
    AlreadySent {
        /// Who.
        operator: OperatorId,
        /// The dispute.
        dispute: u64,
        /// What.
        what: &'static str,
    },
    /// What is shown is not what was committed to.
    #[error("what is shown hashes to {shown}, and {committed} was committed to")]
    Commitment {
        /// The hash of what is shown.
        shown: Hash,
        /// What was committed to.
        committed: Hash,
    },
    /// A juror's vote does not follow from what it found.
    #[error("a vote to {vote:?} does not follow from the evidence, which says {implied:?}")]
    Contradiction {
        /// The vote.
        vote: Ruling,
        /// What the evidence implies, if it answers the question.
        implied: Option<Ruling>,
    },
    /// Something of the task's rules or the state machine refused.
    #[error(transparent)]
    Task(#[from] TaskError),
}

impl From<OpeningError> for DisputeError {
    fn from(error: OpeningError) -> Self {
        Self::Task(error.into())
    }
}

impl DisputeError {
    pub(super) fn not_member(operator: OperatorId, task: TaskId) -> Self {
        Self::NotOne { operator, role: "members that revealed", what: format!("the task {task}") }
    }

    pub(super) fn not_juror(operator: OperatorId, dispute: u64) -> Self {
        Self::NotOne { operator, role: "jurors", what: format!("the dispute {dispute}") }
    }
}

/// Lets `?` turn what refuses below into a dispute's refusal.
macro_rules! from_below {
    ($($source:ty),*) => {
        $(impl From<$source> for DisputeError {
            fn from(error: $source) -> Self {
                Self::Task(error.into())
            }
        })*
    };
}

from_below!(
    crate::bank::BankError,
    probity_primitives::ArithmeticError,
    probity_primitives::bounded::LimitError,
    crate::slashing::SlashError,
    crate::staking::StakingError
);

/// The name of a side, for refusals.
pub(super) const fn name(side: Side) -> &'static str {
    match side {
        Side::Challenger => "money for the challenger",
        Side::Defender => "money for the defender",
    }
}
