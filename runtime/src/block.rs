//! Blocks: a header that commits to everything, and the transactions.
//!
//! # Invariants
//! - A block's name is its header's hash; the header names the transactions, the state after them
//!   and the validators of this height and the next, so that one hash stands for all of it.
//!
//! # Not here
//! Whether a block follows from the state before it: [`crate::chain`].
//!
//! Spec: `docs/spec/20-blocks.md`.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::codec::{self, CodecError};
use probity_primitives::vrf::VrfProofBytes;
use probity_primitives::{BlockHash, BoundedVec, Domain, Hash, Height, OperatorId, TxHash};
use serde::{Deserialize, Serialize};

use crate::genesis::ChainId;
use crate::tx::SignedTx;

/// The most transactions in a block.
pub const MAX_BLOCK_TXS: usize = 10_000;

/// The longest block in bytes, header and transactions together.
pub const MAX_BLOCK_BYTES: usize = 4 * 1024 * 1024;

/// What is kept free of [`MAX_BLOCK_BYTES`] for the header and the list's length.
pub const HEADER_ROOM: usize = 1_024;

/// What validators vote on.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The chain.
    pub chain_id: ChainId,
    /// The block's number.
    pub height: Height,
    /// The proposer's time in milliseconds since 1970; later than the parent's.
    pub time_ms: u64,
    /// The block before.
    pub parent: BlockHash,
    /// Who proposed it.
    pub proposer: OperatorId,
    /// The proposer's contribution to the beacon.
    pub vrf: VrfProofBytes,
    /// The hash of the list of transactions.
    pub txs: Hash,
    /// The root of the state tree after this block.
    pub state_root: Hash,
    /// The validators of this height.
    pub validators: Hash,
    /// The validators of the next height.
    pub next_validators: Hash,
}

impl Header {
    /// The block's name.
    #[must_use]
    pub fn hash(&self) -> BlockHash {
        BlockHash(Hash::of(Domain::Header, self))
    }
}

/// A header and its transactions.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// What validators vote on.
    pub header: Header,
    /// The transactions, in the order they run in.
    pub txs: BoundedVec<SignedTx, MAX_BLOCK_TXS>,
}

impl Block {
    /// Reads a block.
    ///
    /// # Errors
    /// [`CodecError`] above [`MAX_BLOCK_BYTES`] or for bytes that are not one block.
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        codec::decode(bytes, MAX_BLOCK_BYTES)
    }

    /// The block's canonical bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// The block's name.
    #[must_use]
    pub fn hash(&self) -> BlockHash {
        self.header.hash()
    }
}

/// What a header's `txs` must be for these transactions.
#[must_use]
pub fn tx_list_hash(txs: impl IntoIterator<Item = TxHash>) -> Hash {
    Hash::of(Domain::TxList, &txs.into_iter().collect::<Vec<TxHash>>())
}
