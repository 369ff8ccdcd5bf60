//! The engine: Malachite, driven over channels. No other module imports it.
//!
//! # Reading order
//! [`context`] gives the engine our types, [`signing`] our signatures, [`codec`] our bytes;
//! [`parts`] carries blocks beside the votes; [`engine`] starts and stops it; [`driver`] answers
//! its questions with an [`crate::replica::application::Application`]; [`mod@bench`] measures it with
//! one that does nothing.
//!
//! # Invariants
//! - The engine runs with proposals in parts, the one mode in which it asks whether a block is
//!   valid before it votes for it.
//! - Nothing of the engine's types leaves this module, so that another version of it, or another
//!   engine, is a change here alone.
//!
//! # Not here
//! What a block is and whether it is valid: [`crate::replica`]. Keeping the engine alive: the
//! node's keeper.
//!
//! Spec: `docs/spec/20-blocks.md`.

pub mod bench;
pub mod codec;
pub mod context;
pub mod driver;
pub mod engine;
pub mod parts;
pub mod signing;
