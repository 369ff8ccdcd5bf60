//! Plays the scenario of [`probity_simulations::pace`] and says how fast.
//!
//! `pace [EPOCHS] [RUNS] [verified|elided|unrooted]`, elided without a root in each epoch.

#![expect(clippy::print_stdout, reason = "what it prints is what it is for")]

use std::error::Error;

use probity_simulations::pace;
use probity_simulations::world::Rigour;
use rustix::time::{ClockId, clock_gettime};

fn main() -> Result<(), Box<dyn Error>> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let number = |place: usize, default: u32| {
        given.get(place).map_or(Ok(default), |text| text.parse::<u32>())
    };
    let (epochs, runs) = (number(0, 200)?, number(1, 3)?);
    let word = given.get(2).map(String::as_str);
    let mode = if word == Some("verified") { Rigour::Verified } else { Rigour::Elided };
    let scenario = pace::scenario(epochs, mode)?;
    for run in 0..runs {
        let begun = cpu_seconds();
        let done = pace::play(&scenario, u64::from(run), word != Some("unrooted"))?;
        let spent = cpu_seconds() - begun;
        let [steps, transactions, blocks] =
            [done.agent_steps, done.transactions, done.blocks].map(|n| f64(n) / spent);
        println!(
            "run {run}: {spent:.3} CPU-s, {steps:.0} agent-steps/s, {transactions:.0} txs/s, \
             {blocks:.0} blocks/s, root {}",
            done.outcome.state_root
        );
    }
    Ok(())
}

fn f64(number: u64) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

fn cpu_seconds() -> f64 {
    let spent = clock_gettime(ClockId::ThreadCPUTime);
    f64(u64::try_from(spent.tv_sec).unwrap_or_default())
        + f64(u64::try_from(spent.tv_nsec).unwrap_or_default()) / 1e9
}
