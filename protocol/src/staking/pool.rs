//! The arithmetic of shared pools: what a share is worth, and how many shares money buys.
//!
//! Both the bonded pool of an operator and each tranche on its way out are pools: money, and
//! shares in it. Rewards raise the money and slashes lower it, so that all holders gain and lose
//! in proportion without a loop over them.
//!
//! # Invariants
//! - Every rounding goes against whoever acts, so that no sequence of joining and leaving takes
//!   from those who stay.
//! - A pool without shares holds no money: the last share takes all that is left.
//!
//! # Not here
//! Who may join and leave: [`super::bonding`] and [`super::unbonding`].
//!
//! Spec: `docs/spec/04-staking.md`.

use probity_primitives::amount::mul_div;
use probity_primitives::{Address, Amount, ArithmeticError, Epoch, OperatorId};

use crate::bank::Bucket;
use crate::ledger::Ledger;

/// Money, and shares in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pool {
    /// What the pool holds.
    pub value: Amount,
    /// The shares in it.
    pub shares: u128,
}

impl Pool {
    /// The shares that `amount` buys, rounded down; one for each unit while there are none.
    ///
    /// `None` if the money would buy no share. That is so in a pool that slashes emptied: its
    /// shares are worth nothing but may be worth something again when a slash is given back, so
    /// that no number of new ones is fair to both sides.
    ///
    /// # Errors
    /// [`ArithmeticError::Overflow`] above 2^128 - 1 shares.
    pub fn shares_for(&self, amount: Amount) -> Result<Option<u128>, ArithmeticError> {
        if self.shares == 0 {
            return Ok((!amount.is_zero()).then_some(amount.units()));
        }
        if self.value.is_zero() {
            return Ok(None);
        }
        let shares = mul_div(amount.units(), self.shares, self.value.units())?;
        Ok((shares > 0).then_some(shares))
    }

    /// What `shares` are worth, rounded down. All shares together are worth all there is.
    ///
    /// # Errors
    /// [`ArithmeticError::Overflow`] for more shares than the pool has.
    pub fn value_of(&self, shares: u128) -> Result<Amount, ArithmeticError> {
        if self.shares == 0 {
            return Ok(Amount::ZERO);
        }
        self.value.mul_div_floor(shares, self.shares)
    }

    /// The shares that must be given up for at least `amount`, rounded up.
    ///
    /// # Errors
    /// [`ArithmeticError::ZeroDivisor`] if the pool holds nothing.
    pub fn shares_to_free(&self, amount: Amount) -> Result<u128, ArithmeticError> {
        let shares = Amount::from_units(self.shares);
        Ok(shares.mul_div_ceil(amount.units(), self.value.units())?.units())
    }
}

impl Ledger {
    /// The bonded pool of an operator.
    #[must_use]
    pub fn pool(&self, operator: &OperatorId) -> Pool {
        let shares = self.operators.get(operator).map(|known| known.shares).unwrap_or_default();
        Pool { value: self.bonded(operator), shares }
    }

    /// What left an operator's pool in one epoch and has not been withdrawn.
    #[must_use]
    pub fn leaving(&self, operator: &OperatorId, epoch: Epoch) -> Pool {
        let tranche = self.tranches.get(&(*operator, epoch));
        Pool {
            value: self.balance(Bucket::Unbonding(*operator, epoch)),
            shares: tranche.map(|known| known.shares).unwrap_or_default(),
        }
    }

    /// What an account has behind an operator, at the present worth of its shares.
    ///
    /// # Errors
    /// None while the pool has at least the account's shares, which it always does.
    pub fn delegated(
        &self,
        operator: &OperatorId,
        account: &Address,
    ) -> Result<Amount, ArithmeticError> {
        let delegation = self.delegations.get(&(*account, *operator)).copied().unwrap_or_default();
        self.pool(operator).value_of(delegation.shares)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(value: u128, shares: u128) -> Pool {
        Pool { value: Amount::from_units(value), shares }
    }

    #[test]
    fn the_first_unit_buys_one_share() {
        assert_eq!(pool(0, 0).shares_for(Amount::from_units(7)), Ok(Some(7)));
        assert_eq!(pool(0, 0).shares_for(Amount::ZERO), Ok(None));
    }

    #[test]
    fn money_buys_shares_at_what_they_are_worth_rounded_down() {
        assert_eq!(pool(150, 100).shares_for(Amount::from_units(10)), Ok(Some(6)));
        assert_eq!(pool(50, 100).shares_for(Amount::from_units(10)), Ok(Some(20)));
    }

    #[test]
    fn an_emptied_pool_sells_no_share() {
        assert_eq!(pool(0, 100).shares_for(Amount::from_units(10)), Ok(None));
    }

    #[test]
    fn money_below_one_share_buys_none() {
        assert_eq!(pool(1_000, 1).shares_for(Amount::from_units(999)), Ok(None));
    }

    #[test]
    fn leaving_gives_up_shares_rounded_up_and_never_frees_less_than_asked() {
        let pool = pool(150, 100);
        let shares = pool.shares_to_free(Amount::from_units(10)).unwrap();
        assert_eq!((shares, pool.value_of(shares)), (7, Ok(Amount::from_units(10))));
    }

    #[test]
    fn all_shares_are_worth_all_there_is() {
        assert_eq!(pool(151, 100).value_of(100), Ok(Amount::from_units(151)));
        assert_eq!(pool(0, 0).value_of(0), Ok(Amount::ZERO));
    }
}
