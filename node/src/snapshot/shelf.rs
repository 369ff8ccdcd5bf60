//! The folder of snapshots: one folder each, named by its height.
//!
//! ```text
//! snapshots/
//!   1200/manifest.json
//!        summary.json
//!        00000.chunk
//!        00001.chunk
//!   .making-1300-5     being written; swept away when a shelf is opened by its keeper
//! ```

use std::fs;
use std::path::{Path, PathBuf};

use probity_api::view::SnapshotView;
use probity_primitives::Height;

use super::make::{read_bounded, sync_folder};
use super::manifest::{MAX_CHUNK_BYTES, MAX_MANIFEST_BYTES, Manifest};
use super::{SnapshotError, io};

/// The name of the summary of a manifest: lists are made of these, as a manifest may be long.
pub(super) const SUMMARY: &str = "summary.json";
/// The longest summary, in bytes.
const MAX_SUMMARY_BYTES: u64 = 4_096;
/// The name of a manifest.
pub const MANIFEST: &str = "manifest.json";
/// The beginning of the name of a folder that is being written.
const MAKING: &str = ".making-";

/// The name of a chunk.
#[must_use]
pub fn chunk_name(index: u32) -> String {
    format!("{index:05}.chunk")
}

/// A folder of snapshots.
#[derive(Debug, Clone)]
pub struct Shelf {
    root: PathBuf,
}

impl Shelf {
    /// The snapshots in a folder, which need not be there yet.
    #[must_use]
    pub const fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// Where the snapshots are.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of the snapshot at a height.
    #[must_use]
    pub fn folder(&self, height: Height) -> PathBuf {
        self.root.join(height.to_string())
    }

    /// The heights of all snapshots, in ascending order.
    ///
    /// # Errors
    /// [`SnapshotError::Io`].
    pub fn heights(&self) -> Result<Vec<Height>, SnapshotError> {
        let mut heights: Vec<Height> = self
            .names()?
            .iter()
            .filter_map(|name| name.parse().ok())
            .map(Height)
            .filter(|height| self.folder(*height).join(MANIFEST).is_file())
            .collect();
        heights.sort_unstable();
        Ok(heights)
    }

    /// The manifest of the snapshot at a height, if there is one.
    ///
    /// # Errors
    /// [`SnapshotError`] if it cannot be read or is none.
    pub fn manifest(&self, height: Height) -> Result<Option<Manifest>, SnapshotError> {
        self.manifest_json(height)?.map(|json| Manifest::from_json(&json)).transpose()
    }

    /// The bytes of the manifest at a height, if there is one.
    ///
    /// # Errors
    /// [`SnapshotError`] if it cannot be read or is too long.
    pub fn manifest_json(&self, height: Height) -> Result<Option<Vec<u8>>, SnapshotError> {
        let path = self.folder(height).join(MANIFEST);
        if !path.is_file() {
            return Ok(None);
        }
        read_bounded(&path, u64::try_from(MAX_MANIFEST_BYTES).unwrap_or(u64::MAX)).map(Some)
    }

    /// The bytes of a chunk, if there is one; they are not looked at.
    ///
    /// # Errors
    /// [`SnapshotError`] if it cannot be read or is too long.
    pub fn chunk(&self, height: Height, index: u32) -> Result<Option<Vec<u8>>, SnapshotError> {
        let path = self.folder(height).join(chunk_name(index));
        if !path.is_file() {
            return Ok(None);
        }
        read_bounded(&path, u64::try_from(MAX_CHUNK_BYTES).unwrap_or(u64::MAX)).map(Some)
    }

    /// What is said of all snapshots, oldest first; one without a summary is left out.
    ///
    /// # Errors
    /// [`SnapshotError`] if one cannot be read.
    pub fn summaries(&self) -> Result<Vec<SnapshotView>, SnapshotError> {
        let mut summaries = Vec::new();
        for height in self.heights()? {
            let path = self.folder(height).join(SUMMARY);
            if path.is_file() {
                let json = read_bounded(&path, MAX_SUMMARY_BYTES)?;
                let summary = serde_json::from_slice(&json);
                summaries
                    .push(summary.map_err(|error| SnapshotError::Manifest(error.to_string()))?);
            }
        }
        Ok(summaries)
    }

    /// Removes all but the newest `keep` snapshots, and says which.
    ///
    /// # Errors
    /// [`SnapshotError::Io`].
    pub fn prune(&self, keep: usize) -> Result<Vec<Height>, SnapshotError> {
        let heights = self.heights()?;
        let gone = heights.len().saturating_sub(keep);
        let old: Vec<Height> = heights.into_iter().take(gone).collect();
        for height in &old {
            let folder = self.folder(*height);
            // The name goes first: a folder with a height for its name is whole.
            let aside = self.root.join(format!("{MAKING}{height}-old"));
            fs::rename(&folder, &aside).map_err(io(&folder))?;
            fs::remove_dir_all(&aside).map_err(io(&aside))?;
        }
        Ok(old)
    }

    /// Removes what was being written when the process ended.
    ///
    /// # Errors
    /// [`SnapshotError::Io`].
    pub fn sweep(&self) -> Result<(), SnapshotError> {
        for name in self.names()?.iter().filter(|name| name.starts_with(MAKING)) {
            let path = self.root.join(name);
            fs::remove_dir_all(&path).map_err(io(&path))?;
        }
        Ok(())
    }

    /// A folder to write the snapshot of a height into; dropped, it is removed.
    pub(super) fn begin(&self, height: Height) -> Result<tempfile::TempDir, SnapshotError> {
        fs::create_dir_all(&self.root).map_err(io(&self.root))?;
        tempfile::Builder::new()
            .prefix(&format!("{MAKING}{height}-"))
            .tempdir_in(&self.root)
            .map_err(io(&self.root))
    }

    /// Gives a folder, in which everything is durable, its name.
    pub(super) fn finish(
        &self,
        folder: tempfile::TempDir,
        height: Height,
    ) -> Result<(), SnapshotError> {
        sync_folder(folder.path())?;
        let place = self.folder(height);
        fs::rename(folder.path(), &place).map_err(io(&place))?;
        // It has another name now; there is nothing left to remove.
        drop(folder.keep());
        sync_folder(&self.root)
    }

    fn names(&self) -> Result<Vec<String>, SnapshotError> {
        let listed = match fs::read_dir(&self.root) {
            Ok(listed) => listed,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(io(&self.root)(error)),
        };
        let mut names = Vec::new();
        for entry in listed {
            let entry = entry.map_err(io(&self.root))?;
            names.extend(entry.file_name().into_string());
        }
        Ok(names)
    }
}
