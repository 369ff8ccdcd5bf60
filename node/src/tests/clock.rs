//! Clocks that are an hour off: what a network of real engines makes of them.

use std::sync::atomic::{AtomicI64, Ordering};

use super::*;

const HOUR_MS: i64 = 3_600_000;

/// How far the clock of the first test's odd node is off; a clock is a function, so this is static.
static EARLY: AtomicI64 = AtomicI64::new(HOUR_MS);
/// The same for the second test.
static LATE: AtomicI64 = AtomicI64::new(-HOUR_MS);

fn early() -> u64 {
    now_ms().saturating_add_signed(EARLY.load(Ordering::SeqCst))
}

fn late() -> u64 {
    now_ms().saturating_add_signed(LATE.load(Ordering::SeqCst))
}

/// Four validators, of which the first has this clock.
async fn odd(name: &str, clock: fn() -> u64) -> Four {
    Four::changed(name, genesis(4), StoreKind::Memory, |seed, config| {
        if seed == 1 { NodeConfig { clock, ..config } } else { config }
    })
    .await
}

/// Waits until the others have decided a height for which `wanted` holds, past what there is now.
async fn decided(four: &Four, wanted: impl Fn(&Block, u32) -> bool) -> u64 {
    let node = &four.nodes[1];
    let mut tip = node.tip();
    let mut next = node.snapshot().height().0 + 1;
    let found = async {
        loop {
            while next <= tip.borrow_and_update().height().0 {
                let block = node.block(Height(next)).unwrap().unwrap();
                let round = node.certificate(Height(next)).unwrap().unwrap().round;
                if wanted(&block, round) {
                    return next;
                }
                next += 1;
            }
            tip.changed().await.unwrap();
        }
    };
    tokio::time::timeout(PATIENCE, found).await.expect("no such block in time")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proposer_an_hour_ahead_is_voted_down_until_its_clock_is_set() {
    let four = odd("early", early).await;
    let first = keys(1).operator;
    let validators = four.nodes[0].snapshot().validators().clone();
    let turn = |height: Height| proposer(&validators, height, 0).map(|turn| turn.operator);
    // Its turns pass in vain, and others decide those heights with the time that it is.
    for _ in 0..2 {
        let height = decided(&four, |block, _| turn(block.header.height) == Some(first)).await;
        four.reach(height).await;
        let block = four.agreed(height);
        assert_ne!(block.header.proposer, first);
        assert!(block.header.time_ms < now_ms() + 10_000);
    }
    assert!(four.nodes[0].is_behind() && !four.nodes[1].is_behind());
    EARLY.store(0, Ordering::SeqCst);
    let height = decided(&four, |block, round| block.header.proposer == first && round == 0).await;
    four.reach(height).await;
    four.agreed(height);
    four.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_an_hour_behind_refuses_new_blocks_follows_those_decided_and_votes_when_it_is_set() {
    let four = odd("late", late).await;
    let first = keys(1).operator;
    let signed = |height: u64| {
        let votes = four.nodes[1].certificate(Height(height)).unwrap().unwrap();
        votes.signatures.iter().any(|(signer, _)| *signer == first)
    };
    four.reach(6).await;
    for height in 1..=6 {
        let block = four.agreed(height);
        assert!(block.header.proposer == first || !signed(height), "it voted at height {height}");
    }
    assert!(four.nodes[0].head_ahead() > Duration::from_secs(3_000));
    LATE.store(0, Ordering::SeqCst);
    let others = |block: &Block, _| block.header.proposer != first && signed(block.header.height.0);
    let height = decided(&four, others).await;
    four.reach(height).await;
    four.agreed(height);
    assert_eq!(four.nodes[0].head_ahead(), Duration::ZERO);
    four.shutdown().await;
}
