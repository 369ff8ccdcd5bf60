//! Putting shards together: every run once, in order, whoever made it.
//!
//! The logs are read side by side, always the one whose next run has the least number, and written
//! as tables and summed up in the same pass. What comes out does not tell how many shards there
//! were.
//!
//! # Invariants
//! - All logs are of this design and of one program, and every run is there exactly once; or
//!   nothing is written.
//!
//! # Not here
//! Reading one log ([`super::rows`]); drawing.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::LabError;
use super::design::Design;
use super::plan::{Folder, Plan};
use super::rows::{Columns, Header, Reader, Row};
use super::summary::{Builder, Summary};
use super::table::{Cell, Kind, Table};

/// The schema of a manifest.
const SCHEMA: &str = "probity.sim-manifest/v1";

/// Why parts do not make a whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GatherError {
    /// A log of another experiment.
    #[error("{0} is of another experiment: its design hash differs")]
    Design(PathBuf),
    /// Logs of different programs.
    #[error("{first} and {other} were written by different builds, which may run differently")]
    Binary {
        /// One log.
        first: PathBuf,
        /// Another.
        other: PathBuf,
    },
    /// Logs whose runs measured different things.
    #[error("{first} and {other} measure different numbers")]
    Columns {
        /// One log.
        first: PathBuf,
        /// Another.
        other: PathBuf,
    },
    /// Runs that no log has.
    #[error("{missing} of {total} runs are missing, the first of them number {first}")]
    Missing {
        /// How many.
        missing: u64,
        /// Of how many.
        total: u64,
        /// The first of them.
        first: u64,
    },
    /// A run that two logs have.
    #[error("run {run} is in {one} and in {other}")]
    Twice {
        /// The run.
        run: u64,
        /// One log.
        one: PathBuf,
        /// Another.
        other: PathBuf,
    },
    /// A number that no run measures.
    #[error("no run measures `{name}`; there are {known}")]
    NoKpi {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
}

/// Where results come from: all that someone needs to make them again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    schema: String,
    /// The version of the program.
    pub version: String,
    /// The commit that it was built from, if that is known.
    pub commit: Option<String>,
    /// The compiler that built it.
    pub rustc: String,
    /// The hash of the program.
    pub binary: String,
    /// What the scenario is called.
    pub scenario: String,
    /// What all chance follows from.
    pub seed: String,
    /// The hash of config and plan.
    pub design: String,
    /// How many runs there are.
    pub runs: u64,
    /// The hash of `runs.csv`.
    pub runs_csv: String,
}

/// How far an experiment is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// Runs that have ended.
    pub done: u64,
    /// All runs.
    pub total: u64,
    /// Each log with its runs, and how many it will have.
    pub shards: Vec<(String, u64, u64)>,
    /// Whether the results have been put together.
    pub merged: bool,
}

/// Looks how far an experiment is.
///
/// # Errors
/// If its folder cannot be read or a log is damaged.
pub fn progress(folder: &Folder) -> Result<Progress, LabError> {
    let total = folder.plan()?.design()?.runs();
    let mut progress = Progress {
        done: 0,
        total,
        shards: Vec::new(),
        merged: folder.file("summary.json").is_file(),
    };
    for path in folder.shards()? {
        let mut reader = Reader::open(&path)?;
        let mut done = 0u64;
        while reader.next_row()?.is_some() {
            done = done.saturating_add(1);
        }
        if let Some(header) = &reader.header {
            progress.shards.push((header.shard.to_string(), done, header.shard.count(total)));
        }
        progress.done = progress.done.saturating_add(done);
    }
    Ok(progress)
}

/// Puts the shards of an experiment together: writes its tables, summary and manifest, and gives
/// the summary and the mean of its number at every point.
///
/// # Errors
/// If a log is of something else, a run is missing or there twice, or a file cannot be written.
pub fn merge(folder: &Folder) -> Result<(Summary, Vec<f64>), LabError> {
    let (plan, config) = (folder.plan()?, folder.config()?);
    let (design, hash) = (plan.design()?, plan.hash(&config));
    let mut parts = Parts::open(folder, &hash)?;
    let missing = |first, done| {
        let total = design.runs();
        GatherError::Missing { missing: total.saturating_sub(done), total, first }
    };
    let (Some(columns), Some(binary)) = (parts.columns.clone(), parts.binary.clone()) else {
        return Err(missing(0, 0).into());
    };
    let mut output = Output::begin(folder, &plan, &hash, &design, &columns)?;
    let mut next = 0;
    while let Some((row, path)) = parts.take()? {
        if row.run < next {
            let one = parts.last.clone();
            return Err(GatherError::Twice { run: row.run, one, other: path }.into());
        }
        if row.run > next {
            let (first, mut last) = (next, row.run);
            let mut done = next.saturating_add(1);
            while let Some((row, _)) = parts.take()? {
                // One that is there twice is there once.
                done = done.saturating_add(u64::from(row.run != last));
                last = row.run;
            }
            return Err(missing(first, done).into());
        }
        output.row(&plan, &config, &design, &row)?;
        parts.last = path;
        next = next.saturating_add(1);
    }
    if next < design.runs() {
        return Err(missing(next, next).into());
    }
    let (summary, means) = output.finish(&design)?;
    let mut text = serde_json::to_string_pretty(&summary)?;
    text.push('\n');
    folder.write("summary.json", text.as_bytes())?;
    let manifest = Manifest {
        schema: SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        commit: option_env!("PROBITY_COMMIT").map(str::to_owned),
        rustc: env!("PROBITY_RUSTC").to_owned(),
        binary,
        scenario: plan.scenario.clone(),
        seed: plan.seed.clone(),
        design: hash,
        runs: design.runs(),
        runs_csv: super::plan::hash_of(&folder.file("runs.csv"))?,
    };
    let mut text = serde_json::to_string_pretty(&manifest)?;
    text.push('\n');
    folder.write("manifest.json", text.as_bytes())?;
    folder.write("REPRODUCE", plan.command().as_bytes())?;
    Ok((summary, means))
}

/// All logs, side by side.
struct Parts {
    readers: Vec<(Reader, PathBuf, Option<Row>)>,
    columns: Option<Columns>,
    binary: Option<String>,
    /// Where the last run came from.
    last: PathBuf,
}

impl Parts {
    fn open(folder: &Folder, hash: &str) -> Result<Self, LabError> {
        let mut parts =
            Self { readers: Vec::new(), columns: None, binary: None, last: PathBuf::new() };
        let (mut of_binary, mut of_columns) = (PathBuf::new(), PathBuf::new());
        for path in folder.shards()? {
            let mut reader = Reader::open(&path)?;
            let Some(Header { design, binary, shard: _ }) = reader.header.clone() else { continue };
            if design != hash {
                return Err(GatherError::Design(path).into());
            }
            let known = parts.binary.get_or_insert_with(|| {
                of_binary.clone_from(&path);
                binary.clone()
            });
            if *known != binary {
                return Err(GatherError::Binary { first: of_binary, other: path }.into());
            }
            let first = reader.next_row()?;
            if first.is_some() {
                let columns = parts.columns.get_or_insert_with(|| {
                    of_columns.clone_from(&path);
                    reader.columns.clone()
                });
                if columns.values != reader.columns.values {
                    return Err(GatherError::Columns { first: of_columns, other: path }.into());
                }
                if columns.series.is_empty() {
                    columns.series.clone_from(&reader.columns.series);
                }
            }
            parts.readers.push((reader, path, first));
        }
        Ok(parts)
    }

    /// The run with the least number of all that are next.
    fn take(&mut self) -> Result<Option<(Row, PathBuf)>, LabError> {
        let next = self.readers.iter_mut().filter(|(_, _, row)| row.is_some());
        let least = next.min_by_key(|(_, _, row)| row.as_ref().map_or(u64::MAX, |row| row.run));
        let Some((reader, path, row)) = least else { return Ok(None) };
        let following = reader.next_row()?;
        Ok(std::mem::replace(row, following).map(|row| (row, path.clone())))
    }
}

/// All that is written on the way.
struct Output {
    runs: Table,
    epochs: Option<Table>,
    summary: Builder,
    kinds: Vec<Kind>,
}

impl Output {
    fn begin(
        folder: &Folder,
        plan: &Plan,
        hash: &str,
        design: &Design,
        columns: &Columns,
    ) -> Result<Self, LabError> {
        let summary = Builder::new(plan, hash.to_owned(), design, columns).ok_or_else(|| {
            let name = plan.kpi.clone().unwrap_or_default();
            GatherError::NoKpi { name, known: columns.values.join(", ") }
        })?;
        let kinds: Vec<Kind> = design
            .axes()
            .iter()
            .map(|axis| if axis.is_numeric() { Kind::Number } else { Kind::Text })
            .collect();
        let mut named = vec![("run_id".to_owned(), Kind::Text)];
        let counts = ["run", "point", "replicate"].map(|name| (name.to_owned(), Kind::Count));
        named.extend(counts.iter().cloned());
        for (axis, kind) in design.axes().iter().zip(&kinds) {
            named.push((axis.path().to_owned(), *kind));
        }
        named.push(("height".to_owned(), Kind::Count));
        named.push(("state_root".to_owned(), Kind::Text));
        named.extend(columns.values.iter().map(|name| (name.clone(), Kind::Number)));
        let runs = Table::begin(folder, "runs", &named)?;
        let epochs = if plan.epochs {
            let mut named = counts.to_vec();
            named.push(("epoch".to_owned(), Kind::Count));
            named.extend(columns.series.iter().map(|name| (name.clone(), Kind::Number)));
            Some(Table::begin(folder, "epochs", &named)?)
        } else {
            None
        };
        Ok(Self { runs, epochs, summary, kinds })
    }

    fn row(
        &mut self,
        plan: &Plan,
        config: &str,
        design: &Design,
        row: &Row,
    ) -> Result<(), LabError> {
        let (point, replicate) = design.place(row.run);
        let values = design.values(point);
        let mut cells = vec![
            Cell::Text(run_id(plan, config, &design.texts(point), replicate)),
            Cell::Count(row.run),
            Cell::Count(point),
            Cell::Count(replicate),
        ];
        for (value, kind) in values.iter().zip(&self.kinds) {
            cells.push(match kind {
                Kind::Number => Cell::Number(super::axis::number(value).unwrap_or(f64::NAN)),
                Kind::Text | Kind::Count => Cell::Text(super::axis::plain(value)),
            });
        }
        cells.push(Cell::Count(row.height));
        cells.push(Cell::Text(row.root.clone()));
        cells.extend(row.values.iter().map(|value| Cell::Number(*value)));
        self.runs.row(&cells)?;
        if let Some(epochs) = &mut self.epochs {
            for (at, values) in &row.series {
                let mut cells = [row.run, point, replicate, *at].map(Cell::Count).to_vec();
                cells.extend(values.iter().map(|value| Cell::Number(*value)));
                epochs.row(&cells)?;
            }
        }
        self.summary.add(design, row);
        Ok(())
    }

    fn finish(self, design: &Design) -> Result<(Summary, Vec<f64>), LabError> {
        self.runs.finish()?;
        self.epochs.map(Table::finish).transpose()?;
        Ok(self.summary.finish(design))
    }
}

/// What a run is called, by all that it follows from and not by its place in a design: equal runs of
/// two experiments have one name.
#[must_use]
pub fn run_id(plan: &Plan, config: &str, values: &[String], replicate: u64) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("probity 2026 simulations run");
    let paths = plan.design.axes.iter().filter_map(|axis| axis.split_once('='));
    let pairs = paths.zip(values).map(|((path, _), value)| format!("{path}={value}"));
    for part in [plan.seed.clone(), config.to_owned()].into_iter().chain(pairs) {
        hasher.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.update(&replicate.to_le_bytes());
    let hash = hasher.finalize().to_hex();
    hash.as_str().chars().take(16).collect()
}
