//! Runs seeds: `probity-sim-network --seeds A..B --steps N`, or one of them with its trace.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use clap::Parser;
use probity_sim_network::node::Signing;
use probity_sim_network::world::{Failure, Summary, run};
use rayon::iter::{IntoParallelIterator, ParallelIterator};

/// Whole replicas in one thread, under a seeded network, clock and disk.
#[derive(Debug, Parser)]
#[command(name = "probity-sim-network")]
struct Arguments {
    /// Runs the seeds from the first number to the one before the second.
    #[arg(long, value_parser = range, default_value = "0..200", conflicts_with = "seed")]
    seeds: std::ops::Range<u64>,
    /// Runs this seed alone.
    #[arg(long)]
    seed: Option<u64>,
    /// How many events happen under trouble.
    #[arg(long, default_value_t = 3_000)]
    steps: u64,
    /// Says every event of the seed.
    #[arg(long, requires = "seed")]
    trace: bool,
    /// Lets each core sign only what the marks on its disk allow, as a node does.
    #[arg(long)]
    marks: bool,
    /// How many seeds run at a time.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Stops at the first seed that fails.
    #[arg(long)]
    first: bool,
}

impl Arguments {
    const fn signing(&self) -> Signing {
        if self.marks { Signing::Marked } else { Signing::Free }
    }
}

fn range(text: &str) -> Result<std::ops::Range<u64>, String> {
    let (first, last) = text.split_once("..").ok_or("seeds are given as 0..200")?;
    let number = |text: &str| text.parse::<u64>().map_err(|error| format!("{text}: {error}"));
    let (first, last) = (number(first)?, number(last)?);
    if first < last { Ok(first..last) } else { Err(format!("{first}..{last} names no seed")) }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.seed {
        Some(seed) => one(seed, &arguments),
        None => many(&arguments),
    }
}

fn one(seed: u64, arguments: &Arguments) -> ExitCode {
    let outcome = run(seed, arguments.steps, arguments.signing(), arguments.trace);
    tell(seed, &outcome);
    exit(outcome.is_ok())
}

fn many(arguments: &Arguments) -> ExitCode {
    let started = Instant::now();
    let (total, failed) = (Mutex::new((0u64, Summary::default())), Mutex::new(0u64));
    let stop = AtomicBool::new(false);
    let seed = |seed| {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let outcome = run(seed, arguments.steps, arguments.signing(), false);
        match &outcome {
            Ok(summary) => {
                if let Ok(mut total) = total.lock() {
                    *total = (total.0.saturating_add(1), add(total.1, *summary));
                }
            }
            Err(_) => {
                if let Ok(mut failed) = failed.lock() {
                    *failed = failed.saturating_add(1);
                }
                tell(seed, &outcome);
                stop.store(arguments.first, Ordering::Relaxed);
            }
        }
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(arguments.jobs.max(1)).build();
    match pool {
        Ok(pool) => pool.install(|| arguments.seeds.clone().into_par_iter().for_each(seed)),
        Err(_) => arguments.seeds.clone().for_each(seed),
    }
    let failed = failed.into_inner().unwrap_or(u64::MAX);
    let (passed, sum) = total.into_inner().unwrap_or_default();
    let seconds = started.elapsed().as_secs();
    say(&format!("{passed} seeds passed, {failed} failed, in {seconds} s"));
    say(&describe(&sum));
    exit(failed == 0)
}

fn tell(seed: u64, outcome: &Result<Summary, Box<Failure>>) {
    match outcome {
        Ok(summary) => say(&format!("seed {seed}: {}", describe(summary))),
        Err(failure) => {
            let last: Vec<&str> = failure.last.iter().map(String::as_str).collect();
            let events = last.join("\n  ");
            say(&format!(
                "seed {seed} FAILED at {failure}\n  {events}\nseed {seed} FAILED at {failure}"
            ));
        }
    }
}

fn describe(summary: &Summary) -> String {
    let Summary {
        steps,
        heights,
        txs,
        crashes,
        faults,
        refused,
        synced,
        accusations,
        punished,
        sets,
        withheld,
        trace,
    } = summary;
    format!(
        "{steps} steps, {heights} heights, {txs} transactions acknowledged, {crashes} crashes, \
         {faults} failing writes, {refused} decisions refused by a store, {synced} blocks by sync, {accusations} accusations and {punished} punishments of twins, \
         {sets} changes of validators, {withheld} signatures withheld, trace {trace:016x}"
    )
}

fn add(a: Summary, b: Summary) -> Summary {
    Summary {
        steps: a.steps.saturating_add(b.steps),
        heights: a.heights.saturating_add(b.heights),
        txs: a.txs.saturating_add(b.txs),
        crashes: a.crashes.saturating_add(b.crashes),
        faults: a.faults.saturating_add(b.faults),
        refused: a.refused.saturating_add(b.refused),
        synced: a.synced.saturating_add(b.synced),
        accusations: a.accusations.saturating_add(b.accusations),
        punished: a.punished.saturating_add(b.punished),
        sets: a.sets.saturating_add(b.sets),
        withheld: a.withheld.saturating_add(b.withheld),
        // Seeds end in any order; the sum does not depend on it.
        trace: a.trace.wrapping_add(b.trace),
    }
}

fn say(line: &str) {
    // Whoever closed the pipe wants to hear no more.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

fn exit(good: bool) -> ExitCode {
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
