//! Receipts: what became of a transaction in a block.
//!
//! # Invariants
//! - A refused transaction's receipt has the fee and no events: nothing else happened.
//!
//! Spec: `docs/spec/20-blocks.md`.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::{Amount, Height, TxHash};
use serde::{Deserialize, Serialize};

use crate::event::Event;

/// What became of a transaction.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Receipt {
    /// The transaction.
    pub tx: TxHash,
    /// The block it stands in.
    pub height: Height,
    /// Its place in the block.
    pub index: u32,
    /// What was charged.
    pub fee: Amount,
    /// Whether its message was carried out.
    pub outcome: Outcome,
    /// What happened, in order.
    pub events: Vec<Event>,
}

/// Whether a message was carried out.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Outcome {
    /// It was.
    Ok,
    /// It was refused, and changed nothing.
    Refused {
        /// A stable name for programs: the room of the rules and the refusal's name.
        code: String,
        /// Why, with the values.
        message: String,
    },
}

impl Outcome {
    /// Whether the message was carried out.
    #[must_use]
    pub const fn is_ok(&self) -> bool {
        match self {
            Self::Ok => true,
            Self::Refused { .. } => false,
        }
    }
}
