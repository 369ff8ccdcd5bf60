//! The validators of a height: who proposes, who votes, and with how much power.
//!
//! A header names its height's set and the next one's by [`ValidatorSet::hash`], so that a reader
//! who trusts one set can follow the chain from header to header.
//!
//! # Invariants
//! - Sorted by operator, without duplicates, never empty, at most [`MAX_VALIDATORS`].
//! - No power is zero and the total is at most [`MAX_TOTAL_POWER`]: the engine triples it.
//!
//! # Not here
//! Who is chosen, from how much stake: `probity_protocol::staking`.
//!
//! Spec: `docs/spec/04-staking.md`.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::vrf::VrfPublicKey;
use probity_primitives::{BoundedVec, Domain, Hash, OperatorId, PublicKey};
use serde::{Deserialize, Serialize};

/// The most validators that a set may have.
pub const MAX_VALIDATORS: usize = 512;

/// The most power that a set may have in all; three times this still fits in 64 bits.
pub const MAX_TOTAL_POWER: u64 = u64::MAX / 8;

/// One validator.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Validator {
    /// The operator.
    pub operator: OperatorId,
    /// The key that signs its blocks and votes.
    pub key: PublicKey,
    /// The key of its contributions to the beacon.
    pub vrf: VrfPublicKey,
    /// Its voting power: its stake, scaled.
    pub power: u64,
}

/// Why a list of validators is not a set that can decide.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValidatorSetError {
    /// Nobody would decide.
    #[error("a validator set cannot be empty")]
    Empty,
    /// More than the engine is run with.
    #[error("{count} validators are more than the {MAX_VALIDATORS} allowed")]
    TooMany {
        /// How many there are.
        count: usize,
    },
    /// One operator stands in the list twice.
    #[error("operator {0} is in the set twice")]
    Duplicate(OperatorId),
    /// A validator without power.
    #[error("operator {0} has no voting power")]
    NoPower(OperatorId),
    /// The powers add up to too much.
    #[error("the total power is above {MAX_TOTAL_POWER}")]
    TooMuchPower,
}

/// The validators of one height.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, Serialize)]
#[serde(transparent)]
pub struct ValidatorSet {
    validators: BoundedVec<Validator, MAX_VALIDATORS>,
}

impl ValidatorSet {
    /// The set of these validators, in any order.
    ///
    /// # Errors
    /// [`ValidatorSetError`] if one of the invariants above does not hold.
    pub fn new(mut validators: Vec<Validator>) -> Result<Self, ValidatorSetError> {
        validators.sort_by_key(|validator| validator.operator);
        if validators.is_empty() {
            return Err(ValidatorSetError::Empty);
        }
        let mut total = 0u64;
        let mut last = None;
        for validator in &validators {
            if last.replace(validator.operator) == Some(validator.operator) {
                return Err(ValidatorSetError::Duplicate(validator.operator));
            }
            if validator.power == 0 {
                return Err(ValidatorSetError::NoPower(validator.operator));
            }
            total = total
                .checked_add(validator.power)
                .filter(|total| *total <= MAX_TOTAL_POWER)
                .ok_or(ValidatorSetError::TooMuchPower)?;
        }
        let count = validators.len();
        let validators =
            BoundedVec::from_vec(validators).map_err(|_| ValidatorSetError::TooMany { count })?;
        Ok(Self { validators })
    }

    /// The validators, sorted by operator.
    pub fn iter(&self) -> std::slice::Iter<'_, Validator> {
        self.validators.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.validators.len()
    }

    /// Whether there are none, which never holds.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.validators.is_empty()
    }

    /// The validator that `operator` runs.
    #[must_use]
    pub fn get(&self, operator: &OperatorId) -> Option<&Validator> {
        let place = self.validators.binary_search_by_key(operator, |one| one.operator).ok()?;
        self.validators.get(place)
    }

    /// The power of all together.
    #[must_use]
    pub fn total_power(&self) -> u64 {
        self.validators.iter().fold(0, |sum, one| sum.saturating_add(one.power))
    }

    /// The name of the set, as it stands in a header.
    #[must_use]
    pub fn hash(&self) -> Hash {
        Hash::of(Domain::ValidatorSet, self)
    }
}

impl BorshDeserialize for ValidatorSet {
    /// Reads a list and checks it, so that no bytes spell a set that breaks an invariant or is not
    /// in order.
    fn deserialize_reader<R: std::io::Read>(reader: &mut R) -> std::io::Result<Self> {
        let listed = BoundedVec::<Validator, MAX_VALIDATORS>::deserialize_reader(reader)?;
        let set = Self::new(listed.clone().into_vec()).map_err(invalid)?;
        if set.validators == listed { Ok(set) } else { Err(invalid("the validators are unsorted")) }
    }
}

impl<'de> Deserialize<'de> for ValidatorSet {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let listed =
            <BoundedVec<Validator, MAX_VALIDATORS> as Deserialize>::deserialize(deserializer)?;
        Self::new(listed.into_vec()).map_err(serde::de::Error::custom)
    }
}

fn invalid(reason: impl ToString) -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::InvalidData, reason.to_string())
}

#[cfg(test)]
mod tests {
    use probity_primitives::{Address, Keypair, Network, codec};

    use super::*;

    fn validator(seed: u8, power: u64) -> Validator {
        let key = Keypair::from_seed([seed; 32]).public();
        let operator = OperatorId::of(&Address::of(&key, Network::Test), &key);
        Validator { operator, key, vrf: VrfPublicKey::from_bytes([seed; 32]), power }
    }

    #[test]
    fn a_set_is_sorted_found_by_operator_and_reads_back() {
        let set = ValidatorSet::new((1..=9).map(|seed| validator(seed, 5)).collect()).unwrap();
        assert!(set.iter().is_sorted_by_key(|one| one.operator));
        assert_eq!(set.get(&validator(4, 5).operator), Some(&validator(4, 5)));
        assert_eq!(set.get(&validator(10, 5).operator), None);
        assert_eq!(set.total_power(), 45);
        assert_eq!(codec::decode::<ValidatorSet>(&codec::encode(&set), 10_000), Ok(set));
    }

    #[test]
    fn a_set_that_cannot_decide_is_refused() {
        let refusal = |validators: Vec<Validator>| ValidatorSet::new(validators).unwrap_err();
        assert_eq!(refusal(vec![]), ValidatorSetError::Empty);
        let twice = vec![validator(1, 1), validator(2, 1), validator(1, 2)];
        assert_eq!(refusal(twice), ValidatorSetError::Duplicate(validator(1, 1).operator));
        let without = vec![validator(1, 0)];
        assert_eq!(refusal(without), ValidatorSetError::NoPower(validator(1, 0).operator));
        let much = vec![validator(1, MAX_TOTAL_POWER), validator(2, 1)];
        assert_eq!(refusal(much), ValidatorSetError::TooMuchPower);
        let many = vec![validator(1, 1); MAX_VALIDATORS + 1];
        assert!(matches!(refusal(many), ValidatorSetError::Duplicate(_)));
    }

    #[test]
    fn bytes_of_an_unsorted_list_are_refused() {
        let set = ValidatorSet::new(vec![validator(1, 1), validator(2, 1)]).unwrap();
        let reversed: Vec<_> = set.iter().rev().cloned().collect();
        assert!(codec::decode::<ValidatorSet>(&codec::encode(&reversed), 10_000).is_err());
    }
}
