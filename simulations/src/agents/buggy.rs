//! Correlated bug: operators that mean well and run a harness that is broken, all in the same way.
//!
//! Source: Ethereum's client bugs (the majority client's users lose most); `docs/spec/12-slashing.md`
//! suspends a window in which more than half of the stake offended.

use super::{Judge, Sight, Strategy, WHOLE, Work, ppm};
use crate::random::RunKey;
use crate::sheet::{Items, Reading};

/// Operators with a broken harness.
#[derive(Debug)]
pub(super) struct Buggy {
    /// On which share of tasks it breaks.
    pub(super) share: Option<f64>,
    /// Which share of the items it spoils.
    pub(super) items: f64,
    /// Whether they dispute what they find wrong.
    pub(super) disputes: bool,
    /// The run's chance.
    pub(super) key: RunKey,
}

impl Buggy {
    fn found(&self, sight: &Sight<'_>) -> Reading {
        if !sight.cheats(self.share, &self.key) {
            return sight.honest;
        }
        let bug = Items { share: ppm(self.items), seed: sight.ordinal };
        Reading { bug, ..sight.honest }
    }
}

impl Strategy for Buggy {
    fn works(&mut self, sight: &mut Sight<'_>) -> Work {
        Work::Write { reading: self.found(sight), effort: WHOLE }
    }

    fn judges(&mut self, sight: &mut Sight<'_>) -> Judge {
        Judge::Says(self.found(sight))
    }

    fn disputes(&self) -> bool {
        self.disputes
    }
}
