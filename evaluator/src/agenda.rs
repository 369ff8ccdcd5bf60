//! What an operator does next: a pure function of what the chain says and what is done already.
//!
//! The loop asks at every height and after every finished piece of work. Whatever is on the chain
//! or on its way is not done again, so the same question may be asked any number of times, also
//! by a process that was just started.
//!
//! # Invariants
//! - At most one step an assignment, and none that a block of the phase could no longer carry.
//! - Nothing is shown but what opens the commitment that stands on the chain.
//!
//! # Not here
//! Doing any of it: [`crate::agent`]. Whether an answer is honest: [`crate::strategy`].
//!
//! Spec: `docs/spec/22-evaluator.md`.

mod dispute;

use std::collections::{BTreeMap, BTreeSet};

use probity_primitives::{Hash, Height, OperatorId, Score, TaskId};
use probity_protocol::task::{AuditPhase, Jury, JuryPhase, Phase, Standing};
use probity_runtime::query::{
    Assignment, BallotView, DisputableView, DisputeSeat, Role, SubmissionView,
};

/// How many blocks before the end of the commit window a member that still cannot fetch or run
/// what it is to evaluate says so: enough for its report to be carried, too late to be of use to
/// someone who would rather not work.
pub const REPORT_BLOCKS: u64 = 3;

/// What a piece of work is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Job {
    /// A member's or an auditor's evaluation in a round: nobody is both.
    Evaluation {
        /// The task.
        task: TaskId,
        /// The round.
        round: u8,
    },
    /// A juror's verdicts in a draw.
    Verdicts {
        /// The task.
        task: TaskId,
        /// The jury's draw.
        draw: u8,
    },
    /// An evaluation of one's own, to compare a published result with.
    Check {
        /// The task.
        task: TaskId,
        /// The round.
        round: u8,
    },
    /// A vote in a dispute's jury.
    Vote {
        /// The task.
        task: TaskId,
        /// The dispute.
        dispute: u64,
        /// The level.
        level: u8,
        /// The jury's draw.
        draw: u8,
    },
}

impl Job {
    /// The piece of work that an assignment asks for; a juror's has a jury.
    #[must_use]
    pub fn of(assignment: &Assignment) -> Option<Self> {
        let task = assignment.task_id;
        match assignment.role {
            Role::Member | Role::Auditor => {
                Some(Self::Evaluation { task, round: assignment.task.round })
            }
            Role::Juror => {
                assignment.jury.as_ref().map(|jury| Self::Verdicts { task, draw: jury.draws })
            }
        }
    }

    /// The task it is for.
    #[must_use]
    pub const fn task(self) -> TaskId {
        match self {
            Self::Evaluation { task, .. }
            | Self::Verdicts { task, .. }
            | Self::Check { task, .. }
            | Self::Vote { task, .. } => task,
        }
    }
}

/// How far a piece of work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// It is being done.
    Running,
    /// It is done, and kept.
    Ready {
        /// What the operator binds itself to with it.
        commitment: Hash,
    },
    /// A check is done, and kept.
    Checked {
        /// The score that was found.
        score: Score,
        /// The root of the answers.
        root: Hash,
    },
    /// It failed for a reason that may pass.
    Delayed {
        /// From which height on to try again.
        retry: Height,
    },
    /// It failed for a reason that lies in what was to be evaluated.
    Impossible,
}

/// What an operator sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Act {
    /// A commitment.
    Commit,
    /// A report that there is nothing to evaluate.
    Report,
    /// A reveal.
    Reveal,
    /// Openings.
    Open,
    /// A juror's commitment.
    JuryCommit,
    /// A juror's verdicts.
    JuryReveal,
    /// A challenge of a result.
    Challenge {
        /// The member whose transcript stands for it.
        member: OperatorId,
    },
    /// The leaf that a dispute asks for.
    Answer {
        /// The dispute.
        dispute: u64,
        /// The leaf.
        item: u32,
    },
    /// A move in the game that locates a difference.
    Move {
        /// The dispute.
        dispute: u64,
        /// The leaf.
        item: u32,
    },
    /// Another member's leaf that holds what is in dispute.
    Implicate {
        /// The dispute.
        dispute: u64,
        /// The member.
        member: OperatorId,
    },
    /// A commitment in a dispute's jury.
    VoteCommit,
    /// A vote in a dispute's jury.
    VoteReveal,
}

/// A transaction by what it is for; two of a kind are one too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Errand {
    /// What is sent.
    pub act: Act,
    /// For which piece of work.
    pub job: Job,
}

/// What is known at one moment.
#[derive(Debug, Clone)]
pub struct View<'a> {
    /// What the chain asks of the operator.
    pub assignments: &'a [Assignment],
    /// The disputes in which it must act.
    pub disputes: &'a [DisputeSeat],
    /// The results that it could challenge; none for one that challenges nobody.
    pub disputable: Option<&'a DisputableView>,
    /// How far each piece of work is; absent for one that was not begun.
    pub work: &'a BTreeMap<Job, Progress>,
    /// What was sent and is in no block yet, and what was refused too often.
    pub sent: &'a BTreeSet<Errand>,
}

/// Something to do. `until` is the last block that may carry it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Do a piece of work; a juror's is only these items.
    Work {
        /// Which.
        job: Job,
        /// The items; all of them where there are none.
        items: Vec<u32>,
    },
    /// Keep that a juror found nothing: what it is to run cannot be run.
    Abstain {
        /// Which piece of work has no result.
        job: Job,
    },
    /// Send what needs no more than the work's result.
    Send {
        /// What is sent.
        errand: Errand,
        /// The last block that may carry it.
        until: Height,
    },
    /// Open these leaves.
    Open {
        /// What is sent.
        errand: Errand,
        /// The leaves, ascending.
        indices: Vec<u32>,
        /// The last block that may carry it.
        until: Height,
    },
}

/// Everything to be done now, where `now` is the height of the newest block.
#[must_use]
pub fn next_steps(view: &View<'_>, now: Height) -> Vec<Step> {
    let step = |assignment| {
        let case = Case { view, assignment, job: Job::of(assignment)?, now };
        match assignment.role {
            Role::Member => case.member(),
            Role::Juror => case.juror(),
            Role::Auditor => case.auditor(),
        }
    };
    let mut steps: Vec<Step> = view.assignments.iter().filter_map(step).collect();
    steps.extend(dispute::steps(view, now));
    steps
}

/// One assignment, with all that its step is decided by.
struct Case<'a> {
    view: &'a View<'a>,
    assignment: &'a Assignment,
    job: Job,
    now: Height,
}

impl Case<'_> {
    fn member(&self) -> Option<Step> {
        match &self.assignment.task.phase {
            Phase::Commit { until, .. } => self.commit(*until),
            Phase::Reveal { until, .. } => self.reveal(*until),
            Phase::Spot { drawn, defence, until, .. } => self.open(drawn, defence, *until),
            Phase::Open { .. }
            | Phase::Provisional { .. }
            | Phase::Final { .. }
            | Phase::Void { .. } => None,
        }
    }

    /// An auditor evaluates like a member, in the windows of its audit. There is no report that it
    /// could send: what the committee could fetch is there.
    fn auditor(&self) -> Option<Step> {
        let Phase::Provisional { .. } = self.assignment.task.phase else { return None };
        match self.assignment.audit.as_ref()?.phase {
            AuditPhase::Commit { until } if self.assignment.submission.is_none() => {
                match self.view.work.get(&self.job) {
                    Some(Progress::Ready { .. }) => self.send(Act::Commit, until),
                    Some(
                        Progress::Running
                        | Progress::Delayed { .. }
                        | Progress::Impossible
                        | Progress::Checked { .. },
                    )
                    | None => self.work(&[], until),
                }
            }
            AuditPhase::Reveal { until } => self.reveal(until),
            AuditPhase::Planned { .. } | AuditPhase::Commit { .. } | AuditPhase::Done { .. } => {
                None
            }
        }
    }

    fn commit(&self, until: Height) -> Option<Step> {
        if self.assignment.submission.is_some() {
            return None;
        }
        match self.view.work.get(&self.job) {
            Some(Progress::Ready { .. }) => self.send(Act::Commit, until),
            Some(Progress::Impossible) => self.send(Act::Report, until),
            Some(Progress::Delayed { .. }) if until.since(self.now) <= REPORT_BLOCKS => {
                self.send(Act::Report, until)
            }
            Some(Progress::Delayed { .. } | Progress::Running | Progress::Checked { .. })
            | None => self.work(&[], until),
        }
    }

    fn reveal(&self, until: Height) -> Option<Step> {
        match &self.assignment.submission {
            Some(SubmissionView::Committed { commitment }) => {
                if self.is_ready(*commitment) {
                    self.send(Act::Reveal, until)
                } else {
                    self.work(&[], until)
                }
            }
            Some(SubmissionView::Unavailable | SubmissionView::Revealed { .. }) | None => None,
        }
    }

    fn open(&self, drawn: &[u32], defence: &[u32], until: Height) -> Option<Step> {
        let Some(SubmissionView::Revealed { standing, opened, .. }) = &self.assignment.submission
        else {
            return None;
        };
        let mut wanted: BTreeSet<u32> = drawn.iter().copied().collect();
        match standing {
            Some(Standing::Grey | Standing::Flagged) => wanted.extend(defence),
            Some(Standing::Accepted) | None => {}
        }
        let indices: Vec<u32> =
            wanted.into_iter().filter(|index| !opened.contains(index)).collect();
        if indices.is_empty() {
            return None;
        }
        if !matches!(self.view.work.get(&self.job), Some(Progress::Ready { .. })) {
            return self.work(&[], until);
        }
        let errand = Errand { act: Act::Open, job: self.job };
        self.may_send(errand, until).then_some(Step::Open { errand, indices, until })
    }

    fn juror(&self) -> Option<Step> {
        let Phase::Provisional { .. } = self.assignment.task.phase else { return None };
        let jury = self.assignment.jury.as_ref()?;
        match (jury.phase, &self.assignment.ballot) {
            (JuryPhase::Commit { until }, None) => self.jury_commit(jury, until),
            (JuryPhase::Reveal { until }, Some(BallotView::Committed { commitment })) => {
                self.jury_reveal(jury, *commitment, until)
            }
            (JuryPhase::Commit { .. } | JuryPhase::Reveal { .. } | JuryPhase::Done { .. }, _) => {
                None
            }
        }
    }

    fn jury_commit(&self, jury: &Jury, until: Height) -> Option<Step> {
        match self.view.work.get(&self.job) {
            Some(Progress::Ready { .. }) => self.send(Act::JuryCommit, until),
            Some(
                Progress::Running
                | Progress::Checked { .. }
                | Progress::Delayed { .. }
                | Progress::Impossible,
            )
            | None => self.work(&jury.items, until),
        }
    }

    fn jury_reveal(&self, jury: &Jury, commitment: Hash, until: Height) -> Option<Step> {
        if self.is_ready(commitment) {
            self.send(Act::JuryReveal, until)
        } else {
            self.work(&jury.items, until)
        }
    }

    fn is_ready(&self, wanted: Hash) -> bool {
        self.view.is_ready(self.job, wanted)
    }

    fn work(&self, items: &[u32], until: Height) -> Option<Step> {
        self.view.work_on(self.job, items, until, self.now)
    }

    fn send(&self, act: Act, until: Height) -> Option<Step> {
        self.view.send(Errand { act, job: self.job }, until, self.now)
    }

    fn may_send(&self, errand: Errand, until: Height) -> bool {
        self.view.may_send(errand, until, self.now)
    }
}

impl View<'_> {
    fn is_ready(&self, job: Job, wanted: Hash) -> bool {
        match self.work.get(&job) {
            Some(Progress::Ready { commitment }) => *commitment == wanted,
            Some(
                Progress::Running
                | Progress::Checked { .. }
                | Progress::Delayed { .. }
                | Progress::Impossible,
            )
            | None => false,
        }
    }

    /// Work that was not begun or may be tried again, while its result can still be of use.
    fn work_on(&self, job: Job, items: &[u32], until: Height, now: Height) -> Option<Step> {
        let wanted = match self.work.get(&job) {
            None => true,
            Some(Progress::Delayed { retry }) => *retry <= now,
            Some(
                Progress::Running
                | Progress::Ready { .. }
                | Progress::Checked { .. }
                | Progress::Impossible,
            ) => false,
        };
        (wanted && now < until).then(|| Step::Work { job, items: items.to_vec() })
    }

    fn send(&self, errand: Errand, until: Height, now: Height) -> Option<Step> {
        self.may_send(errand, until, now).then_some(Step::Send { errand, until })
    }

    /// A transaction stands in the next block at the earliest.
    fn may_send(&self, errand: Errand, until: Height, now: Height) -> bool {
        now < until && !self.sent.contains(&errand)
    }
}

#[cfg(test)]
#[path = "agenda/tests.rs"]
pub(crate) mod tests;
