//! Which ranks a result may have, given what is uncertain about all of them.
//!
//! A rank by score alone says more than was measured. A result surely stands before another if
//! the ranges in which both may lie do not meet; a range is the interval over items together with
//! the spread of the evaluators. The best rank is one after those that surely stand before, the
//! worst is before those that surely stand behind.
//!
//! # Invariants
//! - A result that was proven false takes part in no ranking.

use probity_primitives::Score;
use probity_protocol::registry::Direction;
use probity_protocol::task::{Outcome, OutcomeState};

/// The best and the worst rank that a result may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ranks {
    pub(super) best: usize,
    pub(super) worst: usize,
}

impl std::fmt::Display for Ranks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { best, worst } = self;
        if best == worst { write!(f, "{best}") } else { write!(f, "{best}–{worst}") }
    }
}

/// In which range a result may lie.
pub(super) fn range(outcome: &Outcome) -> (Score, Score) {
    let (low, high) = outcome.spread;
    let (low, high) = (low.min(outcome.score), high.max(outcome.score));
    match outcome.interval {
        Some((from, to)) => (low.min(from), high.max(to)),
        None => (low, high),
    }
}

/// The ranks of each result, none of one that was proven false.
pub(super) fn ranks(outcomes: &[&Outcome], direction: Direction) -> Vec<Option<Ranks>> {
    let stands = |outcome: &Outcome| match outcome.state {
        OutcomeState::Overturned => false,
        OutcomeState::Provisional | OutcomeState::Contested | OutcomeState::Final => true,
    };
    let standing: Vec<(Score, Score)> =
        outcomes.iter().filter(|one| stands(one)).map(|one| range(one)).collect();
    let before = |(a_low, a_high): (Score, Score), (b_low, b_high): (Score, Score)| match direction
    {
        Direction::HigherIsBetter => a_low > b_high,
        Direction::LowerIsBetter => a_high < b_low,
    };
    let ranks = |own: (Score, Score)| {
        let ahead = standing.iter().filter(|other| before(**other, own)).count();
        let behind = standing.iter().filter(|other| before(own, **other)).count();
        Ranks { best: ahead.saturating_add(1), worst: standing.len().saturating_sub(behind) }
    };
    outcomes.iter().map(|one| stands(one).then(|| ranks(range(one)))).collect()
}
