//! Holds what the compiler does not: arrows between crates, purity, limits, and papers that name
//! what the code has.
//!
//! Each check is a pure function from texts to [`Finding`]s, with a unit test that shows it fail
//! on a bad sample. `tests/house.rs` runs all of them over the repository and wants no findings.
//!
//! # Reading order
//! [`files`] reads the repository; [`code`] tells code from comments, texts and tests; then the
//! checks: [`arrows`] (manifests), [`purity`] (pure crates), [`style`] (sizes and words),
//! [`papers`] (documents against sources).
//!
//! # Not here
//! Anything that a lint can say: `[workspace.lints]` and each crate's `clippy.toml` say it.

pub mod arrows;
pub mod code;
pub mod files;
pub mod papers;
pub mod purity;
pub mod style;

use std::fmt;

/// Something that the house does not allow, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file, relative to the repository.
    pub path: String,
    /// The line, from 1; 0 for the whole file.
    pub line: usize,
    /// What is wrong, with the values.
    pub what: String,
}

impl Finding {
    /// Something about a whole file.
    #[must_use]
    pub fn of_file(path: &str, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line: 0, what: what.into() }
    }

    /// Something about a line, counted from 1.
    #[must_use]
    pub fn at(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}
