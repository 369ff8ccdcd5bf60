//! Evidence that a validator signed two things at once (O5).
//!
//! Two different votes of one kind, or two different proposals, by one validator for one height and
//! round are a fault that anyone can prove with the two signatures. Whoever saw both puts them into
//! a transaction; what an engine saw itself is known to one node only.
//!
//! # Invariants
//! - A validator is punished once, whatever it signed twice and however often: the tombstone that
//!   the first evidence leaves bars the rest.
//! - A key answers for its own time: the present one, the one that votes in this epoch, and a
//!   replaced one for heights at which it could vote. Rotating is no way out, and whoever finds an
//!   old key frames nobody for what came after it.
//!
//! # Not here
//! Two different commitments or reveals of one member: `probity_protocol::task`. Two different
//! streams of a proposer, which an honest one may make ([`crate::proposal`]).
//!
//! Spec: `docs/spec/12-slashing.md`.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::key::SignatureError;
use probity_primitives::{
    Address, Amount, BlockHash, Domain, Height, OperatorId, PublicKey, Signature,
};
use probity_protocol::slashing::{self, Offence, SlashError, Verdict};
use probity_protocol::staking::Standing;
use probity_protocol::{Context, Ledger};
use serde::{Deserialize, Serialize};

use crate::certificate::{VoteKind, VoteStatement};
use crate::genesis::ChainId;
use crate::message::Message;
use crate::proposal::ProposalStatement;

/// A vote as it was sent.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct SignedVote {
    /// Prevote or precommit.
    pub kind: VoteKind,
    /// The height that was being decided.
    pub height: Height,
    /// The round of voting.
    pub round: u32,
    /// The block, or none for a vote against every block of the round.
    pub block: Option<BlockHash>,
    /// Who voted.
    pub validator: OperatorId,
    /// The validator's signature.
    pub signature: Signature,
}

impl SignedVote {
    fn verify(
        &self,
        chain_id: &ChainId,
        ctx: &Context,
        key: &PublicKey,
    ) -> Result<(), SignatureError> {
        let Self { kind, height, round, block, validator, signature } = *self;
        let statement = VoteStatement {
            chain_id,
            genesis_hash: ctx.chain,
            kind,
            height,
            round,
            block,
            validator,
        };
        key.verify(Domain::Vote, &statement.sign_bytes(), &signature)
    }
}

/// Proves that a validator voted for two blocks at once.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct SubmitVoteEvidence {
    /// One vote.
    pub first: SignedVote,
    /// The other.
    pub second: SignedVote,
}

/// A proposal as it was sent.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct SignedStand {
    /// The height that was being decided.
    pub height: Height,
    /// The round of voting.
    pub round: u32,
    /// The earlier round in which two thirds prevoted the block, as the proposer said.
    pub pol_round: Option<u32>,
    /// The block that it stood for.
    pub block: BlockHash,
    /// Who proposed.
    pub proposer: OperatorId,
    /// The proposer's signature.
    pub signature: Signature,
}

impl SignedStand {
    fn verify(
        &self,
        chain_id: &ChainId,
        ctx: &Context,
        key: &PublicKey,
    ) -> Result<(), SignatureError> {
        let Self { height, round, pol_round, block, proposer, signature } = *self;
        let statement = ProposalStatement::Stand {
            chain_id,
            genesis_hash: ctx.chain,
            height,
            round: Some(round),
            pol_round,
            block,
            proposer,
        };
        key.verify(Domain::Proposal, &statement.sign_bytes(), &signature)
    }
}

/// Proves that a validator proposed twice in one round.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct SubmitProposalEvidence {
    /// One proposal.
    pub first: SignedStand,
    /// The other.
    pub second: SignedStand,
}

/// Two things that a validator signed at once, whichever they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Evidence {
    /// Two votes.
    Votes(SubmitVoteEvidence),
    /// Two proposals.
    Proposals(SubmitProposalEvidence),
}

impl Evidence {
    /// Who signed both.
    #[must_use]
    pub const fn offender(&self) -> OperatorId {
        match self {
            Self::Votes(SubmitVoteEvidence { first, .. }) => first.validator,
            Self::Proposals(SubmitProposalEvidence { first, .. }) => first.proposer,
        }
    }

    /// The height that was being decided.
    #[must_use]
    pub const fn height(&self) -> Height {
        match self {
            Self::Votes(SubmitVoteEvidence { first, .. }) => first.height,
            Self::Proposals(SubmitProposalEvidence { first, .. }) => first.height,
        }
    }

    /// What submits it.
    #[must_use]
    pub const fn message(self) -> Message {
        match self {
            Self::Votes(votes) => Message::SubmitVoteEvidence(votes),
            Self::Proposals(proposals) => Message::SubmitProposalEvidence(proposals),
        }
    }
}

/// Why evidence is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceError {
    /// The two are not of one validator, kind, height and round.
    #[error("the two are not of one validator, kind, height and round")]
    Unrelated,
    /// The two say the same.
    #[error("the two say the same")]
    NoClash,
    /// There is no such operator.
    #[error("there is no operator {0}")]
    UnknownOperator(OperatorId),
    /// The operator was punished already.
    #[error("the operator {0} is barred already")]
    Barred(OperatorId),
    /// They are for a height that is not decided yet, or was too long ago.
    #[error("the two are for height {height}, outside {lowest} to {highest}")]
    OutOfTime {
        /// The height that both are for.
        height: Height,
        /// The earliest that counts: what was bonded then may have left.
        lowest: Height,
        /// The newest that can be.
        highest: Height,
    },
    /// A signature does not hold under a key in use.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// The slash could not be recorded.
    #[error(transparent)]
    Slash(#[from] SlashError),
}

/// Takes evidence of two votes and slashes the validator.
///
/// # Errors
/// [`EvidenceError`] with the value that is refused; the caller drops its snapshot.
pub fn submit_votes(
    ledger: &mut Ledger,
    ctx: &mut Context,
    chain_id: &ChainId,
    sender: Address,
    message: &SubmitVoteEvidence,
) -> Result<(), EvidenceError> {
    let SubmitVoteEvidence { first, second } = message;
    let place = |vote: &SignedVote| (vote.validator, vote.kind, vote.height, vote.round);
    if place(first) != place(second) {
        return Err(EvidenceError::Unrelated);
    }
    if first.block == second.block {
        return Err(EvidenceError::NoClash);
    }
    let holds = |ctx: &Context, key: &PublicKey| {
        first.verify(chain_id, ctx, key)?;
        second.verify(chain_id, ctx, key)
    };
    convict(ledger, ctx, sender, (first.validator, first.height), holds)
}

/// Takes evidence of two proposals and slashes the proposer.
///
/// # Errors
/// [`EvidenceError`] with the value that is refused; the caller drops its snapshot.
pub fn submit_proposals(
    ledger: &mut Ledger,
    ctx: &mut Context,
    chain_id: &ChainId,
    sender: Address,
    message: &SubmitProposalEvidence,
) -> Result<(), EvidenceError> {
    let SubmitProposalEvidence { first, second } = message;
    let place = |stand: &SignedStand| (stand.proposer, stand.height, stand.round);
    if place(first) != place(second) {
        return Err(EvidenceError::Unrelated);
    }
    let said = |stand: &SignedStand| (stand.block, stand.pol_round);
    if said(first) == said(second) {
        return Err(EvidenceError::NoClash);
    }
    let holds = |ctx: &Context, key: &PublicKey| {
        first.verify(chain_id, ctx, key)?;
        second.verify(chain_id, ctx, key)
    };
    convict(ledger, ctx, sender, (first.proposer, first.height), holds)
}

/// Slashes an operator that is not barred yet, if one of the keys it had at that height signed both.
fn convict(
    ledger: &mut Ledger,
    ctx: &mut Context,
    sender: Address,
    (operator, height): (OperatorId, Height),
    holds: impl Fn(&Context, &PublicKey) -> Result<(), SignatureError>,
) -> Result<(), EvidenceError> {
    let known = ledger.operators.get(&operator).ok_or(EvidenceError::UnknownOperator(operator))?;
    if known.standing == Standing::Tombstoned {
        return Err(EvidenceError::Barred(operator));
    }
    check_time(ledger, ctx, height)?;
    let signed = ledger.voting_keys(&operator, height).any(|key| holds(ctx, &key).is_ok());
    if !signed {
        holds(ctx, &known.key)?;
    }
    let verdict = Verdict {
        operator,
        offence: Offence::Equivocation,
        task: None,
        lock: Amount::ZERO,
        committed: height,
        reporter: Some(sender),
    };
    Ok(slashing::slash(ledger, ctx, verdict)?)
}

fn check_time(ledger: &Ledger, ctx: &Context, height: Height) -> Result<(), EvidenceError> {
    let window = ledger.params.get().staking.unbond_blocks;
    let (lowest, highest) = (Height(ctx.height.0.saturating_sub(window)), ctx.height);
    if height < lowest || height > highest {
        return Err(EvidenceError::OutOfTime { height, lowest, highest });
    }
    Ok(())
}
