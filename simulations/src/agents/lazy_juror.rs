//! Lazy juror and auditor: works as a member, agrees with whatever it is to check.
//!
//! Source: Truebit's forced errors; Polkadot's slash of those who approve what is invalid.

use super::lazy::guess;
use super::{Judge, Sight, Strategy, Work};

/// Operators that check nothing.
#[derive(Debug)]
pub(super) struct LazyJuror;

impl Strategy for LazyJuror {
    fn works(&mut self, sight: &mut Sight<'_>) -> Work {
        let outcome = sight.world.ledger().outcomes.get(&sight.task);
        match outcome.map(|outcome| outcome.score.micros()).filter(|_| sight.audits) {
            Some(published) => guess(sight, published),
            None => sight.work(),
        }
    }

    fn judges(&mut self, _sight: &mut Sight<'_>) -> Judge {
        Judge::Agrees
    }
}
