//! A disk that can be cut off: a store that keeps its promises and nothing more, and a log that
//! loses what was not flushed.
//!
//! The promise of a store is that a batch is there as a whole or not at all, and that it is there
//! once the write returned without error. The marks of what was signed, which are another file,
//! promise the same. Under a [`Fault`] the write in progress ends either way and is not
//! acknowledged; with a cut, nothing more is written until the node starts again. A log promises
//! what was flushed; of the rest a prefix survives.
//!
//! # Not here
//! Files. What sled and redb do with failing files is in `tests/files.rs`.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use probity_keys::guard::{GuardError, Keep};
use probity_node::consensus::core::journal::{Journal, JournalError};
use probity_node::store::{Batch, Entries, Entry, MemoryStore, Store, StoreError, WriteFault};
use probity_primitives::Height;

use crate::chance::Chance;

/// How the next write ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It fails and nothing is written; the next one works.
    Refused,
    /// It is written, and the writer is told that it failed; the next one works.
    Unheard,
    /// The power goes before it.
    CutBefore,
    /// The power goes after it, and before the writer hears of it.
    CutAfter,
    /// The power goes at the next flush of the log, before it.
    CutLog,
}

/// One node's disk. Clones are the same disk.
#[derive(Debug, Clone, Default)]
pub struct Disk {
    entries: MemoryStore,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    dark: bool,
    fault: Option<Fault>,
    /// Faults that were met by a write, not only planned.
    met: u64,
    height: Option<Height>,
    log: Vec<Vec<u8>>,
    flushed: usize,
    marks: Option<Vec<u8>>,
}

impl Disk {
    /// An empty disk.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing panics between two changes of it.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Plans how the next write ends.
    pub fn plan(&self, fault: Fault) {
        self.lock().fault = Some(fault);
    }

    /// Plans nothing any more.
    pub fn mend(&self) {
        self.lock().fault = None;
    }

    /// Whether the power is off: the node that owns the disk is dead.
    #[must_use]
    pub fn is_dark(&self) -> bool {
        self.lock().dark
    }

    /// How many planned faults have met a write.
    #[must_use]
    pub fn faults(&self) -> u64 {
        self.lock().met
    }

    /// What is kept of what was signed.
    #[must_use]
    pub fn marks(&self) -> Option<Vec<u8>> {
        self.lock().marks.clone()
    }

    /// Forgets the log, as one does who wants a validator to start at any price.
    pub fn forget_log(&self) {
        let mut inner = self.lock();
        inner.log.clear();
        inner.flushed = 0;
    }

    /// The power comes back: of what was not flushed, a prefix is there.
    pub fn restart(&self, chance: &mut Chance) {
        let mut inner = self.lock();
        let loose = inner.log.len().saturating_sub(inner.flushed);
        let kept = inner.flushed.saturating_add(chance.place(loose.saturating_add(1)));
        inner.log.truncate(kept);
        inner.flushed = kept;
        inner.dark = false;
        inner.fault = None;
    }
}

impl Store for Disk {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.entries.get(key)
    }

    fn scan(&self, prefix: &[u8], below: Option<&[u8]>) -> Result<Entries<'_>, StoreError> {
        self.entries.scan(prefix, below)
    }

    fn last_at_or_before(&self, prefix: &[u8], key: &[u8]) -> Result<Option<Entry>, StoreError> {
        self.entries.last_at_or_before(prefix, key)
    }

    fn write(&self, batch: Batch) -> Result<(), StoreError> {
        let mut inner = self.lock();
        if inner.dark {
            return Err(StoreError::Write("the power is off".to_owned()));
        }
        let fault = match inner.fault {
            None | Some(Fault::CutLog) => return self.entries.write(batch),
            Some(fault) => fault,
        };
        inner.fault = None;
        inner.met = inner.met.saturating_add(1);
        inner.dark = matches!(fault, Fault::CutBefore | Fault::CutAfter);
        self.entries.fail_next_write(match fault {
            Fault::Refused | Fault::CutBefore | Fault::CutLog => WriteFault::Lost,
            Fault::Unheard | Fault::CutAfter => WriteFault::Unacknowledged,
        });
        self.entries.write(batch)
    }
}

impl Keep for Disk {
    fn replace(&mut self, value: &[u8]) -> Result<(), GuardError> {
        let mut inner = self.lock();
        if inner.dark {
            let (action, path) = ("write", PathBuf::from("marks"));
            let source = io::Error::other("the power is off");
            return Err(GuardError::Io { action, path, source });
        }
        inner.marks = Some(value.to_vec());
        Ok(())
    }
}

impl Journal for Disk {
    fn begin(&mut self, height: Height) -> Result<Vec<Vec<u8>>, JournalError> {
        let mut inner = self.lock();
        if inner.height != Some(height) {
            inner.clear(height)?;
        }
        Ok(inner.log.clone())
    }

    fn reset(&mut self, height: Height) -> Result<(), JournalError> {
        self.lock().clear(height)
    }

    fn append(&mut self, entry: Vec<u8>) -> Result<(), JournalError> {
        let mut inner = self.lock();
        inner.check()?;
        inner.log.push(entry);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), JournalError> {
        let mut inner = self.lock();
        if inner.fault == Some(Fault::CutLog) {
            inner.fault = None;
            inner.met = inner.met.saturating_add(1);
            inner.dark = true;
        }
        inner.check()?;
        inner.flushed = inner.log.len();
        Ok(())
    }
}

impl Inner {
    const fn check(&self) -> Result<(), JournalError> {
        if self.dark { Err(JournalError) } else { Ok(()) }
    }

    fn clear(&mut self, height: Height) -> Result<(), JournalError> {
        self.check()?;
        self.height = Some(height);
        self.log.clear();
        self.flushed = 0;
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

    fn written(fault: Fault) -> (bool, usize, bool) {
        let disk = Disk::new();
        disk.plan(fault);
        let acknowledged = disk.write(batch()).is_ok();
        (acknowledged, disk.entries.len(), disk.is_dark())
    }

    #[test]
    fn a_write_under_a_fault_is_whole_or_absent_and_never_acknowledged() {
        assert_eq!(written(Fault::Refused), (false, 0, false));
        assert_eq!(written(Fault::Unheard), (false, 2, false));
        assert_eq!(written(Fault::CutBefore), (false, 0, true));
        assert_eq!(written(Fault::CutAfter), (false, 2, true));
    }

    #[test]
    fn a_disk_without_power_takes_nothing_until_it_is_restarted() {
        let disk = Disk::new();
        disk.plan(Fault::CutBefore);
        assert!(disk.write(batch()).is_err() && disk.write(batch()).is_err());
        disk.restart(&mut Chance::new(1));
        disk.write(batch()).unwrap();
        assert_eq!(disk.entries.len(), 2);
    }

    #[test]
    fn a_log_keeps_what_was_flushed_and_a_prefix_of_the_rest() {
        let mut lengths = std::collections::BTreeSet::new();
        for seed in 0..100 {
            let mut disk = Disk::new();
            assert_eq!(disk.begin(Height(3)), Ok(Vec::new()));
            disk.append(vec![1]).unwrap();
            disk.flush().unwrap();
            disk.append(vec![2]).unwrap();
            disk.append(vec![3]).unwrap();
            disk.restart(&mut Chance::new(seed));
            let log = disk.begin(Height(3)).unwrap();
            assert!([vec![1], vec![2], vec![3]].starts_with(&log));
            lengths.insert(log.len());
        }
        assert_eq!(lengths.into_iter().collect::<Vec<_>>(), [1, 2, 3]);
    }

    #[test]
    fn the_log_of_another_height_is_forgotten() {
        let mut disk = Disk::new();
        disk.begin(Height(3)).unwrap();
        disk.append(vec![1]).unwrap();
        disk.flush().unwrap();
        assert_eq!(disk.begin(Height(3)), Ok(vec![vec![1]]));
        assert_eq!(disk.begin(Height(4)), Ok(Vec::new()));
    }

    #[test]
    fn a_flush_without_power_fails() {
        let mut disk = Disk::new();
        disk.plan(Fault::CutLog);
        disk.append(vec![1]).unwrap();
        assert_eq!(disk.flush(), Err(JournalError));
        assert!(disk.is_dark());
        assert_eq!(disk.append(vec![2]), Err(JournalError));
    }
}
