//! Sensitivity: which setting a result hangs on.
//!
//! Two questions with two designs. Elementary effects (Morris) need few runs and rank many
//! settings: how far a step along each axis moves the result on average, and how much that differs
//! from place to place. Variance-based indices (Sobol) need more and say shares: what of the
//! result's variance one setting explains alone, and what with all others.
//!
//! With replicates, both are about the mean over replicates at each point.
//!
//! # Invariants
//! - The estimators are those of Saltelli 2010 (first order) and Jansen 1999 (total), as
//!   `SALib` has them; a script under `tests/` compares the two on the same runs.
//! - Intervals are percentiles of resamples of whole blocks or paths.

use serde::{Deserialize, Serialize};

use super::design::sequence::Trajectory;
use super::stats::{Moments, bootstrap, finite, float_of};

/// The schema of a sensitivity analysis.
pub const SCHEMA: &str = "probity.sim-sensitivity/v1";
/// How many resamples intervals rest on.
const ROUNDS: u32 = 1_000;

/// What hangs on what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sensitivity {
    /// The schema.
    pub schema: String,
    /// The number that is explained.
    pub kpi: String,
    /// How many blocks or paths it rests on.
    pub samples: u64,
    /// How many runs those took.
    pub runs: u64,
    /// Each setting's part in it.
    pub effects: Effects,
}

/// What the settings do, by either method.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effects {
    /// Shares of the variance.
    Sobol(Vec<Share>),
    /// Elementary effects.
    Morris(Vec<Effect>),
}

/// An estimate with the interval of its resamples.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bounded {
    /// The estimate.
    #[serde(with = "finite")]
    pub value: f64,
    /// The lower end.
    #[serde(with = "finite")]
    pub low: f64,
    /// The upper end.
    #[serde(with = "finite")]
    pub high: f64,
}

/// One setting's shares of the variance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// The setting.
    pub path: String,
    /// What it explains alone.
    pub first: Bounded,
    /// What it explains together with all others.
    pub total: Bounded,
}

/// One setting's elementary effects, in the number's unit for the whole range of the setting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Effect {
    /// The setting.
    pub path: String,
    /// Their mean.
    pub mean: Bounded,
    /// The mean of their sizes.
    pub size: Bounded,
    /// Their standard deviation: large if the setting's effect depends on where the others are.
    #[serde(with = "finite")]
    pub deviation: f64,
}

/// The shares of the variance, from the results of a design of pairs in its order.
#[must_use]
pub fn sobol(paths: &[&str], results: &[f64], seed: u64) -> Vec<Share> {
    let width = paths.len().saturating_add(2);
    let blocks: Vec<&[f64]> = results.chunks_exact(width).collect();
    let column = |row: usize| -> Vec<f64> {
        blocks.iter().map(|block| block.get(row).copied().unwrap_or(f64::NAN)).collect()
    };
    let (a, b) = (column(0), column(width - 1));
    let shares = paths.iter().enumerate().map(|(axis, path)| {
        let mixed = column(axis.saturating_add(1));
        let triples: Vec<[f64; 3]> =
            a.iter().zip(&b).zip(&mixed).map(|((a, b), mixed)| [*a, *b, *mixed]).collect();
        let bounded = |index: fn(&[[f64; 3]], &[usize]) -> f64| {
            let all: Vec<usize> = (0..triples.len()).collect();
            let [low, high] =
                bootstrap(triples.len(), ROUNDS, seed, |drawn| index(&triples, drawn));
            Bounded { value: index(&triples, &all), low, high }
        };
        Share { path: (*path).to_owned(), first: bounded(first), total: bounded(total) }
    });
    shares.collect()
}

/// The mean of a function of some blocks over the variance of their two whole points.
fn ratio(blocks: &[[f64; 3]], drawn: &[usize], of: impl Fn(f64, [f64; 3]) -> f64) -> f64 {
    let blocks = || drawn.iter().filter_map(|at| blocks.get(*at).copied());
    let whole = Moments::of(blocks().flat_map(|[a, b, _]| [a, b]));
    let n = float_of(drawn.len());
    // The variance of all 2n points, not the estimate of a population's.
    let variance = whole.deviation().powi(2) * (2.0 * n - 1.0) / (2.0 * n);
    blocks().map(|block| of(whole.mean(), block)).sum::<f64>() / n / variance
}

fn first(blocks: &[[f64; 3]], drawn: &[usize]) -> f64 {
    // Results are taken from their mean: the estimator's error grows with their distance to 0.
    ratio(blocks, drawn, |mean, [a, b, mixed]| (b - mean) * (mixed - a))
}

fn total(blocks: &[[f64; 3]], drawn: &[usize]) -> f64 {
    ratio(blocks, drawn, |_, [a, _, mixed]| (a - mixed).powi(2) / 2.0)
}

/// Elementary effects, from the results of a design of paths in its order. `path` gives the path
/// with a number.
#[must_use]
pub fn morris(
    paths: &[&str],
    results: &[f64],
    seed: u64,
    path: impl Fn(u64) -> Option<Trajectory>,
) -> Vec<Effect> {
    let width = paths.len().saturating_add(1);
    let mut effects: Vec<Vec<f64>> = vec![Vec::new(); paths.len()];
    for (number, along) in (0..).zip(results.chunks_exact(width)) {
        let Some(path) = path(number) else { break };
        for (pair, (axis, step)) in along.windows(2).zip(&path.steps) {
            if let (&[before, after], Some(effects)) = (pair, effects.get_mut(*axis)) {
                effects.push((after - before) / step);
            }
        }
    }
    let of = |(path, effects): (&&str, &Vec<f64>)| {
        let bounded = |part: fn(f64) -> f64| {
            let mean = |drawn: &[usize]| {
                let parts =
                    drawn.iter().filter_map(|at| effects.get(*at)).map(|value| part(*value));
                Moments::of(parts).mean()
            };
            let all: Vec<usize> = (0..effects.len()).collect();
            let [low, high] = bootstrap(effects.len(), ROUNDS, seed, mean);
            Bounded { value: mean(&all), low, high }
        };
        Effect {
            path: (*path).to_owned(),
            mean: bounded(|value| value),
            size: bounded(f64::abs),
            deviation: Moments::of(effects.iter().copied()).deviation(),
        }
    };
    paths.iter().zip(&effects).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::super::design::{Design, Kind, Spec};
    use super::*;

    /// The function of Ishigami and Homma, whose indices are known.
    fn ishigami(x: &[f64]) -> f64 {
        x[0].sin() + 7.0 * x[1].sin().powi(2) + 0.1 * x[2].powi(4) * x[0].sin()
    }

    fn design(kind: Kind, samples: u64) -> (Design, Vec<f64>) {
        let pi = std::f64::consts::PI;
        let axes = ["x1", "x2", "x3"].map(|name| format!("{name}=-{pi}..{pi}"));
        let spec = Spec { kind, axes: axes.to_vec(), samples: Some(samples), replicates: 1 };
        let design = Design::new(&spec, &[3; 32]).unwrap();
        let at = |point| {
            let values = design.values(point);
            ishigami(&values.iter().map(|value| value.as_float().unwrap()).collect::<Vec<_>>())
        };
        let results = (0..design.points()).map(at).collect();
        (design, results)
    }

    #[test]
    fn the_indices_of_ishigami_are_the_analytic_ones() {
        let (_, results) = design(Kind::Saltelli, 1_024);
        let found = sobol(&["x1", "x2", "x3"], &results, 1);
        let analytic = [(0.3139, 0.5576), (0.4424, 0.4424), (0.0, 0.2437)];
        for (share, (first, total)) in found.iter().zip(analytic) {
            assert!((share.first.value - first).abs() < 0.03, "{share:?}");
            assert!((share.total.value - total).abs() < 0.03, "{share:?}");
            assert!(share.first.low <= first && first <= share.first.high, "{share:?}");
            assert!(share.total.low <= total && total <= share.total.high, "{share:?}");
        }
    }

    #[test]
    fn a_constant_added_to_the_result_changes_no_index() {
        let (_, results) = design(Kind::Saltelli, 256);
        let moved: Vec<f64> = results.iter().map(|value| value + 1e4).collect();
        let paths = ["x1", "x2", "x3"];
        for (one, other) in sobol(&paths, &results, 1).iter().zip(sobol(&paths, &moved, 1)) {
            assert!((one.first.value - other.first.value).abs() < 1e-6);
            assert!((one.total.value - other.total.value).abs() < 1e-6);
        }
    }

    /// A plane has the same effect everywhere, whatever the path.
    #[test]
    fn the_effects_of_a_plane_are_its_slopes() {
        let (design, _) = design(Kind::Morris, 10);
        let slopes = [3.0, -2.0, 0.0];
        let at = |point| {
            let units = design.units(point);
            units.iter().zip(slopes).map(|(unit, slope)| unit * slope).sum()
        };
        let results: Vec<f64> = (0..design.points()).map(at).collect();
        let found = morris(&["a", "b", "c"], &results, 1, |number| design.trajectory(number));
        for (effect, slope) in found.iter().zip(slopes) {
            assert!((effect.mean.value - slope).abs() < 1e-9, "{effect:?}");
            assert!((effect.size.value - slope.abs()).abs() < 1e-9);
            assert!(effect.deviation < 1e-9);
        }
    }
}
