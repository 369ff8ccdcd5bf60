//! The `probity` command line.
//!
//! Data goes to standard output, talk to standard error; every failure ends with a code that a
//! script can branch on (`docs/spec/24-api.md`).
//!
//! # Reading order
//! [`cli`] is the grammar, [`commands`] what each verb does, [`output`] how it is shown, [`exit`]
//! how it ends; [`demo`] is the main job from end to end.

mod bench;
mod cli;
mod commands;
mod demo;
mod exit;
mod files;
mod home;
mod keyfile;
mod manifest;
mod output;
mod passphrase;
mod prompt;
mod wallet;

use std::process::ExitCode;

use clap::Parser;

/// The hidden argument with which this program starts itself as an inference worker.
const WORKER: &str = "inference-worker";

fn main() -> ExitCode {
    // The worker's process does nothing else: it must not parse, log or start a runtime.
    if std::env::args().nth(1).as_deref() == Some(WORKER) {
        return probity_harness::worker::main();
    }
    if std::env::args().nth(1).as_deref() == Some(bench::load::SENDER) {
        return bench::load::sender::main();
    }
    let cli = cli::Cli::parse();
    output::start_logs(&cli.global, commands::log_settings(&cli).as_ref());
    files::allow_many();
    let format = cli.global.output;
    match commands::run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(format),
    }
}
