//! What may be asked of the registry.
//!
//! Spec: `docs/spec/05-registry.md`.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::{Address, Amount, ArtifactId, Hash};
use serde::{Deserialize, Serialize};

use super::state::Manifest;

/// Registers an artifact that the sender owns.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct RegisterArtifact {
    /// What its identifier stands for.
    pub manifest: Manifest,
}

/// Gives an artifact to another account.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct TransferArtifact {
    /// Which artifact.
    pub artifact: ArtifactId,
    /// To whom.
    pub to: Address,
}

/// Offers an artifact for sale, or takes the offer back.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct OfferSale {
    /// Which artifact.
    pub artifact: ArtifactId,
    /// At which price; none takes the offer back.
    pub price: Option<Amount>,
}

/// Buys an artifact at the price it is offered at.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct BuyArtifact {
    /// Which artifact.
    pub artifact: ArtifactId,
    /// The most that the buyer pays: an offer may change while the purchase is on its way.
    pub max_price: Amount,
}

/// Takes an artifact back: it is evaluated no more, and what was measured stays.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct WithdrawArtifact {
    /// Which artifact.
    pub artifact: ArtifactId,
}

/// Adds the next point to an artifact's dynamic part.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct AdvanceState {
    /// Which artifact.
    pub artifact: ArtifactId,
    /// The point's number, one above the newest.
    pub seq: u64,
    /// What it commits to.
    pub root: Hash,
}

/// Shares out what an artifact has earned.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct ClaimRoyalty {
    /// Which artifact.
    pub artifact: ArtifactId,
}
