//! A snapshot from a chain.
//!
//! The chain is a value that no block changes: it is read while the node goes on. What proves it
//! comes from the store.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use probity_primitives::{BoundedString, BoundedVec};
use probity_runtime::Chain;

use super::chunk::Cutter;
use super::manifest::{ChunkInfo, Manifest, SNAPSHOT_SCHEMA};
use super::shelf::{MANIFEST, SUMMARY, Shelf, chunk_name};
use super::{SnapshotError, io};
use crate::replica::history::History;

/// Makes the snapshot of `chain` on a shelf. One that is there already is left as it is.
///
/// # Errors
/// [`SnapshotError`]; nothing that could be taken for a snapshot is left behind then.
pub fn make(chain: &Chain, history: &History, shelf: &Shelf) -> Result<Manifest, SnapshotError> {
    let height = chain.height();
    if let Some(there) = shelf.manifest(height)? {
        return Ok(there);
    }
    let commit = history.certificate(height)?.ok_or(SnapshotError::Undecided(height))?;
    let changes = history.set_changes(height)?;
    let refuse = |error: &dyn std::fmt::Display| SnapshotError::Manifest(error.to_string());
    let changes = BoundedVec::from_vec(changes).map_err(|error| refuse(&error))?;
    let folder = shelf.begin(height)?;
    let (entries, chunks) = write_chunks(chain, folder.path())?;
    let manifest = Manifest {
        schema: BoundedString::new(SNAPSHOT_SCHEMA).map_err(|error| refuse(&error))?,
        chain_id: chain.identity().chain_id.clone(),
        genesis_hash: chain.genesis_hash(),
        entries,
        chunks: BoundedVec::from_vec(chunks).map_err(|error| refuse(&error))?,
        header: chain.tip().clone(),
        commit,
        changes,
    };
    let summary = serde_json::to_vec(&manifest.summary()).map_err(|error| refuse(&error))?;
    write_durably(&folder.path().join(SUMMARY), &summary)?;
    write_durably(&folder.path().join(MANIFEST), &manifest.to_json()?)?;
    shelf.finish(folder, height)?;
    Ok(manifest)
}

fn write_chunks(chain: &Chain, folder: &Path) -> Result<(u64, Vec<ChunkInfo>), SnapshotError> {
    let mut cutter = Cutter::default();
    let mut chunks = Vec::new();
    let mut count = 0u64;
    let mut write = |(info, bytes): (ChunkInfo, Vec<u8>)| {
        let index = u32::try_from(chunks.len()).unwrap_or(u32::MAX);
        write_durably(&folder.join(chunk_name(index)), &bytes)?;
        chunks.push(info);
        Ok::<(), SnapshotError>(())
    };
    for (key, value) in chain.state().entries() {
        count = count.saturating_add(1);
        cutter.push(key, value).map_or(Ok(()), &mut write)?;
    }
    cutter.finish().map_or(Ok(()), &mut write)?;
    Ok((count, chunks))
}

/// Writes a file that is there after a power cut.
pub(super) fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), SnapshotError> {
    let mut file = File::create(path).map_err(io(path))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(io(path))
}

/// Makes the names in a folder durable.
pub(super) fn sync_folder(path: &Path) -> Result<(), SnapshotError> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(io(path))
}

/// Reads a file of at most so many bytes.
pub(super) fn read_bounded(path: &Path, limit: u64) -> Result<Vec<u8>, SnapshotError> {
    let len = fs::metadata(path).map_err(io(path))?.len();
    if len > limit {
        let reason = format!("{} has {len} bytes, the limit is {limit}", path.display());
        return Err(SnapshotError::Manifest(reason));
    }
    fs::read(path).map_err(io(path))
}
