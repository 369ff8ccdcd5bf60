//! `probity sim`: experiments under the very rules of the network. Nothing here asks a node.

mod calculators;

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use probity_simulations::lab::rows::Shard;

pub(crate) use self::calculators::{
    AttackArg, SimBench, SimCapture, SimCorr, SimFigures, SimMechanisms, SimPenalties, SimYuma,
};

#[derive(Debug, Subcommand)]
pub(crate) enum SimVerb {
    /// Write a scenario to begin with.
    New(SimNew),
    /// Run a scenario, or a part of an experiment that was planned.
    Run(SimRun),
    /// Run a scenario in many settings.
    Sweep(SimSweep),
    /// Plan an experiment, to be run in parts.
    Plan(SimSweep),
    /// Put the parts of an experiment together.
    Merge {
        /// The experiment's folder.
        folder: PathBuf,
    },
    /// Show how far an experiment is.
    Status {
        /// The experiment's folder.
        folder: PathBuf,
    },
    /// Show what differs between two experiments.
    Compare {
        /// The folder of one.
        first: PathBuf,
        /// The folder of the other.
        second: PathBuf,
    },
    /// Search for the attack that pays most.
    Attack(SimAttack),
    /// Find out on which settings a result hangs.
    Sensitivity(SimSensitivity),
    /// Draw the report of an experiment again.
    Report {
        /// The experiment's folder.
        folder: PathBuf,
    },
    /// Make one run again and compare it with what was noted of it.
    Replay(SimReplay),
    /// Make a scenario of what a node's network has done: its stakes, its noise, who takes part.
    Export(SimExport),
    /// List the experiments in a folder.
    List {
        /// The folder.
        #[arg(default_value = "out")]
        folder: PathBuf,
    },
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
pub(crate) struct SimNew {
    /// The file; it must not be there yet.
    #[arg(default_value = "scenario.toml")]
    pub(crate) file: PathBuf,
    /// Which of the scenarios that come with the program.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) like: Example,
}

/// Scenarios to begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Example {
    /// Some honest operators and some that are not.
    #[default]
    First,
    /// The parameters of the main network against a cartel.
    Default,
}

#[derive(Debug, Args)]
pub(crate) struct SimRun {
    /// A scenario, or the folder of a planned experiment.
    pub(crate) scenario: PathBuf,
    /// How many runs; 32 if nothing is said.
    #[arg(long, value_name = "COUNT")]
    pub(crate) runs: Option<u64>,
    #[command(flatten)]
    pub(crate) what: SimWhat,
    #[command(flatten)]
    pub(crate) how: SimHow,
}

#[derive(Debug, Args)]
pub(crate) struct SimSweep {
    /// The scenario.
    pub(crate) scenario: PathBuf,
    /// A setting and its values, as in `group.cartel.stake=1000..50000:5` or `tasks.value=700,2000`.
    #[arg(long = "param", value_name = "PATH=VALUES")]
    pub(crate) params: Vec<String>,
    /// How points are chosen.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) design: DesignArg,
    /// How many samples, for designs that take them.
    #[arg(long, value_name = "COUNT")]
    pub(crate) samples: Option<u64>,
    /// How often each point is run; replicates with one number share their chance.
    #[arg(long, default_value_t = 8, value_name = "COUNT")]
    pub(crate) replicates: u64,
    #[command(flatten)]
    pub(crate) what: SimWhat,
    #[command(flatten)]
    pub(crate) how: SimHow,
}

/// How points are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum DesignArg {
    /// Every combination.
    #[default]
    Grid,
    /// First values together, then second values, and so on.
    Zip,
    /// A Latin hypercube.
    Latin,
    /// The Sobol sequence.
    Sobol,
    /// Pairs for variance-based indices.
    Saltelli,
    /// Paths for elementary effects.
    Morris,
}

/// What an experiment is.
#[derive(Debug, Args)]
pub(crate) struct SimWhat {
    /// What all chance follows from: any text; the scenario's seed if none.
    #[arg(long)]
    pub(crate) seed: Option<String>,
    /// The number that charts and comparisons are about.
    #[arg(long, value_name = "NAME")]
    pub(crate) kpi: Option<String>,
    /// Keep every run's course, thinned, in epochs.csv and epochs.parquet.
    #[arg(long)]
    pub(crate) epochs: bool,
    /// The experiment's folder; `out/` and the scenario's name if none.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

/// How an experiment is run.
#[derive(Debug, Args)]
pub(crate) struct SimHow {
    /// Run only this part, as in 2/7.
    #[arg(long, value_name = "I/N", conflicts_with = "shards")]
    pub(crate) shard: Option<Shard>,
    /// Run the part that `SLURM_ARRAY_TASK_ID` or `JOB_COMPLETION_INDEX` says, of so many.
    #[arg(long, value_name = "N")]
    pub(crate) shards: Option<u64>,
    /// Go on after the runs that are there.
    #[arg(long)]
    pub(crate) resume: bool,
    /// How many threads; all cores if nothing is said.
    #[arg(long, default_value_t = 0, hide_default_value = true, value_name = "COUNT")]
    pub(crate) jobs: usize,
}

#[derive(Debug, Args)]
pub(crate) struct SimAttack {
    /// The scenario.
    pub(crate) scenario: PathBuf,
    /// The group that attacks; the first that is not honest if none.
    #[arg(long, value_name = "NAME")]
    pub(crate) group: Option<String>,
    /// How settings are searched.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) method: MethodArg,
    /// How many runs judge one choice.
    #[arg(long, default_value_t = 2, value_name = "COUNT")]
    pub(crate) pilot: u64,
    /// How many rounds a search takes after the grid.
    #[arg(long, default_value_t = 6, value_name = "COUNT")]
    pub(crate) rounds: u32,
    /// How many fresh runs each attack's report rests on.
    #[arg(long, default_value_t = 16, value_name = "COUNT")]
    pub(crate) runs: u64,
    /// What all chance follows from: any text; the scenario's seed if none.
    #[arg(long)]
    pub(crate) seed: Option<String>,
    /// The folder of the findings; `out/` and the scenario's name if none.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// How many threads; all cores if nothing is said.
    #[arg(long, default_value_t = 0, hide_default_value = true, value_name = "COUNT")]
    pub(crate) jobs: usize,
}

/// How an attack's settings are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum MethodArg {
    /// Over a coarse grid.
    #[default]
    Grid,
    /// From the grid's best place on by CMA-ES.
    Cma,
    /// From the grid's best place on, one setting after the other.
    BestResponse,
}

#[derive(Debug, Args)]
pub(crate) struct SimSensitivity {
    /// The scenario.
    pub(crate) scenario: PathBuf,
    /// A setting and its range, as in `group.cartel.stake=1000..50000`.
    #[arg(long = "param", value_name = "PATH=LOW..HIGH", required = true)]
    pub(crate) params: Vec<String>,
    /// Which question is asked.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) method: SensitivityArg,
    /// How many paths, or blocks (a power of two).
    #[arg(long, default_value_t = 16, value_name = "COUNT")]
    pub(crate) samples: u64,
    /// How often each point is run.
    #[arg(long, default_value_t = 1, value_name = "COUNT")]
    pub(crate) replicates: u64,
    #[command(flatten)]
    pub(crate) what: SimWhat,
    #[command(flatten)]
    pub(crate) how: SimHow,
}

/// What is asked of a sensitivity analysis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum SensitivityArg {
    /// How far each setting moves the number (few runs, many settings).
    #[default]
    Morris,
    /// What share of its variance each setting explains (more runs).
    Sobol,
}

#[derive(Debug, Args)]
pub(crate) struct SimReplay {
    /// The experiment's folder.
    pub(crate) folder: PathBuf,
    /// The number of the run.
    #[arg(long, default_value_t = 0)]
    pub(crate) run: u64,
    /// Give its blocks to a node's replica with a store, too: every signature, certificate and root is
    /// checked as a node that catches up does.
    #[arg(long)]
    pub(crate) on_node: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SimExport {
    /// The node that is asked; that of --node if none.
    #[arg(long, value_name = "URL")]
    pub(crate) from_node: Option<String>,
    /// The scenario's file; it must not be there yet.
    #[arg(long, default_value = "calibrated.toml", value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Keep the network's windows: runs are then as long as its epochs.
    #[arg(long)]
    pub(crate) windows: bool,
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
