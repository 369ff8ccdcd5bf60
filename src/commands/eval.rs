//! `probity eval`: scoring without a network, and checking a published score by running it again.

use std::ops::ControlFlow;
use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use probity_harness::benchmark::Benchmark;
use probity_harness::cache::Cache;
use probity_harness::fetch::{Fetcher, HubOptions, Patience, Source};
use probity_harness::report::Report;
use probity_harness::run::{Options, Progress, Run};
use probity_harness::stored;
use probity_harness::worker::WorkerCommand;

use crate::cli::{Eval, EvalLimits, EvalRun, Global};
use crate::commands::{block_on, cache_folder};
use crate::exit::{Code, Failure, OrFail};
use crate::output::{self, show};

pub(crate) fn run(global: &Global, verb: Eval) -> Result<(), Failure> {
    match verb {
        Eval::Run(arguments) => {
            let report = evaluate(global, &arguments)?;
            show(global.output, &report, text)
        }
        Eval::Status { operator } => block_on(super::duties::show(global, operator)),
        Eval::Reproduce { task, limits } => super::reproduce::run(global, task, &limits),
    }
}

/// Runs a benchmark as the arguments say.
fn evaluate(global: &Global, arguments: &EvalRun) -> Result<Report, Failure> {
    let EvalRun { benchmark, model, dataset, limit, transcript, journal, limits } = arguments;
    let benchmark = Benchmark::load(benchmark).or_fail(Code::Config, "cannot use the benchmark")?;
    let (model, dataset) = block_on(async {
        let fetcher = fetcher(limits)?;
        Ok((local(&fetcher, model).await?, local(&fetcher, dataset).await?))
    })?;
    let run =
        Run::prepare(benchmark, &model, &dataset, *limit).or_fail(Code::Other, "cannot begin")?;
    let mut options = options(limits)?;
    options.journals.clone_from(journal);
    let bar = bar(global, run.header().items);
    let finished = run
        .execute(&options, |Progress { done, .. }| {
            bar.set_position(u64::from(done));
            ControlFlow::Continue(())
        })
        .or_fail(Code::Other, "the evaluation failed")?;
    bar.finish_and_clear();
    if let Some(out) = transcript {
        std::fs::write(out, stored::encode(&finished.transcript))
            .or_fail(Code::Other, &format!("cannot write {}", out.display()))?;
    }
    Ok(Report::of(&run, &finished))
}

/// How workers run for these limits.
pub(crate) fn options(limits: &EvalLimits) -> Result<Options, Failure> {
    let worker = WorkerCommand::this_program(&[crate::WORKER])
        .or_fail(Code::Other, "cannot start workers")?;
    Ok(Options { workers: limits.workers, ..Options::new(worker) })
}

/// What brings files into the cache.
pub(crate) fn fetcher(limits: &EvalLimits) -> Result<Fetcher, Failure> {
    let folder = cache_folder(limits.cache.as_deref());
    let cache = Cache::open(folder).or_fail(Code::Other, "cannot use the cache")?;
    Fetcher::new(cache, Patience::default(), HubOptions::default())
        .or_fail(Code::Other, "cannot fetch")
}

/// The bar that shows how far a run is; nothing where no one is looking.
pub(crate) fn bar(global: &Global, items: u32) -> ProgressBar {
    let bar = ProgressBar::new(u64::from(items));
    if !output::progress_wanted(global) {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} items, {per_sec}, {eta} left");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Where a named file is on this machine, fetched if it is elsewhere.
async fn local(fetcher: &Fetcher, named: &str) -> Result<PathBuf, Failure> {
    let source: Source = named.parse().or_fail(Code::Usage, "cannot use the address")?;
    if let Source::File(path) = &source {
        return Ok(path.clone());
    }
    let what = format!("cannot fetch {named}");
    Ok(fetcher.fetch(&source, None).await.or_fail(Code::Unreachable, &what)?.path)
}

fn text(report: &Report) -> String {
    let mut table = output::Table::new(&["", ""]);
    let mut row = |name: &str, value: String| table.row(vec![name.to_owned(), value]);
    row("benchmark", format!("{} {}", report.benchmark.name, report.benchmark.hash));
    row("model", report.model.hash.to_string());
    row("dataset", report.dataset.hash.to_string());
    row("items", report.items.to_string());
    if let Some(correct) = report.correct {
        row("correct", correct.to_string());
    }
    row("score", report.score.map_or_else(|| "none".to_owned(), |score| score.to_string()));
    let [low, high] = report.interval.map(probity_primitives::Score::from_micros);
    row("95 % interval", format!("{low} .. {high}"));
    row("answers root", report.answers_root.to_string());
    row("engine", report.engine.engine.to_string());
    table.text()
}
