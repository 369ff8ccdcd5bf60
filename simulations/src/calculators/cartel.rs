//! From what gain on a cartel of evaluators pays.
//!
//! Members of one cartel report the same lie. Where they are the majority of a committee they
//! capture its result, and gain unless it is proven false; where they are not they are flagged. The
//! naive cartel lies blindly; the adaptive one lies only when it sees that it has a majority, which
//! it does see, since committees are public before anyone commits.
//!
//! # Not here
//! The correlated slash, which takes all stake of a cartel that holds a third or more.
//!
//! Spec: `docs/spec/19-figures.md`, `docs/spec/15-parameters.md`.

use probity_primitives::{Amount, Score, Seats};
use probity_protocol::aggregation::{Aggregate, Weighted};
use probity_protocol::params::Params;
use probity_protocol::slashing::{Offence, price_of_lock};
use probity_protocol::task::Mode;
use serde::Serialize;

use super::error::{self, CalculatorError};
use super::interval::{Interval, Mean};
use super::random::Stream;
use super::seats::Groups;
use super::{binomial, micros};

/// When a cartel lies, and what a lie that captures nothing costs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Blindly; a lie that captures nothing is proven and costs as much as a false result (O6).
    Naive,
    /// Blindly; a lie that captures nothing costs what a flagged transcript costs (O4), which is
    /// what the rules have.
    NaiveByTheRules,
    /// Only with a majority.
    Adaptive,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Naive, Self::NaiveByTheRules, Self::Adaptive];
}

/// A cartel and its surroundings; money is in units of c, the cost of an honest evaluation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cartel {
    /// When it lies.
    pub kind: Kind,
    /// A committee's seats.
    pub n: u32,
    /// The cartel's share of the stake.
    pub rho: f64,
    /// The probability that a captured result is proven false.
    pub detection: f64,
    /// The share of tasks on which it lies if it can.
    pub lies: f64,
    /// How far it shifts a score, in micro-units.
    pub shift: i64,
    /// What one seat locks.
    pub lock: u32,
}

/// What a cartel earns.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    /// Which.
    pub kind: Kind,
    /// The gain from which on lying pays, in c.
    pub break_even: f64,
    /// Its 95 % interval.
    pub interval: Interval,
    /// The same by formula.
    pub theory: f64,
    /// How many tasks there were.
    pub runs: u64,
}

const SIGMA: u32 = 2_000;
const TRUTH: i64 = 700_000;
/// Base units of c.
const UNIT: u128 = 1_000_000;

impl Cartel {
    /// The cartel of the specification: .45 of the stake, 5 % on a fifth of the tasks.
    #[must_use]
    pub const fn of(kind: Kind) -> Self {
        Self { kind, n: 15, rho: 0.45, detection: 0.335, lies: 0.2, shift: 50_000, lock: 500 }
    }

    /// The gain from which on lying pays, by the binomial distribution:
    /// `L6 (d E(k; captured) + v E(k; not captured)) / (p (1 - d))`.
    ///
    /// # Errors
    /// [`CalculatorError::Arithmetic`] never, for locks that can be counted.
    pub fn theory(&self) -> Result<f64, CalculatorError> {
        let (p, captured, short) = binomial::majority(self.n, self.rho);
        let (proven, missed) = self.prices()?;
        let lost = match self.kind {
            Kind::Naive | Kind::NaiveByTheRules => {
                self.detection * captured * proven + short * missed
            }
            Kind::Adaptive => self.detection * captured * proven,
        };
        Ok(lost / (p * (1.0 - self.detection)))
    }

    /// What a seat loses by a result that is proven false, and by a lie that captured nothing.
    fn prices(&self) -> Result<(f64, f64), CalculatorError> {
        let (slashing, lock) = (Params::default().slashing, u128::from(self.lock) * UNIT);
        let price = |offence| price_of_lock(&slashing, offence, Amount::from_units(lock));
        let in_c = |amount: Amount| {
            f64::from(u32::try_from(amount.units() / (UNIT / 1_000)).unwrap_or(u32::MAX)) / 1e3
        };
        let proven = in_c(price(Offence::FalseResult)?);
        let missed = match self.kind {
            Kind::Naive => proven,
            Kind::NaiveByTheRules => in_c(price(Offence::FalseTranscript)?),
            Kind::Adaptive => 0.0,
        };
        Ok((proven, missed))
    }

    /// What it earns for a seat and a task, on average, at a gain; on a cartel's honest tasks, and
    /// by a lie, a seat earns nothing here.
    ///
    /// # Errors
    /// [`CalculatorError`] for no runs, no seats, or shares that are none.
    pub fn payoff(&self, gain: f64, runs: u64, seed: u64) -> Result<Mean, CalculatorError> {
        let mut mean = Mean::default();
        let per_seat = 1.0 / (f64::from(self.n) * self.rho);
        self.play(runs, seed, |won, lost| {
            mean.add((if won { gain } else { 0.0 } - lost) * per_seat);
        })?;
        Ok(mean)
    }

    /// The gain from which on it pays.
    ///
    /// # Errors
    /// As [`Cartel::payoff`].
    pub fn break_even(&self, runs: u64, seed: u64) -> Result<Answer, CalculatorError> {
        let (mut wins, mut losses, mut product) =
            (Mean::default(), Mean::default(), Mean::default());
        self.play(runs, seed, |won, lost| {
            let won = f64::from(u8::from(won));
            wins.add(won);
            losses.add(lost);
            product.add(won * lost);
        })?;
        let ratio = losses.value() / wins.value();
        // The delta method, for a ratio of two means of the same tasks.
        let runs_real = super::interval::real(runs);
        let covariance = (product.value() - wins.value() * losses.value()) / runs_real;
        let variance =
            losses.error().powi(2) + (ratio * wins.error()).powi(2) - 2.0 * ratio * covariance;
        let half = 1.96 * variance.max(0.0).sqrt() / wins.value();
        Ok(Answer {
            kind: self.kind,
            break_even: ratio,
            interval: Interval(ratio - half, ratio + half),
            theory: self.theory()?,
            runs,
        })
    }

    /// Plays tasks; tells of each whether it was won, and what was lost.
    fn play(
        &self,
        runs: u64,
        seed: u64,
        mut tell: impl FnMut(bool, f64),
    ) -> Result<(), CalculatorError> {
        error::count("--n", u64::from(self.n), (1, 10_000))?;
        error::count("--runs", runs, (1, 1_000_000_000))?;
        error::number("--rho", self.rho, (0.0, 1.0))?;
        error::number("the probability of detection", self.detection, (0.0, 1.0))?;
        let (groups, checks) = (Groups::of(&[self.rho]), Params::default().checks);
        let (proven, missed) = self.prices()?;
        for run in 0..runs {
            let mut stream = Stream::of(seed, "cartel", run);
            let seats = groups.draw(seed, run, self.n)?.first().copied().unwrap_or_default();
            let majority = u64::from(seats) * 2 > u64::from(self.n);
            let willing = stream.happens(self.lies);
            let lies = willing && (majority || self.kind != Kind::Adaptive) && seats > 0;
            if !lies {
                tell(false, 0.0);
                continue;
            }
            let mut honest = || TRUTH + micros(stream.normal() * f64::from(SIGMA));
            let mut scores: Vec<Weighted> =
                (seats..self.n).map(|_| (Score::from_micros(honest()), Seats(1))).collect();
            let lie = Score::from_micros(TRUTH.saturating_add(self.shift));
            scores.push((lie, Seats(seats)));
            let found = Aggregate::of(&scores, Mode::Tolerant, u64::from(SIGMA), &checks)?;
            let captured = found.is_some_and(|found| found.median == lie);
            let seats = f64::from(seats);
            if !captured {
                tell(false, seats * missed);
            } else if stream.happens(self.detection) {
                tell(false, seats * proven);
            } else {
                tell(true, 0.0);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_formula_gives_the_known_gain() {
        assert!((Cartel::of(Kind::Naive).theory().unwrap() - 10_226.0).abs() < 30.0);
        // Three fifths of it are the price of lies that captured nothing; the rules charge a tenth.
        let rules = Cartel::of(Kind::NaiveByTheRules).theory().unwrap();
        assert!((2_900.0..3_200.0).contains(&rules), "{rules}");
        let adaptive = Cartel::of(Kind::Adaptive).theory().unwrap();
        assert!((2_150.0..2_350.0).contains(&adaptive), "{adaptive}");
    }

    #[test]
    fn played_cartels_break_even_where_the_formula_says() {
        let runs = crate::calculators::runs(12_000);
        for kind in Kind::ALL {
            let answer = Cartel::of(kind).break_even(runs, 1).unwrap();
            let error = (answer.interval.1 - answer.interval.0) / 3.92;
            let off = (answer.break_even - answer.theory).abs();
            assert!(off < 4.0 * error && error < 0.1 * answer.theory, "{answer:?}");
        }
    }

    #[test]
    fn the_naive_cartel_loses_below_ten_thousand_and_wins_above() {
        let cartel = Cartel { lies: 1.0, ..Cartel::of(Kind::Naive) };
        let runs = crate::calculators::runs(6_000);
        let at = |gain| Interval::of_mean(&cartel.payoff(gain, runs, 2).unwrap());
        assert!(at(5_000.0).1 < 0.0 && at(15_000.0).0 > 0.0);
    }

    #[test]
    fn who_lies_only_with_a_majority_needs_less_to_gain() {
        let of = |kind| Cartel::of(kind).theory().unwrap();
        assert!(of(Kind::Adaptive) < of(Kind::NaiveByTheRules));
        assert!(of(Kind::NaiveByTheRules) < of(Kind::Naive));
    }

    #[test]
    fn a_cartel_of_more_than_all_stake_is_refused() {
        let cartel = Cartel { rho: 1.1, ..Cartel::of(Kind::Naive) };
        let refused = cartel.break_even(1, 1).unwrap_err().to_string();
        assert_eq!(refused, "--rho must be 0 to 1, not 1.1");
    }
}
