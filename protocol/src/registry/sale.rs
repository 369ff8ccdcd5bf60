//! Sales: an artifact changes hands for a price, and its ancestors share in it.
//!
//! The price passes through the artifact's own escrow: ancestors' shares go where royalties go,
//! the rest to the seller, and nothing is left in escrow. Royalty terms stay with the artifact.
//!
//! Spec: `docs/spec/05-registry.md`.

use probity_primitives::Address;

use super::error::{RegistryError, SaleError};
use super::message::{BuyArtifact, OfferSale};
use super::ownership::hand_over;
use super::royalty::pay_ancestors;
use crate::bank::Bucket;
use crate::event::Event;
use crate::ledger::{Context, Ledger};

/// Offers an artifact for sale, changes the price, or takes the offer back.
///
/// # Errors
/// [`RegistryError::NotOwner`], [`RegistryError::NotActive`], [`SaleError::ZeroPrice`],
/// [`SaleError::NotForSale`] if there is no offer to take back.
pub fn offer(
    ledger: &mut Ledger,
    ctx: &mut Context,
    sender: Address,
    message: &OfferSale,
) -> Result<(), RegistryError> {
    let OfferSale { artifact, price } = *message;
    let known = ledger.owned_artifact(&artifact, sender)?;
    known.require_active(&artifact)?;
    match price {
        Some(price) if price.is_zero() => return Err(SaleError::ZeroPrice.into()),
        None if known.price.is_none() => return Err(SaleError::NotForSale(artifact).into()),
        Some(_) | None => {}
    }
    ledger.artifact_mut(&artifact)?.price = price;
    ctx.emit(Event::ArtifactOffered { artifact, price });
    Ok(())
}

/// Buys an artifact at the price it is offered at.
///
/// # Errors
/// [`SaleError::NotForSale`], [`SaleError::TooDear`], [`RegistryError::OwnsAlready`],
/// [`RegistryError::Bank`] if the buyer has less.
pub fn buy(
    ledger: &mut Ledger,
    ctx: &mut Context,
    sender: Address,
    message: &BuyArtifact,
) -> Result<(), RegistryError> {
    let BuyArtifact { artifact, max_price } = *message;
    let known = ledger.artifact(&artifact)?;
    known.require_active(&artifact)?;
    let (seller, ancestors) = (known.owner, known.ancestors.clone());
    let price = known.price.ok_or(SaleError::NotForSale(artifact))?;
    if seller == sender {
        return Err(RegistryError::OwnsAlready { artifact, owner: seller });
    }
    if price > max_price {
        return Err(SaleError::TooDear { artifact, price, max_price }.into());
    }
    let escrow = Bucket::SaleEscrow(artifact);
    ledger.transfer(Bucket::Free(sender), escrow, price)?;
    let mut proceeds = ledger.take(escrow, price)?;
    pay_ancestors(ledger, &ancestors, &mut proceeds)?;
    ledger.put(Bucket::Free(seller), proceeds)?;
    hand_over(ledger, ctx, artifact, sender)?;
    ctx.emit(Event::ArtifactSold { artifact, to: sender, price });
    Ok(())
}
