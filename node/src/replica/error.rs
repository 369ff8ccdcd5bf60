//! Why a replica does not start, does not do its part, or does not take a transaction.

use probity_primitives::{BlockHash, Height};
use probity_runtime::chain::{BlockError, LoadError};
use probity_runtime::genesis::GenesisError;
use probity_runtime::tx::TxError;
use probity_runtime::upgrade::Missing;

use crate::mempool::Rejected;
use crate::store::StoreError;

/// Why a replica cannot start from its store.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The genesis document is no beginning of a chain.
    #[error("the genesis document is refused: {0}")]
    Genesis(#[from] GenesisError),
    /// The store holds another chain.
    #[error("the store holds the chain with genesis {stored}, not {given}")]
    OtherChain {
        /// The genesis hash in the store.
        stored: probity_primitives::Hash,
        /// The genesis hash of the document.
        given: probity_primitives::Hash,
    },
    /// The state in the store is of a version that this program does not have.
    #[error("the store is at a height that needs a newer program: {0}")]
    Newer(Missing),
    /// The state in the store is not the one that its newest block names.
    #[error("the stored state at height {height} is damaged: {reason}")]
    Damaged {
        /// The height of the newest block.
        height: Height,
        /// What does not hold.
        reason: LoadError,
    },
}

/// Why the replica could not do its part.
#[derive(Debug, thiserror::Error)]
pub enum ReplicaError {
    /// This node has no keys to propose with.
    #[error("this node has no operator keys")]
    NoKeys,
    /// The engine is at another height than the chain.
    #[error("height {asked} is asked for, the next height is {next}")]
    Height {
        /// The height that was asked for.
        asked: Height,
        /// The height after the newest block.
        next: Height,
    },
    /// The proposal of a round is remembered and no longer here.
    #[error("this node's proposal of round {0} is no longer here, and it makes no second one")]
    Forgotten(u32),
    /// The block could not be built.
    #[error("cannot build a block: {0}")]
    Build(#[from] BlockError),
    /// The decided block is not here.
    #[error("the decided block {block} of height {height} is not here")]
    UnknownBlock {
        /// The height that was decided.
        height: Height,
        /// The block.
        block: BlockHash,
    },
    /// Another block is committed at this height: the chain has forked.
    #[error("height {height} is committed as {committed} and decided as {decided}")]
    Fork {
        /// The height.
        height: Height,
        /// The block that is committed here.
        committed: BlockHash,
        /// The block that is said to be decided.
        decided: BlockHash,
    },
    /// The store cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a transaction does not wait for a block.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// It could stand in no block.
    #[error(transparent)]
    Invalid(#[from] TxError),
    /// The mempool does not take it.
    #[error(transparent)]
    Rejected(#[from] Rejected),
}
