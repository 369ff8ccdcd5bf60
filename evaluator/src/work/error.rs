//! Why work has no result, and whether it could have one later.

use probity_harness::benchmark::BenchmarkError;
use probity_harness::cache::CacheError;
use probity_harness::run::RunError;
use probity_harness::stored::StoredError;
use probity_harness::worker::WorkerError;
use probity_primitives::Hash;
use probity_primitives::bounded::LimitError;
use probity_primitives::transcript::TranscriptError;

use crate::desk::DeskError;
use crate::node_api::ApiError;

/// Why work has no result.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// An artifact has no file that could be fetched.
    #[error("the {0} has no file")]
    NoFile(&'static str),
    /// A file could not be fetched.
    #[error("cannot fetch the {what}: {source}")]
    Fetch {
        /// Which file.
        what: &'static str,
        /// What the node said.
        source: ApiError,
    },
    /// A file is larger than the operator accepts.
    #[error("the {what} has {size} bytes, the operator's limit is {limit}")]
    TooLarge {
        /// Which file.
        what: &'static str,
        /// Its announced size.
        size: u64,
        /// The operator's limit.
        limit: u64,
    },
    /// The definition cannot be read.
    #[error(transparent)]
    Benchmark(#[from] BenchmarkError),
    /// What would be run is not what the task asks for.
    #[error("the task asks for the {what} {expected}, the files give {found}")]
    Other {
        /// What differs.
        what: &'static str,
        /// What the files give.
        found: Hash,
        /// What the task asks for.
        expected: Hash,
    },
    /// The benchmark does not accept this machine's engine.
    #[error("the benchmark does not accept the engine profile {0}")]
    Engine(Hash),
    /// The harness has no transcript.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The answers add up to no score.
    #[error("the answers add up to no score")]
    NoScore,
    /// The records are no transcript.
    #[error(transparent)]
    Transcript(#[from] TranscriptError),
    /// There are more items or answers than a jury takes.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// The result cannot be kept.
    #[error(transparent)]
    Desk(#[from] DeskError),
    /// The transcript does not come in or out of the cache.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The kept transcript cannot be read.
    #[error(transparent)]
    Stored(#[from] StoredError),
    /// The agent ends.
    #[error("the agent ends")]
    Stopped,
    /// The work ended without saying how.
    #[error("the work broke off: {0}")]
    BrokeOff(String),
}

impl WorkError {
    /// Whether the reason lies in what was to be evaluated, so that trying again is of no use.
    ///
    /// A crash or a time limit may be this machine's own fault under load, so it is not.
    #[must_use]
    pub const fn is_lasting(&self) -> bool {
        match self {
            Self::NoFile(_)
            | Self::TooLarge { .. }
            | Self::Benchmark(_)
            | Self::Other { .. }
            | Self::Engine(_)
            | Self::NoScore
            | Self::Transcript(_)
            | Self::Limit(_) => true,
            Self::Run(error) => is_lasting(error),
            Self::Fetch { .. }
            | Self::Desk(_)
            | Self::Cache(_)
            | Self::Stored(_)
            | Self::Stopped
            | Self::BrokeOff(_) => false,
        }
    }
}

const fn is_lasting(error: &RunError) -> bool {
    match error {
        RunError::Data(_)
        | RunError::ModelTooLarge { .. }
        | RunError::TooFewItems { .. }
        | RunError::TooManyItems(_)
        | RunError::NoItem { .. }
        | RunError::Answer { .. }
        | RunError::Transcript(_) => true,
        RunError::Worker(source) => is_engines(source),
        RunError::Item { source, .. } => is_engines(source),
        RunError::File(_)
        | RunError::Model { .. }
        | RunError::Journal(_)
        | RunError::Stopped { .. } => false,
    }
}

/// Whether the engine itself said no, which it says every time.
const fn is_engines(error: &WorkerError) -> bool {
    match error {
        WorkerError::Engine { .. } | WorkerError::Request { .. } => true,
        WorkerError::Start { .. }
        | WorkerError::Path(_)
        | WorkerError::Ended { .. }
        | WorkerError::TimedOut { .. }
        | WorkerError::Confused(_) => false,
    }
}
