//! What a member sends, and when two leaves agree.

use std::collections::BTreeMap;

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::transcript::{Answer, Fold, Leaf};
use probity_primitives::{ContentHash, Hash, Height, Score};
use serde::{Deserialize, Serialize};

use super::task::Frozen;

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
    /// The last leaf, which carries the sum.
    pub last: Box<Leaf>,
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
        opened: BTreeMap<u32, Leaf>,
    },
}
