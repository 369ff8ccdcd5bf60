//! Metrics: exact integer folds over what each answer is worth.
//!
//! An item's worth is an integer in micro-units, or in their squares for a root of a mean of
//! squares; the score is [`Fold::score`] of the sum. Nothing is averaged in floating point.
//!
//! Spec: `docs/spec/08-transcript.md`.

use probity_primitives::transcript::Fold;
use serde::{Deserialize, Serialize};

use super::definition::{MetricDefinition, Task};
use super::error::Fault;

/// The metrics that the harness knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetricName {
    /// The share of right answers.
    Accuracy,
    /// The mean distance to the right number.
    MeanAbsoluteError,
    /// The root of the mean squared distance to the right number.
    RootMeanSquaredError,
}

/// Which of two scores is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The higher one.
    Higher,
    /// The lower one.
    Lower,
}

impl MetricName {
    /// The name as definitions and reports write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::MeanAbsoluteError => "mean_absolute_error",
            Self::RootMeanSquaredError => "root_mean_squared_error",
        }
    }

    /// How item scores become the score.
    #[must_use]
    pub const fn fold(self) -> Fold {
        match self {
            Self::Accuracy | Self::MeanAbsoluteError => Fold::Mean,
            Self::RootMeanSquaredError => Fold::RootMean,
        }
    }

    /// Which scores are better.
    #[must_use]
    pub const fn direction(self) -> Direction {
        match self {
            Self::Accuracy => Direction::Higher,
            Self::MeanAbsoluteError | Self::RootMeanSquaredError => Direction::Lower,
        }
    }

    const fn task(self) -> Task {
        match self {
            Self::Accuracy => Task::Classification,
            Self::MeanAbsoluteError | Self::RootMeanSquaredError => Task::Regression,
        }
    }
}

/// A metric with its range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Which metric.
    pub name: MetricName,
    /// The far end of the range in micro-units: 1 for an accuracy; a larger error counts as this.
    pub worst: i64,
}

impl Metric {
    /// What an answer at this distance from the right number is worth.
    ///
    /// The distance is capped at the declared range, so that one absurd answer cannot move the
    /// mean without bound and no sum overflows.
    #[must_use]
    pub fn worth_of_distance(&self, micros: u64) -> i64 {
        let capped = i64::try_from(micros).unwrap_or(i64::MAX).min(self.worst);
        match self.name {
            MetricName::Accuracy | MetricName::MeanAbsoluteError => capped,
            MetricName::RootMeanSquaredError => capped.saturating_mul(capped),
        }
    }

    pub(super) fn check(definition: MetricDefinition, task: Task) -> Result<Self, Fault> {
        let MetricDefinition { name, range } = definition;
        let text = name.as_str();
        if name.task() != task {
            let reason = format!("{text} does not measure a {} task", task.as_str());
            return Err(Fault::new("metric", reason));
        }
        let worst = match (name, range) {
            (MetricName::Accuracy, None) => 1_000_000,
            (MetricName::Accuracy, Some(_)) => {
                return Err(Fault::new("metric.range", "accuracy always lies between 0 and 1"));
            }
            (MetricName::MeanAbsoluteError | MetricName::RootMeanSquaredError, None) => {
                let reason = format!("{text} is unbounded, declare it as range = [0, \"400\"]");
                return Err(Fault::new("metric.range", reason));
            }
            (
                MetricName::MeanAbsoluteError | MetricName::RootMeanSquaredError,
                Some([from, to]),
            ) => {
                if from.0 != 0 || to.0 <= 0 {
                    let reason = "an error's range starts at 0 and ends above it";
                    return Err(Fault::new("metric.range", reason));
                }
                to.0
            }
        };
        if name == MetricName::RootMeanSquaredError && worst.checked_mul(worst).is_none() {
            let reason = "its squares overflow above 3037; use smaller units for the label";
            return Err(Fault::new("metric.range", reason));
        }
        Ok(Self { name, worst })
    }
}
