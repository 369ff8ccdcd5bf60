//! What a run may use: part of the benchmark, because a limit decides who gets a score.

use serde::Deserialize;

use super::error::Fault;

/// The limits of a run, each with a default and a ceiling.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// The largest dataset file in bytes.
    pub dataset_bytes: u64,
    /// The most rows in it.
    pub rows: u64,
    /// The longest row in bytes.
    pub row_bytes: u64,
    /// The largest model file in bytes.
    pub model_bytes: u64,
    /// The address space of the process that runs the model, in bytes.
    pub memory_bytes: u64,
    /// How long the model may take to load.
    pub load_seconds: u64,
    /// How long it may take for one item.
    pub item_milliseconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            dataset_bytes: 1 << 30,
            rows: 1_000_000,
            row_bytes: 1 << 20,
            model_bytes: 512 << 20,
            memory_bytes: 4 << 30,
            load_seconds: 60,
            item_milliseconds: 10_000,
        }
    }
}

impl Limits {
    pub(super) fn check(&self) -> Result<(), Fault> {
        let Self {
            dataset_bytes,
            rows,
            row_bytes,
            model_bytes,
            memory_bytes,
            load_seconds,
            item_milliseconds,
        } = self;
        for (key, value, ceiling) in [
            ("limits.dataset_bytes", dataset_bytes, 16u64 << 30),
            ("limits.rows", rows, 100_000_000),
            ("limits.row_bytes", row_bytes, 64 << 20),
            ("limits.model_bytes", model_bytes, 16 << 30),
            ("limits.memory_bytes", memory_bytes, 256 << 30),
            ("limits.load_seconds", load_seconds, 3_600),
            ("limits.item_milliseconds", item_milliseconds, 600_000),
        ] {
            if !(1..=ceiling).contains(value) {
                let reason = format!("{value} is not between 1 and {ceiling}");
                return Err(Fault::new(key, reason));
            }
        }
        Ok(())
    }
}
