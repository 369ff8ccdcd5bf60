//! The engine's pure core, driven by hand: events in, outputs out, no task, no socket, no clock.
//!
//! A [`Core`] is what runs in a validator between its network and its disk: the engine's state
//! machine, the same driver that answers a running engine, and the application behind it. Whoever
//! owns it delivers messages, lets timers run out and carries out what comes back, so that many of
//! them fit into one thread under one seeded scheduler. What a running engine adds around this
//! (actors, sockets, the file of its log, the choice of a peer to sync from) is not here.
//!
//! # Reading order
//! [`Core`] takes events; `hands` answers the effects that follow; [`journal`] is the log.
//!
//! # Invariants
//! - Every effect is answered in the order and with the flushes of the engine's own host.
//! - The engine's types do not leave: messages are bytes, as on a wire.
//! - The same events give the same outputs: the application's clock is the number that is passed.
//!
//! Spec: `docs/spec/20-blocks.md`.

mod hands;
pub mod journal;
mod message;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use arc_malachitebft_app_channel::AppMsg;
use arc_malachitebft_app_channel::app::engine::host::HeightParams;
use arc_malachitebft_app_channel::app::metrics::Metrics;
use arc_malachitebft_app_channel::app::types::codec::Codec;
use arc_malachitebft_core_consensus::{
    Input, LivenessMsg, LocallyProposedValue, Params, ProposedValue, SignedConsensusMsg, State,
    process,
};
use arc_malachitebft_core_types::{
    ThresholdParams, ValidatorSet, ValueOrigin, ValuePayload, ValueResponse as CertifiedValue,
};
use arc_malachitebft_sync::{Response, ValueResponse};
use bytes::Bytes;
use probity_primitives::{BlockHash, Height, Keypair, OperatorId};
use probity_runtime::genesis::ChainIdentity;
use tokio::sync::mpsc;

use self::hands::Hands;
use self::journal::{Journal, JournalError};
use self::message::{Message, peer};
use super::codec::EngineCodec;
use super::context::{EngineAddress, EngineHeight, ProbityContext};
use super::driver::{Driver, DriverConfig};
use super::safety::Safety;
use super::signing::{EngineSigner, EngineVerifier};
use crate::replica::application::Application;

/// Most messages for later heights that a core keeps, and most of one height: the engine's own.
const QUEUE: (usize, usize) = (10, 1024);
/// More parts than a block has.
const PARTS: usize = 4096;
/// Longer than any simulation: the engine would measure a height by the machine's clock.
const FOREVER: Duration = Duration::from_secs(1 << 32);

thread_local! {
    /// The clock of the core that is being driven on this thread.
    static NOW_MS: Cell<u64> = const { Cell::new(0) };
}

/// Why a core does nothing any more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CoreError {
    /// The log cannot be written: nothing may be signed that would be forgotten.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The log cannot be read back.
    #[error("entry {0} of the write-ahead log cannot be read")]
    Corrupt(usize),
    /// The state machine asks to log an input that no log holds.
    #[error("an input is to be logged that no log holds")]
    NoEntry,
    /// The signer refuses.
    #[error("the signer refuses: {0}")]
    Sign(String),
    /// An effect reached the wrong hands.
    #[error("nobody answers {0}")]
    Misplaced(String),
    /// The state machine failed.
    #[error("the engine's core failed: {0}")]
    Engine(String),
}

/// What a validator signed: two of one height, round and kind that differ are its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Said {
    /// It stands for a block, taken up again from an earlier round if there is one.
    Proposal(BlockHash, Option<u32>),
    /// It prevotes a block, or none.
    Prevote(Option<BlockHash>),
    /// It precommits a block, or none.
    Precommit(Option<BlockHash>),
}

/// What follows from an event.
#[derive(Debug)]
pub enum Output {
    /// To be sent to every other core.
    Send(Bytes),
    /// The message that follows is a new signature of this core.
    Signed {
        /// The height.
        height: Height,
        /// The round.
        round: Option<u32>,
        /// What it says.
        said: Said,
    },
    /// A timer to start; it is told by [`Core::timer`] that it ran out, unless it was cancelled.
    Timer {
        /// Its name.
        timer: u64,
        /// How long it runs.
        after: Duration,
    },
    /// To be handed back to [`Core::resume`], soon, and not necessarily in this order.
    Later(Pending),
    /// A height was decided.
    Decided {
        /// The height.
        height: Height,
        /// The block.
        block: BlockHash,
        /// Whether the application says that it is durable.
        durable: bool,
    },
    /// A validator was seen to contradict itself.
    Accused(OperatorId),
    /// A synced block, or its certificate, was refused.
    SyncRefused,
    /// A synced block could not be looked at now.
    SyncPostponed,
}

/// What the application answered, on its way back to the state machine.
pub struct Pending(Box<Soon>);

impl std::fmt::Debug for Pending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match *self.0 {
            Soon::Start(_, _, false) => "start",
            Soon::Start(_, _, true) => "restart",
            Soon::Propose(_) => "propose",
            Soon::Value(..) => "value",
        })
    }
}

enum Soon {
    Start(EngineHeight, HeightParams<ProbityContext>, bool),
    Propose(LocallyProposedValue<ProbityContext>),
    Value(ProposedValue<ProbityContext>, ValueOrigin),
}

/// Who a core is.
pub struct CoreConfig {
    /// The chain.
    pub chain: ChainIdentity,
    /// The operator that it votes for, and with which key.
    pub operator: (OperatorId, Keypair),
    /// What says whether it may sign; none if it signs whatever it is asked to.
    pub safety: Option<Arc<Safety>>,
    /// How long a height should take.
    pub block_time: Duration,
}

/// The engine's state machine with an application and a log.
pub struct Core<A, J> {
    hands: Hands<A, J>,
    state: Option<State<ProbityContext>>,
    metrics: Metrics,
    params: Params<ProbityContext>,
}

impl<A: Application, J: Journal> Core<A, J> {
    /// A core that has not begun.
    #[must_use]
    pub fn new(config: CoreConfig, application: A, journal: J) -> Self {
        let CoreConfig { chain, operator: (operator, keypair), safety, block_time } = config;
        let signer = match safety {
            Some(safety) => EngineSigner::guarded(safety, keypair),
            None => EngineSigner::new(chain.clone(), keypair),
        };
        let (publish, parts) = mpsc::channel(PARTS);
        let clock = DriverConfig { block_time, now_ms: || NOW_MS.get() };
        let hands = Hands {
            driver: Driver::new(application, Some(publish), clock),
            parts,
            verifier: EngineVerifier(chain),
            signer,
            journal,
            validator: false,
            recovering: false,
            params: None,
            block_time,
            timers: BTreeMap::new(),
            next_timer: 0,
            outputs: Vec::new(),
            failure: None,
        };
        let params = Params {
            address: EngineAddress(operator),
            threshold_params: ThresholdParams::default(),
            value_payload: ValuePayload::ProposalAndParts,
            enabled: true,
        };
        Self { hands, state: None, metrics: Metrics::new(), params }
    }

    /// The application.
    pub const fn application(&self) -> &A {
        &self.hands.driver.application
    }

    /// The application, to give it what does not come from the engine.
    pub const fn application_mut(&mut self) -> &mut A {
        &mut self.hands.driver.application
    }

    /// The log.
    pub const fn journal(&self) -> &J {
        &self.hands.journal
    }

    /// The round that is being decided, and its height.
    #[must_use]
    pub fn place(&self) -> Option<(Height, Option<u32>)> {
        self.state.as_ref().map(|state| (state.height().0, state.round().as_u32()))
    }

    /// Begins, with what the log holds.
    ///
    /// # Errors
    /// [`CoreError`], as for every event; after one, the core does nothing any more.
    pub fn begin(&mut self, now_ms: u64) -> Result<Vec<Output>, CoreError> {
        self.event(now_ms, |core| {
            let first = core.hands.ask(|reply| AppMsg::ConsensusReady { reply });
            let Some((height, params)) = first else { return Ok(()) };
            core.start(height, params, false)
        })
    }

    /// Starts the state machine anew, as a node's keeper does when nothing moves: application and
    /// log stay, everything else is forgotten.
    ///
    /// # Errors
    /// [`CoreError`].
    pub fn anew(&mut self, now_ms: u64) -> Result<Vec<Output>, CoreError> {
        self.state = None;
        self.hands.signer.begin_anew();
        self.metrics = Metrics::new();
        self.hands.timers.clear();
        self.begin(now_ms)
    }

    /// A message came from another core, which the network calls `from`.
    ///
    /// # Errors
    /// [`CoreError`].
    pub fn message(
        &mut self,
        now_ms: u64,
        from: u64,
        bytes: &Bytes,
    ) -> Result<Vec<Output>, CoreError> {
        let Some(message) = Message::decode(bytes) else { return Ok(Vec::new()) };
        self.event(now_ms, |core| match message {
            Message::Consensus(SignedConsensusMsg::Vote(vote))
            | Message::Liveness(LivenessMsg::Vote(vote)) => core.input(Input::Vote(vote)),
            Message::Consensus(SignedConsensusMsg::Proposal(proposal)) => {
                core.input(Input::Proposal(proposal))
            }
            Message::Liveness(LivenessMsg::PolkaCertificate(certificate)) => {
                core.input(Input::PolkaCertificate(certificate))
            }
            Message::Liveness(LivenessMsg::SkipRoundCertificate(certificate)) => {
                core.input(Input::RoundCertificate(certificate))
            }
            Message::Part(part) => {
                let from = peer(from);
                let value = core.hands.ask(|reply| AppMsg::ReceivedProposalPart {
                    from,
                    published_by: Some(from),
                    part,
                    reply,
                });
                if let Some(value) = value.flatten() {
                    core.hands.soon(Soon::Value(value, ValueOrigin::Consensus));
                }
                Ok(())
            }
        })
    }

    /// A timer ran out; one that was cancelled meanwhile means nothing.
    ///
    /// # Errors
    /// [`CoreError`].
    pub fn timer(&mut self, now_ms: u64, timer: u64) -> Result<Vec<Output>, CoreError> {
        self.event(now_ms, |core| match core.hands.timers.remove(&timer) {
            Some(timeout) => core.input(Input::TimeoutElapsed(timeout)),
            None => Ok(()),
        })
    }

    /// What the application answered arrives.
    ///
    /// # Errors
    /// [`CoreError`].
    pub fn resume(&mut self, now_ms: u64, pending: Pending) -> Result<Vec<Output>, CoreError> {
        self.event(now_ms, |core| match *pending.0 {
            Soon::Start(height, params, restart) => core.start(height, params, restart),
            Soon::Propose(value) => core.input(Input::Propose(value)),
            Soon::Value(value, origin) => core.input(Input::ProposedValue(value, origin)),
        })
    }

    /// What a core that is behind is sent for a height that is decided here.
    #[must_use]
    pub fn serve(&mut self, height: Height) -> Option<Bytes> {
        let height = EngineHeight(height);
        let range = height..=height;
        let values = self.hands.ask(|reply| AppMsg::GetDecidedValues { range, reply })?;
        if values.is_empty() {
            return None;
        }
        let answer = Response::ValueResponse(ValueResponse::new(height, values));
        EngineCodec.encode(&answer).ok()
    }

    /// A decided block came from another core because this one is behind.
    ///
    /// # Errors
    /// [`CoreError`].
    pub fn synced(
        &mut self,
        now_ms: u64,
        from: u64,
        bytes: &Bytes,
    ) -> Result<Vec<Output>, CoreError> {
        let Ok(Response::ValueResponse(response)) = EngineCodec.decode(bytes.clone()) else {
            return Ok(vec![Output::SyncRefused]);
        };
        self.event(now_ms, |core| {
            for value in response.values {
                let value = CertifiedValue::new(peer(from), value.value_bytes, value.certificate);
                core.input(Input::SyncValueResponse(value))?;
            }
            Ok(())
        })
    }

    fn event(
        &mut self,
        now_ms: u64,
        work: impl FnOnce(&mut Self) -> Result<(), CoreError>,
    ) -> Result<Vec<Output>, CoreError> {
        NOW_MS.set(now_ms);
        if let Some(failure) = &self.hands.failure {
            return Err(failure.clone());
        }
        let done = work(self);
        let outputs = std::mem::take(&mut self.hands.outputs);
        if let Err(error) = done {
            let failure = self.hands.failure.get_or_insert(error);
            return Err(failure.clone());
        }
        Ok(outputs)
    }

    fn start(
        &mut self,
        height: EngineHeight,
        mut params: HeightParams<ProbityContext>,
        restart: bool,
    ) -> Result<(), CoreError> {
        let set = params.validator_set.clone();
        self.hands.validator = set.get_by_address(&self.params.address).is_some();
        let entries = if restart || !self.hands.validator {
            self.hands.journal.reset(height.0)?;
            Vec::new()
        } else {
            self.hands.journal.begin(height.0)?
        };
        params.target_time = params.target_time.map(|_| FOREVER);
        let (target, policy) = (params.target_time, params.vote_extension_policy);
        self.hands.params = Some(params);
        self.state.get_or_insert_with(|| {
            let (all, each) = QUEUE;
            State::new(ProbityContext, height, set.clone(), self.params.clone(), all, each)
        });
        self.input(Input::StartHeight(height, set, restart, target, policy))?;
        self.replay(&entries)
    }

    fn replay(&mut self, entries: &[Vec<u8>]) -> Result<(), CoreError> {
        let read = entries.iter().enumerate();
        let inputs: Result<Vec<_>, _> =
            read.map(|(n, entry)| journal::read(entry).ok_or(CoreError::Corrupt(n))).collect();
        let inputs = inputs?;
        for input in &inputs {
            self.hands.recall(input);
        }
        if inputs.is_empty() {
            return Ok(());
        }
        if let Some(state) = &mut self.state {
            state.record_recovered_own_precommit_extensions(&inputs);
            state.index_wal_entries(&inputs);
        }
        self.hands.recovering = true;
        let replayed = inputs.into_iter().try_for_each(|input| self.input(input));
        self.hands.recovering = false;
        if let Some(state) = &mut self.state {
            state.reset_entries_index();
        }
        replayed
    }

    fn input(&mut self, input: Input<ProbityContext>) -> Result<(), CoreError> {
        let Self { hands, state, metrics, params: _ } = self;
        let Some(state) = state else { return Ok(()) };
        let done: Result<(), arc_malachitebft_core_consensus::Error<ProbityContext>> = process!(
            input: input,
            state: state,
            metrics: metrics,
            with: effect => hands.perform(effect)
        );
        match (&hands.failure, done) {
            (Some(failure), _) => Err(failure.clone()),
            (None, Err(error)) => Err(CoreError::Engine(error.to_string())),
            (None, Ok(())) => Ok(()),
        }
    }
}
