//! What an owner may do: give away, take back, advance the dynamic part.
//!
//! # Invariants
//! - What an artifact earned under one owner is shared out before it has another.
//! - The points of a dynamic part are numbered without gaps.
//!
//! # Not here
//! Selling: [`super::sale`].
//!
//! Spec: `docs/spec/05-registry.md`.

use probity_primitives::{Address, ArtifactId};

use super::error::RegistryError;
use super::message::{AdvanceState, TransferArtifact, WithdrawArtifact};
use super::register::same_network;
use super::royalty;
use super::state::{ArtifactStatus, StatePoint};
use crate::event::Event;
use crate::ledger::{Context, Ledger};

/// Gives an artifact to another account; an offer of the old owner ends.
///
/// # Errors
/// [`RegistryError::NotOwner`], [`RegistryError::WrongNetwork`], [`RegistryError::OwnsAlready`].
pub fn transfer(
    ledger: &mut Ledger,
    ctx: &mut Context,
    sender: Address,
    message: &TransferArtifact,
) -> Result<(), RegistryError> {
    let TransferArtifact { artifact, to } = *message;
    ledger.owned_artifact(&artifact, sender)?;
    same_network(sender, to)?;
    if to == sender {
        return Err(RegistryError::OwnsAlready { artifact, owner: sender });
    }
    hand_over(ledger, ctx, artifact, to)?;
    ctx.emit(Event::ArtifactTransferred { artifact, from: sender, to });
    Ok(())
}

/// Takes an artifact back. It is evaluated no more; what was measured, its lineage and its
/// royalties stay.
///
/// # Errors
/// [`RegistryError::NotOwner`], [`RegistryError::NotActive`].
pub fn withdraw(
    ledger: &mut Ledger,
    ctx: &mut Context,
    sender: Address,
    message: &WithdrawArtifact,
) -> Result<(), RegistryError> {
    let WithdrawArtifact { artifact } = *message;
    ledger.owned_artifact(&artifact, sender)?.require_active(&artifact)?;
    let entry = ledger.artifact_mut(&artifact)?;
    entry.status = ArtifactStatus::Withdrawn;
    entry.price = None;
    ctx.emit(Event::ArtifactWithdrawn { artifact });
    Ok(())
}

/// Adds the next point to an artifact's dynamic part.
///
/// # Errors
/// [`RegistryError::NotOwner`], [`RegistryError::NotActive`], [`RegistryError::StateSequence`].
pub fn advance_state(
    ledger: &mut Ledger,
    ctx: &mut Context,
    sender: Address,
    message: &AdvanceState,
) -> Result<(), RegistryError> {
    let AdvanceState { artifact, seq, root } = *message;
    let known = ledger.owned_artifact(&artifact, sender)?;
    known.require_active(&artifact)?;
    let newest = known.state.seq;
    if newest.checked_add(1) != Some(seq) {
        return Err(RegistryError::StateSequence { artifact, newest, given: seq });
    }
    ledger.artifact_mut(&artifact)?.state = StatePoint { seq, root };
    ctx.emit(Event::ArtifactAdvanced { artifact, seq });
    Ok(())
}

/// Makes `to` the owner, after what the artifact has earned so far is shared out.
pub(super) fn hand_over(
    ledger: &mut Ledger,
    ctx: &mut Context,
    artifact: ArtifactId,
    to: Address,
) -> Result<(), RegistryError> {
    royalty::share_out(ledger, ctx, artifact)?;
    let entry = ledger.artifact_mut(&artifact)?;
    entry.owner = to;
    entry.price = None;
    Ok(())
}
