//! Why a file did not come.

use std::fmt;
use std::sync::Arc;

use libp2p::PeerId;
use probity_harness::cache::CacheError;
use probity_primitives::ContentHash;

use super::super::command::AskError;
use super::blocks::BlockError;

/// Why a file was not fetched. What arrived of it stays, and a later fetch goes on from there.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FetchError {
    /// Nobody is connected.
    #[error("cannot fetch {hash}: no peer is connected")]
    NoPeers {
        /// The file.
        hash: ContentHash,
    },
    /// Nobody who was asked has it.
    #[error("cannot fetch {hash}: none of the {asked} peers asked has it")]
    NotFound {
        /// The file.
        hash: ContentHash,
        /// How many peers were asked.
        asked: usize,
    },
    /// It is longer than the caller, or the cache, allows.
    #[error("cannot fetch {hash}: it has {size} bytes, the limit is {limit}")]
    TooLarge {
        /// The file.
        hash: ContentHash,
        /// Its size in bytes, by the shortest claim of a peer.
        size: u64,
        /// The limit.
        limit: u64,
    },
    /// Every peer that has it was dropped on the way.
    #[error("cannot fetch {hash}: {have} of {blocks} blocks are here, no peer is left: {refusals}")]
    NoPeerLeft {
        /// The file.
        hash: ContentHash,
        /// How many blocks are here.
        have: u64,
        /// How many there are; zero while no peer proved the size.
        blocks: u64,
        /// Who was dropped, and why.
        refusals: Refusals,
    },
    /// It took too long.
    #[error("cannot fetch {hash}: it took longer than {seconds} seconds")]
    TimedOut {
        /// The file.
        hash: ContentHash,
        /// The limit.
        seconds: u64,
    },
    /// Too many files are being fetched or wait.
    #[error("cannot fetch {hash}: {limit} files are being fetched or wait, which is the limit")]
    TooMany {
        /// The file.
        hash: ContentHash,
        /// The limit.
        limit: usize,
    },
    /// The disk refused.
    #[error("cannot fetch {hash}: cannot write to the spool: {reason}")]
    Disk {
        /// The file.
        hash: ContentHash,
        /// What the system said.
        reason: String,
    },
    /// The cache did not take it.
    #[error("cannot fetch {hash}: {source}")]
    Cache {
        /// The file.
        hash: ContentHash,
        /// What the cache said.
        source: Arc<CacheError>,
    },
    /// The network has ended.
    #[error("cannot fetch {hash}: the network has ended")]
    Ended {
        /// The file.
        hash: ContentHash,
    },
}

/// Why a peer was dropped for a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It sent something that is not the file.
    #[error(transparent)]
    Blocks(#[from] BlockError),
    /// It did not answer.
    #[error(transparent)]
    Asked(#[from] AskError),
    /// It no longer has the file.
    #[error("it does not have the blocks")]
    NotFound,
    /// It had no time, again and again.
    #[error("it was busy {0} times")]
    Busy(u32),
    /// Its answer was one to another question.
    #[error("it answered another question")]
    WrongAnswer,
    /// It claimed a size that is not the file's.
    #[error("it claimed {claimed} bytes, the file has {proven}")]
    WrongSize {
        /// What it said.
        claimed: u64,
        /// What the last block proved.
        proven: u64,
    },
}

/// The peers that were dropped for a file, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Refusals(pub Vec<(PeerId, Refusal)>);

impl fmt::Display for Refusals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (peer, refusal)) in self.0.iter().enumerate() {
            let separator = if number == 0 { "" } else { "; " };
            write!(f, "{separator}peer {peer}: {refusal}")?;
        }
        Ok(())
    }
}
