//! A juror's vote in a dispute: the disputed items are run again, and the vote follows.
//!
//! The same run as an item jury's, with the same tie zones; what follows from what was found is the
//! rules' own function, so that no honest vote contradicts its evidence.
//!
//! Spec: `docs/spec/13-disputes.md`.

use probity_primitives::{Domain, Hash};
use probity_protocol::dispute::{Evidence, Question, Ruling};
use probity_protocol::task::Frozen;

use super::{Fetched, Order, WorkError, Workshop, prepare, verdict};
use crate::agenda::Job;
use crate::desk::Vote;
use crate::node_api::NodeApi;

impl Workshop {
    /// A juror's vote on a question.
    ///
    /// # Errors
    /// [`WorkError`], which says whether trying again is of use.
    pub async fn vote<A: NodeApi>(
        self,
        api: &A,
        order: &Order,
        question: Question,
        job: Job,
    ) -> Result<Vote, WorkError> {
        if let Some(done) = self.votes.get(job)? {
            return Ok(done);
        }
        let fetched = self.unless_stopped(self.fetch(api, &order.files)).await??;
        let frozen = order.task.frozen.clone();
        let strategy = self.strategy.over(order.task.phase.committee());
        let shop = Self { strategy, ..self };
        shop.in_turn(move |shop| shop.find(&fetched, &frozen, &question, job)).await
    }

    /// Keeps that nothing was found, unless a vote is kept already.
    ///
    /// # Errors
    /// [`WorkError`] if it cannot be kept.
    pub fn abstain(&self, job: Job) -> Result<Vote, WorkError> {
        self.keep_vote(job, Ruling::Void, Evidence::Nothing)
    }

    fn find(
        &self,
        fetched: &Fetched,
        frozen: &Frozen,
        question: &Question,
        job: Job,
    ) -> Result<Vote, WorkError> {
        let run = prepare(fetched, frozen)?;
        let (first, last) = question.items();
        let items: Vec<u32> = (first..=last).collect();
        let found = self.again(&run, &items)?;
        let evidence = match question {
            Question::Item { .. } => {
                let (record, item) = found.into_iter().next().ok_or(WorkError::NoScore)?;
                Evidence::Item(verdict::verdict(record, item, frozen.delta)?)
            }
            Question::Segment { .. } => {
                let mut worth = found.iter().map(|(record, _)| i128::from(record.score));
                let sum = worth.try_fold(0i128, i128::checked_add);
                Evidence::Sum(sum.ok_or(WorkError::NoScore)?)
            }
        };
        let vote = question.judge(&evidence, frozen).ok_or(WorkError::NoScore)?;
        self.keep_vote(job, vote, evidence)
    }

    fn keep_vote(&self, job: Job, vote: Ruling, evidence: Evidence) -> Result<Vote, WorkError> {
        let Job::Vote { task, dispute, level, draw } = job else {
            return Err(WorkError::BrokeOff(format!("{job:?} is no vote")));
        };
        let secret = (*self.key.seed(), "vote", task, dispute, level, draw);
        let salt = Hash::of(Domain::Salt, &secret);
        Ok(self.votes.keep(job, Vote { vote, evidence, salt })?)
    }
}
