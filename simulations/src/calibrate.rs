//! Calibration: a scenario out of what a network has done.
//!
//! Stakes are the operators' own, in groups of equal ones; who has left seats without a reveal stands in
//! groups that hide as often. Noise is how far revealed scores lay from the published one, in the
//! benchmark's declared sigmas; its family is told by how heavy its tails are. Tasks, committee size,
//! items and scores are those of the results.
//!
//! # Not here
//! Asking a node: the command line does, and hands over a [`History`].
//!
//! Spec: `docs/spec/19-figures.md`.

use std::collections::BTreeMap;
use std::path::Path;

use probity_primitives::{Amount, ArtifactId, OperatorId};
use probity_protocol::Params;
use probity_protocol::task::{Mode, Outcome};

use crate::agents::Kind;
use crate::scenario::{
    Answers, Base, Benchmark, Group, Model, Noise, Scenario, ScenarioError, Tasks, protocol,
};
use crate::world::Rigour;

/// The most groups that operators of one mind are cut into.
const LAYERS: usize = 6;
/// Fewer deviations than this say nothing about tails.
const ENOUGH: usize = 100;
/// The excess kurtosis from which on tails are Laplace's (whose own is 3), and Student's.
const TAILS: [f64; 2] = [1.0, 6.0];

/// What is known of a network.
#[derive(Debug, Clone)]
pub struct History {
    /// What its chain is called, and how far it is.
    pub chain: String,
    /// Its parameters.
    pub params: Params,
    /// What stands behind each operator.
    pub operators: BTreeMap<OperatorId, Amount>,
    /// The declared sigma and delta of each benchmark, in micro-units.
    pub declared: BTreeMap<ArtifactId, (u64, u64)>,
    /// What was published.
    pub results: Vec<Outcome>,
}

/// Why a history makes no scenario.
#[derive(Debug, thiserror::Error)]
pub enum CalibrateError {
    /// Nobody is there.
    #[error("no operator has the least bond of {0}")]
    NoOperators(Amount),
    /// Nothing was evaluated.
    #[error("nothing has been published yet: there is nothing to learn from")]
    NoResults,
    /// Parameters without a form.
    #[error("cannot write the parameters: {0}")]
    Params(#[from] toml::ser::Error),
    /// What came of it cannot be run.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
}

/// What scores did around what was published.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Spread {
    /// How many deviations there were.
    n: usize,
    /// Their deviation in declared sigmas.
    scale: f64,
    /// The excess of their kurtosis.
    excess: f64,
}

/// The scenario of a network: its stakes, its noise, who takes part. With `windows`, its windows too,
/// which makes runs as long as its epochs are.
///
/// # Errors
/// [`CalibrateError`] if there is nothing to learn from.
pub fn scenario(history: &History, windows: bool) -> Result<Scenario, CalibrateError> {
    let History { chain, params, operators: _, declared, results } = history;
    if results.is_empty() {
        return Err(CalibrateError::NoResults);
    }
    let spread = spread(history);
    let benchmark = results.first().map(|result| result.benchmark).unwrap_or_default();
    let (sigma, delta) = declared.get(&benchmark).copied().unwrap_or((2_000, 0));
    let tolerant = results.iter().filter(|result| result.mode == Mode::Tolerant).count();
    let mode =
        if tolerant.saturating_mul(2) > results.len() { Mode::Tolerant } else { Mode::Exact };
    let answers = if spread.scale > 0.0 { Answers::Numbers } else { Answers::Labels };
    let groups = groups(history)?;
    let about = format!(
        "Calibrated from {chain}: {} operators, {} results, {} scores beside the published ones with a \
         deviation of {:.3} declared sigmas and an excess kurtosis of {:.2}.",
        groups.iter().map(|group| group.count).sum::<u32>(),
        results.len(),
        spread.n,
        spread.scale,
        spread.excess,
    );
    let base = if windows { Base::Default } else { Base::Short };
    let mut models: Vec<ArtifactId> = results.iter().map(|result| result.artifact).collect();
    models.sort_unstable();
    models.dedup();
    let made = Scenario {
        name: "calibrated".to_owned(),
        about,
        seed: 0,
        epochs: 20,
        mode: Rigour::Elided,
        base,
        protocol: protocol::differing(base, params)?,
        benchmark: Benchmark {
            answers,
            items: mean(results.iter().map(|result| result.items)).max(1),
            sigma: score(sigma),
            delta: score(delta),
        },
        noise: Noise { model: spread.model(), scale: spread.scale, ..Noise::default() },
        tasks: Tasks {
            per_epoch: per_epoch(history),
            mode,
            value: value(history),
            models: u32::try_from(models.len()).unwrap_or(u32::MAX).clamp(1, 64),
            quality: average(results.iter().map(|result| part(result.score.micros()))),
            ..Tasks::default()
        },
        beacon: crate::scenario::Beacon::default(),
        learning: None,
        groups,
    };
    Ok(Scenario::read(&made.resolved()?, Path::new("what was exported"))?)
}

/// How revealed scores lie around the published ones.
fn spread(history: &History) -> Spread {
    let mut off: Vec<f64> = Vec::new();
    for result in &history.results {
        let sigma = history.declared.get(&result.benchmark).map_or(0, |(sigma, _)| *sigma);
        let members = result.members.iter().filter(|member| member.counts());
        // The median's own score lies at no distance from itself, which says nothing of errors.
        let scores = members.filter_map(|member| member.score).filter(|one| *one != result.score);
        let distance = |score: probity_primitives::Score| {
            let sign = if score < result.score { -1.0 } else { 1.0 };
            sign * part_of(score.distance(result.score), sigma.max(1))
        };
        off.extend(scores.map(distance));
    }
    let power = |exponent: i32| average(off.iter().map(|z| z.powi(exponent)));
    let (second, fourth) = (power(2), power(4));
    let excess = if second > 0.0 { fourth / (second * second) - 3.0 } else { 0.0 };
    Spread { n: off.len(), scale: second.sqrt(), excess }
}

impl Spread {
    fn model(&self) -> Model {
        let [laplace, student] = TAILS;
        match self.excess {
            _ if self.scale == 0.0 => Model::None,
            excess if self.n >= ENOUGH && excess > student => Model::StudentT3,
            excess if self.n >= ENOUGH && excess > laplace => Model::Laplace,
            _ => Model::Gaussian,
        }
    }
}

/// The operators in groups of equal ones: those who always reveal, and those who do not.
fn groups(history: &History) -> Result<Vec<Group>, CalibrateError> {
    let least = history.params.staking.min_bond;
    let mut asked: BTreeMap<OperatorId, (u32, u32)> = BTreeMap::new();
    for member in history.results.iter().flat_map(|result| result.members.iter()) {
        let (seats, hidden) = asked.entry(member.operator).or_default();
        *seats = seats.saturating_add(member.seats.0);
        if member.score.is_none() {
            *hidden = hidden.saturating_add(member.seats.0);
        }
    }
    let bonded = history.operators.iter().filter(|(_, bonded)| **bonded >= least);
    let hides = |operator: &OperatorId| match asked.get(operator) {
        Some((seats, hidden)) if *hidden > 0 => f64::from(*hidden) / f64::from(*seats),
        Some(_) | None => 0.0,
    };
    let all: Vec<(u64, f64)> =
        bonded.map(|(operator, bonded)| (whole(*bonded), hides(operator))).collect();
    if all.is_empty() {
        return Err(CalibrateError::NoOperators(least));
    }
    let (away, present): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, share)| *share > 0.0);
    let mut groups = layers("present", Kind::Honest, present);
    groups.extend(layers("away", Kind::NonReveal, away));
    Ok(groups)
}

/// Some operators in layers by stake, as equal in number as they can be.
fn layers(name: &str, strategy: Kind, mut all: Vec<(u64, f64)>) -> Vec<Group> {
    all.sort_by_key(|(stake, _)| *stake);
    let distinct = all.chunk_by(|one, other| one.0 == other.0).count();
    let size = if distinct <= LAYERS { 0 } else { all.len().div_ceil(LAYERS) };
    let chunks: Vec<&[(u64, f64)]> = if size == 0 {
        all.chunk_by(|one, other| one.0 == other.0).collect()
    } else {
        all.chunks(size).collect()
    };
    let group = |(number, chunk): (usize, &[(u64, f64)])| {
        let stakes: u64 = chunk.iter().map(|(stake, _)| *stake).sum();
        let count = u32::try_from(chunk.len()).unwrap_or(u32::MAX);
        let share = average(chunk.iter().map(|(_, share)| *share));
        Group {
            name: format!("{name}-{}", number.saturating_add(1)),
            strategy,
            count,
            stake: stakes / u64::from(count.max(1)),
            budget: 10_000,
            share: (strategy == Kind::NonReveal).then_some(share),
            shift: None,
            skip: None,
            gain: None,
            offer: None,
            split: None,
            tokens: None,
            per_epoch: None,
        }
    };
    chunks.into_iter().enumerate().map(group).collect()
}

/// Results in an epoch, between the first and the last.
fn per_epoch(history: &History) -> f64 {
    let heights = || history.results.iter().map(|result| result.published.0);
    let (first, last) = (heights().min().unwrap_or(0), heights().max().unwrap_or(0));
    let length = history.params.staking.epoch_blocks.max(1);
    let epochs = last.saturating_sub(first).div_ceil(length).max(1);
    let results = u64::try_from(history.results.len()).unwrap_or(u64::MAX);
    part_of(results, epochs).clamp(0.01, 1_000.0)
}

/// The largest value at risk of the committee that was drawn most often.
fn value(history: &History) -> u64 {
    let mut sizes: BTreeMap<u32, usize> = BTreeMap::new();
    for result in &history.results {
        *sizes.entry(result.seats.0).or_default() += 1;
    }
    let usual = sizes.into_iter().max_by_key(|(_, times)| *times).map_or(0, |(seats, _)| seats);
    let steps = &history.params.task.sizes;
    let step = steps.iter().find(|step| step.seats.0 >= usual).or_else(|| steps.iter().last());
    step.map_or(0, |step| step.up_to)
}

/// An amount in whole tokens.
fn whole(amount: Amount) -> u64 {
    let tokens = amount.units() / Amount::from_tokens(1).units();
    u64::try_from(tokens).unwrap_or(u64::MAX)
}

fn mean(values: impl Iterator<Item = u32>) -> u32 {
    let (sum, n) = values.fold((0u64, 0u64), |(sum, n), one| (sum + u64::from(one), n + 1));
    u32::try_from(sum / n.max(1)).unwrap_or(u32::MAX)
}

fn average(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, n) = values.fold((0.0, 0.0), |(sum, n), one| (sum + one, n + 1.0));
    if n == 0.0 { 0.0 } else { sum / n }
}

/// A score in micro-units, between 0 and 1.
fn part(micros: i64) -> f64 {
    score(u64::try_from(micros).unwrap_or(0)).min(1.0)
}

fn score(micros: u64) -> f64 {
    part_of(micros, 1_000_000)
}

#[expect(clippy::as_conversions, reason = "the one way from integers to a number; it rounds")]
const fn part_of(of: u64, by: u64) -> f64 {
    of as f64 / by as f64
}
