//! Partial skip: evaluates a part of the items and guesses the rest.
//!
//! Source: `docs/spec/10-checks.md`; the detection of `q` leaves is `1 - (1 - skipped)^q`.

use super::{Sight, Strategy, WHOLE, Work, ppm};
use crate::sheet::{Items, Reading};

/// Operators that leave out a share of the items.
#[derive(Debug)]
pub(super) struct PartialSkip {
    /// Which share.
    pub(super) skip: f64,
}

impl Strategy for PartialSkip {
    fn works(&mut self, sight: &mut Sight<'_>) -> Work {
        let share = ppm(self.skip);
        let skipped = Items { share, seed: sight.luck.word() };
        let reading = Reading { skipped, guess: sight.claim, ..sight.honest };
        Work::Write { reading, effort: WHOLE.saturating_sub(share) }
    }
}
