//! What is said to be wrong, and the question that is left of it.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::{Hash, OperatorId, Score};
use serde::{Deserialize, Serialize};

use super::ladder::Ruling;
use crate::task::{Frozen, Opened, VerdictOfItem};

/// What a challenger says.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "claim")]
pub enum Claim {
    /// A member's transcript is false at one item.
    Transcript {
        /// Whose.
        member: OperatorId,
        /// Where.
        item: u32,
        /// What should stand there.
        claimed: Opened,
    },
    /// The result is wrong.
    Aggregate {
        /// The member whose transcript stands for the result.
        member: OperatorId,
        /// The score of the challenger's own transcript.
        score: Score,
        /// Its root.
        root: Hash,
        /// The header under which its leaves stand.
        header: Hash,
    },
    /// A member does not publish its transcript.
    Withheld {
        /// Whose.
        member: OperatorId,
        /// The item that it is asked for.
        item: u32,
    },
}

impl Claim {
    /// The member that it is about, or that stands for the result.
    #[must_use]
    pub const fn member(&self) -> OperatorId {
        match self {
            Self::Transcript { member, .. }
            | Self::Aggregate { member, .. }
            | Self::Withheld { member, .. } => *member,
        }
    }

    /// The root of the challenger's own transcript, if it has one.
    #[must_use]
    pub const fn root(&self) -> Option<Hash> {
        match self {
            Self::Aggregate { root, .. } => Some(*root),
            Self::Transcript { .. } | Self::Withheld { .. } => None,
        }
    }

    /// Whether it is about the result as a whole.
    #[must_use]
    pub const fn is_aggregate(&self) -> bool {
        match self {
            Self::Aggregate { .. } => true,
            Self::Transcript { .. } | Self::Withheld { .. } => false,
        }
    }
}

/// What a jury is asked: all that is left of a dispute.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "question")]
pub enum Question {
    /// Which content is right at one item.
    Item {
        /// The item.
        item: u32,
        /// What the member's leaf holds.
        stated: Opened,
        /// What the challenger says should stand there.
        claimed: Opened,
    },
    /// Which sum over a segment is nearer to the jury's.
    Segment {
        /// The first item.
        first: u32,
        /// The last item.
        last: u32,
        /// The sum in the member's transcript.
        #[serde(with = "probity_primitives::decimal")]
        stated: i128,
        /// The sum in the challenger's.
        #[serde(with = "probity_primitives::decimal")]
        claimed: i128,
    },
}

/// What a juror found.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "evidence", content = "found")]
pub enum Evidence {
    /// The contents that are right at the item.
    Item(VerdictOfItem),
    /// The sum of what the segment's items are worth.
    Sum(#[serde(with = "probity_primitives::decimal")] i128),
    /// Nothing: what was to be run could not be.
    Nothing,
}

impl Question {
    /// The first and the last item that it is about.
    #[must_use]
    pub const fn items(&self) -> (u32, u32) {
        match self {
            Self::Item { item, .. } => (*item, *item),
            Self::Segment { first, last, .. } => (*first, *last),
        }
    }

    /// What follows from a juror's finding; none if it is not an answer to this question.
    ///
    /// Where both contents are right nobody is at fault, and where the member's is false it does
    /// not matter whether the challenger's is true.
    #[must_use]
    pub fn judge(&self, evidence: &Evidence, frozen: &Frozen) -> Option<Ruling> {
        match (self, evidence) {
            (Self::Item { stated, claimed, .. }, Evidence::Item(verdict)) => {
                let (stated, claimed) =
                    (verdict.accepts(stated, frozen), verdict.accepts(claimed, frozen));
                Some(match (stated, claimed) {
                    (true, true) => Ruling::Void,
                    (true, false) => Ruling::Uphold,
                    (false, _) => Ruling::Overturn,
                })
            }
            (Self::Segment { stated, claimed, .. }, Evidence::Sum(sum)) => {
                let (stated, claimed) = (stated.abs_diff(*sum), claimed.abs_diff(*sum));
                Some(match stated.cmp(&claimed) {
                    std::cmp::Ordering::Less => Ruling::Uphold,
                    std::cmp::Ordering::Equal => Ruling::Void,
                    std::cmp::Ordering::Greater => Ruling::Overturn,
                })
            }
            (_, Evidence::Nothing) => Some(Ruling::Void),
            (Self::Item { .. }, Evidence::Sum(_)) | (Self::Segment { .. }, Evidence::Item(_)) => {
                None
            }
        }
    }
}
