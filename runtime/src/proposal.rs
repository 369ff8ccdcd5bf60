//! What a proposer signs.
//!
//! A proposer signs twice: the bytes that it streams ([`ProposalHeader`]), so that nobody waits for
//! or executes bytes of another's making, and its stand for a block in a round, which is a message
//! of the engine. Both are a [`ProposalStatement`], told apart by its first byte.
//!
//! # Invariants
//! - A statement names the chain and its genesis: it means nothing elsewhere.
//! - A [`ProposalHeader`] names the round in which the block was built. When a later round takes
//!   the block up again, the header and its signature stay as they were.
//! - Two stands of one proposer for one round contradict each other ([`crate::evidence`]). Two
//!   streams do not: a proposer restored from a backup may build its block again, and not stand
//!   for it.
//!
//! # Not here
//! The bytes of a block, and how they travel: a node's replica.
//!
//! Spec: `docs/spec/20-blocks.md`.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::{
    BlockHash, ContentHash, Domain, Hash, Height, OperatorId, PublicKey, Signature, codec,
};

use crate::genesis::ChainIdentity;

/// What a proposer says about the block that it streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ProposalHeader {
    /// The height that the block is for.
    pub height: Height,
    /// The round in which its proposer built it.
    pub round: u32,
    /// Who built it.
    pub proposer: OperatorId,
    /// The block.
    pub block: BlockHash,
    /// The hash of the block's bytes.
    pub content: ContentHash,
    /// How many bytes there are.
    pub len: u32,
}

/// What a proposer signs, under [`Domain::Proposal`].
#[derive(Debug, BorshSerialize)]
pub enum ProposalStatement<'a> {
    /// It stands for a block in a round.
    Stand {
        /// The chain's name.
        chain_id: &'a str,
        /// The hash of its genesis document.
        genesis_hash: Hash,
        /// The height that is being decided.
        height: Height,
        /// The round.
        round: Option<u32>,
        /// The earlier round in which two thirds prevoted the block, if there was one.
        pol_round: Option<u32>,
        /// The block.
        block: BlockHash,
        /// Who stands for it.
        proposer: OperatorId,
    },
    /// The bytes that it streams are the block that it built.
    Stream {
        /// The chain's name.
        chain_id: &'a str,
        /// The hash of its genesis document.
        genesis_hash: Hash,
        /// What is streamed.
        header: &'a ProposalHeader,
    },
}

impl ProposalStatement<'_> {
    /// The bytes that are signed.
    #[must_use]
    pub fn sign_bytes(&self) -> Vec<u8> {
        codec::encode(self)
    }
}

impl ProposalHeader {
    /// Whether `key` signed this header for the chain of `chain`.
    #[must_use]
    pub fn is_signed_by(
        &self,
        key: &PublicKey,
        chain: &ChainIdentity,
        signature: &Signature,
    ) -> bool {
        key.verify(Domain::Proposal, &self.sign_bytes(chain), signature).is_ok()
    }

    /// The bytes that its proposer signs.
    #[must_use]
    pub fn sign_bytes(&self, chain: &ChainIdentity) -> Vec<u8> {
        let ChainIdentity { chain_id, network: _, genesis_hash } = chain;
        let statement =
            ProposalStatement::Stream { chain_id, genesis_hash: *genesis_hash, header: self };
        statement.sign_bytes()
    }
}
