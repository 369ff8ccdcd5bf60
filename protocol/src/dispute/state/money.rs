//! Who put up how much.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::{Address, Amount, ArithmeticError, BoundedVec};
use serde::{Deserialize, Serialize};

use crate::bank::Bucket;
use crate::dispute::error::DisputeError;
use crate::task::TaskError;

/// The most accounts that fund one side of one level.
pub(crate) const MAX_FUNDERS: u32 = 32;

/// Who puts up money.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case", tag = "funder", content = "of")]
pub enum Funder {
    /// An account.
    Account(Address),
    /// The audit pool, for a member that was flagged and right.
    AuditPool,
}

impl Funder {
    /// Where its money is.
    #[must_use]
    pub const fn bucket(self) -> Bucket {
        match self {
            Self::Account(address) => Bucket::Free(address),
            Self::AuditPool => Bucket::AuditPool,
        }
    }

    /// The account, if it is one.
    #[must_use]
    pub const fn account(self) -> Option<Address> {
        match self {
            Self::Account(address) => Some(address),
            Self::AuditPool => None,
        }
    }
}

/// What one of them put up.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct Stake {
    /// Who.
    pub by: Funder,
    /// How much.
    pub amount: Amount,
}

/// What one side put up for one level, in the order of arrival.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Pot(BoundedVec<Stake, 32>);

impl Pot {
    /// Who put up what.
    #[must_use]
    pub fn stakes(&self) -> &[Stake] {
        &self.0
    }

    /// All of it.
    ///
    /// # Errors
    /// [`ArithmeticError`] if it cannot be counted.
    pub fn sum(&self) -> Result<Amount, ArithmeticError> {
        Amount::sum(self.0.iter().map(|stake| stake.amount))
    }

    /// Adds to what someone put up.
    pub(crate) fn add(&mut self, by: Funder, amount: Amount) -> Result<(), DisputeError> {
        let mut stakes = std::mem::take(&mut self.0).into_vec();
        match stakes.iter_mut().find(|stake| stake.by == by) {
            Some(stake) => {
                stake.amount = stake.amount.checked_add(amount).map_err(TaskError::from)?
            }
            None => stakes.push(Stake { by, amount }),
        }
        self.0 = stakes.try_into().map_err(TaskError::from)?;
        Ok(())
    }
}
