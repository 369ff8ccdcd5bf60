//! The evaluator's agent: it does what an operator was drawn for.
//!
//! A committee member runs the benchmark, binds itself to the score, shows it and opens leaves; a
//! juror runs the few items on which members differ. The agent decides by a pure function and
//! does by a thin loop, so that the decisions can be tested as tables.
//!
//! # Reading order
//! [`agenda`] says what to do about an assignment. [`work`] fetches artifacts and runs the harness,
//! [`strategy`] says whether honestly, [`desk`] keeps what a restart must not lose, [`outbox`]
//! keeps nonces in order, [`agent`] is the loop. [`node_api`] is all that the agent needs of a
//! node, [`remote`] a node over HTTP.
//!
//! # Not here
//! How items are answered and transcripts are built: `probity_harness`. What a fault costs:
//! `probity_protocol::task`.
//!
//! Spec: `docs/spec/22-evaluator.md`.

pub mod agenda;
pub mod agent;
pub mod challenge;
pub mod desk;
pub mod metrics;
pub mod node_api;
pub mod outbox;
pub mod remote;
pub mod strategy;
pub mod work;
