//! The node's own network: transaction gossip and artifact transfer.
//!
//! The consensus engine has a swarm of its own with no room for applications, so this is a second
//! one, with its own port and a persisted identity: TCP with Noise and Yamux, and QUIC. One task
//! owns the swarm ([`driver`]); the rest of the node holds a [`NetworkHandle`] and a stream of
//! [`NetworkEvent`]s.
//!
//! # Invariants
//! - Every queue, message, wait and connection count has a limit, all of them in [`Limits`].
//! - A transaction is passed on only after the application accepted it.
//! - A file enters the cache only after its hash was checked.
//!
//! # Not here
//! Consensus messages. Finding peers: they are given by address, or call. What a transaction means.
//!
//! Spec: `docs/spec/21-network.md`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use libp2p::identity::Keypair;
use probity_harness::cache::Cache;
use probity_primitives::Hash;
use tokio::sync::{mpsc, watch};

mod behaviour;
pub mod bench;
mod command;
mod dialer;
mod driver;
mod gossip;
mod handle;
pub mod identity;
mod limits;
mod listen;
pub mod transfer;

#[cfg(test)]
mod tests;

pub use libp2p::{Multiaddr, PeerId};

pub use self::command::AskError;
pub use self::gossip::{IncomingTx, Judgement, PublishError, Verdict};
pub use self::handle::NetworkHandle;
pub use self::limits::Limits;
pub use self::transfer::{FetchError, Refusal, Refusals};

use self::command::Asker;
use self::driver::{Driver, Ends};
use self::transfer::fetch::Fetcher;
use self::transfer::serve::Library;

/// Longest wait for the listeners to open.
const OPEN_TIMEOUT: Duration = Duration::from_secs(10);

/// Why the network did not start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// An address cannot be listened at.
    #[error("cannot listen at {address}: {reason}")]
    Listen {
        /// The address.
        address: String,
        /// What the system said.
        reason: String,
    },
    /// The listeners did not open in time.
    #[error("the listeners did not open within {seconds} seconds")]
    Timeout {
        /// The limit.
        seconds: u64,
    },
    /// A transport or protocol could not be set up.
    #[error("cannot set up the network: {0}")]
    Setup(String),
}

/// What the network is told at its start.
#[derive(Debug, Clone)]
pub struct NetworkConfig {
    /// The key that peers know this node by; see [`identity::load_or_create`].
    pub identity: Keypair,
    /// Where to listen. Port 0 lets the system choose.
    pub listen: Vec<Multiaddr>,
    /// Peers to call and to keep calling.
    pub peers: Vec<Multiaddr>,
    /// The chain whose transactions are gossiped.
    pub chain_id: String,
    /// The hash of its genesis.
    pub genesis_hash: Hash,
    /// A folder for files on their way in.
    pub spool: PathBuf,
    /// The limits.
    pub limits: Limits,
}

/// What happens on the network.
#[derive(Debug)]
pub enum NetworkEvent {
    /// A transaction came and waits for its verdict.
    TxReceived(IncomingTx),
    /// A first connection with a peer was made.
    PeerConnected(PeerId),
    /// The last connection with a peer is gone.
    PeerDisconnected(PeerId),
}

/// The network.
#[derive(Debug, Clone, Copy)]
pub struct Network;

impl Network {
    /// Starts the network on the current runtime and returns when it listens at every address.
    ///
    /// Files of `cache` are served to peers, and fetched ones are put there. Events that are not
    /// taken in time are dropped.
    ///
    /// # Errors
    /// [`NetworkError`].
    pub async fn start(
        config: NetworkConfig,
        cache: Cache,
    ) -> Result<(NetworkHandle, mpsc::Receiver<NetworkEvent>), NetworkError> {
        let NetworkConfig { identity, listen, peers, chain_id, genesis_hash, spool, limits } =
            config;
        let topic = gossip::topic(&chain_id, &genesis_hash);
        let swarm = behaviour::swarm(&identity, &topic, &limits).map_err(NetworkError::Setup)?;
        let (commands, commands_end) = mpsc::channel(limits.command_queue.max(1));
        let (events_end, events) = mpsc::channel(limits.event_queue.max(1));
        let (addresses_end, addresses) = watch::channel(Vec::new());
        let (peers_end, connected) = watch::channel(BTreeSet::new());
        let (chain_peers_end, of_chain) = watch::channel(BTreeSet::new());
        let library = Library::new(cache.clone(), limits.outboard_bytes);
        let ends = Ends {
            commands: commands_end,
            events: events_end,
            addresses: addresses_end,
            peers: peers_end,
            chain_peers: chain_peers_end,
        };
        let mut driver = Driver::new(swarm, topic, limits, library, ends);
        driver.call(peers);
        let opened = driver.listen(listen)?;
        tokio::spawn(driver.run());
        let ended = || NetworkError::Setup("the network ended at its start".to_owned());
        let timeout = NetworkError::Timeout { seconds: OPEN_TIMEOUT.as_secs() };
        tokio::time::timeout(OPEN_TIMEOUT, opened)
            .await
            .map_err(|_| timeout)?
            .map_err(|_| ended())??;
        let fetcher = Fetcher { asker: Asker::new(commands.clone()), cache, spool, limits };
        let peer_id = identity.public().to_peer_id();
        let handle = NetworkHandle::new(peer_id, commands, addresses, connected, of_chain, fetcher);
        Ok((handle, events))
    }
}
