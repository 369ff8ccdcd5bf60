//! Answering the engine: its questions in, the application's answers out.
//!
//! One thread owns the application. The engine's questions and the node's own commands reach it
//! through one bounded queue, so that nothing is shared and nothing locked; a block is executed on
//! this thread, never on one that serves connections.
//!
//! # Invariants
//! - A decision is acknowledged after it is durable, and the next height starts from committed
//!   state alone.
//! - A question that cannot be answered is logged with its reason, and the engine goes on as it
//!   does without the answer: it votes nil, asks again or starts the height anew.
//!
//! Spec: `docs/spec/20-blocks.md`.

use std::time::Duration;

use arc_malachitebft_app_channel::app::consensus::VoteExtensionError;
use arc_malachitebft_app_channel::app::engine::host::{HeightParams, Next, SyncedValueOutcome};
use arc_malachitebft_app_channel::app::streaming::StreamMessage;
use arc_malachitebft_app_channel::app::types::{LocallyProposedValue, PeerId, ProposedValue};
use arc_malachitebft_app_channel::{AppMsg, Channels, NetworkMsg};
use arc_malachitebft_core_types::{CommitCertificate, Round, Validity};
use arc_malachitebft_sync::RawDecidedValue;
use probity_primitives::{BlockHash, Height};
use tokio::sync::mpsc;

use super::codec::{engine_certificate, own_certificate};
use super::context::{
    EngineAddress, EngineHeight, EngineValidatorSet, EngineValue, ProbityContext,
};
use super::engine::timeouts;
use super::evidence;
use super::parts::{ProposalPart, Reassembly, stream};
use crate::replica::application::{Application, Synced, Verdict};
use crate::replica::proposal::SignedProposal;

/// Most questions and commands that wait for the application.
pub const QUEUE: usize = 1024;
/// Most blocks in one answer to a node that is behind.
const MAX_DECIDED: u64 = 32;
/// Most bytes of blocks in one answer to a node that is behind.
const MAX_DECIDED_BYTES: usize = 8 * 1024 * 1024;

/// Something to do with the application, on the thread that owns it.
pub type Command<A> = Box<dyn FnOnce(&mut A) + Send>;

/// What waits for the application.
enum Input<A> {
    Engine(Box<AppMsg<ProbityContext>>),
    Attach(mpsc::Sender<NetworkMsg<ProbityContext>>),
    Command(Command<A>),
    Stop,
}

/// Where commands for the application are left.
pub struct Commands<A>(mpsc::Sender<Input<A>>);

impl<A> Clone for Commands<A> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// Why a command was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// Too many wait already.
    #[error("the node is busy: {QUEUE} requests wait already")]
    Busy,
    /// The node has stopped.
    #[error("the node has stopped")]
    Stopped,
}

impl<A> Commands<A> {
    /// Leaves a command, without waiting for its turn.
    ///
    /// # Errors
    /// [`CommandError`]; the command was not and will not be run.
    pub fn send(&self, command: Command<A>) -> Result<(), CommandError> {
        self.0.try_send(Input::Command(command)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => CommandError::Busy,
            mpsc::error::TrySendError::Closed(_) => CommandError::Stopped,
        })
    }
}

/// The thread that owns the application.
pub struct DriverThread<A> {
    inputs: mpsc::Sender<Input<A>>,
    thread: std::thread::JoinHandle<()>,
    forwarder: Option<tokio::task::JoinHandle<()>>,
}

/// Settings of a driver.
#[derive(Debug, Clone, Copy)]
pub struct DriverConfig {
    /// How long a height should take.
    pub block_time: Duration,
    /// The clock, in milliseconds since 1970.
    pub now_ms: fn() -> u64,
}

/// Starts the thread that owns `application`. It answers an engine once one is attached.
///
/// # Errors
/// When the system has no thread left.
pub fn spawn<A: Application>(
    application: A,
    config: DriverConfig,
) -> std::io::Result<(DriverThread<A>, Commands<A>)> {
    let (inputs, queue) = mpsc::channel(QUEUE);
    let driver = Driver::new(application, None, config);
    let thread =
        std::thread::Builder::new().name("replica".to_owned()).spawn(move || driver.run(queue))?;
    let commands = Commands(inputs.clone());
    Ok((DriverThread { inputs, thread, forwarder: None }, commands))
}

impl<A: Send + 'static> DriverThread<A> {
    /// Answers this engine from now on, and no longer the one before it.
    pub async fn attach(&mut self, channels: Channels<ProbityContext>) {
        let Channels { consensus: mut questions, network, .. } = channels;
        if let Some(before) = self.forwarder.take() {
            before.abort();
        }
        let inputs = self.inputs.clone();
        // If the thread has ended there is nobody to answer, and the engine will notice.
        let _ = inputs.send(Input::Attach(network)).await;
        self.forwarder = Some(tokio::spawn(async move {
            while let Some(question) = questions.recv().await {
                if inputs.send(Input::Engine(Box::new(question))).await.is_err() {
                    break;
                }
            }
        }));
    }

    /// Lets the thread finish what waits, and waits for it.
    pub async fn stop(self) {
        let Self { inputs, thread, forwarder } = self;
        if let Some(forwarder) = forwarder {
            forwarder.abort();
        }
        // If the thread is gone already there is nobody to tell.
        let _ = inputs.send(Input::Stop).await;
        drop(inputs);
        let joined = tokio::task::spawn_blocking(move || thread.join()).await;
        if !matches!(joined, Ok(Ok(()))) {
            tracing::error!("the replica's thread ended in a panic");
        }
    }
}

/// Answers the engine's questions with an application; [`super::core`] drives one without a thread.
pub(super) struct Driver<A> {
    pub(super) application: A,
    network: Option<mpsc::Sender<NetworkMsg<ProbityContext>>>,
    reassembly: Reassembly,
    config: DriverConfig,
    streams: u64,
}

impl<A: Application> Driver<A> {
    /// A driver of `application` that publishes parts to `network`, once there is one.
    pub(super) fn new(
        application: A,
        network: Option<mpsc::Sender<NetworkMsg<ProbityContext>>>,
        config: DriverConfig,
    ) -> Self {
        let reassembly = Reassembly::new(application.max_block_bytes());
        Self { application, network, reassembly, config, streams: 0 }
    }

    fn run(mut self, mut queue: mpsc::Receiver<Input<A>>) {
        while let Some(input) = queue.blocking_recv() {
            match input {
                Input::Engine(question) => self.answer(*question),
                Input::Attach(network) => self.network = Some(network),
                Input::Command(command) => command(&mut self.application),
                Input::Stop => break,
            }
        }
    }

    fn now_ms(&self) -> u64 {
        (self.config.now_ms)()
    }

    /// Answers one question. Whoever asked may be gone: a reply that nobody takes is dropped.
    pub(super) fn answer(&mut self, question: AppMsg<ProbityContext>) {
        match question {
            AppMsg::ConsensusReady { reply } => {
                let height = EngineHeight(self.application.next_height());
                let _ = reply.send((height, self.params()));
            }
            AppMsg::StartedRound { height, round, proposer: _, role: _, reply_value } => {
                let _ = reply_value.send(self.start_round(height.0, round));
            }
            AppMsg::GetValue { height, round, timeout: _, reply } => {
                if let Some(proposal) = self.propose(height.0, round) {
                    let value = EngineValue(proposal.header.block);
                    let _ = reply.send(LocallyProposedValue::new(height, round, value));
                    self.publish(&proposal);
                }
            }
            AppMsg::ReceivedProposalPart { from, published_by, part, reply } => {
                let _ = reply.send(self.receive(published_by.unwrap_or(from), part));
            }
            AppMsg::RestreamProposal { value_id, .. } => self.restream(&value_id),
            AppMsg::Decided { certificate, extensions: _, reply } => {
                if self.decide(&certificate) {
                    let _ = reply.send(());
                }
            }
            AppMsg::Finalized { certificate, extensions: _, evidence: seen, reply } => {
                for found in evidence::of(&seen) {
                    self.application.misbehaved(found);
                }
                if let Some(next) = self.next(&certificate) {
                    let _ = reply.send(next);
                }
            }
            AppMsg::GetHistoryMinHeight { reply } => {
                let _ = reply.send(EngineHeight(self.application.first_height()));
            }
            AppMsg::GetDecidedValues { range, reply } => {
                let _ = reply.send(self.decided(range.start().0, range.end().0));
            }
            AppMsg::ProcessSyncedValue { height, round, proposer: _, value_bytes, reply } => {
                let round = round.as_u32().unwrap_or(u32::MAX);
                let synced = self.application.synced(height.0, round, value_bytes);
                let _ = reply.send(outcome(synced));
            }
            AppMsg::ExtendVote { reply, .. } => {
                let _ = reply.send(None);
            }
            AppMsg::VerifyVoteExtensions { extensions, reply, .. } => {
                let refuse =
                    |(address, ())| (address, Err(VoteExtensionError::InvalidVoteExtension));
                let _ = reply.send(extensions.into_iter().map(refuse).collect());
            }
        }
    }

    fn params(&self) -> HeightParams<ProbityContext> {
        let validators = EngineValidatorSet::new(self.application.validators());
        let block_time = self.config.block_time;
        let target = (!block_time.is_zero()).then_some(block_time);
        HeightParams::new(validators, timeouts(block_time), target)
    }

    fn start_round(&mut self, height: Height, round: Round) -> Vec<ProposedValue<ProbityContext>> {
        self.reassembly.forget_below(height);
        let Some(round) = round.as_u32() else { return Vec::new() };
        let now_ms = self.now_ms();
        let verdicts = self.application.start_round(height, round, now_ms);
        verdicts.into_iter().map(proposed).collect()
    }

    fn propose(&mut self, height: Height, round: Round) -> Option<SignedProposal> {
        let round = round.as_u32()?;
        let now_ms = self.now_ms();
        match self.application.propose(height, round, now_ms) {
            Ok(proposal) => Some(proposal),
            Err(error) => {
                tracing::error!(%height, round, %error, "cannot propose a block");
                None
            }
        }
    }

    /// Hands the parts of a proposal to the engine's network, which takes them one by one.
    fn publish(&mut self, proposal: &SignedProposal) {
        self.streams = self.streams.wrapping_add(1);
        let name = (u128::from(self.now_ms()) << 64) | u128::from(self.streams);
        let Some(network) = &self.network else { return };
        for part in stream(proposal, name) {
            if network.blocking_send(NetworkMsg::PublishProposalPart(part)).is_err() {
                tracing::debug!("the engine's network is gone; a proposal stays unpublished");
                return;
            }
        }
    }

    fn receive(
        &mut self,
        publisher: PeerId,
        part: StreamMessage<ProposalPart>,
    ) -> Option<ProposedValue<ProbityContext>> {
        let height = self.application.next_height();
        let application = &self.application;
        let accept = |header: &_, signature: &_| application.accepts(header, signature);
        match self.reassembly.insert(height, publisher.to_bytes(), part, accept) {
            Ok(Some(proposal)) => {
                let now_ms = self.now_ms();
                self.application.receive(proposal, now_ms).map(proposed)
            }
            Ok(None) => None,
            Err(error) => {
                tracing::debug!(%publisher, %error, "a proposal part is dropped");
                None
            }
        }
    }

    fn restream(&mut self, block: &BlockHash) {
        match self.application.proposal(block) {
            Some(proposal) => self.publish(&proposal),
            None => tracing::warn!(%block, "cannot stream a block again: it is not here"),
        }
    }

    fn decide(&mut self, certificate: &CommitCertificate<ProbityContext>) -> bool {
        let (height, block) = (certificate.height, certificate.value_id);
        let decided = match own_certificate(certificate) {
            Ok(certificate) => {
                self.application.decide(certificate).map_err(|error| error.to_string())
            }
            Err(error) => Err(error.to_string()),
        };
        match decided {
            Ok(()) => true,
            Err(error) => {
                tracing::error!(%height, %block, %error, "a decided block is not committed");
                false
            }
        }
    }

    /// The height after a finalized one; none while that one cannot be committed.
    ///
    /// The engine could start the same height again instead, but then it would forget what it
    /// signed there and might sign otherwise. So it stands still until the keeper starts it anew:
    /// from its write-ahead log it decides again.
    fn next(
        &mut self,
        certificate: &CommitCertificate<ProbityContext>,
    ) -> Option<Next<ProbityContext>> {
        if self.application.next_height() <= certificate.height.0 && !self.decide(certificate) {
            return None;
        }
        Some(Next::Start(EngineHeight(self.application.next_height()), self.params()))
    }

    /// What a node that is behind asked for, within the limits of one answer.
    fn decided(&self, first: Height, last: Height) -> Vec<RawDecidedValue<ProbityContext>> {
        let last = Height(last.0.min(first.0.saturating_add(MAX_DECIDED - 1)));
        let decided = self.application.decided(first, last).unwrap_or_else(|error| {
            tracing::error!(%first, %last, %error, "cannot read decided blocks");
            Vec::new()
        });
        let mut bytes = 0usize;
        decided
            .into_iter()
            .take_while(|(block, _)| {
                let fits = bytes == 0 || bytes.saturating_add(block.len()) <= MAX_DECIDED_BYTES;
                bytes = bytes.saturating_add(block.len());
                fits
            })
            .map(|(block, certificate)| {
                RawDecidedValue::new(block, engine_certificate(&certificate))
            })
            .collect()
    }
}

fn outcome(synced: Synced) -> SyncedValueOutcome<ProbityContext> {
    match synced {
        Synced::Judged(verdict) => SyncedValueOutcome::Verdict(proposed(verdict)),
        Synced::Malformed => SyncedValueOutcome::PeerFault,
        Synced::Unavailable => SyncedValueOutcome::LocalTransientError,
    }
}

fn proposed(verdict: Verdict) -> ProposedValue<ProbityContext> {
    let Verdict { height, round, proposer, block, valid } = verdict;
    ProposedValue {
        height: EngineHeight(height),
        round: Round::new(round),
        valid_round: Round::Nil,
        proposer: EngineAddress(proposer),
        value: EngineValue(block),
        validity: Validity::from_bool(valid),
    }
}
