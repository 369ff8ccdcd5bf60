//! `probity config`.

use clap::Subcommand;

use super::Changes;

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigVerb {
    /// Show every setting as the node would have it.
    Show {
        /// Also where each value came from.
        #[arg(long)]
        origin: bool,
        #[command(flatten)]
        changes: Changes,
    },
    /// Check the settings as the node does at its start.
    Validate {
        #[command(flatten)]
        changes: Changes,
    },
}
