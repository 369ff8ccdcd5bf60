//! `probity node`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{SnapshotVerb, Sync};

#[derive(Debug, Subcommand)]
pub(crate) enum NodeVerb {
    /// Run the node of the home until it is told to end.
    Start {
        #[command(flatten)]
        changes: Changes,
    },
    /// Show how the running node stands.
    Status,
    /// Show whom the running node is connected to.
    Peers,
    /// Check clock, ports, disk, keys, lock, chain, peers, votes and files; the exit code is that
    /// of the worst finding.
    Doctor,
    /// Write the money of a stopped node's state as a new genesis document.
    Export {
        /// The new document.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// The new chain's name.
        #[arg(long, value_name = "NAME")]
        chain_id: String,
    },
    /// Empty the store of a stopped node; keys and signing marks stay.
    Reset,
    /// Snapshots of the state: a way for other nodes to join late.
    #[command(subcommand)]
    Snapshot(SnapshotVerb),
    /// Fill an empty home with a snapshot of other nodes.
    Sync(Sync),
}

/// Settings that a command changes for itself.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Changes {
    /// A setting other than the file's or the usual one, as in `api.listen=127.0.0.1:8080`; may be
    /// repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
}
