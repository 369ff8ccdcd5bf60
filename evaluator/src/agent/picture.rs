//! What an agent has read of the chain in one turn.

use std::collections::{BTreeMap, BTreeSet};

use probity_protocol::dispute::{Question, Stage};
use probity_runtime::query::{Assignment, Disputable, DisputableView, DisputePart, DisputeSeat};

use crate::agenda::{Errand, Job, Progress, View};
use crate::work::Order;

/// What an agent has read of the chain in one turn.
pub(super) struct Picture {
    pub(super) assignments: Vec<Assignment>,
    pub(super) disputes: Vec<DisputeSeat>,
    pub(super) disputable: Option<DisputableView>,
}

impl Picture {
    /// What the agenda is asked with.
    pub(super) const fn view<'a>(
        &'a self,
        work: &'a BTreeMap<Job, Progress>,
        sent: &'a BTreeSet<Errand>,
    ) -> View<'a> {
        let Self { assignments, disputes, disputable } = self;
        View {
            assignments: assignments.as_slice(),
            disputes: disputes.as_slice(),
            disputable: disputable.as_ref(),
            work,
            sent,
        }
    }

    /// Every piece of work that something rests on.
    pub(super) fn jobs(&self) -> BTreeSet<Job> {
        let assigned = self.assignments.iter().filter_map(Job::of);
        let disputed = self.disputes.iter().filter_map(Job::in_dispute);
        assigned.chain(disputed).chain(self.results().map(Job::checking)).collect()
    }

    /// The member's or juror's assignment of a piece of work.
    pub(super) fn assignment(&self, job: Job) -> Option<&Assignment> {
        self.assignments.iter().find(|one| Job::of(one) == Some(job))
    }

    /// The task of a piece of work outside a committee.
    pub(super) fn order(&self, job: Job) -> Option<Order> {
        let disputed = self.disputes.iter().find(|seat| Job::in_dispute(seat) == Some(job));
        let doubted = || self.results().find(|result| Job::checking(result) == job);
        disputed.map(Order::from).or_else(|| doubted().map(Order::from))
    }

    /// The question that a vote answers.
    pub(super) fn question(&self, job: Job) -> Option<Question> {
        let seat = self.disputes.iter().find(|seat| Job::in_dispute(seat) == Some(job))?;
        match &seat.dispute.stage {
            Stage::Ladder { question, .. } => Some(question.clone()),
            Stage::Answer { .. } | Stage::Game { .. } | Stage::Closed { .. } => None,
        }
    }

    /// The dispute in which the operator may implicate others.
    pub(super) fn accusing(&self, dispute: u64) -> Option<&DisputeSeat> {
        let accuses = |seat: &&DisputeSeat| matches!(seat.part, DisputePart::Accuser { .. });
        self.disputes.iter().filter(accuses).find(|seat| seat.id == dispute)
    }

    /// The result that a check is about.
    pub(super) fn result(&self, job: Job) -> Option<&Disputable> {
        self.results().find(|result| Job::checking(result) == job)
    }

    fn results(&self) -> impl Iterator<Item = &Disputable> {
        self.disputable.iter().flat_map(|view| &view.results)
    }
}
