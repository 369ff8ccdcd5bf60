//! The summary: what an experiment says, each number with its interval and its count.
//!
//! Runs come in the order of points, so that one point at a time is held. Of the rest stay means,
//! intervals and percentiles.
//!
//! # Invariants
//! - Runs with common random numbers are compared by pairs: what a point differs from the first one
//!   has the interval of the differences.
//! - A very large design lists of each point the number that it is about, and no other; the tables
//!   have them all.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::design::{Design, Kind};
use super::plan::Plan;
use super::rows::{Columns, Row};
use super::stats::{Estimate, Moments, finite, quantile, share, sorted};

/// The schema of a summary.
pub const SCHEMA: &str = "probity.sim-summary/v1";
/// The most numbers that are listed.
const MAX_LISTED: u64 = 20_000;

/// What an experiment says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// The schema.
    pub schema: String,
    /// What the scenario is called.
    pub scenario: String,
    /// What all chance follows from.
    pub seed: String,
    /// The hash of config and plan.
    pub design: String,
    /// How points were chosen.
    pub kind: Kind,
    /// What was varied.
    pub axes: Vec<AxisNote>,
    /// How many runs there are.
    pub runs: u64,
    /// How often each point was run.
    pub replicates: u64,
    /// How many points there are.
    pub points_total: u64,
    /// The number that charts and comparisons are about.
    pub kpi: String,
    /// Each point.
    pub points: Vec<Point>,
    /// The course of the first point's runs.
    pub courses: Vec<Fan>,
}

/// An axis as charts need it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AxisNote {
    /// The setting.
    pub path: String,
    /// Whether its values are numbers.
    pub numeric: bool,
    /// Whether they lie on a logarithmic scale.
    pub log: bool,
}

/// One point of the design.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// Its number.
    pub point: u64,
    /// The value of each axis.
    pub values: Vec<String>,
    /// What its runs measured.
    pub numbers: Vec<Number>,
    /// What it differs from the first point in the number that charts are about, pair by pair.
    pub against_first: Option<Estimate>,
}

/// One number over the runs of a point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Number {
    /// What it is.
    pub name: String,
    /// Its mean with the interval of the mean.
    pub mean: Estimate,
    /// Its standard deviation from run to run.
    #[serde(with = "finite")]
    pub deviation: f64,
    /// The 5th percentile of the runs.
    #[serde(with = "finite")]
    pub p5: f64,
    /// The median.
    #[serde(with = "finite")]
    pub p50: f64,
    /// The 95th percentile.
    #[serde(with = "finite")]
    pub p95: f64,
    /// The share of runs in which it is above zero.
    pub positive: Estimate,
}

/// The course of one number over the runs of the first point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fan {
    /// What it is.
    pub name: String,
    /// When, and how it lay then.
    pub steps: Vec<FanStep>,
}

/// The spread of one number at one time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FanStep {
    /// When.
    pub at: u64,
    /// Over how many runs.
    pub n: u64,
    /// The 5th percentile, the median and the 95th.
    pub bands: [f64; 3],
}

/// A summary that grows run by run.
#[derive(Debug)]
pub struct Builder {
    summary: Summary,
    columns: Vec<String>,
    headline: usize,
    listed: bool,
    at: u64,
    held: Vec<Vec<f64>>,
    pairs: Moments,
    first: Vec<f64>,
    means: Vec<f64>,
    courses: BTreeMap<u64, Vec<Vec<f64>>>,
    series: Vec<String>,
}

impl Builder {
    /// A summary of no runs yet. `None` if the plan's number is not among the columns.
    #[must_use]
    pub fn new(plan: &Plan, hash: String, design: &Design, columns: &Columns) -> Option<Self> {
        let names = &columns.values;
        let headline = match &plan.kpi {
            None => 0,
            Some(kpi) => names.iter().position(|name| name == kpi)?,
        };
        let axes = design.axes().iter().map(|axis| AxisNote {
            path: axis.path().to_owned(),
            numeric: axis.is_numeric(),
            log: axis.is_log(),
        });
        let width = u64::try_from(names.len()).unwrap_or(u64::MAX);
        let summary = Summary {
            schema: SCHEMA.to_owned(),
            scenario: plan.scenario.clone(),
            seed: plan.seed.clone(),
            design: hash,
            kind: plan.design.kind,
            axes: axes.collect(),
            runs: design.runs(),
            replicates: design.replicates(),
            points_total: design.points(),
            kpi: names.get(headline)?.clone(),
            points: Vec::new(),
            courses: Vec::new(),
        };
        Some(Self {
            summary,
            columns: names.clone(),
            headline,
            listed: design.points().saturating_mul(width) <= MAX_LISTED,
            at: 0,
            held: vec![Vec::new(); names.len()],
            pairs: Moments::default(),
            first: Vec::new(),
            means: Vec::new(),
            courses: BTreeMap::new(),
            series: columns.series.clone(),
        })
    }

    /// Takes the next run.
    pub fn add(&mut self, design: &Design, row: &Row) {
        let (point, replicate) = design.place(row.run);
        if point != self.at {
            self.close(design);
            self.at = point;
        }
        for (held, value) in self.held.iter_mut().zip(&row.values) {
            held.push(*value);
        }
        let headline = row.values.get(self.headline).copied().unwrap_or(f64::NAN);
        if point == 0 {
            self.first.push(headline);
            for (at, values) in &row.series {
                let step =
                    self.courses.entry(*at).or_insert_with(|| vec![Vec::new(); values.len()]);
                step.iter_mut().zip(values).for_each(|(held, value)| held.push(*value));
            }
        } else if let Some(first) =
            usize::try_from(replicate).ok().and_then(|at| self.first.get(at))
        {
            self.pairs.add(headline - first);
        }
    }

    /// The summary, and the mean of its number at every point.
    #[must_use]
    pub fn finish(mut self, design: &Design) -> (Summary, Vec<f64>) {
        self.close(design);
        for (place, name) in self.series.iter().enumerate() {
            let step = |(at, held): (&u64, &Vec<Vec<f64>>)| {
                let values = sorted(held.get(place)?);
                let bands = [0.05, 0.5, 0.95].map(|part| quantile(&values, part));
                let n = u64::try_from(values.len()).unwrap_or(u64::MAX);
                (n > 0).then_some(FanStep { at: *at, n, bands })
            };
            let steps = self.courses.iter().filter_map(step).collect();
            self.summary.courses.push(Fan { name: name.clone(), steps });
        }
        (self.summary, self.means)
    }

    /// Sums up the point that is held.
    fn close(&mut self, design: &Design) {
        let mut numbers = Vec::new();
        for (place, (name, held)) in self.columns.iter().zip(&mut self.held).enumerate() {
            let moments = Moments::of(held.iter().copied());
            if place == self.headline {
                self.means.push(moments.mean());
            }
            if self.listed || place == self.headline {
                numbers.push(number(name, &moments, held));
            }
            held.clear();
        }
        let pairs = std::mem::take(&mut self.pairs).estimate();
        self.summary.points.push(Point {
            point: self.at,
            values: design.texts(self.at),
            numbers,
            against_first: (self.at > 0).then_some(pairs),
        });
    }
}

fn number(name: &str, moments: &Moments, values: &[f64]) -> Number {
    let values = sorted(values);
    let above = values.iter().filter(|value| **value > 0.0).count();
    Number {
        name: name.to_owned(),
        mean: moments.estimate(),
        deviation: moments.deviation(),
        p5: quantile(&values, 0.05),
        p50: quantile(&values, 0.5),
        p95: quantile(&values, 0.95),
        positive: share(u64::try_from(above).unwrap_or(u64::MAX), moments.n()),
    }
}

impl Number {
    /// Whether it was zero in every run.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        let Self { name: _, mean, deviation, p5, p50, p95, positive: _ } = self;
        let all = [mean.mean, *p5, *p50, *p95];
        all.iter().all(|value| *value == 0.0) && (*deviation == 0.0 || mean.n < 2)
    }
}

impl Point {
    /// A number by its name.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<&Number> {
        self.numbers.iter().find(|number| number.name == name)
    }
}
