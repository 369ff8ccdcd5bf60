//! `probity demo` and `probity bench`.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Where to keep stores, keys and certificates; a temporary folder that stays if none.
    #[arg(long, value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,
    /// Keep the network up afterwards, until interrupted.
    #[arg(long)]
    pub(crate) serve: bool,
    /// The port of the pages and the API, on loopback; a free one if none is named.
    #[arg(long, value_name = "PORT", requires = "serve")]
    pub(crate) port: Option<u16>,
    /// Blocks are at least this far apart.
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 250)]
    pub(crate) block_time: u64,
}

#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// Only this part; all but `growth` if none is named.
    #[arg(value_enum)]
    pub(crate) part: Option<BenchPart>,
    /// Over how many blocks growth is measured.
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    pub(crate) blocks: u64,
    /// How many of them are kept meanwhile; 0: all.
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    pub(crate) keep_blocks: u64,
    /// The store whose growth is measured; each, one after the other, if none is named.
    #[arg(long, value_enum)]
    pub(crate) store: Option<BenchStore>,
    /// Over how many requests for pages memory is watched.
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    pub(crate) requests: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum BenchStore {
    /// The default.
    Sled,
    /// The other one.
    Redb,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum BenchPart {
    /// Blocks against raw signature verification.
    Blocks,
    /// Empty blocks of four nodes against the engine alone.
    Engine,
    /// Items a second.
    Inference,
    /// Certificates.
    Certificate,
    /// Disputes of short and of long transcripts.
    Dispute,
    /// The two stores, and artifact transfer.
    Io,
    /// Catching up by blocks, without and with a network.
    Sync,
    /// A vote of many, and the block that closes it.
    Votes,
    /// A snapshot of a million accounts, made and restored.
    Restore,
    /// Memory and store over many blocks, with each store; takes long.
    Growth,
    /// Four nodes that are offered more transactions than they can take; only by name.
    Load,
    /// Pages and event streams of a large state; only by name.
    Web,
    /// Four nodes among clients that mean no good; only by name.
    Hostile,
}
