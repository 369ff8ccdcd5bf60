//! Aggregation: one score out of many, exactly and in any order.
//!
//! The result is the seat-weighted median; what counts as agreeing is the declared noise, widened
//! by the spread of the scores themselves but never beyond a cap, since otherwise a minority could
//! inflate the spread and shelter in it. Integers throughout: no rounding depends on an order.
//!
//! # Invariants
//! - The result lies within the range of the scores, and a strict minority of weight cannot move
//!   it out of the range of the others.
//! - Permuting, merging and splitting entries of one score changes nothing.
//!
//! # Not here
//! What a standing costs or earns: [`crate::task`].
//!
//! Spec: `docs/spec/09-aggregation.md`.

mod interval;

use probity_primitives::{ArithmeticError, Score, Seats};

pub use interval::wilson;

use crate::params::Checks;
use crate::task::{Mode, Standing};

/// A score and the weight behind it.
pub type Weighted = (Score, Seats);

/// Many scores made one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aggregate {
    /// The seat-weighted median.
    pub median: Score,
    /// The seat-weighted median of distances from it, in micro-units.
    pub dispersion: u64,
    /// The distance up to which a score is accepted, in micro-units.
    pub tolerance: u64,
    /// The lowest and the highest score.
    pub spread: (Score, Score),
    /// All weight together.
    pub weight: u64,
    mode: Mode,
}

impl Aggregate {
    /// Aggregates scores under a declared noise of `sigma` micro-units.
    ///
    /// `None` without any weight.
    ///
    /// # Errors
    /// [`ArithmeticError`] for a tolerance outside `u64`.
    pub fn of(
        scores: &[Weighted],
        mode: Mode,
        sigma: u64,
        checks: &Checks,
    ) -> Result<Option<Self>, ArithmeticError> {
        let entries = scores.iter().map(|(score, seats)| (score.micros(), u64::from(seats.0)));
        let Some(median) = weighted_median(entries.collect()) else { return Ok(None) };
        let median = Score::from_micros(median);
        let distances = scores.iter().map(|(score, seats)| (score.distance(median), seats.0));
        let dispersion =
            weighted_median(distances.map(|(d, w)| (i128::from(d), u64::from(w))).collect())
                .and_then(|mad| u64::try_from(mad).ok())
                .unwrap_or_default();
        let tolerance = match mode {
            Mode::Exact => 0,
            Mode::Tolerant => tolerance(dispersion, sigma, checks)?,
        };
        let present = scores.iter().filter(|(_, seats)| seats.0 > 0).map(|(score, _)| *score);
        let lowest = present.clone().min().unwrap_or(median);
        let highest = present.max().unwrap_or(median);
        let weight = scores.iter().map(|(_, seats)| u64::from(seats.0)).sum();
        Ok(Some(Self { median, dispersion, tolerance, spread: (lowest, highest), weight, mode }))
    }

    /// How a score stands against the result.
    #[must_use]
    pub fn standing(&self, score: Score) -> Standing {
        let distance = u128::from(score.distance(self.median));
        let tolerance = u128::from(self.tolerance);
        if distance <= tolerance {
            return Standing::Accepted;
        }
        match self.mode {
            Mode::Tolerant if distance <= tolerance.saturating_mul(2) => Standing::Grey,
            Mode::Tolerant | Mode::Exact => Standing::Flagged,
        }
    }
}

/// `min(max(low * sigma, low * 1.4826 * MAD), cap * sigma)`.
fn tolerance(dispersion: u64, sigma: u64, checks: &Checks) -> Result<u64, ArithmeticError> {
    // Beyond every distance two scores can have, a larger tolerance is the same.
    let declared = sigma.saturating_mul(u64::from(checks.tolerance_low));
    let cap = sigma.saturating_mul(u64::from(checks.tolerance_cap));
    // 1.4826 makes the MAD of a Gaussian its standard deviation.
    let factor = u128::from(checks.tolerance_low).saturating_mul(14_826);
    let observed = probity_primitives::amount::mul_div(u128::from(dispersion), factor, 10_000)?;
    Ok(u64::try_from(observed).unwrap_or(u64::MAX).max(declared).min(cap))
}

/// The value at which half of the weight is reached, between the two if a value ends there.
fn weighted_median<T>(mut entries: Vec<(T, u64)>) -> Option<T>
where
    T: Ord + Copy + TryFrom<i128>,
    i128: From<T>,
{
    entries.retain(|(_, weight)| *weight > 0);
    entries.sort_unstable_by_key(|(value, _)| *value);
    let total: u128 = entries.iter().map(|(_, weight)| u128::from(*weight)).sum();
    let first = |reached: fn(u128, u128) -> bool| {
        let mut sum = 0u128;
        entries.iter().find_map(|(value, weight)| {
            sum = sum.saturating_add(u128::from(*weight));
            reached(sum.saturating_mul(2), total).then_some(*value)
        })
    };
    let low = i128::from(first(|twice, total| twice >= total)?);
    let high = i128::from(first(|twice, total| twice > total)?);
    T::try_from(low.saturating_add(high).div_euclid(2)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::Params;
    use proptest::prelude::*;

    fn aggregate(scores: &[(i64, u32)], mode: Mode, sigma: u64) -> Aggregate {
        let scores: Vec<Weighted> =
            scores.iter().map(|(s, w)| (Score::from_micros(*s), Seats(*w))).collect();
        Aggregate::of(&scores, mode, sigma, &Params::default().checks).unwrap().unwrap()
    }

    #[test]
    fn an_even_split_gives_the_floor_of_the_middle() {
        assert_eq!(aggregate(&[(1, 1), (4, 1)], Mode::Exact, 1).median.micros(), 2);
        assert_eq!(aggregate(&[(-1, 1), (-2, 1)], Mode::Exact, 1).median.micros(), -2);
        assert_eq!(aggregate(&[(1, 3), (4, 1)], Mode::Exact, 1).median.micros(), 1);
    }

    #[test]
    fn without_weight_there_is_no_result() {
        let checks = Params::default().checks;
        assert_eq!(Aggregate::of(&[], Mode::Exact, 1, &checks), Ok(None));
        assert_eq!(Aggregate::of(&[(Score::ONE, Seats(0))], Mode::Exact, 1, &checks), Ok(None));
    }

    #[test]
    fn in_exact_mode_any_difference_is_a_flag() {
        let result = aggregate(&[(100, 6), (101, 1)], Mode::Exact, 50);
        assert_eq!(result.standing(Score::from_micros(100)), Standing::Accepted);
        assert_eq!(result.standing(Score::from_micros(101)), Standing::Flagged);
    }

    #[test]
    fn in_tolerant_mode_there_is_a_grey_band_between_one_and_two_tolerances() {
        let result = aggregate(&[(0, 5), (10, 1), (-10, 1)], Mode::Tolerant, 100);
        assert_eq!((result.median.micros(), result.tolerance), (0, 400));
        assert_eq!(result.standing(Score::from_micros(400)), Standing::Accepted);
        assert_eq!(result.standing(Score::from_micros(800)), Standing::Grey);
        assert_eq!(result.standing(Score::from_micros(801)), Standing::Flagged);
    }

    #[test]
    fn between_its_borders_the_tolerance_follows_the_spread() {
        // 4 * 1.4826 * 100
        let result = aggregate(&[(-100, 1), (0, 1), (100, 1)], Mode::Tolerant, 100);
        assert_eq!((result.dispersion, result.tolerance), (100, 593));
    }

    #[test]
    fn an_inflated_spread_widens_the_tolerance_only_up_to_the_cap() {
        let wide = aggregate(&[(0, 4), (100_000, 3)], Mode::Tolerant, 100);
        assert!(wide.tolerance <= 800);
        let wider =
            aggregate(&[(0, 2), (90_000, 1), (-90_000, 2), (50_000, 2)], Mode::Tolerant, 100);
        assert_eq!(wider.tolerance, 800);
    }

    fn entries() -> impl Strategy<Value = Vec<(i64, u32)>> {
        prop::collection::vec((-1_000_000..1_000_000i64, 1..9u32), 1..24)
    }

    proptest! {
        #[test]
        fn the_order_of_arrival_changes_nothing(
            (scores, shuffled) in entries().prop_flat_map(|e| (Just(e.clone()), Just(e).prop_shuffle())),
        ) {
            prop_assert_eq!(
                aggregate(&scores, Mode::Tolerant, 500),
                aggregate(&shuffled, Mode::Tolerant, 500)
            );
        }

        #[test]
        fn splitting_an_identity_changes_nothing(scores in entries()) {
            let split: Vec<(i64, u32)> =
                scores.iter().flat_map(|(s, w)| (0..*w).map(|_| (*s, 1))).collect();
            prop_assert_eq!(
                aggregate(&scores, Mode::Tolerant, 500),
                aggregate(&split, Mode::Tolerant, 500)
            );
        }

        #[test]
        fn a_strict_minority_cannot_leave_the_honest_range(honest in entries(), lies in entries()) {
            let weight: u32 = honest.iter().map(|(_, w)| w).sum();
            let mut left = weight.saturating_sub(1);
            let mut all = honest.clone();
            for (score, seats) in lies {
                let seats = seats.min(left);
                left = left.saturating_sub(seats);
                all.push((score.saturating_mul(1_000_000), seats));
            }
            let median = aggregate(&all, Mode::Tolerant, 500).median.micros();
            prop_assert!(honest.iter().any(|(s, _)| *s <= median));
            prop_assert!(honest.iter().any(|(s, _)| *s >= median));
        }

        #[test]
        fn raising_one_score_never_lowers_the_result(
            scores in entries(), at in any::<prop::sample::Index>(), by in 0..1_000_000i64,
        ) {
            let before = aggregate(&scores, Mode::Exact, 1).median;
            let mut raised = scores;
            let index = at.index(raised.len());
            raised[index].0 = raised[index].0.saturating_add(by);
            prop_assert!(aggregate(&raised, Mode::Exact, 1).median >= before);
        }
    }
}
