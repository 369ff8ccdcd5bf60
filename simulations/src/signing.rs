//! What operators sign for the engine: votes, proposals, and the certificate of a block.
//!
//! A world has no engine. Who signs a vote here signs what a node's engine would, so that evidence and
//! certificates are checked as they are on a network.
//!
//! Spec: `docs/spec/20-blocks.md`.

use probity_primitives::{BlockHash, BoundedVec, Domain, Height, Keypair, OperatorId};
use probity_runtime::Header;
use probity_runtime::certificate::{Certificate, VoteKind, VoteStatement};
use probity_runtime::evidence::{SignedStand, SignedVote};
use probity_runtime::proposal::ProposalStatement;
use probity_runtime::validators::ValidatorSet;

use crate::world::{World, WorldError};

/// An operator's name, and the key that signs for it: its own, or another's who lies.
pub type Signer<'a> = (OperatorId, &'a Keypair);

impl World {
    /// A signed precommit.
    #[must_use]
    pub fn precommit(
        &self,
        (validator, key): Signer<'_>,
        (height, round): (Height, u32),
        block: Option<BlockHash>,
    ) -> SignedVote {
        let kind = VoteKind::Precommit;
        let statement = VoteStatement {
            chain_id: &self.genesis.chain_id,
            genesis_hash: self.chain.genesis_hash(),
            kind,
            height,
            round,
            block,
            validator,
        };
        let signature = key.sign(Domain::Vote, &statement.sign_bytes());
        SignedVote { kind, height, round, block, validator, signature }
    }

    /// A signed proposal.
    #[must_use]
    pub fn stand(
        &self,
        (proposer, key): Signer<'_>,
        (height, round): (Height, u32),
        pol_round: Option<u32>,
        block: BlockHash,
    ) -> SignedStand {
        let statement = ProposalStatement::Stand {
            chain_id: &self.genesis.chain_id,
            genesis_hash: self.chain.genesis_hash(),
            height,
            round: Some(round),
            pol_round,
            block,
            proposer,
        };
        let signature = key.sign(Domain::Proposal, &statement.sign_bytes());
        SignedStand { height, round, pol_round, block, proposer, signature }
    }

    /// What the validators of a height, `set`, sign when they decide its block.
    ///
    /// # Errors
    /// [`WorldError::Nobody`] if one of them has no keys here.
    pub fn certify(&self, header: &Header, set: &ValidatorSet) -> Result<Certificate, WorldError> {
        let (height, round, block) = (header.height, 0, header.hash());
        let mut signatures = Vec::new();
        for validator in set.iter().map(|one| one.operator) {
            let key = &self.actor(&validator)?.key;
            let vote = self.precommit((validator, key), (height, round), Some(block));
            signatures.push((validator, vote.signature));
        }
        let signatures = BoundedVec::from_vec(signatures)?;
        Ok(Certificate { height, round, block, signatures })
    }
}
