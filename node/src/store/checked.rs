//! A store whose values carry a checksum each, and that fails instead of panicking.
//!
//! Neither database looks at what it reads back: sled checks the pages that it recovers, redb its
//! pages after a crash, and a bit that flips later reaches the rules. Here every value is followed
//! by eight bytes over its key and itself, so that a damaged value, or one that turned up under
//! another's key, is an error where it is first read and names the key.
//!
//! Both databases panic on some files that are not theirs any more. A panic in one is an error of
//! the call that met it: the node then ends in order, with a reason.
//!
//! # Not here
//! A value that is gone. The state as a whole is compared with its root when the chain is loaded,
//! and a node of the tree that is missing is an error of the tree.
//!
//! Spec: `docs/spec/28-snapshots.md`.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Backing, Batch, Entries, Entry, Store, StoreError};

/// How many bytes follow a value.
const CHECKSUM_BYTES: usize = 8;

/// A store whose values carry a checksum each.
#[derive(Debug)]
pub struct Checked<S>(S);

impl<S: Store> Checked<S> {
    /// Adds checksums to what goes into `store`, and looks at them on the way out.
    pub const fn new(store: S) -> Self {
        Self(store)
    }
}

impl<S: Store> Store for Checked<S> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let value = guarded(StoreError::Read, || self.0.get(key))?;
        value.map(|value| unseal(key, value)).transpose()
    }

    fn scan(&self, prefix: &[u8], below: Option<&[u8]>) -> Result<Entries<'_>, StoreError> {
        let mut entries = guarded(StoreError::Read, || self.0.scan(prefix, below))?.fuse();
        let next = move || {
            let entry = guarded(StoreError::Read, || entries.next().transpose());
            Some(entry.transpose()?.and_then(unseal_entry))
        };
        Ok(Box::new(std::iter::from_fn(next)))
    }

    fn last_at_or_before(&self, prefix: &[u8], key: &[u8]) -> Result<Option<Entry>, StoreError> {
        let last = guarded(StoreError::Read, || self.0.last_at_or_before(prefix, key))?;
        last.map(unseal_entry).transpose()
    }

    fn write(&self, batch: Batch) -> Result<(), StoreError> {
        batch.check()?;
        guarded(StoreError::Write, || self.0.write(batch.map_values(seal)))
    }
}

impl<S: Backing> Backing for Checked<S> {
    fn apply(&self, batch: Batch) -> Result<(), StoreError> {
        batch.check()?;
        guarded(StoreError::Write, || self.0.apply(batch.map_values(seal)))
    }

    fn load(&self, batch: Batch) -> Result<(), StoreError> {
        batch.check()?;
        guarded(StoreError::Write, || self.0.load(batch.map_values(seal)))
    }

    fn sync(&self) -> Result<(), StoreError> {
        guarded(StoreError::Write, || self.0.sync())
    }
}

/// Calls a database; a panic in it is an error.
///
/// What a panic leaves behind is the database's own, and whoever meets the error stops using it.
pub(super) fn guarded<T>(
    kind: fn(String) -> StoreError,
    call: impl FnOnce() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(result) => result,
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("unknown");
            Err(kind(format!("the database panicked: {text}")))
        }
    }
}

fn seal(key: &[u8], mut value: Vec<u8>) -> Vec<u8> {
    let checksum = checksum(key, &value);
    value.extend_from_slice(&checksum);
    value
}

fn unseal_entry((key, value): Entry) -> Result<Entry, StoreError> {
    let value = unseal(&key, value)?;
    Ok((key, value))
}

fn unseal(key: &[u8], mut value: Vec<u8>) -> Result<Vec<u8>, StoreError> {
    let Some((rest, sum)) = value.split_last_chunk::<CHECKSUM_BYTES>() else {
        return Err(StoreError::damaged(key, format!("{} bytes have no checksum", value.len())));
    };
    if *sum != checksum(key, rest) {
        return Err(StoreError::damaged(key, "its checksum is another one's"));
    }
    let len = rest.len();
    value.truncate(len);
    Ok(value)
}

fn checksum(key: &[u8], value: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let mut hasher = blake3::Hasher::new();
    // The key's length keeps bytes of the key from counting as bytes of the value.
    hasher.update(&u64::try_from(key.len()).unwrap_or(u64::MAX).to_le_bytes());
    hasher.update(key);
    hasher.update(value);
    let mut sum = [0; CHECKSUM_BYTES];
    hasher.finalize_xof().fill(&mut sum);
    sum
}

#[cfg(test)]
mod tests {
    use super::super::MemoryStore;
    use super::*;

    fn store() -> (MemoryStore, Checked<MemoryStore>) {
        let bare = MemoryStore::new();
        let checked = Checked::new(bare.clone());
        let mut batch = Batch::new();
        batch.put(*b"k1", *b"value one");
        batch.put(*b"k2", *b"value two");
        batch.put(*b"k3", *b"");
        checked.write(batch).unwrap();
        (bare, checked)
    }

    fn put(store: &MemoryStore, key: &[u8], value: Vec<u8>) {
        let mut batch = Batch::new();
        batch.put(key, value);
        store.write(batch).unwrap();
    }

    #[test]
    fn every_flipped_bit_of_a_value_is_found_where_it_is_read() {
        let (bare, checked) = store();
        let good = bare.get(b"k1").unwrap().unwrap();
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            put(&bare, b"k1", bad);
            let said = checked.get(b"k1").unwrap_err().to_string();
            assert_eq!(said, "the store is damaged at key 6b31: its checksum is another one's");
            assert!(checked.last_at_or_before(b"k", b"k1").is_err(), "bit {bit}");
            assert!(checked.scan_prefix(b"k").unwrap().any(|entry| entry.is_err()), "bit {bit}");
        }
        put(&bare, b"k1", good);
        assert_eq!(checked.get(b"k1").unwrap(), Some(b"value one".to_vec()));
    }

    #[test]
    fn a_value_under_another_key_and_a_shortened_one_are_found() {
        let (bare, checked) = store();
        let two = bare.get(b"k2").unwrap().unwrap();
        put(&bare, b"k1", two.clone());
        assert!(matches!(checked.get(b"k1"), Err(StoreError::Damaged { .. })));
        for len in 0..two.len() {
            put(&bare, b"k2", two[..len].to_vec());
            assert!(matches!(checked.get(b"k2"), Err(StoreError::Damaged { .. })), "{len}");
        }
        assert_eq!(checked.get(b"k3").unwrap(), Some(Vec::new()));
        assert_eq!(checked.get(b"k4").unwrap(), None);
    }
}
