//! Whole-system tests: the program as its users run it.

#![cfg(test)]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test ends where its assumption does"
)]

mod eval;
mod support;
