//! `probity sim`: questions that have one answer, without a scenario.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use probity_simulations::calculators::noise::Noise;
use probity_simulations::calculators::{CalculatorError, share};

#[derive(Debug, Args)]
pub(crate) struct SimCapture {
    /// The committee's seats.
    #[arg(long, value_name = "SEATS")]
    pub(crate) n: u32,
    /// The coalition's share of the stake, as in 0.45 or 1/3.
    #[arg(long, value_name = "SHARE", value_parser = share, allow_hyphen_values = true)]
    pub(crate) rho: f64,
    /// How many committees to draw.
    #[arg(long, value_name = "COUNT", default_value_t = 100_000)]
    pub(crate) runs: u64,
    /// What the draws follow from.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) seed: u64,
}

#[derive(Debug, Args)]
pub(crate) struct SimPenalties {
    /// The committee's seats.
    #[arg(long, value_name = "SEATS", default_value_t = 15)]
    pub(crate) n: u32,
    /// How honest measurements err: gaussian, laplace or t3.
    #[arg(long, value_name = "FAMILY", value_parser = noise)]
    pub(crate) noise: Noise,
    /// Their true standard deviation over the one that the benchmark declares.
    #[arg(long, value_name = "RATIO", default_value_t = 1.0, allow_hyphen_values = true)]
    pub(crate) true_over_declared: f64,
    /// How many committees to judge.
    #[arg(long, value_name = "COUNT", default_value_t = 200_000)]
    pub(crate) runs: u64,
    /// What the errors follow from.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) seed: u64,
}

#[derive(Debug, Args)]
pub(crate) struct SimCorr {
    /// The offenders' share of all stake, in parts per million.
    #[arg(long, value_name = "PPM")]
    pub(crate) x: u32,
    /// Taken like everywhere, and of no effect: the answer is exact.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) seed: u64,
}

#[derive(Debug, Args)]
pub(crate) struct SimYuma {
    /// The file of cases.
    #[arg(long, value_name = "FILE")]
    pub(crate) cases: PathBuf,
    /// End with a failure if a dividend is farther than this from what the file expects.
    #[arg(long, value_name = "SIZE")]
    pub(crate) tolerance: Option<f64>,
    /// Taken like everywhere, and of no effect: the cases hold no chance.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) seed: u64,
}

#[derive(Debug, Args)]
pub(crate) struct SimFigures {
    /// How much work to spend: 1 is some seconds.
    #[arg(long, value_name = "TIMES", default_value_t = 1)]
    pub(crate) scale: u32,
    /// What chance follows from.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) seed: u64,
}

#[derive(Debug, Args)]
pub(crate) struct SimMechanisms {
    /// What the attackers do.
    #[arg(long, value_enum, default_value_t = AttackArg::Inflate)]
    pub(crate) attack: AttackArg,
    /// Their share of the stake, as in 0.3 or 1/3.
    #[arg(long, value_name = "SHARE", value_parser = share, default_value = "0.3")]
    pub(crate) rho: f64,
    /// How many evaluators there are, with equal stakes.
    #[arg(long, value_name = "COUNT", default_value_t = 40)]
    pub(crate) evaluators: u32,
    /// How many models they measure.
    #[arg(long, value_name = "COUNT", default_value_t = 8)]
    pub(crate) models: u32,
    /// How many epochs a run has.
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    pub(crate) epochs: u32,
    /// How many runs.
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    pub(crate) runs: u32,
    /// What chance follows from.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) seed: u64,
}

/// What attackers may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AttackArg {
    /// Nothing: they are as honest as the others.
    None,
    /// Raise a quarter of the models by 5 %.
    Inflate,
    /// Do no work and report a public claim.
    Guess,
    /// Do no work and report what was published last.
    Copy,
}

#[derive(Debug, Args)]
pub(crate) struct SimBench {
    /// How many runs a round of ours makes; slow peers make fewer.
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    pub(crate) runs: u32,
    /// How many epochs a run has.
    #[arg(long, value_name = "COUNT", default_value_t = 1_000)]
    pub(crate) epochs: u32,
    /// How many interleaved rounds there are.
    #[arg(long, value_name = "COUNT", default_value_t = 3)]
    pub(crate) rounds: u32,
    /// What chance follows from.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) seed: u64,
    /// A virtual environment with the frameworks of `simulations/peers/requirements.txt`.
    #[arg(long, value_name = "DIR")]
    pub(crate) venv: Option<PathBuf>,
    /// The built program of `simulations/peers/krabmaga`.
    #[arg(long, value_name = "FILE")]
    pub(crate) krabmaga: Option<PathBuf>,
    /// Where the peers' scripts are.
    #[arg(long, value_name = "DIR", default_value = "simulations/peers")]
    pub(crate) peers: PathBuf,
}

fn noise(text: &str) -> Result<Noise, CalculatorError> {
    text.parse()
}
