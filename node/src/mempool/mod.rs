//! The mempool: transactions that wait for a block.
//!
//! It holds what an admission check against the committed state let in, gives a proposer its
//! candidates in an order that respects nonces and arrival, and throws out after each block what
//! the block made void. A transaction keeps its verified form, so that its signature is checked
//! once in a node's life.
//!
//! # Invariants
//! - Count, bytes and transactions of one sender stay within [`Limits`], and the fixed fees of all
//!   that one sender has waiting within its balance.
//! - One transaction for each sender and nonce. A second one replaces it only if it offers at least
//!   [`REPLACEMENT`] times the fee, and no more than its sender holds: the offer is not charged, so
//!   it buys no place in the order, and the doubling bounds how often nodes pass on another one.
//! - A nonce above a gap waits and is no candidate until the gap is filled.
//! - When it is full, a newcomer displaces the last transaction of the sender that has the most,
//!   and only if the newcomer's sender has fewer: nobody can crowd out the others.
//! - Letting one in costs O(log n), a block's clean-up as much as the block changed.
//!
//! # Not here
//! What makes a transaction valid: the caller's check, which asks `probity_runtime`.
//!
//! Spec: `docs/spec/20-blocks.md`.

mod candidates;
mod error;
mod queue;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};

use probity_primitives::{Address, Amount, Height, TxHash};
use probity_runtime::tx::MAX_NONCE_GAP;

pub use self::error::{Nonces, Rejected};
use self::queue::{Queue, Waiting};

/// How many times the fee of a transaction another one must offer to replace it.
pub const REPLACEMENT: u128 = 2;

/// How much may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most transactions.
    pub count: usize,
    /// Most bytes, all together.
    pub bytes: usize,
    /// Most transactions of one sender.
    pub per_sender: usize,
    /// How far above the sender's next nonce a nonce may lie.
    pub nonce_gap: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { count: 20_000, bytes: 64 * 1024 * 1024, per_sender: 64, nonce_gap: MAX_NONCE_GAP }
    }
}

/// What the mempool must know of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TxKey {
    /// The transaction.
    pub hash: TxHash,
    /// Who pays for it.
    pub sender: Address,
    /// Its place among the sender's transactions.
    pub nonce: u64,
    /// The most that the sender pays for it.
    pub offer: Amount,
    /// The fixed fee that will be charged.
    pub cost: Amount,
    /// The last height at which it may stand.
    pub expiry: Height,
    /// Its length in bytes.
    pub bytes: usize,
}

/// What the committed state says of a sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// The nonce that it expects next.
    pub nonce: u64,
    /// What the sender may spend.
    pub free: Amount,
}

/// Transactions that wait for a block.
#[derive(Debug)]
pub struct Mempool<T> {
    limits: Limits,
    queues: HashMap<Address, Queue<T>>,
    places: HashMap<TxHash, (Address, u64)>,
    /// The senders whose next transaction is here, by its arrival.
    ready: BTreeSet<(u64, Address)>,
    /// The senders by how many they have waiting.
    sizes: BTreeSet<(usize, Address)>,
    expiries: BTreeSet<(Height, Address, u64)>,
    bytes: usize,
    arrivals: u64,
}

impl<T> Mempool<T> {
    /// Nothing waits.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            queues: HashMap::new(),
            places: HashMap::new(),
            ready: BTreeSet::new(),
            sizes: BTreeSet::new(),
            expiries: BTreeSet::new(),
            bytes: 0,
            arrivals: 0,
        }
    }

    /// How many wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The bytes of all that wait.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// The transaction of this hash, if it waits.
    #[must_use]
    pub fn get(&self, hash: &TxHash) -> Option<&T> {
        let (sender, nonce) = self.places.get(hash)?;
        self.queues.get(sender)?.txs.get(nonce).map(|waiting| &waiting.tx)
    }

    /// What a sender has waiting, in the order of nonces.
    pub fn of(&self, sender: &Address) -> impl Iterator<Item = (&TxKey, &T)> {
        let queue = self.queues.get(sender).into_iter();
        queue.flat_map(|queue| queue.txs.values()).map(|waiting| (&waiting.key, &waiting.tx))
    }

    /// The nonce that a sender's next transaction should carry: the first that is neither used nor
    /// waiting; `committed` if the sender has nothing here.
    #[must_use]
    pub fn pending(&self, sender: &Address, committed: u64) -> u64 {
        self.queues.get(sender).map_or(committed, Queue::pending)
    }

    /// Lets a transaction wait for the block at `height` or a later one; gives the one that it
    /// replaces. `standing` is what the committed state says of the sender.
    ///
    /// # Errors
    /// [`Rejected`]; nothing has changed then.
    pub fn insert(
        &mut self,
        key: TxKey,
        tx: T,
        standing: Standing,
        height: Height,
    ) -> Result<Option<TxHash>, Rejected> {
        let replaced = self.admit(&key, standing, height)?;
        if replaced.is_none() {
            self.make_room(&key)?;
        }
        let replaced = replaced.and_then(|_| self.remove(&key.sender, key.nonce));
        let arrival = replaced.as_ref().map_or(self.arrivals, |gone| gone.arrival);
        self.arrivals = self.arrivals.saturating_add(1);
        self.bytes = self.bytes.saturating_add(key.bytes);
        self.places.insert(key.hash, (key.sender, key.nonce));
        self.expiries.insert((key.expiry, key.sender, key.nonce));
        self.change(key.sender, standing, |queue| queue.insert(Waiting { key, arrival, tx }));
        Ok(replaced.map(|gone| gone.key.hash))
    }

    /// Whether a transaction may wait; gives the one that it would replace.
    fn admit(
        &self,
        key: &TxKey,
        standing: Standing,
        height: Height,
    ) -> Result<Option<TxKey>, Rejected> {
        let TxKey { hash, sender, nonce, expiry, .. } = *key;
        let (expected, limit) = (standing.nonce, self.limits.nonce_gap);
        let nonces = || Nonces { expected, got: nonce, pending: self.pending(&sender, expected) };
        if self.places.contains_key(&hash) {
            return Err(Rejected::Known(hash));
        }
        if expiry < height {
            return Err(Rejected::Expired { expiry, next: height });
        }
        if nonce < expected {
            return Err(Rejected::NonceUsed { sender, nonces: nonces() });
        }
        if nonce > expected.saturating_add(limit) {
            return Err(Rejected::NonceTooHigh { sender, nonces: nonces(), limit });
        }
        let queue = self.queues.get(&sender);
        let first = queue.and_then(|queue| queue.txs.get(&nonce)).map(|waiting| waiting.key);
        if let Some(first) = &first {
            self.admit_replacement(key, first, standing, nonces())?;
        } else if queue.is_some_and(|queue| queue.txs.len() >= self.limits.per_sender) {
            return Err(Rejected::SenderFull { sender, limit: self.limits.per_sender });
        }
        let others = queue.map_or(Amount::ZERO, |queue| queue.cost);
        let others = others.checked_sub(first.map_or(Amount::ZERO, |first| first.cost));
        let needed = others.unwrap_or_default().checked_add(key.cost);
        let needed = needed.unwrap_or(Amount::from_units(u128::MAX));
        if needed > standing.free {
            return Err(Rejected::FeesNotHeld { sender, needed, available: standing.free });
        }
        Ok(first)
    }

    fn admit_replacement(
        &self,
        key: &TxKey,
        first: &TxKey,
        standing: Standing,
        nonces: Nonces,
    ) -> Result<(), Rejected> {
        let (sender, offered, available) = (key.sender, key.offer, standing.free);
        let needed = first.offer.checked_mul(REPLACEMENT);
        let needed = needed.unwrap_or(Amount::from_units(u128::MAX));
        if offered < needed {
            return Err(Rejected::NonceTaken { sender, nonces, by: first.hash, needed });
        }
        if offered > available {
            return Err(Rejected::OfferNotHeld { sender, offered, available });
        }
        let bytes = self.bytes.saturating_sub(first.bytes).saturating_add(key.bytes);
        if bytes > self.limits.bytes {
            return Err(Rejected::Full { count: self.len(), bytes: self.bytes });
        }
        Ok(())
    }

    /// Displaces the last transactions of whoever has the most, until `key` fits.
    fn make_room(&mut self, key: &TxKey) -> Result<(), Rejected> {
        let mine = self.queues.get(&key.sender).map_or(0, |queue| queue.txs.len());
        while self.len() >= self.limits.count
            || self.bytes.saturating_add(key.bytes) > self.limits.bytes
        {
            let full = Rejected::Full { count: self.len(), bytes: self.bytes };
            let (count, sender) = self.sizes.last().copied().ok_or_else(|| full.clone())?;
            if count <= mine.saturating_add(1) {
                return Err(full);
            }
            let last = self.queues.get(&sender).and_then(|queue| queue.txs.keys().next_back());
            let last = *last.ok_or(full)?;
            self.remove(&sender, last);
        }
        Ok(())
    }

    /// Throws out what can no longer stand in the block at `height` or a later one: what expired,
    /// and of the senders whose accounts changed, used nonces and what they can no longer pay for.
    /// The others are not looked at.
    pub fn advance(
        &mut self,
        height: Height,
        changed: impl IntoIterator<Item = (Address, Standing)>,
    ) {
        while let Some((_, sender, nonce)) =
            self.expiries.first().copied().filter(|(expiry, ..)| *expiry < height)
        {
            self.remove(&sender, nonce);
        }
        for (sender, standing) in changed {
            if !self.queues.contains_key(&sender) {
                continue;
            }
            self.change(sender, standing, |queue| queue.standing = standing);
            while let Some(void) = self.void(&sender) {
                self.remove(&sender, void);
            }
        }
    }

    /// A nonce of a sender that is used or cannot be paid for.
    fn void(&self, sender: &Address) -> Option<u64> {
        let queue = self.queues.get(sender)?;
        let used = queue.txs.range(..queue.standing.nonce).next().map(|(nonce, _)| *nonce);
        used.or_else(|| queue.unpaid())
    }

    /// Keeps only what is still valid, whoever sent it: for when a rule has changed.
    pub fn retain(&mut self, still_valid: impl Fn(&T) -> bool) {
        let all = self.queues.iter().flat_map(|(sender, queue)| {
            queue.txs.iter().map(move |(nonce, waiting)| (*sender, *nonce, &waiting.tx))
        });
        let void: Vec<(Address, u64)> = all
            .filter(|(.., tx)| !still_valid(tx))
            .map(|(sender, nonce, _)| (sender, nonce))
            .collect();
        for (sender, nonce) in void {
            self.remove(&sender, nonce);
        }
    }

    fn remove(&mut self, sender: &Address, nonce: u64) -> Option<Waiting<T>> {
        let standing = self.queues.get(sender)?.standing;
        let gone = self.change(*sender, standing, |queue| queue.remove(nonce))?;
        self.places.remove(&gone.key.hash);
        self.expiries.remove(&(gone.key.expiry, *sender, nonce));
        self.bytes = self.bytes.saturating_sub(gone.key.bytes);
        Some(gone)
    }

    /// Changes what a sender has waiting, and keeps the orders of senders true to it.
    fn change<R>(
        &mut self,
        sender: Address,
        standing: Standing,
        change: impl FnOnce(&mut Queue<T>) -> R,
    ) -> R {
        let queue = self.queues.entry(sender).or_insert_with(|| Queue::new(standing));
        self.sizes.remove(&(queue.txs.len(), sender));
        if let Some(head) = queue.head() {
            self.ready.remove(&(head.arrival, sender));
        }
        queue.standing = standing;
        let result = change(queue);
        if queue.txs.is_empty() {
            self.queues.remove(&sender);
            return result;
        }
        self.sizes.insert((queue.txs.len(), sender));
        if let Some(head) = queue.head() {
            self.ready.insert((head.arrival, sender));
        }
        result
    }
}
