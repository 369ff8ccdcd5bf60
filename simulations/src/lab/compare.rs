//! Two experiments side by side: what differs, and whether that is more than chance.
//!
//! If both have the same points, replicates and seed, each run of one is compared with the run of
//! the other that shares its random numbers; otherwise the means are, by Welch's interval.
//!
//! # Not here
//! Drawing.

use std::fs::File;

use serde::Serialize;

use super::LabError;
use super::plan::Folder;
use super::stats::{Estimate, Moments, float, floor, student};

/// The schema of a comparison.
pub const SCHEMA: &str = "probity.sim-compare/v1";
/// The last of the columns that say which run it is.
const LAST_NAME: &str = "state_root";

/// What differs between two experiments.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The schema.
    pub schema: &'static str,
    /// Whether runs were compared by pairs that share their random numbers.
    pub paired: bool,
    /// Each number that both measure.
    pub numbers: Vec<Difference>,
}

/// What differs in one number.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// What it is.
    pub name: String,
    /// Its mean in the first.
    pub first: Estimate,
    /// Its mean in the second.
    pub second: Estimate,
    /// The second less the first.
    pub difference: Estimate,
}

/// Compares two experiments that have been put together.
///
/// # Errors
/// If their tables cannot be read.
pub fn compare(first: &Folder, second: &Folder) -> Result<Comparison, LabError> {
    let (one, other) = (first.plan()?, second.plan()?);
    let (points, more) = (one.design()?, other.design()?);
    let paired = one.seed == other.seed
        && points.points() == more.points()
        && points.replicates() == more.replicates();
    let (mut a, mut b) = (Runs::open(first)?, Runs::open(second)?);
    let shared: Vec<(String, usize, usize)> = a
        .names
        .iter()
        .filter_map(|(name, at)| {
            let also = b.names.iter().find(|(known, _)| known == name)?;
            Some((name.clone(), *at, also.1))
        })
        .collect();
    let mut sums = vec![[Moments::default(); 3]; shared.len()];
    loop {
        let (left, right) = (a.next()?, b.next()?);
        if left.is_none() && right.is_none() {
            break;
        }
        for ((_, at, also), [of_a, of_b, of_pairs]) in shared.iter().zip(&mut sums) {
            let value = |row: &Option<csv::StringRecord>, at: usize| -> f64 {
                let field = row.as_ref().and_then(|row| row.get(at));
                field.and_then(|field| field.parse().ok()).unwrap_or(f64::NAN)
            };
            let (x, y) = (value(&left, *at), value(&right, *also));
            of_a.add(x);
            of_b.add(y);
            of_pairs.add(y - x);
        }
    }
    let numbers = shared.into_iter().zip(sums).map(|((name, ..), [of_a, of_b, of_pairs])| {
        let difference = if paired { of_pairs.estimate() } else { welch(&of_a, &of_b) };
        Difference { name, first: of_a.estimate(), second: of_b.estimate(), difference }
    });
    Ok(Comparison { schema: SCHEMA, paired, numbers: numbers.collect() })
}

/// The difference of two means with Welch's interval.
fn welch(a: &Moments, b: &Moments) -> Estimate {
    let n = a.n().min(b.n());
    let mean = b.mean() - a.mean();
    let [va, vb] = [a, b].map(|m| m.deviation().powi(2) / float(m.n()));
    let spread = va + vb;
    if n < 2 || spread.is_nan() || spread <= 0.0 {
        return Estimate { n, mean, low: mean, high: mean };
    }
    let freedom =
        (va + vb).powi(2) / (va.powi(2) / (float(a.n()) - 1.0) + vb.powi(2) / (float(b.n()) - 1.0));
    let freedom = u64::try_from(floor(freedom)).unwrap_or(1).max(1);
    let half = student(freedom) * (va + vb).sqrt();
    Estimate { n, mean, low: mean - half, high: mean + half }
}

/// The runs of an experiment, one by one.
struct Runs {
    rows: csv::StringRecordsIntoIter<File>,
    names: Vec<(String, usize)>,
    path: std::path::PathBuf,
}

impl Runs {
    fn open(folder: &Folder) -> Result<Self, LabError> {
        let path = folder.file("runs.csv");
        let file = File::open(&path).map_err(|error| LabError::io("read", &path, error))?;
        let mut reader = csv::Reader::from_reader(file);
        let header = reader.headers().map_err(|error| failed(&path, error))?;
        let named = header.iter().enumerate().skip_while(|(_, name)| *name != LAST_NAME).skip(1);
        let names = named.map(|(at, name)| (name.to_owned(), at)).collect();
        Ok(Self { rows: reader.into_records(), names, path })
    }

    fn next(&mut self) -> Result<Option<csv::StringRecord>, LabError> {
        self.rows.next().transpose().map_err(|error| failed(&self.path, error))
    }
}

fn failed(path: &std::path::Path, error: csv::Error) -> LabError {
    LabError::Table { path: path.to_owned(), error: error.into() }
}
