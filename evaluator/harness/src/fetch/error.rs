//! Why a file could not be fetched.

use crate::cache::CacheError;

/// Why a file could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The bytes did not enter the cache: too many, or another hash.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// No connection, or it broke.
    #[error("cannot fetch {url}: {reason}")]
    Web {
        /// The address.
        url: String,
        /// The causes, outermost first.
        reason: String,
    },
    /// The server said no.
    #[error("cannot fetch {url}: the server answered {status}")]
    Status {
        /// The address.
        url: String,
        /// The status.
        status: u16,
    },
    /// The hub's client gave up.
    #[error("cannot fetch {file} from the hub: {reason}")]
    Hub {
        /// The file.
        file: String,
        /// Why.
        reason: String,
    },
    /// There is no connection to be made, and no copy on disk.
    #[error("{0} is not in the hub's cache, and the hub is offline by configuration")]
    Offline(String),
    /// The file took longer than its time.
    #[error("fetching {source_name} took longer than {seconds} s")]
    TimedOut {
        /// What was fetched.
        source_name: String,
        /// The limit.
        seconds: u64,
    },
    /// The program is ending.
    #[error("fetching was interrupted")]
    Interrupted,
}

/// An error with its causes on one line: libraries hide the reason in the last of them.
pub(super) fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let words = cause.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        next = cause.source();
    }
    text
}
