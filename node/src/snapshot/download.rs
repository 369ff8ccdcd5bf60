//! A snapshot that arrives chunk by chunk.
//!
//! # Invariants
//! - A chunk is written down only with the hash that the manifest names, so a source that lies is
//!   found at its first chunk.
//! - What is there is not asked for again: a download that was cut short goes on.

use std::fs;
use std::path::{Path, PathBuf};

use super::make::{sync_folder, write_durably};
use super::manifest::Manifest;
use super::shelf::{MANIFEST, chunk_name};
use super::{SnapshotError, chunk, io};

/// A folder that fills with the chunks of one snapshot.
#[derive(Debug)]
pub struct Download<'a> {
    manifest: &'a Manifest,
    folder: PathBuf,
}

impl<'a> Download<'a> {
    /// Begins, or goes on with, the snapshot of a manifest below `root`.
    ///
    /// # Errors
    /// [`SnapshotError::Io`].
    pub fn begin(manifest: &'a Manifest, root: &Path) -> Result<Self, SnapshotError> {
        // The name is the snapshot's: chunks of another one are never taken for its own.
        let folder = root.join(format!("{}-{}", manifest.height(), manifest.id()));
        fs::create_dir_all(&folder).map_err(io(&folder))?;
        Ok(Self { manifest, folder })
    }

    /// Where the chunks are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The chunks that are not there yet, or not whole.
    #[must_use]
    pub fn missing(&self) -> Vec<u32> {
        (0u32..)
            .zip(self.manifest.chunks.iter())
            .filter(|(index, info)| {
                let there = fs::read(self.folder.join(chunk_name(*index)));
                !there.is_ok_and(|bytes| chunk::matches(*index, info, &bytes).is_ok())
            })
            .map(|(index, _)| index)
            .collect()
    }

    /// Takes a chunk, if it is the one.
    ///
    /// # Errors
    /// [`SnapshotError::Chunk`] if it is not; [`SnapshotError::Io`] if it cannot be kept.
    pub fn take(&self, index: u32, bytes: &[u8]) -> Result<(), SnapshotError> {
        let place = usize::try_from(index).unwrap_or(usize::MAX);
        let Some(info) = self.manifest.chunks.get(place) else {
            let reason = "the manifest names no such chunk".to_owned();
            return Err(SnapshotError::Malformed { index, reason });
        };
        chunk::matches(index, info, bytes)?;
        let place = self.folder.join(chunk_name(index));
        let part = place.with_extension("part");
        write_durably(&part, bytes)?;
        fs::rename(&part, &place).map_err(io(&place))
    }

    /// Writes the manifest beside the chunks, which are all there.
    ///
    /// # Errors
    /// [`SnapshotError::Io`].
    pub fn finish(&self) -> Result<(), SnapshotError> {
        write_durably(&self.folder.join(MANIFEST), &self.manifest.to_json()?)?;
        sync_folder(&self.folder)
    }
}
