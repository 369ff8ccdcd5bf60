//! `probity dev`.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Dev {
    /// Blocks are at least this far apart.
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 500)]
    pub(crate) block_time: u64,
    /// The port of the API; 0 takes a free one.
    #[arg(long, value_name = "PORT", default_value_t = 27_657)]
    pub(crate) port: u16,
    /// How many accounts have tokens.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) accounts: u32,
    /// Write the accounts with their keys as JSON.
    #[arg(long, value_name = "FILE")]
    pub(crate) accounts_out: Option<PathBuf>,
    /// Keep the chain here, and go on with what is there; a folder that goes with the process if
    /// none is named.
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
    /// Begin anew, whatever the folder of `--state` holds.
    #[arg(long, requires = "state")]
    pub(crate) reset: bool,
    /// Print nothing but the answer of `-o json`.
    #[arg(long)]
    pub(crate) silent: bool,
}
