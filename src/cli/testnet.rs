//! `probity testnet`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Changes;

#[derive(Debug, Subcommand)]
pub(crate) enum TestnetVerb {
    /// Write homes, keys and one genesis document for validators on this machine.
    Init(TestnetInit),
    /// Start the node of every home, each as a process of its own.
    Start {
        #[command(flatten)]
        folder: TestnetFolder,
        /// How long to wait until every node answers, in seconds.
        #[arg(long, value_name = "SECONDS", default_value_t = 60)]
        wait: u64,
    },
    /// Show how each node stands.
    Status {
        #[command(flatten)]
        folder: TestnetFolder,
    },
    /// End every node and wait for it.
    Stop {
        #[command(flatten)]
        folder: TestnetFolder,
        /// How long to wait for each node, in seconds.
        #[arg(long, value_name = "SECONDS", default_value_t = 30)]
        wait: u64,
    },
}

/// Where the network is.
#[derive(Debug, Clone, Args)]
pub(crate) struct TestnetFolder {
    /// The folder that `testnet init` wrote.
    #[arg(long = "dir", short, value_name = "DIR", default_value = "testnet")]
    pub(crate) folder: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct TestnetInit {
    /// How many validators.
    #[arg(short = 'n', long, value_name = "N", default_value_t = 4,
        value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) validators: u16,
    /// A new folder for everything.
    #[arg(long = "dir", short, value_name = "DIR", default_value = "testnet")]
    pub(crate) folder: PathBuf,
    /// The chain's name.
    #[arg(long, value_name = "NAME", default_value = "probity-testnet")]
    pub(crate) chain_id: String,
    /// Blocks are at least this far apart.
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 1_000)]
    pub(crate) block_time: u64,
    /// The first port; each node takes the next ten. 0 takes free ones.
    #[arg(long, value_name = "PORT", default_value_t = crate::home::cluster::FIRST_PORT)]
    pub(crate) first_port: u16,
    #[command(flatten)]
    pub(crate) changes: Changes,
}
