//! Why a task's message is refused.

use probity_primitives::bounded::LimitError;
use probity_primitives::key::SignatureError;
use probity_primitives::merkle::OpeningError;
use probity_primitives::{
    Address, Amount, ArithmeticError, ArtifactId, Hash, OperatorId, Score, TaskId,
};

use crate::bank::BankError;
use crate::dispute::DisputeError;
use crate::event::TaskPhase;
use crate::pause::Paused;
use crate::registry::{ArtifactStatus, RegistryError};
use crate::slashing::SlashError;
use crate::staking::StakingError;
use crate::supply::SupplyError;

/// Why a task's message is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TaskError {
    /// What was named does not exist.
    #[error("there is no {0}")]
    Unknown(Named),
    /// The artifact cannot be evaluated, or cannot evaluate.
    #[error("the artifact {artifact} is {status:?} and cannot serve as a {wanted}")]
    Unfit {
        /// The artifact.
        artifact: ArtifactId,
        /// Its status.
        status: ArtifactStatus,
        /// What it was to serve as.
        wanted: &'static str,
    },
    /// A number of the request is outside its range.
    #[error("{what} is {value}, outside {lowest} to {highest}")]
    OutOfRange {
        /// Which number.
        what: &'static str,
        /// Its value.
        value: u128,
        /// The smallest allowed.
        lowest: u128,
        /// The largest allowed.
        highest: u128,
    },
    /// The fee is below the floor.
    #[error("a fee of {fee} is below the floor of {floor} for {seats} seats")]
    FeeTooLow {
        /// What was offered.
        fee: Amount,
        /// The floor.
        floor: Amount,
        /// The committee's seats.
        seats: u32,
    },
    /// The task is in another phase, round or draw.
    #[error("the task {task} is in phase {phase:?}, round {round}, which does not take this")]
    WrongPhase {
        /// The task.
        task: TaskId,
        /// Its phase.
        phase: TaskPhase,
        /// Its round.
        round: u8,
    },
    /// The operator was not drawn.
    #[error("{operator} was not drawn for the task {task}")]
    NotDrawn {
        /// Who.
        operator: OperatorId,
        /// The task.
        task: TaskId,
    },
    /// The sender is not the operator's hot key.
    #[error("{sender} does not act for {operator}")]
    NotActing {
        /// Who sent the message.
        sender: Address,
        /// For whom.
        operator: OperatorId,
    },
    /// It was sent before, or something that excludes it was.
    #[error("{operator} has already sent its {what} for the task {task}")]
    AlreadySent {
        /// Who.
        operator: OperatorId,
        /// The task.
        task: TaskId,
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
    /// The transcript gives another score, or one outside the benchmark's range.
    #[error("the transcript gives the score {folded:?}, and {stated} is stated within {range:?}")]
    Score {
        /// What the last leaf folds to, if to anything.
        folded: Option<Score>,
        /// What was stated.
        stated: Score,
        /// The benchmark's range.
        range: (Score, Score),
    },
    /// The opening does not hold, or was not asked for.
    #[error(transparent)]
    Opening(#[from] OpeningError),
    /// The statements are not evidence.
    #[error("the statements prove nothing: {0}")]
    NoEvidence(&'static str),
    /// A signature does not hold.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// Something of the state machine refused.
    #[error(transparent)]
    State(#[from] StateError),
}

/// Why something that was due is dropped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DueError {
    /// A task's or a slash's step.
    #[error(transparent)]
    Task(#[from] TaskError),
    /// A dispute's step.
    #[error(transparent)]
    Dispute(#[from] DisputeError),
}

/// What was named and does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Named {
    /// A task.
    #[error("task {0}")]
    Task(TaskId),
    /// An artifact.
    #[error("artifact {0}")]
    Artifact(ArtifactId),
    /// An operator.
    #[error("operator {0}")]
    Operator(OperatorId),
    /// A jury that takes verdicts on the task.
    #[error("jury that takes this on the task {0}")]
    Jury(TaskId),
    /// A drawn item.
    #[error("drawn item {0}")]
    Item(u32),
}

/// A refusal from below the task's own rules.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// Money does not move.
    #[error(transparent)]
    Bank(#[from] BankError),
    /// A number leaves its range.
    #[error(transparent)]
    Arithmetic(#[from] ArithmeticError),
    /// A list is full.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// A slash cannot be recorded.
    #[error(transparent)]
    Slash(#[from] SlashError),
    /// An operator's pool or standing refuses.
    #[error(transparent)]
    Staking(#[from] StakingError),
    /// Royalties cannot be paid.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// Minted money cannot be released.
    #[error(transparent)]
    Supply(#[from] SupplyError),
    /// Payouts wait.
    #[error(transparent)]
    Paused(#[from] Paused),
}

macro_rules! from_below {
    ($($source:ty),*) => {
        $(impl From<$source> for TaskError {
            fn from(error: $source) -> Self {
                Self::State(error.into())
            }
        })*
    };
}

from_below!(
    BankError,
    ArithmeticError,
    LimitError,
    SlashError,
    StakingError,
    RegistryError,
    SupplyError,
    Paused
);
