//! `probity sim`: experiments under the very rules of the network. Nothing here asks a node.

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum SimVerb {
    /// How many runs are needed before a difference of some size can be seen.
    Power(SimPower),
}

#[derive(Debug, Args)]
pub(crate) struct SimPower {
    /// How much the number varies from run to run: its standard deviation.
    #[arg(long, value_name = "SD")]
    pub(crate) sd: f64,
    /// The difference that should be seen, in the same unit.
    #[arg(long, value_name = "SIZE")]
    pub(crate) difference: f64,
    /// With what probability it should be seen.
    #[arg(long, default_value_t = 0.8, value_name = "SHARE")]
    pub(crate) power: f64,
    /// How far two arms with common random numbers move together.
    #[arg(long, allow_hyphen_values = true, value_name = "RHO")]
    pub(crate) correlation: Option<f64>,
}
