//! Sub-tolerance shading: does the work and moves its score by less than the tolerance.
//!
//! Source: `docs/spec/09-aggregation.md`: the reward is flat inside the tolerance, so that shading pays
//! nothing by itself; what it moves is the median.

use super::{Sight, Strategy, WHOLE, Work, micros};
use crate::sheet::Reading;

/// Operators that shade.
#[derive(Debug)]
pub(super) struct Shading {
    /// By how much.
    pub(super) shift: f64,
}

impl Strategy for Shading {
    fn works(&mut self, sight: &mut Sight<'_>) -> Work {
        let shift = sight.honest.shift.saturating_add(micros(self.shift));
        Work::Write { reading: Reading { shift, ..sight.honest }, effort: WHOLE }
    }
}
