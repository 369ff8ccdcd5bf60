//! What the tests share: fixtures, options, and the two outcomes of a run.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use probity_harness::benchmark::Benchmark;
use probity_harness::run::{Finished, Options, Run, RunError};
use probity_harness::worker::WorkerCommand;

/// A file of the repository's `fixtures/digits`.
pub(crate) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/digits").join(name)
}

pub(crate) fn options() -> Options {
    Options::new(WorkerCommand {
        program: env!("CARGO_BIN_EXE_probity-harness").into(),
        arguments: vec!["worker".to_owned()],
    })
}

pub(crate) fn digits() -> Benchmark {
    Benchmark::load(&fixture("digits.toml")).unwrap()
}

pub(crate) fn prepare(model: &str) -> Run {
    Run::prepare(digits(), &fixture(model), &fixture("digits_test.jsonl"), None).unwrap()
}

pub(crate) fn execute(run: &Run, options: &Options) -> Result<Finished, RunError> {
    run.execute(options, |_| ControlFlow::Continue(()))
}

/// The digits benchmark with one text in its definition replaced by another.
pub(crate) fn changed(from: &str, to: &str) -> Benchmark {
    let text = fs::read_to_string(fixture("digits.toml")).unwrap();
    assert!(text.contains(from), "{from}");
    Benchmark::parse("changed.toml", text.replace(from, to).as_bytes()).unwrap()
}

/// What a run on the digits data says of a model that is refused.
pub(crate) fn refusal(benchmark: Benchmark, model: &Path) -> String {
    let run = Run::prepare(benchmark, model, &fixture("digits_test.jsonl"), None).unwrap();
    failure(&run, &options())
}

pub(crate) fn failure(run: &Run, options: &Options) -> String {
    match execute(run, options) {
        Ok(finished) => panic!("{} items were answered", finished.transcript.leaves().len()),
        Err(error) => error.to_string(),
    }
}
