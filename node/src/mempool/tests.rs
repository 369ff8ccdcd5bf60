//! What waits, in which order, and what is thrown out.

use probity_primitives::{Domain, Hash, Keypair, Network};
use proptest::prelude::*;

use super::*;

const SMALL: Limits = Limits { count: 4, bytes: 1_000, per_sender: 3, nonce_gap: 10 };
const RICH: Standing = Standing { nonce: 0, free: Amount::from_units(1_000_000) };

type Pool = Mempool<(u8, u64)>;

fn sender(seed: u8) -> Address {
    Address::of(&Keypair::from_seed([seed; 32]).public(), Network::Test)
}

fn key(seed: u8, nonce: u64) -> TxKey {
    TxKey {
        hash: TxHash(Hash::of(Domain::Tx, &(seed, nonce))),
        sender: sender(seed),
        nonce,
        offer: Amount::from_units(100),
        cost: Amount::from_units(50),
        expiry: Height(100),
        bytes: 10,
    }
}

/// Another transaction for the same place, with another fee.
fn rival(seed: u8, nonce: u64, offer: u128) -> TxKey {
    let hash = TxHash(Hash::of(Domain::Tx, &(seed, nonce, offer)));
    TxKey { hash, offer: Amount::from_units(offer), ..key(seed, nonce) }
}

fn insert(pool: &mut Pool, seed: u8, nonce: u64) -> Result<Option<TxHash>, Rejected> {
    pool.insert(key(seed, nonce), (seed, nonce), RICH, Height(1))
}

fn pool(limits: Limits, txs: &[(u8, u64)]) -> Pool {
    let mut pool = Mempool::new(limits);
    for (seed, nonce) in txs {
        insert(&mut pool, *seed, *nonce).unwrap();
    }
    pool
}

fn candidates(pool: &Pool) -> Vec<(u8, u64)> {
    pool.candidates().copied().collect()
}

#[test]
fn candidates_follow_nonces_and_then_arrival() {
    let pool = pool(Limits::default(), &[(1, 1), (2, 0), (1, 0), (2, 1), (3, 0)]);
    // Sender 1's first nonce came after sender 2's, and its second waited for it.
    assert_eq!(candidates(&pool), [(2, 0), (1, 0), (1, 1), (2, 1), (3, 0)]);
}

#[test]
fn what_lies_above_a_gap_waits_and_is_promoted_when_the_gap_fills() {
    let mut pool = pool(Limits::default(), &[(1, 0), (1, 2), (2, 1)]);
    assert_eq!(candidates(&pool), [(1, 0)]);
    assert_eq!((pool.pending(&sender(1), 0), pool.pending(&sender(3), 7)), (1, 7));
    insert(&mut pool, 1, 1).unwrap();
    insert(&mut pool, 2, 0).unwrap();
    assert_eq!(candidates(&pool), [(1, 0), (1, 1), (1, 2), (2, 0), (2, 1)]);
    assert_eq!((pool.pending(&sender(1), 0), pool.pending(&sender(2), 0)), (3, 2));
    // A block with the nonce below a gap promotes what lies above it, too.
    insert(&mut pool, 3, 1).unwrap();
    pool.advance(Height(2), [(sender(3), Standing { nonce: 1, ..RICH })]);
    assert_eq!(candidates(&pool).last(), Some(&(3, 1)));
}

#[test]
fn what_lies_above_a_gap_is_thrown_out_when_it_expires() {
    let mut pool = pool(Limits::default(), &[(1, 3)]);
    pool.advance(Height(100), []);
    assert_eq!(pool.len(), 1);
    pool.advance(Height(101), []);
    assert!(pool.is_empty() && pool.bytes() == 0);
}

#[test]
fn a_transaction_is_replaced_by_one_that_offers_twice_its_fee_and_keeps_its_place() {
    let mut pool = pool(Limits::default(), &[(1, 0), (2, 0)]);
    assert_eq!(insert(&mut pool, 1, 0), Err(Rejected::Known(key(1, 0).hash)));
    let refused = pool.insert(rival(1, 0, 199), (9, 9), RICH, Height(1)).unwrap_err();
    let (by, needed) = (key(1, 0).hash, Amount::from_units(200));
    let nonces = Nonces { expected: 0, got: 0, pending: 1 };
    assert_eq!(refused, Rejected::NonceTaken { sender: sender(1), nonces, by, needed });
    assert_eq!(pool.insert(rival(1, 0, 200), (9, 9), RICH, Height(1)), Ok(Some(by)));
    assert_eq!((candidates(&pool), pool.bytes()), (vec![(9, 9), (2, 0)], 20));
    assert!(pool.get(&by).is_none() && pool.get(&rival(1, 0, 200).hash).is_some());
    // The doubling goes on from the newest offer.
    let refused = pool.insert(rival(1, 0, 399), (8, 8), RICH, Height(1)).unwrap_err();
    assert_eq!(refused.code(), "nonce_taken");
}

#[test]
fn a_replacement_cannot_offer_what_its_sender_does_not_hold() {
    let mut pool = pool(Limits::default(), &[(1, 0)]);
    let standing = Standing { free: Amount::from_units(299), ..RICH };
    let mut refuse =
        |offer| pool.insert(rival(1, 0, offer), (9, 9), standing, Height(1)).unwrap_err().code();
    assert_eq!(refuse(300), "offer_not_held");
    assert_eq!(refuse(u128::MAX), "offer_not_held");
    assert_eq!(candidates(&pool), [(1, 0)]);
}

#[test]
fn a_sender_must_hold_the_fees_of_all_that_it_has_waiting() {
    let mut pool = pool(Limits::default(), &[(1, 0), (1, 1)]);
    let standing = Standing { free: Amount::from_units(149), ..RICH };
    let refused = pool.insert(key(1, 2), (1, 2), standing, Height(1)).unwrap_err();
    let (needed, available) = (Amount::from_units(150), standing.free);
    assert_eq!(refused, Rejected::FeesNotHeld { sender: sender(1), needed, available });
    // What a replacement costs is not counted twice.
    let standing = Standing { free: Amount::from_units(200), ..RICH };
    pool.insert(rival(1, 1, 200), (9, 9), standing, Height(1)).unwrap();
    // A block that leaves less throws out the last ones.
    let standing = Standing { free: Amount::from_units(99), ..RICH };
    pool.advance(Height(2), [(sender(1), standing)]);
    assert_eq!(candidates(&pool), [(1, 0)]);
}

#[test]
fn an_expired_used_or_distant_nonce_is_refused_with_the_nonces() {
    let mut pool = Mempool::new(SMALL);
    let mut refusal = |nonce, next, height| {
        let standing = Standing { nonce: next, ..RICH };
        pool.insert(key(1, nonce), (1, nonce), standing, Height(height)).unwrap_err()
    };
    assert_eq!(refusal(0, 0, 101).code(), "expired");
    let used = refusal(4, 5, 1);
    let nonces = Nonces { expected: 5, got: 4, pending: 5 };
    assert_eq!((used.code(), used.nonces()), ("nonce_used", Some(nonces)));
    let distant = refusal(16, 5, 1);
    assert_eq!((distant.code(), distant.nonces().unwrap().got), ("nonce_too_high", 16));
    assert!(pool.is_empty());
}

#[test]
fn one_sender_cannot_crowd_out_the_others() {
    let mut pool = pool(SMALL, &[(1, 0), (1, 1), (1, 2), (2, 0)]);
    assert_eq!(insert(&mut pool, 1, 3), Err(Rejected::SenderFull { sender: sender(1), limit: 3 }));
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
    let longer = TxKey { bytes: 16, ..rival(1, 0, 200) };
    let refused = pool.insert(longer, (9, 9), RICH, Height(1)).unwrap_err();
    assert_eq!(refused, Rejected::Full { count: 2, bytes: 20 });
}

#[test]
fn a_block_throws_out_what_it_made_void_and_a_new_rule_what_it_forbids() {
    let mut pool = pool(Limits::default(), &[(1, 0), (1, 1), (2, 0), (3, 0)]);
    pool.advance(Height(2), [(sender(1), Standing { nonce: 1, ..RICH }), (sender(7), RICH)]);
    pool.retain(|tx| tx.0 != 3);
    assert_eq!((candidates(&pool), pool.bytes()), (vec![(1, 1), (2, 0)], 20));
    pool.advance(Height(101), []);
    assert_eq!((pool.len(), pool.bytes()), (0, 0));
}

#[test]
fn the_chapter_lists_every_code_of_the_mempool() {
    let amount = Amount::ZERO;
    let (sender, nonces) = (sender(1), Nonces { expected: 0, got: 0, pending: 0 });
    let (by, height) = (key(1, 0).hash, Height(1));
    let all = [
        Rejected::Known(by),
        Rejected::NonceTaken { sender, nonces, by, needed: amount },
        Rejected::OfferNotHeld { sender, offered: amount, available: amount },
        Rejected::NonceUsed { sender, nonces },
        Rejected::NonceTooHigh { sender, nonces, limit: 1 },
        Rejected::Expired { expiry: height, next: height },
        Rejected::FeesNotHeld { sender, needed: amount, available: amount },
        Rejected::SenderFull { sender, limit: 1 },
        Rejected::Full { count: 1, bytes: 1 },
    ];
    let chapter = include_str!("../../../docs/spec/24-api.md");
    for refusal in all {
        // As `probity_web` answers it; what is known already is answered as if it were new.
        let status = if matches!(refusal, Rejected::Known(_)) {
            202
        } else if refusal.retryable() {
            503
        } else {
            409
        };
        let again = if refusal.retryable() { "yes" } else { "no" };
        let (code, end) = (format!("`{}`", refusal.code()), format!("| {status} | {again} |"));
        let listed = chapter.lines().any(|row| row.contains(&code) && row.ends_with(&end));
        assert!(listed, "{code} {end}");
    }
}

/// What somebody does to a mempool.
#[derive(Debug, Clone)]
enum Deed {
    Insert { seed: u8, nonce: u64, offer: u128, expiry: u64, free: u128 },
    Block { senders: Vec<(u8, u64, u128)>, skipped: u64 },
}

fn deed() -> impl Strategy<Value = Deed> {
    let insert = (1..6u8, 0..12u64, 50..2_000u128, 1..40u64, 100..4_000u128).prop_map(
        |(seed, nonce, offer, expiry, free)| Deed::Insert { seed, nonce, offer, expiry, free },
    );
    let block = (prop::collection::vec((1..6u8, 0..4u64, 0..4_000u128), 0..3), 1..4u64)
        .prop_map(|(senders, skipped)| Deed::Block { senders, skipped });
    prop_oneof![5 => insert, 1 => block]
}

proptest! {
    #[test]
    fn the_orders_stay_true_to_what_waits(deeds in prop::collection::vec(deed(), 1..120)) {
        let limits = Limits { count: 12, bytes: 200, per_sender: 5, nonce_gap: 8 };
        let mut pool: Pool = Mempool::new(limits);
        let (mut nonces, mut height) = ([0u64; 6], 1u64);
        for deed in deeds {
            match deed {
                Deed::Insert { seed, nonce, offer, expiry, free } => {
                    let standing = Standing {
                        nonce: nonces[usize::from(seed)],
                        free: Amount::from_units(free),
                    };
                    let key = TxKey { expiry: Height(expiry), ..rival(seed, nonce, offer) };
                    let before = (pool.len(), pool.bytes());
                    if pool.insert(key, (seed, nonce), standing, Height(height)).is_err() {
                        prop_assert_eq!((pool.len(), pool.bytes()), before);
                    }
                }
                Deed::Block { senders, skipped } => {
                    height += skipped;
                    let mut changed = Vec::new();
                    for (seed, used, free) in senders {
                        nonces[usize::from(seed)] += used;
                        let nonce = nonces[usize::from(seed)];
                        let free = Amount::from_units(free);
                        changed.push((sender(seed), Standing { nonce, free }));
                    }
                    pool.advance(Height(height), changed);
                }
            }
            check(&pool, limits, height);
        }
    }
}

/// Everything that the mempool promises, from what it holds alone.
fn check(pool: &Pool, limits: Limits, height: u64) {
    let waiting = || pool.queues.values().flat_map(|queue| queue.txs.values());
    assert_eq!(pool.len(), waiting().count());
    assert_eq!(pool.bytes(), waiting().map(|one| one.key.bytes).sum::<usize>());
    assert_eq!(pool.expiries.len(), pool.len());
    assert_eq!(pool.sizes.len(), pool.queues.len());
    assert!(pool.len() <= limits.count && pool.bytes() <= limits.bytes);
    for (sender, queue) in &pool.queues {
        assert!(!queue.txs.is_empty() && queue.txs.len() <= limits.per_sender);
        assert!(pool.sizes.contains(&(queue.txs.len(), *sender)));
        assert_eq!(queue.cost, Amount::sum(queue.txs.values().map(|one| one.key.cost)).unwrap());
        assert!(queue.txs.keys().all(|nonce| *nonce >= queue.standing.nonce));
    }
    for one in waiting() {
        assert_eq!(pool.places.get(&one.key.hash), Some(&(one.key.sender, one.key.nonce)));
        assert!(one.key.expiry >= Height(height));
    }
    // Candidates are, of every sender, the unbroken nonces from the next one on.
    let mut unbroken: Vec<(Address, u64)> = Vec::new();
    for (sender, queue) in &pool.queues {
        let next = queue.standing.nonce;
        unbroken.extend((next..queue.pending()).map(|nonce| (*sender, nonce)));
    }
    let mut found: Vec<(Address, u64)> =
        pool.candidates().map(|(seed, nonce)| (sender(*seed), *nonce)).collect();
    for (place, (who, nonce)) in found.iter().enumerate() {
        let earlier = found[..place].iter().filter(|(other, _)| other == who);
        assert!(earlier.clone().all(|(_, before)| before < nonce));
    }
    found.sort_unstable();
    unbroken.sort_unstable();
    assert_eq!(found, unbroken);
}
