//! The store: ordered bytes on disk, written one atomic batch at a time.
//!
//! A height is committed by one [`Batch`]: block, certificate, receipts, state, tree nodes and tip
//! reach the disk together or not at all. [`Store`] is the narrow waist: [`SledStore`] is the
//! default, [`RedbStore`] the second implementation that the same tests hold to the same promises,
//! [`MemoryStore`] serves tests and simulations and can be told to fail. What [`open`] gives has a
//! journal in front of its database ([`Journaled`]); whoever fills a new store does without
//! ([`open_bare`]).
//!
//! # Invariants
//! - [`Store::write`] returns `Ok` only when the batch survives a kill of the process.
//! - After a reopen a batch is there as a whole or not at all.
//! - Keys are scanned in byte order.
//! - What [`open`] gives checks every value that it reads ([`Checked`]).
//!
//! A scan that runs beside a writer may show some keys before and some after a batch; whoever needs
//! one height's view asks for versioned keys or does not write meanwhile.
//!
//! # Not here
//! Which keys there are is in [`schema`]; what the state tree needs is in [`tree`]. Calls block:
//! an async caller moves them to a blocking thread.
//!
//! Spec: `docs/spec/20-blocks.md`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub mod bench;
mod checked;
mod journal;
mod journaled;
pub mod mark;
mod memory;
mod recent;
mod redb;
pub mod schema;
mod sled;
pub mod tree;

#[cfg(test)]
mod faults;
#[cfg(test)]
mod suite;

pub use self::checked::Checked;
pub use self::journaled::Journaled;
pub use self::memory::{MemoryStore, WriteFault};
pub use self::redb::RedbStore;
pub use self::sled::SledStore;

/// Longest key, in bytes.
pub const MAX_KEY_BYTES: usize = 1024;
/// Longest value, in bytes, with its checksum where it has one.
pub const MAX_VALUE_BYTES: usize = 64 * 1024 * 1024;

/// One entry: a key and its value.
pub type Entry = (Vec<u8>, Vec<u8>);
/// Entries in byte order of their keys; reading stops at the first error.
pub type Entries<'a> = Box<dyn Iterator<Item = Result<Entry, StoreError>> + 'a>;

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database could not be opened.
    #[error("cannot open the {kind} store at {path}: {reason}")]
    Open {
        /// The implementation that was asked for.
        kind: StoreKind,
        /// Where it was looked for.
        path: PathBuf,
        /// What the database said.
        reason: String,
    },
    /// Reading failed.
    #[error("cannot read from the store: {0}")]
    Read(String),
    /// Writing failed; nothing of the batch may be relied upon until the store is reopened.
    #[error("cannot write to the store: {0}")]
    Write(String),
    /// A key of the batch is too long; nothing was written.
    #[error("a key has {len} bytes, the limit is {MAX_KEY_BYTES}")]
    KeyTooLong {
        /// Length of the key in bytes.
        len: usize,
    },
    /// A value of the batch is too long; nothing was written.
    #[error("the value of key {key} has {len} bytes, the limit is {MAX_VALUE_BYTES}")]
    ValueTooLong {
        /// The key, in hexadecimal.
        key: String,
        /// Length of the value in bytes.
        len: usize,
    },
    /// What the store holds is not what was written there.
    #[error("the store is damaged at key {key}: {reason}")]
    Damaged {
        /// The key, in hexadecimal.
        key: String,
        /// What is wrong with its value.
        reason: String,
    },
}

impl StoreError {
    /// The value at `key` does not read back.
    #[must_use]
    pub fn damaged(key: &[u8], reason: impl Into<String>) -> Self {
        Self::Damaged { key: to_hex(key), reason: reason.into() }
    }
}

/// Which implementation holds a node's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StoreKind {
    /// [`SledStore`].
    #[default]
    Sled,
    /// [`RedbStore`].
    Redb,
    /// [`MemoryStore`]: nothing outlives the process.
    Memory,
}

impl std::fmt::Display for StoreKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Sled => "sled",
            Self::Redb => "redb",
            Self::Memory => "memory",
        })
    }
}

/// Changes that are written together. The last change to a key counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use = "a batch changes nothing until it is written"]
pub struct Batch {
    changes: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

impl Batch {
    /// No changes.
    pub const fn new() -> Self {
        Self { changes: BTreeMap::new() }
    }

    /// Sets the value of `key`.
    pub fn put(&mut self, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.changes.insert(key.into(), Some(value.into()));
    }

    /// Removes `key`, if it is there.
    pub fn delete(&mut self, key: impl Into<Vec<u8>>) {
        self.changes.insert(key.into(), None);
    }

    /// How many keys change.
    #[must_use]
    pub fn len(&self) -> usize {
        self.changes.len()
    }

    /// Whether no key changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The changes in byte order of their keys: a new value, or none for a removal.
    pub fn into_changes(self) -> impl Iterator<Item = (Vec<u8>, Option<Vec<u8>>)> {
        self.changes.into_iter()
    }

    /// The same changes with other values, each made of its key and the value it had.
    fn map_values(self, value_of: impl Fn(&[u8], Vec<u8>) -> Vec<u8>) -> Self {
        let changes = self.changes.into_iter().map(|(key, value)| {
            let value = value.map(|value| value_of(&key, value));
            (key, value)
        });
        Self { changes: changes.collect() }
    }

    /// Refuses a key or value that no implementation may accept, before any is written.
    fn check(&self) -> Result<(), StoreError> {
        for (key, value) in &self.changes {
            if key.len() > MAX_KEY_BYTES {
                return Err(StoreError::KeyTooLong { len: key.len() });
            }
            let len = value.as_ref().map_or(0, Vec::len);
            if len > MAX_VALUE_BYTES {
                return Err(StoreError::ValueTooLong { key: to_hex(key), len });
            }
        }
        Ok(())
    }
}

/// Whether a scan for `prefix` that ends before `below` has a key.
fn within(key: &[u8], prefix: &[u8], below: Option<&[u8]>) -> bool {
    key.starts_with(prefix) && below.is_none_or(|below| key < below)
}

/// Ordered bytes on disk.
pub trait Store: Send + Sync + 'static {
    /// The value of `key`.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// The entries whose keys begin with `prefix` and, if `below` is given, are less than it, in
    /// byte order.
    ///
    /// # Errors
    /// [`StoreError::Read`], here or at any step of the iteration.
    fn scan(&self, prefix: &[u8], below: Option<&[u8]>) -> Result<Entries<'_>, StoreError>;

    /// The entries whose keys begin with `prefix`, in byte order.
    ///
    /// # Errors
    /// As for [`Self::scan`].
    fn scan_prefix(&self, prefix: &[u8]) -> Result<Entries<'_>, StoreError> {
        self.scan(prefix, None)
    }

    /// The entry with the greatest key that begins with `prefix` and is at most `key`.
    ///
    /// This finds the newest version of a value at a height: `key` is `prefix` and the version in
    /// big-endian bytes.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    fn last_at_or_before(&self, prefix: &[u8], key: &[u8]) -> Result<Option<Entry>, StoreError>;

    /// Writes all changes of `batch`, or none, and returns when they are durable.
    ///
    /// # Errors
    /// [`StoreError::KeyTooLong`] and [`StoreError::ValueTooLong`] before anything is written,
    /// [`StoreError::Write`] when the database fails.
    fn write(&self, batch: Batch) -> Result<(), StoreError>;
}

/// A database that can put off making its batches durable.
pub trait Backing: Store {
    /// Applies all changes of `batch`, or none, so that they are read from now on. They outlive the
    /// process, together with all before them, after the next [`Self::sync`] at the latest; if the
    /// process ends before that, a beginning of what was applied is there, batch by batch.
    ///
    /// # Errors
    /// As for [`Store::write`].
    fn apply(&self, batch: Batch) -> Result<(), StoreError>;

    /// Takes in entries of a store that is being made. It is faster than [`Self::apply`] and
    /// promises less: whoever reads meanwhile, or after a process that ended before the next
    /// [`Self::sync`], may find any part of the batch. Several threads may load at once.
    ///
    /// # Errors
    /// As for [`Store::write`].
    fn load(&self, batch: Batch) -> Result<(), StoreError> {
        self.apply(batch)
    }

    /// Makes everything that was applied durable.
    ///
    /// # Errors
    /// [`StoreError::Write`].
    fn sync(&self) -> Result<(), StoreError>;
}

/// Opens, or creates, the store of a `kind` in the directory `dir`.
///
/// # Errors
/// [`StoreError::Open`] when another process holds it, or it cannot be read.
pub fn open(kind: StoreKind, dir: &Path) -> Result<Arc<dyn Store>, StoreError> {
    opened(kind, dir, || {
        let store: Arc<dyn Store> = match kind {
            StoreKind::Sled => {
                Arc::new(Checked::new(Journaled::open(SledStore::open(dir)?, kind, dir)?))
            }
            StoreKind::Redb => {
                Arc::new(Checked::new(Journaled::open(RedbStore::open(dir)?, kind, dir)?))
            }
            StoreKind::Memory => Arc::new(Checked::new(MemoryStore::new())),
        };
        Ok(store)
    })
}

/// Opens, or creates, the same store without its journal: for whoever fills a new one, which is
/// worth nothing before all of it is durable.
///
/// # Errors
/// [`StoreError::Open`] as for [`open`].
pub fn open_bare(kind: StoreKind, dir: &Path) -> Result<Box<dyn Backing>, StoreError> {
    opened(kind, dir, || {
        let store: Box<dyn Backing> = match kind {
            StoreKind::Sled => Box::new(Checked::new(SledStore::open(dir)?)),
            StoreKind::Redb => Box::new(Checked::new(RedbStore::open(dir)?)),
            StoreKind::Memory => Box::new(Checked::new(MemoryStore::new())),
        };
        Ok(store)
    })
}

fn opened<T>(
    kind: StoreKind,
    dir: &Path,
    open: impl FnOnce() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let refused = |reason| StoreError::Open { kind, path: dir.to_owned(), reason };
    checked::guarded(StoreError::Read, open).map_err(|error| match error {
        StoreError::Read(reason) => refused(reason),
        other @ (StoreError::Open { .. }
        | StoreError::Write(_)
        | StoreError::KeyTooLong { .. }
        | StoreError::ValueTooLong { .. }
        | StoreError::Damaged { .. }) => other,
    })
}

fn to_hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len().saturating_mul(2)), |mut text, byte| {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_change_to_a_key_counts() {
        let mut batch = Batch::new();
        batch.put(*b"a", *b"1");
        batch.delete(*b"a");
        batch.put(*b"b", *b"1");
        batch.put(*b"b", *b"2");
        let changes: Vec<_> = batch.into_changes().collect();
        assert_eq!(changes, vec![(b"a".to_vec(), None), (b"b".to_vec(), Some(b"2".to_vec()))]);
    }

    #[test]
    fn a_store_kind_reads_back_from_its_name() {
        for kind in [StoreKind::Sled, StoreKind::Redb, StoreKind::Memory] {
            let name = serde_json::to_string(&kind).unwrap();
            assert_eq!(name, format!("\"{kind}\""));
            assert_eq!(serde_json::from_str::<StoreKind>(&name).unwrap(), kind);
        }
    }
}
