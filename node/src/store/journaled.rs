//! A database with a journal in front of it.
//!
//! A database that makes every batch durable by itself pays for its own log, its pages and the file
//! system's journal each time. Here a batch is durable when its record is in [`Journal`], files that
//! take one flush of data, and is read from [`Recent`] until the database has it. Another thread
//! carries what has gathered there into the database, for many batches at once: what was written
//! over in the meantime never reaches it.
//!
//! # Invariants
//! - [`Store::write`] returns `Ok` when the batch is in the flushed journal, or in the flushed
//!   database if it is too long for the journal.
//! - The number of the newest batch goes into the database after all that the batches changed. A
//!   store that opens takes in the records after the database's number; if one is missing before
//!   another, the database has lost what it had made durable, or the journal has, and the store is
//!   refused.
//! - A file of the journal begins again only when the database has made durable all that is in it:
//!   while the database gets a layer, the records of the next one go to the other file.
//! - After a failure nothing more is written: what the disk holds then is found out by opening anew.
//!
//! Spec: `docs/spec/28-snapshots.md`.

use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::checked::guarded;
use super::journal::{Journal, Record, encode};
use super::recent::{Layer, Recent};
use super::{Backing, Batch, Entries, Entry, Store, StoreError, StoreKind};

/// The key of the number of the newest batch. No family of keys begins with a zero.
const NUMBER: [u8; 8] = *b"\0journal";
/// The database gets what has gathered at most so often,
const PAUSE: Duration = Duration::from_millis(500);
/// or when so many bytes have gathered,
const GATHERED_BYTES: usize = 4 * 1024 * 1024;
/// in batches of so many changes: sled's memory grows with the square of a batch.
const CARRIED: usize = 256;

/// A database with a journal in front of it.
#[derive(Debug)]
pub struct Journaled<D: Backing> {
    shared: Arc<Shared<D>>,
    carrier: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared<D> {
    database: D,
    recent: Recent,
    state: Mutex<State>,
    /// There is something to carry, or it presses.
    changed: Condvar,
    /// The journal has room, the database has more, or never will.
    settled: Condvar,
}

#[derive(Debug)]
struct State {
    journal: Journal,
    /// The number of the newest batch.
    newest: u64,
    /// The number up to which the database has everything, durably.
    durable: u64,
    /// Somebody waits for the database, or enough has gathered.
    pressing: bool,
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
        let (failed, pressing, ending) = (None, false, false);
        let state = State { journal, newest, durable: newest, pressing, failed, ending };
        let shared = Arc::new(Shared {
            database,
            recent: Recent::default(),
            state: Mutex::new(state),
            changed: Condvar::new(),
            settled: Condvar::new(),
        });
        let carrying = Arc::clone(&shared);
        let carrier = std::thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || carrying.carry_until_the_end())
            .map_err(|error| refused(error.to_string()))?;
        Ok(Self { shared, carrier: Some(carrier) })
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
    let before = newest;
    for Record { number, batch } in records {
        if number > newest.saturating_add(1) {
            let reason = format!(
                "it ends at batch {newest}, and its journal goes on at batch {number}: what came \
                 between is lost"
            );
            return Err(refused(reason));
        }
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
        let bytes = encode(&batch);
        let mut state = self.make_way(bytes.len());
        if let Some(reason) = &state.failed {
            return Err(StoreError::Write(format!("an earlier write failed: {reason}")));
        }
        let written = guarded(StoreError::Write, || self.try_write(&mut state, batch, &bytes));
        if let Err(error) = &written {
            state.failed = Some(error.to_string());
        }
        written
    }

    /// Waits until the journal has room for so many bytes, or the database has everything.
    ///
    /// A layer that is being carried makes no room; that the next one is makes some.
    fn make_way(&self, bytes: usize) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        while state.durable < state.newest
            && state.failed.is_none()
            && !state.journal.has_room(bytes)
        {
            state.pressing = true;
            self.changed.notify_one();
            state = self.settled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state
    }

    fn try_write(&self, state: &mut State, batch: Batch, bytes: &[u8]) -> Result<(), StoreError> {
        let number = state.newest.saturating_add(1);
        if !Journal::takes(bytes.len()) {
            self.database.apply(numbered(batch, number))?;
            self.database.sync()?;
            (state.newest, state.durable) = (number, number);
            return Ok(());
        }
        if state.durable == state.newest {
            state.journal.rewind();
        }
        let appended = state.journal.append(number, bytes);
        appended.map_err(|error| StoreError::Write(format!("its journal: {error}")))?;
        state.newest = number;
        state.pressing |= self.recent.add(batch) >= GATHERED_BYTES;
        self.changed.notify_one();
        Ok(())
    }

    /// Carries what has gathered into the database, again and again.
    fn carry_until_the_end(&self) {
        let mut state = self.lock();
        loop {
            let idle = |state: &mut State| {
                !state.ending && (state.durable == state.newest || state.failed.is_some())
            };
            state = self.changed.wait_while(state, idle).unwrap_or_else(PoisonError::into_inner);
            let gathering = |state: &mut State| !state.ending && !state.pressing;
            let gathered = self.changed.wait_timeout_while(state, PAUSE, gathering);
            state = gathered.unwrap_or_else(PoisonError::into_inner).0;
            let (newest, ending) = (state.newest, state.ending);
            if state.durable < newest && state.failed.is_none() {
                let layer = self.recent.age();
                // The database has all of the other file since the layer before.
                state.journal.turn();
                self.settled.notify_all();
                drop(state);
                let carried = guarded(StoreError::Write, || self.carry(&layer, newest));
                state = self.lock();
                match carried {
                    Ok(()) => {
                        self.recent.forget();
                        state.durable = newest;
                    }
                    Err(error) => {
                        tracing::error!(%error, "the store's database cannot be written");
                        state.failed = Some(error.to_string());
                    }
                }
            }
            state.pressing = false;
            self.settled.notify_all();
            if ending {
                return;
            }
        }
    }

    /// Brings the database to a number whose changes are in `layer`, durably.
    fn carry(&self, layer: &Layer, newest: u64) -> Result<(), StoreError> {
        let mut changes = layer.iter();
        loop {
            let some = changes.by_ref().take(CARRIED);
            let some = some.map(|(key, value)| (key.clone(), value.clone())).collect();
            let batch = Batch { changes: some };
            if batch.is_empty() {
                break;
            }
            self.database.apply(batch)?;
        }
        self.database.apply(numbered(Batch::new(), newest))?;
        self.database.sync()
    }
}

impl<D: Backing> Store for Journaled<D> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        if key == NUMBER {
            return Ok(None);
        }
        self.shared.recent.get(&self.shared.database, key)
    }

    fn scan(&self, prefix: &[u8], below: Option<&[u8]>) -> Result<Entries<'_>, StoreError> {
        let Shared { recent, database, .. } = self.shared.as_ref();
        let entries = recent.scan(database, prefix, below)?;
        Ok(Box::new(entries.filter(|entry| !matches!(entry, Ok((key, _)) if *key == NUMBER))))
    }

    fn last_at_or_before(&self, prefix: &[u8], key: &[u8]) -> Result<Option<Entry>, StoreError> {
        let Shared { recent, database, .. } = self.shared.as_ref();
        let last = recent.last_at_or_before(database, prefix, key)?;
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
        if let Some(Err(_)) = self.carrier.take().map(JoinHandle::join) {
            tracing::error!("the store's thread ended in a panic");
        }
    }
}

#[cfg(test)]
mod tests;
