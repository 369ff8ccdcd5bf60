//! Several networks in one process, on loopback, with real sockets.
//!
//! Every test waits for conditions and ends within [`PATIENCE`].

use std::future::Future;
use std::time::Duration;

use libp2p::identity::Keypair;
use probity_harness::cache::Cache;
use probity_primitives::Hash;
use tokio::sync::mpsc;

use super::{
    IncomingTx, Limits, Multiaddr, Nat, Network, NetworkConfig, NetworkEvent, NetworkHandle,
};

mod flood;
mod gossip;
mod nat;
mod peers;
mod providers;
mod scripted;
mod transfer;

/// The longest that anything may take.
const PATIENCE: Duration = Duration::from_secs(30);

async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("this takes too long")
}

/// Waits until something is so.
async fn until(what: impl Fn() -> bool) {
    let mut look = tokio::time::interval(Duration::from_millis(20));
    soon(async {
        while !what() {
            look.tick().await;
        }
    })
    .await;
}

/// A network with its events and its files.
struct Peer {
    handle: NetworkHandle,
    events: mpsc::Receiver<NetworkEvent>,
    cache: Cache,
    dir: tempfile::TempDir,
}

impl Peer {
    async fn start(peers: &[&NetworkHandle]) -> Self {
        let addresses = peers.iter().flat_map(|peer| peer.listen_addrs()).collect();
        Self::start_with(addresses, |_| {}).await
    }

    async fn start_with(peers: Vec<Multiaddr>, change: impl FnOnce(&mut NetworkConfig)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::open(dir.path().join("cache")).unwrap();
        let mut config = NetworkConfig {
            identity: Keypair::generate_ed25519(),
            listen: vec!["/ip4/127.0.0.1/tcp/0".parse().unwrap()],
            peers,
            chain_id: "test".to_owned(),
            genesis_hash: Hash::ZERO,
            spool: dir.path().join("spool"),
            peers_file: None,
            statement: None,
            nat: Nat::default(),
            limits: Limits::default(),
        };
        change(&mut config);
        let (handle, events) = Network::start(config, cache.clone()).await.unwrap();
        Self { handle, events, cache, dir }
    }

    /// Gossips to `listeners` peers, as soon as so many listen.
    async fn publish(&self, tx: &[u8], listeners: usize) {
        soon(self.handle.wait_for_chain_peers(listeners)).await;
        self.handle.publish_tx(tx.to_vec()).await.unwrap();
    }

    async fn next_tx(&mut self) -> IncomingTx {
        let next = async {
            loop {
                if let NetworkEvent::TxReceived(tx) = self.events.recv().await.unwrap() {
                    return tx;
                }
            }
        };
        soon(next).await
    }
}
