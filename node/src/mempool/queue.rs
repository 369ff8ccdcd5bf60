//! What one sender has waiting, in the order of its nonces.

use std::collections::BTreeMap;

use probity_primitives::Amount;

use super::{Standing, TxKey};

/// A transaction that waits.
#[derive(Debug)]
pub(super) struct Waiting<T> {
    pub(super) key: TxKey,
    /// When its place was taken; a replacement inherits it.
    pub(super) arrival: u64,
    pub(super) tx: T,
}

/// What one sender has waiting.
#[derive(Debug)]
pub(super) struct Queue<T> {
    /// What the committed state says of the sender.
    pub(super) standing: Standing,
    pub(super) txs: BTreeMap<u64, Waiting<T>>,
    /// The fixed fees of all of them.
    pub(super) cost: Amount,
}

impl<T> Queue<T> {
    pub(super) const fn new(standing: Standing) -> Self {
        Self { standing, txs: BTreeMap::new(), cost: Amount::ZERO }
    }

    /// The transaction that could stand in the next block, if it is here.
    pub(super) fn head(&self) -> Option<&Waiting<T>> {
        self.txs.get(&self.standing.nonce)
    }

    /// The first nonce that is neither used nor waiting.
    pub(super) fn pending(&self) -> u64 {
        let next = self.standing.nonce;
        let unbroken =
            self.txs.range(next..).zip(next..).take_while(|((have, _), want)| *have == want);
        next.saturating_add(u64::try_from(unbroken.count()).unwrap_or(u64::MAX))
    }

    pub(super) fn insert(&mut self, waiting: Waiting<T>) {
        // Within a balance, which `super::Mempool::admit` compares it with.
        self.cost = self.cost.checked_add(waiting.key.cost).unwrap_or(self.cost);
        self.txs.insert(waiting.key.nonce, waiting);
    }

    pub(super) fn remove(&mut self, nonce: u64) -> Option<Waiting<T>> {
        let gone = self.txs.remove(&nonce)?;
        self.cost = self.cost.checked_sub(gone.key.cost).unwrap_or_default();
        Some(gone)
    }

    /// The last nonce whose place keeps the sender from paying for all, if it cannot.
    pub(super) fn unpaid(&self) -> Option<u64> {
        let last = self.txs.keys().next_back().copied();
        last.filter(|_| self.cost > self.standing.free)
    }
}
