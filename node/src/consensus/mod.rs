//! The engine: Malachite, driven over channels. No other module imports it.
//!
//! # Reading order
//! [`context`] gives the engine our types, [`signing`] our signatures, [`codec`] our bytes;
//! [`parts`] carries blocks beside the votes; [`engine`] starts and stops it; [`driver`] answers
//! its questions with an [`crate::replica::application::Application`]; [`mod@core`] drives the same
//! answers with the engine's pure core, for a network in one thread; [`mod@bench`] measures the
//! engine with an application that does nothing.
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
#[cfg(test)]
pub(crate) mod byzantine;
pub mod codec;
pub mod context;
pub mod core;
pub mod driver;
pub(crate) mod eavesdrop;
pub mod engine;
mod evidence;
pub mod offers;
pub mod parts;
pub mod safety;
pub mod signing;
mod wire;

/// Appends the engine's own metrics in their text form.
pub(crate) fn write_metrics(into: &mut String) {
    arc_malachitebft_app_channel::app::metrics::export(into);
}
