//! The engine: Malachite, driven over channels. No other module imports it.
//!
//! # Reading order
//! [`context`] gives the engine our types, [`signing`] our signatures, [`codec`] our bytes;
//! [`parts`] carries blocks beside the votes.
//!
//! # Invariants
//! - The engine runs with proposals in parts, the one mode in which it asks whether a block is
//!   valid before it votes for it.
//!
//! Spec: `docs/spec/20-blocks.md`.

pub mod bench;
pub mod codec;
pub mod context;
pub mod driver;
pub mod engine;
pub mod parts;
pub mod signing;
