//! The rules of governance that need no state: tracks, falling thresholds and conviction.
//!
//! A referendum belongs to a [`Track`], which says what it may do, what it costs, how long it
//! lasts and how much agreement it needs. The agreement that is asked for falls while the
//! decision is open ([`threshold`]); a vote weighs more the longer its tokens stay locked
//! ([`conviction`]).
//!
//! # Invariants
//! - A threshold never rises while a decision is open, and every rounding is against the side
//!   that wants the change.
//! - Tracks that can change the rules, the supply or the treasury leave two days or more between
//!   decision and enactment, so that whoever disagrees can leave first.
//! - No floats, no clock, no hash maps, no panic; no import of the rules of evaluation.
//!
//! # Not here
//! Nothing of governance that has state is built yet: no referenda, no votes that are counted, no
//! delegation of votes, no deposits, no queue, no enactment. No transaction reaches this crate.
//! Voting power will come in as a value and enactments will go out as values, so that the rules of
//! evaluation and those of governance never import each other (`docs/adr/0003-dao-beside-protocol.md`).
#![deny(clippy::arithmetic_side_effects, clippy::float_arithmetic)]

pub mod conviction;
pub mod threshold;
pub mod tracks;

pub use conviction::{Conviction, Votes};
pub use threshold::{Bar, Falling, ThresholdError};
pub use tracks::{Deposit, Track, TrackRules};
