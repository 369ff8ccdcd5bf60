//! What staking stores.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::vrf::VrfPublicKey;
use probity_primitives::{
    Address, Amount, BoundedString, BoundedVec, Bps, Domain, Epoch, Hash, Height, OperatorId,
    PublicKey,
};
use serde::{Deserialize, Serialize};

use crate::bank::Bucket;
use crate::ledger::Ledger;

/// An operator: a node that evaluates, and validates if its stake is among the largest.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Operator {
    /// The cold key's account: stakes, withdraws, votes.
    pub owner: Address,
    /// The hot key: signs consensus votes and evaluations.
    pub key: PublicKey,
    /// The key behind its contributions to the beacon.
    pub vrf: VrfPublicKey,
    /// How it calls itself.
    pub name: BoundedString<64>,
    /// The owner's share of rewards, before delegators.
    pub commission: Bps,
    /// When the commission last changed.
    pub commission_since: Epoch,
    /// The classes of work it takes, ascending.
    pub classes: BoundedVec<u16, 16>,
    /// All shares in its pool.
    pub shares: u128,
    /// The sum of its seats' locks; what is locked is this, or all that is bonded if that is less.
    pub seat_locks: Amount,
    /// Whether it may work.
    pub standing: Standing,
    /// Its recent assignments.
    pub misses: MissRecord,
    /// How often it was found guilty of O6.
    pub false_results: u8,
}

/// Whether an operator may work.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case", tag = "standing")]
pub enum Standing {
    /// It may.
    Active,
    /// Not until the height, and not before its owner asks.
    Jailed {
        /// The first height at which the owner may ask.
        until: Height,
    },
    /// Never again.
    Tombstoned,
}

/// The last 32 assignments of an operator.
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
pub struct MissRecord {
    /// One bit an assignment, the newest lowest; set for a miss.
    pub bits: u32,
    /// How often the operator was jailed for misses.
    pub jailings: u32,
}

/// A delegator's part of an operator's pool.
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
pub struct Delegation {
    /// Shares in the pool.
    pub shares: u128,
}

/// Money that began to leave an operator's pool in one epoch.
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
pub struct Tranche {
    /// All shares in the tranche's bucket.
    pub shares: u128,
    /// The height from which it can be withdrawn.
    pub until: Height,
}

/// A delegator's part of a tranche.
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
pub struct Claim {
    /// Shares in the tranche.
    pub shares: u128,
}

/// A member of the consensus validator set.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct Validator {
    /// Which operator.
    pub operator: OperatorId,
    /// The key its votes verify under.
    pub key: PublicKey,
    /// The key its beacon contributions verify under.
    pub vrf: VrfPublicKey,
    /// Its stake, scaled so that the total of a set stays below 2^61.
    pub power: u64,
}

/// Who decides blocks, in ascending order of operator.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct ValidatorSet {
    /// The members.
    pub members: BoundedVec<Validator, 512>,
}

impl ValidatorSet {
    /// The member with this operator.
    #[must_use]
    pub fn get(&self, operator: &OperatorId) -> Option<&Validator> {
        self.members.iter().find(|member| member.operator == *operator)
    }

    /// The power of all members together.
    #[must_use]
    pub fn total_power(&self) -> u64 {
        self.members.iter().fold(0, |sum, member| sum.saturating_add(member.power))
    }

    /// The set's name in headers.
    #[must_use]
    pub fn hash(&self) -> Hash {
        Hash::of(Domain::ValidatorSet, &self.members)
    }
}

/// One operator that may be drawn.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Draw {
    /// Which operator.
    pub operator: OperatorId,
    /// What it had bonded and not locked when the epoch began.
    pub stake: Amount,
    /// The classes of work it takes.
    pub classes: BoundedVec<u16, 16>,
}

/// Who may be drawn in this epoch, in ascending order of operator.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct Snapshot {
    /// The epoch it was taken for.
    pub epoch: Epoch,
    /// The operators.
    pub draws: BoundedVec<Draw, 4_096>,
}

impl Ledger {
    /// What is bonded behind an operator.
    #[must_use]
    pub fn bonded(&self, operator: &OperatorId) -> Amount {
        self.balance(Bucket::Bonded(*operator))
    }

    /// What an operator's open seats hold fast, a view of what is bonded.
    #[must_use]
    pub fn locked(&self, operator: &OperatorId) -> Amount {
        let locks = self.operators.get(operator).map(|known| known.seat_locks).unwrap_or_default();
        locks.min(self.bonded(operator))
    }

    /// What is bonded and not locked.
    #[must_use]
    pub fn unlocked(&self, operator: &OperatorId) -> Amount {
        self.bonded(operator).checked_sub(self.locked(operator)).unwrap_or_default()
    }

    /// The operator whose present hot key has this account.
    #[must_use]
    pub fn operator_of_key(&self, key: &PublicKey) -> Option<(OperatorId, &Operator)> {
        let id = self.operator_keys.get(key)?;
        let operator = self.operators.get(id)?;
        (operator.key == *key).then_some((*id, operator))
    }
}
