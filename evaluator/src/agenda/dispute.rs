//! What an operator does in disputes: it votes where it was drawn, opens its leaves where they are
//! asked for, shows who shares a leaf that it disputes, and, if it is to, challenges results that it
//! finds false.
//!
//! # Invariants
//! - A vote is bound to once a draw, and only what opens that commitment is shown.
//! - A result is challenged only by who has evaluated it, and never a second time.
//!
//! Spec: `docs/spec/22-evaluator.md`, `docs/spec/13-disputes.md`.

use probity_primitives::Height;
use probity_protocol::dispute::{Bench, DisputeBallot, Question, Rung, Stage};
use probity_protocol::task::JuryPhase;
use probity_runtime::query::{Disputable, DisputableView, DisputePart, DisputeSeat};

use super::{Act, Errand, Job, Progress, REPORT_BLOCKS, Step, View};
use crate::challenge;

impl Job {
    /// The piece of work that a part in a dispute rests on.
    #[must_use]
    pub fn in_dispute(seat: &DisputeSeat) -> Option<Self> {
        let DisputeSeat { id, dispute, part, .. } = seat;
        let (task, round) = (dispute.task, dispute.round);
        match part {
            DisputePart::Juror { .. } => {
                let (_, bench) = sitting(seat)?;
                let (level, draw) = (dispute.level(), bench.draw);
                Some(Self::Vote { task, dispute: *id, level, draw })
            }
            DisputePart::Side { revealed: true, .. } | DisputePart::Accuser { revealed: true } => {
                Some(Self::Evaluation { task, round })
            }
            DisputePart::Side { revealed: false, .. }
            | DisputePart::Accuser { revealed: false } => Some(Self::Check { task, round }),
        }
    }

    /// The piece of work that a challenge of a result rests on.
    #[must_use]
    pub const fn checking(result: &Disputable) -> Self {
        Self::Check { task: result.task_id, round: result.task.round }
    }
}

/// Everything to be done in disputes.
pub(super) fn steps(view: &View<'_>, now: Height) -> Vec<Step> {
    let seat = |seat: &DisputeSeat| {
        let job = Job::in_dispute(seat)?;
        match &seat.part {
            DisputePart::Juror { ballot, .. } => juror(view, seat, *ballot, job, now),
            DisputePart::Side { .. } => side(view, seat, job, now),
            DisputePart::Accuser { .. } => accuser(view, seat, job, now),
        }
    };
    let mut steps: Vec<Step> = view.disputes.iter().filter_map(seat).collect();
    if let Some(DisputableView { results, balance, .. }) = view.disputable {
        let doubts = results.iter().filter_map(|result| {
            let job = Job::checking(result);
            match view.work.get(&job) {
                Some(Progress::Checked { score, root }) => {
                    let member = challenge::against(result, *score, *root, *balance)?;
                    let errand = Errand { act: Act::Challenge { member }, job };
                    view.send(errand, result.until, now)
                }
                Some(
                    Progress::Running
                    | Progress::Ready { .. }
                    | Progress::Delayed { .. }
                    | Progress::Impossible,
                )
                | None => view.work_on(job, &[], result.until, now),
            }
        });
        steps.extend(doubts);
    }
    steps
}

/// The jury that sits, with its question.
const fn sitting(seat: &DisputeSeat) -> Option<(&Question, &Bench)> {
    match &seat.dispute.stage {
        Stage::Ladder { question, rung: Rung::Jury { bench } } => Some((question, bench)),
        Stage::Ladder { rung: Rung::Appeal { .. } | Rung::Vote { .. }, .. }
        | Stage::Answer { .. }
        | Stage::Game { .. }
        | Stage::Closed { .. } => None,
    }
}

fn juror(
    view: &View<'_>,
    seat: &DisputeSeat,
    ballot: Option<DisputeBallot>,
    job: Job,
    now: Height,
) -> Option<Step> {
    let (question, bench) = sitting(seat)?;
    let (first, last) = question.items();
    let items: Vec<u32> = (first..=last).collect();
    let send = |act, until| view.send(Errand { act, job }, until, now);
    match (bench.phase, ballot) {
        (JuryPhase::Commit { until }, None) => match view.work.get(&job) {
            Some(Progress::Ready { .. }) => send(Act::VoteCommit, until),
            Some(Progress::Impossible) if now < until => Some(Step::Abstain { job }),
            Some(Progress::Delayed { .. }) if is_near(until, now) => Some(Step::Abstain { job }),
            Some(
                Progress::Running
                | Progress::Checked { .. }
                | Progress::Delayed { .. }
                | Progress::Impossible,
            )
            | None => view.work_on(job, &items, until, now),
        },
        (JuryPhase::Reveal { until }, Some(DisputeBallot::Committed { commitment })) => {
            match view.work.get(&job) {
                Some(Progress::Ready { .. }) => {
                    view.is_ready(job, commitment).then(|| send(Act::VoteReveal, until)).flatten()
                }
                // Who could not run the items then may be bound to having found nothing.
                Some(Progress::Impossible) if now < until => Some(Step::Abstain { job }),
                Some(
                    Progress::Running
                    | Progress::Checked { .. }
                    | Progress::Delayed { .. }
                    | Progress::Impossible,
                )
                | None => view.work_on(job, &items, until, now),
            }
        }
        (JuryPhase::Commit { .. } | JuryPhase::Reveal { .. } | JuryPhase::Done { .. }, _) => None,
    }
}

/// Whether a juror that still could not run its items binds itself to having found nothing: no vote
/// costs twice what a wrong one does.
fn is_near(until: Height, now: Height) -> bool {
    now < until && until.since(now) <= REPORT_BLOCKS
}

/// The next member whose leaves may hold what is in dispute: whether they do shows when they are
/// fetched.
fn accuser(view: &View<'_>, seat: &DisputeSeat, job: Job, now: Height) -> Option<Step> {
    let (dispute, until) = (seat.id, seat.dispute.due);
    seat.suspects.iter().find_map(|suspect| {
        let act = Act::Implicate { dispute, member: suspect.member };
        view.send(Errand { act, job }, until, now)
    })
}

/// The leaf that is asked for, within the clock.
fn side(view: &View<'_>, seat: &DisputeSeat, job: Job, now: Height) -> Option<Step> {
    let dispute = seat.id;
    let (act, until) = match &seat.dispute.stage {
        Stage::Answer { item, until } => (Act::Answer { dispute, item: *item }, *until),
        Stage::Game { game } => (Act::Move { dispute, item: game.middle() }, game.deadline().ok()?),
        Stage::Ladder { .. } | Stage::Closed { .. } => return None,
    };
    match view.work.get(&job) {
        Some(Progress::Ready { .. } | Progress::Checked { .. }) => {
            view.send(Errand { act, job }, until, now)
        }
        Some(Progress::Running | Progress::Delayed { .. } | Progress::Impossible) | None => {
            view.work_on(job, &[], until, now)
        }
    }
}

#[cfg(test)]
mod tests;
