//! Putting a node together.
//!
//! Order matters: what can be refused is checked first, the store is opened and its state verified
//! before anything talks, the network runs before the engine, and the API is served last. What others
//! ask runs on threads of [`Service`], and everything that blocks depend on, on those of the caller.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::future::BoxFuture;
use probity_harness::cache::{Cache, CacheError};
use probity_keys::guard::GuardError;
use probity_keys::lock::{FolderLock, LockError};
use probity_runtime::Chain;
use probity_runtime::genesis::ChainIdentity;
use probity_runtime::upgrade::Missing;
use probity_web::{ApiLimits, Server};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, watch};

use crate::config::NodeConfig;
use crate::consensus::driver::{self, DriverConfig};
use crate::consensus::engine::{self, EngineConfig, EngineError};
use crate::consensus::safety::Safety;
use crate::docket::Docket;
use crate::handle::{Inner, NodeHandle};
use crate::keeper::Keeper;
use crate::lookout;
use crate::metrics::{self, Pool, Traffic};
use crate::network::identity::{IdentityError, load_or_create};
use crate::network::{
    Network, NetworkConfig, NetworkError, NetworkEvent, NetworkHandle, Statement,
};
use crate::ports;
use crate::relay;
use crate::replica::history::History;
use crate::replica::{OpenError, OperatorKeys, Replica};
use crate::reporter::Reporter;
use crate::service::Service;
use crate::shell::Shell;
use crate::snapshot::{self, Shelf};
use crate::store::mark::{self, Mark, MarkError};
use crate::store::{self, StoreError, StoreKind};
use crate::vigil;

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
    /// The next block needs a newer program.
    #[error(transparent)]
    Outdated(Missing),
    /// It is not as far as it was.
    #[error(transparent)]
    Mark(#[from] MarkError),
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
    /// Another process uses the node's folder.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// What the operator's key signed before is not known for sure.
    #[error(transparent)]
    Guard(#[from] GuardError),
}

impl StartError {
    /// What a newer program must have, if that is what the node needs.
    #[must_use]
    pub const fn missing(&self) -> Option<&Missing> {
        match self {
            Self::Outdated(missing) | Self::Chain(OpenError::Newer(missing)) => Some(missing),
            Self::Io { .. }
            | Self::Store(_)
            | Self::CutShort(_)
            | Self::Mark(_)
            | Self::Chain(_)
            | Self::Cache(_)
            | Self::Identity(_)
            | Self::Network(_)
            | Self::Engine(_)
            | Self::Lock(_)
            | Self::Guard(_) => None,
        }
    }

    /// Whether the node would have started, had it not been unsafe.
    #[must_use]
    pub const fn is_refusal(&self) -> bool {
        matches!(self, Self::Lock(LockError::Held { .. }) | Self::Guard(_))
    }
}

/// A node.
#[derive(Debug, Clone, Copy)]
pub struct Node;

impl Node {
    /// Starts a node on the current runtime.
    ///
    /// The future is boxed so that engine and networks, which are generic, are compiled with this
    /// crate; otherwise every crate that starts a node would compile them once more.
    ///
    /// # Errors
    /// [`StartError`]; nothing is left running then.
    pub fn start(config: NodeConfig) -> BoxFuture<'static, Result<NodeHandle, StartError>> {
        Box::pin(Self::assemble(config))
    }

    async fn assemble(config: NodeConfig) -> Result<NodeHandle, StartError> {
        let config = Arc::new(config);
        std::fs::create_dir_all(&config.home).map_err(io(config.home.display().to_string()))?;
        let began_ms = (config.clock)();
        let lock = lock(&config).await?;
        let (service, api) = open_service(config.api).await?;
        let metrics = listen(config.metrics).await?;
        let (store, replica) = open_store(&config).await?;
        let identity = Arc::new(replica.chain().identity().clone());
        let safety = open_safety(&config, &identity, began_ms)?;
        let (consensus, later) = engine_configs(&config, &identity, safety.clone())?;
        let history = replica.history();
        let mark = mark(&config, &replica)?;
        let docket = open_docket(&config, &identity);
        let pool = Pool::default();
        let (shell, tip) = Shell::new(replica, safety.clone(), docket.clone(), pool.clone());
        let broken = shell.broken();
        let shelf = follow(&config, mark, &history, &tip);
        let cache = Cache::open(config.home.join("blobs"))?;
        let (network, events) = start_network(&config, &identity, cache.clone(), &service).await?;
        let settings = DriverConfig { block_time: config.block_time, now_ms: config.clock };
        let (thread, commands) = driver::spawn(shell, settings).map_err(io("a thread"))?;
        let relay = relay::run(events, commands.clone(), Arc::clone(&identity), pool.clone());
        service.handle().spawn(relay);
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
            broken,
            store,
            history,
            shelf,
            commands,
            intake: Semaphore::new(relay::INTAKE),
            pool: pool.clone(),
            network,
            cache,
            keeper: requests_end,
            consensus_address: consensus.listen.clone(),
            stop_api,
            block_time: config.block_time,
            clock: config.clock,
            api: api.as_ref().and_then(|listener| listener.local_addr().ok()),
            metrics: metrics.as_ref().and_then(|listener| listener.local_addr().ok()),
            home: config.home.clone(),
            offers: Arc::clone(&consensus.offers),
            safety,
            lock: Mutex::new(Some(lock)),
            service,
        };
        let standstill = config.block_time.saturating_mul(STANDSTILL_HEIGHTS).max(MIN_STANDSTILL);
        let keeper = Keeper { config: consensus, later, driver: thread, tip, requests, standstill };
        let handle = NodeHandle { inner: Arc::new(inner) };
        watch_over(&config, &handle, keeper.later.is_some(), docket);
        tokio::spawn(keeper.run(engine));
        open_doors(&handle, (api, config.api_limits, metrics), &pool, &stop);
        Ok(handle)
    }
}

/// The threads that answer others, and the port at which the API is served by them.
async fn open_service(
    api: Option<SocketAddr>,
) -> Result<(Service, Option<TcpListener>), StartError> {
    let service = Service::start().map_err(io("threads"))?;
    let api = listen(api).await?.map(|listener| service.adopt(listener)).transpose();
    let api = api.map_err(io("the API's port"))?;
    Ok((service, api))
}

/// Serves the API and the monitors' port where they are wanted.
fn open_doors(
    node: &NodeHandle,
    (api, limits, metrics): (Option<TcpListener>, ApiLimits, Option<TcpListener>),
    pool: &Pool,
    stop: &watch::Receiver<bool>,
) {
    let traffic = Traffic::new();
    if let Some(listener) = api {
        serve(listener, limits, node.clone(), &traffic, stop.clone());
    }
    if let Some(listener) = metrics {
        metrics::serve(listener, node.clone(), (&traffic, pool), stop.clone());
    }
}

/// Listens for the operator's key before it is used, reports who signs twice, and says if this
/// node's peers cannot help it.
fn watch_over(config: &NodeConfig, node: &NodeHandle, listens: bool, docket: Option<Arc<Docket>>) {
    if let (Some(safety), true) = (node.inner.safety.clone(), listens) {
        let keeper = node.inner.keeper.clone();
        tokio::spawn(vigil::keep(config.vigil, safety, node.tip(), keeper));
    }
    if let (Some(keys), Some(docket)) = (config.operator.clone(), docket) {
        tokio::spawn(Reporter::new(node.clone(), keys, docket).run());
    }
    tokio::spawn(lookout::run(node.tip(), Arc::clone(&node.inner.offers)));
}

/// The lock of the node's folder, which may take a moment to be let go by another process.
async fn lock(config: &Arc<NodeConfig>) -> Result<FolderLock, StartError> {
    let config = Arc::clone(config);
    let taken = tokio::task::spawn_blocking(move || FolderLock::take(&config.home)).await;
    Ok(taken.map_err(|error| io("the lock")(std::io::Error::other(error)))??)
}

fn open_safety(
    config: &NodeConfig,
    identity: &ChainIdentity,
    began_ms: u64,
) -> Result<Option<Arc<Safety>>, StartError> {
    let Some(keys) = &config.operator else { return Ok(None) };
    let (operator, key) = (keys.operator, keys.keypair.public());
    let safety = Safety::open(&config.home, identity.clone(), operator, key, began_ms)?;
    Ok(Some(Arc::new(safety)))
}

/// Evidence that waits; none without an operator, who could not pay for reporting it.
fn open_docket(config: &NodeConfig, identity: &ChainIdentity) -> Option<Arc<Docket>> {
    let own = config.operator.as_ref()?.operator;
    Some(Arc::new(Docket::open(&config.home, identity.genesis_hash, own)))
}

/// How the engine is started now, and how once the node has listened for its own key.
fn engine_configs(
    config: &NodeConfig,
    identity: &ChainIdentity,
    safety: Option<Arc<Safety>>,
) -> Result<(EngineConfig, Option<EngineConfig>), StartError> {
    let voting = EngineConfig { safety, ..engine_config(config, identity)? };
    if voting.operator.is_none() || config.vigil.heights == 0 {
        return Ok((voting, None));
    }
    // The log of its votes stays as it is until it votes again.
    let wal = config.home.join("listening.wal");
    let listening = EngineConfig { operator: None, wal, ..voting.clone() };
    Ok((listening, Some(voting)))
}

type Opened = (Arc<dyn store::Store>, Replica);

/// Opens the store on a thread of its own: that reads the whole state.
async fn open_store(config: &Arc<NodeConfig>) -> Result<Opened, StartError> {
    let config = Arc::clone(config);
    let opened = tokio::task::spawn_blocking(move || open(&config)).await;
    opened.map_err(|error| io("the store")(std::io::Error::other(error)))?
}

fn open(config: &NodeConfig) -> Result<Opened, StartError> {
    let folder = config.home.join("store");
    if snapshot::is_cut_short(&folder) {
        return Err(StartError::CutShort(folder));
    }
    if !folder.exists() {
        // Whoever moved a store away wants another one.
        mark::forget(&folder)?;
    }
    let store = store::open(config.store, &folder)?;
    let replica = Replica::open_by(
        Arc::clone(&store),
        &config.genesis,
        config.operator.clone(),
        config.mempool,
        config.rules,
    )?;
    if let Some(missing) = replica.chain().missing() {
        return Err(StartError::Outdated(missing));
    }
    Ok((store, replica.keeping(config.keep)))
}

/// Starts what follows the chain to the disk: the mark of its height and its snapshots. Gives the
/// snapshots if others may have them.
fn follow(
    config: &NodeConfig,
    mark: Option<Mark>,
    history: &History,
    tip: &watch::Receiver<Arc<Chain>>,
) -> Option<Shelf> {
    if let Some(mark) = mark {
        tokio::spawn(mark.follow(tip.clone()));
    }
    let shelf = Shelf::new(config.home.join("snapshots"));
    let made = snapshot::keeper::run(config.snapshots, shelf.clone(), history.clone(), tip.clone());
    tokio::spawn(made);
    config.snapshots.serve.then_some(shelf)
}

/// The mark beside a store that outlives the process.
fn mark(config: &NodeConfig, replica: &Replica) -> Result<Option<Mark>, StartError> {
    if config.store == StoreKind::Memory {
        return Ok(None);
    }
    Ok(Some(Mark::open(&config.home.join("store"), replica.chain().height())?))
}

async fn start_network(
    config: &NodeConfig,
    identity: &ChainIdentity,
    cache: Cache,
    service: &Service,
) -> Result<(NetworkHandle, mpsc::Receiver<NetworkEvent>), StartError> {
    let key = load_or_create(&config.home.join("network.key"))?;
    let peer = key.public().to_peer_id();
    let state = |keys: &OperatorKeys| {
        Statement::sign(&identity.genesis_hash, keys.operator, &keys.keypair, &peer)
    };
    let network = NetworkConfig {
        statement: config.operator.as_ref().map(state),
        identity: key,
        listen: config.network_listen.clone(),
        peers: config.network_peers.clone(),
        chain_id: identity.chain_id.to_string(),
        genesis_hash: identity.genesis_hash,
        spool: config.home.join("spool"),
        peers_file: Some(config.home.join("peers.json")),
        nat: config.nat.clone(),
        limits: config.network,
    };
    let started = service.run(Network::start(network, cache)).await;
    Ok(started.map_err(io("the network's threads"))??)
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
        safety: None,
        #[cfg(test)]
        twice: config.twice.clone(),
        wal: config.home.join("engine.wal"),
        block_time: config.block_time,
        offers: Arc::default(),
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
    limits: ApiLimits,
    node: NodeHandle,
    traffic: &Traffic,
    mut stop: watch::Receiver<bool>,
) {
    let service = node.inner.service.handle();
    let router = probity_web::router(Arc::new(node), limits);
    let server = Server::new(router, limits).observed(traffic.observer());
    let stopped = async move {
        // An error means that the node is gone, which is a stop too.
        let _ = stop.wait_for(|stop| *stop).await;
    };
    service.spawn(server.serve(listener, stopped));
}

fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> StartError {
    let what = what.into();
    |reason| StartError::Io { what, reason }
}

/// A clock, in milliseconds since 1970.
pub type Clock = fn() -> u64;

/// This machine's clock; one before 1970 stands at 0.
#[must_use]
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
