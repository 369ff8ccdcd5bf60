//! What was sent and is not yet in a block, and which nonce comes next.
//!
//! One key's transactions run in the order of their nonces, so they are sent one after another and
//! counted here. The chain has the last word: whatever it says at a new height corrects the count,
//! so that neither a refusal nor a node that forgot a transaction blocks those after it.
//!
//! # Invariants
//! - An errand is on its way at most once, and is given up after [`MAX_ATTEMPTS`].
//!
//! Spec: `docs/spec/22-evaluator.md`.

use std::collections::{BTreeMap, BTreeSet};

use probity_primitives::{Height, TxHash};

use crate::agenda::Errand;

/// How often an errand is tried: a transaction costs its fee even if its message is refused.
pub const MAX_ATTEMPTS: u32 = 5;

/// How many blocks a transaction may be on its way before it counts as lost.
pub const PATIENCE: u64 = 4;

/// A transaction on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pending {
    tx: TxHash,
    nonce: u64,
    sent: Height,
    until: Height,
}

/// A transaction that is in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// What it was for.
    pub errand: Errand,
    /// Its name.
    pub tx: TxHash,
}

/// An operator key's transactions.
#[derive(Debug, Clone, Default)]
pub struct Outbox {
    next: u64,
    pending: BTreeMap<Errand, Pending>,
    attempts: BTreeMap<Errand, u32>,
}

impl Outbox {
    /// Takes in what the chain says; returns what is in a block since.
    pub fn sync(&mut self, nonce: u64, height: Height) -> Vec<Settled> {
        let mut settled = Vec::new();
        self.pending.retain(|errand, pending| {
            let runs = pending.nonce >= nonce;
            if !runs {
                settled.push(Settled { errand: *errand, tx: pending.tx });
            }
            runs
        });
        let lost =
            |pending: &Pending| height >= pending.until || height.since(pending.sent) > PATIENCE;
        if self.pending.values().any(lost) {
            // Those behind a lost one wait for its nonce in vain.
            self.pending.clear();
        }
        if self.pending.is_empty() {
            self.next = nonce;
        }
        settled
    }

    /// The nonce of the next transaction.
    #[must_use]
    pub const fn next(&self) -> u64 {
        self.next
    }

    /// Writes down a transaction that a node took.
    pub fn sent(&mut self, errand: Errand, tx: TxHash, now: Height, until: Height) {
        self.count(errand);
        self.pending.insert(errand, Pending { tx, nonce: self.next, sent: now, until });
        self.next = self.next.saturating_add(1);
    }

    /// Writes down a transaction that a node did not take.
    pub fn refused(&mut self, errand: Errand) {
        self.count(errand);
    }

    /// What must not be sent now: it is on its way, or was tried too often.
    #[must_use]
    pub fn blocked(&self) -> BTreeSet<Errand> {
        let given_up = self.attempts.iter().filter(|(_, attempts)| **attempts >= MAX_ATTEMPTS);
        self.pending.keys().chain(given_up.map(|(errand, _)| errand)).copied().collect()
    }

    /// How many transactions are on their way.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.pending.len()
    }

    /// Forgets how often the errands of ended tasks were tried.
    pub fn forget(&mut self, keep: impl Fn(&Errand) -> bool) {
        self.attempts.retain(|errand, _| keep(errand));
    }

    fn count(&mut self, errand: Errand) {
        let attempts = self.attempts.entry(errand).or_default();
        *attempts = attempts.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use probity_primitives::{Hash, TaskId};

    use super::*;
    use crate::agenda::{Act, Job};

    const UNTIL: Height = Height(100);

    fn errand(round: u8) -> Errand {
        Errand { act: Act::Commit, job: Job::Evaluation { task: TaskId(Hash::ZERO), round } }
    }

    fn outbox(nonce: u64) -> Outbox {
        let mut outbox = Outbox::default();
        assert_eq!(outbox.sync(nonce, Height(1)), []);
        outbox
    }

    #[test]
    fn nonces_run_on_until_the_chain_has_caught_up() {
        let mut outbox = outbox(7);
        for round in [1, 2] {
            outbox.sent(errand(round), TxHash::default(), Height(1), UNTIL);
        }
        assert_eq!((outbox.next(), outbox.in_flight()), (9, 2));
        assert_eq!(outbox.blocked(), BTreeSet::from([errand(1), errand(2)]));
        let settled = Settled { errand: errand(1), tx: TxHash::default() };
        assert_eq!(outbox.sync(8, Height(2)), [settled]);
        assert_eq!((outbox.next(), outbox.blocked()), (9, BTreeSet::from([errand(2)])));
        outbox.sync(9, Height(3));
        assert_eq!((outbox.next(), outbox.blocked()), (9, BTreeSet::new()));
    }

    #[test]
    fn what_is_lost_frees_its_nonce_and_all_behind_it() {
        let mut outbox = outbox(7);
        outbox.sent(errand(1), TxHash::default(), Height(1), UNTIL);
        outbox.sent(errand(2), TxHash::default(), Height(3), UNTIL);
        outbox.sync(7, Height(1 + PATIENCE));
        assert_eq!((outbox.next(), outbox.in_flight()), (9, 2));
        outbox.sync(7, Height(2 + PATIENCE));
        assert_eq!((outbox.next(), outbox.in_flight()), (7, 0));
    }

    #[test]
    fn what_no_block_can_carry_any_more_is_lost_at_once() {
        let mut outbox = outbox(0);
        outbox.sent(errand(1), TxHash::default(), Height(1), Height(3));
        outbox.sync(0, Height(2));
        assert_eq!(outbox.in_flight(), 1);
        outbox.sync(0, Height(3));
        assert_eq!((outbox.next(), outbox.in_flight()), (0, 0));
    }

    #[test]
    fn an_errand_is_given_up_after_so_many_attempts() {
        let mut outbox = outbox(0);
        for _ in 1..MAX_ATTEMPTS {
            outbox.refused(errand(1));
        }
        assert_eq!(outbox.blocked(), BTreeSet::new());
        outbox.refused(errand(1));
        assert_eq!(outbox.blocked(), BTreeSet::from([errand(1)]));
        outbox.forget(|_| false);
        assert_eq!(outbox.blocked(), BTreeSet::new());
    }
}
