//! Why a file is not a dataset of a benchmark.

use crate::cache::CacheError;

/// Why a file is not a dataset of a benchmark.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The file cannot be read or is too large.
    #[error(transparent)]
    Read(#[from] CacheError),
    /// A row cannot be used.
    #[error("{file} line {line} {fault}")]
    Row {
        /// The file's name.
        file: String,
        /// The line, from 1.
        line: u64,
        /// What is wrong in it.
        fault: RowFault,
    },
    /// A row is too long.
    #[error("{file} line {line} has {len} bytes, the limit is {limit}")]
    TooLong {
        /// The file's name.
        file: String,
        /// The line, from 1.
        line: u64,
        /// The row's length.
        len: u64,
        /// The longest row.
        limit: u64,
    },
    /// There are too many rows.
    #[error("{file} has more than {limit} rows")]
    TooMany {
        /// The file's name.
        file: String,
        /// The most rows.
        limit: u64,
    },
    /// Two rows have one identifier.
    #[error("{file} line {line} id {id} stands on line {first} already")]
    Duplicate {
        /// The file's name.
        file: String,
        /// The later line.
        line: u64,
        /// The earlier line.
        first: u64,
        /// The identifier of both.
        id: String,
    },
    /// There are no rows.
    #[error("{file} has no rows")]
    Empty {
        /// The file's name.
        file: String,
    },
}

/// What is wrong in one column of a row; the column is `-` where the row itself is malformed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {reason}")]
pub struct RowFault {
    /// The column or field.
    pub column: String,
    /// What is wrong, with the value.
    pub reason: String,
}

impl RowFault {
    pub(super) fn new(column: &str, reason: impl Into<String>) -> Self {
        Self { column: column.to_owned(), reason: reason.into() }
    }
}

/// A value as an error shows it: its first 80 characters.
pub(super) fn shown(value: impl std::fmt::Display) -> String {
    value.to_string().chars().take(80).collect()
}
