//! What time does to tasks: the end of each phase.
//!
//! At the end of a block everything that is due is done, in order of height and kind. Each step
//! runs on a snapshot; a step that would break an arithmetic limit is dropped whole and said so in
//! an event, because a block must end.
//!
//! Spec: `docs/spec/06-tasks.md`, `docs/spec/10-checks.md`.

use std::collections::BTreeMap;

use probity_primitives::{BoundedString, Height, Seats, TaskId};

use super::error::{DueError, Named, StateError, TaskError};
use super::panel::{self, Fault};
use super::state::{Due, Member, Phase, Revealed, Standing, Submission, Task, VoidReason};
use super::{audit, jury, settlement, spot};
use crate::aggregation::{Aggregate, Weighted};
use crate::beacon::Beacon;
use crate::committee::{self, Candidate};
use crate::dispute;
use crate::event::Event;
use crate::ledger::{Context, Ledger};
use crate::pause::{self, Paused};
use crate::slashing::{self, Offence};
use crate::staking::{self, Standing as OperatorStanding};
use crate::supply;

/// The most steps that one block does; the rest is done in the next ones.
pub const MAX_DUE: usize = 512;

/// Does everything that is due at the end of a block.
pub fn end_block(ledger: &mut Ledger, ctx: &mut Context) {
    for _ in 0..MAX_DUE {
        let Some((at, due)) = next_due(ledger, ctx.height) else { break };
        ledger.schedule.remove(&(at, due));
        let (mut trial, mut trial_ctx) = (ledger.clone(), ctx.clone());
        match step(&mut trial, &mut trial_ctx, due) {
            Ok(()) => (*ledger, *ctx) = (trial, trial_ctx),
            Err(DueError::Task(TaskError::State(StateError::Paused(Paused { until })))) => {
                // The last of 2^64 heights is not reached by counting.
                let later = pause::put_off(ledger, at).unwrap_or(until);
                ledger.schedule.insert((later, due), ());
                if let Due::Slash(id) = due
                    && let Some(slash) = ledger.slashes.get_mut(&id)
                {
                    slash.due = later;
                }
                ctx.emit(Event::PutOff { due, until: later });
            }
            Err(error) => {
                let reason = error.to_string().chars().take(120).collect::<String>();
                ctx.emit(Event::Stalled {
                    due,
                    reason: BoundedString::new(reason).unwrap_or_default(),
                });
            }
        }
    }
}

/// Enters a phase and plans its end.
pub(super) fn enter(ledger: &mut Ledger, ctx: &mut Context, id: TaskId, task: Task, until: Height) {
    ctx.emit(Event::PhaseEntered { task: id, round: task.round, phase: task.phase.name(), until });
    ledger.tasks.insert(id, task);
    ledger.schedule.insert((until, Due::Task(id)), ());
}

/// Everyone who may be drawn now for a class of work, in ascending order of operator.
pub(crate) fn candidates(ledger: &Ledger, class: u16) -> Vec<Candidate> {
    let works = |id| {
        ledger.operators.get(id).is_some_and(|known| known.standing == OperatorStanding::Active)
    };
    let draws = ledger.snapshot.get().draws.iter();
    draws
        .filter(|draw| draw.classes.contains(&class) && works(&draw.operator))
        .map(|draw| Candidate::of(draw, ledger.unlocked(&draw.operator)))
        .collect()
}

fn next_due(ledger: &Ledger, now: Height) -> Option<(Height, Due)> {
    ledger.schedule.iter().next().map(|(key, ())| *key).filter(|(at, _)| *at <= now)
}

fn step(ledger: &mut Ledger, ctx: &mut Context, due: Due) -> Result<(), DueError> {
    match due {
        Due::Window(number) => {
            slashing::close_window(ledger, ctx, number).map_err(TaskError::from)?;
        }
        Due::Slash(id) => {
            pause::check(ledger, ctx.height).map_err(TaskError::from)?;
            slashing::settle(ledger, ctx, id).map_err(TaskError::from)?;
        }
        Due::Stream(id) => {
            pause::check(ledger, ctx.height).map_err(TaskError::from)?;
            supply::release(ledger, ctx, id).map_err(TaskError::from)?;
        }
        Due::Jury(id) => jury::advance(ledger, ctx, id)?,
        Due::Task(id) => advance(ledger, ctx, id)?,
        Due::Audit(id) => audit::advance(ledger, ctx, id)?,
        Due::Dispute(id) => dispute::advance(ledger, ctx, id)?,
    }
    Ok(())
}

fn advance(ledger: &mut Ledger, ctx: &mut Context, id: TaskId) -> Result<(), TaskError> {
    let task = ledger.tasks.get(&id).cloned().ok_or(TaskError::Unknown(Named::Task(id)))?;
    match task.phase {
        Phase::Open { .. } => start_round(ledger, ctx, id, task),
        Phase::Commit { .. } => close_commit(ledger, ctx, id, task),
        Phase::Reveal { .. } => close_reveal(ledger, ctx, id, task),
        Phase::Spot { .. } => spot::close(ledger, ctx, id, task),
        Phase::Provisional { .. } => settlement::finish(ledger, ctx, id, task),
        Phase::Final { .. } | Phase::Void { .. } => Ok(()),
    }
}

pub(super) fn start_round(
    ledger: &mut Ledger,
    ctx: &mut Context,
    id: TaskId,
    mut task: Task,
) -> Result<(), TaskError> {
    let candidates = candidates(ledger, task.frozen.class);
    let seed = committee::seed(ledger.beacon.get().value(), &(id, task.round));
    let drawn = committee::draw(&candidates, seed, task.frozen.seats, task.frozen.seat_lock)?;
    if drawn.is_empty() {
        return settlement::void(ledger, ctx, id, task, VoidReason::NoCommittee, &[]);
    }
    let members: Vec<Member> =
        drawn.into_iter().map(|(operator, seats)| Member { operator, seats }).collect();
    lock(ledger, &members, &task)?;
    let seats = total_seats(&members);
    let operators = u32::try_from(members.len()).unwrap_or(u32::MAX);
    ctx.emit(Event::CommitteeDrawn { task: id, round: task.round, seats, operators });
    let until = ctx.height.checked_add(task.request.commit_blocks)?;
    task.phase = Phase::Commit { committee: members.try_into()?, until };
    enter(ledger, ctx, id, task, until);
    Ok(())
}

fn close_commit(
    ledger: &mut Ledger,
    ctx: &mut Context,
    id: TaskId,
    mut task: Task,
) -> Result<(), TaskError> {
    let committee = task.phase.committee().to_vec();
    let all = u64::from(total_seats(&committee).0);
    let seats_that = |ledger: &Ledger, wanted: fn(Option<&Submission>) -> bool| -> u64 {
        let sent = |member: &&Member| wanted(ledger.submissions.get(&(id, member.operator)));
        committee.iter().filter(sent).map(|member| u64::from(member.seats.0)).sum()
    };
    let unavailable = seats_that(ledger, |sent| matches!(sent, Some(Submission::Unavailable)));
    if unavailable.saturating_mul(3) > all {
        return next_round(ledger, ctx, id, task, VoidReason::Unavailable);
    }
    let mut committed = false;
    for member in &committee {
        match ledger.submissions.get(&(id, member.operator)) {
            Some(Submission::Committed { .. } | Submission::Revealed { .. }) => committed = true,
            Some(Submission::Unavailable) | None => {
                slashing::record_assignment(ledger, ctx, member.operator, true)?;
            }
        }
    }
    if !committed {
        return next_round(ledger, ctx, id, task, VoidReason::NoQuorum);
    }
    let until = ctx.height.checked_add(task.frozen.windows.reveal_blocks)?;
    task.phase = Phase::Reveal { committee: committee.try_into()?, until };
    enter(ledger, ctx, id, task, until);
    Ok(())
}

fn close_reveal(
    ledger: &mut Ledger,
    ctx: &mut Context,
    id: TaskId,
    mut task: Task,
) -> Result<(), TaskError> {
    let committee = task.phase.committee().to_vec();
    for member in &committee {
        account_for_reveal(ledger, ctx, id, &task, member)?;
    }
    let shown = revealed(ledger, id, &committee);
    let scores: Vec<Weighted> =
        shown.iter().map(|(member, shown)| (shown.score, member.seats)).collect();
    let frozen = &task.frozen;
    let aggregate = Aggregate::of(&scores, task.request.mode, frozen.sigma, &frozen.checks)?;
    let quorum = has_quorum(&task, &committee, &shown);
    let Some(aggregate) = aggregate.filter(|_| quorum || task.round >= frozen.windows.max_rounds)
    else {
        return next_round(ledger, ctx, id, task, VoidReason::NoQuorum);
    };
    let mut contested = false;
    if quorum {
        contested = classify(ledger, ctx, id, &aggregate, &shown);
    }
    let (drawn, defence) = spot::draw(ledger, id, &task, contested);
    let until = ctx.height.checked_add(frozen.windows.spot_blocks)?;
    task.phase = Phase::Spot {
        committee: committee.try_into()?,
        drawn: drawn.try_into()?,
        defence: defence.try_into()?,
        quorum,
        until,
    };
    enter(ledger, ctx, id, task, until);
    Ok(())
}

/// A member that committed and did not reveal pays; one that revealed has done its assignment.
fn account_for_reveal(
    ledger: &mut Ledger,
    ctx: &mut Context,
    id: TaskId,
    task: &Task,
    member: &Member,
) -> Result<(), TaskError> {
    match ledger.submissions.get(&(id, member.operator)) {
        Some(Submission::Revealed { .. }) => {
            slashing::record_assignment(ledger, ctx, member.operator, false)?;
        }
        Some(Submission::Committed { .. }) => {
            slashing::record_assignment(ledger, ctx, member.operator, true)?;
            convict(ledger, ctx, id, task, member, Offence::NoReveal)?;
        }
        Some(Submission::Unavailable) | None => {}
    }
    Ok(())
}

/// Slashes a member for what it did in the present round.
pub(super) fn convict(
    ledger: &mut Ledger,
    ctx: &mut Context,
    id: TaskId,
    task: &Task,
    member: &Member,
    offence: Offence,
) -> Result<(), TaskError> {
    let fault = Fault { offence, committed: task.requested, reporter: None };
    panel::penalise(ledger, ctx, (id, task), member, fault)
}

/// Writes down how each member stands; whether anyone must defend its transcript.
fn classify(
    ledger: &mut Ledger,
    ctx: &mut Context,
    id: TaskId,
    aggregate: &Aggregate,
    shown: &[(Member, Revealed)],
) -> bool {
    let mut contested = false;
    for (member, shown) in shown {
        let found = aggregate.standing(shown.score);
        contested |= found != Standing::Accepted;
        if found == Standing::Flagged {
            let (operator, score) = (member.operator, shown.score);
            ctx.emit(Event::Flagged { task: id, operator, score, median: aggregate.median });
        }
        if let Some(Submission::Revealed { standing, .. }) =
            ledger.submissions.get_mut(&(id, member.operator))
        {
            *standing = Some(found);
        }
    }
    contested
}

pub(super) fn has_quorum(task: &Task, committee: &[Member], shown: &[(Member, Revealed)]) -> bool {
    let seats = shown.iter().fold(0u32, |sum, (member, _)| sum.saturating_add(member.seats.0));
    let operators = u32::try_from(shown.len()).unwrap_or(u32::MAX);
    quorum(task, total_seats(committee), Seats(seats), operators)
}

/// Whether so many of all seats, of so many operators, make a result.
pub(super) fn quorum(task: &Task, all: Seats, shown: Seats, operators: u32) -> bool {
    // A committee that was enlarged needs no more operators for that: a small network has no more.
    let asked = if task.reopened { task.frozen.seats.0 >> 1 } else { task.frozen.seats.0 };
    let distinct = task.frozen.windows.min_operators.max(asked.div_ceil(3));
    let (all, seats) = (u64::from(all.0), u64::from(shown.0));
    seats.saturating_mul(3) >= all.saturating_mul(2) && operators >= distinct
}

/// Draws again, or gives the task up after the last round.
fn next_round(
    ledger: &mut Ledger,
    ctx: &mut Context,
    id: TaskId,
    mut task: Task,
    reason: VoidReason,
) -> Result<(), TaskError> {
    if task.round >= task.frozen.windows.max_rounds {
        return settlement::void(ledger, ctx, id, task, reason, &[]);
    }
    release(ledger, id, &task)?;
    // Nobody is seated between the rounds: if nobody can be drawn, nothing is released twice.
    task.phase = Phase::Open { until: ctx.height };
    task.round = task.round.saturating_add(1);
    start_round(ledger, ctx, id, task)
}

/// Locks the stake behind seats.
pub(crate) fn lock(ledger: &mut Ledger, members: &[Member], task: &Task) -> Result<(), TaskError> {
    for member in members {
        let amount = task.frozen.seat_lock.checked_mul(u128::from(member.seats.0))?;
        staking::lock_seats(ledger, &member.operator, amount)?;
    }
    Ok(())
}

/// Sets the stake behind seats free.
pub(crate) fn unlock(
    ledger: &mut Ledger,
    members: &[Member],
    task: &Task,
) -> Result<(), TaskError> {
    for member in members {
        let amount = task.frozen.seat_lock.checked_mul(u128::from(member.seats.0))?;
        staking::unlock_seats(ledger, &member.operator, amount)?;
    }
    Ok(())
}

/// Ends a round: its members' stake is free and what they sent is forgotten.
pub(super) fn release(ledger: &mut Ledger, id: TaskId, task: &Task) -> Result<(), TaskError> {
    let committee = task.phase.committee().to_vec();
    unlock(ledger, &committee, task)?;
    for member in &committee {
        ledger.submissions.remove(&(id, member.operator));
    }
    Ok(())
}

/// The members that revealed, with what they showed.
pub(super) fn revealed(
    ledger: &Ledger,
    id: TaskId,
    committee: &[Member],
) -> Vec<(Member, Revealed)> {
    let shown = |member: &Member| match ledger.submissions.get(&(id, member.operator)) {
        Some(Submission::Revealed { revealed, .. }) => Some((*member, revealed.clone())),
        Some(Submission::Committed { .. } | Submission::Unavailable) | None => None,
    };
    committee.iter().filter_map(shown).collect()
}

/// The seats of many members together.
pub(crate) fn total_seats(members: &[Member]) -> Seats {
    Seats(members.iter().fold(0, |sum, member| sum.saturating_add(member.seats.0)))
}

/// Members by operator.
pub(crate) fn by_operator(members: &[Member]) -> BTreeMap<probity_primitives::OperatorId, Seats> {
    members.iter().map(|member| (member.operator, member.seats)).collect()
}
