//! Chunks: entries of a state in the order of its tables and of their keys, cut by length.
//!
//! # Invariants
//! - A state has one way of being cut: the order is the ledger's, and a chunk ends with the entry
//!   that fills it.
//!
//! # Not here
//! Whether an entry is there twice: that is seen when all are sorted, in [`mod@super::check`].

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::{BoundedVec, ContentHash, codec};

use super::SnapshotError;
use super::manifest::{CHUNK_BYTES, ChunkInfo, MAX_CHUNK_BYTES};

/// An entry: key and value.
pub type StateEntry = (Vec<u8>, Vec<u8>);

/// The most entries of a chunk: the shortest takes nine bytes.
const MAX_ENTRIES: usize = MAX_CHUNK_BYTES / 8;

/// The bytes of a chunk.
#[derive(BorshSerialize, BorshDeserialize)]
struct ChunkBytes {
    entries: BoundedVec<StateEntry, MAX_ENTRIES>,
}

/// Cuts a state into chunks.
#[derive(Debug, Default)]
pub struct Cutter {
    entries: Vec<StateEntry>,
    bytes: usize,
}

impl Cutter {
    /// Adds the next entry; gives a chunk if it became full.
    pub fn push(&mut self, key: Vec<u8>, value: Vec<u8>) -> Option<(ChunkInfo, Vec<u8>)> {
        self.bytes = self.bytes.saturating_add(key.len()).saturating_add(value.len());
        self.bytes = self.bytes.saturating_add(8);
        self.entries.push((key, value));
        (self.bytes >= CHUNK_BYTES).then(|| self.close())
    }

    /// The last chunk, if there are entries left.
    pub fn finish(mut self) -> Option<(ChunkInfo, Vec<u8>)> {
        (!self.entries.is_empty()).then(|| self.close())
    }

    fn close(&mut self) -> (ChunkInfo, Vec<u8>) {
        self.bytes = 0;
        let entries = std::mem::take(&mut self.entries);
        let count = u32::try_from(entries.len()).unwrap_or(u32::MAX);
        // Entries of at least nine bytes each fill a chunk before there are too many of them.
        let entries = BoundedVec::from_vec(entries).unwrap_or_default();
        let bytes = codec::encode(&ChunkBytes { entries });
        let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        (ChunkInfo { hash: ContentHash::of_file(&bytes), bytes: len, entries: count }, bytes)
    }
}

/// Checks that bytes are the chunk that a manifest names.
///
/// # Errors
/// [`SnapshotError::Chunk`].
pub fn matches(index: u32, info: &ChunkInfo, bytes: &[u8]) -> Result<(), SnapshotError> {
    let (found, expected) = (ContentHash::of_file(bytes), info.hash);
    if found == expected { Ok(()) } else { Err(SnapshotError::Chunk { index, found, expected }) }
}

/// The entries of a chunk that the manifest names.
///
/// # Errors
/// [`SnapshotError::Chunk`] for other bytes, [`SnapshotError::Malformed`] for bytes that are no
/// chunk, or one of another number of entries.
pub fn read(index: u32, info: &ChunkInfo, bytes: &[u8]) -> Result<Vec<StateEntry>, SnapshotError> {
    matches(index, info, bytes)?;
    let refuse = |reason: String| SnapshotError::Malformed { index, reason };
    let ChunkBytes { entries } =
        codec::decode(bytes, MAX_CHUNK_BYTES).map_err(|error| refuse(error.to_string()))?;
    let entries = entries.into_vec();
    if u32::try_from(entries.len()) != Ok(info.entries) {
        let (found, said) = (entries.len(), info.entries);
        return Err(refuse(format!("it has {found} entries, the manifest says {said}")));
    }
    Ok(entries)
}
