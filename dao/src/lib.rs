//! The rules of governance: referenda, tracks, votes with conviction, delegation, locks.
//!
//! A referendum belongs to a [`Track`], which says what it may do, what it costs, how long it
//! lasts and how much agreement it needs. It carries one typed [`Action`]. Voting power comes in as
//! a value and what has to be done goes out as a value ([`clock::Effect`]), so that the rules of
//! evaluation and those of governance never import each other
//! (`docs/adr/0003-dao-beside-protocol.md`).
//!
//! # Reading order
//! [`tracks`], [`threshold`] and [`conviction`] are the arithmetic; [`params`] the numbers in
//! force; [`action`] what a vote may do; [`referendum`] and [`tally`] what is stored of one;
//! [`submit`], [`vote`] and [`delegation`] what people ask for; [`clock`] what time does;
//! [`locks`] and [`history`] keep tokens from voting twice; [`ledger`] holds it all.
//!
//! # Invariants
//! - A threshold never rises while a decision is open, and every rounding is against the side
//!   that wants the change.
//! - Tracks that can change the rules, the supply or the treasury leave two days or more between
//!   decision and enactment, so that whoever disagrees can leave first.
//! - Nobody's tokens count twice in a referendum, and nothing counts voters in a block.
//! - No floats, no clock, no hash maps, no panic; no import of the rules of evaluation.
//!
//! # Not here
//! Money, and the state that actions change: `probity_runtime`.
//!
//! Spec: `docs/spec/14-governance.md`.
#![deny(clippy::arithmetic_side_effects, clippy::float_arithmetic)]

pub mod action;
pub mod clock;
pub mod conviction;
pub mod delegation;
pub mod error;
pub mod event;
pub mod expiry;
pub mod history;
pub mod ledger;
pub mod locks;
pub mod params;
pub mod referendum;
pub mod submit;
pub mod tally;
pub mod threshold;
pub mod tracks;
pub mod vote;

pub use action::{Action, ActionError, Ruling};
pub use conviction::{Conviction, Votes};
pub use delegation::Delegation;
pub use error::{DelegationError, SubmitError, VoteError};
pub use event::Event;
pub use ledger::{Context, Ledger};
pub use params::Params;
pub use referendum::{Referendum, ReferendumId, Stage, StageName};
pub use tally::{Ballot, Power, Side, Tally};
pub use threshold::{Bar, Falling, ThresholdError};
pub use tracks::{Deposit, Track, TrackRules};
pub use vote::Vote;
