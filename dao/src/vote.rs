//! Voting: casting, changing and taking back a vote, with what others delegated to the voter.
//!
//! A vote counts the voter's own tokens and, if it takes one side with all of them, what others had
//! delegated to the voter on the track at the snapshot. Whoever has delegated and votes by itself
//! takes its part out of the delegate's vote, whether that was cast before or comes later.
//!
//! # Invariants
//! - Nobody's power counts twice, in whatever order votes are cast, changed and taken back: what is
//!   carried by a delegate's vote is always what it had received less what votes by itself.
//! - A referendum's tally is the sum of the votes that stand on it.
//!
//! # Not here
//! How much power an account has: it comes in as a value.
//!
//! Spec: `docs/spec/14-governance.md`.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::{Address, Amount, ArithmeticError, Height};
use serde::{Deserialize, Serialize};

use crate::error::VoteError;
use crate::event::Event;
use crate::ledger::{Context, Ledger};
use crate::locks::{MAX_VOTES, Voter};
use crate::referendum::{Referendum, ReferendumId};
use crate::tally::{Ballot, Power};

/// A vote that stands.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct Vote {
    /// What the voter said with its own tokens.
    pub ballot: Ballot,
    /// The delegated power that follows it.
    pub carried: Power,
}

/// What a voter held at the snapshot and holds now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// At the snapshot.
    pub then: Amount,
    /// Now.
    pub now: Amount,
}

impl Held {
    /// What it may vote with: no more than it had, and no more than it has.
    #[must_use]
    pub fn usable(self) -> Amount {
        self.then.min(self.now)
    }
}

/// A vote that is being cast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Casting {
    /// Who votes.
    pub account: Address,
    /// On what.
    pub referendum: ReferendumId,
    /// What it says.
    pub ballot: Ballot,
    /// What it held at the snapshot and holds now.
    pub held: Held,
}

/// Casts a vote, or casts it anew in place of an earlier one.
///
/// `before` is the state at the end of the block before.
///
/// # Errors
/// [`VoteError`]; the caller drops its snapshot.
pub fn cast(
    ledger: &mut Ledger,
    before: &Ledger,
    ctx: &mut Context,
    casting: Casting,
) -> Result<(), VoteError> {
    let Casting { account, referendum, ballot, held } = casting;
    let known = open(ledger, referendum, ctx.height)?;
    let (track, snapshot) = (known.track, known.snapshot);
    let (wanted, usable) = (ballot.tokens()?, held.usable());
    if wanted.is_zero() {
        return Err(VoteError::Nothing);
    }
    if wanted > usable {
        let Held { then, now } = held;
        return Err(VoteError::TooMuch { account, wanted, usable, snapshot, then, now });
    }
    match ledger.votes.get(&(referendum, account)).copied() {
        Some(old) => {
            set_tally(ledger, referendum, |tally| tally.without(&old.ballot, old.carried))?
        }
        None => {
            note_voter(ledger, ctx.height, account, referendum)?;
            if let Some(given) = before.delegation_at(account, track, snapshot) {
                take_from_delegate(ledger, referendum, given.to, given.power()?)?;
            }
        }
    }
    let carried = match ballot.side() {
        Some(_) => {
            let received = before.received_at(account, track, snapshot);
            received.checked_sub(overridden(ledger, referendum, account))?
        }
        None => Power::NONE,
    };
    set_tally(ledger, referendum, |tally| tally.with(&ballot, carried))?;
    ledger.votes.insert((referendum, account), Vote { ballot, carried });
    ctx.emit(Event::VoteCast { referendum, account, ballot, carried });
    Ok(())
}

/// Takes a vote back while the vote is open; its tokens are free, and what the voter had delegated
/// counts with its delegate again.
///
/// # Errors
/// [`VoteError::Ended`] once it has counted, [`VoteError::NotVoted`].
pub fn remove(
    ledger: &mut Ledger,
    before: &Ledger,
    ctx: &mut Context,
    account: Address,
    referendum: ReferendumId,
) -> Result<(), VoteError> {
    let known = open(ledger, referendum, ctx.height)?;
    let (track, snapshot) = (known.track, known.snapshot);
    let Some(old) = ledger.votes.remove(&(referendum, account)) else {
        return Err(VoteError::NotVoted { referendum, account });
    };
    set_tally(ledger, referendum, |tally| tally.without(&old.ballot, old.carried))?;
    if let Some(given) = before.delegation_at(account, track, snapshot) {
        give_to_delegate(ledger, referendum, given.to, given.power()?)?;
    }
    let (mut votes, left) = ledger.voter_without_past(account, ctx.height);
    votes.retain(|voted| *voted != referendum);
    ledger.set_voter(account, Voter { votes: votes.try_into()?, left: left.try_into()? });
    ctx.emit(Event::VoteRemoved { referendum, account });
    Ok(())
}

/// The referendum, if it takes votes in this block.
fn open(ledger: &Ledger, id: ReferendumId, now: Height) -> Result<&Referendum, VoteError> {
    let known = ledger.referenda.get(&id).ok_or(VoteError::Unknown { referendum: id })?;
    if let Some(at) = known.stage.decided() {
        return Err(VoteError::Ended { referendum: id, at, stage: known.stage.name() });
    }
    if known.submitted >= now {
        return Err(VoteError::TooEarly { referendum: id, submitted: known.submitted });
    }
    Ok(known)
}

fn note_voter(
    ledger: &mut Ledger,
    now: Height,
    account: Address,
    referendum: ReferendumId,
) -> Result<(), VoteError> {
    let (mut votes, left) = ledger.voter_without_past(account, now);
    if votes.len() >= MAX_VOTES {
        return Err(VoteError::TooManyVotes { account, limit: MAX_VOTES });
    }
    let place = votes.partition_point(|voted| *voted < referendum);
    votes.insert(place, referendum);
    ledger.set_voter(account, Voter { votes: votes.try_into()?, left: left.try_into()? });
    Ok(())
}

/// What of a delegate's power votes by itself.
fn overridden(ledger: &Ledger, referendum: ReferendumId, delegate: Address) -> Power {
    ledger.overridden.get(&(referendum, delegate)).copied().unwrap_or_default()
}

fn take_from_delegate(
    ledger: &mut Ledger,
    referendum: ReferendumId,
    delegate: Address,
    power: Power,
) -> Result<(), VoteError> {
    let sum = overridden(ledger, referendum, delegate).checked_add(power)?;
    ledger.overridden.insert((referendum, delegate), sum);
    let Some(mut vote) = ledger.votes.get(&(referendum, delegate)).copied() else { return Ok(()) };
    let Some(side) = vote.ballot.side() else { return Ok(()) };
    set_tally(ledger, referendum, |tally| tally.without_carried(side, power))?;
    vote.carried = vote.carried.checked_sub(power)?;
    ledger.votes.insert((referendum, delegate), vote);
    Ok(())
}

fn give_to_delegate(
    ledger: &mut Ledger,
    referendum: ReferendumId,
    delegate: Address,
    power: Power,
) -> Result<(), VoteError> {
    let rest = overridden(ledger, referendum, delegate).checked_sub(power)?;
    if rest == Power::NONE {
        ledger.overridden.remove(&(referendum, delegate));
    } else {
        ledger.overridden.insert((referendum, delegate), rest);
    }
    let Some(mut vote) = ledger.votes.get(&(referendum, delegate)).copied() else { return Ok(()) };
    let Some(side) = vote.ballot.side() else { return Ok(()) };
    set_tally(ledger, referendum, |tally| tally.with_carried(side, power))?;
    vote.carried = vote.carried.checked_add(power)?;
    ledger.votes.insert((referendum, delegate), vote);
    Ok(())
}

fn set_tally(
    ledger: &mut Ledger,
    id: ReferendumId,
    change: impl FnOnce(&crate::tally::Tally) -> Result<crate::tally::Tally, ArithmeticError>,
) -> Result<(), VoteError> {
    let known = ledger.referenda.get_mut(&id).ok_or(VoteError::Unknown { referendum: id })?;
    known.tally = change(&known.tally)?;
    Ok(())
}
