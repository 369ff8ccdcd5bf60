//! What tasks store.

use std::collections::BTreeMap;

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::transcript::{Answer, Fold, Header, Leaf};
use probity_primitives::{
    Address, Amount, ArtifactId, BoundedVec, ContentHash, Hash, Height, OperatorId, Score, Seats,
    TaskId,
};
use serde::{Deserialize, Serialize};

use crate::event::TaskPhase;
use crate::params::{Checks, FeeSplit, Juries, Tasks};

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
    /// The split of the fee.
    pub split: FeeSplit,
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
    /// Where it stands.
    pub phase: Phase,
}

/// What a member has shown.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Revealed {
    /// The score.
    pub score: Score,
    /// The root of the answers.
    pub answers_root: Hash,
    /// The root of the numbers behind them.
    pub attachments_root: Hash,
    /// The root of the private items; zero where there are none.
    pub private_root: Hash,
    /// The header under which the leaves stand.
    pub header: Hash,
    /// The published leaf list.
    pub transcript: ContentHash,
    /// When it was revealed.
    pub at: Height,
}

/// The content of a leaf that was opened.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    BorshSerialize,
    BorshDeserialize,
    Serialize,
    Deserialize,
)]
pub struct Opened {
    /// The hash of the item.
    pub item: Hash,
    /// The hash of what the model was shown.
    pub prompt: Hash,
    /// What it answered.
    pub answer: Answer,
    /// What the answer is worth.
    pub score: i64,
}

impl Opened {
    /// The content of a leaf, without its place and its sum.
    #[must_use]
    pub fn of(leaf: &Leaf) -> Self {
        let Leaf { index: _, item, prompt, answer, score, prefix_sum: _ } = leaf;
        Self { item: *item, prompt: *prompt, answer: answer.clone(), score: *score }
    }

    /// Whether two evaluators may both be honest with these contents.
    #[must_use]
    pub fn agrees(&self, other: &Self, frozen: &Frozen) -> bool {
        let Self { item, prompt, answer, score } = self;
        *item == other.item
            && *prompt == other.prompt
            && answer.agrees(&other.answer, frozen.delta)
            && scores_agree(answer, *score, other.score, frozen)
    }
}

impl VerdictOfItem {
    /// Whether an honest leaf may hold these contents.
    #[must_use]
    pub fn accepts(&self, opened: &Opened, frozen: &Frozen) -> bool {
        let Self { item, prompt, accepted } = self;
        accepted.iter().any(|(answer, score)| {
            let honest =
                Opened { item: *item, prompt: *prompt, answer: answer.clone(), score: *score };
            honest.agrees(opened, frozen)
        })
    }
}

/// Scores follow from answers: equal for equal answers, and within the same distance for numbers,
/// of which the root mean scores the squares.
fn scores_agree(answer: &Answer, left: i64, right: i64, frozen: &Frozen) -> bool {
    match (answer, frozen.fold) {
        (Answer::Label(_) | Answer::Choice(_) | Answer::Tokens(_), _) => left == right,
        (Answer::Number(_), Fold::Mean) => left.abs_diff(right) <= frozen.delta,
        (Answer::Number(_), Fold::RootMean) => {
            let (left, right) = (left.max(0).isqrt(), right.max(0).isqrt());
            left.abs_diff(right) <= frozen.delta.saturating_add(1)
        }
    }
}

/// How a member stands after the reveals.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[borsh(use_discriminant = false)]
pub enum Standing {
    /// Within the tolerance.
    Accepted,
    /// Within twice the tolerance: unpaid, and checked.
    Grey,
    /// Beyond: must defend its transcript.
    Flagged,
}

/// What a member has sent in the present round. Each state holds what exists then.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "submission")]
pub enum Submission {
    /// It could not fetch what was to be evaluated.
    Unavailable,
    /// It is bound to a score.
    Committed {
        /// To what.
        commitment: Hash,
    },
    /// It has shown its score, and opens leaves.
    Revealed {
        /// The score and its roots.
        revealed: Revealed,
        /// How it stands, once the reveals are in.
        standing: Option<Standing>,
        /// The leaves it has opened, by index.
        opened: BTreeMap<u32, Opened>,
    },
}

/// A member's part in a result.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct MemberOutcome {
    /// Which operator.
    pub operator: OperatorId,
    /// Its seats.
    pub seats: Seats,
    /// The score it revealed, if it did.
    pub score: Option<Score>,
    /// The root of its answers, zero without a reveal.
    pub answers_root: Hash,
    /// How it stands, if it revealed.
    pub standing: Option<Standing>,
    /// Whether its openings passed; unknown while a jury sits.
    pub clean: Option<bool>,
    /// What it was paid.
    pub paid: Amount,
}

/// How much a published score can be relied on.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[borsh(use_discriminant = false)]
pub enum OutcomeState {
    /// It may still be disputed.
    Provisional,
    /// A flagged member was right at every opened item.
    Contested,
    /// It stands.
    Final,
}

/// A published score.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Outcome {
    /// The benchmark.
    pub benchmark: ArtifactId,
    /// What was evaluated.
    pub artifact: ArtifactId,
    /// How scores could differ.
    pub mode: Mode,
    /// The seat-weighted median.
    pub score: Score,
    /// The seat-weighted median of distances from it, in micro-units.
    pub dispersion: u64,
    /// The tolerance that was applied, in micro-units.
    pub tolerance: u64,
    /// The 95 % interval over items, for scores that are means of right and wrong.
    pub interval: Option<(Score, Score)>,
    /// The lowest and the highest revealed score.
    pub spread: (Score, Score),
    /// The committee's seats.
    pub seats: Seats,
    /// The seats that revealed.
    pub revealed: Seats,
    /// The operators that revealed.
    pub operators: u32,
    /// The number of items.
    pub items: u32,
    /// The members.
    pub members: BoundedVec<MemberOutcome, 128>,
    /// Whether a jury was drawn from outside the committee, if one was drawn.
    pub jury_outside: Option<bool>,
    /// When it was published.
    pub published: Height,
    /// How much it can be relied on.
    pub state: OutcomeState,
}

/// What a juror found at one item: everything an honest leaf may hold.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    BorshSerialize,
    BorshDeserialize,
    Serialize,
    Deserialize,
)]
pub struct VerdictOfItem {
    /// The hash of the item.
    pub item: Hash,
    /// The hash of what the model is shown.
    pub prompt: Hash,
    /// The acceptable answers and what each is worth: one, or two in the tie zone, ascending.
    pub accepted: BoundedVec<(Answer, i64), 2>,
}

/// Where a jury stands.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case", tag = "phase")]
pub enum JuryPhase {
    /// Jurors bind themselves to verdicts.
    Commit {
        /// The last block of the phase.
        until: Height,
    },
    /// Jurors show them.
    Reveal {
        /// The last block of the phase.
        until: Height,
    },
    /// It has ruled, or could not.
    Done {
        /// Whether enough seats revealed.
        quorum: bool,
    },
}

/// An item jury: jurors run only the items on which members differ.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Jury {
    /// How often it was drawn.
    pub draws: u8,
    /// Who was drawn, in ascending order of operator.
    pub jurors: BoundedVec<Member, 128>,
    /// Whether it was drawn from outside the committee.
    pub outside: bool,
    /// The items, ascending.
    pub items: BoundedVec<u32, 128>,
    /// The ruling on each item, once there is one.
    pub ruling: BoundedVec<Option<VerdictOfItem>, 128>,
    /// Where it stands.
    pub phase: JuryPhase,
}

/// What a juror has sent.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "ballot")]
pub enum JuryBallot {
    /// It is bound to verdicts.
    Committed {
        /// To what.
        commitment: Hash,
    },
    /// It has shown them, one for each of the jury's items.
    Revealed {
        /// The verdicts.
        verdicts: BoundedVec<VerdictOfItem, 128>,
    },
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
}
