//! Items a second, one thread, one at a time and the whole set at once.
//!
//! onnxruntime's figures for the same models come from `tests/onnxruntime/bench.py`, which runs
//! this command and prints both side by side.

use probity_harness::bench::inference;
use probity_harness::benchmark::Benchmark;
use probity_harness::run::Run;
use probity_harness::worker::WorkerCommand;

use super::Figure;
use crate::demo::shelf::{self, Shelf};
use crate::exit::{Code, Failure, OrFail};

const MILLISECONDS: u64 = 500;

/// Measures each bundled model.
pub(crate) fn measure() -> Result<Vec<Figure>, Failure> {
    let folder = tempfile::tempdir().or_fail(Code::Other, "no temporary folder")?;
    let shelf = Shelf::bundled()?;
    let definition = Benchmark::parse("digits.toml", shelf.benchmark.bytes)
        .or_fail(Code::Config, "the bundled benchmark does not hold")?;
    let write = |item: &shelf::Item| {
        let path = folder.path().join(item.name());
        std::fs::write(&path, item.bytes).or_fail(Code::Other, "cannot write a file")?;
        Ok::<_, Failure>(path)
    };
    let dataset = write(&shelf.dataset)?;
    let worker = WorkerCommand::this_program(&[crate::WORKER])
        .or_fail(Code::Other, "cannot start workers")?;
    let mut figures = Vec::new();
    for model in &shelf.models {
        let run = Run::prepare(definition.clone(), &write(model)?, &dataset, None)
            .or_fail(Code::Other, "cannot begin")?;
        let rate = inference(&run, &worker, MILLISECONDS)
            .or_fail(Code::Other, "cannot measure a model")?;
        let number = |rate: u64| u32::try_from(rate).map_or(f64::INFINITY, f64::from);
        figures.push(Figure::new(
            format!("{}, one item at a time", model.name()),
            (number(rate.single.per_second()), "items/s"),
            ("whole set at once", number(rate.whole.per_second())),
            "-",
        ));
    }
    Ok(figures)
}
