//! `probity node`.

use clap::{Args, Subcommand};

use super::{SnapshotVerb, Sync};

#[derive(Debug, Subcommand)]
pub(crate) enum NodeVerb {
    /// Run the node of the home until it is told to end.
    Start {
        #[command(flatten)]
        changes: Changes,
    },
    /// Snapshots of the state: a way for other nodes to join late.
    #[command(subcommand)]
    Snapshot(SnapshotVerb),
    /// Fill an empty home with a snapshot of other nodes.
    Sync(Sync),
}

/// Settings that a command changes for itself.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Changes {
    /// Change a setting for this run, as in `api.listen=127.0.0.1:8080`.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
}
