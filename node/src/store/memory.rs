//! A store in memory, for tests and simulations.
//!
//! Clones share their contents, so that a test can drop one handle and "reopen" another. A
//! [`WriteFault`] makes the next write end in one of the two ways in which a crash can end an
//! atomic write: it happened and nobody was told, or it did not happen.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Backing, Batch, Entries, Entry, Store, StoreError, within};

/// How the next write fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteFault {
    /// Nothing is written, and the writer is told so.
    Lost,
    /// Everything is written, but the writer hears of an error.
    Unacknowledged,
}

/// Ordered bytes in memory.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    entries: BTreeMap<Vec<u8>, Vec<u8>>,
    fault: Option<WriteFault>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the next write fail in this way; later ones work again.
    pub fn fail_next_write(&self, fault: WriteFault) {
        self.lock().fault = Some(fault);
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().entries.len()
    }

    /// Whether there are no keys.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lock().entries.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // No code panics between two changes of the map, so a poisoned lock guards whole batches.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.lock().entries.get(key).cloned())
    }

    fn scan(&self, prefix: &[u8], below: Option<&[u8]>) -> Result<Entries<'_>, StoreError> {
        let found: Vec<Entry> = self
            .lock()
            .entries
            .range(prefix.to_vec()..)
            .take_while(|(key, _)| within(key, prefix, below))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        Ok(Box::new(found.into_iter().map(Ok)))
    }

    fn last_at_or_before(&self, prefix: &[u8], key: &[u8]) -> Result<Option<Entry>, StoreError> {
        Ok(self
            .lock()
            .entries
            .range(..=key.to_vec())
            .next_back()
            .filter(|(key, _)| key.starts_with(prefix))
            .map(|(key, value)| (key.clone(), value.clone())))
    }

    fn write(&self, batch: Batch) -> Result<(), StoreError> {
        batch.check()?;
        let mut inner = self.lock();
        let fault = inner.fault.take();
        if fault == Some(WriteFault::Lost) {
            return Err(StoreError::Write("injected fault: nothing was written".to_owned()));
        }
        for (key, value) in batch.into_changes() {
            match value {
                Some(value) => drop(inner.entries.insert(key, value)),
                None => drop(inner.entries.remove(&key)),
            }
        }
        if fault == Some(WriteFault::Unacknowledged) {
            return Err(StoreError::Write("injected fault: the write was not acknowledged".into()));
        }
        Ok(())
    }
}

impl Backing for MemoryStore {
    fn apply(&self, batch: Batch) -> Result<(), StoreError> {
        self.write(batch)
    }

    fn sync(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch() -> Batch {
        let mut batch = Batch::new();
        batch.put(*b"a", *b"1");
        batch.put(*b"b", *b"2");
        batch
    }

    #[test]
    fn a_lost_write_leaves_nothing_and_the_next_one_works() {
        let store = MemoryStore::new();
        store.fail_next_write(WriteFault::Lost);
        assert!(store.write(batch()).is_err());
        assert!(store.is_empty());
        store.write(batch()).unwrap();
        assert_eq!(store.len(), 2);
    }

    #[test]
    fn an_unacknowledged_write_is_there_as_a_whole() {
        let store = MemoryStore::new();
        store.fail_next_write(WriteFault::Unacknowledged);
        assert!(store.write(batch()).is_err());
        assert_eq!(store.clone().len(), 2);
    }
}
