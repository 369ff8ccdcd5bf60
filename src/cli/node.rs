//! `probity node`.

use std::path::PathBuf;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum NodeVerb {
    /// Run the node of a home until it is told to end.
    Start {
        /// The folder with `node.toml`, `genesis.json` and the keys.
        #[arg(long, value_name = "DIR")]
        home: PathBuf,
    },
}
