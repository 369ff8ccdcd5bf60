//! The harness on its own: a score without a network, and the worker it needs for that.
//!
//! ```text
//! probity-harness run BENCHMARK MODEL DATASET [--limit N] [--workers N] [--journals DIR] [--step]
//! probity-harness bench BENCHMARK MODEL DATASET [--milliseconds N]
//! probity-harness worker
//! ```
//!
//! `run` prints one `probity.eval/v1` document. With `--step` it says on standard error how many
//! items are done and waits for a line on standard input after each: so a test can stop it at an
//! exact item. `bench` prints the items that one thread answers per second of processor time.

use std::error::Error;
use std::io::{self, Write};
use std::num::{NonZeroU32, NonZeroUsize};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use probity_harness::bench;
use probity_harness::benchmark::Benchmark;
use probity_harness::report::Report;
use probity_harness::run::{Options, Progress, Run};
use probity_harness::worker::{self, WorkerCommand};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let outcome = match arguments.next().as_deref() {
        Some("worker") => return worker::main(),
        Some("run") => Arguments::parse(arguments).and_then(|arguments| run(&arguments)),
        Some("bench") => Arguments::parse(arguments).and_then(|arguments| measure(&arguments)),
        Some(_) | None => Err("the first argument is run, bench or worker".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell if even standard error is closed.
            let _ = writeln!(io::stderr(), "probity-harness: {error}");
            ExitCode::FAILURE
        }
    }
}

#[derive(Default)]
struct Arguments {
    files: Vec<PathBuf>,
    limit: Option<NonZeroU32>,
    workers: Option<NonZeroUsize>,
    journals: Option<PathBuf>,
    milliseconds: Option<u64>,
    step: bool,
}

impl Arguments {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let mut parsed = Self::default();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
            match argument.as_str() {
                "--limit" => parsed.limit = Some(value()?.parse()?),
                "--workers" => parsed.workers = Some(value()?.parse()?),
                "--journals" => parsed.journals = Some(value()?.into()),
                "--milliseconds" => parsed.milliseconds = Some(value()?.parse()?),
                "--step" => parsed.step = true,
                file => parsed.files.push(file.into()),
            }
        }
        Ok(parsed)
    }

    fn prepare(&self) -> Result<Run, Box<dyn Error>> {
        let [benchmark, model, dataset] = self.files.as_slice() else {
            return Err(format!("needs 3 files, has {}", self.files.len()).into());
        };
        let benchmark = Benchmark::load(Path::new(benchmark))?;
        Ok(Run::prepare(benchmark, model, dataset, self.limit)?)
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let run = arguments.prepare()?;
    let mut options = Options::new(WorkerCommand::this_program(&["worker"])?);
    options.workers = arguments.workers.unwrap_or(options.workers);
    options.journals.clone_from(&arguments.journals);
    let finished = run.execute(&options, |progress| match arguments.step {
        true => step(progress),
        false => ControlFlow::Continue(()),
    })?;
    let document = serde_json::to_string_pretty(&Report::of(&run, &finished))?;
    writeln!(io::stdout(), "{document}")?;
    Ok(())
}

/// Says where the run is, and goes on at the next line from outside.
fn step(Progress { done, items }: Progress) -> ControlFlow<()> {
    let mut line = String::new();
    let said = writeln!(io::stderr(), "{done} of {items}");
    match said.and_then(|()| io::stdin().read_line(&mut line)) {
        Ok(1..) => ControlFlow::Continue(()),
        Ok(0) | Err(_) => ControlFlow::Break(()),
    }
}

fn measure(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let run = arguments.prepare()?;
    let command = WorkerCommand::this_program(&["worker"])?;
    let rate = bench::inference(&run, &command, arguments.milliseconds.unwrap_or(1_000))?;
    let document = serde_json::json!({
        "single": rate.single.per_second(),
        "whole": rate.whole.per_second(),
        "batch": rate.batch,
    });
    writeln!(io::stdout(), "{document}")?;
    Ok(())
}
