//! Who is let in, and what is shown of them.

use probity_primitives::{Address, Network as Net, OperatorId};

use super::super::{BoundOperator, Direction, Reach, Statement};
use super::scripted::silent;
use super::*;

/// An operator and its key.
fn operator(seed: u8) -> (OperatorId, probity_primitives::Keypair) {
    let pair = probity_primitives::Keypair::from_seed([seed; 32]);
    (OperatorId::of(&Address::of(&pair.public(), Net::Test), &pair.public()), pair)
}

/// A change of the configuration that counts connections on loopback like any other.
fn strict(change: impl FnOnce(&mut Limits)) -> impl FnOnce(&mut NetworkConfig) {
    |config| {
        config.limits.local_counts = true;
        change(&mut config.limits);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_of_another_chain_is_refused_by_both_and_counted() {
    let first = Peer::start(&[]).await;
    let other = Peer::start_with(first.handle.listen_addrs(), |config| {
        config.genesis_hash = Hash::from_bytes([1; 32]);
    })
    .await;
    let same = Peer::start(&[&first.handle]).await;
    // Whoever hears it first hangs up, and then the other may not have heard it.
    let refused = || first.handle.counts().other_chain + other.handle.counts().other_chain;
    until(|| refused() > 0 && first.handle.connected().len() == 1).await;
    assert!(other.handle.connected().is_empty());
    assert_eq!(first.handle.connected().into_iter().next(), Some(same.handle.peer_id()));
    assert!(first.handle.counts().banned + other.handle.counts().banned > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_does_not_say_which_chain_it_is_of_is_refused() {
    let first = Peer::start_with(Vec::new(), |config| {
        config.limits.introduction = Duration::from_millis(500);
    })
    .await;
    silent(first.handle.listen_addrs().remove(0)).await;
    let known = Peer::start(&[&first.handle]).await;
    until(|| first.handle.counts().other_chain == 1).await;
    assert_eq!(first.handle.connected().into_iter().next(), Some(known.handle.peer_id()));
    assert_eq!(first.handle.connected().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_s_statement_is_shown_and_a_borrowed_one_is_not() {
    let (id, pair) = operator(1);
    let identity = Keypair::generate_ed25519();
    let peer = identity.public().to_peer_id();
    let statement = Statement::sign(&Hash::ZERO, id, &pair, &peer);
    let first = Peer::start(&[]).await;
    let bound = Peer::start_with(first.handle.listen_addrs(), |config| {
        config.identity = identity;
        config.statement = Some(statement);
    })
    .await;
    let thief = Peer::start_with(first.handle.listen_addrs(), |config| {
        config.statement = Some(statement);
    })
    .await;
    soon(first.handle.wait_for_peers(2)).await;
    let operator_of = |peer| {
        let peers = first.handle.peers();
        peers.iter().find(|view| view.peer == peer).and_then(|view| view.operator)
    };
    let expected = BoundOperator { operator: id, key: pair.public() };
    assert_eq!(operator_of(bound.handle.peer_id()), Some(expected));
    assert_eq!(operator_of(thief.handle.peer_id()), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn peers_are_shown_with_what_is_known_of_them() {
    let first = Peer::start(&[]).await;
    let second = Peer::start(&[&first.handle]).await;
    soon(async { tokio::join!(first.handle.wait_for_peers(1), second.handle.wait_for_peers(1)) })
        .await;
    let hash = first.cache.insert_bytes(&[5; 100_000]).unwrap();
    soon(second.handle.fetch(hash, 1 << 20)).await.unwrap();
    until(|| second.handle.peers().iter().all(|view| view.latency.is_some())).await;
    let [of_first] = &second.handle.peers()[..] else { panic!("one peer") };
    assert_eq!((of_first.peer, of_first.direction), (first.handle.peer_id(), Direction::Outbound));
    assert!(of_first.kept && !of_first.relayed);
    assert!(of_first.agent.starts_with("probity/"), "{}", of_first.agent);
    assert!(of_first.protocols.iter().any(|name| name == "/probity/transfer/1"));
    assert!(of_first.bytes_in > 100_000 && of_first.bytes_out > 0, "{of_first:?}");
    assert!(of_first.connected_since_ms > 0);
    let [of_second] = &first.handle.peers()[..] else { panic!("one peer") };
    assert_eq!(of_second.direction, Direction::Inbound);
    assert!(!of_second.kept && of_second.bytes_out > 100_000);
    until(|| second.handle.counts().bytes_fetched == 100_000).await;
    let counts = second.handle.counts();
    assert_eq!((counts.peers_in, counts.peers_out), (0, 1));
    assert!(counts.bytes_in >= of_first.bytes_in);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_with_too_many_connections_is_turned_away() {
    let server = Peer::start_with(Vec::new(), strict(|limits| limits.connections_per_ip = 2)).await;
    let mut callers = Vec::new();
    for _ in 0..5 {
        callers.push(Peer::start(&[&server.handle]).await);
    }
    until(|| server.handle.counts().turned_away >= 3).await;
    soon(server.handle.wait_for_peers(2)).await;
    assert_eq!(server.handle.connected().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_do_not_take_the_places_of_this_node_s_own_calls() {
    let friend = Peer::start(&[]).await;
    let node = Peer::start_with(Vec::new(), |config| {
        config.limits.incoming_connections = 2;
        config.limits.outgoing_connections = 1;
        // Nobody tells it of others.
        config.limits.outbound_target = 0;
        config.nat.reach = Reach::Private;
    })
    .await;
    let mut callers = Vec::new();
    for _ in 0..4 {
        callers.push(Peer::start(&[&node.handle]).await);
    }
    soon(node.handle.wait_for_peers(2)).await;
    node.handle.add_peer(friend.handle.listen_addrs().remove(0)).await;
    until(|| node.handle.connected().contains(&friend.handle.peer_id())).await;
    assert_eq!(node.handle.counts().peers_in, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_into_one_neighbourhood_are_limited_but_not_to_kept_peers() {
    let others = [Peer::start(&[]).await, Peer::start(&[]).await, Peer::start(&[]).await];
    let named = |peer: &Peer| {
        let address = peer.handle.listen_addrs().remove(0);
        address.with_p2p(peer.handle.peer_id()).unwrap()
    };
    let meet = Peer::start(&[&others[0].handle, &others[1].handle, &others[2].handle]).await;
    soon(meet.handle.wait_for_peers(3)).await;
    // It is told of all three by the fourth, and may call one of them beside.
    let node = Peer::start_with(vec![named(&meet)], |config| {
        config.limits.local_counts = true;
        config.limits.outbound_per_subnet = 1;
        config.listen.clear();
        config.nat.reach = Reach::Private;
    })
    .await;
    soon(node.handle.wait_for_peers(2)).await;
    until(|| node.handle.counts().turned_away > 0 || node.handle.connected().len() > 2).await;
    assert_eq!(node.handle.counts().peers_out, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn good_peers_are_called_again_after_a_restart() {
    let friend = Peer::start(&[]).await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("peers.json");
    let start = |peers| {
        let file = file.clone();
        Peer::start_with(peers, move |config| config.peers_file = Some(file))
    };
    let before = start(friend.handle.listen_addrs()).await;
    soon(before.handle.wait_for_peers(1)).await;
    soon(before.handle.shutdown()).await;
    until(|| file.is_file()).await;
    let after = start(Vec::new()).await;
    soon(after.handle.wait_for_peers(1)).await;
    assert!(after.handle.connected().contains(&friend.handle.peer_id()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn peers_become_known_through_each_other() {
    let first = Peer::start(&[]).await;
    let second = Peer::start(&[&first.handle]).await;
    let third = Peer::start(&[&second.handle]).await;
    until(|| third.handle.connected().contains(&first.handle.peer_id())).await;
}
