//! What can go wrong with a worker.

use std::io;
use std::path::PathBuf;

use crate::engine::EngineError;

/// Why a worker gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The process did not start.
    #[error("cannot start the worker {program}: {source}")]
    Start {
        /// The program.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The model's path is no text.
    #[error("path {0:?} is not utf-8")]
    Path(PathBuf),
    /// The process ended: a panic, an abort, a signal.
    #[error("the worker ended with {status} during {doing}: {last_words}")]
    Ended {
        /// What it was doing.
        doing: &'static str,
        /// How it ended.
        status: String,
        /// The last it said.
        last_words: String,
    },
    /// The process was killed at its time limit.
    #[error("{doing} took longer than {milliseconds} ms")]
    TimedOut {
        /// What it was doing.
        doing: &'static str,
        /// The limit.
        milliseconds: u128,
    },
    /// The engine refused the model or an item.
    #[error("{error}")]
    Engine {
        /// The position among the inputs that were sent; none while loading.
        item: Option<usize>,
        /// What the engine said.
        error: EngineError,
    },
    /// The worker does not keep to the protocol.
    #[error("the worker is confused: {0}")]
    Confused(&'static str),
    /// A question is too long to be sent.
    #[error("a request of {len} bytes is above the limit of {limit}")]
    Request {
        /// Its length.
        len: usize,
        /// The limit.
        limit: usize,
    },
}
