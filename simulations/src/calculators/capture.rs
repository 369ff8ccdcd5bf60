//! The probability that a coalition gets the majority of a committee's seats.
//!
//! Exactly, since seats are drawn with replacement and so are binomial, and by the protocol's own
//! draw, which shows that it is what the formula says.
//!
//! Spec: `docs/spec/19-figures.md`.

use serde::Serialize;

use super::binomial;
use super::error::{self, CalculatorError};
use super::interval::{Interval, real};
use super::seats::Groups;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Question {
    /// The committee's seats.
    pub n: u32,
    /// The coalition's share of the stake.
    pub rho: f64,
    /// How many committees to draw.
    pub runs: u64,
    /// What the draws follow from.
    pub seed: u64,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Capture {
    /// The schema of this document.
    pub schema: &'static str,
    /// The committee's seats.
    pub n: u32,
    /// The coalition's share of the stake.
    pub rho: f64,
    /// The fewest seats that are a majority.
    pub majority: u32,
    /// P(more than half of the seats), by the binomial distribution.
    pub exact: f64,
    /// The share of drawn committees of which it had more than half.
    pub simulated: f64,
    /// Wilson's 95 % interval of `simulated`.
    pub interval: Interval,
    /// How many committees were drawn.
    pub runs: u64,
    /// In how many it had the majority.
    pub captured: u64,
    /// What the draws followed from.
    pub seed: u64,
}

/// Answers a question.
///
/// # Errors
/// [`CalculatorError`] for no seats, no runs, or a share that is none.
pub fn capture(question: &Question) -> Result<Capture, CalculatorError> {
    let Question { n, rho, runs, seed } = *question;
    error::count("--n", u64::from(n), (1, 100_000))?;
    error::number("--rho", rho, (0.0, 1.0))?;
    error::count("--runs", runs, (1, 1_000_000_000))?;
    error::draws(runs, n)?;
    let groups = Groups::of(&[rho]);
    let mut captured = 0u64;
    for run in 0..runs {
        let seats = groups.draw(seed, run, n)?.first().copied().unwrap_or_default();
        captured += u64::from(u64::from(seats) * 2 > u64::from(n));
    }
    Ok(Capture {
        schema: "probity.sim-capture/v1",
        n,
        rho,
        majority: n / 2 + 1,
        exact: binomial::majority(n, rho).0,
        simulated: real(captured) / real(runs),
        interval: Interval::of_share(captured, runs),
        runs,
        captured,
        seed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(n: u32, rho: f64, runs: u64) -> Capture {
        capture(&Question { n, rho, runs, seed: 1 }).unwrap()
    }

    #[test]
    fn the_draw_captures_as_often_as_the_formula_says() {
        let runs = crate::calculators::runs(4_000);
        for (n, rho) in [(7, 1.0 / 3.0), (15, 0.45), (8, 0.5), (31, 0.4), (1, 0.25)] {
            let found = ask(n, rho, runs);
            let error = (found.exact * (1.0 - found.exact) / real(runs)).sqrt();
            let off = (found.simulated - found.exact).abs();
            assert!(off < 4.0 * error, "n {n} rho {rho}: {} not {}", found.simulated, found.exact);
        }
    }

    #[test]
    fn half_of_the_seats_is_no_majority() {
        assert_eq!(ask(2, 0.5, 1).majority, 2);
        assert!((ask(2, 0.5, 1).exact - 0.25).abs() < 1e-15);
        assert_eq!(ask(15, 0.5, 1).majority, 8);
    }

    #[test]
    fn all_stake_always_captures_and_none_never_does() {
        assert_eq!((ask(15, 1.0, 50).captured, ask(15, 0.0, 50).captured), (50, 0));
    }

    #[test]
    fn the_same_seed_gives_the_same_answer() {
        assert_eq!(ask(15, 0.4, 200), ask(15, 0.4, 200));
        let other = capture(&Question { n: 15, rho: 0.4, runs: 200, seed: 2 }).unwrap();
        assert_ne!(other.captured, ask(15, 0.4, 200).captured);
    }

    #[test]
    fn what_cannot_be_asked_is_refused_with_its_values() {
        let refused = |n, rho, runs| capture(&Question { n, rho, runs, seed: 1 }).unwrap_err();
        assert_eq!(refused(0, 0.3, 1).to_string(), "--n must be 1 to 100000, not 0");
        assert_eq!(refused(7, 1.5, 1).to_string(), "--rho must be 0 to 1, not 1.5");
        assert_eq!(refused(7, f64::NAN, 1).to_string(), "--rho must be 0 to 1, not NaN");
        assert_eq!(refused(7, 0.3, 0).to_string(), "--runs must be 1 to 1000000000, not 0");
        let much = refused(100_000, 0.3, 1_000_000_000).to_string();
        assert!(much.contains("100000000000000 draws, the limit is 10000000000"), "{much}");
    }
}
