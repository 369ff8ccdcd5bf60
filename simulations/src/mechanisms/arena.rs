//! One scenario under every mechanism.
//!
//! Evaluators with equal stakes measure models whose quality drifts; a part of them attacks. All
//! mechanisms see the same models and the same honest measurements, so that what differs between
//! them is what they do. A copier copies what the mechanism itself has published.
//!
//! # Not here
//! The cost of work: a mechanism that pays whoever does none as much as whoever does it all is
//! visible in the returns, and how much that saves depends on the work.
//!
//! Spec: `docs/spec/19-figures.md`.

use serde::Serialize;

use super::others::{Agreement, MedianSlash, PlainMean, Vote};
use super::ours::Ours;
use super::round::{Mechanism, Round, Settlement};
use super::yuma::Rule;
use crate::calculators::error::{self, CalculatorError};
use crate::calculators::interval::{Interval, Mean};
use crate::calculators::random::Stream;
use crate::calculators::{from_micros, micros};

/// What the attackers do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Attack {
    /// Nothing: they are as honest as the others.
    None,
    /// They evaluate, and raise a quarter of the models, in a transcript that says so.
    Inflate,
    /// They do no work and report a public claim.
    Guess,
    /// They do no work and report what the mechanism published last.
    Copy,
}

impl Attack {
    /// Every attack.
    pub const ALL: [Self; 4] = [Self::None, Self::Inflate, Self::Guess, Self::Copy];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Inflate => "inflate",
            Self::Guess => "guess",
            Self::Copy => "copy",
        }
    }
}

/// A scenario.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Scenario {
    /// What the attackers do.
    pub attack: Attack,
    /// The attackers' share of the stake.
    pub rho: f64,
    /// How many evaluators there are.
    pub evaluators: u32,
    /// How many models.
    pub models: u32,
    /// How many epochs a run has.
    pub epochs: u32,
    /// How many runs.
    pub runs: u32,
    /// What chance follows from.
    pub seed: u64,
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            attack: Attack::Inflate,
            rho: 0.3,
            evaluators: 40,
            models: 8,
            epochs: 20,
            runs: 4,
            seed: 1,
        }
    }
}

/// What became of a scenario under one mechanism.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// The mechanism.
    pub mechanism: &'static str,
    /// How far scores are from the truth, as shares of all models' scores: the root of the mean
    /// square, over the mean share.
    pub error: f64,
    /// The share of tasks without a result.
    pub undecided: f64,
    /// What an honest evaluator earns of an epoch's pay, over its share of the stake.
    pub honest_return: f64,
    /// Its 95 % interval over runs.
    pub honest_interval: Interval,
    /// The same for an attacker, what it loses taken off.
    pub attacker_return: f64,
    /// Its 95 % interval over runs.
    pub attacker_interval: Interval,
    /// The share of its stake that an honest evaluator loses in an epoch.
    pub honest_loss: f64,
    /// The same for an attacker.
    pub attacker_loss: f64,
}

/// What an epoch pays, as a share of all stake.
pub const PAY: f64 = 0.001;
/// The declared noise, which is the true one, in micro-units.
pub const SIGMA: u32 = 2_000;
/// How far a public claim is off.
const CLAIM: f64 = 5_000.0;
/// What inflating adds, in micro-units, which is also the share of answers made up for it.
const RAISE: i64 = 50_000;
/// How far a model moves in an epoch.
const DRIFT: f64 = 2_000.0;

/// Every mechanism, without history.
#[must_use]
pub fn mechanisms() -> Vec<Box<dyn Mechanism>> {
    vec![
        Box::new(Ours::new(15, u64::from(SIGMA), PAY)),
        Box::new(Agreement::of(Rule::Yuma2, false)),
        Box::new(Agreement::of(Rule::Yuma3, false)),
        Box::new(Agreement::of(Rule::Yuma3, true)),
        Box::new(PlainMean),
        Box::new(MedianSlash::default()),
        Box::new(Vote::default()),
    ]
}

/// Sums over one mechanism's runs.
#[derive(Default)]
struct Sums {
    error: Mean,
    undecided: Mean,
    honest: Mean,
    attacker: Mean,
    honest_loss: Mean,
    attacker_loss: Mean,
}

/// Plays a scenario under every mechanism.
///
/// # Errors
/// [`CalculatorError`] for a scenario without evaluators, models, epochs or runs.
pub fn compare(scenario: &Scenario) -> Result<Vec<Row>, CalculatorError> {
    error::number("--rho", scenario.rho, (0.0, 1.0))?;
    error::count("--evaluators", u64::from(scenario.evaluators), (2, 1_000))?;
    error::count("--models", u64::from(scenario.models), (2, 1_000))?;
    error::count("--epochs", u64::from(scenario.epochs), (1, 100_000))?;
    error::count("--runs", u64::from(scenario.runs), (1, 100_000))?;
    let mut rows = Vec::new();
    for place in 0..mechanisms().len() {
        let mut sums = Sums::default();
        let mut name = "";
        for run in 0..scenario.runs {
            let Some(mut mechanism) = mechanisms().into_iter().nth(place) else { continue };
            name = mechanism.name();
            play(scenario, run, mechanism.as_mut(), &mut sums)?;
        }
        rows.push(Row {
            mechanism: name,
            error: sums.error.value().sqrt(),
            undecided: sums.undecided.value(),
            honest_return: sums.honest.value(),
            honest_interval: Interval::of_mean(&sums.honest),
            attacker_return: sums.attacker.value(),
            attacker_interval: Interval::of_mean(&sums.attacker),
            honest_loss: sums.honest_loss.value(),
            attacker_loss: sums.attacker_loss.value(),
        });
    }
    Ok(rows)
}

/// Plays one run.
fn play(
    scenario: &Scenario,
    run: u32,
    mechanism: &mut dyn Mechanism,
    sums: &mut Sums,
) -> Result<(), CalculatorError> {
    let count = usize::try_from(scenario.evaluators).unwrap_or_default();
    let attackers = micros(scenario.rho * f64::from(scenario.evaluators));
    let attackers = usize::try_from(attackers).unwrap_or_default().min(count);
    let stakes = vec![1.0 / f64::from(scenario.evaluators); count];
    let seed = scenario.seed.wrapping_add(u64::from(run) << 32);
    let mut stream = Stream::of(seed, "arena", 0);
    let spread = (0..scenario.models).map(|model| 500_000.0 + 10_000.0 * f64::from(model % 30));
    let mut truth: Vec<f64> = spread.collect();
    let mut published: Option<Vec<Option<f64>>> = None;
    let (mut honest, mut attacker) = (Mean::default(), Mean::default());
    for number in 0..u64::from(scenario.epochs) {
        truth.iter_mut().for_each(|model| *model += DRIFT * stream.normal());
        let (mut reports, mut made_up) = (Vec::new(), Vec::new());
        let claim: Vec<i64> =
            truth.iter().map(|model| micros(model + CLAIM * stream.normal())).collect();
        let copied = published.as_deref().map(|scores| scaled(scores, &truth));
        for evaluator in 0..count {
            let measured: Vec<i64> = truth
                .iter()
                .map(|model| micros(model + f64::from(SIGMA) * stream.normal()))
                .collect();
            let attack = if evaluator < attackers { scenario.attack } else { Attack::None };
            let (report, share) = act(attack, measured, &claim, copied.as_deref());
            reports.push(report);
            made_up.push(share);
        }
        let round = Round { number, seed, stakes: &stakes, reports: &reports, made_up: &made_up };
        let settled = mechanism.settle(&round)?;
        judge(&settled.scores, &truth, sums);
        note(&settled, &stakes, attackers, (&mut honest, &mut attacker), sums);
        published = Some(settled.scores);
    }
    sums.honest.add(honest.value());
    if attacker.count() > 0 {
        sums.attacker.add(attacker.value());
    }
    Ok(())
}

/// What an evaluator reports, and the share of answers that it made up for each model.
fn act(
    attack: Attack,
    measured: Vec<i64>,
    claim: &[i64],
    copied: Option<&[i64]>,
) -> (Vec<i64>, Vec<f64>) {
    let count = measured.len();
    let all = |share| vec![share; count];
    match attack {
        Attack::None => (measured, all(0.0)),
        Attack::Guess => (claim.to_vec(), all(1.0)),
        Attack::Copy => (copied.unwrap_or(claim).to_vec(), all(1.0)),
        Attack::Inflate => {
            let target = |model: usize| model < count.div_ceil(4);
            let raised = measured.into_iter().enumerate();
            let raised = raised.map(|(model, score)| score + if target(model) { RAISE } else { 0 });
            let share = from_micros(RAISE) / 1e6;
            let shares = (0..count).map(|model| if target(model) { share } else { 0.0 });
            (raised.collect(), shares.collect())
        }
    }
}

/// Published scores in micro-units, whatever unit they were published in: the sum over models is
/// known from anywhere.
fn scaled(scores: &[Option<f64>], truth: &[f64]) -> Vec<i64> {
    let known: f64 = scores.iter().flatten().sum();
    let decided = || scores.iter().zip(truth).filter(|(score, _)| score.is_some());
    let all: f64 = decided().map(|(_, truth)| truth).sum();
    let factor = if known > 0.0 { all / known } else { 0.0 };
    let middle = truth.iter().sum::<f64>() / from_micros(i64::try_from(truth.len()).unwrap_or(1));
    scores.iter().map(|score| micros(score.map_or(middle, |score| score * factor))).collect()
}

/// How far shares of decided models are from the true shares, relative to their mean.
fn judge(scores: &[Option<f64>], truth: &[f64], sums: &mut Sums) {
    let decided: Vec<(f64, f64)> =
        scores.iter().zip(truth).filter_map(|(score, truth)| Some(((*score)?, *truth))).collect();
    scores.iter().for_each(|score| sums.undecided.add(f64::from(u8::from(score.is_none()))));
    let all: (f64, f64) =
        decided.iter().fold((0.0, 0.0), |sum, pair| (sum.0 + pair.0, sum.1 + pair.1));
    for (score, truth) in decided {
        let (found, true_share) = (score / all.0, truth / all.1);
        if all.0 > 0.0 {
            sums.error.add(((found - true_share) / true_share).powi(2));
        }
    }
}

fn note(
    settled: &Settlement,
    stakes: &[f64],
    attackers: usize,
    (honest, attacker): (&mut Mean, &mut Mean),
    sums: &mut Sums,
) {
    let parts = settled.earned.iter().zip(&settled.lost).zip(stakes);
    for (evaluator, ((earned, lost), stake)) in parts.enumerate() {
        let share = (earned - lost / PAY) / stake;
        let (returns, losses) = if evaluator < attackers {
            (&mut *attacker, &mut sums.attacker_loss)
        } else {
            (&mut *honest, &mut sums.honest_loss)
        };
        returns.add(share);
        losses.add(lost.max(0.0) / stake);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(attack: Attack, rho: f64) -> Vec<Row> {
        compare(&Scenario { attack, rho, ..Scenario::default() }).unwrap()
    }

    fn row<'a>(rows: &'a [Row], name: &str) -> &'a Row {
        rows.iter().find(|row| row.mechanism == name).unwrap()
    }

    #[test]
    fn without_an_attack_everybody_earns_alike_under_every_mechanism() {
        let rows = rows(Attack::None, 0.3);
        assert_eq!(rows.len(), 7);
        for row in &rows {
            let off = (row.honest_return - row.attacker_return).abs();
            assert!(off < 0.15, "{row:?}");
            assert!(row.mechanism == "stake vote" || row.error < 0.01, "{row:?}");
        }
        assert_eq!(row(&rows, "probity").honest_loss, 0.0);
        assert!(row(&rows, "median, outliers slashed").honest_loss > 0.0);
    }

    #[test]
    fn inflating_moves_the_mean_and_not_the_median_and_costs_stake_under_ours() {
        let rows = rows(Attack::Inflate, 0.3);
        assert!(row(&rows, "plain mean").error > 3.0 * row(&rows, "probity").error);
        let ours = row(&rows, "probity");
        assert!(ours.attacker_return < -1.0 && ours.honest_return > 0.9, "{ours:?}");
        // Under Yuma it costs a part of the dividends, and no stake.
        for other in ["yuma 2", "yuma 3", "yuma 3, liquid alpha"] {
            assert!(row(&rows, other).attacker_return > 0.0, "{other}");
        }
    }

    #[test]
    fn who_does_no_work_is_found_by_ours_alone() {
        for attack in [Attack::Guess, Attack::Copy] {
            let rows = rows(attack, 0.2);
            assert!(row(&rows, "probity").attacker_return < -10.0, "{attack:?}");
            for other in ["yuma 2", "yuma 3", "plain mean"] {
                assert!(row(&rows, other).attacker_return > 0.5, "{attack:?} {other}");
            }
        }
    }

    #[test]
    fn a_scenario_of_nobody_is_refused() {
        let nobody = Scenario { evaluators: 0, ..Scenario::default() };
        let refused = compare(&nobody).unwrap_err().to_string();
        assert_eq!(refused, "--evaluators must be 2 to 1000, not 0");
    }
}
