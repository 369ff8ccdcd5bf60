//! Doing the work: files in, a record on the desk out.
//!
//! Artifacts come through the node into the content-addressed cache. The harness runs on a thread
//! of its own, in a turn that all agents of a process share, and its journal lets a killed process
//! go on at the item it had reached. The result goes to the [`Desk`] before anyone hears of it.
//!
//! # Invariants
//! - What is run is what the task names: definition, header and engine profile are compared with
//!   the frozen ones before the first item.
//! - A salt is derived from the operator's secret, the task and the turn, so that a lost disk does
//!   not lose a commitment, and nobody without the key can guess one.
//!
//! # Not here
//! When to work: [`crate::agenda`]. How items are answered: `probity_harness`.
//!
//! Spec: `docs/spec/22-evaluator.md`.

mod ballot;
mod error;
mod order;
mod verdict;

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use probity_harness::benchmark::Benchmark;
use probity_harness::cache::Cache;
use probity_harness::data::Item;
use probity_harness::run::{Options, Run, RunError};
use probity_harness::stored;
use probity_harness::worker::WorkerCommand;
use probity_primitives::transcript::{Record, Transcript};
use probity_primitives::{BoundedVec, Domain, Hash, Keypair, TaskId};
use probity_protocol::registry::ArtifactFile;
use probity_protocol::task::message::Committed;
use probity_protocol::task::{Frozen, VerdictOfItem};
use probity_runtime::query::{Assignment, TaskFiles};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

pub use error::WorkError;
pub use order::Order;

use crate::agenda::Job;
use crate::desk::{Desk, Prepared, Verdicts, Vote};
use crate::node_api::NodeApi;
use crate::strategy::Strategy;

/// What an operator allows its work to use.
#[derive(Debug, Clone)]
pub struct WorkLimits {
    /// How many pieces of work run at once; agents of one process share it.
    pub turns: Arc<Semaphore>,
    /// How many worker processes share one piece of work.
    pub workers: NonZeroUsize,
    /// The largest file that is fetched, in bytes.
    pub file_bytes: u64,
}

impl Default for WorkLimits {
    fn default() -> Self {
        let turns = Arc::new(Semaphore::new(1));
        Self { turns, workers: NonZeroUsize::MIN, file_bytes: 4 << 30 }
    }
}

/// Where an operator works; cheap to clone.
#[derive(Debug, Clone)]
pub struct Workshop {
    /// Files by their hash.
    pub cache: Cache,
    /// What members are bound to.
    pub prepared: Desk<Prepared>,
    /// What jurors are bound to.
    pub verdicts: Desk<Verdicts>,
    /// What jurors of disputes are bound to.
    pub votes: Desk<Vote>,
    /// The folder of unfinished runs.
    pub journals: PathBuf,
    /// The folder of what the key stated.
    pub signing: PathBuf,
    /// How workers are started.
    pub worker: WorkerCommand,
    /// The operator's secret.
    pub key: Keypair,
    /// Whether it tells what it finds.
    pub strategy: Strategy,
    /// What it may use.
    pub limits: WorkLimits,
    /// Says when the agent is to end.
    pub stop: CancellationToken,
}

/// Where the files of a task are.
#[derive(Debug, Clone)]
struct Fetched {
    model: PathBuf,
    dataset: PathBuf,
    definition: PathBuf,
}

impl Workshop {
    /// A member's evaluation.
    ///
    /// # Errors
    /// [`WorkError`], which says whether trying again is of use.
    pub async fn evaluate<A: NodeApi>(
        self,
        api: &A,
        assignment: &Assignment,
    ) -> Result<Prepared, WorkError> {
        let (task, round) = (assignment.task_id, assignment.task.round);
        let job = Job::Evaluation { task, round };
        if let Some(done) = self.prepared.get(job)? {
            return Ok(done);
        }
        let fetched = self.unless_stopped(self.fetch(api, &assignment.files)).await??;
        let frozen = assignment.task.frozen.clone();
        let strategy = self.strategy.among(assignment.task.phase.committee());
        let shop = Self { strategy, ..self };
        shop.in_turn(move |shop| shop.run_all(&fetched, &frozen, job, round)).await
    }

    /// An evaluation of one's own to compare a result with: what was found as a member counts.
    ///
    /// # Errors
    /// [`WorkError`], which says whether trying again is of use.
    pub async fn check<A: NodeApi>(self, api: &A, order: &Order) -> Result<Prepared, WorkError> {
        let (task, round) = (order.task_id, order.task.round);
        let job = Job::Check { task, round };
        if let Some(done) = self.prepared.get(job)? {
            return Ok(done);
        }
        let honest = self.strategy == Strategy::Honest;
        if let Some(own) = self.prepared.get(Job::Evaluation { task, round })?.filter(|_| honest) {
            return Ok(self.prepared.keep(job, own)?);
        }
        let fetched = self.unless_stopped(self.fetch(api, &order.files)).await??;
        let frozen = order.task.frozen.clone();
        let shop = Self { strategy: Strategy::Honest, ..self };
        // An earlier round's transcript is only used where it is an honest one.
        let first = if honest { round } else { 1 };
        shop.in_turn(move |shop| shop.run_all(&fetched, &frozen, job, first)).await
    }

    /// A juror's verdicts on some items.
    ///
    /// # Errors
    /// [`WorkError`], which says whether trying again is of use.
    pub async fn judge<A: NodeApi>(
        self,
        api: &A,
        assignment: &Assignment,
        draw: u8,
        items: Vec<u32>,
    ) -> Result<Verdicts, WorkError> {
        let task = assignment.task_id;
        if let Some(done) = self.verdicts.get(Job::Verdicts { task, draw })? {
            return Ok(done);
        }
        let fetched = self.unless_stopped(self.fetch(api, &assignment.files)).await??;
        let frozen = assignment.task.frozen.clone();
        let strategy = self.strategy.over(assignment.task.phase.committee());
        let shop = Self { strategy, ..self };
        shop.in_turn(move |shop| shop.run_some(&fetched, &frozen, task, draw, &items)).await
    }

    /// The transcript that a member is bound to.
    ///
    /// # Errors
    /// [`WorkError`] if it is not in the cache or not itself.
    pub fn transcript(&self, prepared: &Prepared) -> Result<Transcript, WorkError> {
        Ok(stored::decode(&self.stored(prepared)?, stored::MAX_STORED)?)
    }

    /// The bytes of the transcript that a member is bound to, as they are published.
    ///
    /// # Errors
    /// [`WorkError`] if it is not in the cache.
    pub fn stored(&self, prepared: &Prepared) -> Result<Vec<u8>, WorkError> {
        let limit = u64::try_from(stored::MAX_STORED).unwrap_or(u64::MAX);
        Ok(self.cache.read(&prepared.transcript, limit)?)
    }

    async fn fetch<A: NodeApi>(&self, api: &A, files: &TaskFiles) -> Result<Fetched, WorkError> {
        let TaskFiles { model, dataset, benchmark } = files;
        Ok(Fetched {
            definition: self.fetch_one(api, "definition", benchmark).await?,
            dataset: self.fetch_one(api, "dataset", dataset).await?,
            model: self.fetch_one(api, "model", model).await?,
        })
    }

    async fn fetch_one<A: NodeApi>(
        &self,
        api: &A,
        what: &'static str,
        file: &Option<ArtifactFile>,
    ) -> Result<PathBuf, WorkError> {
        let file = file.as_ref().ok_or(WorkError::NoFile(what))?;
        let (size, limit) = (file.size, self.limits.file_bytes);
        if size > limit {
            return Err(WorkError::TooLarge { what, size, limit });
        }
        if let Some(path) = self.cache.get(&file.blake3) {
            return Ok(path);
        }
        let fetched = api.fetch(file.blake3, size, &self.cache).await;
        fetched.map_err(|source| WorkError::Fetch { what, source })
    }

    /// Does blocking work on a thread of its own, when it is this agent's turn.
    async fn in_turn<T: Send + 'static>(
        self,
        work: impl FnOnce(Self) -> Result<T, WorkError> + Send + 'static,
    ) -> Result<T, WorkError> {
        let broke_off = |reason: String| WorkError::BrokeOff(reason);
        let turns = Arc::clone(&self.limits.turns);
        let turn = self.unless_stopped(turns.acquire()).await?;
        let _turn = turn.map_err(|error| broke_off(error.to_string()))?;
        let done = tokio::task::spawn_blocking(move || work(self)).await;
        done.map_err(|error| broke_off(error.to_string()))?
    }

    /// What is waited for, unless the agent ends meanwhile; what is at hand counts either way.
    async fn unless_stopped<T>(&self, waited: impl Future<Output = T>) -> Result<T, WorkError> {
        tokio::select! {
            biased;
            value = waited => Ok(value),
            () = self.stop.cancelled() => Err(WorkError::Stopped),
        }
    }

    fn run_all(
        &self,
        fetched: &Fetched,
        frozen: &Frozen,
        job: Job,
        round: u8,
    ) -> Result<Prepared, WorkError> {
        let run = prepare(fetched, frozen)?;
        let task = job.task();
        let transcript = match self.earlier(task, round)? {
            Some(transcript) => transcript,
            None => self.execute(&run)?,
        };
        let committed = Committed {
            score: transcript.score(frozen.fold).ok_or(WorkError::NoScore)?,
            answers_root: transcript.answers_root(),
            attachments_root: transcript.attachments_root(),
            private_root: Hash::ZERO,
            salt: self.salt("commit", task, round),
        };
        let prepared = Prepared {
            committed,
            engine: transcript.header().engine,
            transcript: self.cache.insert_bytes(&stored::encode(&transcript))?,
        };
        let kept = self.prepared.keep(job, prepared)?;
        run.discard_journal(&self.journals).map_err(RunError::from)?;
        Ok(kept)
    }

    fn execute(&self, run: &Run) -> Result<Transcript, WorkError> {
        let finished = run.execute(&self.options(), |_| match self.stop.is_cancelled() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        })?;
        Ok(self.strategy.state(finished.transcript, run.items())?)
    }

    /// What the operator found in an earlier round: the same files give the same answers.
    fn earlier(&self, task: TaskId, round: u8) -> Result<Option<Transcript>, WorkError> {
        for round in (1..round).rev() {
            if let Some(prepared) = self.prepared.get(Job::Evaluation { task, round })? {
                return self.transcript(&prepared).map(Some);
            }
        }
        Ok(None)
    }

    fn run_some(
        &self,
        fetched: &Fetched,
        frozen: &Frozen,
        task: TaskId,
        draw: u8,
        items: &[u32],
    ) -> Result<Verdicts, WorkError> {
        let run = prepare(fetched, frozen)?;
        let found = self.again(&run, items)?.into_iter();
        let verdicts: Result<Vec<VerdictOfItem>, WorkError> =
            found.map(|(record, item)| Ok(verdict::verdict(record, item, frozen.delta)?)).collect();
        let verdicts = Verdicts {
            verdicts: BoundedVec::from_vec(verdicts?)?,
            salt: self.salt("jury", task, draw),
        };
        Ok(self.verdicts.keep(Job::Verdicts { task, draw }, verdicts)?)
    }

    /// Runs single items again: what a juror finds, and stands for, at each of them.
    fn again<'a>(&self, run: &'a Run, items: &[u32]) -> Result<Vec<(Record, &'a Item)>, WorkError> {
        let (model, all) = (run.header().model, run.header().items);
        let found = run.answer(items, &self.options())?.into_iter();
        let stated = found.map(|(position, record)| {
            let place = usize::try_from(position).unwrap_or(usize::MAX);
            let none = RunError::NoItem { position, items: all };
            let item = run.items().get(place).ok_or(none)?;
            Ok((self.strategy.record(model, record, item), item))
        });
        stated.collect()
    }

    fn options(&self) -> Options {
        let mut options = Options::new(self.worker.clone());
        options.workers = self.limits.workers;
        options.journals = Some(self.journals.clone());
        options
    }

    fn salt(&self, purpose: &str, task: TaskId, turn: u8) -> Hash {
        Hash::of(Domain::Salt, &(*self.key.seed(), purpose, task, turn))
    }
}

/// The run that a task asks for, and no other.
fn prepare(fetched: &Fetched, frozen: &Frozen) -> Result<Run, WorkError> {
    let benchmark = Benchmark::load(&fetched.definition)?;
    same("definition", benchmark.hash(), frozen.definition)?;
    let run = Run::prepare(benchmark, &fetched.model, &fetched.dataset, None)?;
    let engine = run.header().engine;
    if !frozen.engines.is_empty() && !frozen.engines.contains(&engine) {
        return Err(WorkError::Engine(engine));
    }
    same("header", run.header().hash(), frozen.header(engine))?;
    Ok(run)
}

fn same(what: &'static str, found: Hash, expected: Hash) -> Result<(), WorkError> {
    if found == expected { Ok(()) } else { Err(WorkError::Other { what, found, expected }) }
}
