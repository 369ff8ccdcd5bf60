//! How much agreement is asked for, and how it falls while a decision is open.
//!
//! thr(t) = hi - (hi - lo) * t / D: a change that nearly everyone wants passes early, one that
//! few care about has to wait until the end, when there has been time to object.
//!
//! # Invariants
//! - The fall is rounded down, so the threshold is rounded up: against whoever wants the change.
//! - Shares are compared without dividing: `part >= ceil(whole * thr)` is the exact comparison of
//!   `part / whole` with `thr`, because `part` is a whole number.
//! - Nobody's agreement is not agreement: of nothing at all, no bar is met.
//!
//! # Not here
//! Confirm periods and late extensions: [`crate::clock`].
//!
//! Spec: `docs/spec/14-governance.md`.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::{Amount, ArithmeticError, Ppm};
use serde::{Deserialize, Serialize};

/// Why two bounds are not a falling threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ThresholdError {
    /// It would rise.
    #[error("a threshold from {high} to {low} rises")]
    Rises {
        /// Where it starts.
        high: Ppm,
        /// Where it ends.
        low: Ppm,
    },
    /// No share can reach it.
    #[error("a threshold of {high} is above the whole")]
    AboveWhole {
        /// Where it starts.
        high: Ppm,
    },
}

/// A threshold that falls in a line from `high` to `low` over the decision period.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct Falling {
    high: Ppm,
    low: Ppm,
}

impl Falling {
    /// A threshold that falls from `high` to `low`; equal bounds make it flat.
    ///
    /// # Errors
    /// [`ThresholdError`] if it would rise or starts above the whole.
    pub const fn new(high: Ppm, low: Ppm) -> Result<Self, ThresholdError> {
        if !high.is_share() {
            return Err(ThresholdError::AboveWhole { high });
        }
        if low.parts() > high.parts() {
            return Err(ThresholdError::Rises { high, low });
        }
        Ok(Self { high, low })
    }

    /// A threshold in whole percent, for the literals of [`crate::tracks`]: the larger bound is
    /// where it starts, and nothing is above the whole.
    #[must_use]
    pub(crate) const fn percent(high: u8, low: u8) -> Self {
        let (high, low) = if high < low { (low, high) } else { (high, low) };
        Self { high: parts(high), low: parts(low) }
    }

    /// Where it starts.
    #[must_use]
    pub const fn high(self) -> Ppm {
        self.high
    }

    /// Where it ends.
    #[must_use]
    pub const fn low(self) -> Ppm {
        self.low
    }

    /// The threshold `elapsed` blocks into a decision period of `decide` blocks, rounded up.
    ///
    /// From the end of the period on it is the low bound.
    #[must_use]
    pub fn at_ceil(self, elapsed: u64, decide: u64) -> Ppm {
        let range = u128::from(self.high.parts().saturating_sub(self.low.parts()));
        let fall = range
            .saturating_mul(u128::from(elapsed.min(decide)))
            .checked_div(u128::from(decide))
            .unwrap_or(range);
        let fall = u32::try_from(fall).unwrap_or(u32::MAX);
        Ppm::new(self.high.parts().saturating_sub(fall).max(self.low.parts()))
    }
}

/// What a share of votes has to reach.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Bar {
    /// At least the falling threshold.
    AtLeast(Falling),
    /// Strictly more than one half, from the first block to the last.
    MoreThanHalf,
}

impl Bar {
    /// The share that is asked for `elapsed` blocks into `decide`; one half has to be exceeded.
    #[must_use]
    pub fn at(self, elapsed: u64, decide: u64) -> Ppm {
        match self {
            Self::AtLeast(falling) => falling.at_ceil(elapsed, decide),
            Self::MoreThanHalf => HALF,
        }
    }

    /// The least that is ever asked for.
    #[must_use]
    pub const fn low(self) -> Ppm {
        match self {
            Self::AtLeast(falling) => falling.low,
            Self::MoreThanHalf => HALF,
        }
    }

    /// Whether it can be met and does not rise; bounds that were read are not checked before.
    ///
    /// # Errors
    /// As [`Falling::new`].
    pub fn check(self) -> Result<(), ThresholdError> {
        match self {
            Self::AtLeast(Falling { high, low }) => Falling::new(high, low).map(|_| ()),
            Self::MoreThanHalf => Ok(()),
        }
    }

    /// Whether `part` of `whole` reaches the bar, `elapsed` blocks into `decide`.
    ///
    /// # Errors
    /// [`ArithmeticError`] if a threshold of `whole` is not representable; with thresholds of at
    /// most the whole that does not happen.
    pub fn is_met(
        self,
        part: Amount,
        whole: Amount,
        elapsed: u64,
        decide: u64,
    ) -> Result<bool, ArithmeticError> {
        if whole.is_zero() {
            return Ok(false);
        }
        match self {
            Self::AtLeast(falling) => Ok(part >= falling.at_ceil(elapsed, decide).of_ceil(whole)?),
            Self::MoreThanHalf => Ok(part > whole.mul_div_floor(1, 2)?),
        }
    }
}

/// One half.
const HALF: Ppm = Ppm::new(500_000);

/// So many percent, at most all of them.
#[expect(clippy::as_conversions, reason = "widening in a const fn")]
const fn parts(percent: u8) -> Ppm {
    let percent = if percent > 100 { 100 } else { percent };
    Ppm::new((percent as u32).saturating_mul(10_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 14_400;

    fn units(units: u128) -> Amount {
        Amount::from_units(units)
    }

    #[test]
    fn a_threshold_falls_in_a_line_over_the_decision_period() {
        // From 80 % to 60 % over 28 days: 5 percentage points a week.
        let root = Falling::percent(80, 60);
        let days = [(0, 800_000), (7, 750_000), (14, 700_000), (21, 650_000), (28, 600_000)];
        for (day, expected) in days {
            assert_eq!(root.at_ceil(day * DAY, 28 * DAY), Ppm::new(expected), "day {day}");
        }
        assert_eq!(root.at_ceil(40 * DAY, 28 * DAY), Ppm::new(600_000));
    }

    #[test]
    fn a_part_of_a_step_does_not_lower_the_threshold() {
        // 200_000 parts over 403_200 blocks: the first whole part falls with the third block.
        let root = Falling::percent(80, 60);
        let at = |block| root.at_ceil(block, 28 * DAY).parts();
        assert_eq!([at(1), at(2), at(3)], [800_000, 800_000, 799_999]);
    }

    #[test]
    fn a_decision_period_of_no_blocks_asks_for_the_low_bound() {
        assert_eq!(Falling::percent(80, 60).at_ceil(0, 0), Ppm::new(600_000));
    }

    #[test]
    fn a_threshold_that_would_rise_or_cannot_be_reached_is_refused() {
        let (low, high) = (Ppm::new(100), Ppm::new(200));
        assert_eq!(Falling::new(low, high), Err(ThresholdError::Rises { high: low, low: high }));
        let above = Ppm::new(1_000_001);
        assert_eq!(Falling::new(above, low), Err(ThresholdError::AboveWhole { high: above }));
        assert!(Falling::new(high, low).is_ok());
    }

    #[test]
    fn a_share_one_unit_below_the_threshold_does_not_reach_it() {
        let bar = Bar::AtLeast(Falling::percent(66, 55));
        // 66 % of 1_001 is 660.66: 661 is enough at the start, 660 is not.
        assert_eq!(bar.is_met(units(661), units(1_001), 0, 10), Ok(true));
        assert_eq!(bar.is_met(units(660), units(1_001), 0, 10), Ok(false));
        // 55 % of 1_001 is 550.55 at the end.
        assert_eq!(bar.is_met(units(551), units(1_001), 10, 10), Ok(true));
        assert_eq!(bar.is_met(units(550), units(1_001), 10, 10), Ok(false));
    }

    #[test]
    fn one_half_is_not_more_than_one_half() {
        let met = |part, whole| Bar::MoreThanHalf.is_met(units(part), units(whole), 0, 1);
        assert_eq!(met(2, 4), Ok(false));
        assert_eq!(met(3, 4), Ok(true));
        assert_eq!(met(3, 5), Ok(true));
        assert_eq!(met(u128::MAX, u128::MAX), Ok(true));
    }

    #[test]
    fn of_no_votes_at_all_no_bar_is_met() {
        let flat = Bar::AtLeast(Falling::percent(0, 0));
        assert_eq!(flat.is_met(Amount::ZERO, Amount::ZERO, 5, 5), Ok(false));
        assert_eq!(Bar::MoreThanHalf.is_met(Amount::ZERO, Amount::ZERO, 5, 5), Ok(false));
    }
}
