//! The grammar: `probity <noun> <verb> [ID] [flags]`.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use probity_primitives::{ArtifactId, Hash, OperatorId, TaskId, TxHash};

use crate::output::Format;

/// Staked evaluators that put a trustworthy number on AI models.
#[derive(Debug, Parser)]
#[command(name = "probity", version, propagate_version = true, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags that every command takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct Global {
    /// The node to ask.
    #[arg(long, global = true, env = "PROBITY_NODE", default_value = "http://127.0.0.1:27657")]
    pub(crate) node: String,
    /// The form of the answer.
    #[arg(short, long, global = true, value_enum, default_value_t)]
    pub(crate) output: Format,
    /// No progress, no talk.
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// What to log, as in `info` or `probity_node=debug`.
    #[arg(long, global = true, env = "PROBITY_LOG", value_name = "FILTER")]
    pub(crate) log: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the main job on this machine: four validators, real models, one liar.
    Demo(Demo),
    /// Run a node.
    #[command(subcommand)]
    Node(NodeVerb),
    /// Evaluate for an operator.
    #[command(subcommand)]
    Evaluator(EvaluatorVerb),
    /// Score a model without any network.
    #[command(subcommand)]
    Eval(Eval),
    /// Published scores and their certificates.
    #[command(subcommand)]
    Result(ResultVerb),
    /// The leaderboard.
    #[command(subcommand)]
    Board(Board),
    /// Raw reads with proofs.
    #[command(subcommand)]
    Query(Query),
    /// Transactions.
    #[command(subcommand)]
    Tx(Tx),
    /// Models.
    #[command(subcommand)]
    Model(Artifact),
    /// Datasets.
    #[command(subcommand)]
    Dataset(Artifact),
    /// Benchmarks.
    #[command(subcommand)]
    Benchmark(Artifact),
    /// Measure this machine against the limits that the documentation states.
    Bench(Bench),
    /// Print a script that completes commands in a shell.
    Completions {
        /// Which shell.
        shell: Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Where to keep stores, keys and certificates; a temporary folder that stays if none.
    #[arg(long, value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,
    /// Keep the network up afterwards, until interrupted.
    #[arg(long)]
    pub(crate) serve: bool,
    /// Blocks are at least this far apart.
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 250)]
    pub(crate) block_time: u64,
}

#[derive(Debug, Subcommand)]
pub(crate) enum NodeVerb {
    /// Run the node of a home until it is told to end.
    Start {
        /// The folder with `node.toml`, `genesis.json` and the keys.
        #[arg(long, value_name = "DIR")]
        home: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum EvaluatorVerb {
    /// Do what an operator is drawn for, through the node of `--node`, until told to end.
    Start {
        /// The operator.
        #[arg(long, value_name = "ID")]
        operator: OperatorId,
        /// The file with its hot key.
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// The folder of its work; one process at a time uses it.
        #[arg(long, value_name = "DIR")]
        home: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Eval {
    /// Run a benchmark on a model and print its score and transcript roots.
    Run(EvalRun),
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

#[derive(Debug, Subcommand)]
pub(crate) enum ResultVerb {
    /// List published scores.
    List {
        /// Only of this benchmark.
        #[arg(long)]
        benchmark: Option<ArtifactId>,
        /// Only of this model.
        #[arg(long)]
        artifact: Option<ArtifactId>,
    },
    /// Show one score and who stands behind it.
    Show {
        /// The task.
        task: TaskId,
    },
    /// Check a certificate without any network.
    Verify {
        /// The certificate.
        file: PathBuf,
        /// The genesis hash of the network that is trusted.
        #[arg(long, value_name = "HASH")]
        genesis_hash: Hash,
    },
    /// Write a result's certificate to a file.
    Export {
        /// The task.
        task: TaskId,
        /// The file to write.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Board {
    /// Show the models of a benchmark, best first.
    Show {
        /// The benchmark; every one if none is named.
        benchmark: Option<ArtifactId>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Query {
    /// Fetch a state entry with its proof, and check it.
    Proof {
        /// The state key in hexadecimal digits.
        key: String,
        /// At this height; the newest if none.
        #[arg(long)]
        height: Option<u64>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Tx {
    /// Sign a message and send it.
    Send(Box<TxSend>),
    /// Show what became of a transaction.
    Show {
        /// The transaction.
        hash: TxHash,
    },
    /// Wait until a transaction stands in a block.
    Wait {
        /// The transaction.
        hash: TxHash,
        /// How long, in seconds.
        #[arg(long, default_value_t = 30)]
        timeout: u64,
    },
}

/// Flags of everything that sends a transaction.
#[derive(Debug, Clone, Args)]
pub(crate) struct TxFlags {
    /// The file with the sender's key.
    #[arg(long, value_name = "FILE")]
    pub(crate) from: PathBuf,
    /// The nonce; the account's next if none.
    #[arg(long)]
    pub(crate) nonce: Option<u64>,
    /// A note of at most 256 bytes.
    #[arg(long, default_value = "")]
    pub(crate) memo: String,
    /// How many blocks the transaction stays valid.
    #[arg(long, default_value_t = 600)]
    pub(crate) expiry: u64,
    /// Show what would happen, and send nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Do not wait until it stands in a block.
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// How long to wait, in seconds.
    #[arg(long, default_value_t = 30)]
    pub(crate) wait: u64,
}

#[derive(Debug, Args)]
pub(crate) struct TxSend {
    /// The message as JSON; `-` reads it from standard input.
    #[arg(value_name = "MESSAGE|-")]
    pub(crate) message: String,
    #[command(flatten)]
    pub(crate) flags: TxFlags,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Artifact {
    /// Register a file under a name, and give it to the node to share.
    Register(Box<Register>),
    /// List what is registered.
    List,
    /// Show one.
    Show {
        /// Which.
        id: ArtifactId,
    },
    /// Fetch its files by hash.
    Fetch {
        /// Which.
        id: ArtifactId,
        /// Into this folder.
        #[arg(long, value_name = "DIR", default_value = ".")]
        out: PathBuf,
    },
    /// Check local files against what is registered.
    Verify {
        /// Which.
        id: ArtifactId,
        /// The folder that holds its files.
        #[arg(value_name = "DIR", default_value = ".")]
        folder: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Register {
    /// The file.
    pub(crate) file: PathBuf,
    /// Its name.
    #[arg(long)]
    pub(crate) name: String,
    /// Its version.
    #[arg(long, default_value = "1")]
    pub(crate) version_name: String,
    /// Its licence, an SPDX expression.
    #[arg(long, default_value = "NOASSERTION")]
    pub(crate) licence: String,
    /// A parent and its share in basis points: `ID:BPS`.
    #[arg(long, value_name = "ID:BPS")]
    pub(crate) parent: Vec<String>,
    /// The dataset that a benchmark measures on.
    #[arg(long, value_name = "ID")]
    pub(crate) dataset: Option<ArtifactId>,
    /// The number of core items of a benchmark.
    #[arg(long, value_name = "N")]
    pub(crate) items: Option<NonZeroU32>,
    /// The declared noise of a benchmark in millionths.
    #[arg(long, value_name = "MICROS", default_value_t = 1)]
    pub(crate) sigma: u64,
    #[command(flatten)]
    pub(crate) flags: TxFlags,
}

#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// Only this part.
    #[arg(value_enum)]
    pub(crate) part: Option<BenchPart>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum BenchPart {
    /// Blocks against raw signature verification.
    Blocks,
    /// Empty blocks of four nodes against the engine alone.
    Engine,
    /// Items a second.
    Inference,
    /// Certificates.
    Certificate,
    /// The two stores, and artifact transfer.
    Io,
}
