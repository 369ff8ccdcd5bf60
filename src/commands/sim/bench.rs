//! `probity sim bench`: the reference model's speed, beside other frameworks in the same run.
//!
//! Rounds are interleaved, one process at a time and one thread each, and what counts is CPU time:
//! a machine that others use too slows all of them alike.

mod peers;
mod protocol;

use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;

use probity_simulations::speed::{self, Mode};

use crate::cli::{Global, SimBench};
use crate::exit::{Code, Failure};
use crate::output::{Table, progress_wanted, show};
use peers::{Peer, Sample};

/// Check values farther apart than this are of different models.
const AGREEMENT: f64 = 0.005;

/// Ours with the commitments checked, and without.
const VERIFIED: &str = "probity, verified";
const ELIDED: &str = "probity, elided";

/// The table.
#[derive(Serialize)]
struct Document {
    schema: &'static str,
    validators: usize,
    models: usize,
    epochs: u32,
    rounds: u32,
    rows: Vec<Row>,
    /// The whole protocol.
    protocol: protocol::Measured,
}

/// One implementation's speed.
#[derive(Serialize)]
struct Row {
    name: String,
    versions: String,
    /// Steps of agents for a second of CPU time: the median of the rounds, the least, the most.
    rate: f64,
    low: f64,
    high: f64,
    /// The liars' share of the stake at the end.
    check: f64,
    /// How many times as fast ours are.
    verified_times: f64,
    elided_times: f64,
}

pub(crate) fn run(global: &Global, arguments: &SimBench) -> Result<(), Failure> {
    let SimBench { runs, epochs, rounds, seed, .. } = *arguments;
    for (what, given, most) in
        [("--runs", runs, 10_000), ("--epochs", epochs, 1_000_000), ("--rounds", rounds, 100)]
    {
        if !(1..=most).contains(&given) {
            let what = format!("{what} must be 1 to {most}, not {given}");
            return Err(Failure::new(Code::Usage, what));
        }
    }
    let peers = peers::of(arguments)?;
    let mut samples: Vec<Sample> = Vec::new();
    for round in 0..rounds {
        if progress_wanted(global) {
            eprintln!("round {} of {rounds}", round + 1);
        }
        let seed = seed.wrapping_add(u64::from(round));
        samples.push(ours(VERIFIED, Mode::Verified, (runs, epochs, seed)));
        samples.push(ours(ELIDED, Mode::Elided, (runs, epochs, seed)));
        for peer in &peers {
            samples.push(peer.run((runs, epochs, seed))?);
        }
    }
    let protocol = protocol::measure(rounds, seed)?;
    let document = table(&samples, &peers, (epochs, rounds), protocol)?;
    show(global.output, &document, text)
}

fn ours(name: &str, mode: Mode, (runs, epochs, seed): (u32, u32, u64)) -> Sample {
    let begun = cpu_seconds();
    let mut sum = 0.0;
    for run in 0..runs {
        sum += speed::run(seed.wrapping_add(u64::from(run)), epochs, mode);
    }
    Sample {
        name: name.to_owned(),
        versions: [("probity".to_owned(), env!("CARGO_PKG_VERSION").to_owned())].into(),
        agent_steps: speed::agent_steps(epochs).saturating_mul(u64::from(runs)),
        cpu_seconds: cpu_seconds() - begun,
        check: sum / f64::from(runs),
    }
}

/// The CPU time that this thread has spent.
pub(super) fn cpu_seconds() -> f64 {
    let spent = clock_gettime(ClockId::ThreadCPUTime);
    let whole = u32::try_from(spent.tv_sec).unwrap_or(u32::MAX);
    let rest = u32::try_from(spent.tv_nsec).unwrap_or_default();
    f64::from(whole) + f64::from(rest) / 1e9
}

fn table(
    samples: &[Sample],
    peers: &[Peer],
    (epochs, rounds): (u32, u32),
    protocol: protocol::Measured,
) -> Result<Document, Failure> {
    let mut names: Vec<&str> = vec![VERIFIED, ELIDED];
    names.extend(peers.iter().map(Peer::name));
    let of = |name: &str| samples.iter().filter(|sample| sample.name == name).collect::<Vec<_>>();
    let verified = median(&of(VERIFIED));
    let elided = median(&of(ELIDED));
    let expected = check(&of(ELIDED));
    let mut rows = Vec::new();
    for name in names {
        let mine = of(name);
        let (rate, check) = (median(&mine), check(&mine));
        if (check - expected).abs() > AGREEMENT {
            let what = format!("{name} ends with {check:.4}, and not with {expected:.4}");
            return Err(Failure::new(Code::Verification, what));
        }
        let versions = mine.first().map(|sample| {
            let named = sample.versions.iter().map(|(name, version)| format!("{name} {version}"));
            named.collect::<Vec<_>>().join(", ")
        });
        let rates = mine.iter().map(|sample| sample.rate());
        rows.push(Row {
            name: name.to_owned(),
            versions: versions.unwrap_or_default(),
            rate,
            low: rates.clone().fold(f64::INFINITY, f64::min),
            high: rates.fold(0.0, f64::max),
            check,
            verified_times: verified / rate,
            elided_times: elided / rate,
        });
    }
    let (validators, models) = (speed::VALIDATORS, speed::MODELS);
    let schema = "probity.sim-bench/v1";
    Ok(Document { schema, validators, models, epochs, rounds, rows, protocol })
}

fn median(samples: &[&Sample]) -> f64 {
    let mut rates: Vec<f64> = samples.iter().map(|sample| sample.rate()).collect();
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or(f64::NAN)
}

fn check(samples: &[&Sample]) -> f64 {
    let count = u32::try_from(samples.len()).unwrap_or(u32::MAX);
    samples.iter().map(|sample| sample.check).sum::<f64>() / f64::from(count)
}

fn text(document: &Document) -> String {
    let heading = [
        "implementation",
        ">steps / CPU-s",
        ">least",
        ">most",
        ">check",
        ">verified is x",
        ">elided is x",
        "versions",
    ];
    let mut table = Table::new(&heading);
    for row in &document.rows {
        table.row(vec![
            row.name.clone(),
            format!("{:.0}", row.rate),
            format!("{:.0}", row.low),
            format!("{:.0}", row.high),
            format!("{:.4}", row.check),
            format!("{:.2}", row.verified_times),
            format!("{:.2}", row.elided_times),
            row.versions.clone(),
        ]);
    }
    let Document { validators, models, epochs, rounds, protocol, .. } = document;
    let of = format!("{validators} validators, {models} models, {epochs} epochs; {rounds} rounds");
    format!("{}{of}\n\n{}", table.text(), protocol::text(protocol))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(name: &str, cpu_seconds: f64, check: f64) -> Sample {
        let (name, versions) = (name.to_owned(), [].into());
        Sample { name, versions, agent_steps: 1_000, cpu_seconds, check }
    }

    #[test]
    fn rates_are_medians_of_the_rounds_and_ratios_are_of_those() {
        let samples = [
            sample(VERIFIED, 1.0, 0.3),
            sample(ELIDED, 0.5, 0.3),
            sample(VERIFIED, 2.0, 0.3),
            sample(ELIDED, 0.25, 0.3),
            sample(VERIFIED, 4.0, 0.3),
            sample(ELIDED, 0.1, 0.3),
        ];
        let document = table(&samples, &[], (10, 3), Default::default())
            .map_err(|f| f.message().to_owned())
            .unwrap();
        let [verified, elided] = document.rows.as_slice() else { panic!("two rows") };
        assert_eq!((verified.rate, verified.low, verified.high), (500.0, 250.0, 1_000.0));
        assert_eq!((elided.rate, verified.elided_times, elided.verified_times), (4e3, 8.0, 0.125));
        assert!(text(&document).contains("100 validators, 10 models, 10 epochs; 3 rounds"));
    }

    #[test]
    fn an_implementation_of_another_model_is_not_compared() {
        let samples = [sample(VERIFIED, 1.0, 0.31), sample(ELIDED, 1.0, 0.30)];
        let failure = table(&samples, &[], (10, 1), Default::default()).map(|_| ()).unwrap_err();
        assert_eq!(failure.message(), "probity, verified ends with 0.3100, and not with 0.3000");
    }

    #[test]
    fn both_of_ours_run_and_agree() {
        let both = [Mode::Verified, Mode::Elided].map(|mode| ours("x", mode, (1, 5, 1)));
        let [verified, elided] = &both;
        assert_eq!(verified.check.to_bits(), elided.check.to_bits());
        assert!(verified.cpu_seconds > 0.0 && verified.agent_steps == 500);
    }
}
