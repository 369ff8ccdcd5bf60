//! Minority griefing: a group scatters its scores on both sides, to widen the tolerance for some and to
//! push honest members out of it for others.
//!
//! Source: `docs/spec/09-aggregation.md` (the cap of the tolerance).

use super::{Sight, Strategy, WHOLE, Work, micros};
use crate::sheet::Reading;

/// Operators that scatter.
#[derive(Debug)]
pub(super) struct Framing {
    /// How far.
    pub(super) shift: f64,
}

impl Strategy for Framing {
    fn works(&mut self, sight: &mut Sight<'_>) -> Work {
        let far = micros(self.shift);
        let far = if sight.place.is_multiple_of(2) { far } else { far.saturating_neg() };
        let shift = sight.honest.shift.saturating_add(far);
        Work::Write { reading: Reading { shift, ..sight.honest }, effort: WHOLE }
    }
}
