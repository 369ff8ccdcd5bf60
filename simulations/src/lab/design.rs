//! Designs: which settings an experiment visits.
//!
//! A design is a list of points, each a value for every axis, that is never held in memory as a
//! whole: any point follows from its number. Each point is run `replicates` times, and replicate
//! number r of every point shares its random numbers, so that differences between points are
//! differences of pairs.
//!
//! # Invariants
//! - The points follow from axes, kind, samples and seed alone.
//! - Run number `i` is replicate `i % replicates` of point `i / replicates`.
//!
//! # Not here
//! Who runs it ([`super::runner`]), and what it means ([`super::sensitivity`]).

pub mod sequence;

use serde::{Deserialize, Serialize};
use toml::Value;

use self::sequence::{Latin, MAX_DIMENSIONS, Sobol, Trajectory, seed_for};
use super::axis::{Axis, AxisError, plain};

/// The most runs of an experiment.
pub const MAX_RUNS: u64 = 10_000_000;
/// The most points, each of which is summed up.
pub const MAX_POINTS: u64 = 100_000;
/// The levels of elementary effects.
pub const MORRIS_LEVELS: usize = 4;

/// How points are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Every combination of all values.
    Grid,
    /// First values together, second values together, and so on.
    Zip,
    /// A Latin hypercube.
    Latin,
    /// The Sobol sequence.
    Sobol,
    /// Pairs of Sobol points that exchange one coordinate (Saltelli), for variance-based indices.
    Saltelli,
    /// Paths along the axes, for elementary effects.
    Morris,
}

impl Kind {
    /// Whether it needs to be told how many samples.
    #[must_use]
    pub const fn is_sampled(self) -> bool {
        !matches!(self, Self::Grid | Self::Zip)
    }
}

/// Why there is no such design.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DesignError {
    /// An axis that is none.
    #[error(transparent)]
    Axis(#[from] AxisError),
    /// Two axes with one path.
    #[error("two axes vary `{0}`")]
    SamePath(String),
    /// Too many axes for a sequence.
    #[error("{axes} axes, and this design has room for {limit}")]
    TooManyAxes {
        /// How many there are.
        axes: usize,
        /// How many there may be.
        limit: usize,
    },
    /// Axes of a zip that are not as long as each other.
    #[error("`{first}` has {count} values and `{other}` has {found}: a zip takes one of each")]
    Uneven {
        /// One axis.
        first: String,
        /// Its values.
        count: usize,
        /// Another.
        other: String,
        /// Its values.
        found: usize,
    },
    /// No samples where they are needed, or samples where they have no meaning.
    #[error("a {0:?} design {1}")]
    Samples(Kind, &'static str),
    /// No axis where one is needed.
    #[error("a {0:?} design needs an axis")]
    NoAxis(Kind),
    /// No runs.
    #[error("every point is run at least once: replicates cannot be 0")]
    NoReplicates,
    /// More than anyone runs.
    #[error(
        "{points} points of {replicates} replicates: the limits are {MAX_POINTS} points and {MAX_RUNS} runs"
    )]
    TooLarge {
        /// The points.
        points: u64,
        /// How often each is run.
        replicates: u64,
    },
}

/// What a design is made of, as a plan keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// How points are chosen.
    pub kind: Kind,
    /// The axes, as texts.
    pub axes: Vec<String>,
    /// How many samples, for designs that take them.
    pub samples: Option<u64>,
    /// How often each point is run.
    pub replicates: u64,
}

impl Spec {
    /// A single point with nothing varied.
    #[must_use]
    pub const fn single(replicates: u64) -> Self {
        Self { kind: Kind::Grid, axes: Vec::new(), samples: None, replicates }
    }
}

/// A design, ready to be asked for its points.
#[derive(Debug, Clone)]
pub struct Design {
    axes: Vec<Axis>,
    replicates: u64,
    points: u64,
    maker: Maker,
}

#[derive(Debug, Clone)]
enum Maker {
    Grid(Vec<Vec<Value>>),
    Zip(Vec<Vec<Value>>),
    Latin(Latin),
    Sobol(Sobol),
    Saltelli(Sobol),
    Morris { seed: u64 },
}

impl Design {
    /// The design that a plan describes.
    ///
    /// # Errors
    /// If it makes no sense or is too large.
    pub fn new(spec: &Spec, seed: &[u8; 32]) -> Result<Self, DesignError> {
        let axes: Vec<Axis> =
            spec.axes.iter().map(|text| text.parse()).collect::<Result<_, _>>()?;
        let kind = spec.kind;
        for (at, axis) in axes.iter().enumerate() {
            if axes.iter().take(at).any(|other| other.path() == axis.path()) {
                return Err(DesignError::SamePath(axis.path().to_owned()));
            }
        }
        if spec.replicates == 0 {
            return Err(DesignError::NoReplicates);
        }
        let samples = match spec.samples {
            None | Some(0) if kind.is_sampled() => {
                return Err(DesignError::Samples(kind, "needs to be told how many samples"));
            }
            Some(_) if !kind.is_sampled() => {
                return Err(DesignError::Samples(kind, "has as many points as its axes say"));
            }
            samples => samples.unwrap_or(0),
        };
        if kind != Kind::Grid && axes.is_empty() {
            return Err(DesignError::NoAxis(kind));
        }
        let count = u64::try_from(axes.len()).unwrap_or(u64::MAX);
        let seed_of = |what| seed_for(seed, what);
        let (maker, points) = match kind {
            Kind::Grid => {
                let levels = levels(&axes)?;
                let points = lengths(&levels).try_fold(1u64, u64::checked_mul);
                (Maker::Grid(levels), points.unwrap_or(u64::MAX))
            }
            Kind::Zip => {
                let levels = levels(&axes)?;
                even(&axes, &levels)?;
                let points = lengths(&levels).next().unwrap_or(0);
                (Maker::Zip(levels), points)
            }
            Kind::Latin => {
                let limit = usize::try_from(samples.min(MAX_POINTS)).unwrap_or(0);
                (Maker::Latin(Latin::new(axes.len(), limit, seed_of("latin"))), samples)
            }
            Kind::Sobol => {
                room(axes.len(), MAX_DIMENSIONS)?;
                (Maker::Sobol(Sobol::new(axes.len(), seed_of("sobol"))), samples)
            }
            Kind::Saltelli => {
                room(axes.len(), MAX_DIMENSIONS / 2)?;
                if !samples.is_power_of_two() {
                    let why = "takes a power of two as its samples: 64, 128, 256";
                    return Err(DesignError::Samples(kind, why));
                }
                let sobol = Sobol::new(axes.len().saturating_mul(2), seed_of("saltelli"));
                (Maker::Saltelli(sobol), samples.saturating_mul(count.saturating_add(2)))
            }
            Kind::Morris => (
                Maker::Morris { seed: seed_of("morris") },
                samples.saturating_mul(count.saturating_add(1)),
            ),
        };
        let replicates = spec.replicates;
        let runs = points.saturating_mul(replicates);
        if points == 0 || points > MAX_POINTS || runs > MAX_RUNS {
            return Err(DesignError::TooLarge { points, replicates });
        }
        Ok(Self { axes, replicates, points, maker })
    }

    /// What it varies.
    #[must_use]
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// How many points it has.
    #[must_use]
    pub const fn points(&self) -> u64 {
        self.points
    }

    /// How often each point is run.
    #[must_use]
    pub const fn replicates(&self) -> u64 {
        self.replicates
    }

    /// How many runs it has.
    #[must_use]
    pub const fn runs(&self) -> u64 {
        self.points * self.replicates
    }

    /// The point and the replicate of a run.
    #[must_use]
    pub const fn place(&self, run: u64) -> (u64, u64) {
        (run / self.replicates, run % self.replicates)
    }

    /// The value of every axis at a point.
    #[must_use]
    pub fn values(&self, point: u64) -> Vec<Value> {
        match &self.maker {
            Maker::Grid(levels) => {
                // The last axis runs fastest, as in nested loops.
                let mut rest = point;
                let mut values: Vec<Value> = levels
                    .iter()
                    .rev()
                    .filter_map(|levels| {
                        let count = u64::try_from(levels.len()).unwrap_or(1).max(1);
                        let at = usize::try_from(rest % count).unwrap_or(0);
                        rest /= count;
                        levels.get(at).cloned()
                    })
                    .collect();
                values.reverse();
                values
            }
            Maker::Zip(levels) => {
                let at = usize::try_from(point).unwrap_or(usize::MAX);
                levels.iter().filter_map(|levels| levels.get(at).cloned()).collect()
            }
            Maker::Latin(_) | Maker::Sobol(_) | Maker::Saltelli(_) | Maker::Morris { .. } => {
                let units = self.units(point);
                self.axes.iter().zip(units).map(|(axis, unit)| axis.at(unit)).collect()
            }
        }
    }

    /// The value of every axis at a point, as text.
    #[must_use]
    pub fn texts(&self, point: u64) -> Vec<String> {
        self.values(point).iter().map(plain).collect()
    }

    /// The place of a sampled point in the unit cube; empty for grids.
    #[must_use]
    pub fn units(&self, point: u64) -> Vec<f64> {
        let axes = self.axes.len();
        let count = u64::try_from(axes).unwrap_or(u64::MAX);
        match &self.maker {
            Maker::Grid(_) | Maker::Zip(_) => Vec::new(),
            Maker::Latin(latin) => latin.point(usize::try_from(point).unwrap_or(usize::MAX)),
            Maker::Sobol(sobol) => sobol.point(point),
            Maker::Saltelli(sobol) => {
                let block = count.saturating_add(2);
                let both = sobol.point(point / block);
                let (a, b) = both.split_at(axes.min(both.len()));
                saltelli(a, b, usize::try_from(point % block).unwrap_or(0))
            }
            Maker::Morris { seed } => {
                let block = count.saturating_add(1);
                let path = Trajectory::new(axes, MORRIS_LEVELS, *seed, point / block);
                path.point(usize::try_from(point % block).unwrap_or(0))
            }
        }
    }

    /// The path with this number, of a design of elementary effects.
    #[must_use]
    pub fn trajectory(&self, number: u64) -> Option<Trajectory> {
        match &self.maker {
            Maker::Morris { seed } => {
                Some(Trajectory::new(self.axes.len(), MORRIS_LEVELS, *seed, number))
            }
            Maker::Grid(_)
            | Maker::Zip(_)
            | Maker::Latin(_)
            | Maker::Sobol(_)
            | Maker::Saltelli(_) => None,
        }
    }
}

/// Row number `row` of a block: A, then A with one coordinate of B after the other, then B.
fn saltelli(a: &[f64], b: &[f64], row: usize) -> Vec<f64> {
    match row {
        0 => a.to_vec(),
        row if row > a.len() => b.to_vec(),
        row => {
            let pairs = a.iter().zip(b).enumerate();
            pairs.map(|(at, (a, b))| if at + 1 == row { *b } else { *a }).collect()
        }
    }
}

fn levels(axes: &[Axis]) -> Result<Vec<Vec<Value>>, AxisError> {
    axes.iter().map(Axis::levels).collect()
}

fn lengths(levels: &[Vec<Value>]) -> impl Iterator<Item = u64> {
    levels.iter().map(|levels| u64::try_from(levels.len()).unwrap_or(u64::MAX))
}

fn even(axes: &[Axis], levels: &[Vec<Value>]) -> Result<(), DesignError> {
    let mut all = axes.iter().zip(levels);
    let Some((first, of_first)) = all.next() else { return Ok(()) };
    match all.find(|(_, levels)| levels.len() != of_first.len()) {
        None => Ok(()),
        Some((other, found)) => Err(DesignError::Uneven {
            first: first.path().to_owned(),
            count: of_first.len(),
            other: other.path().to_owned(),
            found: found.len(),
        }),
    }
}

const fn room(axes: usize, limit: usize) -> Result<(), DesignError> {
    if axes > limit { Err(DesignError::TooManyAxes { axes, limit }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(kind: Kind, axes: &[&str], samples: Option<u64>, replicates: u64) -> Spec {
        Spec { kind, axes: axes.iter().map(|&axis| axis.to_owned()).collect(), samples, replicates }
    }

    fn design(kind: Kind, axes: &[&str], samples: Option<u64>) -> Design {
        Design::new(&spec(kind, axes, samples, 3), &[7; 32]).unwrap()
    }

    fn rows(design: &Design) -> Vec<String> {
        (0..design.points()).map(|point| design.texts(point).join(" ")).collect()
    }

    #[test]
    fn a_grid_visits_every_combination_and_a_zip_one_of_each() {
        let grid = design(Kind::Grid, &["a=1,2", "b=x,y,z"], None);
        assert_eq!(rows(&grid), ["1 x", "1 y", "1 z", "2 x", "2 y", "2 z"]);
        assert_eq!((grid.runs(), grid.place(7)), (18, (2, 1)));
        let zip = design(Kind::Zip, &["a=1,2", "b=x,y"], None);
        assert_eq!(rows(&zip), ["1 x", "2 y"]);
        let single = design(Kind::Grid, &[], None);
        assert_eq!((single.points(), single.values(0).len()), (1, 0));
    }

    #[test]
    fn sampled_points_follow_from_the_seed_and_fill_the_range() {
        for kind in [Kind::Latin, Kind::Sobol] {
            let axes = ["a=0.0..1.0", "b=1..4"];
            let (one, same) = (design(kind, &axes, Some(64)), design(kind, &axes, Some(64)));
            assert_eq!(rows(&one), rows(&same));
            let other = Design::new(&spec(kind, &axes, Some(64), 3), &[8; 32]).unwrap();
            assert_ne!(rows(&one), rows(&other));
            for level in 1..=4 {
                let end = format!(" {level}");
                let count = rows(&one).iter().filter(|row| row.ends_with(&end)).count();
                assert_eq!(count, 16, "{kind:?}");
            }
        }
    }

    #[test]
    fn each_row_of_a_block_takes_one_coordinate_of_the_other_point() {
        let design = design(Kind::Saltelli, &["a=0.0..1.0", "b=0.0..1.0"], Some(8));
        assert_eq!(design.points(), 32);
        for block in 0..8 {
            let [a, ab1, ab2, b]: [Vec<f64>; 4] =
                std::array::from_fn(|row| design.units(block * 4 + u64::try_from(row).unwrap()));
            assert_eq!(ab1, [b[0], a[1]]);
            assert_eq!(ab2, [a[0], b[1]]);
        }
    }

    #[test]
    fn designs_that_make_no_sense_are_refused_with_what_is_wrong() {
        let check = |spec: Spec, says: &str| {
            let refusal = Design::new(&spec, &[0; 32]).unwrap_err().to_string();
            assert!(refusal.contains(says), "{refusal}");
        };
        check(spec(Kind::Grid, &["a=1..2"], None, 1), "needs a count");
        check(spec(Kind::Grid, &["a=1,2", "a=3,4"], None, 1), "two axes vary `a`");
        check(spec(Kind::Zip, &["a=1,2", "b=3"], None, 1), "`a` has 2 values and `b` has 1");
        check(spec(Kind::Zip, &[], None, 1), "needs an axis");
        check(spec(Kind::Latin, &["a=1..2"], None, 1), "how many samples");
        check(spec(Kind::Grid, &["a=1,2"], Some(5), 1), "as many points as its axes say");
        check(spec(Kind::Saltelli, &["a=1..9"], Some(100), 1), "power of two");
        check(spec(Kind::Grid, &["a=1,2"], None, 0), "replicates cannot be 0");
        check(spec(Kind::Grid, &["a=1..9000:9000", "b=1..90:90"], None, 1), "810000 points");
        let names: Vec<String> = (0..17).map(|at| format!("a{at}=1..9")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        check(spec(Kind::Saltelli, &names, Some(8), 1), "17 axes");
    }
}
