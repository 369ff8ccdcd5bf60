//! What a snapshot says of itself, and what proves it.
//!
//! # Invariants
//! - [`Manifest::id`] covers what every maker says alike: chain, height, block, state root and
//!   chunks. Which of the votes a maker has seen is its own, and not in it.
//! - A manifest that was read keeps its limits: no count or length in it can make a reader allocate
//!   or fetch without bound.

use borsh::BorshSerialize;
use probity_api::view::SnapshotView;
use probity_primitives::{BlockHash, BoundedString, BoundedVec, ContentHash, Domain, Hash, Height};
use probity_runtime::Header;
use probity_runtime::certificate::Certificate;
use probity_runtime::genesis::ChainId;
use probity_runtime::result_certificate::SetChange;
use serde::{Deserialize, Serialize};

use super::SnapshotError;

/// The schema of a manifest; another number is another form of chunks.
pub const SNAPSHOT_SCHEMA: &str = "probity.snapshot/v1";
/// The longest manifest, in bytes.
pub const MAX_MANIFEST_BYTES: usize = 256 * 1024 * 1024;
/// The most chunks of a snapshot.
pub const MAX_CHUNKS: usize = 1 << 20;
/// The most changes of validators that a manifest leads through.
pub const MAX_CHANGES: usize = 1 << 16;
/// A chunk is closed when it has so many bytes.
pub const CHUNK_BYTES: usize = 1 << 20;
/// The longest chunk: the last entry of one may be as long as an entry can be.
pub const MAX_CHUNK_BYTES: usize = 4 << 20;

/// One chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChunkInfo {
    /// The hash of its bytes.
    pub hash: ContentHash,
    /// How many bytes it has.
    pub bytes: u32,
    /// How many entries it holds.
    pub entries: u32,
}

/// What a snapshot says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`SNAPSHOT_SCHEMA`].
    pub schema: BoundedString<32>,
    /// The chain.
    pub chain_id: ChainId,
    /// The hash of its genesis document.
    pub genesis_hash: Hash,
    /// How many entries the state has.
    pub entries: u64,
    /// The chunks, in the order of the entries' keys.
    pub chunks: BoundedVec<ChunkInfo, MAX_CHUNKS>,
    /// The block whose state this is.
    pub header: Header,
    /// Who decided it.
    pub commit: Certificate,
    /// Every change of validators since genesis, with what proves it.
    pub changes: BoundedVec<SetChange, MAX_CHANGES>,
}

/// What [`Manifest::id`] covers.
#[derive(BorshSerialize)]
struct Content<'a> {
    schema: &'a str,
    chain_id: &'a ChainId,
    genesis_hash: Hash,
    height: Height,
    block: BlockHash,
    state_root: Hash,
    entries: u64,
    chunks: &'a [ChunkInfo],
}

impl Manifest {
    /// The height of the state.
    #[must_use]
    pub const fn height(&self) -> Height {
        self.header.height
    }

    /// The name of the snapshot: the same for everyone who makes one of this state.
    #[must_use]
    pub fn id(&self) -> Hash {
        let Self { schema, chain_id, genesis_hash, entries, chunks, header, commit: _, changes: _ } =
            self;
        let content = Content {
            schema,
            chain_id,
            genesis_hash: *genesis_hash,
            height: header.height,
            block: header.hash(),
            state_root: header.state_root,
            entries: *entries,
            chunks,
        };
        Hash::of(Domain::Snapshot, &content)
    }

    /// What a list says of the snapshot.
    #[must_use]
    pub fn summary(&self) -> SnapshotView {
        SnapshotView {
            height: self.header.height,
            block: self.header.hash(),
            id: self.id(),
            state_root: self.header.state_root,
            time_ms: self.header.time_ms,
            entries: self.entries,
            chunks: u32::try_from(self.chunks.len()).unwrap_or(u32::MAX),
            bytes: self.bytes(),
        }
    }

    /// The bytes of all chunks together.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.chunks.iter().fold(0, |sum, chunk| sum.saturating_add(u64::from(chunk.bytes)))
    }

    /// The manifest as JSON.
    ///
    /// # Errors
    /// [`SnapshotError::Manifest`] if it cannot be written down.
    pub fn to_json(&self) -> Result<Vec<u8>, SnapshotError> {
        serde_json::to_vec(self).map_err(|error| SnapshotError::Manifest(error.to_string()))
    }

    /// Reads a manifest and checks that its numbers agree.
    ///
    /// # Errors
    /// [`SnapshotError::Manifest`].
    pub fn from_json(json: &[u8]) -> Result<Self, SnapshotError> {
        let refuse = |reason: String| Err(SnapshotError::Manifest(reason));
        if json.len() > MAX_MANIFEST_BYTES {
            let len = json.len();
            return refuse(format!("it has {len} bytes, the limit is {MAX_MANIFEST_BYTES}"));
        }
        let manifest: Self = match serde_json::from_slice(json) {
            Ok(manifest) => manifest,
            Err(error) => return refuse(error.to_string()),
        };
        if manifest.schema.as_str() != SNAPSHOT_SCHEMA {
            let found = &manifest.schema;
            return refuse(format!("its schema is {found:?}, expected {SNAPSHOT_SCHEMA:?}"));
        }
        let mut entries = 0u64;
        for (index, chunk) in manifest.chunks.iter().enumerate() {
            if usize::try_from(chunk.bytes).map_or(true, |bytes| bytes > MAX_CHUNK_BYTES) {
                let bytes = chunk.bytes;
                return refuse(format!(
                    "chunk {index} has {bytes} bytes, the limit is {MAX_CHUNK_BYTES}"
                ));
            }
            entries = entries.saturating_add(u64::from(chunk.entries));
        }
        if entries != manifest.entries {
            let said = manifest.entries;
            return refuse(format!("its chunks have {entries} entries, it says {said}"));
        }
        Ok(manifest)
    }
}
