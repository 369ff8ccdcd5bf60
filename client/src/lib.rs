//! Typed client of a node's HTTP API.
//!
//! [`Client`] has a method for every route and gives the very types that the server answers with.
//! [`EventStream`] follows the chain and goes on after an interruption without missing anything.
//!
//! # Reading order
//! [`client`] asks and reads answers within limits; [`reads`], [`governance`], [`disputes`], [`txs`] and [`blobs`] are the
//! routes; [`events`] follows the stream of events; [`error`] is what can go wrong.
//!
//! # Invariants
//! - Every answer is limited in size and time, and its schema is checked.
//! - Bytes of a file are given out only if they have the hash that was asked for.
//!
//! # Not here
//! Keys and signing; the network among nodes; trust: an answer is the node's word, except where a
//! proof, a hash or a certificate is checked.
//!
//! Spec: `docs/spec/24-api.md`.

pub mod blobs;
pub mod client;
pub mod disputes;
pub mod error;
pub mod events;
pub mod governance;
pub mod reads;
mod snapshots;
mod sse;
pub mod txs;

pub use client::{Client, ClientLimits, ListArgs};
pub use error::ClientError;
pub use events::EventStream;
pub use governance::CsvStream;
pub use probity_api::problem::Nonces;
pub use probity_api::{Envelope, EventId, EventRecord, Happening, ListEnvelope, Problem, view};
pub use txs::Landing;
