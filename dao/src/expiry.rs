//! Expiry: votes whose locks have run out leave the state.
//!
//! While a referendum is open its votes make its tally; from its end on they only lock their tokens,
//! for as long as their conviction says. When the longest conviction there is has run out they hold
//! nothing, and a few are let go in each block. The tally stays with the referendum for ever.
//!
//! # Invariants
//! - A vote that is counted or locks something is kept.
//! - Every vote on an ended referendum leaves: the referendum stands in `expiries` until all have.
//! - A block lets go a bounded number.
//!
//! Spec: `docs/spec/14-governance.md`.

use std::ops::Bound;

use probity_primitives::table::Table;
use probity_primitives::{Address, BoundedVec, Height};

use crate::conviction::Conviction;
use crate::ledger::Ledger;
use crate::locks::Voter;
use crate::referendum::{Referendum, ReferendumId};

/// The most entries about votes that one block lets go.
pub const EXPIRE: usize = 256;

/// The first height at which no vote on a referendum that ends at `end` locks anything.
pub(crate) fn height(known: &Referendum, end: Height) -> Height {
    let longest = Conviction::SixTimes.lock_blocks(known.frozen.lock_period);
    Height(end.0.saturating_add(longest))
}

impl Ledger {
    /// Lets go votes that hold nothing any more, a bounded number of them.
    pub fn let_votes_go(&mut self, now: Height) {
        let mut room = EXPIRE;
        while room > 0 {
            let next = self.expiries.iter().next().map(|(key, ())| *key);
            let Some((at, id)) = next.filter(|(at, _)| *at <= now) else { return };
            let gone = self.let_go(id, room);
            if gone < room {
                self.expiries.remove(&(at, id));
            }
            // A referendum without votes takes a place too, or a crowd of them would be free.
            room = room.saturating_sub(gone.max(1));
        }
    }

    /// Removes up to so many entries about the votes on a referendum; gives how many there were.
    fn let_go(&mut self, id: ReferendumId, most: usize) -> usize {
        let overridden = keys_of(&self.overridden, id, most);
        for key in &overridden {
            self.overridden.remove(key);
        }
        let votes = keys_of(&self.votes, id, most.saturating_sub(overridden.len()));
        for key in &votes {
            self.votes.remove(key);
            self.unlist(key.1, id);
        }
        overridden.len().saturating_add(votes.len())
    }

    /// Takes a referendum off the list of those whose locks may hold an account's tokens.
    fn unlist(&mut self, account: Address, id: ReferendumId) {
        let Some(voter) = self.voters.get(&account) else { return };
        let kept = voter.votes.iter().copied().filter(|voted| *voted != id).collect();
        let Ok(votes) = BoundedVec::from_vec(kept) else { return };
        let left = voter.left.clone();
        self.set_voter(account, Voter { votes, left });
    }
}

fn keys_of<V: Clone>(
    table: &Table<(ReferendumId, Address), V>,
    id: ReferendumId,
    most: usize,
) -> Vec<(ReferendumId, Address)> {
    let start = Bound::Included((id, Address::FIRST));
    let keys = table.range((start, Bound::Unbounded)).map(|(key, _)| *key);
    keys.take_while(|(of, _)| *of == id).take(most).collect()
}
