//! The daemon: consensus engine, networking, mempool and store.
//!
//! [`Node::start`] puts a node together from a [`NodeConfig`] and gives a [`NodeHandle`] back;
//! several nodes run side by side in one process.
//!
//! # Reading order
//! [`replica`] is the node's copy of the chain, as a plain struct; [`consensus`] drives it with the
//! engine's questions; [`mempool`] holds what waits; [`store`] keeps what was decided; [`network`]
//! carries transactions and files; [`node`] puts them together.
//!
//! # Invariants
//! - Only [`consensus`] imports the engine.
//! - One thread owns the replica; everyone else sees committed states, which never change.
//! - Every queue has a limit, and says so when it is full.
//!
//! # Not here
//! The rules (`probity_runtime`), the API's routes (`probity_web`), configuration files and the
//! command line (the package at the root).
//!
//! Spec: `docs/spec/21-network.md`.

mod backend;
pub mod config;
pub mod consensus;
mod docket;
pub mod events;
pub mod handle;
mod keeper;
mod lookout;
pub mod mempool;
mod metrics;
pub mod network;
pub mod node;
pub mod ports;
pub mod relay;
pub mod replica;
mod reporter;
pub mod results;
mod service;
mod shell;
pub mod snapshot;
pub mod store;
pub mod upgrade;
pub mod vigil;

pub use config::NodeConfig;
pub use events::EventStream;
pub use handle::NodeHandle;
pub use node::{Node, StartError};
pub use replica::OperatorKeys;
pub use vigil::Wait;

#[cfg(test)]
mod testkit;
#[cfg(test)]
mod tests;
