//! Selective non-reveal: looks at the others' scores and keeps its own back where it would lose.
//!
//! Source: the last revealer of RANDAO; UMA's voters.

use super::{Show, Sight, Strategy, ppm};
use probity_protocol::task::Submission;

/// Operators that hide outliers, and a share of all their reveals besides.
#[derive(Debug)]
pub(super) struct NonReveal {
    /// The share that is hidden whatever it holds.
    pub(super) share: f64,
}

impl Strategy for NonReveal {
    fn shows(&mut self, sight: &mut Sight<'_>) -> Show {
        if sight.luck.chance(ppm(self.share)) {
            return Show::Hide;
        }
        if !sight.last {
            return Show::Wait;
        }
        let submissions = &sight.world.ledger().submissions;
        let mut others: Vec<i64> = sight
            .about
            .phase
            .committee()
            .iter()
            .filter_map(|member| match submissions.get(&(sight.task, member.operator)) {
                Some(Submission::Revealed { revealed, .. }) => Some(revealed.score.micros()),
                Some(Submission::Committed { .. } | Submission::Unavailable) | None => None,
            })
            .collect();
        others.sort_unstable();
        let middle = others.get(others.len() / 2);
        let mine = sight.world.written_score(sight.task, sight.operator);
        let tolerance = sight.about.frozen.sigma.saturating_mul(4);
        match (middle, mine) {
            (Some(middle), Some(mine)) if mine.abs_diff(*middle) > tolerance => Show::Hide,
            _ => Show::Reveal,
        }
    }
}
