//! The vocabulary of Probity: quantities, hashes, keys, addresses, transcripts and the codec.
//!
//! Every other crate speaks in these types. Each quantity is wrapped and has only checked
//! operations, every hash starts with a domain tag, every list has a limit.
//!
//! # Reading order
//! [`codec`] and [`hash`] say how a value becomes bytes and a name; [`amount`], [`funds`],
//! [`ratio`], [`score`] and [`time`] are the quantities; [`key`], [`vrf`] and [`address`] say who
//! acts; [`merkle`] and [`transcript`] say what an evaluation leaves behind; [`table`] is what every
//! ledger is made of.
//!
//! # Not here
//! No rule, no state of one, no input or output, no clock, no randomness that a rule could read.
//!
//! Spec: `docs/spec/01-arithmetic.md`.
#![deny(clippy::arithmetic_side_effects, clippy::float_arithmetic)]

pub mod address;
pub mod amount;
pub mod bounded;
pub mod codec;
pub mod decimal;
pub mod funds;
pub mod hash;
pub mod key;
pub mod merkle;
pub mod ratio;
pub mod score;
pub mod table;
pub mod text;
pub mod time;
pub mod transcript;
pub mod vrf;

pub use address::{Address, Network, OperatorId};
pub use amount::{Amount, ArithmeticError};
pub use bounded::{BoundedString, BoundedVec};
pub use funds::Funds;
pub use hash::{ArtifactId, BlockHash, ContentHash, Domain, Hash, TaskId, TxHash};
pub use key::{Keypair, PublicKey, Signature};
pub use ratio::{Bps, Ppm};
pub use score::Score;
pub use time::{Epoch, Height, Seats};
