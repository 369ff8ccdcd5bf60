//! The ledger of governance: its tables, each with its tag in the state tree.
//!
//! It is a value beside the ledger of the rules of evaluation, and both write into one state tree:
//! tags of governance lie in 0x70..0x8f, those of the rules below 0x70.
//!
//! # Invariants
//! - A table's tag is never reused for another table (`docs/spec/20-blocks.md` lists them).
//!
//! Spec: `docs/spec/14-governance.md`.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::table::{Single, Table};
use probity_primitives::{Address, Amount, Hash, Height, tables};
use serde::{Deserialize, Serialize};

use crate::action::Path;
use crate::delegation::Delegation;
use crate::event::Event;
use crate::history::{Cursors, Holdings, Pool, PoolName};
use crate::locks::Voter;
use crate::params::Params;
use crate::referendum::{Referendum, ReferendumId};
use crate::tally::Power;
use crate::tracks::Track;
use crate::vote::Vote;

/// What a rule may know of the block it runs in, and where it says what happened.
#[derive(Debug, Clone)]
pub struct Context {
    /// The height of the block.
    pub height: Height,
    /// What happened so far in this transition.
    pub events: Vec<Event>,
}

impl Context {
    /// The context of a block.
    #[must_use]
    pub const fn new(height: Height) -> Self {
        Self { height, events: Vec::new() }
    }

    /// Says that something happened.
    pub fn emit(&mut self, event: Event) {
        self.events.push(event);
    }
}

tables! {
    /// Everything that governance knows.
    ledger Ledger;
    /// The tables.
    tags Tag;
    /// The numbers in force.
    params: Single<Params> = 0x70,
    /// Counters of things that are numbered.
    counters: Single<Counters> = 0x71,
    /// Referenda, ended ones too.
    referenda: Table<ReferendumId, Referendum> = 0x72,
    /// Referenda that wait for a slot, in the order of their numbers.
    queue: Table<(Track, ReferendumId), ()> = 0x73,
    /// Referenda that are being decided.
    deciding: Table<(Track, ReferendumId), ()> = 0x74,
    /// What is due at which height.
    schedule: Table<(Height, ReferendumId), ()> = 0x75,
    /// Snapshots that votes are still counted against.
    snapshots: Table<(Height, ReferendumId), ()> = 0x76,
    /// The newest referendum of each call.
    calls: Table<Hash, ReferendumId> = 0x77,
    /// Votes, those on ended referenda too, as long as one of them may lock its tokens.
    votes: Table<(ReferendumId, Address), Vote> = 0x78,
    /// What holds an account's tokens.
    voters: Table<Address, Voter> = 0x79,
    /// Power that an account has given to another, by track.
    delegations: Table<(Address, Track), Delegation> = 0x7a,
    /// Power that an account was given, by track.
    received: Table<(Address, Track), Power> = 0x7b,
    /// Delegated power that votes by itself in a referendum, by the delegate it is taken from.
    overridden: Table<(ReferendumId, Address), Power> = 0x7c,
    /// When the parameters track last changed a parameter.
    changed: Table<Path, Height> = 0x7d,
    /// What a track has spent.
    spent: Table<(Track, Height), Amount> = 0x7e,
    /// Ended referenda whose votes hold nothing from a height on.
    expiries: Table<(Height, ReferendumId), ()> = 0x7f,
    /// What an account held until a height.
    past_holdings: Table<(Address, Height), Holdings> = 0x80,
    /// What a pool held until a height.
    past_pools: Table<(PoolName, Height), Pool> = 0x81,
    /// What an account had delegated until a height.
    past_delegations: Table<((Address, Track), Height), Option<Delegation>> = 0x82,
    /// What an account had received until a height.
    past_received: Table<((Address, Track), Height), Power> = 0x83,
    /// How far the past has been swept.
    sweep: Single<Cursors> = 0x84,
}

/// Counters of things that are numbered; they only grow.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    BorshSerialize,
    BorshDeserialize,
    Serialize,
    Deserialize,
)]
pub struct Counters {
    /// Referenda submitted.
    pub referenda: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_governance_lie_in_their_range_and_none_is_there_twice() {
        let bytes: Vec<u8> = Tag::ALL.iter().map(|tag| tag.byte()).collect();
        assert!(bytes.iter().all(|byte| (0x70..0x90).contains(byte)));
        assert!(bytes.is_sorted_by(|a, b| a < b));
    }
}
