//! Counts of blocks, epochs and seats. Time is a height; there is no clock.

use std::fmt;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use crate::amount::ArithmeticError;

macro_rules! count {
    ($(#[$doc:meta])* $name:ident, $raw:ty) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, BorshSerialize,
            BorshDeserialize, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub $raw);

        impl $name {
            /// The first.
            pub const ZERO: Self = Self(0);

            /// So many further on.
            ///
            /// # Errors
            /// [`ArithmeticError::Overflow`] past the last.
            pub fn checked_add(self, count: $raw) -> Result<Self, ArithmeticError> {
                self.0.checked_add(count).map(Self).ok_or(ArithmeticError::Overflow {
                    left: u128::from(self.0),
                    operator: '+',
                    right: u128::from(count),
                })
            }

            /// How many lie between `earlier` and this; zero if it is not earlier.
            #[must_use]
            pub const fn since(self, earlier: Self) -> $raw {
                self.0.saturating_sub(earlier.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

count!(
    /// The number of a block; the genesis state has height 0, the first block 1.
    Height, u64
);
count!(
    /// The number of an epoch: a day of blocks.
    Epoch, u64
);
count!(
    /// How many seats a member holds, or a committee has; a member's weight is its seats.
    Seats, u32
);

impl Height {
    /// The epoch this height lies in, for epochs of `blocks` each (at least one).
    #[must_use]
    pub fn epoch(self, blocks: u64) -> Epoch {
        Epoch(self.0.checked_div(blocks).unwrap_or_default())
    }

    /// The height after this one; the last height has none.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_begins_where_the_division_says() {
        assert_eq!(Height(14_399).epoch(14_400), Epoch(0));
        assert_eq!(Height(14_400).epoch(14_400), Epoch(1));
        assert_eq!(Height(5).epoch(0), Epoch(0));
    }
}
