//! The rules of evaluation: accounts, staking, registry, tasks, aggregation and slashing.
//!
//! A [`Ledger`] holds everything that the rules know. Each room has the same parts: `state` (what
//! is stored), `message` (what someone may ask for), `error` (why it is refused) and the rules
//! themselves as functions from a ledger and a message to a changed ledger or a refusal.
//!
//! # Reading order
//! [`params`] are the numbers; [`bank`] moves money; [`staking`] says who stands behind whom;
//! [`registry`] names what is evaluated; [`task`] takes an evaluation from request to payment with
//! [`committee`], [`beacon`] and [`aggregation`]; [`dispute`] is how a result is contested;
//! [`slashing`] takes what was forfeited; [`supply`] mints and rewards; [`pause`] halts payouts;
//! [`upgrade`] plans other rules.
//!
//! # Invariants
//! - Refusals come before the first write of a rule. Whoever calls a rule runs it on a snapshot
//!   ([`Ledger`] clones in constant time) and drops the snapshot on a refusal, so that even an
//!   overflow half-way leaves no trace.
//! - No floats, no clock, no hash maps, no panic.
//!
//! # Not here
//! Transactions, blocks and the state tree (`probity_runtime`), governance (`probity_dao`).
//!
//! Spec: `docs/spec/README.md`.
#![deny(clippy::arithmetic_side_effects, clippy::float_arithmetic)]

pub mod aggregation;
pub mod bank;
pub mod beacon;
pub mod committee;
pub mod dispute;
pub mod event;
pub mod ledger;
pub mod params;
pub mod pause;
pub mod registry;
pub mod slashing;
pub mod staking;
pub mod supply;
pub mod task;
pub mod upgrade;

pub use bank::Bucket;
pub use event::Event;
pub use ledger::{Context, Ledger, Signatures};
pub use params::Params;
