//! Putting a node together.
//!
//! Order matters: what can be refused is checked first, the store is opened and its state verified
//! before anything talks, the network runs before the engine, and the API is served last.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use probity_harness::cache::{Cache, CacheError};
use probity_runtime::genesis::ChainIdentity;
use probity_web::ApiLimits;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

use crate::config::NodeConfig;
use crate::consensus::driver::{self, DriverConfig};
use crate::consensus::engine::{self, EngineConfig, EngineError};
use crate::handle::{Inner, NodeHandle};
use crate::keeper::Keeper;
use crate::metrics::{self, Traffic};
use crate::network::identity::{IdentityError, load_or_create};
use crate::network::{Network, NetworkConfig, NetworkError, NetworkEvent, NetworkHandle};
use crate::ports;
use crate::relay;
use crate::replica::{OpenError, Replica};
use crate::shell::Shell;
use crate::snapshot::{self, Shelf};
use crate::store::{self, StoreError};

/// How many heights' time may pass without a block before the engine is started anew.
const STANDSTILL_HEIGHTS: u32 = 60;
/// The shortest such time.
const MIN_STANDSTILL: Duration = Duration::from_secs(60);
/// Requests that wait for the keeper.
const REQUESTS: usize = 64;

/// Why a node does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A directory or a port is not to be had.
    #[error("cannot use {what}: {reason}")]
    Io {
        /// What was wanted.
        what: String,
        /// What the system said.
        reason: std::io::Error,
    },
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A snapshot was being restored when the machine stopped.
    #[error("the restore of a snapshot into {0} was cut short; restore it again")]
    CutShort(PathBuf),
    /// The chain in it cannot be gone on with.
    #[error(transparent)]
    Chain(#[from] OpenError),
    /// The files that peers are served from cannot be kept.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// There is no network identity.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The network does not start.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The engine does not start.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// A node.
#[derive(Debug, Clone, Copy)]
pub struct Node;

impl Node {
    /// Starts a node on the current runtime.
    ///
    /// # Errors
    /// [`StartError`]; nothing is left running then.
    pub async fn start(config: NodeConfig) -> Result<NodeHandle, StartError> {
        let config = Arc::new(config);
        std::fs::create_dir_all(&config.home).map_err(io(config.home.display().to_string()))?;
        let api = listen(config.api).await?;
        let metrics = listen(config.metrics).await?;
        let opening = Arc::clone(&config);
        // Opening reads the whole state.
        let opened = tokio::task::spawn_blocking(move || open(&opening)).await;
        let cut_short = |error| io("the store")(std::io::Error::other(error));
        let (store, replica) = opened.map_err(cut_short)??;
        let identity = Arc::new(replica.chain().identity().clone());
        let consensus = engine_config(&config, &identity)?;
        let history = replica.history();
        let (shell, tip) = Shell::new(replica);
        let shelf = Shelf::new(config.home.join("snapshots"));
        let made = snapshot::keeper::run(config.snapshots, shelf, history.clone(), tip.clone());
        tokio::spawn(made);
        let cache = Cache::open(config.home.join("blobs"))?;
        let (network, events) = start_network(&config, &identity, cache.clone()).await?;
        let settings = DriverConfig { block_time: config.block_time, now_ms };
        let (thread, commands) = driver::spawn(shell, settings).map_err(io("a thread"))?;
        tokio::spawn(relay::run(events, commands.clone(), Arc::clone(&identity)));
        let engine = match engine::start(consensus.clone()).await {
            Ok(engine) => engine,
            Err(error) => {
                thread.stop().await;
                network.shutdown().await;
                return Err(error.into());
            }
        };
        let (requests_end, requests) = mpsc::channel(REQUESTS);
        let (stop_api, stop) = watch::channel(false);
        let inner = Inner {
            genesis: config.genesis.clone(),
            identity,
            tip: tip.clone(),
            store,
            history,
            commands,
            network,
            cache,
            keeper: requests_end,
            consensus_address: consensus.listen.clone(),
            stop_api,
            block_time: config.block_time,
            api: api.as_ref().and_then(|listener| listener.local_addr().ok()),
            metrics: metrics.as_ref().and_then(|listener| listener.local_addr().ok()),
            home: config.home.clone(),
        };
        let standstill = config.block_time.saturating_mul(STANDSTILL_HEIGHTS).max(MIN_STANDSTILL);
        let keeper = Keeper { config: consensus, driver: thread, tip, requests, standstill };
        tokio::spawn(keeper.run(engine));
        let handle = NodeHandle { inner: Arc::new(inner) };
        let traffic = Traffic::new();
        if let Some(listener) = api {
            serve(listener, handle.clone(), &traffic, stop.clone());
        }
        if let Some(listener) = metrics {
            metrics::serve(listener, handle.clone(), &traffic, stop);
        }
        Ok(handle)
    }
}

type Opened = (Arc<dyn store::Store>, Replica);

fn open(config: &NodeConfig) -> Result<Opened, StartError> {
    let folder = config.home.join("store");
    if snapshot::is_cut_short(&folder) {
        return Err(StartError::CutShort(folder));
    }
    let store = store::open(config.store, &folder)?;
    let replica = Replica::open(
        Arc::clone(&store),
        &config.genesis,
        config.operator.clone(),
        config.mempool,
    )?;
    Ok((store, replica))
}

async fn start_network(
    config: &NodeConfig,
    identity: &ChainIdentity,
    cache: Cache,
) -> Result<(NetworkHandle, mpsc::Receiver<NetworkEvent>), StartError> {
    let network = NetworkConfig {
        identity: load_or_create(&config.home.join("network.key"))?,
        listen: config.network_listen.clone(),
        peers: config.network_peers.clone(),
        chain_id: identity.chain_id.to_string(),
        genesis_hash: identity.genesis_hash,
        spool: config.home.join("spool"),
        limits: config.network,
    };
    Ok(Network::start(network, cache).await?)
}

fn engine_config(
    config: &NodeConfig,
    identity: &ChainIdentity,
) -> Result<EngineConfig, StartError> {
    let wanted = &config.consensus_listen;
    Ok(EngineConfig {
        moniker: config.name.clone(),
        chain: identity.clone(),
        listen: ports::resolve(wanted).map_err(io(wanted.to_string()))?,
        peers: config.consensus_peers.clone(),
        identity: load_or_create(&config.home.join("engine.key"))?,
        operator: config.operator.as_ref().map(|keys| (keys.operator, keys.keypair.clone())),
        wal: config.home.join("engine.wal"),
        block_time: config.block_time,
    })
}

async fn listen(wanted: Option<SocketAddr>) -> Result<Option<TcpListener>, StartError> {
    let Some(address) = wanted else { return Ok(None) };
    let listener = TcpListener::bind(address).await.map_err(io(address.to_string()))?;
    Ok(Some(listener))
}

/// Serves the API until the node stops.
fn serve(
    listener: TcpListener,
    node: NodeHandle,
    traffic: &Traffic,
    mut stop: watch::Receiver<bool>,
) {
    let limits = ApiLimits::default();
    let router = probity_web::router(Arc::new(node), limits);
    let router = probity_web::observed(router, traffic.observer());
    let stopped = async move {
        // An error means that the node is gone, which is a stop too.
        let _ = stop.wait_for(|stop| *stop).await;
    };
    tokio::spawn(async move {
        if let Err(error) = probity_web::serve(listener, router, limits, stopped).await {
            tracing::error!(%error, "the API ended");
        }
    });
}

fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> StartError {
    let what = what.into();
    |reason| StartError::Io { what, reason }
}

/// The clock, in milliseconds since 1970; a clock before that stands at 0.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
