//! The engine's vocabulary: our heights, operators, blocks and votes in the shape that it asks for.
//!
//! The engine is generic over a [`Context`]. Ours names a value by its block hash alone: the
//! block's bytes travel beside it, in [`super::parts`], and the engine never sees them.
//!
//! # Invariants
//! - A set's total power is at most `MAX_TOTAL_POWER`: the engine triples it in 64 bits.
//! - Whose turn it is to propose is [`crate::replica::rotation`]'s to say.
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
use crate::replica::rotation::proposer_index;

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
