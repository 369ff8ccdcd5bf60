//! The bank: every unit has exactly one bucket.
//!
//! Money moves as a [`Funds`]: [`Ledger::take`] lowers one bucket, [`Ledger::put`] raises another,
//! and nothing else changes a balance. Rules move with [`Ledger::transfer`], which does both.
//!
//! # Invariants
//! - The sum of all buckets is genesis + minted - burned (`docs/spec/18-invariants.md`, 1).
//! - An empty bucket has no entry.
//!
//! Spec: `docs/spec/03-buckets.md`.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::{
    Address, Amount, ArithmeticError, ArtifactId, Epoch, Funds, OperatorId, TaskId,
};
use serde::{Deserialize, Serialize};

use crate::ledger::Ledger;

/// Where money is.
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
#[serde(rename_all = "snake_case", tag = "bucket", content = "of")]
pub enum Bucket {
    /// An account's own, to spend.
    Free(Address),
    /// Behind an operator, its own and delegated.
    Bonded(OperatorId),
    /// On its way out of an operator's pool, begun in this epoch, still slashable.
    Unbonding(OperatorId, Epoch),
    /// A task's fee until it is paid out.
    TaskEscrow(TaskId),
    /// The price of an artifact until it is settled.
    SaleEscrow(ArtifactId),
    /// Taken from an offender and not yet shared out.
    SlashPending(u64),
    /// An artifact's royalties until they are claimed.
    RoyaltyDue(ArtifactId),
    /// Pays juries, audits and canaries.
    AuditPool,
    /// Pays validators.
    RewardPool,
    /// Spent by the holders' vote.
    Treasury,
    /// A referendum's deposit until it ends.
    GovDeposit(u64),
    /// Minted, and not yet released to the pools.
    Stream(u32),
    /// What the sides of a dispute put up.
    BondEscrow(u64),
}

/// An account: what it may spend and how many transactions it has sent.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    BorshSerialize,
    BorshDeserialize,
    Serialize,
    Deserialize,
)]
pub struct Account {
    /// The balance of [`Bucket::Free`].
    pub free: Amount,
    /// The nonce that the next transaction must carry.
    pub nonce: u64,
}

/// What came to be and what ceased to be. All three only grow.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    BorshSerialize,
    BorshDeserialize,
    Serialize,
    Deserialize,
)]
pub struct Supply {
    /// Given out by the genesis document.
    pub genesis: Amount,
    /// Minted since.
    pub minted: Amount,
    /// Burned since.
    pub burned: Amount,
}

impl Supply {
    /// What the buckets must add up to.
    ///
    /// # Errors
    /// [`ArithmeticError`] if more was burned than ever was.
    pub fn expected(&self) -> Result<Amount, ArithmeticError> {
        self.genesis.checked_add(self.minted)?.checked_sub(self.burned)
    }
}

/// Why money does not move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BankError {
    /// The bucket holds less.
    #[error("{bucket:?} holds {available}, which is less than {wanted}")]
    Insufficient {
        /// The bucket that was to be lowered.
        bucket: Bucket,
        /// Its balance.
        available: Amount,
        /// What was to be taken.
        wanted: Amount,
    },
    /// A balance would leave its range.
    #[error(transparent)]
    Arithmetic(#[from] ArithmeticError),
}

impl Ledger {
    /// What a bucket holds.
    #[must_use]
    pub fn balance(&self, bucket: Bucket) -> Amount {
        if let Bucket::Free(address) = bucket {
            return self.accounts.get(&address).map(|account| account.free).unwrap_or_default();
        }
        self.buckets.get(&bucket).copied().unwrap_or_default()
    }

    /// Takes `amount` out of a bucket.
    ///
    /// # Errors
    /// [`BankError::Insufficient`] with the balance; nothing is taken.
    pub fn take(&mut self, bucket: Bucket, amount: Amount) -> Result<Funds, BankError> {
        let available = self.balance(bucket);
        let rest = available.checked_sub(amount).map_err(|_| BankError::Insufficient {
            bucket,
            available,
            wanted: amount,
        })?;
        self.set_balance(bucket, rest);
        Ok(Funds::issue(amount))
    }

    /// Puts `funds` into a bucket.
    ///
    /// # Errors
    /// [`BankError::Arithmetic`] above 2^128 - 1 units, which no supply reaches.
    pub fn put(&mut self, bucket: Bucket, funds: Funds) -> Result<(), BankError> {
        let balance = self.balance(bucket).checked_add(funds.into_amount())?;
        self.set_balance(bucket, balance);
        Ok(())
    }

    /// Moves `amount` from one bucket to another.
    ///
    /// # Errors
    /// As [`Self::take`] and [`Self::put`].
    pub fn transfer(&mut self, from: Bucket, to: Bucket, amount: Amount) -> Result<(), BankError> {
        let funds = self.take(from, amount)?;
        self.put(to, funds)
    }

    /// Burns `amount` out of a bucket.
    ///
    /// # Errors
    /// As [`Self::take`].
    pub fn burn(&mut self, from: Bucket, amount: Amount) -> Result<(), BankError> {
        let funds = self.take(from, amount)?;
        let supply = self.supply.get_mut();
        supply.burned = supply.burned.checked_add(funds.into_amount())?;
        Ok(())
    }

    /// Mints `amount` into a bucket. Called by [`crate::supply::mint`] alone, which knows the caps.
    ///
    /// # Errors
    /// [`BankError::Arithmetic`] above 2^128 - 1 units.
    pub(crate) fn mint(&mut self, to: Bucket, amount: Amount) -> Result<(), BankError> {
        let supply = self.supply.get_mut();
        supply.minted = supply.minted.checked_add(amount)?;
        self.put(to, Funds::issue(amount))
    }

    /// Gives out genesis money. Called while a genesis document is read, never after.
    ///
    /// # Errors
    /// [`BankError::Arithmetic`] if the document gives out more than can be counted.
    pub fn endow(&mut self, to: Bucket, amount: Amount) -> Result<(), BankError> {
        let supply = self.supply.get_mut();
        supply.genesis = supply.genesis.checked_add(amount)?;
        self.put(to, Funds::issue(amount))
    }

    /// The sum over all buckets, counted one by one.
    ///
    /// # Errors
    /// [`ArithmeticError::Overflow`] if they add up to more than can be counted.
    pub fn total(&self) -> Result<Amount, ArithmeticError> {
        let free = Amount::sum(self.accounts.iter().map(|(_, account)| account.free))?;
        Amount::sum(self.buckets.iter().map(|(_, amount)| *amount))?.checked_add(free)
    }

    fn set_balance(&mut self, bucket: Bucket, balance: Amount) {
        if let Bucket::Free(address) = bucket {
            let mut account = self.accounts.get(&address).copied().unwrap_or_default();
            account.free = balance;
            self.accounts.insert(address, account);
        } else if balance.is_zero() {
            self.buckets.remove(&bucket);
        } else {
            self.buckets.insert(bucket, balance);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_moves_and_the_sum_stays() {
        let mut ledger = Ledger::default();
        ledger.endow(Bucket::Treasury, Amount::from_units(100)).unwrap();
        ledger.transfer(Bucket::Treasury, Bucket::AuditPool, Amount::from_units(30)).unwrap();
        ledger.burn(Bucket::AuditPool, Amount::from_units(5)).unwrap();
        assert_eq!(ledger.balance(Bucket::AuditPool), Amount::from_units(25));
        assert_eq!(ledger.total(), ledger.supply.get().expected());
    }

    #[test]
    fn taking_more_than_a_bucket_holds_takes_nothing_and_names_both_values() {
        let mut ledger = Ledger::default();
        ledger.endow(Bucket::Treasury, Amount::from_units(1)).unwrap();
        assert_eq!(
            ledger.take(Bucket::Treasury, Amount::from_units(2)),
            Err(BankError::Insufficient {
                bucket: Bucket::Treasury,
                available: Amount::from_units(1),
                wanted: Amount::from_units(2)
            })
        );
        assert_eq!(ledger.balance(Bucket::Treasury), Amount::from_units(1));
    }
}
