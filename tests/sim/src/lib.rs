//! Whole replicas in one thread: a seed, and everything that follows from it.
//!
//! Four to seven validators run the very code of a node between its network and its disk: the
//! engine's pure core, the driver that answers it, the replica, the mempool, the rules. A seeded
//! scheduler stands in for what lies outside: messages that are late, lost, doubled and out of
//! order, partitions, crashes in the middle of a write, clocks that differ, nodes that join late,
//! one validator that runs twice, and people who send transactions. After every step the promises
//! are checked; a seed that breaks one can be run again, step by step, exactly as it was.
//!
//! # Reading order
//! [`plan`] draws what a seed will go through; [`world`] runs it; [`audit`] is what must hold;
//! [`node`], [`network`], [`disk`], [`people`] are the parts; [`trace`] tells what happened.
//!
//! # Invariants
//! - The same seed and the same number of steps give the same trace, on any machine.
//! - Nothing here decides what is valid: the replica under test does, and a second one, which saw
//!   only what was decided, has to come to the same state.
//!
//! # Not here
//! Sockets, threads, the engine's actors, its log file and its choice of peers to sync from; files
//! (`tests/files.rs`); the network of evaluators.
//!
//! Spec: `docs/spec/20-blocks.md`.

pub mod audit;
pub mod batches;
pub mod broken;
pub mod cast;
pub mod chance;
pub mod disk;
mod drive;
pub mod member;
pub mod network;
pub mod node;
pub mod people;
pub mod plan;
pub mod schedule;
pub mod trace;
pub mod trouble;
pub mod world;
