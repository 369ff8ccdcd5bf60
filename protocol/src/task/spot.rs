//! The spot check: leaves drawn after the reveals, opened by everyone.
//!
//! Nobody knows before the reveals which leaves it will have to open, so work that was not done
//! shows. A leaf that is not opened is a mismatch; where opened leaves differ, a jury runs the
//! item. A member outside the tolerance opens more leaves, and all of them go to the jury.
//!
//! Spec: `docs/spec/10-checks.md`.

use std::collections::{BTreeMap, BTreeSet};

use probity_primitives::{Amount, BoundedVec, Hash, OperatorId, TaskId};

use super::error::TaskError;
use super::phases::{convict, enter, revealed, total_seats};
use super::state::{
    Counting, Member, MemberOutcome, Mode, Opened, Outcome, OutcomeState, Phase, Standing,
    Submission, Task, VoidReason,
};
use super::{audit, jury, settlement, sums};
use crate::aggregation::{Aggregate, Weighted, wilson};
use crate::beacon::Beacon;
use crate::committee;
use crate::event::Event;
use crate::ledger::{Context, Ledger};
use crate::slashing::Offence;

/// The items that everyone opens, and those that flagged and grey members open besides.
pub(super) fn draw(
    ledger: &Ledger,
    id: TaskId,
    task: &Task,
    contested: bool,
) -> (Vec<u32>, Vec<u32>) {
    let frozen = &task.frozen;
    // Each with its predecessor, so that two neighbours prove the item's share in the sum. Where
    // mismatches are counted against an allowance, the number of leaves stays as it is.
    let count = match task.request.mode {
        Mode::Exact => frozen.checks.spot_exact,
        Mode::Tolerant => frozen.checks.spot_tolerant.div_ceil(2),
    };
    let beacon = ledger.beacon.get().value();
    let seed = |purpose: &str| committee::seed(beacon, &(id, task.round, purpose));
    let alone = committee::draw_items(seed("spot"), count, frozen.items);
    let neighbours = alone.iter().flat_map(|index| [index.saturating_sub(1), *index]);
    let drawn: BTreeSet<u32> = neighbours.collect();
    let defence = if contested {
        committee::draw_items(seed("defence"), frozen.checks.defence, frozen.items)
    } else {
        Vec::new()
    };
    (drawn.into_iter().collect(), defence)
}

/// A member that revealed, with everything that its openings are judged by.
pub(super) struct Opener {
    pub(super) member: Member,
    pub(super) standing: Option<Standing>,
    pub(super) opened: BTreeMap<u32, Opened>,
    sums_hold: bool,
}

impl Opener {
    /// The items that this member had to open.
    pub(super) fn required(&self, drawn: &[u32], defence: &[u32]) -> BTreeSet<u32> {
        let mut required: BTreeSet<u32> = drawn.iter().copied().collect();
        if matches!(self.standing, Some(Standing::Grey | Standing::Flagged)) {
            required.extend(defence);
        }
        required
    }

    /// How many of `items` it did not open.
    pub(super) fn missing(&self, items: &[u32]) -> u32 {
        let missing = items.iter().filter(|index| !self.opened.contains_key(index)).count();
        u32::try_from(missing).unwrap_or(u32::MAX)
    }

    fn defends(&self, defence: &[u32]) -> bool {
        match self.standing {
            Some(Standing::Grey | Standing::Flagged) => self.missing(defence) == 0,
            Some(Standing::Accepted) | None => true,
        }
    }
}

/// The members that revealed, with what they opened.
pub(super) fn openers(ledger: &Ledger, id: TaskId, task: &Task) -> Vec<Opener> {
    let opener = |member: &Member| match ledger.submissions.get(&(id, member.operator)) {
        Some(Submission::Revealed { standing, opened, revealed }) => Some(Opener {
            member: *member,
            standing: *standing,
            opened: opened.iter().map(|(index, leaf)| (*index, Opened::of(leaf))).collect(),
            sums_hold: sums::hold(&task.frozen, revealed.score, opened),
        }),
        Some(Submission::Committed { .. } | Submission::Unavailable) | None => None,
    };
    task.phase.committee().iter().filter_map(opener).collect()
}

/// The number of mismatches that is a fault.
pub(super) fn fault_threshold(task: &Task, standing: Option<Standing>, opened: u32) -> u32 {
    let checks = &task.frozen.checks;
    match (task.request.mode, standing) {
        (Mode::Exact, _) => checks.fault_exact,
        (Mode::Tolerant, Some(Standing::Grey | Standing::Flagged)) => {
            allowance(checks.flip_rate.parts(), opened).saturating_add(1)
        }
        (Mode::Tolerant, Some(Standing::Accepted) | None) => checks.fault_tolerant,
    }
}

/// `ceil(f m + 6 sqrt(f m))`: how many of `m` honest items may differ at a flip rate `f`.
fn allowance(flip_ppm: u32, items: u32) -> u32 {
    let expected = u64::from(flip_ppm).saturating_mul(u64::from(items));
    // In thousandths: sqrt(f m) = sqrt(expected / 10^6) = sqrt(expected) / 10^3.
    let deviation = ceil_sqrt(expected).saturating_mul(6);
    let thousandths = expected.div_ceil(1_000).saturating_add(deviation);
    u32::try_from(thousandths.div_ceil(1_000)).unwrap_or(u32::MAX)
}

fn ceil_sqrt(value: u64) -> u64 {
    let floor = value.isqrt();
    floor.saturating_add(u64::from(floor.saturating_mul(floor) < value))
}

/// Ends the spot phase: faults that need no jury, the result, and the jury if one is needed.
pub(super) fn close(
    ledger: &mut Ledger,
    ctx: &mut Context,
    id: TaskId,
    mut task: Task,
) -> Result<(), TaskError> {
    let Phase::Spot { committee, drawn, defence, quorum, .. } = task.phase.clone() else {
        return Ok(());
    };
    let openers = openers(ledger, id, &task);
    let disputed = disputed_items(&task, &openers, &drawn, &defence);
    let mut clean: BTreeMap<OperatorId, Option<bool>> = BTreeMap::new();
    for opener in &openers {
        let fault = fault_without_jury(&task, opener, &drawn, &defence);
        if let Some(offence) = fault {
            convict(ledger, ctx, id, &task, &opener.member, offence)?;
        }
        let touched =
            opener.required(&drawn, &defence).iter().any(|index| disputed.contains(index));
        let verdict = if fault.is_some() {
            Some(false)
        } else if touched {
            None
        } else {
            Some(true)
        };
        clean.insert(opener.member.operator, verdict);
    }
    if !quorum {
        let paid: Vec<Member> = openers
            .iter()
            .filter(|opener| clean.get(&opener.member.operator) == Some(&Some(true)))
            .map(|opener| opener.member)
            .collect();
        return settlement::void(ledger, ctx, id, task, VoidReason::NoQuorum, &paid);
    }
    publish(ledger, ctx, id, &task, &clean)?;
    audit::plan(ledger, ctx, id, &task)?;
    if !disputed.is_empty() {
        jury::summon(ledger, ctx, id, &task, disputed.into_iter().collect(), &openers)?;
    }
    let until = ctx.height.checked_add(task.frozen.windows.provisional_blocks)?;
    task.phase = Phase::Provisional { committee, drawn, until };
    enter(ledger, ctx, id, task, until);
    Ok(())
}

/// The items that a jury must run: where opened leaves differ, and all that a member outside the
/// tolerance has opened.
fn disputed_items(
    task: &Task,
    openers: &[Opener],
    drawn: &[u32],
    defence: &[u32],
) -> BTreeSet<u32> {
    let mut disputed = BTreeSet::new();
    for index in drawn {
        let mut contents = openers.iter().filter_map(|opener| opener.opened.get(index));
        if let Some(first) = contents.next()
            && contents.any(|other| !first.agrees(other, &task.frozen))
        {
            disputed.insert(*index);
        }
    }
    for opener in openers {
        if matches!(opener.standing, Some(Standing::Grey | Standing::Flagged)) {
            let required = opener.required(drawn, defence);
            disputed.extend(required.iter().filter(|index| opener.opened.contains_key(index)));
        }
    }
    disputed
}

/// A fault that shows without running anything: leaves that were not opened, or whose sums do not
/// follow from their scores.
fn fault_without_jury(
    task: &Task,
    opener: &Opener,
    drawn: &[u32],
    defence: &[u32],
) -> Option<Offence> {
    let threshold = fault_threshold(task, None, u32::try_from(drawn.len()).unwrap_or(u32::MAX));
    if !opener.sums_hold || opener.missing(drawn) >= threshold.max(1) {
        return Some(Offence::FalseTranscript);
    }
    (!opener.defends(defence)).then_some(Offence::Undefended)
}

fn publish(
    ledger: &mut Ledger,
    ctx: &mut Context,
    id: TaskId,
    task: &Task,
    clean: &BTreeMap<OperatorId, Option<bool>>,
) -> Result<(), TaskError> {
    let committee = task.phase.committee();
    let shown = revealed(ledger, id, committee);
    let scores: Vec<Weighted> = shown.iter().map(|(m, shown)| (shown.score, m.seats)).collect();
    let frozen = &task.frozen;
    let Some(aggregate) = Aggregate::of(&scores, task.request.mode, frozen.sigma, &frozen.checks)?
    else {
        return Ok(());
    };
    let members: Vec<MemberOutcome> = committee
        .iter()
        .map(|member| {
            let shown = shown.iter().find(|(other, _)| other == member).map(|(_, shown)| shown);
            MemberOutcome {
                operator: member.operator,
                seats: member.seats,
                score: shown.map(|shown| shown.score),
                answers_root: shown.map_or(Hash::ZERO, |shown| shown.answers_root),
                standing: shown.map(|shown| aggregate.standing(shown.score)),
                clean: clean.get(&member.operator).copied().flatten(),
                paid: Amount::ZERO,
                counting: Counting::Counted,
            }
        })
        .collect();
    let is_share =
        frozen.range == (probity_primitives::Score::ZERO, probity_primitives::Score::ONE);
    let revealed: Vec<Member> = shown.iter().map(|(member, _)| *member).collect();
    let operators = u32::try_from(revealed.len()).unwrap_or(u32::MAX);
    let outcome = Outcome {
        benchmark: task.request.benchmark,
        artifact: task.request.artifact,
        mode: task.request.mode,
        score: aggregate.median,
        dispersion: aggregate.dispersion,
        tolerance: aggregate.tolerance,
        interval: is_share.then(|| wilson(aggregate.median, frozen.items)).flatten(),
        spread: aggregate.spread,
        seats: total_seats(committee),
        revealed: total_seats(&revealed),
        operators,
        items: frozen.items,
        members: BoundedVec::from_vec(members)?,
        jury_outside: None,
        published: ctx.height,
        state: OutcomeState::Provisional,
        corrected: None,
    };
    let (score, seats) = (outcome.score, outcome.revealed);
    ledger.outcomes.insert(id, outcome);
    ledger.board.insert((task.request.benchmark, task.request.artifact), id);
    ctx.emit(Event::ResultPublished { task: id, score, seats, operators });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_allowance_is_the_ceiling_of_the_mean_and_six_deviations() {
        // f m = .32: .32 + 6 * .5657 = 3.714
        assert_eq!(allowance(10_000, 32), 4);
        // f m = 1: 1 + 6 = 7
        assert_eq!(allowance(10_000, 100), 7);
        assert_eq!(allowance(0, 100), 0);
    }
}
