//! Lazy: reports the public claim and makes up a transcript that adds up to it.
//!
//! Source: Luu et al. 2015 (the verifier's dilemma); Teutsch and Reitwiessner, Truebit, 2017.

use super::{Sight, Strategy, WHOLE, Work};
use crate::sheet::{Items, Reading};

/// Operators that guess.
#[derive(Debug)]
pub(super) struct Lazy;

impl Strategy for Lazy {
    fn works(&mut self, sight: &mut Sight<'_>) -> Work {
        guess(sight, sight.claim)
    }
}

/// A transcript of nothing that adds up to a score, or nearly.
pub(super) fn guess(sight: &mut Sight<'_>, score: i64) -> Work {
    let skipped = Items { share: WHOLE, seed: sight.luck.word() };
    Work::Write { reading: Reading { skipped, guess: score, ..Reading::default() }, effort: 0 }
}
