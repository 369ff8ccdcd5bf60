//! The daemon: consensus engine, networking, mempool and store.

pub mod store;
