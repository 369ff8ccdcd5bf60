//! What is sent in disputes: challenges, leaves, and the votes of juries.
//!
//! Every leaf comes from a transcript that is kept, so a move can be made again by a process that
//! was just started, and costs one opening.
//!
//! Spec: `docs/spec/13-disputes.md`.

use probity_harness::stored;
use probity_primitives::transcript::Transcript;
use probity_primitives::{ContentHash, Hash, OperatorId};
use probity_protocol::dispute::message::{
    AnswerDispute, Ballot, Challenge, DisputeCommit, DisputeReveal, ImplicateMember, OpenDispute,
    PlayDispute, Rival,
};
use probity_protocol::dispute::{Question, Stage};
use probity_protocol::task::Opened;
use probity_runtime::Message;
use probity_runtime::query::{Disputable, DisputeSeat};

use super::AgentError;
use super::errand::{Sender, blocking};
use super::picture::Picture;
use crate::agenda::{Act, Errand, Job};
use crate::challenge;
use crate::desk::{Prepared, Vote};
use crate::node_api::NodeApi;
use crate::work::WorkError;

impl Sender<'_> {
    /// The message of an errand in a dispute; none if what it would show is not so.
    pub(super) async fn in_dispute<A: NodeApi>(
        &self,
        api: &A,
        errand: Errand,
        picture: &Picture,
    ) -> Result<Option<Message>, AgentError> {
        let Errand { act, job } = errand;
        let missing = || AgentError::NotPrepared(job);
        let message = match act {
            Act::Challenge { member } => {
                let result = picture.result(job).ok_or_else(missing)?;
                self.challenge(api, job, result, member).await?
            }
            Act::Implicate { dispute, member } => {
                let seat = picture.accusing(dispute).ok_or_else(missing)?;
                return self.implicate(api, seat, member).await;
            }
            Act::Answer { dispute, item } => {
                let (transcript, _) = self.own(job).await?;
                let stated = challenge::stretch(&transcript, item, item).ok_or_else(missing)?;
                Message::AnswerDispute(AnswerDispute { dispute, stated })
            }
            Act::Move { dispute, item } => {
                let (transcript, _) = self.own(job).await?;
                let opening = transcript.open(item).ok_or_else(missing)?;
                Message::PlayDispute(PlayDispute { dispute, opening })
            }
            Act::VoteCommit | Act::VoteReveal => self.as_dispute_juror(act, job)?,
            Act::Commit
            | Act::Report
            | Act::Reveal
            | Act::Open
            | Act::JuryCommit
            | Act::JuryReveal => return Err(missing()),
        };
        Ok(Some(message))
    }

    /// Shows that a member's published leaf is the one in dispute, if it is.
    async fn implicate<A: NodeApi>(
        &self,
        api: &A,
        seat: &DisputeSeat,
        member: OperatorId,
    ) -> Result<Option<Message>, AgentError> {
        let Some(suspect) = seat.suspects.iter().find(|suspect| suspect.member == member) else {
            return Ok(None);
        };
        let theirs = self.published(api, (member, suspect.transcript, suspect.root)).await;
        let Stage::Ladder { question: Question::Item { item, stated, .. }, .. } =
            &seat.dispute.stage
        else {
            return Ok(None);
        };
        let opening = theirs.and_then(|theirs| theirs.open(*item));
        let same = opening.filter(|opening| Opened::of(&opening.leaf) == *stated);
        let dispute = seat.id;
        Ok(same
            .map(|opening| Message::ImplicateMember(ImplicateMember { dispute, member, opening })))
    }

    /// The ballot that shows a juror's record.
    pub(super) fn ballot(&self, kept: Vote, dispute: u64, level: u8, draw: u8) -> Ballot {
        let Vote { vote, evidence, salt } = kept;
        Ballot { operator: self.operator, dispute, level, draw, vote, evidence, salt }
    }

    fn as_dispute_juror(&self, act: Act, job: Job) -> Result<Message, AgentError> {
        let Job::Vote { dispute, level, draw, .. } = job else {
            return Err(AgentError::NotPrepared(job));
        };
        let kept = self.workshop.votes.get(job).map_err(WorkError::from)?;
        let ballot = self.ballot(kept.ok_or(AgentError::NotPrepared(job))?, dispute, level, draw);
        if act == Act::VoteReveal {
            return Ok(Message::DisputeReveal(DisputeReveal { ballot }));
        }
        let (operator, commitment) = (self.operator, ballot.commitment(self.chain));
        let commit = DisputeCommit { operator, dispute, level, draw, commitment };
        Ok(Message::DisputeCommit(commit))
    }

    /// The transcript of a piece of work, with its record.
    async fn own(&self, job: Job) -> Result<(Transcript, Prepared), AgentError> {
        let kept = self.workshop.prepared.get(job).map_err(WorkError::from)?;
        let prepared = kept.ok_or(AgentError::NotPrepared(job))?;
        let shop = self.workshop.clone();
        blocking(move || Ok((shop.transcript(&prepared)?, prepared))).await
    }

    async fn challenge<A: NodeApi>(
        &self,
        api: &A,
        job: Job,
        result: &Disputable,
        member: OperatorId,
    ) -> Result<Message, AgentError> {
        let (mine, prepared) = self.own(job).await?;
        let shown = result.revealed.iter().find(|(operator, _)| *operator == member);
        let theirs = match shown {
            Some((_, shown)) => {
                self.published(api, (member, shown.transcript, shown.answers_root)).await
            }
            None => None,
        };
        let difference =
            theirs.and_then(|theirs| challenge::difference(&result.task, &theirs, &mine));
        let rival = Rival {
            member,
            score: prepared.committed.score,
            answers_root: prepared.committed.answers_root,
            engine: prepared.engine,
            last: mine.open_last().ok_or(WorkError::NoScore)?,
            difference,
        };
        Ok(Message::OpenDispute(OpenDispute {
            task: result.task_id,
            round: result.task.round,
            challenge: Challenge::Aggregate(Box::new(rival)),
            bond: result.bond,
        }))
    }

    /// A member's published leaves; without them the difference is found in a game.
    async fn published<A: NodeApi>(
        &self,
        api: &A,
        (member, hash, root): (OperatorId, ContentHash, Hash),
    ) -> Option<Transcript> {
        let shop = self.workshop.clone();
        let limit = shop.limits.file_bytes;
        if shop.cache.get(&hash).is_none()
            && let Err(error) = api.fetch(hash, limit, &shop.cache).await
        {
            tracing::info!(%member, %error, "the leaves are not published");
            return None;
        }
        let read = blocking(move || {
            let bytes = shop.cache.read(&hash, limit)?;
            Ok(stored::decode(&bytes, stored::MAX_STORED)?)
        });
        read.await.ok().filter(|found: &Transcript| found.answers_root() == root)
    }
}
