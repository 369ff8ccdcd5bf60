//! Artifact transfer: files by hash, in blocks that are checked as they arrive.
//!
//! A file is named by the BLAKE3 of its bytes, and BLAKE3 is a tree: a block travels with the
//! hashes on its way to the root, so that one wrong byte is noticed in the block that carries it.
//! A fetch asks the connected peers, and those that the directory knows, who has the file, has one
//! prove the size by its last block, and takes runs of blocks from all of them at a time. Whoever
//! sends a wrong, oversized or missing block is dropped for that file; the others go on. What
//! arrived stays on disk, and a later fetch goes on from there.
//!
//! # Reading order
//! [`message`] and [`codec`] are the wire, [`blocks`] the proofs, [`serve`] one side; [`spool`],
//! [`fetch`] and [`download`] the other, and [`sweep`] what is left over.
//!
//! # Invariants
//! - No byte reaches the spool before it was checked against the file's hash.
//! - No message is read beyond its limit, whatever length it announces.
//!
//! # Not here
//! Which peers there are, and finding others: [`super::driver`].
//!
//! Spec: `docs/spec/21-network.md`.

pub mod blocks;
pub mod codec;
mod download;
mod error;
pub(super) mod fetch;
pub mod message;
pub mod serve;
pub mod spool;
pub(super) mod sweep;

pub use self::error::{FetchError, Refusal, Refusals};
