//! Conviction: votes weigh more when their tokens stay locked longer.
//!
//! Whoever locks nothing votes with a tenth of its tokens. A lock of one period counts them once,
//! and each doubling of the lock counts them once more, up to six times for 32 periods. So weight
//! grows with the logarithm of the lock: the patient few outweigh a loan, and nobody can buy an
//! unbounded weight with time.
//!
//! # Not here
//! Who has voted, and when its lock ends: [`crate::locks`].
//!
//! Spec: `docs/spec/14-governance.md`.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::{Amount, ArithmeticError};
use serde::{Deserialize, Serialize};

/// The weight of convicted votes: base units times the conviction's multiplier.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Default,
    BorshSerialize,
    BorshDeserialize,
    Serialize,
    Deserialize,
)]
#[serde(transparent)]
pub struct Votes(Amount);

impl Votes {
    /// No votes.
    pub const NONE: Self = Self(Amount::ZERO);

    /// The weight in base units at a multiplier of one.
    #[must_use]
    pub const fn weight(self) -> Amount {
        self.0
    }

    /// The sum.
    ///
    /// # Errors
    /// [`ArithmeticError::Overflow`] above 2^128 - 1.
    pub fn checked_add(self, other: Self) -> Result<Self, ArithmeticError> {
        self.0.checked_add(other.0).map(Self)
    }

    /// What is left without `other`.
    ///
    /// # Errors
    /// [`ArithmeticError::Insufficient`] if `other` is more.
    pub fn checked_sub(self, other: Self) -> Result<Self, ArithmeticError> {
        self.0.checked_sub(other.0).map(Self)
    }
}

/// How long a voter is willing to keep its tokens locked after the end of the vote.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    BorshSerialize,
    BorshDeserialize,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[borsh(use_discriminant = false)]
pub enum Conviction {
    /// No lock: a tenth of the tokens votes.
    Unlocked,
    /// One period: the tokens vote once.
    Once,
    /// Two periods.
    Twice,
    /// Four periods.
    Thrice,
    /// Eight periods.
    FourTimes,
    /// Sixteen periods.
    FiveTimes,
    /// Thirty-two periods.
    SixTimes,
}

impl Conviction {
    /// Every conviction, from none to the largest.
    pub const ALL: [Self; 7] = [
        Self::Unlocked,
        Self::Once,
        Self::Twice,
        Self::Thrice,
        Self::FourTimes,
        Self::FiveTimes,
        Self::SixTimes,
    ];

    /// The conviction as JSON has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unlocked => "unlocked",
            Self::Once => "once",
            Self::Twice => "twice",
            Self::Thrice => "thrice",
            Self::FourTimes => "four_times",
            Self::FiveTimes => "five_times",
            Self::SixTimes => "six_times",
        }
    }

    /// How many periods the tokens stay locked after the end of the vote.
    #[must_use]
    pub const fn periods(self) -> u64 {
        match self {
            Self::Unlocked => 0,
            Self::Once => 1,
            Self::Twice => 2,
            Self::Thrice => 4,
            Self::FourTimes => 8,
            Self::FiveTimes => 16,
            Self::SixTimes => 32,
        }
    }

    /// The same in blocks, of `period` blocks each.
    #[must_use]
    pub const fn lock_blocks(self, period: u64) -> u64 {
        self.periods().saturating_mul(period)
    }

    /// The votes of `tokens`, rounded down: what is less than a base unit does not vote.
    ///
    /// # Errors
    /// [`ArithmeticError::Overflow`] for an amount near 2^128.
    pub fn votes_floor(self, tokens: Amount) -> Result<Votes, ArithmeticError> {
        let (numerator, denominator) = match self {
            Self::Unlocked => (1, 10),
            Self::Once => (1, 1),
            Self::Twice => (2, 1),
            Self::Thrice => (3, 1),
            Self::FourTimes => (4, 1),
            Self::FiveTimes => (5, 1),
            Self::SixTimes => (6, 1),
        };
        tokens.mul_div_floor(numerator, denominator).map(Votes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_conviction_has_the_specified_weight_and_lock() {
        let weights_and_days = [
            (100, 0),
            (1_000, 7),
            (2_000, 14),
            (3_000, 28),
            (4_000, 56),
            (5_000, 112),
            (6_000, 224),
        ];
        for (conviction, (weight, days)) in Conviction::ALL.into_iter().zip(weights_and_days) {
            let votes = conviction.votes_floor(Amount::from_units(1_000)).unwrap();
            assert_eq!(votes.weight(), Amount::from_units(weight), "{conviction:?}");
            assert_eq!(conviction.lock_blocks(7 * 14_400), days * 14_400, "{conviction:?}");
        }
    }

    #[test]
    fn a_tenth_of_less_than_ten_units_is_no_vote() {
        let votes = |units| Conviction::Unlocked.votes_floor(Amount::from_units(units));
        assert_eq!(votes(9), Ok(Votes::NONE));
        assert_eq!(votes(19), Ok(Votes(Amount::from_units(1))));
    }

    #[test]
    fn votes_that_overflow_are_refused() {
        let all = Amount::from_units(u128::MAX);
        assert!(Conviction::Once.votes_floor(all).is_ok());
        assert!(Conviction::Twice.votes_floor(all).is_err());
        assert!(Votes(all).checked_add(Votes(Amount::from_units(1))).is_err());
    }

    #[test]
    fn a_longer_lock_always_weighs_more() {
        let weights = Conviction::ALL.map(|c| c.votes_floor(Amount::from_tokens(7)).unwrap());
        assert!(weights.is_sorted_by(|a, b| a < b));
        assert!(Conviction::ALL.is_sorted_by(|a, b| a.lock_blocks(9) < b.lock_blocks(9)));
    }
}
