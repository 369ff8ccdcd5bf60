//! Numbered batches whose wholeness can be seen: for stores in files.

use probity_node::store::{Batch, Store, StoreError};

/// Entries of a batch beside its number.
const ENTRIES: u8 = 20;
/// Length of each entry in bytes.
const BYTES: usize = 200;

fn key(number: u64, entry: u8) -> Vec<u8> {
    let mut key = b"batch/".to_vec();
    key.extend_from_slice(&number.to_be_bytes());
    key.push(entry);
    key
}

fn value(number: u64, entry: u8) -> Vec<u8> {
    let seed = number.to_be_bytes();
    seed.iter().chain([&entry]).copied().cycle().take(BYTES).collect()
}

/// The batch of a number: its entries, and that it is the newest.
pub fn batch(number: u64) -> Batch {
    let mut batch = Batch::new();
    for entry in 0..ENTRIES {
        batch.put(key(number, entry), value(number, entry));
    }
    batch.put(*b"tip", number.to_be_bytes());
    batch
}

/// The number of the newest batch.
///
/// # Errors
/// [`StoreError`] if the store cannot be read.
pub fn tip(store: &dyn Store) -> Result<Option<u64>, StoreError> {
    let bytes = store.get(b"tip")?;
    Ok(bytes.and_then(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes))
}

/// Whether the store holds every batch up to the newest whole, and nothing of a later one; gives
/// the newest.
///
/// # Errors
/// What is missing, torn, or there too early.
pub fn inspect(store: &dyn Store) -> Result<Option<u64>, String> {
    let tip = tip(store).map_err(|error| error.to_string())?;
    let next = tip.map_or(0, |tip| tip.saturating_add(1));
    for number in 0..next {
        for entry in 0..ENTRIES {
            let found = store.get(&key(number, entry)).map_err(|error| error.to_string())?;
            if found != Some(value(number, entry)) {
                return Err(format!("entry {entry} of batch {number} is torn, the tip is {tip:?}"));
            }
        }
    }
    for entry in 0..ENTRIES {
        if store.get(&key(next, entry)).map_err(|error| error.to_string())?.is_some() {
            return Err(format!("entry {entry} of batch {next} is there, the tip is {tip:?}"));
        }
    }
    Ok(tip)
}

#[cfg(test)]
mod tests {
    use probity_node::store::MemoryStore;

    use super::*;

    #[test]
    fn a_torn_batch_and_one_without_its_number_are_seen() {
        let store = MemoryStore::new();
        assert_eq!(inspect(&store), Ok(None));
        store.write(batch(0)).unwrap();
        store.write(batch(1)).unwrap();
        assert_eq!(inspect(&store), Ok(Some(1)));
        let mut torn = Batch::new();
        torn.delete(key(0, 7));
        store.write(torn).unwrap();
        assert!(inspect(&store).unwrap_err().contains("entry 7 of batch 0"));
        store.write(batch(0)).unwrap();
        assert!(inspect(&store).unwrap_err().contains("of batch 1 is there"));
    }
}
