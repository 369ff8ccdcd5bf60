//! The worker process alone, for a program that embeds an agent and has no subcommand for it.

use std::process::ExitCode;

fn main() -> ExitCode {
    probity_harness::worker::main()
}
