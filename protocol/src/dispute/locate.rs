//! From two transcripts to one question.
//!
//! A leaf carries the sum up to and with its item, so a leaf and the one before its stretch prove
//! what the stretch is worth, under the root that was committed to. In exact mode a stretch is one
//! item. In tolerant mode it has up to [`SEGMENT`] items, since honest transcripts may differ at
//! single ones, and must differ by at least as much an item as the transcripts do on the whole.
//!
//! # Invariants
//! - What can be decided by adding up is decided here, and no jury sits for it.
//!
//! Spec: `docs/spec/13-disputes.md`.

use probity_primitives::transcript::{Leaf, Opening};
use probity_primitives::{Hash, OperatorId, TaskId};

use super::error::DisputeError;
use super::message::{Difference, Stretch};
use super::state::{Question, Ruling};
use crate::ledger::Ledger;
use crate::task::{Frozen, Mode, Opened, Revealed, Submission, Task, TaskError};

/// The most items of a segment in tolerant mode.
pub const SEGMENT: u32 = 32;

/// What a comparison comes to.
#[expect(clippy::large_enum_variant, reason = "made once and taken apart at once")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// A jury has to be asked.
    Asked(Question),
    /// It is decided.
    Ruled(Ruling),
}

/// A root with the header under which its leaves stand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Anchor {
    pub(super) header: Hash,
    pub(super) root: Hash,
}

/// A stretch that was checked: its first item, the sum before it, and its last leaf.
#[derive(Debug)]
pub(super) struct Sums<'a> {
    pub(super) first: u32,
    pub(super) before: i128,
    pub(super) last: &'a Leaf,
}

/// What a member has revealed.
pub(super) fn revealed(
    ledger: &Ledger,
    task: TaskId,
    member: OperatorId,
) -> Result<Revealed, DisputeError> {
    match ledger.submissions.get(&(task, member)) {
        Some(Submission::Revealed { revealed, .. }) => Ok(revealed.clone()),
        Some(Submission::Committed { .. } | Submission::Unavailable) | None => {
            Err(DisputeError::not_member(member, task))
        }
    }
}

/// Checks that a leaf stands where it says under a root.
pub(super) fn opens(
    frozen: &Frozen,
    anchor: Anchor,
    opening: &Opening,
) -> Result<(), DisputeError> {
    Ok(opening.check(frozen.items, anchor.header, anchor.root)?)
}

/// The longest stretch that is asked about.
pub(super) const fn longest(mode: Mode) -> u32 {
    match mode {
        Mode::Exact => 1,
        Mode::Tolerant => SEGMENT,
    }
}

/// Checks a stretch of at most `longest` items.
pub(super) fn sums<'a>(
    frozen: &Frozen,
    anchor: Anchor,
    stretch: &'a Stretch,
    longest: u32,
) -> Result<Sums<'a>, DisputeError> {
    let Stretch { before, last } = stretch;
    opens(frozen, anchor, last)?;
    let (first, sum) = match before {
        Some(before) => {
            opens(frozen, anchor, before)?;
            (before.leaf.index.saturating_add(1), before.leaf.prefix_sum)
        }
        None => (0, 0),
    };
    let index = last.leaf.index;
    if first > index || index.saturating_sub(first) >= longest {
        let wanted = index.saturating_add(1).saturating_sub(longest);
        return Err(DisputeError::Misplaced { index: first, wanted });
    }
    Ok(Sums { first, before: sum, last: &last.leaf })
}

/// Compares a member's leaf with what a challenger says should stand there. `None` if they agree.
pub(super) fn item(frozen: &Frozen, stated: &Sums<'_>, claimed: &Opened) -> Option<Found> {
    if !adds_up(stated) {
        return Some(Found::Ruled(Ruling::Overturn));
    }
    let (item, stated) = (stated.last.index, Opened::of(stated.last));
    if stated.agrees(claimed, frozen) {
        return None;
    }
    Some(Found::Asked(Question::Item { item, stated, claimed: claimed.clone() }))
}

/// Compares two transcripts on one stretch. `None` if they agree there.
pub(super) fn stretch(task: &Task, stated: &Sums<'_>, claimed: &Sums<'_>) -> Option<Found> {
    match task.request.mode {
        Mode::Exact => {
            if !adds_up(stated) {
                return Some(Found::Ruled(Ruling::Overturn));
            }
            if !adds_up(claimed) {
                return Some(Found::Ruled(Ruling::Uphold));
            }
            item(&task.frozen, stated, &Opened::of(claimed.last))
        }
        Mode::Tolerant => {
            let worth = |sums: &Sums<'_>| sums.last.prefix_sum.checked_sub(sums.before);
            // A sum outside its range is no sum of scores.
            let Some(said) = worth(stated) else { return Some(Found::Ruled(Ruling::Overturn)) };
            let Some(claimed) = worth(claimed) else { return Some(Found::Ruled(Ruling::Uphold)) };
            let (first, last) = (stated.first, stated.last.index);
            let question = Question::Segment { first, last, stated: said, claimed };
            (said != claimed).then_some(Found::Asked(question))
        }
    }
}

/// Checks a difference that a challenger shows, where `whole` is the distance of the two sums over
/// all items.
pub(super) fn difference(
    task: &Task,
    member: Anchor,
    challenger: Anchor,
    shown: &Difference,
    whole: u128,
) -> Result<Found, DisputeError> {
    let (frozen, longest) = (&task.frozen, longest(task.request.mode));
    let stated = sums(frozen, member, &shown.stated, longest)?;
    let claimed = sums(frozen, challenger, &shown.claimed, longest)?;
    if (stated.first, stated.last.index) != (claimed.first, claimed.last.index) {
        return Err(DisputeError::Misplaced { index: claimed.first, wanted: stated.first });
    }
    let item = stated.last.index;
    let found = stretch(task, &stated, &claimed).ok_or(DisputeError::NoDifference { item })?;
    if found == Found::Ruled(Ruling::Uphold) {
        let why = "the sums of the challenger's own leaves do not follow from their scores";
        return Err(TaskError::NoEvidence(why).into());
    }
    if let Found::Asked(Question::Segment { first, last, stated, claimed }) = &found {
        let len = last.saturating_sub(*first).saturating_add(1);
        let here = stated.abs_diff(*claimed).saturating_mul(u128::from(frozen.items));
        if here < whole.saturating_mul(u128::from(len)) {
            return Err(DisputeError::NoDifference { item });
        }
    }
    Ok(found)
}

/// Whether a leaf's sum is the sum before it and its own score.
fn adds_up(sums: &Sums<'_>) -> bool {
    sums.before.checked_add(i128::from(sums.last.score)) == Some(sums.last.prefix_sum)
}
