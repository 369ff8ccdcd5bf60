//! One state machine out of the rules: transactions, blocks, state tree, genesis and queries.
//!
//! A [`Chain`] is the committed state at a height. [`Chain::propose`] and [`Chain::apply`] make of
//! it and a list of verified transactions an [`Executed`] block, which carries everything that a
//! store has to write; nothing here writes it.
//!
//! # Reading order
//! [`genesis`] is where a chain begins; [`message`] and [`tx`] are what may be asked and who asks;
//! [`chain`] runs blocks ([`block`]) through [`dispatch`] into [`receipt`]s over a [`state`];
//! [`governance`] joins votes to the rest; [`tree`] and [`proof`] bind the state to a header;
//! [`proposal`], [`validators`], [`certificate`] and [`result_certificate`] bind a header to those
//! who decided it; [`upgrade`] says which versions of the rules a program has; [`query`] reads;
//! [`text`] is what a person reads before signing;
//! [`invariants`] checks everything.
//!
//! # Invariants
//! - The same genesis and the same transactions give the same roots on every machine.
//! - A refused transaction leaves its fee and its nonce, and nothing else.
//! - No input or output, no clock, no floats, no hash maps, no panic.
//!
//! Spec: `docs/spec/20-blocks.md`.
#![deny(clippy::arithmetic_side_effects, clippy::float_arithmetic)]

pub mod block;
pub mod certificate;
pub mod chain;
pub mod dispatch;
pub mod event;
pub mod evidence;
pub mod genesis;
pub mod governance;
pub mod hex_bytes;
pub mod invariants;
pub mod message;
pub mod proof;
pub mod proposal;
pub mod query;
pub mod receipt;
pub mod result_certificate;
pub mod state;
pub mod text;
pub mod trail;
pub mod tree;
pub mod tx;
pub mod upgrade;
pub mod validators;

pub use block::{Block, Header};
pub use chain::{Chain, Executed, rehearsal};
pub use event::Event;
pub use genesis::{ChainId, ChainIdentity, Genesis};
pub use message::Message;
pub use receipt::Receipt;
pub use state::State;
pub use tx::{SignedTx, TxBody, VerifiedTx};
