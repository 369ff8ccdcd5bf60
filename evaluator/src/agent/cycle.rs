//! One turn of the loop, and the waiting between two.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use probity_keys::guard::{Owner, StatementGuard};
use probity_primitives::{Address, Amount, BoundedString, Hash, Height, OperatorId, TaskId};
use probity_protocol::params::Fees;
use probity_runtime::chain::fixed_fee;
use probity_runtime::query::Assignment;
use probity_runtime::receipt::Outcome;
use probity_runtime::{ChainIdentity, TxBody};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::errand::{Dispatch, Permit, Sender};
use super::{AgentError, Status};
use crate::agenda::{self, Job, Progress, Step, View};
use crate::desk::{Prepared, Verdicts};
use crate::metrics::Meter;
use crate::node_api::{ApiError, Assignments, NodeApi};
use crate::outbox::Outbox;
use crate::work::{WorkError, Workshop};

/// After how many blocks work that failed is tried again.
const RETRY_BLOCKS: u64 = 2;
/// The first pause after a node gave no answer; it doubles.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What a piece of work gave.
#[derive(Debug)]
enum Made {
    Prepared(Prepared),
    Verdicts(Verdicts),
}

type Done = (Job, Duration, Result<Made, WorkError>);

/// What does not change while a chain lives, and what it charges.
#[derive(Debug, Clone)]
struct Terms {
    identity: ChainIdentity,
    fees: Fees,
}

/// An agent in its loop.
pub(super) struct Agent<A> {
    api: Arc<A>,
    operator: OperatorId,
    workshop: Workshop,
    outbox: Outbox,
    work: BTreeMap<Job, Progress>,
    jobs: JoinSet<Done>,
    terms: Option<Terms>,
    guard: Option<Arc<StatementGuard>>,
    status: Status,
    report: watch::Sender<Status>,
    meter: Meter,
}

impl<A: NodeApi> Agent<A> {
    pub(super) fn new(
        api: A,
        operator: OperatorId,
        workshop: Workshop,
        report: watch::Sender<Status>,
        meter: Meter,
    ) -> Self {
        Self {
            api: Arc::new(api),
            operator,
            workshop,
            outbox: Outbox::default(),
            work: BTreeMap::new(),
            jobs: JoinSet::new(),
            terms: None,
            guard: None,
            status: Status::default(),
            report,
            meter,
        }
    }

    /// Runs until it is told to end, and then until all its work has ended.
    pub(super) async fn run(mut self) {
        let stop = self.workshop.stop.clone();
        let mut pause = SHORTEST_PAUSE;
        loop {
            match self.turn().await {
                Ok(()) => pause = SHORTEST_PAUSE,
                Err(error) => {
                    self.failed("a turn", &error);
                    pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
                }
            }
            self.status.running = self.jobs.len();
            self.status.in_flight = self.outbox.in_flight();
            self.report.send_replace(self.status.clone());
            self.meter.turned(&self.status);
            let api = Arc::clone(&self.api);
            tokio::select! {
                () = stop.cancelled() => break,
                () = next_height(&*api, self.status.height, pause) => {}
                Some(done) = self.jobs.join_next() => match done {
                    Ok(done) => self.finish(done),
                    Err(error) => self.failed("a piece of work", &error),
                },
            }
        }
        while self.jobs.join_next().await.is_some() {}
    }

    async fn turn(&mut self) -> Result<(), AgentError> {
        let terms = match &self.terms {
            Some(terms) => terms.clone(),
            None => self.learn().await?,
        };
        let Assignments { height, nonce, assignments } =
            self.api.assignments(self.operator).await?;
        self.settle(nonce, height).await;
        self.recall(&assignments, terms.identity.genesis_hash);
        let (work, sent) = (&self.work, &self.outbox.blocked());
        let view = View { assignments: &assignments, work, sent };
        for step in agenda::next_steps(&view, height) {
            if let Err(error) = self.perform(&assignments, &terms, step, height).await {
                self.failed("a step", &error);
            }
        }
        self.meter.assigned(&assignments, &self.work);
        self.status.height = height;
        Ok(())
    }

    async fn learn(&mut self) -> Result<Terms, AgentError> {
        let terms = Terms { identity: self.api.identity().await?, fees: self.api.fees().await? };
        self.terms = Some(terms.clone());
        Ok(terms)
    }

    /// What this key stated on a chain; nothing is stated without knowing it.
    fn guard(&mut self, genesis: Hash) -> Result<Arc<StatementGuard>, AgentError> {
        if let Some(guard) = &self.guard {
            return Ok(Arc::clone(guard));
        }
        let owner = Owner { genesis, key: self.workshop.key.public() };
        let guard = Arc::new(StatementGuard::open(&self.workshop.signing, owner)?);
        self.guard = Some(Arc::clone(&guard));
        Ok(guard)
    }

    /// Corrects the outbox by the chain, and says what was refused in a block.
    async fn settle(&mut self, nonce: u64, height: Height) {
        for settled in self.outbox.sync(nonce, height) {
            let Ok(Some(receipt)) = self.api.receipt(settled.tx).await else { continue };
            match receipt.outcome {
                Outcome::Ok => tracing::debug!(errand = ?settled.errand, "carried out"),
                Outcome::Refused { code, message } => {
                    tracing::warn!(errand = ?settled.errand, code, message, "refused in a block");
                    self.meter.failed("a transaction");
                    self.status.failed = self.status.failed.saturating_add(1);
                    self.status.last_error = Some(message);
                }
            }
        }
    }

    /// Forgets ended tasks, and remembers what an earlier process has prepared.
    fn recall(&mut self, assignments: &[Assignment], chain: Hash) {
        let open: BTreeSet<TaskId> =
            assignments.iter().map(|assignment| assignment.task_id).collect();
        let is_open = |job: &Job| open.contains(&job.task());
        self.work.retain(|job, progress| is_open(job) || *progress == Progress::Running);
        self.outbox.forget(|errand| is_open(&errand.job));
        for job in assignments.iter().filter_map(Job::of) {
            if self.work.contains_key(&job) {
                continue;
            }
            match self.kept(job, chain) {
                Ok(None) => {}
                Ok(Some(commitment)) => {
                    self.work.insert(job, Progress::Ready { commitment });
                }
                Err(error) => self.failed("a record", &error),
            }
        }
    }

    fn kept(&self, job: Job, chain: Hash) -> Result<Option<Hash>, AgentError> {
        let sender = self.sender(chain);
        Ok(match job {
            Job::Evaluation { task, round } => {
                let kept = self.workshop.prepared.get(job)?;
                kept.map(|prepared| sender.commitment(&prepared, task, round))
            }
            Job::Verdicts { task, draw } => {
                let kept = self.workshop.verdicts.get(job)?;
                kept.map(|kept| sender.verdicts(kept, task, draw).commitment(chain))
            }
        })
    }

    const fn sender(&self, chain: Hash) -> Sender<'_> {
        let Self { operator, workshop, .. } = self;
        Sender { chain, operator: *operator, key: &workshop.key, workshop }
    }

    async fn perform(
        &mut self,
        assignments: &[Assignment],
        terms: &Terms,
        step: Step,
        now: Height,
    ) -> Result<(), AgentError> {
        if let Step::Work { job, items } = step {
            self.begin(assignments, job, items);
            return Ok(());
        }
        let chain = terms.identity.genesis_hash;
        let guard = self.guard(chain)?;
        let permit = Permit { guard: &guard, now };
        match self.sender(chain).dispatch(&*self.api, &step, permit).await? {
            Some(dispatch) => self.send(terms, dispatch, now).await,
            None => Ok(()),
        }
    }

    fn begin(&mut self, assignments: &[Assignment], job: Job, items: Vec<u32>) {
        let mut assignments = assignments.iter();
        let Some(assignment) = assignments.find(|one| Job::of(one) == Some(job)) else { return };
        tracing::info!(?job, operator = %self.operator, "begins");
        self.work.insert(job, Progress::Running);
        let (shop, api, assignment) =
            (self.workshop.clone(), Arc::clone(&self.api), assignment.clone());
        self.jobs.spawn(async move {
            let begun = Instant::now();
            let made = match job {
                Job::Evaluation { .. } => {
                    shop.evaluate(&*api, &assignment).await.map(Made::Prepared)
                }
                Job::Verdicts { draw, .. } => {
                    shop.judge(&*api, &assignment, draw, items).await.map(Made::Verdicts)
                }
            };
            (job, begun.elapsed(), made)
        });
    }

    fn finish(&mut self, (job, time, made): Done) {
        if made.is_ok() {
            self.meter.worked(time);
        }
        match made {
            Ok(Made::Prepared(prepared)) => {
                tracing::info!(?job, score = ?prepared.committed.score, "is prepared");
                self.work.remove(&job);
            }
            Ok(Made::Verdicts(verdicts)) => {
                tracing::info!(?job, items = verdicts.verdicts.len(), "is prepared");
                self.work.remove(&job);
            }
            Err(error) => {
                let retry = Height(self.status.height.0.saturating_add(RETRY_BLOCKS));
                let progress = match error.is_lasting() {
                    true => Progress::Impossible,
                    false => Progress::Delayed { retry },
                };
                self.failed("a piece of work", &error);
                self.work.insert(job, progress);
            }
        }
    }

    async fn send(
        &mut self,
        terms: &Terms,
        dispatch: Dispatch,
        now: Height,
    ) -> Result<(), AgentError> {
        let Dispatch { errand, until, message } = dispatch;
        let Terms { identity, fees } = terms;
        let key = &self.workshop.key;
        let mut body = TxBody {
            chain: identity.chain_id.clone(),
            sender: Address::of(&key.public(), identity.network),
            nonce: self.outbox.next(),
            fee: Amount::ZERO,
            expiry: until,
            memo: BoundedString::default(),
            message,
        };
        // The encoding is of fixed width, so the fee does not change the length it depends on.
        let bytes = body.clone().sign(identity.genesis_hash, key).encode().len();
        body.fee = fixed_fee(fees, &body.message, bytes);
        match self.api.submit(body.sign(identity.genesis_hash, key)).await {
            Ok(tx) => {
                tracing::info!(?errand, %tx, operator = %self.operator, "is sent");
                self.outbox.sent(errand, tx, now, until);
                self.status.sent = self.status.sent.saturating_add(1);
                self.meter.sent();
                Ok(())
            }
            Err(error) => {
                if matches!(error, ApiError::Refused { .. }) {
                    self.outbox.refused(errand);
                    // Fees may have changed; the nonce is corrected at the next turn.
                    self.terms = None;
                }
                Err(error.into())
            }
        }
    }

    fn failed(&mut self, what: &'static str, error: &dyn std::fmt::Display) {
        tracing::warn!(operator = %self.operator, %error, "{what} failed");
        self.meter.failed(what);
        self.status.failed = self.status.failed.saturating_add(1);
        self.status.last_error = Some(error.to_string());
    }
}

/// Waits for a new height; a node that does not say one is left alone for a while.
async fn next_height<A: NodeApi>(api: &A, seen: Height, pause: Duration) {
    if pause > SHORTEST_PAUSE || api.height_after(seen).await.is_err() {
        tokio::time::sleep(pause).await;
    }
}
