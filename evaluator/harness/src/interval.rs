//! 95 % intervals over items: how far the score of another sample of the same kind may lie.
//!
//! Shown to readers, never compared by a rule; so floats are allowed here, and the numbers are
//! rounded to micro-units at the end.
//!
//! Spec: `docs/spec/22-evaluator.md`.

use probity_primitives::transcript::{Fold, Leaf};
use serde::Serialize;
use statrs::distribution::{ContinuousCDF, Normal};

use crate::answer::is_correct;
use crate::benchmark::MetricName;
use crate::number::{approximate, micros};

/// How an interval was computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Wilson's score interval of a share.
    Wilson,
    /// The normal interval of a mean.
    Normal,
    /// The square roots of the normal interval of a mean of squares.
    NormalOfSquares,
}

/// An interval in micro-units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// The lower end.
    pub low: i64,
    /// The upper end.
    pub high: i64,
    /// How it was computed.
    pub method: Method,
}

/// The interval of the score over these leaves.
#[must_use]
pub fn interval(metric: MetricName, leaves: &[Leaf]) -> Interval {
    let items = count(leaves.len());
    match metric {
        MetricName::Accuracy => {
            let right = leaves.iter().filter(|leaf| is_correct(leaf.score)).count();
            let (low, high) = wilson(count(right), items);
            Interval { low: micros(low), high: micros(high), method: Method::Wilson }
        }
        MetricName::MeanAbsoluteError | MetricName::RootMeanSquaredError => {
            let worth: Vec<f64> =
                leaves.iter().map(|leaf| approximate(leaf.score.into())).collect();
            let (low, high) = normal(&worth, items);
            match metric.fold() {
                Fold::Mean => {
                    Interval { low: whole(low), high: whole(high), method: Method::Normal }
                }
                Fold::RootMean => Interval {
                    low: whole(low.sqrt()),
                    high: whole(high.sqrt()),
                    method: Method::NormalOfSquares,
                },
            }
        }
    }
}

fn wilson(right: f64, items: f64) -> (f64, f64) {
    let z = quantile();
    let share = right / items;
    let scale = 1.0 + z * z / items;
    let centre = (share + z * z / (2.0 * items)) / scale;
    let spread = z / scale * (share * (1.0 - share) / items + z * z / (4.0 * items * items)).sqrt();
    ((centre - spread).max(0.0), (centre + spread).min(1.0))
}

/// An error is never negative, so neither is the lower end.
fn normal(worth: &[f64], items: f64) -> (f64, f64) {
    let mean = worth.iter().sum::<f64>() / items;
    let squares: f64 = worth.iter().map(|one| (one - mean) * (one - mean)).sum();
    let deviation = if items > 1.0 { (squares / (items - 1.0)).sqrt() } else { 0.0 };
    let spread = quantile() * deviation / items.sqrt();
    ((mean - spread).max(0.0), mean + spread)
}

fn quantile() -> f64 {
    Normal::standard().inverse_cdf(0.975)
}

fn whole(value: f64) -> i64 {
    micros(value / 1e6)
}

fn count(items: usize) -> f64 {
    approximate(i128::try_from(items).unwrap_or(i128::MAX))
}

#[cfg(test)]
mod tests {
    use probity_primitives::Hash;
    use probity_primitives::transcript::Answer;

    use super::*;

    fn leaves(scores: &[i64]) -> Vec<Leaf> {
        let leaf = |(index, score): (u32, &i64)| Leaf {
            index,
            item: Hash::ZERO,
            prompt: Hash::ZERO,
            answer: Answer::Label(0),
            score: *score,
            prefix_sum: 0,
        };
        (0u32..).zip(scores).map(leaf).collect()
    }

    #[test]
    fn the_interval_of_a_share_is_wilsons() {
        // Source: R, prop.test(8, 10, correct = FALSE)$conf.int is 0.4901625 0.9433178.
        let scores = [1_000_000, 1_000_000, 1_000_000, 1_000_000, 1_000_000, 1_000_000, 1_000_000];
        let interval =
            interval(MetricName::Accuracy, &leaves(&[&scores[..], &[1_000_000, 0, 0]].concat()));
        assert_eq!(interval, Interval { low: 490_162, high: 943_318, method: Method::Wilson });
    }

    #[test]
    fn the_interval_of_a_perfect_share_is_not_a_point() {
        let perfect = interval(MetricName::Accuracy, &leaves(&[1_000_000; 20]));
        assert_eq!(perfect.high, 1_000_000);
        assert!(perfect.low < 850_000, "{perfect:?}");
    }

    #[test]
    fn the_interval_of_a_mean_is_normal() {
        // Mean 2, sample deviation 1, spread 1.959964 / sqrt(3) = 1.131586.
        let mean =
            interval(MetricName::MeanAbsoluteError, &leaves(&[1_000_000, 2_000_000, 3_000_000]));
        assert_eq!(mean, Interval { low: 868_414, high: 3_131_586, method: Method::Normal });
        let same = interval(MetricName::RootMeanSquaredError, &leaves(&[9_000_000; 2]));
        assert_eq!((same.low, same.high), (3_000, 3_000));
    }
}
