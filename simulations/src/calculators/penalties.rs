//! How often an honest seat is not paid, or has to defend itself.
//!
//! Committees of honest evaluators alone, judged by the protocol's own aggregation. The noise that
//! a benchmark declares may be wrong, and may have other tails than the normal distribution's.
//!
//! Spec: `docs/spec/19-figures.md`.

use probity_primitives::{Score, Seats};
use probity_protocol::aggregation::{Aggregate, Weighted};
use probity_protocol::params::Params;
use probity_protocol::task::{Mode, Standing};
use serde::Serialize;

use super::error::{self, CalculatorError};
use super::interval::{Interval, real};
use super::micros;
use super::noise::Noise;
use super::random::Stream;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Question {
    /// The committee's seats, each of an operator of its own.
    pub n: u32,
    /// How measurements err.
    pub noise: Noise,
    /// The true standard deviation over the declared one.
    pub true_over_declared: f64,
    /// How many committees to judge.
    pub runs: u64,
    /// What the errors follow from.
    pub seed: u64,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Penalties {
    /// The schema of this document.
    pub schema: &'static str,
    /// The committee's seats.
    pub n: u32,
    /// How measurements erred.
    pub noise: &'static str,
    /// The true standard deviation over the declared one.
    pub true_over_declared: f64,
    /// The share of honest seats beyond the tolerance, which are not paid at once; it includes
    /// those that are flagged.
    pub withheld: f64,
    /// The share of honest seats beyond twice the tolerance, which have to defend themselves.
    pub flagged: f64,
    /// Wilson's 95 % interval of `withheld`.
    pub withheld_interval: Interval,
    /// Wilson's 95 % interval of `flagged`.
    pub flagged_interval: Interval,
    /// How many seats were judged.
    pub seats: u64,
    /// How many committees.
    pub runs: u64,
    /// What the errors followed from.
    pub seed: u64,
}

/// The noise that benchmarks of these figures declare, in micro-units.
const SIGMA: u32 = 2_000;

/// The true score of the model that is measured.
const TRUTH: i64 = 700_000;

/// Answers a question.
///
/// # Errors
/// [`CalculatorError`] for no seats, no runs, or a ratio that is none.
pub fn penalties(question: &Question) -> Result<Penalties, CalculatorError> {
    let Question { n, noise, true_over_declared, runs, seed } = *question;
    error::count("--n", u64::from(n), (1, 100_000))?;
    error::number("--true-over-declared", true_over_declared, (0.0, 1_000.0))?;
    error::count("--runs", runs, (1, 1_000_000_000))?;
    error::draws(runs, n)?;
    let checks = Params::default().checks;
    let deviation = true_over_declared * f64::from(SIGMA);
    let (mut grey, mut flagged) = (0u64, 0u64);
    let mut scores: Vec<Weighted> = Vec::new();
    for run in 0..runs {
        let mut stream = Stream::of(seed, noise.name(), run);
        scores.clear();
        scores.extend((0..n).map(|_| {
            let error = micros(noise.sample(&mut stream) * deviation);
            (Score::from_micros(TRUTH.saturating_add(error)), Seats(1))
        }));
        let found = Aggregate::of(&scores, Mode::Tolerant, u64::from(SIGMA), &checks)?;
        for (score, _) in &scores {
            match found.map(|found| found.standing(*score)) {
                Some(Standing::Accepted) | None => {}
                Some(Standing::Grey) => grey += 1,
                Some(Standing::Flagged) => flagged += 1,
            }
        }
    }
    let (seats, withheld) = (runs * u64::from(n), grey + flagged);
    Ok(Penalties {
        schema: "probity.sim-penalties/v1",
        n,
        noise: noise.name(),
        true_over_declared,
        withheld: real(withheld) / real(seats),
        flagged: real(flagged) / real(seats),
        withheld_interval: Interval::of_share(withheld, seats),
        flagged_interval: Interval::of_share(flagged, seats),
        seats,
        runs,
        seed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(noise: Noise, true_over_declared: f64, runs: u64) -> Penalties {
        penalties(&Question { n: 15, noise, true_over_declared, runs, seed: 1 }).unwrap()
    }

    /// Shares with their four standard errors. Seats of one committee share a median, so that
    /// their errors are a little more than binomial.
    #[test]
    fn the_known_shares_of_honest_seats_come_out() {
        let known = [
            (Noise::Gaussian, 1.0, 6.3e-5, 0.0),
            (Noise::Gaussian, 2.0, 4.2e-3, 4e-6),
            (Noise::Laplace, 1.0, 2.9e-3, 1e-5),
            (Noise::StudentT3, 1.0, 5.8e-3, 8e-4),
        ];
        let runs = crate::calculators::runs(3_000);
        for (noise, ratio, withheld, flagged) in known {
            let found = ask(noise, ratio, runs);
            let close = |found: f64, known: f64| {
                let error = (known / real(runs * 15)).sqrt();
                (found - known).abs() < 5.0 * error + 0.03 * known + 1e-6
            };
            assert!(close(found.withheld, withheld), "{noise} {ratio}: {}", found.withheld);
            assert!(close(found.flagged, flagged), "{noise} {ratio}: {}", found.flagged);
        }
    }

    #[test]
    fn who_errs_little_is_never_penalised_and_who_errs_beyond_the_cap_is() {
        assert_eq!(ask(Noise::Gaussian, 0.0, 20).withheld, 0.0);
        let wild = ask(Noise::Gaussian, 50.0, 20);
        assert!(wild.withheld > 0.7 && wild.flagged > 0.5, "{wild:?}");
        assert!(wild.withheld >= wild.flagged);
    }

    #[test]
    fn what_cannot_be_asked_is_refused_with_its_values() {
        let question =
            Question { n: 15, noise: Noise::Gaussian, true_over_declared: -1.0, runs: 1, seed: 1 };
        let refused = penalties(&question).unwrap_err().to_string();
        assert_eq!(refused, "--true-over-declared must be 0 to 1000, not -1");
        let none = penalties(&Question { n: 0, true_over_declared: 1.0, ..question });
        assert_eq!(none.unwrap_err().to_string(), "--n must be 1 to 100000, not 0");
    }
}
