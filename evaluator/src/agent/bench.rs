//! The work that runs beside the loop: begun, ended, and found again after a restart.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use probity_primitives::{Hash, Height, TaskId};

use super::AgentError;
use super::cycle::Agent;
use super::picture::Picture;
use crate::agenda::{Job, Progress};
use crate::desk::{Prepared, Verdicts, Vote};
use crate::node_api::NodeApi;
use crate::work::WorkError;

/// After how many blocks work that failed is tried again.
const RETRY_BLOCKS: u64 = 2;

/// What a piece of work gave.
#[derive(Debug)]
pub(super) enum Made {
    Prepared(Prepared),
    Verdicts(Verdicts),
    Vote(Vote),
}

pub(super) type Done = (Job, Duration, Result<Made, WorkError>);

impl<A: NodeApi> Agent<A> {
    /// Forgets ended tasks, and remembers what an earlier process has prepared.
    pub(super) fn recall(&mut self, picture: &Picture, chain: Hash) {
        let jobs = picture.jobs();
        let open: BTreeSet<TaskId> = jobs.iter().map(|job| job.task()).collect();
        let is_open = |job: &Job| open.contains(&job.task());
        self.work.retain(|job, progress| is_open(job) || *progress == Progress::Running);
        self.outbox.forget(|errand| is_open(&errand.job));
        for job in jobs {
            if self.work.contains_key(&job) {
                continue;
            }
            match self.kept(job, chain) {
                Ok(None) => {}
                Ok(Some(progress)) => {
                    self.work.insert(job, progress);
                }
                Err(error) => self.failed("a record", &error),
            }
        }
    }

    fn kept(&self, job: Job, chain: Hash) -> Result<Option<Progress>, AgentError> {
        let (sender, shop) = (self.sender(chain), &self.workshop);
        let ready = |commitment| Progress::Ready { commitment };
        Ok(match job {
            Job::Evaluation { task, round } => {
                let kept = shop.prepared.get(job)?;
                kept.map(|prepared| ready(sender.commitment(&prepared, task, round)))
            }
            Job::Verdicts { task, draw } => {
                let kept = shop.verdicts.get(job)?;
                kept.map(|kept| ready(sender.verdicts(kept, task, draw).commitment(chain)))
            }
            Job::Check { .. } => shop.prepared.get(job)?.map(|kept| Progress::Checked {
                score: kept.committed.score,
                root: kept.committed.answers_root,
            }),
            Job::Vote { dispute, level, draw, .. } => {
                let kept = shop.votes.get(job)?;
                let ballot = kept.map(|kept| sender.ballot(kept, dispute, level, draw));
                ballot.map(|ballot| ready(ballot.commitment(chain)))
            }
        })
    }

    pub(super) fn begin(&mut self, picture: &Picture, job: Job, items: Vec<u32>) {
        let (assignment, order) = (picture.assignment(job).cloned(), picture.order(job));
        let question = picture.question(job);
        let (shop, api) = (self.workshop.clone(), Arc::clone(&self.api));
        let lost = || WorkError::BrokeOff("the chain does not ask for it any more".to_owned());
        tracing::info!(?job, operator = %self.operator, "begins");
        self.work.insert(job, Progress::Running);
        self.jobs.spawn(async move {
            let begun = Instant::now();
            let made = match (job, assignment, order, question) {
                (Job::Evaluation { .. }, Some(assignment), _, _) => {
                    shop.evaluate(&*api, &assignment).await.map(Made::Prepared)
                }
                (Job::Verdicts { draw, .. }, Some(assignment), _, _) => {
                    shop.judge(&*api, &assignment, draw, items).await.map(Made::Verdicts)
                }
                (Job::Check { .. }, _, Some(order), _) => {
                    shop.check(&*api, &order).await.map(Made::Prepared)
                }
                (Job::Vote { .. }, _, Some(order), Some(question)) => {
                    shop.vote(&*api, &order, question, job).await.map(Made::Vote)
                }
                (
                    Job::Evaluation { .. }
                    | Job::Verdicts { .. }
                    | Job::Check { .. }
                    | Job::Vote { .. },
                    ..,
                ) => Err(lost()),
            };
            (job, begun.elapsed(), made)
        });
    }

    pub(super) fn finish(&mut self, (job, time, made): Done) {
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
            Ok(Made::Vote(vote)) => {
                tracing::info!(?job, vote = ?vote.vote, "is prepared");
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
}
