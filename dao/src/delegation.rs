//! Delegation: power given to another account, on one track.
//!
//! Amount and conviction are fixed when power is given, and the tokens stay locked while it is
//! given. What a delegate had received on a track at a referendum's snapshot follows its vote; the
//! giver overrides that by voting itself ([`crate::vote`]).
//!
//! # Invariants
//! - What an account has received on a track is the sum of what others have given it there.
//! - No chains: what was received is never passed on. If a delegate gives its own power away, what
//!   it received is silent unless it votes by itself.
//!
//! Spec: `docs/spec/14-governance.md`.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::{Address, Amount, ArithmeticError, Height};
use serde::{Deserialize, Serialize};

use crate::conviction::Conviction;
use crate::error::DelegationError;
use crate::event::Event;
use crate::ledger::{Context, Ledger};
use crate::locks::{Left, Voter, with_lock};
use crate::tally::Power;
use crate::tracks::Track;

/// Power that was given.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct Delegation {
    /// To whom.
    pub to: Address,
    /// How many tokens.
    pub amount: Amount,
    /// How long they stay locked after it was taken back.
    pub conviction: Conviction,
    /// Since when.
    pub since: Height,
}

impl Delegation {
    /// The power that it gives.
    ///
    /// # Errors
    /// [`ArithmeticError`] for an amount near 2^128.
    pub fn power(&self) -> Result<Power, ArithmeticError> {
        Power::of(self.amount, self.conviction)
    }
}

/// What someone gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Giving {
    /// On which track.
    pub track: Track,
    /// To whom.
    pub to: Address,
    /// How many tokens.
    pub amount: Amount,
    /// How long they stay locked after it was taken back.
    pub conviction: Conviction,
}

/// Gives power of `account`, which holds `held`, to another.
///
/// # Errors
/// [`DelegationError`]; the caller drops its snapshot.
pub fn delegate(
    ledger: &mut Ledger,
    ctx: &mut Context,
    account: Address,
    giving: Giving,
    held: Amount,
) -> Result<(), DelegationError> {
    let Giving { track, to, amount, conviction } = giving;
    if to == account {
        return Err(DelegationError::ToOneself(account));
    }
    if to.network() != account.network() {
        return Err(DelegationError::WrongNetwork(to));
    }
    if amount.is_zero() {
        return Err(DelegationError::Nothing);
    }
    if amount > held {
        return Err(DelegationError::TooMuch { account, wanted: amount, held });
    }
    if let Some(Delegation { to, amount, .. }) = ledger.delegations.get(&(account, track)).copied()
    {
        return Err(DelegationError::Delegated { account, track, to, amount });
    }
    let given = Delegation { to, amount, conviction, since: ctx.height };
    let received = received(ledger, to, track).checked_add(given.power()?)?;
    ledger.received.insert((to, track), received);
    ledger.delegations.insert((account, track), given);
    ctx.emit(Event::PowerDelegated { account, track, to, amount, conviction });
    Ok(())
}

/// Takes power back. The tokens stay locked for the conviction's periods and at least for one, so
/// that nobody gives power at a snapshot and sells the tokens before the vote.
///
/// # Errors
/// [`DelegationError::NotDelegated`].
pub fn undelegate(
    ledger: &mut Ledger,
    ctx: &mut Context,
    account: Address,
    track: Track,
) -> Result<(), DelegationError> {
    let Some(given) = ledger.delegations.remove(&(account, track)) else {
        return Err(DelegationError::NotDelegated { account, track });
    };
    let Delegation { to, amount, conviction, since: _ } = given;
    let rest = received(ledger, to, track).checked_sub(given.power()?)?;
    set_received(ledger, to, track, rest);
    let period = ledger.params.get().lock_period;
    let until = ctx.height.checked_add(conviction.lock_blocks(period).max(period))?;
    let (votes, left) = ledger.voter_without_past(account, ctx.height);
    let left = with_lock(left, Left { amount, until });
    ledger.set_voter(account, Voter { votes: votes.try_into()?, left: left.try_into()? });
    ctx.emit(Event::PowerUndelegated { account, track, to, amount, until });
    Ok(())
}

/// Lowers a delegation to what its giver still holds. Anyone may ask for it: slashes and fees take
/// from tokens that are delegated, and nobody looks at all delegations when they do.
///
/// # Errors
/// [`DelegationError::Covered`] if the giver holds enough.
pub fn trim(
    ledger: &mut Ledger,
    ctx: &mut Context,
    account: Address,
    track: Track,
    held: Amount,
) -> Result<(), DelegationError> {
    let Some(given) = ledger.delegations.get(&(account, track)).copied() else {
        return Err(DelegationError::NotDelegated { account, track });
    };
    let from = given.amount;
    if held >= from {
        return Err(DelegationError::Covered { account, held, amount: from });
    }
    let rest = Delegation { amount: held, ..given };
    let received = received(ledger, given.to, track).checked_sub(given.power()?)?;
    set_received(ledger, given.to, track, received.checked_add(rest.power()?)?);
    if held.is_zero() {
        ledger.delegations.remove(&(account, track));
    } else {
        ledger.delegations.insert((account, track), rest);
    }
    ctx.emit(Event::DelegationTrimmed { account, track, from, amount: held });
    Ok(())
}

fn received(ledger: &Ledger, account: Address, track: Track) -> Power {
    ledger.received.get(&(account, track)).copied().unwrap_or_default()
}

fn set_received(ledger: &mut Ledger, account: Address, track: Track, power: Power) {
    if power == Power::NONE {
        ledger.received.remove(&(account, track));
    } else {
        ledger.received.insert((account, track), power);
    }
}
