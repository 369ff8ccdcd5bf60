//! What the benchmark part of a manifest must keep.
//!
//! A benchmark promises everything that a reveal is checked against without running anything: the
//! definition, the dataset, the fold, the range of scores and the noise.
//!
//! Spec: `docs/spec/05-registry.md`.

use std::collections::BTreeSet;

use probity_primitives::transcript::Fold;
use probity_primitives::{Hash, Score};

use super::error::BenchmarkError;
use super::state::{ArtifactKind, Benchmark, Manifest};
use crate::ledger::Ledger;

/// The most items that a benchmark may have.
pub const MAX_ITEMS: u32 = 1 << 24;

/// Checks a manifest's benchmark part: a benchmark has one, nothing else does.
///
/// # Errors
/// [`BenchmarkError`] with what does not hold.
pub fn check_part<'a>(
    ledger: &Ledger,
    manifest: &'a Manifest,
) -> Result<Option<&'a Benchmark>, BenchmarkError> {
    let (kind, part) = (manifest.kind, manifest.benchmark.as_ref());
    let wanted = kind == ArtifactKind::Benchmark;
    if part.is_some() != wanted {
        return Err(BenchmarkError::Part { kind, there: part.is_some(), wanted });
    }
    if let Some(part) = part {
        check_dataset(ledger, part)?;
        check_promise(ledger, part)?;
    }
    Ok(part)
}

fn check_dataset(ledger: &Ledger, part: &Benchmark) -> Result<(), BenchmarkError> {
    let id = part.dataset;
    let dataset = ledger.artifacts.get(&id).ok_or(BenchmarkError::UnknownDataset(id))?;
    let kind = dataset.manifest.kind;
    if kind != ArtifactKind::Dataset {
        return Err(BenchmarkError::NotDataset { id, kind });
    }
    Ok(())
}

fn check_promise(ledger: &Ledger, part: &Benchmark) -> Result<(), BenchmarkError> {
    if ledger.params.get().class(part.class).is_none() {
        return Err(BenchmarkError::UnknownClass(part.class));
    }
    if part.items == 0 || part.items > MAX_ITEMS {
        return Err(BenchmarkError::Items { items: part.items, limit: MAX_ITEMS });
    }
    if part.definition == Hash::ZERO {
        return Err(BenchmarkError::NoDefinition);
    }
    if part.metric.is_empty() || part.metric.chars().any(char::is_control) {
        return Err(BenchmarkError::Metric(part.metric.to_string()));
    }
    let (lowest, highest) = (part.lowest, part.highest);
    let negative_root = match part.fold {
        Fold::Mean => false,
        Fold::RootMean => lowest < Score::ZERO,
    };
    if lowest >= highest || negative_root {
        return Err(BenchmarkError::Range { lowest, highest });
    }
    let limit = lowest.distance(highest);
    if part.sigma == 0 || part.sigma > limit {
        return Err(BenchmarkError::Sigma { sigma: part.sigma, limit });
    }
    let mut engines = BTreeSet::new();
    match part.engines.iter().find(|engine| !engines.insert(**engine)) {
        Some(engine) => Err(BenchmarkError::EngineTwice(*engine)),
        None => Ok(()),
    }
}
