//! What may be asked of governance.
//!
//! Spec: `docs/spec/14-governance.md`.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_dao::{Action, Ballot, Conviction, ReferendumId, Track};
use probity_primitives::{Address, Amount, BoundedString};
use serde::{Deserialize, Serialize};

/// Submits a referendum, for a deposit.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubmitReferendum {
    /// On which track.
    pub track: Track,
    /// What people call it.
    pub title: BoundedString<120>,
    /// What it does if it passes.
    pub action: Action,
}

/// Votes on a referendum, or votes anew.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct CastVote {
    /// Which referendum.
    pub referendum: ReferendumId,
    /// What the sender says, with how many tokens.
    pub ballot: Ballot,
}

/// Takes a vote back while it is open.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct RemoveVote {
    /// Which referendum.
    pub referendum: ReferendumId,
}

/// Gives the sender's power on a track to another account.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct Delegate {
    /// On which track.
    pub track: Track,
    /// To whom.
    pub to: Address,
    /// How many tokens.
    pub amount: Amount,
    /// How long they stay locked after the power was taken back.
    pub conviction: Conviction,
}

/// Takes the sender's power on a track back.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct Undelegate {
    /// On which track.
    pub track: Track,
}

/// Lowers a delegation to what its giver still holds; anyone may ask for it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct TrimDelegation {
    /// Who gave the power.
    pub account: Address,
    /// On which track.
    pub track: Track,
}
