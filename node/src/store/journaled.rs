//! A database with a journal in front of it.
//!
//! A database that makes every batch durable by itself pays for its own log, its pages and the file
//! system's journal each time. Here a batch is durable when its record is in [`Journal`], a file that
//! takes one flush of data; the database gets the batch at once, so that it is read, and is made
//! durable later and for many batches together, on another thread.
//!
//! # Invariants
//! - [`Store::write`] returns `Ok` when the batch is in the flushed journal, or in the flushed
//!   database if it is too long for the journal.
//! - Every batch carries its number into the database. A store that opens takes in the records
//!   after the database's number; if the journal begins later than that, the database has lost
//!   what it had made durable, and is refused.
//! - The journal begins again only when the database has made durable all that is in it.
//! - After a failure nothing more is written: what the disk holds then is found out by opening anew.
//!
//! Spec: `docs/spec/28-snapshots.md`.

use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::checked::guarded;
use super::journal::{Journal, Record, encode};
use super::{Backing, Batch, Entries, Entry, Store, StoreError, StoreKind};

/// The key of the number of the newest batch. No family of keys begins with a zero.
const NUMBER: [u8; 8] = *b"\0journal";
/// The database is made durable at most so often.
const PAUSE: Duration = Duration::from_millis(50);

/// A database with a journal in front of it.
#[derive(Debug)]
pub struct Journaled<D: Backing> {
    shared: Arc<Shared<D>>,
    flusher: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared<D> {
    database: D,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    journal: Journal,
    /// The number of the newest batch.
    newest: u64,
    /// The number up to which the database itself is durable.
    durable: u64,
    /// Why nothing is written any more.
    failed: Option<String>,
    ending: bool,
}

impl<D: Backing> Journaled<D> {
    /// Puts the journal in `folder` in front of `database`, and takes in what only it has.
    ///
    /// # Errors
    /// [`StoreError::Open`] if the journal cannot be used, or the database lost what it had made
    /// durable.
    pub fn open(database: D, kind: StoreKind, folder: &Path) -> Result<Self, StoreError> {
        let refused = |reason| StoreError::Open { kind, path: folder.to_owned(), reason };
        let (journal, records) =
            Journal::open(folder).map_err(|error| refused(format!("its journal: {error}")))?;
        let newest = take_in(&database, records, &refused)?;
        let state = State { journal, newest, durable: newest, failed: None, ending: false };
        let (state, changed) = (Mutex::new(state), Condvar::new());
        let shared = Arc::new(Shared { database, state, changed });
        let flushing = Arc::clone(&shared);
        let flusher = std::thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || flushing.flush_until_the_end())
            .map_err(|error| refused(error.to_string()))?;
        Ok(Self { shared, flusher: Some(flusher) })
    }
}

/// Brings a database to where the journal ends, durably, and says which number that is.
fn take_in<D: Backing>(
    database: &D,
    records: Vec<Record>,
    refused: &impl Fn(String) -> StoreError,
) -> Result<u64, StoreError> {
    let mut newest = match database.get(&NUMBER)? {
        None => 0,
        Some(bytes) => {
            let bytes = bytes.try_into().map_err(|bytes: Vec<u8>| {
                StoreError::damaged(&NUMBER, format!("{} bytes are no number", bytes.len()))
            })?;
            u64::from_be_bytes(bytes)
        }
    };
    if let Some(first) = records.first().map(|record| record.number)
        && first > newest.saturating_add(1)
    {
        let reason = format!(
            "it ends at batch {newest}, and its journal begins at batch {first}: what came \
             between is lost"
        );
        return Err(refused(reason));
    }
    let before = newest;
    for Record { number, batch } in records {
        if number > newest {
            database.apply(numbered(batch, number))?;
            newest = number;
        }
    }
    if newest > before {
        database.sync()?;
    }
    Ok(newest)
}

fn numbered(mut batch: Batch, number: u64) -> Batch {
    batch.put(NUMBER, number.to_be_bytes());
    batch
}

impl<D: Backing> Shared<D> {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Whoever panicked with it set nothing but whole numbers.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, batch: Batch) -> Result<(), StoreError> {
        let mut state = self.lock();
        if let Some(reason) = &state.failed {
            return Err(StoreError::Write(format!("an earlier write failed: {reason}")));
        }
        let written = guarded(StoreError::Write, || self.try_write(&mut state, batch));
        if let Err(error) = &written {
            state.failed = Some(error.to_string());
        }
        written
    }

    fn try_write(&self, state: &mut State, batch: Batch) -> Result<(), StoreError> {
        let number = state.newest.saturating_add(1);
        let bytes = encode(&batch);
        let journaled = Journal::takes(bytes.len());
        if journaled {
            if !state.journal.has_room(bytes.len()) && state.durable < state.newest {
                self.database.sync()?;
                state.durable = state.newest;
            }
            if state.durable == state.newest {
                state.journal.rewind();
            }
            let appended = state.journal.append(number, &bytes);
            appended.map_err(|error| StoreError::Write(format!("its journal: {error}")))?;
        }
        drop(bytes);
        self.database.apply(numbered(batch, number))?;
        state.newest = number;
        if journaled {
            self.changed.notify_one();
        } else {
            self.database.sync()?;
            state.durable = number;
        }
        Ok(())
    }

    /// Makes the database durable again and again, for all batches of a pause at once.
    fn flush_until_the_end(&self) {
        let mut state = self.lock();
        loop {
            let idle = |state: &mut State| {
                !state.ending && (state.durable == state.newest || state.failed.is_some())
            };
            state = self.changed.wait_while(state, idle).unwrap_or_else(PoisonError::into_inner);
            let gathering = |state: &mut State| !state.ending;
            let gathered = self.changed.wait_timeout_while(state, PAUSE, gathering);
            state = gathered.unwrap_or_else(PoisonError::into_inner).0;
            let (newest, ending) = (state.newest, state.ending);
            if state.durable < newest && state.failed.is_none() {
                drop(state);
                let synced = guarded(StoreError::Write, || self.database.sync());
                state = self.lock();
                match synced {
                    Ok(()) => state.durable = state.durable.max(newest),
                    Err(error) => {
                        tracing::error!(%error, "the store cannot be made durable");
                        state.failed = Some(error.to_string());
                    }
                }
            }
            if ending {
                return;
            }
        }
    }
}

impl<D: Backing> Store for Journaled<D> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        if key == NUMBER { Ok(None) } else { self.shared.database.get(key) }
    }

    fn scan_prefix(&self, prefix: &[u8]) -> Result<Entries<'_>, StoreError> {
        let entries = self.shared.database.scan_prefix(prefix)?;
        Ok(Box::new(entries.filter(|entry| !matches!(entry, Ok((key, _)) if *key == NUMBER))))
    }

    fn last_at_or_before(&self, prefix: &[u8], key: &[u8]) -> Result<Option<Entry>, StoreError> {
        let last = self.shared.database.last_at_or_before(prefix, key)?;
        Ok(last.filter(|(key, _)| *key != NUMBER))
    }

    fn write(&self, batch: Batch) -> Result<(), StoreError> {
        batch.check()?;
        self.shared.write(batch)
    }
}

impl<D: Backing> Drop for Journaled<D> {
    fn drop(&mut self) {
        self.shared.lock().ending = true;
        self.shared.changed.notify_one();
        if let Some(Err(_)) = self.flusher.take().map(JoinHandle::join) {
            tracing::error!("the store's thread ended in a panic");
        }
    }
}

#[cfg(test)]
mod tests;
