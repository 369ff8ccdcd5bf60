//! How far a simulated number may be from the true one.

use serde::Serialize;

/// The 97.5 % quantile of the standard normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// A 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval(pub f64, pub f64);

impl Interval {
    /// Wilson's interval for `hits` out of `tries`: it holds even where there was no hit at all.
    #[must_use]
    pub fn of_share(hits: u64, tries: u64) -> Self {
        if tries == 0 {
            return Self(0.0, 1.0);
        }
        let (hits, tries) = (real(hits), real(tries));
        let (share, z2) = (hits / tries, Z * Z);
        let centre = (share + z2 / (2.0 * tries)) / (1.0 + z2 / tries);
        let spread = (share * (1.0 - share) / tries + z2 / (4.0 * tries * tries)).sqrt();
        let half = Z * spread / (1.0 + z2 / tries);
        // Where the formula gives an end exactly, rounding must not move it.
        let low = if share > 0.0 { (centre - half).max(0.0) } else { 0.0 };
        let high = if share < 1.0 { (centre + half).min(1.0) } else { 1.0 };
        Self(low, high)
    }

    /// The normal interval of a mean.
    #[must_use]
    pub fn of_mean(mean: &Mean) -> Self {
        let half = Z * mean.error();
        Self(mean.value() - half, mean.value() + half)
    }

    /// Whether it holds a number.
    #[must_use]
    pub fn holds(&self, number: f64) -> bool {
        (self.0..=self.1).contains(&number)
    }
}

/// A mean that grows by one observation at a time.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mean {
    count: u64,
    mean: f64,
    squares: f64,
}

impl Mean {
    /// Takes one observation in.
    pub fn add(&mut self, x: f64) {
        self.count = self.count.saturating_add(1);
        let off = x - self.mean;
        self.mean += off / real(self.count);
        self.squares += off * (x - self.mean);
    }

    /// The mean so far.
    #[must_use]
    pub const fn value(&self) -> f64 {
        self.mean
    }

    /// How many observations there were.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Its standard error; zero for fewer than two observations.
    #[must_use]
    pub fn error(&self) -> f64 {
        if self.count < 2 {
            return 0.0;
        }
        (self.squares / real(self.count.saturating_sub(1)) / real(self.count)).sqrt()
    }
}

/// A count as a float.
#[expect(clippy::as_conversions, reason = "counts of simulations are far below 2^53")]
#[must_use]
pub(crate) const fn real(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilsons_interval_is_the_textbook_one() {
        // 10 of 100: 0.0552 to 0.1744.
        let Interval(low, high) = Interval::of_share(10, 100);
        assert!((low - 0.0552).abs() < 5e-5 && (high - 0.1744).abs() < 5e-5, "{low} {high}");
        assert_eq!(Interval::of_share(0, 100).0, 0.0);
        assert!(Interval::of_share(0, 100).1 > 0.03);
        assert_eq!(Interval::of_share(0, 0), Interval(0.0, 1.0));
    }

    #[test]
    fn a_mean_and_its_error_by_hand() {
        let mut mean = Mean::default();
        [1.0, 2.0, 3.0, 4.0].into_iter().for_each(|x| mean.add(x));
        assert_eq!((mean.value(), mean.count()), (2.5, 4));
        // Variance 5/3, over 4.
        assert!((mean.error() - (5.0_f64 / 12.0).sqrt()).abs() < 1e-15);
        assert!(Interval::of_mean(&mean).holds(2.5));
    }
}
