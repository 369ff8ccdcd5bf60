//! What an errand sends: the message that its work leads to.

use probity_keys::guard::{self, Stated, StatementGuard};
use probity_primitives::transcript::Opening;
use probity_primitives::{BoundedVec, Hash, Height, Keypair, OperatorId, TaskId, codec};
use probity_protocol::task::message::{
    Attestation, Commit, JuryCommit, JuryReveal, PostOpenings, ReportUnavailable, Reveal, Statement,
};
use probity_runtime::Message;

use super::AgentError;
use super::picture::Picture;
use crate::agenda::{Act, Errand, Job, Step};
use crate::desk::{Prepared, Verdicts};
use crate::node_api::NodeApi;
use crate::work::{WorkError, Workshop};

/// The most openings that a transaction takes; the rest follows in the next one.
const MAX_OPENINGS: usize = 64;

/// The most bytes of openings in one transaction.
const MAX_OPENINGS_BYTES: usize = 128 * 1024;

/// What a statement is asked to be signed under.
#[derive(Clone, Copy)]
pub(super) struct Permit<'a> {
    /// What was stated before.
    pub(super) guard: &'a StatementGuard,
    /// The height now.
    pub(super) now: Height,
}

/// Who sends, and on which chain.
pub(super) struct Sender<'a> {
    pub(super) chain: Hash,
    pub(super) operator: OperatorId,
    pub(super) key: &'a Keypair,
    pub(super) workshop: &'a Workshop,
}

/// A step that ends in a transaction.
pub(super) struct Dispatch {
    pub(super) errand: Errand,
    pub(super) until: Height,
    pub(super) message: Message,
}

impl Sender<'_> {
    /// The message of a step; none for one that is work, and for one that proves nothing.
    pub(super) async fn dispatch<A: NodeApi>(
        &self,
        api: &A,
        step: &Step,
        permit: Permit<'_>,
        picture: &Picture,
    ) -> Result<Option<Dispatch>, AgentError> {
        let (errand, until, indices) = match step {
            Step::Work { .. } | Step::Abstain { .. } => return Ok(None),
            Step::Send { errand, until } => (*errand, *until, [].as_slice()),
            Step::Open { errand, indices, until } => (*errand, *until, indices.as_slice()),
        };
        let message = match errand.job {
            Job::Evaluation { .. }
                if matches!(
                    errand.act,
                    Act::Answer { .. } | Act::Move { .. } | Act::Implicate { .. }
                ) =>
            {
                self.in_dispute(api, errand, picture).await?
            }
            Job::Evaluation { task, round } => {
                let sign = |statement| self.attest(permit, until, task, round, statement);
                Some(self.as_member(api, errand.act, task, round, indices, sign).await?)
            }
            Job::Verdicts { task, draw } => Some(self.as_juror(errand.act, task, draw)?),
            Job::Check { .. } | Job::Vote { .. } => self.in_dispute(api, errand, picture).await?,
        };
        Ok(message.map(|message| Dispatch { errand, until, message }))
    }

    async fn as_member<A: NodeApi>(
        &self,
        api: &A,
        act: Act,
        task: TaskId,
        round: u8,
        indices: &[u32],
        sign: impl FnOnce(Statement) -> Result<Attestation, AgentError>,
    ) -> Result<Message, AgentError> {
        let operator = self.operator;
        if act == Act::Report {
            return Ok(Message::ReportUnavailable(ReportUnavailable { operator, task, round }));
        }
        let job = Job::Evaluation { task, round };
        let prepared = self.workshop.prepared.get(job).map_err(WorkError::from)?;
        let prepared = prepared.ok_or(AgentError::NotPrepared(job))?;
        match act {
            Act::Commit => {
                let statement = Statement::Commit(self.commitment(&prepared, task, round));
                Ok(Message::Commit(Commit { attestation: sign(statement)? }))
            }
            Act::Reveal => self.reveal(api, prepared, sign).await,
            Act::Open => {
                let openings = self.openings(prepared, indices).await?;
                Ok(Message::PostOpenings(PostOpenings { operator, task, round, openings }))
            }
            Act::Report
            | Act::JuryCommit
            | Act::JuryReveal
            | Act::Challenge { .. }
            | Act::Answer { .. }
            | Act::Move { .. }
            | Act::Implicate { .. }
            | Act::VoteCommit
            | Act::VoteReveal => Err(AgentError::NotPrepared(job)),
        }
    }

    /// The commitment that a member's record leads to.
    pub(super) fn commitment(&self, prepared: &Prepared, task: TaskId, round: u8) -> Hash {
        prepared.committed.commitment(self.chain, task, round, self.operator)
    }

    /// The leaf list is published first: whoever reads the reveal can fetch it.
    async fn reveal<A: NodeApi>(
        &self,
        api: &A,
        prepared: Prepared,
        sign: impl FnOnce(Statement) -> Result<Attestation, AgentError>,
    ) -> Result<Message, AgentError> {
        let shop = self.workshop.clone();
        let (bytes, last, prepared) = blocking(move || {
            let last = shop.transcript(&prepared)?.open_last().ok_or(WorkError::NoScore)?;
            Ok((shop.stored(&prepared)?, last, prepared))
        })
        .await?;
        let Prepared { committed, engine, transcript } = prepared;
        let published = api.publish(bytes).await?;
        if published != transcript {
            return Err(AgentError::Published { published, expected: transcript });
        }
        let stated = Statement::Reveal(Reveal::hash(&committed, engine, &last, transcript));
        let attestation = sign(stated)?;
        Ok(Message::Reveal(Reveal { committed, engine, last, transcript, attestation }))
    }

    async fn openings(
        &self,
        prepared: Prepared,
        indices: &[u32],
    ) -> Result<BoundedVec<Opening, MAX_OPENINGS>, AgentError> {
        let (shop, indices) = (self.workshop.clone(), indices.to_vec());
        blocking(move || {
            let transcript = shop.transcript(&prepared)?;
            let mut openings = BoundedVec::new();
            let mut room = MAX_OPENINGS_BYTES;
            let opened = indices.iter().filter_map(|index| transcript.open(*index));
            for opening in opened.take(MAX_OPENINGS) {
                let left = room.checked_sub(codec::encode(&opening).len());
                match left {
                    Some(left) => room = left,
                    None if openings.is_empty() => room = 0,
                    None => break,
                }
                openings.push(opening)?;
            }
            Ok(openings)
        })
        .await
    }

    fn as_juror(&self, act: Act, task: TaskId, draw: u8) -> Result<Message, AgentError> {
        let job = Job::Verdicts { task, draw };
        let kept = self.workshop.verdicts.get(job).map_err(WorkError::from)?;
        let reveal = self.verdicts(kept.ok_or(AgentError::NotPrepared(job))?, task, draw);
        match act {
            Act::JuryCommit => {
                let commitment = reveal.commitment(self.chain);
                let operator = self.operator;
                Ok(Message::JuryCommit(JuryCommit { operator, task, draw, commitment }))
            }
            Act::JuryReveal => Ok(Message::JuryReveal(reveal)),
            Act::Commit
            | Act::Report
            | Act::Reveal
            | Act::Open
            | Act::Challenge { .. }
            | Act::Answer { .. }
            | Act::Move { .. }
            | Act::Implicate { .. }
            | Act::VoteCommit
            | Act::VoteReveal => Err(AgentError::NotPrepared(job)),
        }
    }

    /// The message that shows a juror's record.
    pub(super) fn verdicts(&self, kept: Verdicts, task: TaskId, draw: u8) -> JuryReveal {
        let Verdicts { verdicts, salt } = kept;
        JuryReveal { operator: self.operator, task, draw, verdicts, salt }
    }

    /// Signs a statement, unless another one of its kind was signed for the task and round.
    fn attest(
        &self,
        permit: Permit<'_>,
        until: Height,
        task: TaskId,
        round: u8,
        statement: Statement,
    ) -> Result<Attestation, AgentError> {
        let (kind, digest) = match statement {
            Statement::Commit(digest) => (guard::Statement::Commitment, digest),
            Statement::Reveal(digest) => (guard::Statement::Reveal, digest),
        };
        let Permit { guard, now } = permit;
        guard.allow((task, round, kind), Stated { digest, until }, now)?;
        Ok(Attestation::sign(self.chain, task, round, self.operator, statement, self.key))
    }
}

/// Reads from disk on a thread where waiting is allowed.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, WorkError> + Send + 'static,
) -> Result<T, AgentError> {
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.map_err(|error| WorkError::BrokeOff(error.to_string()))??)
}
