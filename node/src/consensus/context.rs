//! The engine's vocabulary: our heights, operators, blocks and votes in the shape that it asks for.
//!
//! The engine is generic over a [`Context`]. Ours names a value by its block hash alone: the
//! block's bytes travel beside it, in [`super::parts`], and the engine never sees them.
//!
//! # Invariants
//! - A set's total power is at most [`MAX_TOTAL_POWER`]: the engine triples it in 64 bits.
//! - [`proposer_index`] depends on the set, the height and the round alone, so that every node,
//!   and a node that was down for a week, names the same proposer.
//!
//! # Not here
//! What a vote's signature covers is [`super::signing`]'s and, so that a certificate can be
//! checked without an engine, `probity_runtime::certificate`'s.
//!
//! Spec: `docs/spec/20-blocks.md`.

use std::fmt;
use std::sync::Arc;

use arc_malachitebft_core_types as engine;
use borsh::{BorshDeserialize, BorshSerialize};
use engine::{Context, LinearTimeouts, NilOrVal, Round, SignedExtension, VoteType};
use probity_primitives::{BlockHash, Height, OperatorId, PublicKey};
use probity_runtime::validators::{Validator, ValidatorSet};

use super::parts::ProposalPart;
use super::signing::Ed25519Scheme;

/// The instance of the engine that decides Probity's blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProbityContext;

/// A block's height, as the engine counts it.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    BorshSerialize,
    BorshDeserialize,
)]
pub struct EngineHeight(pub Height);

/// An operator, as the engine addresses it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize,
)]
pub struct EngineAddress(pub OperatorId);

/// What is decided: a block, by its header's hash.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize,
)]
pub struct EngineValue(pub BlockHash);

/// A validator with its place in the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineValidator {
    address: EngineAddress,
    key: PublicKey,
    power: u64,
}

/// The validators of one height, sorted by operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineValidatorSet {
    validators: Arc<[EngineValidator]>,
    total: u64,
}

/// A proposal: "I propose this block in this round".
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Proposal {
    /// The height that is being decided.
    pub height: EngineHeight,
    /// The round in which the block is proposed.
    pub round: Round,
    /// The block.
    pub value: EngineValue,
    /// The earlier round in which two thirds prevoted the block, if there was one.
    pub pol_round: Round,
    /// Who proposes.
    pub proposer: EngineAddress,
}

/// A prevote or a precommit for a block or for nil.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Vote {
    /// The height that is being decided.
    pub height: EngineHeight,
    /// The round that the vote belongs to.
    pub round: Round,
    /// The block, or nil.
    pub value: NilOrVal<BlockHash>,
    /// Prevote or precommit.
    pub kind: VoteType,
    /// Who votes.
    pub validator: EngineAddress,
}

impl EngineValidatorSet {
    /// The engine's view of a committed set.
    #[must_use]
    pub fn new(set: &ValidatorSet) -> Self {
        let validators: Arc<[_]> = set.iter().map(EngineValidator::from).collect();
        let total = validators.iter().fold(0u64, |sum, one| sum.saturating_add(one.power));
        Self { validators, total }
    }
}

impl From<&Validator> for EngineValidator {
    fn from(validator: &Validator) -> Self {
        let Validator { operator, key, vrf: _, power } = validator;
        Self { address: EngineAddress(*operator), key: *key, power: *power }
    }
}

/// The share of the unit interval that the golden ratio leaves over, in 64 bits.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// Whose turn it is: the place in a list of `powers` of the proposer of `height` and `round`.
///
/// Consecutive turns step round a circle, on which every validator owns an arc as long as its
/// power, by the golden ratio. That sequence is the most even there is: a validator with a share
/// s of the power proposes in a share s of the turns, in every stretch of turns and not only in the
/// long run, and one with less than 38 % is never asked twice in a row, so that a round that failed
/// for want of a proposer is followed by another one's. Anyone can name the proposer in advance;
/// what a proposer could gain by that is taken from it by the verifiable random function.
#[must_use]
pub fn proposer_index(powers: impl Iterator<Item = u64> + Clone, height: u64, round: u32) -> usize {
    let total = powers.clone().fold(0u64, u64::saturating_add);
    let turn = height.wrapping_add(u64::from(round)).wrapping_mul(GOLDEN);
    // The high half of the product is below `total`; `turn` is uniform over 64 bits.
    let point = (u128::from(turn) * u128::from(total)) >> 64;
    let mut end = 0u128;
    powers
        .map(|power| {
            end += u128::from(power);
            end
        })
        .position(|end| point < end)
        .unwrap_or(0)
}

impl Context for ProbityContext {
    type Address = EngineAddress;
    type Height = EngineHeight;
    type ProposalPart = ProposalPart;
    type Proposal = Proposal;
    type Validator = EngineValidator;
    type ValidatorSet = EngineValidatorSet;
    type Timeouts = LinearTimeouts;
    type Value = EngineValue;
    type Vote = Vote;
    type Extension = ();
    type SigningScheme = Ed25519Scheme;

    #[expect(
        clippy::expect_used,
        reason = "the trait cannot refuse, and genesis and staking never make an empty set"
    )]
    fn select_proposer<'a>(
        &self,
        set: &'a EngineValidatorSet,
        height: EngineHeight,
        round: Round,
    ) -> &'a EngineValidator {
        let powers = set.validators.iter().map(|validator| validator.power);
        let index = proposer_index(powers, height.0.0, round.as_u32().unwrap_or(0));
        set.validators.get(index).expect("a validator set is never empty")
    }

    fn new_proposal(
        &self,
        height: EngineHeight,
        round: Round,
        value: EngineValue,
        pol_round: Round,
        proposer: EngineAddress,
    ) -> Proposal {
        Proposal { height, round, value, pol_round, proposer }
    }

    fn new_prevote(
        &self,
        height: EngineHeight,
        round: Round,
        value: NilOrVal<BlockHash>,
        validator: EngineAddress,
    ) -> Vote {
        Vote { height, round, value, kind: VoteType::Prevote, validator }
    }

    fn new_precommit(
        &self,
        height: EngineHeight,
        round: Round,
        value: NilOrVal<BlockHash>,
        validator: EngineAddress,
    ) -> Vote {
        Vote { height, round, value, kind: VoteType::Precommit, validator }
    }
}

impl engine::Height for EngineHeight {
    const ZERO: Self = Self(Height(0));
    const INITIAL: Self = Self(Height(1));

    fn increment_by(&self, n: u64) -> Self {
        Self(Height(self.0.0.saturating_add(n)))
    }

    fn decrement_by(&self, n: u64) -> Option<Self> {
        self.0.0.checked_sub(n).map(|height| Self(Height(height)))
    }

    fn as_u64(&self) -> u64 {
        self.0.0
    }
}

impl engine::Address for EngineAddress {}

impl engine::Value for EngineValue {
    type Id = BlockHash;

    fn id(&self) -> BlockHash {
        self.0
    }
}

impl engine::Validator<ProbityContext> for EngineValidator {
    fn address(&self) -> &EngineAddress {
        &self.address
    }

    fn public_key(&self) -> &PublicKey {
        &self.key
    }

    fn voting_power(&self) -> u64 {
        self.power
    }
}

impl engine::ValidatorSet<ProbityContext> for EngineValidatorSet {
    fn count(&self) -> usize {
        self.validators.len()
    }

    fn total_voting_power(&self) -> u64 {
        self.total
    }

    fn get_by_address(&self, address: &EngineAddress) -> Option<&EngineValidator> {
        let place = self.validators.binary_search_by_key(address, |one| one.address).ok()?;
        self.validators.get(place)
    }

    fn get_by_index(&self, index: usize) -> Option<&EngineValidator> {
        self.validators.get(index)
    }
}

impl engine::Proposal<ProbityContext> for Proposal {
    fn height(&self) -> EngineHeight {
        self.height
    }

    fn round(&self) -> Round {
        self.round
    }

    fn value(&self) -> &EngineValue {
        &self.value
    }

    fn take_value(self) -> EngineValue {
        self.value
    }

    fn pol_round(&self) -> Round {
        self.pol_round
    }

    fn validator_address(&self) -> &EngineAddress {
        &self.proposer
    }
}

impl engine::Vote<ProbityContext> for Vote {
    fn height(&self) -> EngineHeight {
        self.height
    }

    fn round(&self) -> Round {
        self.round
    }

    fn value(&self) -> &NilOrVal<BlockHash> {
        &self.value
    }

    fn take_value(self) -> NilOrVal<BlockHash> {
        self.value
    }

    fn vote_type(&self) -> VoteType {
        self.kind
    }

    fn validator_address(&self) -> &EngineAddress {
        &self.validator
    }

    fn extension(&self) -> Option<&SignedExtension<ProbityContext>> {
        None
    }

    fn take_extension(&mut self) -> Option<SignedExtension<ProbityContext>> {
        None
    }

    /// Votes carry no extension; the policy of every height forbids them.
    fn extend(self, _: SignedExtension<ProbityContext>) -> Self {
        self
    }
}

impl fmt::Display for EngineHeight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Display for EngineAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(powers: &[u64], count: u64) -> Vec<usize> {
        (1..=count).map(|height| proposer_index(powers.iter().copied(), height, 0)).collect()
    }

    #[test]
    fn a_validator_proposes_in_proportion_to_its_power() {
        let turns = turns(&[1, 2, 3, 4], 1_000);
        for (validator, expected) in [100usize, 200, 300, 400].into_iter().enumerate() {
            let count = turns.iter().filter(|turn| **turn == validator).count();
            assert!(count.abs_diff(expected) <= 3, "{validator}: {count}, not {expected}");
        }
    }

    #[test]
    fn four_equal_validators_each_propose_within_any_seven_turns() {
        for window in turns(&[5, 5, 5, 5], 500).windows(7) {
            for validator in 0..4 {
                assert!(window.contains(&validator), "{validator} not in {window:?}");
            }
        }
    }

    #[test]
    fn the_next_round_asks_another_validator() {
        for height in 1..500 {
            let proposer = |round| proposer_index([7u64, 7, 7, 7].into_iter(), height, round);
            assert_ne!(proposer(0), proposer(1), "at height {height}");
        }
    }

    #[test]
    fn the_largest_powers_do_not_overflow_the_choice() {
        let share = u64::MAX / 8 / 4;
        for height in [0, 1, u64::MAX] {
            assert!(proposer_index([share; 4].into_iter(), height, u32::MAX) < 4);
        }
    }
}
