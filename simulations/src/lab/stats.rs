//! What a handful of runs says about all runs: intervals, quantiles, shares.
//!
//! Every number that the laboratory shows stands with how many runs it rests on and with a range
//! that covers the truth in [`LEVEL`] of all experiments: Student's for means, Wilson's for shares
//! (which stays inside 0 and 1, and says something even when no run succeeded), and percentiles of
//! resamples for what has no formula.
//!
//! # Invariants
//! - A number that is not finite is left out and not counted.
//! - The order of the values decides nothing but the last bits; callers give them by run number.
//!
//! # Not here
//! How many runs are enough: [`super::power`].

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

/// How often an interval covers the truth.
pub const LEVEL: f64 = 0.95;

/// A number with its uncertainty.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// How many runs it rests on.
    pub n: u64,
    /// The estimate.
    #[serde(with = "finite")]
    pub mean: f64,
    /// The lower end of its interval; the estimate itself where one run says nothing of spread.
    #[serde(with = "finite")]
    pub low: f64,
    /// The upper end.
    #[serde(with = "finite")]
    pub high: f64,
}

/// Numbers in JSON, which has no word for one that is not finite: it is null.
pub mod finite {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// Writes a number.
    ///
    /// # Errors
    /// If the document cannot be written.
    pub fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        value.is_finite().then_some(*value).serialize(serializer)
    }

    /// Reads a number.
    ///
    /// # Errors
    /// If it is neither a number nor null.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        Ok(Option::deserialize(deserializer)?.unwrap_or(f64::NAN))
    }
}

impl Estimate {
    /// Nothing is known.
    pub const NONE: Self = Self { n: 0, mean: f64::NAN, low: f64::NAN, high: f64::NAN };

    /// Whether the interval lies above zero.
    #[must_use]
    pub fn is_positive(&self) -> bool {
        self.n > 1 && self.low > 0.0
    }

    /// Half of the interval's width.
    #[must_use]
    pub fn half_width(&self) -> f64 {
        (self.high - self.low) / 2.0
    }
}

/// Count, mean and spread of a stream of values, in constant memory (Welford).
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Moments {
    n: u64,
    mean: f64,
    squares: f64,
}

impl Moments {
    /// Of some values.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut moments = Self::default();
        values.into_iter().for_each(|value| moments.add(value));
        moments
    }

    /// Takes one more value.
    pub fn add(&mut self, value: f64) {
        if value.is_finite() {
            self.n = self.n.saturating_add(1);
            let off = value - self.mean;
            self.mean += off / float(self.n);
            self.squares += off * (value - self.mean);
        }
    }

    /// How many values.
    #[must_use]
    pub const fn n(&self) -> u64 {
        self.n
    }

    /// Their mean.
    #[must_use]
    pub const fn mean(&self) -> f64 {
        if self.n == 0 { f64::NAN } else { self.mean }
    }

    /// Their standard deviation, with one degree of freedom less than there are values.
    #[must_use]
    pub fn deviation(&self) -> f64 {
        if self.n < 2 { f64::NAN } else { (self.squares / (float(self.n) - 1.0)).sqrt() }
    }

    /// The mean with Student's interval.
    #[must_use]
    pub fn estimate(&self) -> Estimate {
        let mean = self.mean();
        if self.n < 2 {
            return Estimate { n: self.n, mean, low: mean, high: mean };
        }
        let half = student(self.n - 1) * self.deviation() / float(self.n).sqrt();
        Estimate { n: self.n, mean, low: mean - half, high: mean + half }
    }
}

/// The mean of values with Student's interval.
pub fn mean(values: impl IntoIterator<Item = f64>) -> Estimate {
    Moments::of(values).estimate()
}

/// A share of successes with Wilson's interval.
#[must_use]
pub fn share(successes: u64, n: u64) -> Estimate {
    if n == 0 {
        return Estimate::NONE;
    }
    let (count, z) = (float(n), normal_quantile(0.5 + LEVEL / 2.0));
    let rate = float(successes) / count;
    let spread = 1.0 + z * z / count;
    let centre = (rate + z * z / (2.0 * count)) / spread;
    let half = z / spread * (rate * (1.0 - rate) / count + z * z / (4.0 * count * count)).sqrt();
    let low = if successes == 0 { 0.0 } else { (centre - half).max(0.0) };
    let high = if successes == n { 1.0 } else { (centre + half).min(1.0) };
    Estimate { n, mean: rate, low, high }
}

/// The value below which a share `at` of the sorted values lies, between neighbours in proportion.
#[must_use]
pub fn quantile(sorted: &[f64], at: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let place = at.clamp(0.0, 1.0) * float_of(last);
    let below = floor(place).min(last);
    let low = sorted.get(below).copied().unwrap_or(f64::NAN);
    let high = sorted.get(below.saturating_add(1)).copied().unwrap_or(low);
    low + (high - low) * (place - float_of(below))
}

/// The finite values, ascending.
#[must_use]
pub fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// The percentile interval of what a statistic says of resamples: `statistic` gets, for each of
/// `rounds` rounds, the numbers of `n` values drawn with repetition.
pub fn bootstrap(
    n: usize,
    rounds: u32,
    seed: u64,
    mut statistic: impl FnMut(&[usize]) -> f64,
) -> [f64; 2] {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut drawn = vec![0; n];
    let mut found = Vec::new();
    for _ in 0..rounds {
        drawn.iter_mut().for_each(|place| *place = below(&mut random, n));
        found.push(statistic(&drawn));
    }
    let found = sorted(&found);
    let tail = (1.0 - LEVEL) / 2.0;
    [quantile(&found, tail), quantile(&found, 1.0 - tail)]
}

/// A number below `limit`, each as likely as any other.
pub fn below(random: &mut impl RngCore, limit: usize) -> usize {
    let limit = u64::try_from(limit).unwrap_or(u64::MAX).max(1);
    // The largest multiple of the limit: what lies above it would favour small numbers.
    let fair = u64::MAX - u64::MAX % limit;
    loop {
        let drawn = random.next_u64();
        if drawn < fair {
            return usize::try_from(drawn % limit).unwrap_or(0);
        }
    }
}

/// A number from 0 to below 1, on a grid of 2^-53.
pub fn uniform(random: &mut impl RngCore) -> f64 {
    float(random.next_u64() >> 11) / 9_007_199_254_740_992.0
}

/// The quantile of Student's distribution that bounds an interval of [`LEVEL`].
#[must_use]
pub fn student(freedom: u64) -> f64 {
    let at = 0.5 + LEVEL / 2.0;
    // From here on the difference to the normal distribution is below one part in a million, and
    // the search for the quantile loses more than that.
    if freedom > 1_000_000 {
        return normal_quantile(at);
    }
    StudentsT::new(0.0, 1.0, float(freedom.max(1)))
        .map_or(f64::INFINITY, |student| student.inverse_cdf(at))
}

/// The quantile of the standard normal distribution.
#[must_use]
pub fn normal_quantile(at: f64) -> f64 {
    Normal::new(0.0, 1.0).map_or(f64::NAN, |normal| normal.inverse_cdf(at))
}

/// A count as a float: exact up to 2^53.
#[expect(clippy::as_conversions, reason = "counts here are far below 2^53")]
#[must_use]
pub const fn float(count: u64) -> f64 {
    count as f64
}

/// A length as a float: exact up to 2^53.
#[expect(clippy::as_conversions, reason = "lengths here are far below 2^53")]
#[must_use]
pub const fn float_of(count: usize) -> f64 {
    count as f64
}

/// The whole part of a number that is not negative.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "what is negative or no number becomes 0, what is too large the largest"
)]
#[must_use]
pub const fn floor(value: f64) -> usize {
    value as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against tables: Student's t at 0.975 and Wilson's example of 8 in 10.
    #[test]
    fn intervals_are_those_of_the_tables() {
        for (freedom, t) in [(1, 12.7062), (2, 4.3027), (9, 2.2622), (29, 2.0452), (1_000, 1.9623)]
        {
            assert!((student(freedom) - t).abs() < 1e-4, "{freedom}: {}", student(freedom));
        }
        let wilson = share(8, 10);
        assert!((wilson.low - 0.4902).abs() < 1e-4 && (wilson.high - 0.9433).abs() < 1e-4);
        assert_eq!(share(0, 20).low, 0.0);
        assert!((share(0, 20).high - 0.1611).abs() < 1e-4);
        assert_eq!(share(20, 20).high, 1.0);
        assert_eq!(share(0, 0).n, 0);
    }

    #[test]
    fn a_mean_has_the_interval_of_its_spread() {
        let found = mean([4.0, 6.0, 8.0, f64::NAN]);
        assert_eq!((found.n, found.mean), (3, 6.0));
        assert!((found.half_width() - 4.3027 * 2.0 / 3f64.sqrt()).abs() < 1e-3);
        assert!(found.is_positive() && !mean([-1.0, 1.0]).is_positive());
        assert!(!mean([5.0]).is_positive(), "one run proves nothing");
    }

    #[test]
    fn quantiles_lie_between_neighbours() {
        let values = sorted(&[3.0, 1.0, 2.0, f64::INFINITY]);
        assert_eq!(values, [1.0, 2.0, 3.0]);
        assert_eq!((quantile(&values, 0.0), quantile(&values, 0.25)), (1.0, 1.5));
        assert_eq!((quantile(&values, 1.0), quantile(&values, 2.0)), (3.0, 3.0));
        assert!(quantile(&[], 0.5).is_nan());
    }

    /// Nineteen of twenty intervals of normal-looking samples hold the true mean.
    #[test]
    fn intervals_cover_the_truth_as_often_as_they_say() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let (mut student_covers, mut wilson_covers, trials) = (0u32, 0u32, 2_000);
        for _ in 0..trials {
            let draws: Vec<f64> =
                (0..12).map(|_| (0..6).map(|_| uniform(&mut random)).sum::<f64>()).collect();
            let found = mean(draws);
            student_covers += u32::from(found.low <= 3.0 && 3.0 <= found.high);
            let hits = (0..40).filter(|_| uniform(&mut random) < 0.2).count();
            let found = share(u64::try_from(hits).unwrap(), 40);
            wilson_covers += u32::from(found.low <= 0.2 && 0.2 <= found.high);
        }
        for covers in [student_covers, wilson_covers] {
            let rate = f64::from(covers) / f64::from(trials);
            assert!((0.93..0.975).contains(&rate), "{rate}");
        }
    }

    #[test]
    fn resampling_the_mean_agrees_with_the_formula() {
        let mut random = ChaCha8Rng::seed_from_u64(7);
        let values: Vec<f64> = (0..200).map(|_| uniform(&mut random)).collect();
        let mean_of = |drawn: &[usize]| {
            drawn.iter().map(|at| values[*at]).sum::<f64>() / float_of(drawn.len())
        };
        let [low, high] = bootstrap(values.len(), 2_000, 3, mean_of);
        let formula = mean(values.iter().copied());
        assert!((low - formula.low).abs() < 0.1 * formula.half_width(), "{low} {formula:?}");
        assert!((high - formula.high).abs() < 0.1 * formula.half_width(), "{high} {formula:?}");
        let again = bootstrap(values.len(), 2_000, 3, mean_of);
        assert_eq!([low, high], again, "resamples follow from their seed");
    }
}
