//! What slashing stores.

use std::fmt;

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::{Address, Amount, BoundedVec, Epoch, Height, OperatorId, TaskId};
use serde::{Deserialize, Serialize};

/// The most offenders that a window counts.
pub(super) const MAX_OFFENDERS: usize = 4_096;

/// A provable fault.
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
#[serde(rename_all = "snake_case")]
#[borsh(use_discriminant = false)]
pub enum Offence {
    /// O1: seated, and did not commit.
    NoCommit,
    /// O2: committed, and did not validly reveal.
    NoReveal,
    /// O3: flagged, and did not defend.
    Undefended,
    /// O4: the transcript is false.
    FalseTranscript,
    /// O5: signed two different statements.
    Equivocation,
    /// O6: the result was proven false, or a juror colluded.
    FalseResult,
    /// O8: a juror voted against the final ruling.
    IncoherentVote,
    /// O8: a juror did not vote.
    NoVote,
    /// The rest of what a window of correlated offences costs.
    Correlated,
}

impl Offence {
    /// The code in the slash schedule.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoCommit => "O1",
            Self::NoReveal => "O2",
            Self::Undefended => "O3",
            Self::FalseTranscript => "O4",
            Self::Equivocation => "O5",
            Self::FalseResult => "O6",
            Self::IncoherentVote | Self::NoVote => "O8",
            Self::Correlated => "correlated",
        }
    }

    /// Whether the offence counts towards its window.
    #[must_use]
    pub const fn is_correlated_class(self) -> bool {
        match self {
            Self::FalseTranscript | Self::Equivocation | Self::FalseResult => true,
            Self::NoCommit
            | Self::NoReveal
            | Self::Undefended
            | Self::IncoherentVote
            | Self::NoVote
            | Self::Correlated => false,
        }
    }
}

impl fmt::Display for Offence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

/// A part of a slash and where it came from, so that it can go back.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct Source {
    /// The tranche it was taken from; none for the bonded pool.
    pub tranche: Option<Epoch>,
    /// How much.
    pub amount: Amount,
}

/// A slash that waits.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Slash {
    /// Whose pool it came from.
    pub operator: OperatorId,
    /// For what.
    pub offence: Offence,
    /// In which task, if in one.
    pub task: Option<TaskId>,
    /// Who reported it, if someone did.
    pub reporter: Option<Address>,
    /// What was taken, and from where.
    pub sources: BoundedVec<Source, 64>,
    /// What was taken, all together.
    pub amount: Amount,
    /// When it was recorded.
    pub recorded: Height,
    /// When it is shared out.
    pub due: Height,
    /// Whether it waits for time or for a vote.
    pub state: SlashState,
}

/// What a slash waits for.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[borsh(use_discriminant = false)]
pub enum SlashState {
    /// Its due height.
    Waiting,
    /// A vote: more than half of the stake offended in its window, so a bug is likelier than a
    /// cartel.
    Suspended,
}

/// What an operator has lost in one task.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct Conviction {
    /// The gravest offence so far.
    pub offence: Offence,
    /// The price so far.
    pub amount: Amount,
}

/// One offender of a correlation window.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct Offender {
    /// Which operator.
    pub operator: OperatorId,
    /// What answered for its first offence in the window, before it was slashed for it.
    pub answering: Amount,
    /// When that offence was committed: what left before is out of reach.
    pub committed: Height,
    /// What its offences in the window cost at once.
    pub immediate: Amount,
}

/// A correlation window.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Window {
    /// All that could answer for an offence when the window's first one was recorded.
    pub answering: Amount,
    /// Its offenders, in ascending order of operator; those with the most stake if there are more.
    pub offenders: BoundedVec<Offender, MAX_OFFENDERS>,
}
