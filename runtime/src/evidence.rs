//! Evidence that a validator voted for two blocks at once (O5).
//!
//! Two different votes of one kind by one validator for one height and round are a fault that
//! anyone can prove with the two signatures. Whoever saw both puts them into a transaction; what an
//! engine saw itself is known to one node only.
//!
//! # Invariants
//! - A validator is punished once: the tombstone that the first evidence leaves bars the rest.
//! - A key answers for its own time: the present one, the one that votes in this epoch, and a
//!   replaced one for heights at which it could vote. Rotating is no way out, and whoever finds an
//!   old key frames nobody for what came after it.
//!
//! # Not here
//! Two different commitments or reveals of one member: `probity_protocol::task`.
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

/// Why evidence of a double vote is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceError {
    /// The votes are not of one validator, kind, height and round.
    #[error("the votes are not of one validator, kind, height and round")]
    Unrelated,
    /// The votes are for the same block.
    #[error("both votes are for the same block")]
    NoClash,
    /// There is no such operator.
    #[error("there is no operator {0}")]
    UnknownOperator(OperatorId),
    /// The operator was punished already.
    #[error("the operator {0} is barred already")]
    Barred(OperatorId),
    /// The votes are for a height that is not decided yet, or was too long ago.
    #[error("the votes are for height {height}, outside {lowest} to {highest}")]
    OutOfTime {
        /// The height of the votes.
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

/// Takes the evidence and slashes the validator.
///
/// # Errors
/// [`EvidenceError`] with the value that is refused; the caller drops its snapshot.
pub fn submit(
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
    let operator = first.validator;
    let known = ledger.operators.get(&operator).ok_or(EvidenceError::UnknownOperator(operator))?;
    if known.standing == Standing::Tombstoned {
        return Err(EvidenceError::Barred(operator));
    }
    check_time(ledger, ctx, first.height)?;
    let present = known.key;
    let mut keys = ledger.voting_keys(&operator, first.height);
    let key = keys.find(|key| first.verify(chain_id, ctx, key).is_ok()).unwrap_or(present);
    drop(keys);
    first.verify(chain_id, ctx, &key)?;
    second.verify(chain_id, ctx, &key)?;
    let verdict = Verdict {
        operator,
        offence: Offence::Equivocation,
        task: None,
        lock: Amount::ZERO,
        committed: first.height,
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
