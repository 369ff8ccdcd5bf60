//! Why a block is not the next one, and why a state cannot be loaded.

use probity_primitives::bounded::LimitError;
use probity_primitives::vrf::VrfError;
use probity_primitives::{Hash, Height, OperatorId};

use crate::genesis::ChainId;
use crate::tree::TreeError;
use crate::tx::TxError;
use crate::upgrade::UpgradeError;
use crate::validators::ValidatorSetError;

/// Why a block is not the next one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// It belongs to another chain.
    #[error("the block is of the chain {found:?}, this is {expected:?}")]
    Chain {
        /// The chain it names.
        found: ChainId,
        /// This chain.
        expected: ChainId,
    },
    /// It has another height.
    #[error("the block has height {found}, the next is {expected}")]
    Height {
        /// Its height.
        found: Height,
        /// The next height.
        expected: Height,
    },
    /// One of its hashes is of something else.
    #[error("the block's {what} is {found}, expected {expected}")]
    Hash {
        /// Which one.
        what: &'static str,
        /// What the block says.
        found: Hash,
        /// What is so.
        expected: Hash,
    },
    /// It is not later than its parent.
    #[error("the block's time {found} ms is not later than its parent's {parent} ms")]
    Time {
        /// Its time.
        found: u64,
        /// Its parent's.
        parent: u64,
    },
    /// The proposer has no vote at this height.
    #[error("the proposer {0} is not a validator of this height")]
    NotValidator(OperatorId),
    /// The proposer's contribution to the beacon is not its own.
    #[error("the contribution to the beacon does not hold: {0}")]
    Vrf(#[from] VrfError),
    /// It is too long.
    #[error("the block has {len} bytes, the limit is {limit}")]
    Oversized {
        /// Its length in bytes.
        len: usize,
        /// The longest in bytes.
        limit: usize,
    },
    /// It has too many transactions.
    #[error("the block has too many transactions: {0}")]
    TooMany(LimitError),
    /// The verified transactions are not the block's.
    #[error("the verified transactions are not those of the block")]
    OtherTxs,
    /// A transaction cannot stand in it.
    #[error("transaction {index} cannot stand in the block: {reason}")]
    Tx {
        /// Its place.
        index: usize,
        /// Why not.
        reason: TxError,
    },
    /// The validators that the block leaves behind cannot decide.
    #[error("the next validators cannot decide: {0}")]
    ValidatorSet(#[from] ValidatorSetError),
    /// The state tree cannot be read.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// This program cannot run the block.
    #[error(transparent)]
    Upgrade(#[from] UpgradeError),
}

/// Why stored entries are not the state of a chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The store is another chain's.
    #[error("the store is of the chain {found:?}, the genesis document of {expected:?}")]
    Chain {
        /// The chain of the store.
        found: ChainId,
        /// The chain of the document.
        expected: ChainId,
    },
    /// An entry cannot be read.
    #[error(transparent)]
    Entry(#[from] probity_primitives::table::LoadError),
    /// The entries are not what the tip's header names.
    #[error("the state at height {height} has the root {found}, its header says {expected}")]
    Root {
        /// The height of the tip.
        height: Height,
        /// The root of the entries.
        found: Hash,
        /// What the header says.
        expected: Hash,
    },
    /// The validators in the state cannot decide.
    #[error("the validators in the state cannot decide: {0}")]
    ValidatorSet(#[from] ValidatorSetError),
    /// The state tree cannot be made.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// The state is of a version that this program does not have.
    #[error(
        "the state at height {height} is of version {found} of the rules, this program has up to \
         {newest}: install one that has it"
    )]
    Version {
        /// The height of the tip.
        height: Height,
        /// The state's version.
        found: u32,
        /// The newest that the program has.
        newest: u32,
    },
}
