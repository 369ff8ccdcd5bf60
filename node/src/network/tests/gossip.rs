//! Transaction gossip between several networks.

use futures::future::join_all;

use super::super::{Judgement, PublishError, Reach};
use super::*;

/// Three peers in a line: the first and the last know only the middle.
async fn line() -> (Peer, Peer, Peer) {
    let middle = Peer::start(&[]).await;
    // They keep to themselves, or the directory would make them known to each other.
    let hidden = |config: &mut NetworkConfig| config.nat.reach = Reach::Private;
    let first = Peer::start_with(middle.handle.listen_addrs(), hidden).await;
    let last = Peer::start_with(middle.handle.listen_addrs(), hidden).await;
    soon(middle.handle.wait_for_chain_peers(2)).await;
    (first, middle, last)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_reaches_three_peers_once() {
    let first = Peer::start(&[]).await;
    let second = Peer::start(&[&first.handle]).await;
    let third = Peer::start(&[&first.handle, &second.handle]).await;
    let fourth = Peer::start(&[&first.handle, &second.handle, &third.handle]).await;
    first.publish(b"transaction", 3).await;
    first.publish(b"the one after", 3).await;
    let take_two = |mut peer: Peer| async move {
        let mut seen = Vec::new();
        while seen.len() < 2 {
            let tx = peer.next_tx().await;
            seen.push(tx.bytes);
            tx.verdict.give(Judgement::Accept);
        }
        seen.sort();
        assert_eq!(seen, [&b"the one after"[..], b"transaction"]);
        peer
    };
    // All stay until all have heard, because they pass transactions on to each other.
    let _peers = join_all([second, third, fourth].map(take_two)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_an_accepted_transaction_is_passed_on() {
    let (first, mut middle, mut last) = line().await;
    for (tx, judgement) in [
        (&b"rejected"[..], Some(Judgement::Reject)),
        (b"ignored", Some(Judgement::Ignore)),
        (b"never judged", None),
        (b"accepted", Some(Judgement::Accept)),
    ] {
        first.publish(tx, 1).await;
        let received = middle.next_tx().await;
        assert_eq!(received.bytes, tx);
        assert_eq!(received.peer, first.handle.peer_id());
        match judgement {
            Some(judgement) => received.verdict.give(judgement),
            None => drop(received),
        }
    }
    let received = last.next_tx().await;
    assert_eq!(received.bytes, b"accepted");
    assert_eq!(received.peer, middle.handle.peer_id());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_is_gossiped_once_and_within_its_limit() {
    let first = Peer::start(&[]).await;
    let mut second = Peer::start(&[&first.handle]).await;
    let limit = Limits::default().max_tx_bytes;
    let long = first.handle.publish_tx(vec![0; limit + 1]).await;
    assert_eq!(long, Err(PublishError::TooLong { len: limit + 1, limit }));
    first.publish(&vec![1; limit], 1).await;
    assert_eq!(second.next_tx().await.bytes.len(), limit);
    let again = first.handle.publish_tx(vec![1; limit]).await;
    assert_eq!(again, Err(PublishError::Duplicate));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_above_the_receiver_s_limit_does_not_reach_its_application() {
    let first = Peer::start(&[]).await;
    let addresses = first.handle.listen_addrs();
    let mut second = Peer::start_with(addresses, |config| config.limits.max_tx_bytes = 100).await;
    first.publish(&[1; 101], 1).await;
    first.publish(&[2; 100], 1).await;
    assert_eq!(second.next_tx().await.bytes, [2; 100]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_application_that_takes_no_events_stops_nobody() {
    let slow = Peer::start_with(Vec::new(), |config| {
        config.limits.event_queue = 1;
        config.limits.pending_txs = 2;
    })
    .await;
    let first = Peer::start(&[&slow.handle]).await;
    for n in 0..50u8 {
        first.publish(&[n], 1).await;
    }
    let hash = slow.cache.insert_bytes(b"file").unwrap();
    let path = soon(first.handle.fetch(hash, 100)).await.unwrap();
    assert_eq!(std::fs::read(path).unwrap(), b"file");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_comes_back_is_connected_again() {
    let identity = Keypair::generate_ed25519();
    let listening = |listen: Vec<Multiaddr>| {
        let identity = identity.clone();
        Peer::start_with(Vec::new(), move |config| {
            config.identity = identity;
            config.listen = listen;
        })
    };
    let before = listening(vec!["/ip4/127.0.0.1/tcp/0".parse().unwrap()]).await;
    let addresses = before.handle.listen_addrs();
    let mut caller = Peer::start(&[]).await;
    for address in &addresses {
        caller.handle.add_peer(address.clone()).await;
    }
    soon(caller.handle.wait_for_peers(1)).await;
    soon(before.handle.shutdown()).await;
    let lost = async {
        while !matches!(caller.events.recv().await, Some(NetworkEvent::PeerDisconnected(_))) {}
    };
    soon(lost).await;
    assert!(caller.handle.connected().is_empty());
    let after = listening(addresses).await;
    soon(caller.handle.wait_for_peers(1)).await;
    assert!(caller.handle.connected().contains(&after.handle.peer_id()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_ends_with_its_last_handle() {
    let first = Peer::start(&[]).await;
    let mut second = Peer::start(&[&first.handle]).await;
    soon(second.handle.wait_for_peers(1)).await;
    let Peer { handle, mut events, .. } = first;
    drop(handle);
    soon(async { while events.recv().await.is_some() {} }).await;
    let lost = async {
        while !matches!(second.events.recv().await, Some(NetworkEvent::PeerDisconnected(_))) {}
    };
    soon(lost).await;
}

#[tokio::test]
async fn an_address_in_use_is_an_error_that_names_it() {
    let first = Peer::start(&[]).await;
    let dir = tempfile::tempdir().unwrap();
    let address = first.handle.listen_addrs().remove(0);
    let config = NetworkConfig {
        identity: Keypair::generate_ed25519(),
        listen: vec![address.clone()],
        peers: Vec::new(),
        chain_id: "test".to_owned(),
        genesis_hash: Hash::ZERO,
        spool: dir.path().join("spool"),
        peers_file: None,
        statement: None,
        nat: Nat::default(),
        limits: Limits::default(),
    };
    let cache = Cache::open(dir.path().join("cache")).unwrap();
    let error = soon(Network::start(config, cache)).await.err().unwrap().to_string();
    assert!(error.starts_with(&format!("cannot listen at {address}: ")), "{error}");
}
