//! Sides, rulings, the game that locates a difference, and the rungs of the ladder.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::transcript::Leaf;
use probity_primitives::{BoundedVec, Hash, Height, OperatorId, Seats};
use serde::{Deserialize, Serialize};

use super::money::Pot;
use crate::task::{JuryPhase, Member};

/// What becomes of a disputed result.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[borsh(use_discriminant = false)]
pub enum Ruling {
    /// It stands: the challenger was wrong.
    Uphold,
    /// It falls: the challenger was right.
    Overturn,
    /// It stands, and nobody was at fault.
    Void,
}

impl Ruling {
    /// The side that it is against, which must pay more to appeal. What is void leaves the result
    /// as it was, so that it is the challenger who wants more.
    #[must_use]
    pub const fn loser(self) -> Side {
        match self {
            Self::Uphold | Self::Void => Side::Challenger,
            Self::Overturn => Side::Defender,
        }
    }
}

/// The sides of a dispute.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[borsh(use_discriminant = false)]
pub enum Side {
    /// Who says that the result is wrong.
    Challenger,
    /// Who says that it is right.
    Defender,
}

/// Where two transcripts still agree, or are taken to: sums up to and with one item.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct Low {
    /// The item.
    pub index: u32,
    /// The member's sum.
    #[serde(with = "probity_primitives::decimal")]
    pub stated: i128,
    /// The challenger's sum.
    #[serde(with = "probity_primitives::decimal")]
    pub claimed: i128,
}

/// Whose move it is.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "turn")]
pub enum Turn {
    /// The defender opens the middle leaf of the member's transcript.
    Defender,
    /// The challenger opens the same leaf of its own.
    Challenger {
        /// What the defender opened.
        stated: Leaf,
    },
}

/// The game that locates a difference between two transcripts whose leaves are not published: both
/// sides open the leaf in the middle, and the half that differs is left.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Game {
    /// The last item before what is left; none at the beginning.
    pub low: Option<Low>,
    /// The last leaf of what is left, in the member's transcript.
    pub stated: Leaf,
    /// The same leaf in the challenger's.
    pub claimed: Leaf,
    /// Whose move it is.
    pub turn: Turn,
    /// Since when.
    pub since: Height,
    /// How many blocks the defender has left.
    pub defender: u64,
    /// How many blocks the challenger has left.
    pub challenger: u64,
}

/// How a juror of an earlier draw or level voted.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct JurorVote {
    /// The juror.
    pub operator: OperatorId,
    /// Its seats.
    pub seats: Seats,
    /// Its vote; none of a juror that did not show one.
    pub vote: Option<Ruling>,
}

/// One level of the ladder: what the sides put up for it, and how it ended.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct Level {
    /// What the challenger's side put up.
    pub challenger: Pot,
    /// What the defender's side put up.
    pub defender: Pot,
    /// The votes of its juries.
    pub votes: BoundedVec<JurorVote, 256>,
    /// The ruling, once there is one.
    pub ruling: Option<Ruling>,
}

impl Level {
    /// What a side put up.
    #[must_use]
    pub const fn pot(&self, side: Side) -> &Pot {
        match side {
            Side::Challenger => &self.challenger,
            Side::Defender => &self.defender,
        }
    }

    pub(crate) const fn pot_mut(&mut self, side: Side) -> &mut Pot {
        match side {
            Side::Challenger => &mut self.challenger,
            Side::Defender => &mut self.defender,
        }
    }
}

/// A jury that sits.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Bench {
    /// How often it was drawn for this level.
    pub draw: u8,
    /// Who was drawn, in ascending order of operator.
    pub jurors: BoundedVec<Member, 128>,
    /// Whether it was drawn from outside the committee.
    pub outside: bool,
    /// Where it stands.
    pub phase: JuryPhase,
}

/// Where on the ladder a dispute is.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "rung")]
pub enum Rung {
    /// A jury sits.
    Jury {
        /// The jury.
        bench: Bench,
    },
    /// A ruling may be appealed.
    Appeal {
        /// The ruling.
        ruling: Ruling,
        /// The level above, as far as it is paid for.
        next: Level,
        /// The last block in which the side that lost may pay.
        half: Height,
        /// The last block in which the other side may.
        until: Height,
    },
    /// The holders vote; without a vote the ruling stands.
    Vote {
        /// The last jury's ruling.
        ruling: Ruling,
        /// The last block in which their ruling counts.
        until: Height,
    },
}

/// What a juror has sent.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case", tag = "ballot")]
pub enum DisputeBallot {
    /// It is bound to a vote.
    Committed {
        /// To what.
        commitment: Hash,
    },
    /// It has shown it.
    Revealed {
        /// The vote.
        vote: Ruling,
    },
    /// Someone else knew it before the reveals: it does not count.
    Leaked,
}
