//! Fast chance: a generator without state to speak of, and normal numbers out of a table.
//!
//! A table of 4096 quantiles turns twelve bits into a measurement error in whole micro-units, so
//! that a step has neither a logarithm nor a rounding of floats; tails end at 3.7 deviations.

use probity_primitives::{Domain, Hash};
use statrs::distribution::{ContinuousCDF, Normal};

const SIZE: usize = 4_096;

/// Bits of an index, and how many of them one number of 64 bits holds.
const BITS: u32 = 12;
const DRAWS: usize = 5;

/// The generator xoshiro256++.
#[derive(Debug, Clone)]
pub(super) struct Fast {
    state: [u64; 4],
}

impl Fast {
    /// The stream of a name under a seed.
    pub(super) fn of(seed: u64, name: &str) -> Self {
        let key = Hash::of(Domain::Seed, &(seed, name));
        let mut state = [0u64; 4];
        for (word, bytes) in state.iter_mut().zip(key.as_bytes().chunks(8)) {
            *word = bytes.iter().rev().fold(0, |word, byte| (word << 8) | u64::from(*byte));
        }
        Self { state }
    }

    /// Sixty-four bits.
    pub(super) const fn next(&mut self) -> u64 {
        let [a, b, c, d] = self.state;
        let result = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let (c2, d2) = (c ^ a, d ^ b);
        self.state = [a ^ d2, b ^ c2, c2 ^ (b << 17), d2.rotate_left(45)];
        result
    }
}

/// The quantiles of a distribution, evenly spaced in probability.
pub(super) struct Quantiles([i32; SIZE]);

impl Quantiles {
    /// A normal distribution around zero.
    pub(super) fn normal(deviation: i32) -> Self {
        let normal = Normal::standard();
        let mut table = [0; SIZE];
        for (place, quantile) in (0u32..).zip(&mut table) {
            let probability = (f64::from(place) + 0.5) / 4_096.0;
            let error = normal.inverse_cdf(probability) * f64::from(deviation);
            *quantile = i32::try_from(crate::calculators::micros(error)).unwrap_or_default();
        }
        Self(table)
    }

    /// Fills scores with `truth` and an error each.
    pub(super) fn fill(&self, scores: &mut [i32], truth: i32, chance: &mut Fast) {
        for some in scores.chunks_mut(DRAWS) {
            let mut bits = chance.next();
            for score in some {
                *score = truth + self.at(bits);
                bits >>= BITS;
            }
        }
    }

    #[expect(
        clippy::as_conversions,
        reason = "twelve bits fit any index, and are within the table"
    )]
    fn at(&self, bits: u64) -> i32 {
        let place = (bits as usize) & (SIZE - 1);
        self.0.get(place).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_has_its_published_first_numbers() {
        // The reference implementation's first outputs from the state 1, 2, 3, 4.
        let mut fast = Fast { state: [1, 2, 3, 4] };
        let first: Vec<u64> = (0..3).map(|_| fast.next()).collect();
        assert_eq!(first, [41_943_041, 58_720_359, 3_588_806_011_781_223]);
    }

    #[test]
    fn filled_scores_have_the_mean_and_the_deviation() {
        let mut scores = [0; 10_000];
        Quantiles::normal(10_000).fill(&mut scores, 500_000, &mut Fast::of(1, "test"));
        let mean = scores.iter().map(|x| f64::from(*x)).sum::<f64>() / 1e4;
        let square = scores.iter().map(|x| (f64::from(*x) - 5e5).powi(2)).sum::<f64>() / 1e4;
        assert!((mean - 5e5).abs() < 400.0 && (square.sqrt() - 1e4).abs() < 300.0, "{mean}");
    }
}
