//! The loop that does what the agenda says.
//!
//! At every new height, and whenever a piece of work ends, the agent asks its node what it is
//! assigned, asks the agenda what to do, and does it: work runs beside the loop, transactions are
//! sent one after another. The loop decides nothing and keeps nothing that the desk or the chain
//! does not know, so it can be stopped at any point.
//!
//! # Invariants
//! - A node that fails is asked again with growing pauses; the agent ends only when it is told to.
//! - After [`AgentHandle::shutdown`] no worker process of this agent runs.
//!
//! Spec: `docs/spec/22-evaluator.md`.

mod bench;
mod cycle;
mod dispute;
mod errand;
mod picture;

use std::path::PathBuf;

use probity_harness::cache::{Cache, CacheError};
use probity_harness::worker::WorkerCommand;
use probity_keys::guard::GuardError;
use probity_keys::lock::{FolderLock, LockError};
use probity_primitives::{ContentHash, Height, Keypair, OperatorId};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::agenda::Job;
use crate::desk::{Desk, DeskError};
use crate::metrics::Meter;
use crate::node_api::{ApiError, NodeApi};
use crate::strategy::Strategy;
use crate::work::{WorkError, WorkLimits, Workshop};
use cycle::Agent;

/// What an agent is started with.
#[derive(Debug, Clone)]
pub struct AgentConfig {
    /// The folder of its cache, records and journals; one agent at a time uses it.
    pub home: PathBuf,
    /// For which operator it acts.
    pub operator: OperatorId,
    /// The operator's hot key, whose account pays the fees.
    pub key: Keypair,
    /// Whether it tells what it finds.
    pub strategy: Strategy,
    /// Whether it challenges results that its own evaluation contradicts.
    pub challenge: bool,
    /// How workers are started.
    pub worker: WorkerCommand,
    /// What its work may use.
    pub limits: WorkLimits,
}

/// Why an agent does not start, or a step fails.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// Another process uses the folder, or it cannot be locked.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// What the key stated before is not known for sure, or forbids what it is to state now.
    #[error(transparent)]
    Guard(#[from] GuardError),
    /// The folder cannot be used.
    #[error("cannot use {path}: {source}")]
    Home {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The cache cannot be opened.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The desk cannot be opened.
    #[error(transparent)]
    Desk(#[from] DeskError),
    /// The node gave no answer.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// Kept work cannot be read.
    #[error(transparent)]
    Work(#[from] WorkError),
    /// What was to be sent is not there.
    #[error("nothing is prepared for {0:?}")]
    NotPrepared(Job),
    /// The node keeps another file than it was given.
    #[error("the node published {published}, not {expected}")]
    Published {
        /// What the node says it keeps.
        published: ContentHash,
        /// What it was given.
        expected: ContentHash,
    },
}

/// How an agent is doing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Status {
    /// The height it has acted on; everything that could be done there is done or running.
    pub height: Height,
    /// How many pieces of work are running.
    pub running: usize,
    /// How many transactions are on their way.
    pub in_flight: usize,
    /// How many transactions a node took.
    pub sent: u64,
    /// How many steps and pieces of work failed.
    pub failed: u64,
    /// The latest failure.
    pub last_error: Option<String>,
}

/// A running agent; dropped, it lets the agent run on to the process's end.
#[derive(Debug)]
pub struct AgentHandle {
    stop: CancellationToken,
    status: watch::Receiver<Status>,
    meter: Meter,
    task: JoinHandle<()>,
}

impl AgentHandle {
    /// Ends the agent: unfinished work stops at its next item and goes on from there another time.
    pub async fn shutdown(self) {
        let Self { stop, status: _, meter: _, task } = self;
        stop.cancel();
        if let Err(error) = task.await {
            tracing::error!(%error, "the agent ended badly");
        }
    }

    /// How the agent is doing, now and whenever it changes.
    #[must_use]
    pub fn status(&self) -> watch::Receiver<Status> {
        self.status.clone()
    }

    /// The agent's numbers, for whoever serves them.
    #[must_use]
    pub fn meter(&self) -> Meter {
        self.meter.clone()
    }
}

/// Starts an agent on the running runtime.
///
/// # Errors
/// [`AgentError`] if its folders cannot be used. A node that does not answer is no error: the
/// agent waits for it.
pub fn start<A: NodeApi>(config: AgentConfig, api: A) -> Result<AgentHandle, AgentError> {
    let AgentConfig { home, operator, key, strategy, challenge, worker, limits } = config;
    let home = Home::lock(home)?;
    let stop = CancellationToken::new();
    let workshop = Workshop {
        cache: Cache::with_limit(home.folder.join("cache"), limits.file_bytes)?,
        prepared: Desk::open(home.folder.join("prepared"))?,
        verdicts: Desk::open(home.folder.join("verdicts"))?,
        votes: Desk::open(home.folder.join("votes"))?,
        journals: home.folder.join("journals"),
        signing: home.folder.clone(),
        worker,
        key,
        strategy,
        limits,
        stop: stop.clone(),
    };
    let (report, status) = watch::channel(Status::default());
    let meter = Meter::default();
    // Who lies of its own accord has no use for the truth about others.
    let challenge = challenge && workshop.strategy == Strategy::Honest;
    let agent = Agent::new(api, (operator, challenge), workshop, report, meter.clone());
    let task = tokio::spawn(async move {
        agent.run().await;
        drop(home);
    });
    Ok(AgentHandle { stop, status, meter, task })
}

/// An agent's folder, locked against a second agent: two would send everything twice.
struct Home {
    folder: PathBuf,
    _lock: FolderLock,
}

impl Home {
    fn lock(folder: PathBuf) -> Result<Self, AgentError> {
        let home = |source| AgentError::Home { path: folder.clone(), source };
        std::fs::create_dir_all(&folder).map_err(home)?;
        let lock = FolderLock::take(&folder)?;
        Ok(Self { folder, _lock: lock })
    }
}
