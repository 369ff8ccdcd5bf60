//! The evaluation harness: a benchmark, a model and a dataset become a transcript.
//!
//! It imports the vocabulary alone, so that a score can be computed with no network, no chain and
//! no stake: the command line, the evaluator's agenda and an item jury all run this code.
//!
//! # Reading order
//! [`fetch`] brings files and [`cache`] keeps them by their hash; [`benchmark`] says what is asked
//! and [`data`] holds the questions. An [`engine`] answers them inside a [`worker`], [`answer`]
//! judges what it says, and [`run`] puts all of it together into a transcript. [`report`],
//! [`interval`] and [`stored`] are what a reader gets of it; [`mod@bench`] measures speed.
//!
//! # Not here
//! Tasks, committees, commitments, keys: the evaluator's agenda.
//!
//! Spec: `docs/spec/22-evaluator.md`.

pub mod answer;
pub mod bench;
pub mod benchmark;
pub mod cache;
pub mod data;
pub mod engine;
pub mod fetch;
pub mod handover;
pub mod interval;
pub mod number;
pub mod report;
pub mod run;
pub mod stored;
pub mod suggest;
pub mod worker;
