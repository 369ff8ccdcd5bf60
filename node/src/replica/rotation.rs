//! Whose turn it is to propose.
//!
//! # Invariants
//! - The answer depends on the validators, the height and the round alone, so that every node, and
//!   one that was down for a week, names the same proposer.
//! - Turns are in proportion to power, in every stretch of heights.
//!
//! Spec: `docs/spec/20-blocks.md`.

use probity_primitives::Height;
use probity_runtime::validators::{Validator, ValidatorSet};

/// The share of the unit interval that the golden ratio leaves over, in 64 bits.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// Whose turn it is to propose at `height` in `round`.
#[must_use]
pub fn proposer(set: &ValidatorSet, height: Height, round: u32) -> Option<&Validator> {
    let powers = set.iter().map(|validator| validator.power);
    set.iter().nth(proposer_index(powers, height.0, round))
}

/// Whose turn it is: the place in a list of `powers` of the proposer of `height` and `round`.
///
/// Consecutive turns step round a circle, on which every validator owns an arc as long as its
/// power, by the golden ratio. That sequence is the most even there is: a validator with a share
/// s of the power proposes in a share s of the turns, in every stretch of turns and not only in the
/// long run, and one with less than 38 % is never asked twice in a row, so that a round that failed
/// for want of a proposer is followed by another one's. Anyone can name the proposer in advance;
/// what a proposer could gain by that is taken from it by the verifiable random function.
#[must_use]
pub fn proposer_index(powers: impl Iterator<Item = u64> + Clone, height: u64, round: u32) -> usize {
    let total = powers.clone().fold(0u64, u64::saturating_add);
    let turn = height.wrapping_add(u64::from(round)).wrapping_mul(GOLDEN);
    // The high half of the product is below `total`; `turn` is uniform over 64 bits.
    let point = (u128::from(turn) * u128::from(total)) >> 64;
    let mut end = 0u128;
    powers
        .map(|power| {
            end += u128::from(power);
            end
        })
        .position(|end| point < end)
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(powers: &[u64], count: u64) -> Vec<usize> {
        (1..=count).map(|height| proposer_index(powers.iter().copied(), height, 0)).collect()
    }

    #[test]
    fn a_validator_proposes_in_proportion_to_its_power() {
        let turns = turns(&[1, 2, 3, 4], 1_000);
        for (validator, expected) in [100usize, 200, 300, 400].into_iter().enumerate() {
            let count = turns.iter().filter(|turn| **turn == validator).count();
            assert!(count.abs_diff(expected) <= 3, "{validator}: {count}, not {expected}");
        }
    }

    #[test]
    fn four_equal_validators_each_propose_within_any_seven_turns() {
        for window in turns(&[5, 5, 5, 5], 500).windows(7) {
            for validator in 0..4 {
                assert!(window.contains(&validator), "{validator} not in {window:?}");
            }
        }
    }

    #[test]
    fn the_next_round_asks_another_validator() {
        for height in 1..500 {
            let proposer = |round| proposer_index([7u64, 7, 7, 7].into_iter(), height, round);
            assert_ne!(proposer(0), proposer(1), "at height {height}");
        }
    }

    #[test]
    fn the_largest_powers_do_not_overflow_the_choice() {
        let share = u64::MAX / 8 / 4;
        for height in [0, 1, u64::MAX] {
            assert!(proposer_index([share; 4].into_iter(), height, u32::MAX) < 4);
        }
    }
}
