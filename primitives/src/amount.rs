//! Money: a count of base units, 10^9 to a token.
//!
//! There is no saturating and no wrapping arithmetic: an operation that would leave the range is
//! refused with its operands, and the transition that asked for it leaves no trace.
//!
//! Spec: `docs/spec/01-arithmetic.md`.

use std::fmt;
use std::str::FromStr;

use borsh::{BorshDeserialize, BorshSerialize};
use ruint::Uint;

type U256 = Uint<256, 4>;

/// Base units in one token.
pub const UNITS_PER_TOKEN: u128 = 1_000_000_000;

/// An operation whose result is not representable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ArithmeticError {
    /// The result is above the largest value of its type.
    #[error("{left} {operator} {right} overflows")]
    Overflow {
        /// The left operand.
        left: u128,
        /// The operator, as it is written.
        operator: char,
        /// The right operand.
        right: u128,
    },
    /// More was taken than there is.
    #[error("{wanted} is more than the {available} there is")]
    Insufficient {
        /// What was asked for.
        wanted: u128,
        /// What there is.
        available: u128,
    },
    /// A division by zero.
    #[error("{numerator} is divided by zero")]
    ZeroDivisor {
        /// What was to be divided.
        numerator: u128,
    },
}

/// `floor(a * b / d)` with a 256-bit intermediate.
///
/// # Errors
/// [`ArithmeticError::ZeroDivisor`] if `d` is zero, [`ArithmeticError::Overflow`] if the quotient
/// is above 2^128 - 1.
pub fn mul_div(a: u128, b: u128, d: u128) -> Result<u128, ArithmeticError> {
    if d == 0 {
        return Err(ArithmeticError::ZeroDivisor { numerator: a });
    }
    let overflow = ArithmeticError::Overflow { left: a, operator: '*', right: b };
    let product = U256::from(a).checked_mul(U256::from(b)).ok_or(overflow)?;
    let quotient = product.checked_div(U256::from(d)).ok_or(overflow)?;
    u128::try_from(quotient).map_err(|_| overflow)
}

/// An amount of money in base units.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, BorshSerialize, BorshDeserialize,
)]
pub struct Amount(u128);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// So many base units.
    #[must_use]
    pub const fn from_units(units: u128) -> Self {
        Self(units)
    }

    /// So many whole tokens. A `u64` of tokens always fits.
    #[must_use]
    #[expect(clippy::arithmetic_side_effects, reason = "2^64 * 10^9 is below 2^128")]
    #[expect(clippy::as_conversions, reason = "widening in a const fn")]
    pub const fn from_tokens(tokens: u64) -> Self {
        Self(tokens as u128 * UNITS_PER_TOKEN)
    }

    /// The number of base units.
    #[must_use]
    pub const fn units(self) -> u128 {
        self.0
    }

    /// Whether there is nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum.
    ///
    /// # Errors
    /// [`ArithmeticError::Overflow`] above 2^128 - 1.
    pub fn checked_add(self, other: Self) -> Result<Self, ArithmeticError> {
        self.0.checked_add(other.0).map(Self).ok_or(ArithmeticError::Overflow {
            left: self.0,
            operator: '+',
            right: other.0,
        })
    }

    /// What is left after taking `other` away.
    ///
    /// # Errors
    /// [`ArithmeticError::Insufficient`] if `other` is more than there is.
    pub fn checked_sub(self, other: Self) -> Result<Self, ArithmeticError> {
        self.0
            .checked_sub(other.0)
            .map(Self)
            .ok_or(ArithmeticError::Insufficient { wanted: other.0, available: self.0 })
    }

    /// So many times the amount.
    ///
    /// # Errors
    /// [`ArithmeticError::Overflow`] above 2^128 - 1.
    pub fn checked_mul(self, times: u128) -> Result<Self, ArithmeticError> {
        self.0.checked_mul(times).map(Self).ok_or(ArithmeticError::Overflow {
            left: self.0,
            operator: '*',
            right: times,
        })
    }

    /// `floor(self * numerator / denominator)`.
    ///
    /// # Errors
    /// As [`mul_div`].
    pub fn mul_div_floor(
        self,
        numerator: u128,
        denominator: u128,
    ) -> Result<Self, ArithmeticError> {
        mul_div(self.0, numerator, denominator).map(Self)
    }

    /// `ceil(self * numerator / denominator)`.
    ///
    /// # Errors
    /// As [`mul_div`].
    pub fn mul_div_ceil(self, numerator: u128, denominator: u128) -> Result<Self, ArithmeticError> {
        let floor = mul_div(self.0, numerator, denominator)?;
        let exact = U256::from(floor).checked_mul(U256::from(denominator))
            == U256::from(self.0).checked_mul(U256::from(numerator));
        if exact { Ok(Self(floor)) } else { Self(floor).checked_add(Self(1)) }
    }

    /// The smaller of two amounts.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        Ord::min(self, other)
    }

    /// The larger of two amounts.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Ord::max(self, other)
    }

    /// The sum of many amounts.
    ///
    /// # Errors
    /// [`ArithmeticError::Overflow`] above 2^128 - 1.
    pub fn sum(amounts: impl IntoIterator<Item = Self>) -> Result<Self, ArithmeticError> {
        amounts.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }
}

/// Shown in tokens, with all nine decimals that are not trailing zeros: `12.5`.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.0.checked_div(UNITS_PER_TOKEN).unwrap_or_default();
        let part = self.0.checked_rem(UNITS_PER_TOKEN).unwrap_or_default();
        if part == 0 {
            return f.pad(&whole.to_string());
        }
        let decimals = format!("{part:09}");
        f.pad(&format!("{whole}.{}", decimals.trim_end_matches('0')))
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Why a text is not an amount of base units.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a whole number of base units")]
pub struct ParseAmountError {
    text: String,
}

/// Reads base units, the form that JSON carries.
impl FromStr for Amount {
    type Err = ParseAmountError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse()
            .map(Self)
            .map_err(|_| ParseAmountError { text: text.chars().take(80).collect() })
    }
}

/// A string of base units: JSON numbers lose digits above 2^53.
impl serde::Serialize for Amount {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for Amount {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_above_128_bits_divides_exactly() {
        assert_eq!(mul_div(u128::MAX, u128::MAX, u128::MAX), Ok(u128::MAX));
        assert_eq!(
            mul_div(u128::MAX, 3, 2),
            Err(ArithmeticError::Overflow { left: u128::MAX, operator: '*', right: 3 })
        );
        assert_eq!(mul_div(7, 3, 2), Ok(10));
    }

    #[test]
    fn the_ceiling_is_one_above_the_floor_unless_exact() {
        let seven = Amount::from_units(7);
        assert_eq!(seven.mul_div_ceil(3, 2), Ok(Amount::from_units(11)));
        assert_eq!(seven.mul_div_ceil(2, 7), Ok(Amount::from_units(2)));
    }

    #[test]
    fn taking_more_than_there_is_names_both_values() {
        assert_eq!(
            Amount::from_units(3).checked_sub(Amount::from_units(5)),
            Err(ArithmeticError::Insufficient { wanted: 5, available: 3 })
        );
    }

    #[test]
    fn an_amount_is_shown_in_tokens_and_read_in_units() {
        assert_eq!(Amount::from_units(12_500_000_000).to_string(), "12.5");
        assert_eq!(Amount::from_tokens(3).to_string(), "3");
        assert_eq!("12".parse(), Ok(Amount::from_units(12)));
        assert!("-1".parse::<Amount>().is_err());
    }
}
