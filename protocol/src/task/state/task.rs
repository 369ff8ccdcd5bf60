//! A task: what was asked for, what was frozen, where it stands.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::transcript::{Fold, Header};
use probity_primitives::{
    Address, Amount, ArtifactId, BoundedVec, ContentHash, Hash, Height, OperatorId, Score, Seats,
    TaskId,
};
use serde::{Deserialize, Serialize};

use super::audit::AuditTerms;
use crate::event::TaskPhase;
use crate::params::{Checks, Disputes, FeeSplit, Juries, Tasks};

/// How scores of honest members may differ.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[borsh(use_discriminant = false)]
pub enum Mode {
    /// Not at all.
    Exact,
    /// Within the declared noise.
    Tolerant,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Request {
    /// Who asked, and is refunded.
    pub requester: Address,
    /// The benchmark.
    pub benchmark: ArtifactId,
    /// What is evaluated.
    pub artifact: ArtifactId,
    /// How scores may differ.
    pub mode: Mode,
    /// What was paid.
    pub fee: Amount,
    /// What depends on the score being right.
    pub value_at_risk: Amount,
    /// The commit window in blocks.
    pub commit_blocks: u64,
}

/// What was in force when the task was requested; later votes do not change it.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Frozen {
    /// The committee's seats.
    pub seats: Seats,
    /// The price of a seat.
    pub seat_price: Amount,
    /// What a seat locks.
    pub seat_lock: Amount,
    /// The class of work.
    pub class: u16,
    /// Compute units that one verified seat counts for.
    pub compute_units: u64,
    /// What each unit earns to be minted.
    pub lambda: Amount,
    /// The number of core items.
    pub items: u32,
    /// How item scores become the score.
    pub fold: Fold,
    /// The lowest and the highest possible score.
    pub range: (Score, Score),
    /// The declared noise.
    pub sigma: u64,
    /// How far two honest numbers may lie apart.
    pub delta: u64,
    /// The model's file.
    pub model: ContentHash,
    /// The dataset's file.
    pub dataset: ContentHash,
    /// The benchmark's definition.
    pub definition: Hash,
    /// The harness version.
    pub harness: u32,
    /// The accepted engine profiles; empty accepts any.
    pub engines: BoundedVec<Hash, 8>,
    /// Windows and quorums.
    pub windows: Tasks,
    /// Checks.
    pub checks: Checks,
    /// Juries.
    pub jury: Juries,
    /// Disputes.
    pub dispute: Disputes,
    /// The split of the fee.
    pub split: FeeSplit,
    /// With what probability, and by how many seats, the result is audited.
    pub audit: AuditTerms,
}

/// Where a task stands. Each phase holds what exists then.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "phase")]
pub enum Phase {
    /// Waiting for randomness that nobody knew when the task was requested.
    Open {
        /// The last block of the phase.
        until: Height,
    },
    /// Members run the benchmark and bind themselves to a score.
    Commit {
        /// Who was drawn, in ascending order of operator.
        committee: BoundedVec<Member, 128>,
        /// The last block of the phase.
        until: Height,
    },
    /// Members show what they bound themselves to.
    Reveal {
        /// Who was drawn.
        committee: BoundedVec<Member, 128>,
        /// The last block of the phase.
        until: Height,
    },
    /// Members open the leaves that were drawn after the reveals.
    Spot {
        /// Who was drawn.
        committee: BoundedVec<Member, 128>,
        /// The items that everyone opens, ascending.
        drawn: BoundedVec<u32, 64>,
        /// The items that flagged and grey members open besides, ascending.
        defence: BoundedVec<u32, 64>,
        /// Whether there are enough reveals for a result; if not, the task will be void.
        quorum: bool,
        /// The last block of the phase.
        until: Height,
    },
    /// The score is published and may be disputed.
    Provisional {
        /// Who was drawn.
        committee: BoundedVec<Member, 128>,
        /// The items that everyone had to open, ascending.
        drawn: BoundedVec<u32, 64>,
        /// The last block of the phase.
        until: Height,
    },
    /// The score stands, and everyone is paid.
    Final {
        /// When it became final.
        at: Height,
    },
    /// There is no score.
    Void {
        /// Why.
        reason: VoidReason,
        /// When it was given up.
        at: Height,
    },
}

impl Phase {
    /// The phase's name.
    #[must_use]
    pub const fn name(&self) -> TaskPhase {
        match self {
            Self::Open { .. } => TaskPhase::Open,
            Self::Commit { .. } => TaskPhase::Commit,
            Self::Reveal { .. } => TaskPhase::Reveal,
            Self::Spot { .. } => TaskPhase::Spot,
            Self::Provisional { .. } => TaskPhase::Provisional,
            Self::Final { .. } => TaskPhase::Final,
            Self::Void { .. } => TaskPhase::Void,
        }
    }

    /// Who was drawn for the present round; nobody before the draw and after the end.
    #[must_use]
    pub fn committee(&self) -> &[Member] {
        match self {
            Self::Commit { committee, .. }
            | Self::Reveal { committee, .. }
            | Self::Spot { committee, .. }
            | Self::Provisional { committee, .. } => committee,
            Self::Open { .. } | Self::Final { .. } | Self::Void { .. } => &[],
        }
    }
}

impl Frozen {
    /// The hash of the header under which every leaf of this task must stand.
    #[must_use]
    pub fn header(&self, engine: Hash) -> Hash {
        Header {
            model: self.model,
            dataset: self.dataset,
            benchmark: self.definition,
            tokenizer: ContentHash::default(),
            harness: self.harness,
            engine,
            few_shot: BoundedVec::new(),
            seed: 0,
            items: self.items,
        }
        .hash()
    }
}

/// Why a task has no score.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[borsh(use_discriminant = false)]
pub enum VoidReason {
    /// Too few seats or operators revealed in every round.
    NoQuorum,
    /// More than a third of the seats could not fetch what was to be evaluated.
    Unavailable,
    /// No operator could be drawn.
    NoCommittee,
    /// Its results were proven false twice.
    Overturned,
}

/// One evaluation.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Task {
    /// What was asked for.
    pub request: Request,
    /// What was in force then.
    pub frozen: Frozen,
    /// When it was requested.
    pub requested: Height,
    /// The present round, from 1.
    pub round: u8,
    /// Whether a result was proven false and a larger committee drawn: at most once.
    pub reopened: bool,
    /// Where it stands.
    pub phase: Phase,
}

/// A committee or jury member: an operator and how many seats it drew.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct Member {
    /// Which operator.
    pub operator: OperatorId,
    /// Its seats, which are its weight.
    pub seats: Seats,
}

/// What is due at a height.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    BorshSerialize,
    BorshDeserialize,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "snake_case", tag = "due", content = "of")]
pub enum Due {
    /// A correlation window ends: first, so that it can still suspend what is due with it.
    Window(u64),
    /// A jury's phase ends.
    Jury(TaskId),
    /// A task's phase ends.
    Task(TaskId),
    /// A slash is shared out.
    Slash(u64),
    /// A stream of minted money releases what has come due.
    Stream(u32),
    /// An audit is drawn, or its phase ends.
    Audit(TaskId),
    /// A stage of a dispute ends.
    Dispute(u64),
}
