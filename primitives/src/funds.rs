//! Money on its way from one bucket to another.
//!
//! [`Funds`] is neither `Copy` nor `Clone`, so that the same unit cannot be put down twice, and
//! `#[must_use]`, so that losing it is a warning. What is taken out of a bucket is a `Funds`; only
//! putting it into another ends it.
//!
//! # Not here
//! Buckets, and who may take from them: `probity_protocol::bank`.

use crate::amount::{Amount, ArithmeticError};

/// Money that has left one bucket and has not reached the next.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "funds that are dropped have left every bucket"]
pub struct Funds(Amount);

impl Funds {
    /// Nothing, to merge into.
    pub const fn zero() -> Self {
        Self(Amount::ZERO)
    }

    /// Money that comes to be, or comes out of a bucket whose balance was lowered by as much.
    ///
    /// Called by the bank alone; a test reads the sources and holds it to that.
    pub const fn issue(amount: Amount) -> Self {
        Self(amount)
    }

    /// How much this is.
    #[must_use]
    pub const fn amount(&self) -> Amount {
        self.0
    }

    /// Parts with `amount`, and keeps the rest here.
    ///
    /// # Errors
    /// [`ArithmeticError::Insufficient`] if this is less; nothing is parted with.
    pub fn split(&mut self, amount: Amount) -> Result<Self, ArithmeticError> {
        self.0 = self.0.checked_sub(amount)?;
        Ok(Self(amount))
    }

    /// Takes `other` in.
    ///
    /// # Errors
    /// [`ArithmeticError::Overflow`], and both are lost to the transition that is refused.
    pub fn merge(&mut self, other: Self) -> Result<(), ArithmeticError> {
        self.0 = self.0.checked_add(other.0)?;
        Ok(())
    }

    /// Ends the way: the amount that a bucket's balance is to be raised by.
    #[must_use]
    pub fn into_amount(self) -> Amount {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_keeps_the_sum() {
        let mut purse = Funds::issue(Amount::from_units(10));
        let part = purse.split(Amount::from_units(3)).unwrap();
        assert_eq!((part.into_amount().units(), purse.into_amount().units()), (3, 7));
    }

    #[test]
    fn a_split_above_the_balance_parts_with_nothing() {
        let mut purse = Funds::issue(Amount::from_units(10));
        assert!(purse.split(Amount::from_units(11)).is_err());
        assert_eq!(purse.into_amount().units(), 10);
    }
}
