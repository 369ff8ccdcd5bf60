//! Ratios: parts per million and basis points.
//!
//! The rounding is in the name and goes against the claimant; the remainder belongs to whoever
//! the caller names.

use std::fmt;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use crate::amount::{Amount, ArithmeticError};

macro_rules! ratio {
    ($(#[$doc:meta])* $name:ident, $raw:ty, $one:expr, $unit:literal) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, BorshSerialize,
            BorshDeserialize, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name($raw);

        impl $name {
            /// None of the whole.
            pub const ZERO: Self = Self(0);
            /// All of the whole.
            pub const ONE: Self = Self($one);

            /// So many parts; more than the whole is a ratio too.
            #[must_use]
            pub const fn new(parts: $raw) -> Self {
                Self(parts)
            }

            /// The number of parts.
            #[must_use]
            pub const fn parts(self) -> $raw {
                self.0
            }

            /// Whether this is at most the whole.
            #[must_use]
            pub const fn is_share(self) -> bool {
                self.0 <= $one
            }

            /// The share of `amount`, rounded down.
            ///
            /// # Errors
            /// [`ArithmeticError::Overflow`] for a ratio above one of an amount near 2^128.
            pub fn of_floor(self, amount: Amount) -> Result<Amount, ArithmeticError> {
                amount.mul_div_floor(u128::from(self.0), u128::from(Self::ONE.0))
            }

            /// The share of `amount`, rounded up.
            ///
            /// # Errors
            /// As [`Self::of_floor`].
            pub fn of_ceil(self, amount: Amount) -> Result<Amount, ArithmeticError> {
                amount.mul_div_ceil(u128::from(self.0), u128::from(Self::ONE.0))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{} {}", self.0, $unit)
            }
        }
    };
}

ratio!(
    /// Parts per million.
    Ppm, u32, 1_000_000, "ppm"
);
ratio!(
    /// Basis points: parts per ten thousand.
    Bps, u16, 10_000, "bps"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_rounds_down_and_the_remainder_stays_with_the_rest() {
        let amount = Amount::from_units(999);
        assert_eq!(Bps::new(5_000).of_floor(amount), Ok(Amount::from_units(499)));
        assert_eq!(Bps::new(5_000).of_ceil(amount), Ok(Amount::from_units(500)));
        assert_eq!(Ppm::ONE.of_floor(amount), Ok(amount));
    }
}
