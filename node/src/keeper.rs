//! Keeping the engine alive.
//!
//! The engine ends itself when one of its parts fails, and its sync has been known to wedge. The
//! keeper starts it again: at once when it ended, and when the height has stood still for long.
//! A restart is always safe, because votes are in the write-ahead log and blocks in the store; in a
//! network that stands still for good reason it changes nothing, so it is tried ever more rarely.

use std::sync::Arc;
use std::time::Duration;

use libp2p::Multiaddr;
use probity_runtime::Chain;
use tokio::sync::{mpsc, oneshot, watch};

use crate::consensus::driver::DriverThread;
use crate::consensus::eavesdrop;
use crate::consensus::engine::{self, Engine, EngineConfig, EngineStop};
use crate::shell::Shell;

/// How long the engine has to stop.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long to wait before an engine that does not start is started again.
const RETRY: Duration = Duration::from_secs(1);
/// The longest standstill before the engine is started anew, after many that did not help.
const MAX_STANDSTILL: Duration = Duration::from_secs(3_600);

/// What the keeper is asked to do.
pub(crate) enum Request {
    /// Keep a connection to this engine too.
    AddPeer(Multiaddr),
    /// Start the engine anew.
    Restart,
    /// Start it anew with the operator's key: the wait for another holder is over.
    Sign,
    /// Stop the engine and say when it has stopped.
    Stop(oneshot::Sender<()>),
}

/// Keeps one engine alive.
pub(crate) struct Keeper {
    /// What the engine is started with.
    pub(crate) config: EngineConfig,
    /// Who votes once the node has listened for long enough; none if it votes or follows already.
    pub(crate) later: Option<EngineConfig>,
    /// The thread that answers it.
    pub(crate) driver: DriverThread<Shell>,
    /// The committed state, which says whether there is progress.
    pub(crate) tip: watch::Receiver<Arc<Chain>>,
    /// What the keeper is asked to do.
    pub(crate) requests: mpsc::Receiver<Request>,
    /// For how long the height may stand still.
    pub(crate) standstill: Duration,
}

/// Why an engine is no longer kept running.
enum End {
    Engine,
    Standstill,
    Restart,
    Sign,
    Stop(Option<oneshot::Sender<()>>),
}

impl Keeper {
    /// Runs `engine`, and another one after it whenever it ends, until asked to stop.
    pub(crate) async fn run(mut self, engine: Engine) {
        let mut standstill = self.standstill;
        let mut engine = engine;
        loop {
            let height = self.tip.borrow().height();
            let (stop, end) = self.keep(engine, standstill).await;
            stop.stop(PATIENCE).await;
            if self.tip.borrow().height() > height {
                standstill = self.standstill;
            }
            match end {
                End::Engine => tracing::error!("the engine ended by itself; it is started again"),
                End::Standstill => {
                    tracing::warn!(?standstill, "the height stands still; the engine starts anew");
                    standstill = standstill.saturating_mul(2).min(MAX_STANDSTILL);
                }
                End::Restart => tracing::info!("the engine starts anew, as was asked"),
                End::Sign => self.sign(),
                End::Stop(told) => return self.finish(told).await,
            }
            engine = match self.start().await {
                Ok(engine) => engine,
                Err(told) => return self.finish(told).await,
            };
        }
    }

    /// A new engine, as soon as one starts; an error if the keeper is to stop.
    async fn start(&mut self) -> Result<Engine, Option<oneshot::Sender<()>>> {
        loop {
            match engine::start(self.config.clone()).await {
                Ok(engine) => return Ok(engine),
                Err(error) => tracing::error!(%error, "the engine does not start; it is retried"),
            }
            match tokio::time::timeout(RETRY, self.requests.recv()).await {
                Err(_) => {}
                Ok(Some(Request::AddPeer(address))) => self.config.peers.push(address),
                Ok(Some(Request::Restart)) => {}
                Ok(Some(Request::Sign)) => self.sign(),
                Ok(Some(Request::Stop(told))) => return Err(Some(told)),
                Ok(None) => return Err(None),
            }
        }
    }

    /// Uses the operator's key from now on.
    fn sign(&mut self) {
        let Some(later) = self.later.take() else { return };
        tracing::info!("nobody else was heard with this key; the engine starts anew and signs");
        // Peers that were added meanwhile are kept.
        let peers = std::mem::take(&mut self.config.peers);
        self.config = EngineConfig { peers, ..later };
    }

    async fn finish(self, told: Option<oneshot::Sender<()>>) {
        self.driver.stop().await;
        if let Some(told) = told {
            // Whoever asked may not wait for it.
            let _ = told.send(());
        }
    }

    /// Runs an engine until it ends or should.
    async fn keep(&mut self, engine: Engine, standstill: Duration) -> (EngineStop, End) {
        let (channels, mut stop) = engine.split();
        let peers = channels.net_requests.clone();
        if let Some(safety) = &self.config.safety {
            eavesdrop::listen(&channels, Arc::clone(safety));
        }
        self.driver.attach(channels).await;
        loop {
            tokio::select! {
                () = stop.ended() => return (stop, End::Engine),
                progress = tokio::time::timeout(standstill, self.tip.changed()) => match progress {
                    Ok(Ok(())) => {}
                    Ok(Err(_)) => return (stop, End::Stop(None)),
                    Err(_) => return (stop, End::Standstill),
                },
                request = self.requests.recv() => match request {
                    Some(Request::AddPeer(address)) => {
                        self.config.peers.push(address.clone());
                        engine::add_peer(&peers, address).await;
                    }
                    Some(Request::Restart) => return (stop, End::Restart),
                    Some(Request::Sign) => return (stop, End::Sign),
                    Some(Request::Stop(told)) => return (stop, End::Stop(Some(told))),
                    None => return (stop, End::Stop(None)),
                },
            }
        }
    }
}
