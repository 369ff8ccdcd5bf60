//! The mempool: transactions that wait for a block.
//!
//! It holds what an admission check against the committed state let in, gives a proposer its
//! candidates in an order that respects nonces and arrival, and throws out after each block what
//! the block made void. A transaction keeps its verified form, so that its signature is checked
//! once in a node's life.
//!
//! # Invariants
//! - Count, bytes and transactions of one sender stay within [`Limits`].
//! - One transaction for each sender and nonce; the first one stays, since a fixed fee leaves
//!   nothing to outbid it with.
//! - When it is full, a newcomer displaces the last transaction of the sender that has the most,
//!   and only if the newcomer's sender has fewer: nobody can crowd out the others.
//!
//! # Not here
//! What makes a transaction valid: the caller's check, which asks `probity_runtime`.
//!
//! Spec: `docs/spec/20-blocks.md`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};

use probity_primitives::{Address, Height, TxHash};
use probity_runtime::tx::MAX_NONCE_GAP;

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
    /// The last height at which it may stand.
    pub expiry: Height,
    /// Its length in bytes.
    pub bytes: usize,
}

/// Why a transaction does not wait here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// It waits already.
    #[error("transaction {0} is in the mempool already")]
    Known(TxHash),
    /// Another one of the same sender has that nonce.
    #[error("nonce {nonce} of {sender} is taken by transaction {by}")]
    NonceTaken {
        /// The sender.
        sender: Address,
        /// The nonce.
        nonce: u64,
        /// Who came first.
        by: TxHash,
    },
    /// The nonce is used up.
    #[error("nonce {nonce} of {sender} is used, the next is {next}")]
    NonceUsed {
        /// The sender.
        sender: Address,
        /// The nonce.
        nonce: u64,
        /// The next nonce that the state expects.
        next: u64,
    },
    /// The nonce is too far ahead.
    #[error("nonce {nonce} of {sender} is more than {limit} above the next, {next}")]
    NonceTooHigh {
        /// The sender.
        sender: Address,
        /// The nonce.
        nonce: u64,
        /// The next nonce that the state expects.
        next: u64,
        /// How far above it a nonce may lie.
        limit: u64,
    },
    /// It can no longer stand in a block.
    #[error("the transaction expired at height {expiry}, the next height is {next}")]
    Expired {
        /// Its last height.
        expiry: Height,
        /// The height of the next block.
        next: Height,
    },
    /// The sender has enough waiting.
    #[error("{sender} has {limit} transactions waiting, which is the limit")]
    SenderFull {
        /// The sender.
        sender: Address,
        /// The limit.
        limit: usize,
    },
    /// The mempool is full and nobody has more waiting than the sender.
    #[error("the mempool is full with {count} transactions of {bytes} bytes; try again later")]
    Full {
        /// How many wait.
        count: usize,
        /// How many bytes they have.
        bytes: usize,
    },
}

impl Rejected {
    /// Whether the same transaction may be let in later.
    #[must_use]
    pub const fn retryable(&self) -> bool {
        match self {
            Self::NonceTooHigh { .. } | Self::SenderFull { .. } | Self::Full { .. } => true,
            Self::Known(_)
            | Self::NonceTaken { .. }
            | Self::NonceUsed { .. }
            | Self::Expired { .. } => false,
        }
    }

    /// A stable name for machines.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Known(_) => "known",
            Self::NonceTaken { .. } => "nonce_taken",
            Self::NonceUsed { .. } => "nonce_used",
            Self::NonceTooHigh { .. } => "nonce_too_high",
            Self::Expired { .. } => "expired",
            Self::SenderFull { .. } => "sender_full",
            Self::Full { .. } => "mempool_full",
        }
    }
}

/// Transactions that wait for a block.
#[derive(Debug)]
pub struct Mempool<T> {
    limits: Limits,
    senders: BTreeMap<Address, BTreeMap<u64, Waiting<T>>>,
    places: HashMap<TxHash, (Address, u64)>,
    bytes: usize,
    arrivals: u64,
}

#[derive(Debug)]
struct Waiting<T> {
    key: TxKey,
    arrival: u64,
    tx: T,
}

impl<T> Mempool<T> {
    /// Nothing waits.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        let (senders, places) = (BTreeMap::new(), HashMap::new());
        Self { limits, senders, places, bytes: 0, arrivals: 0 }
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
        self.senders.get(sender)?.get(nonce).map(|waiting| &waiting.tx)
    }

    /// The nonce after the last that a sender has waiting without a gap from `next` on.
    #[must_use]
    pub fn next_nonce(&self, sender: &Address, next: u64) -> u64 {
        let Some(queue) = self.senders.get(sender) else { return next };
        let unbroken =
            queue.range(next..).zip(next..).take_while(|((have, _), want)| *have == want);
        next.saturating_add(u64::try_from(unbroken.count()).unwrap_or(u64::MAX))
    }

    /// Lets a transaction wait for the block at `height` or a later one.
    ///
    /// `next_nonce` is the one that the committed state expects of the sender.
    ///
    /// # Errors
    /// [`Rejected`]; nothing has changed then.
    pub fn insert(
        &mut self,
        key: TxKey,
        tx: T,
        next_nonce: u64,
        height: Height,
    ) -> Result<(), Rejected> {
        self.admit(&key, next_nonce, height)?;
        self.make_room(&key)?;
        let arrival = self.arrivals;
        self.arrivals = self.arrivals.saturating_add(1);
        self.bytes = self.bytes.saturating_add(key.bytes);
        self.places.insert(key.hash, (key.sender, key.nonce));
        let waiting = Waiting { key, arrival, tx };
        self.senders.entry(key.sender).or_default().insert(key.nonce, waiting);
        Ok(())
    }

    fn admit(&self, key: &TxKey, next: u64, height: Height) -> Result<(), Rejected> {
        let TxKey { hash, sender, nonce, expiry, bytes: _ } = *key;
        if self.places.contains_key(&hash) {
            return Err(Rejected::Known(hash));
        }
        if expiry < height {
            return Err(Rejected::Expired { expiry, next: height });
        }
        if nonce < next {
            return Err(Rejected::NonceUsed { sender, nonce, next });
        }
        let limit = self.limits.nonce_gap;
        if nonce > next.saturating_add(limit) {
            return Err(Rejected::NonceTooHigh { sender, nonce, next, limit });
        }
        let Some(queue) = self.senders.get(&sender) else { return Ok(()) };
        if let Some(first) = queue.get(&nonce) {
            return Err(Rejected::NonceTaken { sender, nonce, by: first.key.hash });
        }
        if queue.len() >= self.limits.per_sender {
            return Err(Rejected::SenderFull { sender, limit: self.limits.per_sender });
        }
        Ok(())
    }

    /// Displaces the last transactions of whoever has the most, until `key` fits.
    fn make_room(&mut self, key: &TxKey) -> Result<(), Rejected> {
        let mine = self.senders.get(&key.sender).map_or(0, BTreeMap::len);
        while self.len() >= self.limits.count
            || self.bytes.saturating_add(key.bytes) > self.limits.bytes
        {
            let full = Rejected::Full { count: self.len(), bytes: self.bytes };
            let most = self.senders.iter().max_by_key(|(sender, queue)| (queue.len(), *sender));
            let (sender, count) =
                most.map(|(sender, queue)| (*sender, queue.len())).ok_or_else(|| full.clone())?;
            if count <= mine.saturating_add(1) {
                return Err(full);
            }
            let last = self.senders.get(&sender).and_then(|queue| queue.keys().next_back());
            let last = *last.ok_or(full)?;
            self.remove(&sender, last);
        }
        Ok(())
    }

    fn remove(&mut self, sender: &Address, nonce: u64) {
        let Some(queue) = self.senders.get_mut(sender) else { return };
        if let Some(gone) = queue.remove(&nonce) {
            self.places.remove(&gone.key.hash);
            self.bytes = self.bytes.saturating_sub(gone.key.bytes);
        }
        if queue.is_empty() {
            self.senders.remove(sender);
        }
    }

    /// Throws out what can no longer stand in the block at `height` or a later one: used nonces,
    /// passed expiries, and whatever `still_valid` says is void.
    pub fn recheck(
        &mut self,
        height: Height,
        next_nonce: impl Fn(&Address) -> u64,
        still_valid: impl Fn(&T) -> bool,
    ) {
        let mut gone = Vec::new();
        for (sender, queue) in &self.senders {
            let next = next_nonce(sender);
            for (nonce, waiting) in queue {
                let void = *nonce < next || waiting.key.expiry < height;
                if void || (*nonce == next && !still_valid(&waiting.tx)) {
                    gone.push((*sender, *nonce));
                }
            }
        }
        for (sender, nonce) in gone {
            self.remove(&sender, nonce);
        }
    }

    /// What a proposer may put into a block: every sender's transactions in the order of their
    /// nonces, without a gap from the next one on; among senders, who came first.
    pub fn candidates(&self, next_nonce: impl Fn(&Address) -> u64) -> impl Iterator<Item = &T> {
        let heads = self.senders.iter().filter_map(|(sender, queue)| {
            let nonce = next_nonce(sender);
            queue.get(&nonce).map(|head| Reverse((head.arrival, *sender, nonce)))
        });
        let mut heads: BinaryHeap<_> = heads.collect();
        std::iter::from_fn(move || {
            let Reverse((_, sender, nonce)) = heads.pop()?;
            let queue = self.senders.get(&sender)?;
            let following = nonce.checked_add(1).and_then(|nonce| queue.get(&nonce));
            if let Some(following) = following {
                heads.push(Reverse((following.arrival, sender, following.key.nonce)));
            }
            queue.get(&nonce).map(|waiting| &waiting.tx)
        })
    }
}

#[cfg(test)]
mod tests {
    use probity_primitives::{Domain, Hash, Keypair, Network};

    use super::*;

    const SMALL: Limits = Limits { count: 4, bytes: 1_000, per_sender: 3, nonce_gap: 10 };

    fn sender(seed: u8) -> Address {
        Address::of(&Keypair::from_seed([seed; 32]).public(), Network::Test)
    }

    fn key(seed: u8, nonce: u64) -> TxKey {
        let hash = TxHash(Hash::of(Domain::Tx, &(seed, nonce)));
        TxKey { hash, sender: sender(seed), nonce, expiry: Height(100), bytes: 10 }
    }

    fn insert(pool: &mut Mempool<(u8, u64)>, seed: u8, nonce: u64) -> Result<(), Rejected> {
        pool.insert(key(seed, nonce), (seed, nonce), 0, Height(1))
    }

    fn pool(limits: Limits, txs: &[(u8, u64)]) -> Mempool<(u8, u64)> {
        let mut pool = Mempool::new(limits);
        for (seed, nonce) in txs {
            insert(&mut pool, *seed, *nonce).unwrap();
        }
        pool
    }

    fn candidates(pool: &Mempool<(u8, u64)>) -> Vec<(u8, u64)> {
        pool.candidates(|_| 0).copied().collect()
    }

    #[test]
    fn candidates_follow_nonces_and_then_arrival() {
        let pool = pool(Limits::default(), &[(1, 1), (2, 0), (1, 0), (2, 1), (3, 0)]);
        // Sender 1's first nonce came after sender 2's, and its second waited for it.
        assert_eq!(candidates(&pool), [(2, 0), (1, 0), (1, 1), (2, 1), (3, 0)]);
    }

    #[test]
    fn nothing_behind_a_missing_nonce_is_a_candidate() {
        let pool = pool(Limits::default(), &[(1, 0), (1, 2), (2, 1)]);
        assert_eq!(candidates(&pool), [(1, 0)]);
        assert_eq!(pool.next_nonce(&sender(1), 0), 1);
        assert_eq!(pool.next_nonce(&sender(3), 7), 7);
    }

    #[test]
    fn a_transaction_waits_once_and_keeps_its_nonce() {
        let mut pool = pool(Limits::default(), &[(1, 0)]);
        assert_eq!(insert(&mut pool, 1, 0), Err(Rejected::Known(key(1, 0).hash)));
        let rival = TxKey { hash: key(9, 9).hash, ..key(1, 0) };
        let by = key(1, 0).hash;
        let refusal = pool.insert(rival, (9, 9), 0, Height(1));
        assert_eq!(refusal, Err(Rejected::NonceTaken { sender: sender(1), nonce: 0, by }));
    }

    #[test]
    fn an_expired_used_or_distant_nonce_is_refused() {
        let mut pool = Mempool::new(SMALL);
        let mut refusal = |nonce, next, height| {
            pool.insert(key(1, nonce), (1, nonce), next, Height(height)).unwrap_err().code()
        };
        assert_eq!(refusal(0, 0, 101), "expired");
        assert_eq!(refusal(4, 5, 1), "nonce_used");
        assert_eq!(refusal(16, 5, 1), "nonce_too_high");
        assert!(pool.is_empty());
    }

    #[test]
    fn one_sender_cannot_crowd_out_the_others() {
        let mut pool = pool(SMALL, &[(1, 0), (1, 1), (1, 2), (2, 0)]);
        assert_eq!(
            insert(&mut pool, 1, 3),
            Err(Rejected::SenderFull { sender: sender(1), limit: 3 })
        );
        insert(&mut pool, 3, 0).unwrap();
        assert_eq!(candidates(&pool), [(1, 0), (1, 1), (2, 0), (3, 0)]);
        insert(&mut pool, 4, 0).unwrap();
        assert_eq!(insert(&mut pool, 5, 0), Err(Rejected::Full { count: 4, bytes: 40 }));
        assert_eq!(pool.len(), 4);
    }

    #[test]
    fn the_bytes_are_limited_too() {
        let mut pool = Mempool::new(Limits { bytes: 25, ..SMALL });
        for seed in 1..=2 {
            insert(&mut pool, seed, 0).unwrap();
        }
        assert_eq!(insert(&mut pool, 3, 0), Err(Rejected::Full { count: 2, bytes: 20 }));
    }

    #[test]
    fn a_block_throws_out_what_it_made_void() {
        let mut pool = pool(Limits::default(), &[(1, 0), (1, 1), (2, 0), (3, 0)]);
        pool.recheck(Height(2), |address| u64::from(*address == sender(1)), |tx| tx.0 != 3);
        let mut left: Vec<_> = [(1, 0), (1, 1), (2, 0), (3, 0)]
            .into_iter()
            .filter(|(seed, nonce)| pool.get(&key(*seed, *nonce).hash).is_some())
            .collect();
        left.sort_unstable();
        assert_eq!((left, pool.bytes()), (vec![(1, 1), (2, 0)], 20));
        pool.recheck(Height(101), |_| 0, |_| true);
        assert_eq!((pool.len(), pool.bytes()), (0, 0));
    }
}
