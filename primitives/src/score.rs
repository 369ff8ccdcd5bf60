//! Scores: fixed point, in millionths.

use std::fmt;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

/// A score in micro-units: an accuracy of 0.9731 is `973_100`.
///
/// Bounded metrics lie in `[0, 1_000_000]`; unbounded ones declare their range in the benchmark.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    BorshSerialize,
    BorshDeserialize,
    Serialize,
    Deserialize,
)]
#[serde(transparent)]
pub struct Score(i64);

impl Score {
    /// A score of nothing.
    pub const ZERO: Self = Self(0);
    /// The whole of a bounded metric.
    pub const ONE: Self = Self(1_000_000);

    /// So many micro-units.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// The number of micro-units.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The distance to another score in micro-units; it always fits.
    #[must_use]
    pub const fn distance(self, other: Self) -> u64 {
        self.0.abs_diff(other.0)
    }
}

/// Shown with six decimals: `0.973100`.
impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = self.0.unsigned_abs();
        let whole = magnitude.checked_div(1_000_000).unwrap_or_default();
        let part = magnitude.checked_rem(1_000_000).unwrap_or_default();
        let sign = if self.0 < 0 { "-" } else { "" };
        f.pad(&format!("{sign}{whole}.{part:06}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_is_shown_with_six_decimals() {
        assert_eq!(Score::from_micros(973_100).to_string(), "0.973100");
        assert_eq!(Score::from_micros(-1_500_000).to_string(), "-1.500000");
    }

    #[test]
    fn the_distance_of_the_extremes_fits() {
        assert_eq!(Score(i64::MIN).distance(Score(i64::MAX)), u64::MAX);
    }
}
