//! Audits, and what auditors have sent.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::{BoundedVec, Hash, Height, Ppm, Seats};
use serde::{Deserialize, Serialize};

use super::submission::Revealed;
use super::task::Member;

/// What a task is audited with, as it was when it was requested.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct AuditTerms {
    /// With what probability it is.
    pub probability: Ppm,
    /// By how many seats.
    pub seats: Seats,
}

/// Where an audit stands.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case", tag = "phase")]
pub enum AuditPhase {
    /// The beacon has not decided yet whether there is one.
    Planned {
        /// When it does.
        at: Height,
    },
    /// Auditors run the benchmark and bind themselves to a score.
    Commit {
        /// The last block of the phase.
        until: Height,
    },
    /// They show it.
    Reveal {
        /// The last block of the phase.
        until: Height,
    },
    /// It is over.
    Done {
        /// The seats that found the published score.
        agreed: Seats,
        /// The seats that found another one.
        differed: Seats,
    },
}

/// An audit: operators outside the committee evaluate the whole again. A result that is not
/// audited has none, once that is decided.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Audit {
    /// The round whose result is audited.
    pub round: u8,
    /// Who was drawn, in ascending order of operator.
    pub auditors: BoundedVec<Member, 128>,
    /// Where it stands.
    pub phase: AuditPhase,
}

/// What an auditor has sent.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "entry")]
pub enum AuditEntry {
    /// It is bound to a score.
    Committed {
        /// To what.
        commitment: Hash,
    },
    /// It has shown its score.
    Revealed {
        /// The score and its roots.
        revealed: Revealed,
    },
}
