//! The second store: redb, one table in one file.
//!
//! It exists because sled is no longer maintained: a node changes over by its configuration, and
//! the common test suite holds both to the same promises.

use std::fs;
use std::ops::Bound;
use std::path::Path;

use ::redb::{Database, Durability, ReadOnlyTable, ReadableDatabase, TableDefinition};
use probity_harness::handover;

use super::{Backing, Batch, Entries, Entry, Store, StoreError, StoreKind, within};

const TABLE: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("entries");
const FILE_NAME: &str = "store.redb";
/// Memory that redb may use for its page cache, in bytes.
const CACHE_BYTES: usize = 64 * 1024 * 1024;

type Table = ReadOnlyTable<&'static [u8], &'static [u8]>;

/// Ordered bytes in a redb database.
#[derive(Debug)]
pub struct RedbStore {
    db: Database,
}

impl RedbStore {
    /// Opens, or creates, the database in `dir`.
    ///
    /// # Errors
    /// [`StoreError::Open`] when another process holds it, or it cannot be read.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        let is_held = |error: &::redb::Error| matches!(error, ::redb::Error::DatabaseAlreadyOpen);
        handover::wait(|| Self::create(dir), is_held).map_err(|error| StoreError::Open {
            kind: StoreKind::Redb,
            path: dir.to_owned(),
            reason: error.to_string(),
        })
    }

    fn create(dir: &Path) -> Result<Self, ::redb::Error> {
        fs::create_dir_all(dir)?;
        let db = Database::builder().set_cache_size(CACHE_BYTES).create(dir.join(FILE_NAME))?;
        // The table exists from the start, so that readers never meet a database without it.
        let transaction = db.begin_write()?;
        transaction.open_table(TABLE)?;
        transaction.commit()?;
        Ok(Self { db })
    }

    fn table(&self) -> Result<Table, ::redb::Error> {
        Ok(self.db.begin_read()?.open_table(TABLE)?)
    }

    fn try_get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, ::redb::Error> {
        Ok(self.table()?.get(key)?.map(|value| value.value().to_vec()))
    }

    fn try_last(&self, key: &[u8]) -> Result<Option<Entry>, ::redb::Error> {
        let last = self.table()?.range::<&[u8]>(..=key)?.next_back().transpose()?;
        Ok(last.map(|(key, value)| (key.value().to_vec(), value.value().to_vec())))
    }

    fn try_write(&self, batch: Batch, durability: Durability) -> Result<(), ::redb::Error> {
        let mut transaction = self.db.begin_write()?;
        transaction.set_durability(durability)?;
        {
            let mut table = transaction.open_table(TABLE)?;
            for (key, value) in batch.into_changes() {
                match value {
                    Some(value) => drop(table.insert(key.as_slice(), value.as_slice())?),
                    None => drop(table.remove(key.as_slice())?),
                }
            }
        }
        transaction.commit()?;
        Ok(())
    }
}

impl Store for RedbStore {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.try_get(key).map_err(read)
    }

    fn scan(&self, prefix: &[u8], below: Option<&[u8]>) -> Result<Entries<'_>, StoreError> {
        let (owned_prefix, below) = (prefix.to_vec(), below.map(<[u8]>::to_vec));
        let bounds = (Bound::Included(prefix), Bound::Unbounded);
        let table = self.table().map_err(read)?;
        let range = table.range::<&[u8]>(bounds).map_err(|error| read(error.into()))?;
        let entries = range
            .map(|entry| match entry {
                Ok((key, value)) => Ok((key.value().to_vec(), value.value().to_vec())),
                Err(error) => Err(read(error.into())),
            })
            .take_while(move |entry| {
                let among = |key: &[u8]| within(key, &owned_prefix, below.as_deref());
                entry.as_ref().map_or(true, |(key, _)| among(key))
            });
        Ok(Box::new(entries))
    }

    fn last_at_or_before(&self, prefix: &[u8], key: &[u8]) -> Result<Option<Entry>, StoreError> {
        let last = self.try_last(key).map_err(read)?;
        Ok(last.filter(|(key, _)| key.starts_with(prefix)))
    }

    fn write(&self, batch: Batch) -> Result<(), StoreError> {
        batch.check()?;
        self.try_write(batch, Durability::Immediate).map_err(write)
    }
}

impl Backing for RedbStore {
    fn apply(&self, batch: Batch) -> Result<(), StoreError> {
        batch.check()?;
        self.try_write(batch, Durability::None).map_err(write)
    }

    fn sync(&self) -> Result<(), StoreError> {
        // A durable transaction makes all before it durable.
        self.try_write(Batch::new(), Durability::Immediate).map_err(write)
    }
}

fn read(error: ::redb::Error) -> StoreError {
    StoreError::Read(error.to_string())
}

fn write(error: ::redb::Error) -> StoreError {
    StoreError::Write(error.to_string())
}
