//! Nodes that nobody can call, reached through a relay.

use libp2p::multiaddr::Protocol;

use super::super::Reach;
use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_listens_only_through_a_relay_is_reached_and_serves_a_file() {
    let relay = Peer::start_with(Vec::new(), |config| config.nat.relay = true).await;
    let at_relay = relay.handle.listen_addrs().remove(0).with_p2p(relay.handle.peer_id()).unwrap();
    let hidden = Peer::start_with(Vec::new(), |config| {
        config.listen.clear();
        config.nat.reach = Reach::Private;
        config.nat.relays = vec![at_relay.clone()];
    })
    .await;
    until(|| !hidden.handle.listen_addrs().is_empty()).await;
    let address = hidden.handle.listen_addrs().remove(0);
    assert!(address.iter().any(|part| matches!(part, Protocol::P2pCircuit)), "{address}");
    let caller = Peer::start_with(vec![address], |config| config.listen.clear()).await;
    until(|| caller.handle.connected().contains(&hidden.handle.peer_id())).await;
    let peers = caller.handle.peers();
    let view = peers.iter().find(|view| view.peer == hidden.handle.peer_id()).unwrap();
    assert!(view.relayed, "{view:?}");
    let bytes: Vec<u8> = (0..3_000_000u32).map(|n| (n / 7 % 251).try_into().unwrap()).collect();
    let hash = hidden.cache.insert_bytes(&bytes).unwrap();
    let path = soon(caller.handle.fetch(hash, 1 << 30)).await.unwrap();
    assert!(std::fs::read(path).unwrap() == bytes);
    assert!(relay.handle.counts().bytes_in > 3_000_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_no_relay_passes_nothing_on() {
    let other = Peer::start(&[]).await;
    let at_other = other.handle.listen_addrs().remove(0).with_p2p(other.handle.peer_id()).unwrap();
    let hidden = Peer::start_with(Vec::new(), |config| {
        config.listen.clear();
        config.nat.reach = Reach::Private;
        config.nat.relays = vec![at_other];
    })
    .await;
    soon(hidden.handle.wait_for_peers(1)).await;
    let peers = hidden.handle.peers();
    assert!(!peers[0].protocols.iter().any(|name| name.ends_with("/hop")), "{:?}", peers[0]);
    assert!(hidden.handle.listen_addrs().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_that_speak_through_a_relay_go_on_without_it() {
    let relay = Peer::start_with(Vec::new(), |config| config.nat.relay = true).await;
    let at_relay = relay.handle.listen_addrs().remove(0).with_p2p(relay.handle.peer_id()).unwrap();
    // Neither is in the directory, and neither calls anybody by itself.
    let private = |config: &mut NetworkConfig| {
        config.limits.outbound_target = 0;
        config.nat.reach = Reach::Private;
    };
    let hidden = Peer::start_with(Vec::new(), |config| {
        private(config);
        config.nat.relays = vec![at_relay.clone()];
    })
    .await;
    let circuit = || {
        let through =
            |address: &Multiaddr| address.iter().any(|part| matches!(part, Protocol::P2pCircuit));
        hidden.handle.listen_addrs().into_iter().find(through)
    };
    until(|| circuit().is_some()).await;
    let caller = Peer::start_with(circuit().into_iter().collect(), private).await;
    let view = || {
        let peers = caller.handle.peers();
        peers.into_iter().find(|view| view.peer == hidden.handle.peer_id())
    };
    until(|| view().is_some_and(|view| !view.relayed)).await;
}
