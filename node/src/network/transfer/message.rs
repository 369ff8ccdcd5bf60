//! What peers say to each other about a file.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::ContentHash;

use super::blocks::{BLOCK_BYTES, MAX_PROOF_BYTES};

/// Most blocks that one request asks for.
pub const MAX_BLOCKS: u16 = 32;
/// Longest encoded request in bytes.
pub const MAX_REQUEST_BYTES: usize = 64;
/// Longest encoded response in bytes: the most blocks, their proofs, and room for tag and length.
pub const MAX_RESPONSE_BYTES: usize = 32 * BLOCK_BYTES + MAX_PROOF_BYTES + 16;

/// Blocks that follow each other in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub struct Run {
    /// Number of the first block.
    pub first: u64,
    /// How many; at least one, at most [`MAX_BLOCKS`].
    pub count: u16,
}

/// A question about a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Request {
    /// Whether the peer has the file, and how long it is.
    Size(ContentHash),
    /// A run of its blocks.
    Blocks {
        /// The file.
        hash: ContentHash,
        /// Which blocks.
        run: Run,
    },
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Response {
    /// The file has so many bytes. A claim, until the last block proves it.
    Size(u64),
    /// The blocks with the hashes that prove them, as [`super::blocks`] encodes them.
    Blocks(Vec<u8>),
    /// The file, or the run, is not here.
    NotFound,
    /// There is too much to do at the moment; ask again later.
    Busy,
}

impl Response {
    /// Bytes of files and proofs in it.
    #[must_use]
    pub fn len(&self) -> u64 {
        match self {
            Self::Blocks(blocks) => u64::try_from(blocks.len()).unwrap_or(u64::MAX),
            Self::Size(_) | Self::NotFound | Self::Busy => 0,
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
