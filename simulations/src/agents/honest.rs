//! The honest evaluator: does all the work, shows it, and disputes what it finds wrong.
//!
//! Source: `docs/spec/06-tasks.md` to `13-disputes.md`.

use super::Strategy;

/// Honest operators.
#[derive(Debug)]
pub(super) struct Honest {
    /// Whether they dispute.
    pub(super) disputes: bool,
}

impl Strategy for Honest {
    fn disputes(&self) -> bool {
        self.disputes
    }
}
