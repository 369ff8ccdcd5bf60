//! What fuzzers and property tests call: one function for each kind of bytes from outside.
//!
//! Each function takes arbitrary bytes, reads them as a node or a tool would, and asserts what must
//! hold of everything that can be read. It says whether the bytes were [`Verdict::Accepted`], so
//! that a test can tell that its examples are. A panic, whether by an assertion or by the code that
//! is called, is a finding.
//!
//! # Invariants
//! - Reading never panics, whatever the bytes.
//! - What was read as a binary value encodes to the very bytes it was read from.
//! - What was read as text has one canonical text, which reads as the same value.
//!
//! # Not here
//! The fuzzers, which are a workspace of their own in the folder above, and the examples that they
//! start from: `tests/`, `../corpus/`.
//!
//! Spec: `docs/spec/25-threats.md`.

mod api;
#[cfg(feature = "benchmark")]
mod benchmark;
mod binary;
mod certificate;
mod codec;
mod keystore;
#[cfg(feature = "transfer")]
mod transfer;

pub use api::api;
#[cfg(feature = "benchmark")]
pub use benchmark::benchmark;
pub use binary::{block, transaction};
pub use certificate::certificate;
pub use codec::{KINDS, codec};
pub use keystore::keystore;
#[cfg(feature = "transfer")]
pub use transfer::{sample_file, transfer};

/// What became of some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// They are a value, and everything that must hold of it does.
    Accepted,
    /// They are none.
    Refused,
}

impl Verdict {
    /// Of whatever reading gave.
    fn of<T, E>(read: Result<T, E>, check: impl FnOnce(T)) -> Self {
        match read {
            Ok(value) => {
                check(value);
                Self::Accepted
            }
            Err(_) => Self::Refused,
        }
    }
}

/// The bytes as text, as far as they are.
fn text(bytes: &[u8]) -> &str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
            std::str::from_utf8(valid).unwrap_or_default()
        }
    }
}

/// Checks that JSON which reads as a `T` has a canonical text that reads as the same `T`.
fn json<T>(text: &str) -> Verdict
where
    T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug,
{
    Verdict::of(serde_json::from_str::<T>(text), |value| {
        let canonical = serde_json::to_string(&value).unwrap_or_default();
        let again = serde_json::from_str::<T>(&canonical);
        assert!(
            again.as_ref().is_ok_and(|again| *again == value),
            "{canonical} reads as {again:?}, not as {value:?}"
        );
        let twice = serde_json::to_string(&value).unwrap_or_default();
        assert_eq!(twice, canonical, "one value has two texts");
    })
}
