//! The grammar: `probity <noun> <verb> [ID] [flags]`. Each noun has a file here and one in
//! `commands/`.

mod artifact;
mod config;
mod demo;
mod dev;
mod dispute;
mod eval;
mod genesis;
pub(crate) mod gov;
mod init;
mod key;
mod node;
mod protection;
mod result;
pub(crate) mod sim;
mod snapshot;
mod supply;
mod testnet;
mod tx;
mod validator;

use std::path::PathBuf;
use std::sync::LazyLock;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

pub(crate) use self::artifact::{Artifact, Register};
pub(crate) use self::config::ConfigVerb;
pub(crate) use self::demo::{Bench, BenchPart, BenchStore, Demo};
pub(crate) use self::dev::Dev;
pub(crate) use self::dispute::{DisputeOpen, DisputeVerb, SideArg};
pub(crate) use self::eval::{Eval, EvalLimits, EvalRun, EvaluatorStart, EvaluatorVerb};
pub(crate) use self::genesis::{
    GenesisFile, GenesisVerb, NetworkKind, NewValidator, ParamsKind, Shape,
};
pub(crate) use self::gov::{GovDraft, GovVerb, GovVote, RulingArg};
pub(crate) use self::init::Init;
pub(crate) use self::key::{
    ImportSource, KeyExport, KeyImport, KeyNew, KeyPlace, KeyVerb, PassphraseFlags, SignedText,
};
pub(crate) use self::node::{Changes, NodeVerb};
pub(crate) use self::protection::{ProtectionFolders, ProtectionVerb};
pub(crate) use self::result::{Board, ExportFormat, Query, ResultVerb};
pub(crate) use self::sim::{
    AttackArg, DesignArg, Example, MethodArg, SensitivityArg, SimAttack, SimBench, SimCapture,
    SimCorr, SimExport, SimFigures, SimHow, SimMechanisms, SimNew, SimPenalties, SimPower,
    SimReplay, SimRun, SimSensitivity, SimSweep, SimVerb, SimWhat, SimYuma,
};
pub(crate) use self::snapshot::{SnapshotVerb, Sync, Which};
pub(crate) use self::supply::SupplyVerb;
pub(crate) use self::testnet::{TestnetInit, TestnetVerb};
pub(crate) use self::tx::{DeliveryFlags, Transfer, Tx, TxBroadcast, TxFlags, TxSign};
pub(crate) use self::validator::{
    Account, AccountVerb, EditOperator, RegisterOperator, RotateKey, ValidatorVerb,
};
use crate::output::{Colour, Format, LogFormat};

/// The program's version, and the newest version of the rules that it has.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let newest = probity_runtime::upgrade::NEWEST;
    format!("{} (rules up to version {newest})", env!("CARGO_PKG_VERSION"))
});

/// Staked evaluators that put a trustworthy number on AI models.
#[derive(Debug, Parser)]
#[command(
    name = "probity",
    version = VERSION.as_str(),
    propagate_version = true,
    disable_help_subcommand = true
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags that every command takes.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Flags of every command")]
pub(crate) struct Global {
    /// The node to ask; that of --home if one is named, or `http://127.0.0.1:27657`.
    #[arg(long, global = true, env = "PROBITY_NODE", value_name = "URL")]
    pub(crate) node: Option<String>,
    /// The form of the answer.
    #[arg(short, long, global = true, value_enum, default_value_t)]
    pub(crate) output: Format,
    /// No progress, no talk.
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// What to log, as in `info` or `probity_node=debug`.
    #[arg(long, global = true, env = "PROBITY_LOG", value_name = "FILTER")]
    pub(crate) log: Option<String>,
    /// The form of the log.
    #[arg(long, global = true, value_enum)]
    pub(crate) log_format: Option<LogFormat>,
    /// Whether the log may have colours; `NO_COLOR` and `CLICOLOR_FORCE` are heeded too.
    #[arg(long, global = true, value_enum, default_value_t)]
    pub(crate) color: Colour,
    /// The folder of keys, settings and data; the user's own folders if none.
    #[arg(long, global = true, env = "PROBITY_HOME", value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,
    /// Do what is dangerous without asking.
    #[arg(short, long, global = true)]
    pub(crate) yes: bool,
    /// Never ask; what would have to be asked is a failure that names the missing flag.
    #[arg(long, global = true)]
    pub(crate) no_input: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the main job on this machine: four validators, real models, one liar.
    Demo(Demo),
    /// Run a whole network in this process, with accounts that have tokens.
    Dev(Dev),
    /// Make a new home for a node.
    Init(Box<Init>),
    /// Run validators as processes of this machine.
    #[command(subcommand)]
    Testnet(TestnetVerb),
    /// Make and check the document that a chain begins with.
    #[command(subcommand)]
    Genesis(GenesisVerb),
    /// Show and check the settings of a home.
    #[command(subcommand)]
    Config(ConfigVerb),
    /// Run a node.
    #[command(subcommand)]
    Node(NodeVerb),
    /// Evaluate for an operator.
    #[command(subcommand)]
    Evaluator(EvaluatorVerb),
    /// What the keys of a home have signed, and may therefore not sign again.
    #[command(subcommand)]
    Protection(ProtectionVerb),
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
    /// The keys of this machine.
    #[command(subcommand)]
    Key(KeyVerb),
    /// Transactions.
    #[command(subcommand)]
    Tx(Tx),
    /// Pay somebody.
    Transfer(Box<Transfer>),
    /// Accounts.
    #[command(subcommand)]
    Account(AccountVerb),
    /// What holders of tokens decide together: referenda, votes, delegations.
    #[command(subcommand)]
    Gov(GovVerb),
    /// All money there is, what may be minted, and what flows.
    #[command(subcommand)]
    Supply(SupplyVerb),
    /// Saying that a result is wrong, and what becomes of it.
    #[command(subcommand)]
    Dispute(DisputeVerb),
    /// Experiments on seeded worlds that run the very rules of the network.
    #[command(subcommand)]
    Sim(SimVerb),
    /// Operators and what stands behind them.
    #[command(subcommand)]
    Validator(ValidatorVerb),
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
