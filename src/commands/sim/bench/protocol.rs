//! The whole protocol's speed: the steps of agents under the very rules, on one thread and on two.

use std::time::Instant;

use probity_simulations::pace::{self, Pace};
use probity_simulations::world::Rigour;
use rayon::ThreadPoolBuilder;
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use serde::Serialize;

use super::cpu_seconds;
use crate::exit::{Code, Failure, OrFail};
use crate::output::Table;

/// How many epochs a measured run has.
const EPOCHS: u32 = 100;
/// How many runs one thread and two threads make.
const RUNS: u64 = 8;

/// What was measured.
#[derive(Debug, Default, Serialize)]
pub(super) struct Measured {
    rows: Vec<Row>,
    /// How many times as fast two threads make the same runs as one does, on the clock.
    two_threads: f64,
}

/// One mode's speed: the median of the rounds, in things for a second of CPU time.
#[derive(Debug, Default, Serialize)]
struct Row {
    mode: &'static str,
    agent_steps: f64,
    transactions: f64,
    blocks: f64,
}

pub(super) fn measure(rounds: u32, seed: u64) -> Result<Measured, Failure> {
    let modes = [
        ("elided", Rigour::Elided, true),
        ("elided, one root at the end", Rigour::Elided, false),
        ("verified", Rigour::Verified, true),
    ];
    let rows = modes.map(|(name, mode, roots)| row(name, (mode, roots), rounds, seed));
    let rows = rows.into_iter().collect::<Result<_, _>>()?;
    let ratios = (0..rounds).map(|_| Ok(on(1, seed)? / on(2, seed)?));
    let two_threads = median(ratios.collect::<Result<_, Failure>>()?);
    Ok(Measured { rows, two_threads })
}

fn row(
    mode: &'static str,
    (rigour, roots): (Rigour, bool),
    rounds: u32,
    seed: u64,
) -> Result<Row, Failure> {
    let scenario = pace::scenario(EPOCHS, rigour).or_fail(Code::Other, "cannot measure")?;
    let mut rates: [Vec<f64>; 3] = Default::default();
    for round in 0..rounds {
        let begun = cpu_seconds();
        let replicate = seed.wrapping_add(u64::from(round));
        let done =
            pace::play(&scenario, replicate, roots).or_fail(Code::Other, "cannot measure")?;
        let spent = cpu_seconds() - begun;
        let Pace { agent_steps, transactions, blocks, outcome: _ } = done;
        for (rates, done) in rates.iter_mut().zip([agent_steps, transactions, blocks]) {
            rates.push(f64::from(u32::try_from(done).unwrap_or(u32::MAX)) / spent);
        }
    }
    let [agent_steps, transactions, blocks] = rates.map(median);
    Ok(Row { mode, agent_steps, transactions, blocks })
}

/// How long some runs take on so many threads.
fn on(threads: usize, seed: u64) -> Result<f64, Failure> {
    let scenario = pace::scenario(EPOCHS, Rigour::Elided).or_fail(Code::Other, "cannot measure")?;
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.or_fail(Code::Other, "cannot start threads")?;
    let begun = Instant::now();
    let played = pool.install(|| {
        let runs = (0..RUNS).into_par_iter();
        runs.map(|run| pace::play(&scenario, seed.wrapping_add(run), true).map(|_| ()))
            .collect::<Result<Vec<()>, _>>()
    });
    played.or_fail(Code::Other, "cannot measure")?;
    Ok(begun.elapsed().as_secs_f64())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

pub(super) fn text(measured: &Measured) -> String {
    let Measured { rows, two_threads } = measured;
    let heading =
        ["the whole protocol", ">agent-steps / CPU-s", ">transactions / CPU-s", ">blocks / CPU-s"];
    let mut table = Table::new(&heading);
    for Row { mode, agent_steps, transactions, blocks } in rows {
        let rates = [agent_steps, transactions, blocks].map(|rate| format!("{rate:.0}"));
        table.row([vec![(*mode).to_owned()], rates.to_vec()].concat());
    }
    format!("{}two threads make the same runs {two_threads:.2} times as fast\n", table.text())
}
