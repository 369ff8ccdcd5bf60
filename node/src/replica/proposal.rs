//! What a proposer signs, and a block's bytes under that signature.
//!
//! A proposer signs twice: the bytes that it streams ([`ProposalHeader`]), so that nobody waits for
//! or executes bytes of another's making, and its proposal in a round, which is a message of the
//! engine. Both are a [`ProposalStatement`], told apart by its first byte.
//!
//! # Invariants
//! - A statement names the chain and its genesis: it means nothing elsewhere.
//! - A [`ProposalHeader`] names the round in which the block was built. When a later round takes
//!   the block up again, the header and its signature stay as they were.
//!
//! Spec: `docs/spec/20-blocks.md`.

use borsh::{BorshDeserialize, BorshSerialize};
use bytes::Bytes;
use probity_primitives::{
    BlockHash, ContentHash, Domain, Hash, Height, Keypair, OperatorId, PublicKey, Signature, codec,
};
use probity_runtime::genesis::ChainIdentity;

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

/// A block's bytes with what its proposer signed about them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedProposal {
    /// What the proposer said.
    pub header: ProposalHeader,
    /// Its signature.
    pub signature: Signature,
    /// The block's bytes; their hash is the header's.
    pub bytes: Bytes,
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

impl SignedProposal {
    /// The proposal of these bytes, which are `block`, by `proposer`.
    ///
    /// The length is cut to 32 bits; blocks are far smaller than that.
    #[must_use]
    pub fn sign(
        chain: &ChainIdentity,
        keypair: &Keypair,
        (height, round, proposer): (Height, u32, OperatorId),
        block: BlockHash,
        bytes: Bytes,
    ) -> Self {
        let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let content = ContentHash::of_file(&bytes);
        let header = ProposalHeader { height, round, proposer, block, content, len };
        let signature = keypair.sign(Domain::Proposal, &header.sign_bytes(chain));
        Self { header, signature, bytes }
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

    fn sign_bytes(&self, chain: &ChainIdentity) -> Vec<u8> {
        let ChainIdentity { chain_id, network: _, genesis_hash } = chain;
        let statement =
            ProposalStatement::Stream { chain_id, genesis_hash: *genesis_hash, header: self };
        statement.sign_bytes()
    }
}

#[cfg(test)]
mod tests {
    use probity_primitives::{Address, BoundedString, Network};

    use super::*;

    fn chain(genesis: u8) -> ChainIdentity {
        let chain_id = BoundedString::new("probity-test").unwrap();
        ChainIdentity {
            chain_id,
            network: Network::Test,
            genesis_hash: Hash::from_bytes([genesis; 32]),
        }
    }

    #[test]
    fn a_streamed_block_is_its_proposers_on_one_chain_only() {
        let pair = Keypair::from_seed([1; 32]);
        let operator = OperatorId::of(&Address::of(&pair.public(), Network::Test), &pair.public());
        let place = (Height(3), 1, operator);
        let bytes = Bytes::from_static(b"block");
        let proposal = SignedProposal::sign(&chain(1), &pair, place, BlockHash(Hash::ZERO), bytes);
        let holds = |header: &ProposalHeader, key: PublicKey, genesis| {
            header.is_signed_by(&key, &chain(genesis), &proposal.signature)
        };
        assert!(holds(&proposal.header, pair.public(), 1));
        assert!(!holds(&proposal.header, pair.public(), 2));
        assert!(!holds(&proposal.header, Keypair::from_seed([2; 32]).public(), 1));
        let moved = ProposalHeader { round: 2, ..proposal.header };
        assert!(!holds(&moved, pair.public(), 1));
    }
}
