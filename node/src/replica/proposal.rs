//! A block's bytes under its proposer's signature.
//!
//! What is signed, and why a proposer signs twice, is `probity_runtime::proposal`'s to say.
//!
//! Spec: `docs/spec/20-blocks.md`.

use bytes::Bytes;
use probity_primitives::{BlockHash, ContentHash, Domain, Height, Keypair, OperatorId, Signature};
use probity_runtime::genesis::ChainIdentity;

pub use probity_runtime::proposal::ProposalHeader;

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

#[cfg(test)]
mod tests {
    use probity_primitives::{Address, BoundedString, Hash, Network, PublicKey};

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
