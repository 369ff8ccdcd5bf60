//! Everything that is left to chance, from one seed.
//!
//! # Invariants
//! - The same seed draws the same numbers on every machine and in every build.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// A stream of numbers.
#[derive(Debug, Clone)]
pub struct Chance(ChaCha8Rng);

impl Chance {
    /// The stream of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// Any number.
    pub fn any(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `limit`; 0 if the limit is.
    pub fn below(&mut self, limit: u64) -> u64 {
        // The high half of the product: even enough for a test, and never biased by machine.
        let wide = u128::from(self.any()).wrapping_mul(u128::from(limit)) >> 64;
        u64::try_from(wide).unwrap_or(0)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low.saturating_add(self.below(high.saturating_sub(low).saturating_add(1)))
    }

    /// A place in a list of this length; 0 if the list is empty.
    pub fn place(&mut self, len: usize) -> usize {
        let limit = u64::try_from(len).unwrap_or(u64::MAX);
        usize::try_from(self.below(limit)).unwrap_or(0)
    }

    /// True so many times in a thousand.
    pub fn permille(&mut self, rate: u64) -> bool {
        self.below(1_000) < rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_draws_the_same_numbers_again_and_another_seed_others() {
        let drawn = |seed| {
            let mut chance = Chance::new(seed);
            (0..100).map(|_| chance.below(1_000_000)).collect::<Vec<_>>()
        };
        assert_eq!(drawn(7), drawn(7));
        assert_ne!(drawn(7), drawn(8));
    }

    #[test]
    fn numbers_stay_within_their_limits_and_reach_both_ends() {
        let mut chance = Chance::new(1);
        let drawn: Vec<u64> = (0..1_000).map(|_| chance.between(3, 6)).collect();
        for number in 3..=6 {
            assert!(drawn.contains(&number));
        }
        assert!(drawn.iter().all(|number| (3..=6).contains(number)));
        assert_eq!(chance.below(0), 0);
        assert_eq!(chance.place(0), 0);
        assert!((0..1_000).filter(|_| chance.permille(100)).count().abs_diff(100) < 50);
    }
}
