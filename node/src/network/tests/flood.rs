//! Peers that send too much, or what can never be valid.

use super::super::{Judgement, Rate};
use super::*;

/// Judges what comes: what begins with `x` can never be valid. Says how much of each came.
fn judge(mut peer: Peer) -> tokio::task::JoinHandle<(usize, usize)> {
    tokio::spawn(async move {
        let (mut good, mut bad) = (0, 0);
        while let Some(event) = peer.events.recv().await {
            if let NetworkEvent::TxReceived(tx) = event {
                if tx.bytes.starts_with(b"x") {
                    bad += 1;
                    tx.verdict.give(Judgement::Reject);
                } else {
                    good += 1;
                    tx.verdict.give(Judgement::Accept);
                }
            }
        }
        (good, bad)
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_floods_invalid_transactions_is_banned_and_others_are_heard() {
    let victim = Peer::start(&[]).await;
    let (flooder, honest) =
        (Peer::start(&[&victim.handle]).await, Peer::start(&[&victim.handle]).await);
    soon(victim.handle.wait_for_chain_peers(2)).await;
    soon(flooder.handle.wait_for_chain_peers(1)).await;
    let handle = victim.handle.clone();
    let judged = judge(victim);
    for n in 0..200u8 {
        // It is cut off on the way, and then nobody hears it.
        let _ = flooder.handle.publish_tx(vec![b'x', n]).await;
    }
    until(|| !handle.connected().contains(&flooder.handle.peer_id())).await;
    assert_eq!(handle.counts().banned, 1);
    honest.publish(b"valid", 1).await;
    until(|| handle.counts().accepted == 1).await;
    // The ban holds: its calls are turned away.
    until(|| handle.counts().turned_away > 0).await;
    assert_eq!(handle.connected().into_iter().next(), Some(honest.handle.peer_id()));
    soon(handle.shutdown()).await;
    drop(handle);
    assert_eq!(soon(judged).await.unwrap().0, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_few_invalid_transactions_are_an_accident() {
    let victim = Peer::start(&[]).await;
    let clumsy = Peer::start(&[&victim.handle]).await;
    soon(victim.handle.wait_for_chain_peers(1)).await;
    let handle = victim.handle.clone();
    let _judged = judge(victim);
    for n in 0..5 {
        clumsy.publish(&[b'x', n], 1).await;
    }
    until(|| handle.counts().rejected == 5).await;
    clumsy.publish(b"valid", 1).await;
    until(|| handle.counts().accepted == 1).await;
    assert_eq!(handle.counts().banned, 0);
    let score = handle.peers()[0].score;
    assert!((-400.0..0.0).contains(&score), "{score}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transactions_beyond_a_peer_s_rate_are_not_looked_at_and_others_are() {
    let victim = Peer::start_with(Vec::new(), |config| {
        config.limits.tx_rate = Rate { per_second: 1, burst: 20 };
    })
    .await;
    let (flooder, honest) =
        (Peer::start(&[&victim.handle]).await, Peer::start(&[&victim.handle]).await);
    soon(victim.handle.wait_for_chain_peers(2)).await;
    let handle = victim.handle.clone();
    let _judged = judge(victim);
    for n in 0..100u8 {
        flooder.publish(&[n], 1).await;
    }
    honest.publish(b"honest", 1).await;
    until(|| handle.counts().throttled + handle.counts().accepted == 101).await;
    // Twenty at once, one a second since, and one of the other peer.
    let accepted = handle.counts().accepted;
    assert!((21..=60).contains(&accepted), "{accepted}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_does_not_fill_the_queue_of_all() {
    let victim =
        Peer::start_with(Vec::new(), |config| config.limits.pending_txs_per_peer = 3).await;
    let (flooder, honest) =
        (Peer::start(&[&victim.handle]).await, Peer::start(&[&victim.handle]).await);
    soon(victim.handle.wait_for_chain_peers(2)).await;
    for n in 0..50u8 {
        flooder.publish(&[n], 1).await;
    }
    until(|| victim.handle.counts().ignored == 47).await;
    honest.publish(b"honest", 1).await;
    let mut victim = victim;
    // Kept without a verdict, so that the flooder's share stays full.
    let mut kept = Vec::new();
    loop {
        let tx = victim.next_tx().await;
        let is_honest = tx.bytes == b"honest";
        kept.push(tx);
        if is_honest {
            break;
        }
    }
    assert_eq!(kept.len(), 4);
}
