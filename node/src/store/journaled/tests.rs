//! What a store promises when its process ends between the journal and the database.

use std::sync::atomic::{AtomicU64, Ordering};

use super::super::journal::FILE_NAMES;
use super::super::{MemoryStore, WriteFault};
use super::*;

/// A database that forgets what was not synced when its process ends.
#[derive(Debug, Clone, Default)]
struct Forgetful {
    applied: MemoryStore,
    synced: Arc<Mutex<Vec<Entry>>>,
    syncs: Arc<AtomicU64>,
    refuses: Arc<Mutex<bool>>,
}

impl Forgetful {
    /// The database as the next process finds it.
    fn after_a_crash(&self) -> Self {
        let back = Self::default();
        let mut batch = Batch::new();
        for (key, value) in self.synced.lock().unwrap().iter() {
            batch.put(key.clone(), value.clone());
        }
        back.applied.write(batch).unwrap();
        *back.synced.lock().unwrap() = self.synced.lock().unwrap().clone();
        back
    }
}

impl Store for Forgetful {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.applied.get(key)
    }

    fn scan(&self, prefix: &[u8], below: Option<&[u8]>) -> Result<Entries<'_>, StoreError> {
        self.applied.scan(prefix, below)
    }

    fn last_at_or_before(&self, prefix: &[u8], key: &[u8]) -> Result<Option<Entry>, StoreError> {
        self.applied.last_at_or_before(prefix, key)
    }

    fn write(&self, batch: Batch) -> Result<(), StoreError> {
        self.apply(batch)?;
        self.sync()
    }
}

impl Backing for Forgetful {
    fn apply(&self, batch: Batch) -> Result<(), StoreError> {
        self.applied.write(batch)
    }

    fn sync(&self) -> Result<(), StoreError> {
        if *self.refuses.lock().unwrap() {
            return Err(StoreError::Write("no room".to_owned()));
        }
        let entries: Result<Vec<Entry>, StoreError> = self.applied.scan_prefix(b"")?.collect();
        *self.synced.lock().unwrap() = entries?;
        self.syncs.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

fn put(key: &[u8], value: &[u8]) -> Batch {
    let mut batch = Batch::new();
    batch.put(key, value);
    batch
}

fn open(database: &Forgetful, folder: &Path) -> Result<Journaled<Forgetful>, StoreError> {
    Journaled::open(database.clone(), StoreKind::Memory, folder)
}

fn entries(store: &impl Store) -> Vec<Entry> {
    store.scan_prefix(b"").unwrap().map(Result::unwrap).collect()
}

/// A folder as it is now, as one whose process ends in this moment leaves it behind.
fn copied(folder: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for name in FILE_NAMES {
        std::fs::copy(folder.join(name), copy.path().join(name)).unwrap();
    }
    copy
}

#[test]
fn what_was_acknowledged_is_there_whenever_the_process_ends() {
    let (folder, database) = (tempfile::tempdir().unwrap(), Forgetful::default());
    let store = open(&database, folder.path()).unwrap();
    for number in 0..200u8 {
        store.write(put(&[number % 50], &[number])).unwrap();
        if number % 7 != 0 {
            continue;
        }
        // The database is looked at first: what it syncs between the two looks is in both.
        let back = database.after_a_crash();
        let copy = copied(folder.path());
        let back = open(&back, copy.path()).unwrap();
        assert_eq!(entries(&back), entries(&store), "after {number}");
        back.write(put(b"next", b"1")).unwrap();
    }
}

#[test]
fn the_database_is_made_durable_for_many_batches_at_once() {
    let (folder, database) = (tempfile::tempdir().unwrap(), Forgetful::default());
    let store = open(&database, folder.path()).unwrap();
    for number in 0..500u16 {
        store.write(put(&number.to_be_bytes(), b"v")).unwrap();
    }
    let last = entries(&store);
    drop(store);
    assert!(database.syncs.load(Ordering::SeqCst) < 100);
    assert_eq!(entries(&database.after_a_crash()).len(), last.len() + 1, "and the number");
}

#[test]
fn a_database_that_lost_what_it_had_made_durable_is_refused() {
    let (folder, database) = (tempfile::tempdir().unwrap(), Forgetful::default());
    drop(open(&database, folder.path()).unwrap());
    let old = database.after_a_crash();
    for number in 0..3u8 {
        let store = open(&database, folder.path()).unwrap();
        store.write(put(&[number], b"v")).unwrap();
    }
    let refused = open(&old, folder.path()).unwrap_err().to_string();
    assert!(refused.contains("ends at batch 0, and its journal goes on at batch 3"), "{refused}");
}

/// Writes one entry after the other until that is refused, and says how many were not and why.
fn written(store: &impl Store) -> (usize, String) {
    let mut written = 0usize;
    loop {
        match store.write(put(&written.to_be_bytes(), b"v")) {
            Ok(()) => written += 1,
            Err(error) => return (written, error.to_string()),
        }
    }
}

#[test]
fn a_database_that_cannot_be_written_ends_the_writing_and_loses_nothing() {
    let (folder, database) = (tempfile::tempdir().unwrap(), Forgetful::default());
    let store = open(&database, folder.path()).unwrap();
    database.applied.fail_next_write(WriteFault::Lost);
    let (acknowledged, refused) = written(&store);
    assert!(refused.contains("an earlier write failed"), "{refused}");
    assert_eq!(entries(&store).len(), acknowledged, "and all of it is still read");
    drop(store);
    let back = open(&database.after_a_crash(), folder.path()).unwrap();
    assert_eq!(entries(&back).len(), acknowledged);
    back.write(put(b"next", b"1")).unwrap();
}

#[test]
fn a_database_that_cannot_be_made_durable_ends_the_writing() {
    let (folder, database) = (tempfile::tempdir().unwrap(), Forgetful::default());
    let store = open(&database, folder.path()).unwrap();
    *database.refuses.lock().unwrap() = true;
    let (acknowledged, refused) = written(&store);
    assert!(refused.contains("no room"), "{refused}");
    *database.refuses.lock().unwrap() = false;
    let back = open(&database.after_a_crash(), folder.path()).unwrap();
    assert_eq!(entries(&back).len(), acknowledged);
}

#[test]
fn a_full_journal_waits_for_the_database_and_begins_again() {
    let (folder, database) = (tempfile::tempdir().unwrap(), Forgetful::default());
    let store = open(&database, folder.path()).unwrap();
    let long = vec![7; super::super::journal::MAX_BYTES / 8];
    for number in 0..20u8 {
        store.write(put(&[number], &long)).unwrap();
    }
    for name in FILE_NAMES {
        let length = std::fs::metadata(folder.path().join(name)).unwrap().len();
        assert!(length <= u64::try_from(super::super::journal::MAX_BYTES).unwrap() + 256 * 1024);
    }
    let back = database.after_a_crash();
    let copy = copied(folder.path());
    assert_eq!(entries(&open(&back, copy.path()).unwrap()).len(), 20);
}

#[test]
fn what_is_written_over_in_the_meantime_never_reaches_the_database() {
    let (folder, database) = (tempfile::tempdir().unwrap(), Forgetful::default());
    let store = open(&database, folder.path()).unwrap();
    store.write(put(b"short-lived", b"1")).unwrap();
    let mut batch = put(b"stays", b"1");
    batch.delete(b"short-lived");
    store.write(batch).unwrap();
    assert_eq!(database.get(b"stays").unwrap(), None, "it has not gathered for long");
    assert_eq!(entries(&store), [(b"stays".to_vec(), b"1".to_vec())]);
    drop(store);
    let back = database.after_a_crash();
    assert_eq!(back.get(b"stays").unwrap(), Some(b"1".to_vec()));
    assert_eq!(back.get(b"short-lived").unwrap(), None);
}

#[test]
fn a_batch_longer_than_the_journal_is_made_durable_by_the_database() {
    let (folder, database) = (tempfile::tempdir().unwrap(), Forgetful::default());
    let store = open(&database, folder.path()).unwrap();
    store.write(put(b"before", b"1")).unwrap();
    let long = vec![7; super::super::journal::MAX_BYTES];
    store.write(put(b"long", &long)).unwrap();
    store.write(put(b"after", b"1")).unwrap();
    let back = database.after_a_crash();
    let copy = copied(folder.path());
    let back = open(&back, copy.path()).unwrap();
    assert_eq!(entries(&back).len(), 3);
    assert!(back.get(b"long").unwrap().unwrap() == long);
}

#[test]
fn the_number_of_the_newest_batch_is_nobody_elses_business() {
    let (folder, database) = (tempfile::tempdir().unwrap(), Forgetful::default());
    let store = open(&database, folder.path()).unwrap();
    store.write(put(b"a", b"1")).unwrap();
    assert_eq!(entries(&store), [(b"a".to_vec(), b"1".to_vec())]);
    assert_eq!(store.get(&NUMBER).unwrap(), None);
    assert_eq!(store.last_at_or_before(b"", &[1]).unwrap(), None);
    store.write(put(&[0], b"1")).unwrap();
    assert_eq!(store.get(&[0]).unwrap(), Some(b"1".to_vec()));
}
