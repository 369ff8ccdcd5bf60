//! `probity supply`: all money there is.

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum SupplyVerb {
    /// Show what there is, what may still be minted by each of the three caps, and what flows.
    Show,
}
