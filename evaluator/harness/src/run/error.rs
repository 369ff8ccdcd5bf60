//! Why a run has no transcript.

use std::io;
use std::path::PathBuf;

use probity_primitives::transcript::TranscriptError;

use super::JournalError;
use crate::answer::AnswerError;
use crate::cache::CacheError;
use crate::data::DataError;
use crate::worker::WorkerError;

/// Why a run has no transcript.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The dataset cannot be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] CacheError),
    /// The model file is not there.
    #[error("cannot read the model {path}: {source}")]
    Model {
        /// Its path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The model file is above the benchmark's limit.
    #[error("the model has {len} bytes, the benchmark's limit is {limit}")]
    ModelTooLarge {
        /// Its size.
        len: u64,
        /// The limit.
        limit: u64,
    },
    /// The dataset is smaller than the benchmark's core.
    #[error("the benchmark runs {wanted} items, the dataset has {found}")]
    TooFewItems {
        /// What the benchmark says.
        wanted: u32,
        /// What there is.
        found: usize,
    },
    /// The dataset is larger than a transcript.
    #[error("{0} items are more than a transcript holds")]
    TooManyItems(usize),
    /// A position that the run does not have.
    #[error("there is no item {position} among {items}")]
    NoItem {
        /// The position.
        position: u32,
        /// How many items there are.
        items: u32,
    },
    /// The worker failed before the first item, or as a whole.
    #[error(transparent)]
    Worker(#[from] WorkerError),
    /// The worker failed on an item.
    #[error("item {id}, line {line} of the dataset: {source}")]
    Item {
        /// The item's identifier.
        id: String,
        /// Its line in the dataset.
        line: u64,
        /// What went wrong.
        source: Box<WorkerError>,
    },
    /// The model's output is no answer.
    #[error("item {id}: {source}")]
    Answer {
        /// The item's identifier.
        id: String,
        /// What is wrong with it.
        source: AnswerError,
    },
    /// The journal cannot be kept.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The caller ended the run.
    #[error("stopped at item {done} of {items}")]
    Stopped {
        /// How many items were answered.
        done: u32,
        /// How many there are.
        items: u32,
    },
    /// The records are no transcript.
    #[error(transparent)]
    Transcript(#[from] TranscriptError),
}
