//! One turn of the loop, and the waiting between two.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use probity_keys::guard::{Owner, StatementGuard};
use probity_primitives::{Address, Amount, BoundedString, Hash, Height, Network, OperatorId};
use probity_protocol::params::Fees;
use probity_runtime::chain::fixed_fee;
use probity_runtime::receipt::Outcome;
use probity_runtime::{ChainIdentity, TxBody};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::bench::Done;
use super::errand::{Dispatch, Permit, Sender};
use super::picture::Picture;
use super::{AgentError, Status};
use crate::agenda::{self, Job, Progress, Step};
use crate::metrics::Meter;
use crate::node_api::{ApiError, Assignments, NodeApi};
use crate::outbox::Outbox;
use crate::work::Workshop;

/// The first pause after a node gave no answer; it doubles.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What does not change while a chain lives, and what it charges.
#[derive(Debug, Clone)]
struct Terms {
    identity: ChainIdentity,
    fees: Fees,
}

/// An agent in its loop.
pub(super) struct Agent<A> {
    pub(super) api: Arc<A>,
    pub(super) operator: OperatorId,
    challenge: bool,
    pub(super) workshop: Workshop,
    pub(super) outbox: Outbox,
    pub(super) work: BTreeMap<Job, Progress>,
    pub(super) jobs: JoinSet<Done>,
    terms: Option<Terms>,
    guard: Option<Arc<StatementGuard>>,
    pub(super) status: Status,
    report: watch::Sender<Status>,
    pub(super) meter: Meter,
}

impl<A: NodeApi> Agent<A> {
    pub(super) fn new(
        api: A,
        (operator, challenge): (OperatorId, bool),
        workshop: Workshop,
        report: watch::Sender<Status>,
        meter: Meter,
    ) -> Self {
        Self {
            api: Arc::new(api),
            operator,
            challenge,
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
        let (height, nonce, picture) = self.look(terms.identity.network).await?;
        self.settle(nonce, height).await;
        self.recall(&picture, terms.identity.genesis_hash);
        let (work, sent) = (&self.work, &self.outbox.blocked());
        for step in agenda::next_steps(&picture.view(work, sent), height) {
            if let Err(error) = self.perform(&picture, &terms, step, height).await {
                self.failed("a step", &error);
            }
        }
        self.meter.assigned(&picture.assignments, &self.work);
        self.status.height = height;
        Ok(())
    }

    /// Reads what the chain asks, and what could be challenged if that is wanted.
    async fn look(&self, network: Network) -> Result<(Height, u64, Picture), AgentError> {
        let Assignments { height, nonce, assignments, disputes } =
            self.api.assignments(self.operator).await?;
        let disputable = if self.challenge {
            let account = Address::of(&self.workshop.key.public(), network);
            Some(self.api.disputable(account).await?)
        } else {
            None
        };
        Ok((height, nonce, Picture { assignments, disputes, disputable }))
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

    pub(super) const fn sender(&self, chain: Hash) -> Sender<'_> {
        let Self { operator, workshop, .. } = self;
        Sender { chain, operator: *operator, key: &workshop.key, workshop }
    }

    async fn perform(
        &mut self,
        picture: &Picture,
        terms: &Terms,
        step: Step,
        now: Height,
    ) -> Result<(), AgentError> {
        match step {
            Step::Work { job, items } => {
                self.begin(picture, job, items);
                return Ok(());
            }
            Step::Abstain { job } => {
                self.workshop.abstain(job)?;
                self.work.remove(&job);
                return Ok(());
            }
            Step::Send { .. } | Step::Open { .. } => {}
        }
        let chain = terms.identity.genesis_hash;
        let guard = self.guard(chain)?;
        let permit = Permit { guard: &guard, now };
        match self.sender(chain).dispatch(&*self.api, &step, permit, picture).await? {
            Some(dispatch) => self.send(terms, dispatch, now).await,
            None => {
                // It proves nothing; fetched leaves may have been out of reach, so it is tried again.
                if let Step::Send { errand, .. } = step {
                    self.outbox.refused(errand);
                }
                Ok(())
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

    pub(super) fn failed(&mut self, what: &'static str, error: &dyn std::fmt::Display) {
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
