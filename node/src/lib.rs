//! The daemon: consensus engine, networking, mempool and store.

pub mod consensus;
pub mod mempool;
pub mod network;
pub mod ports;
pub mod replica;
pub mod store;

#[cfg(test)]
mod testkit;
