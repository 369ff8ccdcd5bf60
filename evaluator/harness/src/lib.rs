//! The evaluation harness: a benchmark, a model and a dataset become a transcript.
//!
//! It imports the vocabulary alone, so that a score can be computed with no network, no chain and
//! no stake: the command line, the evaluator's agenda and an item jury all run this code.
//!
//! # Reading order
//! [`cache`] keeps files by their hash; [`benchmark`] says what is asked and [`data`] holds the
//! questions.
//!
//! Spec: `docs/spec/22-evaluator.md`.

pub mod benchmark;
pub mod cache;
pub mod data;
pub mod number;
mod suggest;
