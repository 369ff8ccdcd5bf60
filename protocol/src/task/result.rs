//! A published result, and how it follows the rulings about its members.
//!
//! # Invariants
//! - A result is the median of the members that count; who was proven false does not, and who is
//!   under a ruling that may be appealed does not for as long.
//! - Whether enough are left is asked of the seats that are not struck out; the number of distinct
//!   operators is asked as of a whole committee.
//!
//! Spec: `docs/spec/09-aggregation.md`, `docs/spec/13-disputes.md`.

use std::collections::BTreeSet;

use probity_primitives::{OperatorId, Score, Seats, TaskId};

use super::error::TaskError;
use super::phases::quorum;
use super::state::{
    Correction, Counting, Member, MemberOutcome, Outcome, OutcomeState, Standing, Task,
};
use crate::aggregation::{Aggregate, Weighted, wilson};
use crate::event::Event;
use crate::ledger::{Context, Ledger};

/// Strikes members out of a result for good.
pub(crate) fn exclude(
    ledger: &mut Ledger,
    id: TaskId,
    proven: &BTreeSet<OperatorId>,
) -> Result<(), TaskError> {
    let Some(outcome) = ledger.outcomes.get_mut(&id) else { return Ok(()) };
    let mut members = std::mem::take(&mut outcome.members).into_vec();
    for member in members.iter_mut().filter(|one| proven.contains(&one.operator)) {
        member.counting = Counting::Excluded;
        member.clean = Some(false);
    }
    outcome.members = members.try_into()?;
    Ok(())
}

/// Aggregates a result anew out of the members that are neither excluded nor suspended.
pub(crate) fn recount(
    ledger: &mut Ledger,
    ctx: &mut Context,
    id: TaskId,
    task: &Task,
    suspended: &BTreeSet<OperatorId>,
) -> Result<(), TaskError> {
    let Some(mut outcome) = ledger.outcomes.get(&id).cloned() else { return Ok(()) };
    let before = outcome.clone();
    let mut members = std::mem::take(&mut outcome.members).into_vec();
    for member in &mut members {
        member.counting = match member.counting {
            Counting::Excluded => Counting::Excluded,
            Counting::Counted | Counting::Suspended if suspended.contains(&member.operator) => {
                Counting::Suspended
            }
            Counting::Counted | Counting::Suspended => Counting::Counted,
        };
    }
    let scores: Vec<Weighted> = members
        .iter()
        .filter(|member| member.counts())
        .filter_map(|member| Some((member.score?, member.seats)))
        .collect();
    let struck = members.iter().filter(|member| member.counting != Counting::Counted);
    let struck = seats(struck);
    let rest = Seats(outcome.seats.0.saturating_sub(struck.0));
    let frozen = &task.frozen;
    let aggregate = Aggregate::of(&scores, task.request.mode, frozen.sigma, &frozen.checks)?;
    let shown = seats(members.iter().filter(|member| member.counts()));
    let operators = u32::try_from(scores.len()).unwrap_or(u32::MAX);
    match aggregate.filter(|_| quorum(task, rest, shown, operators)) {
        Some(aggregate) => {
            classify(&mut members, &aggregate);
            apply(&mut outcome, &aggregate, task, (shown, operators));
            // An auditor's other score is in doubt for as long as the score stands that it doubts.
            let doubted =
                before.state == OutcomeState::Contested && aggregate.median == before.score;
            outcome.state = if doubted || members.iter().any(MemberOutcome::is_right_outlier) {
                OutcomeState::Contested
            } else {
                OutcomeState::Provisional
            };
        }
        None => outcome.state = OutcomeState::Overturned,
    }
    outcome.members = members.try_into()?;
    follow(ledger, ctx, id, &before, outcome);
    Ok(())
}

/// Stores a result that may have changed, and lets the board follow.
fn follow(ledger: &mut Ledger, ctx: &mut Context, id: TaskId, before: &Outcome, mut now: Outcome) {
    let row = (now.benchmark, now.artifact);
    if now.state == OutcomeState::Overturned {
        if ledger.board.get(&row) == Some(&id) {
            ledger.board.remove(&row);
        }
    } else if !ledger.board.contains(&row) {
        ledger.board.insert(row, id);
    }
    let falls = |outcome: &Outcome| outcome.state == OutcomeState::Overturned;
    if now.score != before.score || falls(&now) != falls(before) {
        let first = before.corrected.map_or(before.score, |earlier| earlier.from);
        let differs = now.score != first || falls(&now);
        now.corrected = differs.then_some(Correction { from: first, at: ctx.height });
        let (from, score, state) = (before.score, now.score, now.state);
        ctx.emit(Event::ResultChanged { task: id, from, score, state });
    }
    ledger.outcomes.insert(id, now);
}

/// Writes down how each member that counts stands against a result. One that was within the
/// tolerance and no longer is was not judged, and neither earns nor pays.
fn classify(members: &mut [MemberOutcome], aggregate: &Aggregate) {
    for member in members.iter_mut().filter(|member| member.counts()) {
        let Some(score) = member.score else { continue };
        let found = aggregate.standing(score);
        if found != Standing::Accepted && member.standing == Some(Standing::Accepted) {
            member.clean = member.clean.filter(|clean| !clean);
        }
        member.standing = Some(found);
    }
}

fn apply(
    outcome: &mut Outcome,
    aggregate: &Aggregate,
    task: &Task,
    (revealed, operators): (Seats, u32),
) {
    let is_share = task.frozen.range == (Score::ZERO, Score::ONE);
    outcome.score = aggregate.median;
    outcome.dispersion = aggregate.dispersion;
    outcome.tolerance = aggregate.tolerance;
    outcome.spread = aggregate.spread;
    outcome.interval = is_share.then(|| wilson(aggregate.median, task.frozen.items)).flatten();
    outcome.revealed = revealed;
    outcome.operators = operators;
}

/// Takes a result back that does not stand, with all that was about it.
pub(super) fn retract(ledger: &mut Ledger, id: TaskId) {
    if let Some(outcome) = ledger.outcomes.remove(&id) {
        let row = (outcome.benchmark, outcome.artifact);
        if ledger.board.get(&row) == Some(&id) {
            ledger.board.remove(&row);
        }
    }
    ledger.juries.remove(&id);
    crate::dispute::forget_round(ledger, id);
}

/// The members that did honest work in a result that does not stand.
pub(super) fn deserving(outcome: &Outcome) -> Vec<Member> {
    let honest = outcome.members.iter().filter(|one| one.counts() && one.clean == Some(true));
    honest.map(|one| Member { operator: one.operator, seats: one.seats }).collect()
}

fn seats<'a>(members: impl Iterator<Item = &'a MemberOutcome>) -> Seats {
    Seats(members.fold(0, |sum, member| sum.saturating_add(member.seats.0)))
}
