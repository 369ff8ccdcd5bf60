//! What a core does when the engine's state machine asks for something.
//!
//! Each effect is answered as the engine's own host answers it, with the same order of log, network
//! and application: a message leaves after the log is flushed, a decision reaches the application
//! after that too, and what the application answers comes back later, as an input.
//!
//! # Invariants
//! - After the log has failed once, nothing leaves any more: the engine hangs there on purpose, so
//!   that it never signs against what it forgot.
//!
//! Spec: `docs/spec/20-blocks.md`.

use std::collections::BTreeMap;
use std::time::Duration;

use arc_malachitebft_app_channel::app::engine::host::{HeightParams, Next, SyncedValueOutcome};
use arc_malachitebft_app_channel::{AppMsg, NetworkMsg, Reply};
use arc_malachitebft_core_consensus::{
    ConsensusMsg, Effect, Input, LivenessMsg, LocallyProposedValue, MisbehaviorEvidence,
    ProposedValue, Resumable, Resume, SignedConsensusMsg, VoteExtensionError,
};
use arc_malachitebft_core_types::{
    CommitCertificate, NilOrVal, Round, SignedMessage, Timeout, TimeoutKind, Value, ValueOrigin,
    ValueResponse, VoteExtensions, VoteType,
};
use arc_malachitebft_signing::{Signer, Verifier, VerifierExt};
use futures::executor::block_on;
use probity_primitives::PublicKey;
use tokio::sync::{mpsc, oneshot};

use super::super::context::{EngineHeight, ProbityContext};
use super::super::driver::Driver;
use super::super::signing::{EngineSigner, EngineVerifier, WITHHELD};
use super::journal::{self, Journal};
use super::message::Message;
use super::{CoreError, Output, Pending, Said, Soon};
use crate::replica::application::Application;

type Resumed = Result<Resume<ProbityContext>, CoreError>;

/// Everything of a core but the state machine.
pub(super) struct Hands<A, J> {
    pub(super) driver: Driver<A>,
    pub(super) parts: mpsc::Receiver<NetworkMsg<ProbityContext>>,
    pub(super) verifier: EngineVerifier,
    pub(super) signer: EngineSigner,
    pub(super) journal: J,
    pub(super) validator: bool,
    pub(super) recovering: bool,
    pub(super) params: Option<HeightParams<ProbityContext>>,
    pub(super) block_time: Duration,
    pub(super) timers: BTreeMap<u64, Timeout>,
    pub(super) next_timer: u64,
    pub(super) outputs: Vec<Output>,
    pub(super) failure: Option<CoreError>,
}

impl<A: Application, J: Journal> Hands<A, J> {
    /// Asks the application; none if it leaves the question unanswered.
    pub(super) fn ask<T>(
        &mut self,
        question: impl FnOnce(Reply<T>) -> AppMsg<ProbityContext>,
    ) -> Option<T> {
        let (reply, mut answer) = oneshot::channel();
        self.tell(question(reply));
        answer.try_recv().ok()
    }

    fn tell(&mut self, message: AppMsg<ProbityContext>) {
        self.driver.answer(message);
        while let Ok(NetworkMsg::PublishProposalPart(part)) = self.parts.try_recv() {
            self.send(&Message::Part(part));
        }
    }

    fn send(&mut self, message: &Message) {
        self.outputs.extend(message.encode().map(Output::Send));
    }

    /// Sends what may hold signatures of this core.
    fn publish(&mut self, message: LivenessMsg<ProbityContext>) {
        if self.signer.leave_again(&message).is_ok() {
            self.send(&Message::Liveness(message));
        }
    }

    /// Takes in what the log says was signed, as the log's codec of a running engine does.
    pub(super) fn recall(&self, input: &Input<ProbityContext>) {
        match input {
            Input::Vote(vote) => self.signer.recall(&SignedConsensusMsg::Vote(vote.clone())),
            Input::Proposal(proposal) => {
                self.signer.recall(&SignedConsensusMsg::Proposal(proposal.clone()));
            }
            Input::TimeoutElapsed(_)
            | Input::ProposedValue(..)
            | Input::PolkaCertificate(_)
            | Input::StartHeight(..)
            | Input::Propose(_)
            | Input::RoundCertificate(_)
            | Input::SyncValueResponse(_) => {}
        }
    }

    pub(super) fn soon(&mut self, soon: Soon) {
        self.outputs.push(Output::Later(Pending(Box::new(soon))));
    }

    fn logs(&self) -> bool {
        self.validator && !self.recovering
    }

    fn flush(&mut self) -> Result<(), CoreError> {
        if self.logs() { self.journal.flush().map_err(CoreError::Journal) } else { Ok(()) }
    }

    /// Does what the state machine asks for, and keeps the first reason why nothing may be done
    /// any more.
    pub(super) fn perform(&mut self, effect: Effect<ProbityContext>) -> Resumed {
        if self.failure.is_some() {
            return Ok(Resume::Continue);
        }
        let resumed = self.attempt(effect);
        if let Err(error) = &resumed {
            self.failure = Some(error.clone());
        }
        resumed
    }

    fn attempt(&mut self, effect: Effect<ProbityContext>) -> Resumed {
        match effect {
            Effect::CancelAllTimeouts(resume) => {
                self.timers.clear();
                Ok(resume.resume_with(()))
            }
            Effect::CancelTimeout(timeout, resume) => {
                self.timers.retain(|_, running| *running != timeout);
                Ok(resume.resume_with(()))
            }
            Effect::ScheduleTimeout(timeout, resume) => {
                self.schedule(timeout);
                Ok(resume.resume_with(()))
            }
            Effect::WalAppend(_, input, resume) => {
                if self.logs() {
                    let entry = journal::write(input).ok_or(CoreError::NoEntry)?;
                    self.journal.append(entry).map_err(CoreError::Journal)?;
                }
                Ok(resume.resume_with(()))
            }
            Effect::PublishConsensusMsg(message, resume) => {
                self.flush()?;
                if self.signer.leave(&message).is_ok() {
                    self.outputs.extend(signed(&message));
                    self.send(&Message::Consensus(message));
                }
                Ok(resume.resume_with(()))
            }
            Effect::PublishLivenessMsg(message, resume) => {
                self.publish(message);
                Ok(resume.resume_with(()))
            }
            Effect::RepublishVote(vote, resume) => {
                self.publish(LivenessMsg::Vote(vote));
                Ok(resume.resume_with(()))
            }
            Effect::RepublishRoundCertificate(certificate, resume) => {
                self.publish(LivenessMsg::SkipRoundCertificate(certificate));
                Ok(resume.resume_with(()))
            }
            Effect::SignVote(..)
            | Effect::SignProposal(..)
            | Effect::VerifySignature(..)
            | Effect::VerifyCommitCertificate(..)
            | Effect::VerifyExtendedCommitCertificate(..)
            | Effect::VerifyPolkaCertificate(..)
            | Effect::VerifyRoundCertificate(..)
            | Effect::ExtendVote(..)
            | Effect::VerifyVoteExtension(..) => self.crypto(effect),
            Effect::StartRound(..)
            | Effect::GetValue(..)
            | Effect::RestreamProposal(..)
            | Effect::Decide(..)
            | Effect::Finalize(..)
            | Effect::CertVerifiedSyncValue(..)
            | Effect::CertRejectedSyncValue(..) => self.application(effect),
        }
    }

    fn schedule(&mut self, timeout: Timeout) {
        let after = match (timeout.kind, &self.params) {
            // The engine measures this one by the machine's clock; here a block's time is its own.
            (TimeoutKind::FinalizeHeight(_), _) | (_, None) => self.block_time,
            (_, Some(params)) => params.timeouts.duration_for(timeout),
        };
        self.timers.retain(|_, running| *running != timeout);
        let timer = self.next_timer;
        self.next_timer = timer.wrapping_add(1);
        self.timers.insert(timer, timeout);
        self.outputs.push(Output::Timer { timer, after });
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the caller sorts the effects, all by name")]
    fn crypto(&mut self, effect: Effect<ProbityContext>) -> Resumed {
        let (context, verifier) = (&ProbityContext, &self.verifier);
        Ok(match effect {
            Effect::SignVote(vote, resume) => {
                let signed = block_on(self.signer.sign_vote(vote));
                resume.resume_with(signed.map_err(|error| CoreError::Sign(error.to_string()))?)
            }
            Effect::SignProposal(proposal, resume) => {
                let signed = block_on(self.signer.sign_proposal(proposal));
                resume.resume_with(signed.map_err(|error| CoreError::Sign(error.to_string()))?)
            }
            Effect::VerifySignature(message, key, resume) => {
                resume.resume_with(self.verifies(&message, &key))
            }
            Effect::VerifyCommitCertificate(certificate, set, thresholds, resume) => {
                let verdict =
                    verifier.verify_commit_certificate(context, &certificate, &set, thresholds);
                resume.resume_with(block_on(verdict))
            }
            Effect::VerifyExtendedCommitCertificate(commit, set, thresholds, policy, resume) => {
                let verdict = verifier
                    .verify_extended_commit_certificate(context, &commit, &set, thresholds, policy);
                resume.resume_with(block_on(verdict))
            }
            Effect::VerifyPolkaCertificate(certificate, set, thresholds, resume) => {
                let verdict =
                    verifier.verify_polka_certificate(context, &certificate, &set, thresholds);
                resume.resume_with(block_on(verdict))
            }
            Effect::VerifyRoundCertificate(certificate, set, thresholds, resume) => {
                let verdict =
                    verifier.verify_round_certificate(context, &certificate, &set, thresholds);
                resume.resume_with(block_on(verdict))
            }
            Effect::ExtendVote(_, _, _, _, resume) => resume.resume_with(None),
            Effect::VerifyVoteExtension(_, _, _, _, _, _, resume) => {
                resume.resume_with(Err(VoteExtensionError::InvalidVoteExtension))
            }
            other => return Err(CoreError::Misplaced(format!("{other:?}"))),
        })
    }

    fn verifies(
        &self,
        message: &SignedMessage<ProbityContext, ConsensusMsg<ProbityContext>>,
        key: &PublicKey,
    ) -> bool {
        let signature = &message.signature;
        let verdict = match &message.message {
            ConsensusMsg::Vote(vote) => {
                block_on(self.verifier.verify_signed_vote(vote, signature, key))
            }
            ConsensusMsg::Proposal(proposal) => {
                block_on(self.verifier.verify_signed_proposal(proposal, signature, key))
            }
        };
        verdict.is_ok_and(|verdict| verdict.is_valid())
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the caller sorts the effects, all by name")]
    fn application(&mut self, effect: Effect<ProbityContext>) -> Resumed {
        match effect {
            Effect::StartRound(height, round, proposer, role, resume) => {
                self.flush()?;
                let known: Option<Vec<ProposedValue<_>>> = self.ask(|reply_value| {
                    AppMsg::StartedRound { height, round, proposer, role, reply_value }
                });
                for value in known.unwrap_or_default() {
                    self.soon(Soon::Value(value, ValueOrigin::Consensus));
                }
                Ok(resume.resume_with(()))
            }
            Effect::GetValue(height, round, timeout, resume) => {
                self.get_value(height, round, timeout);
                Ok(resume.resume_with(()))
            }
            Effect::RestreamProposal(height, round, valid_round, address, value_id, resume) => {
                self.tell(AppMsg::RestreamProposal {
                    height,
                    round,
                    valid_round,
                    address,
                    value_id,
                });
                Ok(resume.resume_with(()))
            }
            Effect::Decide(certificate, extensions, resume) => {
                self.flush()?;
                self.decide(certificate, extensions);
                Ok(resume.resume_with(()))
            }
            Effect::Finalize(certificate, extensions, evidence, resume) => {
                self.finalize(certificate, extensions, evidence);
                Ok(resume.resume_with(()))
            }
            Effect::CertVerifiedSyncValue(value, proposer, resume) => {
                let ValueResponse { value_bytes, certificate, .. } = value;
                let (height, round) = (certificate.height, certificate.round);
                let outcome = self.ask(|reply| AppMsg::ProcessSyncedValue {
                    height,
                    round,
                    proposer,
                    value_bytes,
                    reply,
                });
                self.synced(outcome, certificate.value_id, round);
                Ok(resume.resume_with(()))
            }
            Effect::CertRejectedSyncValue(_, _, _, resume) => {
                self.outputs.push(Output::SyncRefused);
                Ok(resume.resume_with(()))
            }
            other => Err(CoreError::Misplaced(format!("{other:?}"))),
        }
    }

    fn get_value(&mut self, height: EngineHeight, round: Round, timeout: Timeout) {
        let timeout =
            self.params.as_ref().map_or(self.block_time, |one| one.timeouts.duration_for(timeout));
        let value: Option<LocallyProposedValue<_>> =
            self.ask(|reply| AppMsg::GetValue { height, round, timeout, reply });
        if let Some(value) = value {
            self.soon(Soon::Propose(value));
        }
    }

    fn decide(
        &mut self,
        certificate: CommitCertificate<ProbityContext>,
        extensions: VoteExtensions<ProbityContext>,
    ) {
        let (height, block) = (certificate.height.0, certificate.value_id);
        let committed = self.ask(|reply| AppMsg::Decided { certificate, extensions, reply });
        self.outputs.push(Output::Decided { height, block, durable: committed.is_some() });
    }

    fn finalize(
        &mut self,
        certificate: CommitCertificate<ProbityContext>,
        extensions: VoteExtensions<ProbityContext>,
        evidence: MisbehaviorEvidence<ProbityContext>,
    ) {
        let votes = evidence.votes.iter().map(|(accused, _)| accused.0);
        let accused = votes.chain(evidence.proposals.iter().map(|(accused, _)| accused.0));
        self.outputs.extend(accused.map(Output::Accused).collect::<Vec<_>>());
        let next = self.ask(|reply| AppMsg::Finalized { certificate, extensions, evidence, reply });
        match next {
            Some(Next::Start(height, params)) => self.soon(Soon::Start(height, params, false)),
            Some(Next::Restart(height, params)) => self.soon(Soon::Start(height, params, true)),
            None => {}
        }
    }

    fn synced(
        &mut self,
        outcome: Option<SyncedValueOutcome<ProbityContext>>,
        certified: probity_primitives::BlockHash,
        round: Round,
    ) {
        match outcome {
            Some(SyncedValueOutcome::Verdict(mut value)) if value.value.id() == certified => {
                value.round = round;
                self.soon(Soon::Value(value, ValueOrigin::Sync));
            }
            Some(SyncedValueOutcome::Verdict(_) | SyncedValueOutcome::PeerFault) => {
                self.outputs.push(Output::SyncRefused);
            }
            Some(SyncedValueOutcome::LocalTransientError) | None => {
                self.outputs.push(Output::SyncPostponed);
            }
        }
    }
}

/// What a message says, for whoever compares it with others of its sender.
/// What was signed; none if the marks refused it.
fn signed(message: &SignedConsensusMsg<ProbityContext>) -> Option<Output> {
    let signature = match message {
        SignedConsensusMsg::Proposal(proposal) => &proposal.signature,
        SignedConsensusMsg::Vote(vote) => &vote.signature,
    };
    let said = match message {
        SignedConsensusMsg::Proposal(proposal) => {
            let proposal = &proposal.message;
            Said::Proposal(proposal.value.0, proposal.pol_round.as_u32())
        }
        SignedConsensusMsg::Vote(vote) => {
            let block = match vote.message.value {
                NilOrVal::Nil => None,
                NilOrVal::Val(block) => Some(block),
            };
            match vote.message.kind {
                VoteType::Prevote => Said::Prevote(block),
                VoteType::Precommit => Said::Precommit(block),
            }
        }
    };
    let signed =
        Output::Signed { height: message.height().0, round: message.round().as_u32(), said };
    (*signature != WITHHELD).then_some(signed)
}
