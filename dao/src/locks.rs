//! Locks: tokens that voted, or were delegated, do not leave until their time.
//!
//! The same tokens may vote in many referenda and be delegated on many tracks, once in each; so an
//! account's locks lie over each other, and it has to hold as much as the largest of them.
//!
//! # Invariants
//! - A vote locks its tokens until the referendum's vote has ended and, from then on, for the
//!   periods of its conviction, whichever side won.
//! - A lock that has run out holds nothing, without anybody asking for it.
//!
//! # Not here
//! What an account holds and what would take it away: the runtime, which refuses a message that
//! lowers its sender's holdings below its locks. Slashes and fees are not held up by locks.
//!
//! Spec: `docs/spec/14-governance.md`.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::{Address, Amount, BoundedVec, Height};
use serde::{Deserialize, Serialize};

use crate::ledger::Ledger;
use crate::referendum::ReferendumId;
use crate::tracks::Track;

/// The most votes of one account that are open or locked.
pub const MAX_VOTES: usize = 64;

/// The most locks of one account that delegations left behind.
pub const MAX_LEFT: usize = 16;

/// What holds an account's tokens, besides its delegations.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct Voter {
    /// The referenda that it voted on, ascending, as far as their locks may hold.
    pub votes: BoundedVec<ReferendumId, MAX_VOTES>,
    /// What delegations that were taken back still lock.
    pub left: BoundedVec<Left, MAX_LEFT>,
}

/// What a delegation that was taken back still locks.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct Left {
    /// How much.
    pub amount: Amount,
    /// Until which height.
    pub until: Height,
}

/// One lock, as people ask for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// How much it holds.
    pub amount: Amount,
    /// Why.
    pub why: Why,
    /// The first height at which it holds nothing; none while that is not known.
    pub until: Option<Height>,
}

/// Why tokens are locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// They voted.
    Vote(ReferendumId),
    /// They are delegated.
    Delegation(Track),
    /// They were delegated.
    FormerDelegation,
}

impl Ledger {
    /// The locks of an account that hold something now.
    #[must_use]
    pub fn locks(&self, account: Address, now: Height) -> Vec<Lock> {
        let voter = self.voters.get(&account);
        let votes = voter.into_iter().flat_map(|voter| voter.votes.iter());
        let votes = votes.filter_map(|referendum| self.vote_lock(*referendum, account));
        let delegations = Track::ALL.into_iter().filter_map(|track| {
            let amount = self.delegations.get(&(account, track))?.amount;
            Some(Lock { amount, why: Why::Delegation(track), until: None })
        });
        let left = voter.into_iter().flat_map(|voter| voter.left.iter()).map(|left| Lock {
            amount: left.amount,
            why: Why::FormerDelegation,
            until: Some(left.until),
        });
        let all = votes.chain(delegations).chain(left);
        all.filter(|lock| lock.until.is_none_or(|until| now < until)).collect()
    }

    /// The lock that holds most of an account's tokens now; of two, the one that lasts longer.
    #[must_use]
    pub fn largest_lock(&self, account: Address, now: Height) -> Option<Lock> {
        let lasting = |lock: &Lock| lock.until.unwrap_or(Height(u64::MAX));
        let locks = self.locks(account, now).into_iter();
        locks.max_by_key(|lock| (lock.amount, lasting(lock)))
    }

    fn vote_lock(&self, referendum: ReferendumId, account: Address) -> Option<Lock> {
        let vote = self.votes.get(&(referendum, account))?;
        let known = self.referenda.get(&referendum)?;
        let blocks = vote.ballot.conviction().lock_blocks(known.frozen.lock_period);
        // A lock past the last height never ends, which is what was asked for.
        let until = known.stage.decided().map(|at| Height(at.0.saturating_add(blocks)));
        let amount = vote.ballot.tokens().unwrap_or_default();
        Some(Lock { amount, why: Why::Vote(referendum), until })
    }

    /// What holds an account's tokens, without what has run out.
    pub(crate) fn voter_without_past(
        &self,
        account: Address,
        now: Height,
    ) -> (Vec<ReferendumId>, Vec<Left>) {
        let voter = self.voters.get(&account).cloned().unwrap_or_default();
        let holds = |referendum: &ReferendumId| {
            let lock = self.vote_lock(*referendum, account);
            lock.is_some_and(|lock| lock.until.is_none_or(|until| now < until))
        };
        let votes = voter.votes.into_iter().filter(holds).collect();
        let left = voter.left.into_iter().filter(|left| now < left.until).collect();
        (votes, left)
    }

    /// Puts back what holds an account's tokens.
    pub(crate) fn set_voter(&mut self, account: Address, voter: Voter) {
        if voter == Voter::default() {
            self.voters.remove(&account);
        } else {
            self.voters.insert(account, voter);
        }
    }
}

/// The locks with one more, without those that another one outlasts and outweighs.
pub(crate) fn with_lock(mut left: Vec<Left>, new: Left) -> Vec<Left> {
    let covers = |a: &Left, b: &Left| a.amount >= b.amount && a.until >= b.until;
    if left.iter().any(|old| covers(old, &new)) {
        return left;
    }
    left.retain(|old| !covers(&new, old));
    left.push(new);
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_another_covers_is_not_kept() {
        let lock =
            |amount, until| Left { amount: Amount::from_units(amount), until: Height(until) };
        let two = with_lock(vec![lock(10, 5)], lock(5, 9));
        assert_eq!(two, [lock(10, 5), lock(5, 9)]);
        assert_eq!(with_lock(two.clone(), lock(4, 9)), two);
        assert_eq!(with_lock(two, lock(10, 9)), [lock(10, 9)]);
    }
}
