//! What can go wrong between a client and a node.

use std::time::Duration;

use probity_api::Problem;
use probity_api::problem::Nonces;
use probity_primitives::{ContentHash, Height};

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// The address is not one that can be asked.
    #[error("{url:?} is not the address of a node: {reason}")]
    BadUrl {
        /// What was given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The node could not be asked, or broke off.
    #[error("cannot reach the node at {url}: {reason}")]
    Unreachable {
        /// What was asked.
        url: String,
        /// What happened.
        reason: String,
    },
    /// The node said no.
    #[error("the node answers {status} {code}: {detail}")]
    Problem {
        /// The HTTP status.
        status: u16,
        /// A stable name for programs.
        code: String,
        /// What was wrong, with the values.
        detail: String,
        /// Whether the same request may succeed later.
        retryable: bool,
        /// The height from which it may, where that is known.
        retry_at_height: Option<Height>,
        /// The nonces, where it is about nonces.
        nonces: Option<Nonces>,
    },
    /// The answer is not one of this API.
    #[error("the answer of {url} cannot be read: {reason}")]
    Malformed {
        /// What was asked.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The answer is longer than what is read.
    #[error("the answer of {url} is longer than {limit} bytes")]
    TooLarge {
        /// What was asked.
        url: String,
        /// The longest that is read, in bytes.
        limit: u64,
    },
    /// The file has another hash.
    #[error("the file {expected} arrived with the hash {found}")]
    WrongHash {
        /// What was asked for.
        expected: ContentHash,
        /// What came.
        found: ContentHash,
    },
    /// A file of one's own cannot be read.
    #[error("cannot read {path}: {reason}")]
    File {
        /// Where it lies.
        path: String,
        /// What happened.
        reason: String,
    },
    /// What was waited for did not come.
    #[error("waited {} s for {what}", .waited.as_secs())]
    TimedOut {
        /// What was waited for.
        what: String,
        /// For how long.
        waited: Duration,
    },
}

impl ClientError {
    /// The problem's code, if the node said no.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Problem { code, .. } => Some(code),
            Self::BadUrl { .. }
            | Self::Unreachable { .. }
            | Self::Malformed { .. }
            | Self::TooLarge { .. }
            | Self::WrongHash { .. }
            | Self::File { .. }
            | Self::TimedOut { .. } => None,
        }
    }

    /// The nonces, if the node said no because of one.
    #[must_use]
    pub const fn nonces(&self) -> Option<Nonces> {
        match self {
            Self::Problem { nonces, .. } => *nonces,
            Self::BadUrl { .. }
            | Self::Unreachable { .. }
            | Self::Malformed { .. }
            | Self::TooLarge { .. }
            | Self::WrongHash { .. }
            | Self::File { .. }
            | Self::TimedOut { .. } => None,
        }
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub const fn retryable(&self) -> bool {
        match self {
            Self::Problem { retryable, .. } => *retryable,
            Self::Unreachable { .. } | Self::TimedOut { .. } => true,
            Self::BadUrl { .. }
            | Self::Malformed { .. }
            | Self::TooLarge { .. }
            | Self::WrongHash { .. }
            | Self::File { .. } => false,
        }
    }
}

impl From<Problem> for ClientError {
    fn from(problem: Problem) -> Self {
        let Problem { kind: _, title: _, status, detail, code, retryable, retry_at_height, nonces } =
            problem;
        Self::Problem { status, code, detail, retryable, retry_at_height, nonces }
    }
}
