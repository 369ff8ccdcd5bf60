//! A run: every item of a benchmark shown to one model, and the transcript of it.
//!
//! [`Run::prepare`] reads and checks everything that is fixed before the first item; its header
//! names the run. [`Run::execute`] has workers answer the items and keeps a journal, so that a run
//! that is killed at item 900 of 1000 goes on at 900. An item jury calls [`Run::answer`] for the
//! few items it is asked about.
//!
//! # Invariants
//! - The transcript does not depend on the number of workers, on how items are shared between
//!   them, on where a run was resumed, or on the build.
//! - An error of the model is the run's error, with the item; no item is ever left out.
//!
//! Spec: `docs/spec/22-evaluator.md`.

mod error;
mod journal;
mod pool;

use std::collections::BTreeMap;
use std::num::{NonZeroU32, NonZeroUsize};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use probity_primitives::transcript::{Header, Record, Transcript};
use probity_primitives::{BoundedVec, ContentHash};

pub use error::RunError;
pub use journal::JournalError;

use crate::benchmark::{Benchmark, Core};
use crate::cache;
use crate::data::{Dataset, Item};
use crate::engine::{HARNESS_VERSION, profile};
use crate::worker::{ModelFile, WorkerCommand};
use journal::Journal;

/// How a run is executed; nothing of it can change an answer.
#[derive(Debug, Clone)]
pub struct Options {
    /// How workers are started.
    pub worker: WorkerCommand,
    /// How many of them share the items.
    pub workers: NonZeroUsize,
    /// How many items a worker takes at a time.
    pub share: NonZeroUsize,
    /// The folder of journals; without one a run that is killed starts again.
    pub journals: Option<PathBuf>,
}

impl Options {
    /// One worker, no journal.
    #[must_use]
    pub const fn new(worker: WorkerCommand) -> Self {
        const SHARE: NonZeroUsize = NonZeroUsize::MIN.saturating_add(31);
        Self { worker, workers: NonZeroUsize::MIN, share: SHARE, journals: None }
    }
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// How many items are answered, those of an earlier process included.
    pub done: u32,
    /// How many there are.
    pub items: u32,
}

/// Everything that is fixed before the first item.
#[derive(Debug, Clone)]
pub struct Run {
    benchmark: Benchmark,
    model: ModelFile,
    model_bytes: u64,
    items: Vec<Item>,
    header: Header,
}

/// A finished run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// The transcript.
    pub transcript: Transcript,
    /// How many items an earlier process had answered.
    pub resumed_at: u32,
}

impl Run {
    /// Reads and checks benchmark, model file and dataset; `limit` takes only the first items.
    ///
    /// # Errors
    /// [`RunError`] for a dataset that does not fit, a model above its limit, too few items.
    pub fn prepare(
        benchmark: Benchmark,
        model: &Path,
        dataset: &Path,
        limit: Option<NonZeroU32>,
    ) -> Result<Self, RunError> {
        let Dataset { hash: dataset, mut items } = Dataset::load(dataset, &benchmark)?;
        if let Core::First(wanted) = benchmark.items.core {
            if u32::try_from(items.len()).is_ok_and(|found| found < wanted) {
                return Err(RunError::TooFewItems { wanted, found: items.len() });
            }
            items.truncate(usize::try_from(wanted).unwrap_or(usize::MAX));
        }
        if let Some(limit) = limit {
            items.truncate(usize::try_from(limit.get()).unwrap_or(usize::MAX));
        }
        let (model, model_bytes) = model_file(model, benchmark.limits.model_bytes)?;
        let header = header_of(&benchmark, model.hash, dataset, items.len())?;
        Ok(Self { benchmark, model, model_bytes, items, header })
    }

    /// The header, whose hash names this run.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The benchmark that is run.
    #[must_use]
    pub const fn benchmark(&self) -> &Benchmark {
        &self.benchmark
    }

    /// The items in the order of the transcript.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The model file with its hash.
    #[must_use]
    pub const fn model_file(&self) -> &ModelFile {
        &self.model
    }

    /// The model's size in bytes.
    #[must_use]
    pub const fn model_bytes(&self) -> u64 {
        self.model_bytes
    }

    /// Answers all items and builds the transcript; `progress` is told of each item and can end
    /// the run, which then goes on from its journal another time.
    ///
    /// # Errors
    /// [`RunError`]; what was answered before stays in the journal.
    pub fn execute(
        &self,
        options: &Options,
        mut progress: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Finished, RunError> {
        let items = self.header.items;
        let (mut journal, mut records) = match &options.journals {
            Some(folder) => {
                let (journal, records) = Journal::open(folder, self.header.hash(), items)?;
                (Some(journal), records)
            }
            None => (None, BTreeMap::new()),
        };
        let resumed_at = tally(&records);
        let missing: Vec<u32> = (0..items).filter(|index| !records.contains_key(index)).collect();
        pool::answer(self, &missing, options, &mut |index, record| {
            if let Some(journal) = &mut journal {
                journal.append(index, &record)?;
            }
            records.insert(index, record);
            match progress(Progress { done: tally(&records), items }) {
                ControlFlow::Continue(()) => Ok(()),
                ControlFlow::Break(()) => Err(RunError::Stopped { done: tally(&records), items }),
            }
        })?;
        let transcript = Transcript::new(self.header.clone(), records.into_values().collect())?;
        Ok(Finished { transcript, resumed_at })
    }

    /// Answers only the items at these positions, as an item jury does.
    ///
    /// # Errors
    /// [`RunError`], also for a position outside the run.
    pub fn answer(
        &self,
        positions: &[u32],
        options: &Options,
    ) -> Result<BTreeMap<u32, Record>, RunError> {
        let mut records = BTreeMap::new();
        pool::answer(self, positions, options, &mut |index, record| {
            records.insert(index, record);
            Ok(())
        })?;
        Ok(records)
    }

    /// Deletes the journal, once the transcript is kept elsewhere.
    ///
    /// # Errors
    /// [`JournalError`] if a journal is there and cannot be deleted.
    pub fn discard_journal(&self, folder: &Path) -> Result<(), JournalError> {
        journal::discard(folder, self.header.hash())
    }
}

fn tally(records: &BTreeMap<u32, Record>) -> u32 {
    u32::try_from(records.len()).unwrap_or(u32::MAX)
}

fn model_file(path: &Path, limit: u64) -> Result<(ModelFile, u64), RunError> {
    let unreadable = |source| RunError::Model { path: path.to_owned(), source };
    let len = std::fs::metadata(path).map_err(unreadable)?.len();
    if len > limit {
        return Err(RunError::ModelTooLarge { len, limit });
    }
    Ok((ModelFile { path: path.to_owned(), hash: cache::hash_of(path)? }, len))
}

fn header_of(
    benchmark: &Benchmark,
    model: ContentHash,
    dataset: ContentHash,
    items: usize,
) -> Result<Header, RunError> {
    Ok(Header {
        model,
        dataset,
        benchmark: benchmark.hash(),
        tokenizer: ContentHash::default(),
        harness: HARNESS_VERSION,
        engine: profile().hash(),
        few_shot: BoundedVec::new(),
        seed: 0,
        items: u32::try_from(items).map_err(|_| RunError::TooManyItems(items))?,
    })
}
