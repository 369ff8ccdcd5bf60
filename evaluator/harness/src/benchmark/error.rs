//! Why a file is not a benchmark definition.

use std::fmt::Display;

use crate::cache::CacheError;
use crate::suggest::nearest_key;

/// Why a file is not a benchmark definition.
#[derive(Debug, thiserror::Error)]
pub enum BenchmarkError {
    /// The file cannot be read or is too large.
    #[error(transparent)]
    Read(#[from] CacheError),
    /// The text is not TOML of the right keys and types.
    #[error("{file} line {line}: {message}")]
    Syntax {
        /// The file's name.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        message: String,
    },
    /// The definition contradicts itself or a limit.
    #[error("{file}: {fault}")]
    Invalid {
        /// The file's name.
        file: String,
        /// What is wrong in it.
        fault: Fault,
    },
}

/// A key with a value that cannot stand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {reason}")]
pub struct Fault {
    /// The key's path: `input.shape`.
    pub key: &'static str,
    /// Why its value cannot stand.
    pub reason: String,
}

impl Fault {
    pub(super) fn new(key: &'static str, reason: impl Into<String>) -> Self {
        Self { key, reason: reason.into() }
    }
}

impl BenchmarkError {
    pub(super) fn at(file: &str, text: &str, offset: usize, message: impl Display) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.matches('\n').count().saturating_add(1);
        Self::Syntax { file: file.to_owned(), line, message: message.to_string() }
    }

    pub(super) fn from_toml(file: &str, text: &str, error: &toml::de::Error) -> Self {
        let offset = error.span().map_or(0, |span| span.start);
        let message = error.message();
        Self::at(file, text, offset, format!("{message}{}", nearest_key(message)))
    }
}
