//! Whether a result is worth a challenge, and where two transcripts differ.
//!
//! A challenger puts up a bond that it loses if the juries do not follow it. It therefore challenges
//! only what its own evaluation contradicts, only while it can pay and go on with its other work,
//! and only where the bounty outweighs the bond even if one challenge in [`CHALLENGES`] is lost.
//!
//! # Not here
//! When to evaluate and to send: [`crate::agenda`]. What the rules check: `probity_protocol`.
//!
//! Spec: `docs/spec/22-evaluator.md`, `docs/spec/13-disputes.md`.

use std::collections::BTreeMap;

use probity_primitives::transcript::Transcript;
use probity_primitives::{Amount, Hash, OperatorId, Score};
use probity_protocol::dispute::SEGMENT;
use probity_protocol::dispute::message::{Difference, Stretch};
use probity_protocol::task::{Mode, Opened, Outcome, OutcomeState, Standing, Task};
use probity_runtime::query::Disputable;

/// Of how many challenges one may be lost, although the challenger was right.
pub const CHALLENGES: u128 = 10;

/// The member against whom a challenge is worth its bond: of the transcripts that stand for the
/// result and are not the challenger's own, the one with the most seats behind it.
#[must_use]
pub fn against(
    result: &Disputable,
    score: Score,
    root: Hash,
    balance: Amount,
) -> Option<OperatorId> {
    let Disputable { task, outcome, bond, bounty, failed, .. } = result;
    let contradicts = score.distance(outcome.score) > outcome.tolerance;
    // One seat price stays for the fees of what the operator does besides.
    let payable = bond.checked_add(task.frozen.seat_price).is_ok_and(|needed| needed <= balance);
    if !contradicts || !payable || *failed > 0 || outcome.state == OutcomeState::Overturned {
        return None;
    }
    let (seats, member) = stands(outcome, root)?;
    let gain = bounty.units().saturating_mul(u128::from(seats));
    let worth = gain.saturating_mul(CHALLENGES.saturating_sub(1)) > bond.units();
    worth.then_some(member)
}

/// Of the transcripts that stand for a result and do not have this root, the one with the most
/// seats behind it: how many, and the first member that revealed it.
#[must_use]
pub fn stands(outcome: &Outcome, root: Hash) -> Option<(u32, OperatorId)> {
    let mut behind: BTreeMap<Hash, (u32, OperatorId)> = BTreeMap::new();
    for member in &outcome.members {
        let stands = member.standing == Some(Standing::Accepted) && member.counts();
        if stands && member.answers_root != root {
            let (seats, first) = behind.entry(member.answers_root).or_insert((0, member.operator));
            *seats = seats.saturating_add(member.seats.0);
            *first = (*first).min(member.operator);
        }
    }
    behind.into_values().max()
}

/// Where two transcripts differ, as the rules want it shown: one item, or in tolerant mode the
/// segment with the largest difference an item. `None` where they do not differ.
#[must_use]
pub fn difference(task: &Task, stated: &Transcript, claimed: &Transcript) -> Option<Difference> {
    let (first, last) = match task.request.mode {
        Mode::Exact => {
            let mut pairs = stated.leaves().iter().zip(claimed.leaves());
            let differ = pairs.find(|(stated, claimed)| {
                !Opened::of(stated).agrees(&Opened::of(claimed), &task.frozen)
            });
            differ.map(|(leaf, _)| (leaf.index, leaf.index))?
        }
        Mode::Tolerant => segment(stated, claimed)?,
    };
    Some(Difference {
        stated: stretch(stated, first, last)?,
        claimed: stretch(claimed, first, last)?,
    })
}

/// A stretch of a transcript with what proves its sum.
#[must_use]
pub fn stretch(transcript: &Transcript, first: u32, last: u32) -> Option<Stretch> {
    let before = match first.checked_sub(1) {
        Some(index) => Some(transcript.open(index)?),
        None => None,
    };
    Some(Stretch { before, last: transcript.open(last)? })
}

fn segment(stated: &Transcript, claimed: &Transcript) -> Option<(u32, u32)> {
    let items = stated.header().items;
    let sum = |transcript: &Transcript, end: u32| -> Option<i128> {
        let Some(last) = end.checked_sub(1) else { return Some(0) };
        Some(transcript.leaves().get(usize::try_from(last).ok()?)?.prefix_sum)
    };
    let gap = |first: u32, end: u32| -> Option<u128> {
        let part = |transcript| sum(transcript, end)?.checked_sub(sum(transcript, first)?);
        Some(part(stated)?.abs_diff(part(claimed)?))
    };
    let mut largest: Option<(u128, u32, u32)> = None;
    let mut first = 0u32;
    while first < items {
        let end = first.saturating_add(SEGMENT).min(items);
        let (here, length) = (gap(first, end)?, end.saturating_sub(first));
        // Differences an item, multiplied out.
        let larger = largest.is_none_or(|(best, from, to)| {
            let best_length = u128::from(to.saturating_sub(from));
            here.saturating_mul(best_length) > best.saturating_mul(u128::from(length))
        });
        if larger {
            largest = Some((here, first, end));
        }
        first = end;
    }
    let (here, first, end) = largest?;
    (here > 0).then_some((first, end.saturating_sub(1)))
}

#[cfg(test)]
pub(crate) mod tests;
