//! A dispute, and what a task knows of its own.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::{BoundedVec, Height, OperatorId, TaskId};
use serde::{Deserialize, Serialize};

use super::claim::{Claim, Question};
use super::ladder::{Game, Level, Ruling, Rung};
use super::money::Funder;

/// The most disputes that are ever open on one task.
pub const MAX_OPEN: usize = 16;

/// Where a dispute stands. Each stage holds what exists then.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "stage")]
pub enum Stage {
    /// The member's leaf has to be opened.
    Answer {
        /// Which.
        item: u32,
        /// The last block in which it may be.
        until: Height,
    },
    /// The sides look for the item on which they differ.
    Game {
        /// How far they are.
        game: Game,
    },
    /// Juries and, in the end, holders answer one question.
    Ladder {
        /// The question.
        question: Question,
        /// Where on the ladder.
        rung: Rung,
    },
    /// It is over.
    Closed {
        /// How it ended.
        ruling: Ruling,
        /// When.
        at: Height,
    },
}

/// A dispute.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Dispute {
    /// About which task.
    pub task: TaskId,
    /// About which round of it.
    pub round: u8,
    /// Who opened it.
    pub challenger: Funder,
    /// What is said to be wrong.
    pub claim: Claim,
    /// When it was opened.
    pub opened: Height,
    /// When its present stage ends, at the latest.
    pub due: Height,
    /// Whether someone had to open leaves for the member.
    pub answered: bool,
    /// Members, besides the one it is about, whose leaf was shown to hold the same.
    pub implicated: BoundedVec<OperatorId, 128>,
    /// The levels so far; the first one is paid for by the challenger's bond.
    pub levels: BoundedVec<Level, 4>,
    /// Where it stands.
    pub stage: Stage,
}

impl Dispute {
    /// Whether it is over.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        match self.stage {
            Stage::Closed { .. } => true,
            Stage::Answer { .. } | Stage::Game { .. } | Stage::Ladder { .. } => false,
        }
    }

    /// The newest ruling, if there is one.
    #[must_use]
    pub fn ruling(&self) -> Option<Ruling> {
        match &self.stage {
            Stage::Closed { ruling, .. } => Some(*ruling),
            Stage::Answer { .. } | Stage::Game { .. } | Stage::Ladder { .. } => {
                self.levels.iter().rev().find_map(|level| level.ruling)
            }
        }
    }

    /// The number of the present level, from 0.
    #[must_use]
    pub fn level(&self) -> u8 {
        u8::try_from(self.levels.len().saturating_sub(1)).unwrap_or(u8::MAX)
    }
}

/// The disputes of a task's present round.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct TaskDisputes {
    /// Those that are open, ascending.
    pub open: BoundedVec<u64, MAX_OPEN>,
    /// The one among them about the result as a whole.
    pub aggregate: Option<u64>,
    /// How many about the result as a whole have failed.
    pub failed: u8,
}
