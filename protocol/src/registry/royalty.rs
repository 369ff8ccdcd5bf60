//! Royalties: what an artifact earns, shared with its ancestors and among its contributors.
//!
//! Paying only raises what is due to each artifact; sharing out what is due is asked for by those
//! entitled to it, so that one payment never loops over the accounts of a whole lineage.
//!
//! # Invariants
//! - Every payment adds up to the unit: ancestors' shares are rounded down, the artifact has the
//!   rest; contributors' parts are rounded down, and what is left goes one unit each to those with
//!   the largest remainders, ties by account.
//!
//! Spec: `docs/spec/05-registry.md`, `docs/spec/11-payments.md`.

use std::cmp::Reverse;

use probity_primitives::amount::mul_div;
use probity_primitives::{Address, Amount, ArithmeticError, ArtifactId, Funds};

use super::error::RegistryError;
use super::message::ClaimRoyalty;
use super::state::{Ancestor, Artifact, Contributor};
use crate::bank::{BankError, Bucket};
use crate::event::Event;
use crate::ledger::{Context, Ledger};

/// Pays what an artifact earned: each ancestor its share, the rest to the artifact itself.
///
/// # Errors
/// [`RegistryError::UnknownArtifact`]; [`RegistryError::Bank`] above 2^128 - 1 units.
pub fn pay_royalties(
    ledger: &mut Ledger,
    artifact: ArtifactId,
    mut earned: Funds,
) -> Result<(), RegistryError> {
    let ancestors = ledger.artifact(&artifact)?.ancestors.clone();
    pay_ancestors(ledger, &ancestors, &mut earned)?;
    Ok(ledger.put(Bucket::RoyaltyDue(artifact), earned)?)
}

/// Takes each ancestor's share of `earned` out of it.
pub(super) fn pay_ancestors(
    ledger: &mut Ledger,
    ancestors: &[Ancestor],
    earned: &mut Funds,
) -> Result<(), BankError> {
    let whole = earned.amount();
    for Ancestor { id, share } in ancestors {
        let part = earned.split(share.of_floor(whole)?)?;
        ledger.put(Bucket::RoyaltyDue(*id), part)?;
    }
    Ok(())
}

/// Shares out what an artifact has earned. Its owner or any contributor may ask; all are paid.
///
/// # Errors
/// [`RegistryError::NotEntitled`], [`RegistryError::NothingDue`].
pub fn claim(
    ledger: &mut Ledger,
    ctx: &mut Context,
    sender: Address,
    message: &ClaimRoyalty,
) -> Result<(), RegistryError> {
    let ClaimRoyalty { artifact } = *message;
    let known = ledger.artifact(&artifact)?;
    let contributes =
        known.manifest.contributors.iter().any(|contributor| contributor.account == sender);
    if known.owner != sender && !contributes {
        return Err(RegistryError::NotEntitled { artifact, sender });
    }
    if ledger.balance(Bucket::RoyaltyDue(artifact)).is_zero() {
        return Err(RegistryError::NothingDue(artifact));
    }
    share_out(ledger, ctx, artifact)
}

/// Pays out what is due to an artifact, if anything is.
pub(super) fn share_out(
    ledger: &mut Ledger,
    ctx: &mut Context,
    artifact: ArtifactId,
) -> Result<(), RegistryError> {
    let known = ledger.artifact(&artifact)?;
    let due = ledger.balance(Bucket::RoyaltyDue(artifact));
    for (to, amount) in parts(known, due)? {
        if !amount.is_zero() {
            ledger.transfer(Bucket::RoyaltyDue(artifact), Bucket::Free(to), amount)?;
            ctx.emit(Event::RoyaltyClaimed { artifact, to, amount });
        }
    }
    Ok(())
}

/// Who gets how much of `due`: contributors by weight, the owner where there are none.
fn parts(artifact: &Artifact, due: Amount) -> Result<Vec<(Address, Amount)>, ArithmeticError> {
    let contributors = &artifact.manifest.contributors;
    if contributors.is_empty() {
        return Ok(vec![(artifact.owner, due)]);
    }
    // 64 weights of 32 bits add up to less than 2^38.
    let all = contributors.iter().fold(0u128, |sum, one| sum.saturating_add(one.weight.into()));
    let mut parts = Vec::new();
    let mut left = due;
    for Contributor { account, weight } in contributors {
        let part = due.mul_div_floor((*weight).into(), all)?;
        left = left.checked_sub(part)?;
        parts.push((remainder(due, *weight, all)?, *account, part));
    }
    parts.sort_by_key(|(remainder, account, _)| (Reverse(*remainder), *account));
    let one = Amount::from_units(1);
    for (_, _, part) in &mut parts {
        let extra = left.min(one);
        left = left.checked_sub(extra)?;
        *part = part.checked_add(extra)?;
    }
    Ok(parts.into_iter().map(|(_, account, part)| (account, part)).collect())
}

/// `due * weight mod all`, without leaving 128 bits: both factors are below 2^38 after the first
/// reduction.
fn remainder(due: Amount, weight: u32, all: u128) -> Result<u128, ArithmeticError> {
    let zero = ArithmeticError::ZeroDivisor { numerator: due.units() };
    let reduced = due.units().checked_rem(all).ok_or(zero)?;
    let product = mul_div(reduced, weight.into(), 1)?;
    product.checked_rem(all).ok_or(zero)
}
