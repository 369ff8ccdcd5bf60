//! The default store: sled, in one tree.
//!
//! sled's batches are atomic within one tree only, which is why there is one and the keys carry
//! prefixes. Nothing is flushed in the background, so that what is on disk is what was
//! acknowledged.
//!
//! sled's own flush writes its log and then asks Linux for `sync_file_range`, which neither makes
//! the length of a file durable nor empties the disk's cache, and it never syncs the files that it
//! makes of large values. A kill of the process loses nothing by that; a power cut may. So
//! [`Backing::sync`] syncs the log too, and after a large value the whole file system.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ::sled::{Config, Db, IVec};
use probity_harness::handover;

use super::{Backing, Batch, Entries, Entry, Store, StoreError, StoreKind};

/// The file of sled's log.
const LOG: &str = "db";
/// A value of this length may lie in a file of its own, which sled does not sync: a quarter of its
/// segments is the limit, and half of that is asked for here.
const LARGE_BYTES: usize = 64 * 1024;
/// Memory that sled may use for its page cache, in bytes.
const CACHE_BYTES: u64 = 16 * 1024 * 1024;

/// Ordered bytes in a sled database.
#[derive(Debug, Clone)]
pub struct SledStore {
    db: Db,
    log: Arc<File>,
    /// Whether a large value was applied since the last sync.
    large: Arc<AtomicBool>,
}

impl SledStore {
    /// Opens, or creates, the database in `dir`.
    ///
    /// # Errors
    /// [`StoreError::Open`] when another process holds it, or it cannot be read.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        let config = Config::new().path(dir).cache_capacity(CACHE_BYTES).flush_every_ms(None);
        let db = handover::wait(|| config.open(), is_held).map_err(|error| StoreError::Open {
            kind: StoreKind::Sled,
            path: dir.to_owned(),
            reason: error.to_string(),
        })?;
        let log = File::open(dir.join(LOG)).map_err(|error| StoreError::Open {
            kind: StoreKind::Sled,
            path: dir.to_owned(),
            reason: error.to_string(),
        })?;
        Ok(Self { db, log: Arc::new(log), large: Arc::default() })
    }

    /// Remembers a value that may lie in a file of its own.
    fn note(&self, value: &[u8]) {
        if value.len() >= LARGE_BYTES {
            self.large.store(true, Ordering::Release);
        }
    }
}

/// Whether another process holds the database.
fn is_held(error: &::sled::Error) -> bool {
    // sled tells a held lock from other failures only in its words.
    matches!(error, ::sled::Error::Io(_)) && error.to_string().contains("could not acquire lock")
}

impl Store for SledStore {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.db.get(key).map_err(read)?.map(|value| value.to_vec()))
    }

    fn scan(&self, prefix: &[u8], below: Option<&[u8]>) -> Result<Entries<'_>, StoreError> {
        let below = below.map(<[u8]>::to_vec);
        let among = move |key: &[u8]| below.as_deref().is_none_or(|below| key < below);
        let entries = self.db.scan_prefix(prefix).map(|entry| entry.map(owned).map_err(read));
        Ok(Box::new(
            entries.take_while(move |entry| entry.as_ref().map_or(true, |(key, _)| among(key))),
        ))
    }

    fn last_at_or_before(&self, prefix: &[u8], key: &[u8]) -> Result<Option<Entry>, StoreError> {
        let last = self.db.range(..=key).next_back().transpose().map_err(read)?;
        Ok(last.filter(|(key, _)| key.starts_with(prefix)).map(owned))
    }

    fn write(&self, batch: Batch) -> Result<(), StoreError> {
        self.apply(batch)?;
        self.sync()
    }
}

impl Backing for SledStore {
    fn apply(&self, batch: Batch) -> Result<(), StoreError> {
        batch.check()?;
        let mut sled_batch = ::sled::Batch::default();
        for (key, value) in batch.into_changes() {
            match value {
                Some(value) => {
                    self.note(&value);
                    sled_batch.insert(key, value);
                }
                None => sled_batch.remove(key),
            }
        }
        self.db.apply_batch(sled_batch).map_err(write)
    }

    /// One entry after another, in the order of their keys: a batch of sled's is a hash map, holds
    /// up every other thread, and frees what it replaced bit by bit as new ones begin.
    fn load(&self, batch: Batch) -> Result<(), StoreError> {
        batch.check()?;
        for (key, value) in batch.into_changes() {
            match value {
                Some(value) => {
                    self.note(&value);
                    self.db.insert(key, value)
                }
                None => self.db.remove(key),
            }
            .map_err(write)?;
        }
        Ok(())
    }

    fn sync(&self) -> Result<(), StoreError> {
        let large = self.large.swap(false, Ordering::AcqRel);
        self.db.flush().map_err(write)?;
        let synced = if large {
            rustix::fs::syncfs(self.log.as_ref()).map_err(std::io::Error::from)
        } else {
            self.log.sync_data()
        };
        synced.map_err(|error| StoreError::Write(error.to_string()))
    }
}

fn owned((key, value): (IVec, IVec)) -> Entry {
    (key.to_vec(), value.to_vec())
}

fn read(error: ::sled::Error) -> StoreError {
    StoreError::Read(error.to_string())
}

fn write(error: ::sled::Error) -> StoreError {
    StoreError::Write(error.to_string())
}
