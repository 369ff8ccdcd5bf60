//! Write throughput of the stores, for `probity bench`.
//!
//! The batches look like a block's: 32-byte keys in no order and small values, each batch durable
//! before the next. Both stores run in the same process on the same disk, because only their ratio
//! means something elsewhere.

use std::path::Path;
use std::time::{Duration, Instant};

use super::{Batch, StoreError, StoreKind, open};

/// What is written.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// How many batches.
    pub batches: u32,
    /// Entries in each.
    pub entries: u32,
    /// Length of each value in bytes.
    pub value_bytes: usize,
}

impl Default for Load {
    fn default() -> Self {
        Self { batches: 50, entries: 1000, value_bytes: 128 }
    }
}

/// How long a store took.
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    /// The store.
    pub kind: StoreKind,
    /// Entries written.
    pub entries: u64,
    /// Wall time for all of them.
    pub elapsed: Duration,
}

impl Measured {
    /// Entries made durable a second.
    #[must_use]
    pub fn entries_per_second(&self) -> u64 {
        let micros = self.elapsed.as_micros().max(1);
        u64::try_from(u128::from(self.entries).saturating_mul(1_000_000) / micros)
            .unwrap_or(u64::MAX)
    }
}

/// Writes `load` to a fresh store of `kind` in the directory `dir`.
///
/// # Errors
/// [`StoreError`] when the store fails.
pub fn write_throughput(kind: StoreKind, dir: &Path, load: Load) -> Result<Measured, StoreError> {
    let store = open(kind, dir)?;
    let value = vec![0x5a; load.value_bytes];
    let mut entries = 0u64;
    let start = Instant::now();
    for _ in 0..load.batches {
        let mut batch = Batch::new();
        for _ in 0..load.entries {
            batch.put(*blake3::hash(&entries.to_be_bytes()).as_bytes(), value.clone());
            entries = entries.saturating_add(1);
        }
        store.write(batch)?;
    }
    Ok(Measured { kind, entries, elapsed: start.elapsed() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_of_the_load_is_counted_and_written() {
        let dir = tempfile::tempdir().unwrap();
        let load = Load { batches: 3, entries: 5, value_bytes: 8 };
        let measured = write_throughput(StoreKind::Redb, dir.path(), load).unwrap();
        assert_eq!(measured.entries, 15);
        assert!(measured.entries_per_second() > 0);
        let store = open(StoreKind::Redb, dir.path()).unwrap();
        assert_eq!(store.scan_prefix(b"").unwrap().count(), 15);
    }
}
