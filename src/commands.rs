//! What each verb does. A command asks, shows and ends; rules and work are in the libraries.

mod artifact;
mod board;
mod config;
mod dev;
mod dispute;
mod duties;
mod eval;
mod evaluator;
pub(crate) mod genesis;
mod gov;
mod init;
mod key;
pub(crate) mod node;
mod protection;
mod query;
mod reproduce;
pub(crate) mod result;
mod sim;
mod snapshot;
mod supply;
mod sync;
mod testnet;
mod tx;
mod validator;

use std::path::{Path, PathBuf};

use clap::CommandFactory;
use probity_protocol::registry::ArtifactKind;

use crate::cli::{Cli, Command, EvaluatorVerb, NodeVerb};
use crate::exit::{Code, Failure, OrFail};
use crate::home::settings::LogSection;
use crate::home::{Layers, Place};
use crate::{bench, demo, output};

/// Runs a command to its end.
pub(crate) fn run(cli: Cli) -> Result<(), Failure> {
    let Cli { global, command } = cli;
    let global = &global;
    match command {
        Command::Demo(arguments) => block_on(demo::run(global, &arguments)),
        Command::Dev(arguments) => block_on(dev::run(global, &arguments)),
        Command::Init(arguments) => init::run(global, &arguments),
        Command::Testnet(verb) => testnet::run(global, verb),
        Command::Genesis(verb) => genesis::run(global, verb),
        Command::Config(verb) => config::run(global, verb),
        Command::Node(verb) => node::run(global, verb),
        Command::Evaluator(verb) => evaluator::run(global, verb),
        Command::Protection(verb) => protection::run(global, verb),
        Command::Eval(verb) => eval::run(global, verb),
        Command::Result(verb) => result::run(global, verb),
        Command::Board(verb) => board::run(global, verb),
        Command::Query(verb) => query::run(global, verb),
        Command::Key(verb) => key::run(global, verb),
        Command::Tx(verb) => tx::run(global, verb),
        Command::Transfer(given) => tx::transfer(global, &given),
        Command::Account(verb) => validator::account(global, verb),
        Command::Gov(verb) => gov::run(global, verb),
        Command::Supply(verb) => supply::run(global, verb),
        Command::Dispute(verb) => dispute::run(global, verb),
        Command::Sim(verb) => sim::run(global, verb),
        Command::Validator(verb) => validator::run(global, verb),
        Command::Model(verb) => artifact::run(global, ArtifactKind::Model, verb),
        Command::Dataset(verb) => artifact::run(global, ArtifactKind::Dataset, verb),
        Command::Benchmark(verb) => artifact::run(global, ArtifactKind::Benchmark, verb),
        Command::Bench(arguments) => {
            let report = bench::run(&arguments)?;
            output::show(global.output, &report, bench::Report::text)
        }
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "probity", &mut script);
            output::print(&String::from_utf8_lossy(&script))
        }
    }
}

/// How the home wants the log of a process that stays: a mistake in it is reported when it starts.
pub(crate) fn log_settings(cli: &Cli) -> Option<LogSection> {
    let changes = if let Command::Node(NodeVerb::Start { changes }) = &cli.command {
        &changes.set
    } else if let Command::Evaluator(EvaluatorVerb::Start(arguments)) = &cli.command {
        &arguments.changes.set
    } else {
        return None;
    };
    let place = Place::of(&cli.global).ok()?;
    Layers::read_if_there(&place, changes)
        .and_then(|layers| layers.settings())
        .ok()
        .map(|all| all.log)
}

/// Begins to wait for an interrupt or for the order to end: from now on neither ends the process.
pub(crate) fn orders() -> Result<impl Future<Output = ()>, Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let wait = |kind| signal(kind).or_fail(Code::Other, "cannot wait for signals");
    let (mut order, mut interrupt) =
        (wait(SignalKind::terminate())?, wait(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = order.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Waits for an interrupt or for the order to end.
pub(crate) async fn told_to_end() -> Result<(), Failure> {
    orders()?.await;
    Ok(())
}

/// Runs a future on a runtime of its own.
pub(crate) fn block_on<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Runtime::new().or_fail(Code::Other, "cannot start")?.block_on(future)
}

/// The folder of fetched files: named, or the user's cache folder.
pub(crate) fn cache_folder(named: Option<&Path>) -> PathBuf {
    if let Some(folder) = named {
        return folder.to_owned();
    }
    let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
    let base = std::env::var_os("XDG_CACHE_HOME").map(Into::into).or_else(home);
    base.unwrap_or_else(std::env::temp_dir).join("probity")
}
