//! How far the store has come, kept beside it.
//!
//! A store whose log is damaged in the middle may open as it was before the damage: sled reads up
//! to the first record that does not hold and forgets the rest. That is a chain, and an old one. So
//! the newest committed height stands in a small file of its own as well, and a store that has gone
//! back is refused instead of being begun anew.
//!
//! # Invariants
//! - The mark is written after the height is durable, so it is never ahead of an undamaged store;
//!   after a power cut it may be behind, and then it says nothing.
//!
//! Spec: `docs/spec/28-snapshots.md`.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use probity_primitives::Height;
use probity_runtime::Chain;
use tokio::sync::watch;

/// Why a mark cannot be used, or the store beside it.
#[derive(Debug, thiserror::Error)]
pub enum MarkError {
    /// The file cannot be read or written.
    #[error("cannot use {path}: {reason}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: std::io::Error,
    },
    /// The store is not as far as it was.
    #[error(
        "the store {store} is damaged: it ends at height {found}, and height {marked} was committed"
    )]
    GoneBack {
        /// The store.
        store: PathBuf,
        /// The newest height in it.
        found: Height,
        /// The newest that was committed.
        marked: Height,
    },
}

/// The mark beside a store.
#[derive(Debug)]
pub struct Mark {
    path: PathBuf,
    file: File,
}

impl Mark {
    /// Opens the mark beside a store that ends at `found`.
    ///
    /// # Errors
    /// [`MarkError::GoneBack`] if the store was further once.
    pub fn open(store: &Path, found: Height) -> Result<Self, MarkError> {
        let path = path(store);
        let io = |reason| MarkError::Io { path: path.clone(), reason };
        if let Some(marked) = read(&path).map_err(io)?.filter(|marked| *marked > found) {
            return Err(MarkError::GoneBack { store: store.to_owned(), found, marked });
        }
        let mut options = fs::OpenOptions::new();
        let options = options.create(true).truncate(false).write(true);
        let mark = Self { file: options.open(&path).map_err(io)?, path };
        mark.set(found)?;
        Ok(mark)
    }

    /// Writes down a height that is durable.
    ///
    /// # Errors
    /// [`MarkError::Io`].
    pub fn set(&self, height: Height) -> Result<(), MarkError> {
        let text = format!("{:020}\n", height.0);
        let io = |reason| MarkError::Io { path: self.path.clone(), reason };
        // Always of one length, so that a write replaces all of it.
        self.file.write_all_at(text.as_bytes(), 0).map_err(io)?;
        (&self.file).flush().map_err(io)
    }

    /// Follows the chain until it ends.
    pub(crate) async fn follow(self, mut tip: watch::Receiver<Arc<Chain>>) {
        while tip.changed().await.is_ok() {
            let height = tip.borrow_and_update().height();
            if let Err(error) = self.set(height) {
                tracing::warn!(%error, "the height is not marked");
            }
        }
    }
}

/// Where the mark of a store lies.
#[must_use]
pub fn path(store: &Path) -> PathBuf {
    store.with_extension("height")
}

/// Removes the mark of a store that is not there any more.
///
/// # Errors
/// [`MarkError::Io`].
pub fn forget(store: &Path) -> Result<(), MarkError> {
    let path = path(store);
    match fs::remove_file(&path) {
        Err(reason) if reason.kind() != std::io::ErrorKind::NotFound => {
            Err(MarkError::Io { path, reason })
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

fn read(path: &Path) -> std::io::Result<Option<Height>> {
    match fs::read_to_string(path) {
        // A mark that was cut short says nothing.
        Ok(text) => Ok(text.trim().parse().ok().map(Height)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_went_back_is_refused_and_one_that_went_on_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("store");
        let mark = Mark::open(&store, Height(3)).unwrap();
        mark.set(Height(1_000)).unwrap();
        mark.set(Height(1_001)).unwrap();
        drop(mark);
        Mark::open(&store, Height(1_001)).unwrap();
        let refused = Mark::open(&store, Height(999)).unwrap_err().to_string();
        assert!(
            refused.ends_with("ends at height 999, and height 1001 was committed"),
            "{refused}"
        );
        Mark::open(&store, Height(1_002)).unwrap();
        assert!(Mark::open(&store, Height(1_001)).is_err());
    }

    #[test]
    fn a_mark_that_was_cut_short_says_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("store");
        fs::write(path(&store), "").unwrap();
        Mark::open(&store, Height(0)).unwrap();
    }
}
