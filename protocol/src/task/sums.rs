//! Whether the sums of opened leaves follow from their scores.
//!
//! A score is proven by the sum in the last leaf. Leaves that are true one by one prove nothing
//! unless their sums are: a member could open honest leaves under a sum it made up. So leaves are
//! drawn with their predecessors, and what lies between two opened leaves must be possible.
//!
//! # Not here
//! Sums of items that nobody opens, within what they could be worth: audits of whole transcripts.
//!
//! Spec: `docs/spec/10-checks.md`.

use std::collections::BTreeMap;

use probity_primitives::Score;
use probity_primitives::transcript::{Answer, Fold, Leaf};

use super::state::Frozen;

/// Whether opened leaves can belong to one transcript that gives `score`.
///
/// Between neighbours nothing is left over. Between others, where an item is right or wrong, the
/// unopened items are worth at least nothing and at most one each.
pub(super) fn hold(frozen: &Frozen, score: Score, opened: &BTreeMap<u32, Leaf>) -> bool {
    let bounded = frozen.fold == Fold::Mean
        && frozen.range == (Score::ZERO, Score::ONE)
        && opened.values().all(|leaf| matches!(leaf.answer, Answer::Label(_) | Answer::Choice(_)));
    let possible = |between: i128, items: u32| {
        let most = i128::from(items).saturating_mul(i128::from(Score::ONE.micros()));
        if bounded || items == 0 { (0..=most).contains(&between) } else { true }
    };
    let (mut next, mut sum) = (0u32, 0i128);
    for leaf in opened.values() {
        let before = leaf.prefix_sum.saturating_sub(i128::from(leaf.score));
        if !possible(before.saturating_sub(sum), leaf.index.saturating_sub(next)) {
            return false;
        }
        (next, sum) = (leaf.index.saturating_add(1), leaf.prefix_sum);
    }
    let left = frozen.items.saturating_sub(next);
    if left == 0 || !bounded {
        return true;
    }
    // The sum of all is known but for the remainder that the mean rounded away.
    let items = i128::from(frozen.items);
    let least = i128::from(score.micros()).saturating_mul(items);
    let rounded = items.saturating_sub(1);
    let most = i128::from(left).saturating_mul(i128::from(Score::ONE.micros()));
    least.saturating_add(rounded) >= sum && least.saturating_sub(sum) <= most
}
