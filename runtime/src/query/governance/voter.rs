//! What an account has in votes: its position on a referendum, its locks, its delegations.

use probity_dao::locks::{Lock, Why};
use probity_dao::vote::{Held, Vote};
use probity_dao::{Ballot, Delegation, Power, ReferendumId, Track};
use probity_primitives::{Address, Amount, Height};
use serde::{Deserialize, Serialize};

use super::super::{Page, following, page};
use crate::governance::power;
use crate::state::State;

/// Where an account stands on a referendum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionView {
    /// The account.
    pub account: Address,
    /// The referendum.
    pub referendum: ReferendumId,
    /// What it may vote with; none once the vote is over.
    pub held: Option<HeldView>,
    /// Its own vote, if it has voted.
    pub vote: Option<Vote>,
    /// What it had delegated on the track at the snapshot; none once the vote is over.
    pub delegated: Option<Delegation>,
    /// What its delegate says, if that has voted.
    pub delegate_says: Option<Ballot>,
    /// What others had delegated to it at the snapshot.
    pub received: Power,
    /// What its vote locks, and until when if that is known.
    pub lock: Option<Lock>,
}

/// What an account may vote with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldView {
    /// What it held at the snapshot.
    pub then: Amount,
    /// What it holds now.
    pub now: Amount,
    /// The lesser of the two.
    pub usable: Amount,
}

/// What holds an account's tokens, and power that it gave and was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoterView {
    /// The account.
    pub account: Address,
    /// All that it holds: free, bonded and on the way out.
    pub held: Amount,
    /// How much of that is locked: the largest lock, since they lie on each other.
    pub locked: Amount,
    /// The locks.
    pub locks: Vec<Lock>,
    /// Power that it has given, by track.
    pub given: Vec<GivenView>,
    /// Power that it was given, by track.
    pub received: Vec<ReceivedView>,
}

/// Power that an account has given away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenView {
    /// Whose it is.
    pub account: Address,
    /// On which track.
    pub track: Track,
    /// To whom, how much, for how long.
    pub delegation: Delegation,
}

/// Power that an account was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceivedView {
    /// On which track.
    pub track: Track,
    /// All of it.
    pub power: Power,
}

/// A delegation's place in the order of all: whose it is, and on which track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DelegationKey {
    /// Whose it is.
    pub account: Address,
    /// On which track.
    pub track: Track,
}

/// Where an account stands on a referendum, if there is such a one.
#[must_use]
pub fn position(state: &State, id: ReferendumId, account: Address) -> Option<PositionView> {
    let known = state.dao.referenda.get(&id)?;
    let (track, snapshot, open) = (known.track, known.snapshot, known.stage.is_open());
    // What was so at the snapshot is swept away once no vote is counted against it.
    let held = open
        .then(|| power::held(&state.ledger, state, account, snapshot).ok())
        .flatten()
        .map(|held @ Held { then, now }| HeldView { then, now, usable: held.usable() });
    let delegated = if open { state.dao.delegation_at(account, track, snapshot) } else { None };
    let received = if open { state.dao.received_at(account, track, snapshot) } else { Power::NONE };
    let vote_of = |account: Address| state.dao.votes.get(&(id, account)).copied();
    let mut locks = state.dao.locks(account, Height::ZERO).into_iter();
    Some(PositionView {
        account,
        referendum: id,
        held,
        vote: vote_of(account),
        delegated,
        delegate_says: delegated.and_then(|given| vote_of(given.to)).map(|vote| vote.ballot),
        received,
        lock: locks.find(|lock| lock.why == Why::Vote(id)),
    })
}

/// What holds an account's tokens, and power that it gave and was given.
#[must_use]
pub fn voter(state: &State, account: Address, now: Height) -> VoterView {
    let locks = state.dao.locks(account, now);
    let given = Track::ALL.into_iter().filter_map(|track| {
        let delegation = *state.dao.delegations.get(&(account, track))?;
        Some(GivenView { account, track, delegation })
    });
    let received = Track::ALL.into_iter().filter_map(|track| {
        Some(ReceivedView { track, power: *state.dao.received.get(&(account, track))? })
    });
    VoterView {
        account,
        held: state.ledger.holdings(account).unwrap_or_default(),
        locked: locks.iter().map(|lock| lock.amount).max().unwrap_or_default(),
        given: given.collect(),
        received: received.collect(),
        locks,
    }
}

/// Delegations in the order of who gave them: of a track or of all, to someone or to anyone.
#[must_use]
pub fn delegations(
    state: &State,
    track: Option<Track>,
    to: Option<Address>,
    after: Option<DelegationKey>,
    limit: usize,
) -> Page<GivenView, DelegationKey> {
    let after = after.map(|DelegationKey { account, track }| (account, track));
    let entries = state.dao.delegations.range(following(after));
    let Page { items, next } = page(entries, limit, |(account, of), delegation| {
        let wanted =
            track.is_none_or(|track| track == *of) && to.is_none_or(|to| to == delegation.to);
        wanted.then_some(GivenView { account: *account, track: *of, delegation: *delegation })
    });
    Page { items, next: next.map(|(account, track)| DelegationKey { account, track }) }
}
