//! The daemon: consensus engine, networking, mempool and store.
