//! What may be asked of disputes, and the bytes that their jurors bind themselves to.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::transcript::Opening;
use probity_primitives::{Amount, Domain, Hash, OperatorId, Score, TaskId};
use serde::{Deserialize, Serialize};

use super::state::{Evidence, Ruling, Side};
use crate::task::Opened;

/// The last leaf of a stretch and the one before its first, which together prove its sum.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Stretch {
    /// The leaf before the first; none where the stretch begins with the first leaf of all.
    pub before: Option<Opening>,
    /// The last leaf.
    pub last: Opening,
}

/// The stretch on which two transcripts differ, in both.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Difference {
    /// In the member's transcript.
    pub stated: Stretch,
    /// In the challenger's.
    pub claimed: Stretch,
}

/// A challenger's own transcript, against that of a member that stands for the result.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Rival {
    /// A member within the tolerance.
    pub member: OperatorId,
    /// The score of the challenger's transcript.
    pub score: Score,
    /// Its root.
    pub answers_root: Hash,
    /// The engine profile that it states.
    pub engine: Hash,
    /// Its last leaf, which carries the sum.
    pub last: Opening,
    /// Where the two differ, if the member's leaves are published.
    pub difference: Option<Difference>,
}

/// What a challenger says, with its proof.
#[expect(clippy::large_enum_variant, reason = "a challenge is made once and sent")]
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "challenge")]
pub enum Challenge {
    /// A member's transcript is false at one item.
    Transcript {
        /// Whose.
        member: OperatorId,
        /// Where.
        item: u32,
        /// What should stand there.
        claimed: Opened,
        /// The member's leaf, if it is published.
        stated: Option<Stretch>,
    },
    /// The result is wrong.
    Aggregate(Box<Rival>),
    /// A member does not publish its transcript.
    Withheld {
        /// Whose.
        member: OperatorId,
        /// The item that it is asked for.
        item: u32,
    },
}

/// Says that a provisional result is wrong, and puts up a bond.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct OpenDispute {
    /// The task.
    pub task: TaskId,
    /// Its round.
    pub round: u8,
    /// What is said to be wrong.
    pub challenge: Challenge,
    /// The largest bond that the challenger would put up; what is needed is taken.
    pub bond: Amount,
}

/// Opens the leaf that a dispute asks a member for. Anyone may: the root vouches for it.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct AnswerDispute {
    /// The dispute.
    pub dispute: u64,
    /// The leaf with the one before it.
    pub stated: Stretch,
}

/// Opens the leaf in the middle for the side whose move it is. Anyone may.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct PlayDispute {
    /// The dispute.
    pub dispute: u64,
    /// The leaf.
    pub opening: Opening,
}

/// Shows that another member's leaf holds what is in dispute.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct ImplicateMember {
    /// The dispute.
    pub dispute: u64,
    /// The other member.
    pub member: OperatorId,
    /// Its leaf.
    pub opening: Opening,
}

/// Binds a dispute's juror to its vote.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct DisputeCommit {
    /// The juror.
    pub operator: OperatorId,
    /// The dispute.
    pub dispute: u64,
    /// The level.
    pub level: u8,
    /// The jury's draw.
    pub draw: u8,
    /// To what: [`Ballot::commitment`].
    pub commitment: Hash,
}

/// A juror's vote with what it rests on.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Ballot {
    /// The juror.
    pub operator: OperatorId,
    /// The dispute.
    pub dispute: u64,
    /// The level.
    pub level: u8,
    /// The jury's draw.
    pub draw: u8,
    /// The vote.
    pub vote: Ruling,
    /// What was found.
    pub evidence: Evidence,
    /// What keeps the commitment from being guessed.
    pub salt: Hash,
}

impl Ballot {
    /// The commitment that this opens.
    #[must_use]
    pub fn commitment(&self, chain: Hash) -> Hash {
        let Self { operator, dispute, level, draw, vote, evidence, salt } = self;
        Hash::of(
            Domain::DisputeCommit,
            &(chain, dispute, level, draw, operator, vote, evidence, salt),
        )
    }
}

/// Shows a juror's vote.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct DisputeReveal {
    /// The ballot.
    pub ballot: Ballot,
}

/// Proves that a juror let someone else know its vote before the reveals: it can be bought.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct ReportBallot {
    /// The ballot that opens the juror's commitment.
    pub ballot: Ballot,
}

/// Puts up money for a side of an appeal.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct FundAppeal {
    /// The dispute.
    pub dispute: u64,
    /// For which side.
    pub side: Side,
    /// How much.
    pub amount: Amount,
}
