//! Snapshots: a whole state at one height, in a folder that proves itself.
//!
//! A node that joins late would have to run every block since genesis. A snapshot holds the entries
//! of the state at a height in chunks, and a manifest that leads from the genesis document to that
//! state: the changes of validators, the header, and the votes for it. Whoever has the genesis
//! document checks it without trusting whoever made it, restores it, and goes on by value sync.
//!
//! # Reading order
//! [`manifest`] is what a snapshot says of itself; [`mod@make`] writes one from a chain; [`shelf`] is
//! the folder of snapshots; [`mod@check`] proves one; [`mod@restore`] makes a store of it; [`keeper`] makes
//! them as the chain goes on; [`download`] is a folder that fills from several sources.
//!
//! # Invariants
//! - A folder under its final name is a whole snapshot; a store under its final name is a whole
//!   store. Both are written elsewhere, made durable and renamed.
//! - Nothing is restored whose root, header and votes do not hold.
//! - Two nodes with one state make the same chunks, to the byte.
//!
//! # Not here
//! Blocks before the snapshot's height: a node that was restored does not have them.
//!
//! Spec: `docs/spec/28-snapshots.md`.

pub mod check;
pub mod chunk;
pub mod download;
pub mod keeper;
pub mod make;
pub mod manifest;
pub mod restore;
pub mod shelf;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use probity_primitives::{ContentHash, Hash, Height};
use probity_runtime::chain::LoadError;
use probity_runtime::genesis::ChainId;
use probity_runtime::trail::TrailError;

use crate::store::StoreError;

pub use self::check::{Checked, Trust, check};
pub use self::keeper::SnapshotConfig;
pub use self::make::make;
pub use self::manifest::{ChunkInfo, Manifest};
pub use self::restore::{is_cut_short, restore};
pub use self::shelf::Shelf;

/// Why a snapshot cannot be made, is not believed or is not restored.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// A file cannot be read or written.
    #[error("cannot use {path}: {reason}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: std::io::Error,
    },
    /// The store cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The manifest is not one.
    #[error("the manifest is refused: {0}")]
    Manifest(String),
    /// It is another chain's.
    #[error(
        "the snapshot is of the chain {found:?} with genesis {found_hash}, not {expected:?} with {expected_hash}"
    )]
    OtherChain {
        /// The chain that it names.
        found: ChainId,
        /// The genesis hash that it names.
        found_hash: Hash,
        /// The reader's chain.
        expected: ChainId,
        /// The reader's genesis hash.
        expected_hash: Hash,
    },
    /// A chunk is not the one that the manifest names.
    #[error("chunk {index} has the hash {found}, the manifest says {expected}")]
    Chunk {
        /// Its number.
        index: u32,
        /// The hash of its bytes.
        found: ContentHash,
        /// What the manifest says.
        expected: ContentHash,
    },
    /// A chunk does not hold what a chunk holds.
    #[error("chunk {index} is refused: {reason}")]
    Malformed {
        /// Its number.
        index: u32,
        /// What is wrong with it.
        reason: String,
    },
    /// The header was not decided by this chain's validators.
    #[error(transparent)]
    Trail(#[from] TrailError),
    /// The reader trusts another block.
    #[error(
        "the trusted block {trusted} of height {height} is not on the way to this snapshot: {reason}"
    )]
    Untrusted {
        /// The height of the trusted block.
        height: Height,
        /// Its name.
        trusted: Hash,
        /// What was found in its place.
        reason: String,
    },
    /// The entries are not the state that the header names.
    #[error("the entries are refused: {0}")]
    State(#[from] LoadError),
    /// There is a store already.
    #[error("{0} holds a chain already, and a snapshot is restored into an empty home only")]
    NotEmpty(PathBuf),
    /// The height cannot be proven: nobody voted for it.
    #[error("height {0} has no certificate: a snapshot of it would prove nothing")]
    Undecided(Height),
}

impl SnapshotError {
    /// Whether the snapshot itself does not hold, rather than this machine failing.
    #[must_use]
    pub const fn is_refusal(&self) -> bool {
        match self {
            Self::Manifest(_)
            | Self::OtherChain { .. }
            | Self::Chunk { .. }
            | Self::Malformed { .. }
            | Self::Trail(_)
            | Self::Untrusted { .. }
            | Self::State(_) => true,
            Self::Io { .. } | Self::Store(_) | Self::NotEmpty(_) | Self::Undecided(_) => false,
        }
    }
}

/// Names the file that an error is about.
pub(crate) fn io(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> SnapshotError {
    let path = path.to_owned();
    move |reason| SnapshotError::Io { path, reason }
}
