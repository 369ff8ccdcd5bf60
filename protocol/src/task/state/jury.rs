//! Item juries and their ballots.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::transcript::Answer;
use probity_primitives::{BoundedVec, Hash, Height};
use serde::{Deserialize, Serialize};

use super::submission::Opened;
use super::task::{Frozen, Member};

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
