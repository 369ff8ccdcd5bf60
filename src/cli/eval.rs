//! `probity eval` and `probity evaluator`.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use probity_primitives::{OperatorId, TaskId};

use super::{Changes, PassphraseFlags};

#[derive(Debug, Subcommand)]
pub(crate) enum EvaluatorVerb {
    /// Do what an operator is drawn for, through a node, until told to end.
    Start(EvaluatorStart),
}

#[derive(Debug, Args)]
pub(crate) struct EvaluatorStart {
    /// The operator; that of the home if none.
    #[arg(long, value_name = "ID")]
    pub(crate) operator: Option<OperatorId>,
    /// Its hot key: a name or a file; that of the home if none.
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// The folder of its work; one process at a time uses it.
    #[arg(long, value_name = "DIR")]
    pub(crate) work: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) passphrase: PassphraseFlags,
    #[command(flatten)]
    pub(crate) changes: Changes,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Eval {
    /// Run a benchmark on a model and print its score and transcript roots.
    Run(EvalRun),
    /// Show what is next for an operator, and until when.
    Status {
        /// The operator; the home's own if none is named.
        #[arg(long, value_name = "ID")]
        operator: Option<OperatorId>,
    },
    /// Run a published result again and compare.
    Reproduce {
        /// The task whose result is run again.
        task: TaskId,
        #[command(flatten)]
        limits: EvalLimits,
    },
}

#[derive(Debug, Args)]
pub(crate) struct EvalRun {
    /// The benchmark definition.
    #[arg(long, value_name = "FILE")]
    pub(crate) benchmark: PathBuf,
    /// The model: a file, or a file://, http(s):// or hf:// address.
    #[arg(long, value_name = "FILE|URL")]
    pub(crate) model: String,
    /// The dataset: a file, or a file://, http(s):// or hf:// address.
    #[arg(long, value_name = "FILE|URL")]
    pub(crate) dataset: String,
    /// Only the first items.
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<NonZeroU32>,
    /// Where to write the transcript.
    #[arg(long, value_name = "OUT")]
    pub(crate) transcript: Option<PathBuf>,
    /// Where a killed run goes on from.
    #[arg(long, value_name = "DIR")]
    pub(crate) journal: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) limits: EvalLimits,
}

#[derive(Debug, Args)]
pub(crate) struct EvalLimits {
    /// How many workers share the items.
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) workers: NonZeroUsize,
    /// Where fetched files are kept.
    #[arg(long, value_name = "DIR")]
    pub(crate) cache: Option<PathBuf>,
}
