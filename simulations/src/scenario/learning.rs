//! How a group's operators come to do what they do.

use serde::{Deserialize, Serialize};

use crate::agents::Kind;

/// A group whose operators choose between strategies, round after round. A round is a whole run of the
/// scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Learning {
    /// Which group.
    pub group: String,
    /// How it learns.
    #[serde(default)]
    pub rule: Rule,
    /// What its operators choose between.
    pub strategies: Vec<Kind>,
    /// How many rounds there are.
    #[serde(default = "twenty")]
    pub rounds: u32,
    /// Replicators: what an operator gains besides in an epoch, in costs of one evaluation. The smaller
    /// it is, the faster a strategy dies out that loses.
    #[serde(default = "one")]
    pub fitness: f64,
    /// Replicators: the share of operators that choose anew at random after each round.
    #[serde(default)]
    pub explore: f64,
    /// The shares of the strategies at first; equal ones if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Vec<f64>>,
}

/// How a group learns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// A strategy grows as much faster than others as its operators earn more (Taylor and Jonker 1978;
    /// in rounds: Maynard Smith 1982).
    #[default]
    Replicator,
    /// Each round's answer is the best one to the mean of all rounds before (Brown 1951).
    FictitiousPlay,
}

const fn twenty() -> u32 {
    20
}

const fn one() -> f64 {
    1.0
}

impl Learning {
    /// The shares of the strategies at first.
    #[must_use]
    pub fn first(&self) -> Vec<f64> {
        let equal = || {
            let share = 1.0 / f64::from(u32::try_from(self.strategies.len().max(1)).unwrap_or(1));
            vec![share; self.strategies.len()]
        };
        self.start.clone().unwrap_or_else(equal)
    }
}
