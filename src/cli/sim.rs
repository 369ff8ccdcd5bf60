//! `probity sim`: experiments under the very rules of the network. Nothing here asks a node.

mod calculators;

use clap::{Args, Subcommand};

pub(crate) use self::calculators::{
    AttackArg, SimBench, SimCapture, SimCorr, SimFigures, SimMechanisms, SimPenalties, SimYuma,
};

#[derive(Debug, Subcommand)]
pub(crate) enum SimVerb {
    /// How many runs are needed before a difference of some size can be seen.
    Power(SimPower),
    /// How likely a coalition gets the majority of a committee, exactly and by the real draw.
    Capture(SimCapture),
    /// How often an honest seat is not paid, or has to defend itself.
    Penalties(SimPenalties),
    /// What offenders of one window lose together.
    Corr(SimCorr),
    /// Run a file of cases under Yuma consensus, and compare with what it expects.
    Yuma(SimYuma),
    /// Play one scenario under our mechanism and under others.
    Mechanisms(SimMechanisms),
    /// Reproduce the figures of the specification: payoffs, cartels, copiers, retention.
    Figures(SimFigures),
    /// Measure the reference model's speed, beside other frameworks if they are there.
    Bench(SimBench),
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
