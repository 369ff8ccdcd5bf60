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
//! - A peer counts only after it said that it belongs to this chain; peers of others are refused.
//!
//! # Not here
//! Consensus messages. What a transaction means. Whether an operator's key is its key.
//!
//! Spec: `docs/spec/21-network.md`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use libp2p::identity::Keypair;
use probity_harness::cache::Cache;
use probity_primitives::Hash;
use tokio::sync::{mpsc, oneshot, watch};

mod behaviour;
pub mod bench;
mod command;
mod conduct;
mod counters;
mod dialer;
mod driver;
mod gossip;
mod guard;
mod handle;
pub mod identity;
mod known;
mod limits;
mod listen;
mod meter;
pub mod nat;
mod peers;
mod rate;
mod score;
mod settings;
mod statement;
mod subnet;
pub mod transfer;
mod transport;

#[cfg(test)]
mod tests;

pub use libp2p::{Multiaddr, PeerId};

pub use self::command::AskError;
pub use self::counters::NetworkCounts;
pub use self::gossip::{IncomingTx, Judgement, PublishError, Verdict};
pub use self::guard::TurnedAway;
pub use self::handle::NetworkHandle;
pub use self::limits::Limits;
pub use self::nat::{Nat, Reach};
pub use self::peers::{Direction, PeerView};
pub use self::rate::Rate;
pub use self::settings::{Settings, SettingsError};
pub use self::statement::{BoundOperator, Statement};
pub use self::transfer::{FetchError, Refusal, Refusals};

use self::behaviour::Parts;
use self::command::Asker;
use self::counters::Counters;
use self::driver::{Driver, Ends};
use self::handle::Views;
use self::meter::Meters;
use self::peers::Book;
use self::transfer::fetch::Fetcher;

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
    /// A file for the peers that were good, to call them again after a restart.
    pub peers_file: Option<PathBuf>,
    /// The operator's statement that this node is its own, shown to all peers.
    pub statement: Option<Statement>,
    /// How this node is reached.
    pub nat: Nat,
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
        let counters = Arc::new(Counters::default());
        let meters = Meters::new(Arc::clone(&counters));
        let topic = gossip::topic(&config.chain_id, &config.genesis_hash);
        let swarm = behaviour::swarm(&Parts {
            identity: &config.identity,
            topic: &topic,
            genesis: &config.genesis_hash,
            statement: config.statement.as_ref(),
            limits: &config.limits,
            nat: &config.nat,
            counters: &counters,
            meters: &meters,
        });
        let swarm = swarm.map_err(NetworkError::Setup)?;
        let limits = config.limits;
        let (commands, commands_end) = mpsc::channel(limits.command_queue.max(1));
        let (events_end, events) = mpsc::channel(limits.event_queue.max(1));
        let (addresses_end, addresses) = watch::channel(Vec::new());
        let (peers_end, connected) = watch::channel(BTreeSet::new());
        let (chain_peers_end, chain_peers) = watch::channel(BTreeSet::new());
        let book = Book::default();
        let ends = Ends {
            commands: commands_end,
            events: events_end,
            addresses: addresses_end,
            peers: peers_end,
            chain_peers: chain_peers_end,
            book: book.clone(),
            counters: Arc::clone(&counters),
            meters,
        };
        let settings = driver::Settings {
            topic,
            genesis: config.genesis_hash,
            limits,
            cache: cache.clone(),
            spool: config.spool.clone(),
            peers_file: config.peers_file,
            reachable: config.nat.is_reachable(&config.listen),
            nat: config.nat,
        };
        let mut driver = Driver::new(swarm, settings, ends);
        driver.call(config.peers);
        let opened = driver.listen(config.listen)?;
        tokio::spawn(driver.run());
        wait_until_open(opened).await?;
        let asker = Asker::new(commands.clone());
        let fetcher = Fetcher { asker, cache, spool: config.spool, limits };
        let peer_id = config.identity.public().to_peer_id();
        let views = Views { addresses, connected, chain_peers, book, counters };
        Ok((NetworkHandle::new(peer_id, commands, views, fetcher), events))
    }
}

async fn wait_until_open(
    opened: oneshot::Receiver<Result<(), NetworkError>>,
) -> Result<(), NetworkError> {
    let timeout = NetworkError::Timeout { seconds: OPEN_TIMEOUT.as_secs() };
    tokio::time::timeout(OPEN_TIMEOUT, opened)
        .await
        .map_err(|_| timeout)?
        .map_err(|_| NetworkError::Setup("the network ended at its start".to_owned()))?
}
