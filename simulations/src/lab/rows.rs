//! The log of a shard: one line for each run that has ended, in the order of their numbers.
//!
//! A line ends with a check of itself, so that a line that a crash tore apart is known for what it
//! is. Going on with a shard reads its log up to the last whole run, cuts off what follows, and
//! appends. Numbers are written so that they are read back to the last bit.
//!
//! ```text
//! probity.sim-rows/v1 <design> <binary> <shard> <of> #check
//! columns <name> .. #check                 before the first run
//! series <name> .. #check
//! step <run> <epoch> <number> .. #check    the course of a run, before its line
//! run <run> <height> <root> <number> .. #check
//! ```
//! (with tabs where there are spaces here.)
//!
//! # Invariants
//! - One process at a time appends to a log: it is locked.
//! - What a run's line says was complete before the line was.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, Instant};

use super::LabError;

/// The schema of a log.
const SCHEMA: &str = "probity.sim-rows/v1";
/// How long what was appended may be lost to a power cut.
const SYNC: Duration = Duration::from_secs(2);

/// Which part of an experiment's runs: every run whose number is `number - 1` more than a multiple
/// of `of`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    number: u64,
    of: u64,
}

impl Shard {
    /// All runs.
    pub const WHOLE: Self = Self { number: 1, of: 1 };
    /// The most shards.
    pub const MOST: u64 = 10_000;

    /// Part `number`, from 1, of so many.
    #[must_use]
    pub fn new(number: u64, of: u64) -> Option<Self> {
        let fits = (1..=Self::MOST).contains(&of) && (1..=of).contains(&number);
        fits.then_some(Self { number, of })
    }

    /// Its runs out of so many.
    pub fn runs(self, total: u64) -> impl Iterator<Item = u64> + Send {
        let step = usize::try_from(self.of).unwrap_or(usize::MAX);
        (self.number - 1..total).step_by(step)
    }

    /// How many runs it has out of so many.
    #[must_use]
    pub const fn count(self, total: u64) -> u64 {
        (total + self.of - self.number) / self.of
    }

    /// The file name of its log.
    #[must_use]
    pub fn file(self) -> String {
        format!("shard-{}-of-{}.rows", self.number, self.of)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/').map(|(number, of)| (number.parse(), of.parse()));
        match parts {
            Some((Ok(number), Ok(of))) => Self::new(number, of),
            _ => None,
        }
        .ok_or_else(|| format!("`{text}` is no shard: write 1/4 to 4/4, of at most {}", Self::MOST))
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

/// Why a log is of no use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowsError {
    /// A line that is not what it was.
    #[error("{path} is damaged at line {line}: remove it and run its shard again")]
    Damaged {
        /// The log.
        path: PathBuf,
        /// The line.
        line: u64,
    },
    /// Another process appends to it.
    #[error("{0} is being written by another process")]
    Busy(PathBuf),
    /// It is of another experiment or of another shard.
    #[error("{0} is of another experiment: its design hash or its shard differs")]
    OtherDesign(PathBuf),
    /// It was written by another program.
    #[error("{0} was written by another build of this program, which may run differently")]
    OtherBinary(PathBuf),
    /// It has runs, and nobody said that they shall be kept.
    #[error("{path} has {done} runs already: say --resume to go on after them")]
    HasRuns {
        /// The log.
        path: PathBuf,
        /// How many.
        done: u64,
    },
    /// A run that measured something else than those before it.
    #[error("run {run} measures other numbers than the runs before it")]
    Columns {
        /// The run.
        run: u64,
    },
}

/// What a log is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The hash of config and plan.
    pub design: String,
    /// The hash of the program.
    pub binary: String,
    /// Which part of the runs.
    pub shard: Shard,
}

/// The names of what runs measure.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Columns {
    /// At their end.
    pub values: Vec<String>,
    /// On their way.
    pub series: Vec<String>,
}

/// One run that has ended.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row {
    /// Its number.
    pub run: u64,
    /// How far its chain came.
    pub height: u64,
    /// The root of its state.
    pub root: String,
    /// What it measured.
    pub values: Vec<f64>,
    /// Its course, thinned: when, and what was measured then.
    pub series: Vec<(u64, Vec<f64>)>,
}

/// A log being read.
#[derive(Debug)]
pub struct Reader {
    lines: BufReader<File>,
    path: PathBuf,
    number: u64,
    offset: u64,
    whole: u64,
    /// What it is of; `None` if not even its first line is whole.
    pub header: Option<Header>,
    /// What its runs measured, once a run was read.
    pub columns: Columns,
}

impl Reader {
    /// Opens a log and reads what it is of.
    ///
    /// # Errors
    /// If it cannot be read or is no log.
    pub fn open(path: &Path) -> Result<Self, LabError> {
        let file = File::open(path).map_err(|error| LabError::io("read", path, error))?;
        let mut reader = Self {
            lines: BufReader::new(file),
            path: path.to_owned(),
            number: 0,
            offset: 0,
            whole: 0,
            header: None,
            columns: Columns::default(),
        };
        if let Some(line) = reader.line()? {
            let fields: Vec<&str> = line.split('\t').collect();
            let header = match fields[..] {
                [SCHEMA, design, binary, number, of] => {
                    let shard = number.parse().ok().zip(of.parse().ok());
                    shard.and_then(|(number, of)| Shard::new(number, of)).map(|shard| Header {
                        design: design.to_owned(),
                        binary: binary.to_owned(),
                        shard,
                    })
                }
                _ => None,
            };
            reader.header = Some(header.ok_or_else(|| reader.damaged())?);
            reader.whole = reader.offset;
        }
        Ok(reader)
    }

    /// The next run that has ended; `None` at the end of what is whole.
    ///
    /// # Errors
    /// If the log cannot be read, or is damaged before its end.
    pub fn next_row(&mut self) -> Result<Option<Row>, LabError> {
        let mut row = Row::default();
        while let Some(line) = self.line()? {
            let mut fields = line.split('\t');
            let kind = fields.next().unwrap_or_default();
            let rest: Vec<&str> = fields.collect();
            let read = match kind {
                "columns" => {
                    self.columns.values = rest.iter().map(|&name| name.to_owned()).collect();
                    Some(())
                }
                "series" => {
                    self.columns.series = rest.iter().map(|&name| name.to_owned()).collect();
                    Some(())
                }
                "step" => step(&rest, self.columns.series.len()).map(|step| row.series.push(step)),
                "run" => ended(&rest, self.columns.values.len(), &mut row),
                _ => None,
            };
            read.ok_or_else(|| self.damaged())?;
            if kind == "run" {
                self.whole = self.offset;
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    /// The next whole line without its check; `None` at the end, or at a line that is not whole and
    /// nothing follows.
    fn line(&mut self) -> Result<Option<String>, LabError> {
        let mut bytes = Vec::new();
        let failed = |error| LabError::io("read", &self.path, error);
        let read = self.lines.read_until(b'\n', &mut bytes).map_err(failed)?;
        self.number = self.number.saturating_add(1);
        let whole = bytes
            .strip_suffix(b"\n")
            .and_then(|line| std::str::from_utf8(line).ok())
            .and_then(|line| line.rsplit_once("\t#"))
            .filter(|(line, found)| check(line) == *found);
        match whole {
            Some((line, _)) => {
                self.offset = self.offset.saturating_add(u64::try_from(read).unwrap_or(0));
                Ok(Some(line.to_owned()))
            }
            None if self.lines.fill_buf().map_err(failed)?.is_empty() => Ok(None),
            None => Err(self.damaged()),
        }
    }

    fn damaged(&self) -> LabError {
        RowsError::Damaged { path: self.path.clone(), line: self.number }.into()
    }
}

fn step(fields: &[&str], width: usize) -> Option<(u64, Vec<f64>)> {
    let [_, at, values @ ..] = fields else { return None };
    Some((at.parse().ok()?, numbers(values, width)?))
}

fn ended(fields: &[&str], width: usize, row: &mut Row) -> Option<()> {
    let [run, height, root, values @ ..] = fields else { return None };
    row.run = run.parse().ok()?;
    row.height = height.parse().ok()?;
    (*root).clone_into(&mut row.root);
    row.values = numbers(values, width)?;
    Some(())
}

fn numbers(fields: &[&str], width: usize) -> Option<Vec<f64>> {
    let numbers: Option<Vec<f64>> = fields.iter().map(|field| field.parse().ok()).collect();
    numbers.filter(|numbers| numbers.len() == width)
}

/// A log being appended to.
#[derive(Debug)]
pub struct Writer {
    file: File,
    path: PathBuf,
    columns: Option<Columns>,
    synced: Instant,
}

impl Writer {
    /// Opens a log to append to, and says which runs it has. What a crash left after the last whole
    /// run is cut off.
    ///
    /// # Errors
    /// If it cannot be written, another process has it, it has runs and `resume` was not asked for,
    /// or it is of something else.
    pub fn open(path: &Path, header: &Header, resume: bool) -> Result<(Self, u64), LabError> {
        let failed = |error| LabError::io("write", path, error);
        let mut file =
            OpenOptions::new().read(true).append(true).create(true).open(path).map_err(failed)?;
        if file.try_lock().is_err() {
            return Err(RowsError::Busy(path.to_owned()).into());
        }
        let mut reader = Reader::open(path)?;
        let (mut done, mut last) = (0u64, None);
        if let Some(found) = &reader.header {
            if found.design != header.design || found.shard != header.shard {
                return Err(RowsError::OtherDesign(path.to_owned()).into());
            }
            if found.binary != header.binary {
                return Err(RowsError::OtherBinary(path.to_owned()).into());
            }
            while let Some(row) = reader.next_row()? {
                done = done.saturating_add(1);
                last = Some(row.run);
            }
        }
        // Runs are appended in order, so those that are there are the first ones of the shard.
        if last != done.checked_sub(1).and_then(|at| header.shard.runs(u64::MAX).nth(index(at))) {
            return Err(reader.damaged());
        }
        if done > 0 && !resume {
            return Err(RowsError::HasRuns { path: path.to_owned(), done }.into());
        }
        // The names of columns stand before the first run and are whole if any run is.
        let columns = (done > 0).then_some(reader.columns);
        file.set_len(if done > 0 { reader.whole } else { 0 }).map_err(failed)?;
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        let mut writer = Self { file, path: path.to_owned(), columns, synced: Instant::now() };
        if done == 0 {
            let Header { design, binary, shard } = header;
            let Shard { number, of } = shard;
            let mut text = String::new();
            line(&mut text, &format!("{SCHEMA}\t{design}\t{binary}\t{number}\t{of}"));
            writer.append(&text)?;
            writer.sync()?;
        }
        Ok((writer, done))
    }

    /// Appends a run.
    ///
    /// # Errors
    /// If it cannot be written, or has other columns than the runs before it.
    pub fn row(&mut self, columns: &Columns, row: &Row) -> Result<(), LabError> {
        let mut text = String::new();
        match &self.columns {
            None => {
                line(&mut text, &format!("columns\t{}", columns.values.join("\t")));
                line(&mut text, &format!("series\t{}", columns.series.join("\t")));
            }
            Some(known) => same(known, columns, row)?,
        }
        for (at, values) in &row.series {
            line(&mut text, &format!("step\t{}\t{at}{}", row.run, fields(values)));
        }
        let Row { run, height, root, values, series: _ } = row;
        line(&mut text, &format!("run\t{run}\t{height}\t{root}{}", fields(values)));
        self.append(&text)?;
        if self.columns.is_none() {
            self.columns = Some(columns.clone());
        }
        if self.synced.elapsed() > SYNC { self.sync() } else { Ok(()) }
    }

    /// Makes all that was appended durable.
    ///
    /// # Errors
    /// If the disk does not take it.
    pub fn sync(&mut self) -> Result<(), LabError> {
        self.synced = Instant::now();
        self.file.sync_data().map_err(|error| self.failed(error))
    }

    fn append(&mut self, text: &str) -> Result<(), LabError> {
        self.file.write_all(text.as_bytes()).map_err(|error| self.failed(error))
    }

    fn failed(&self, error: io::Error) -> LabError {
        LabError::io("write", &self.path, error)
    }
}

/// Whether a run has the columns of those before it. A run without a course has no names for one.
fn same(known: &Columns, found: &Columns, row: &Row) -> Result<(), LabError> {
    let differs = known.values != found.values
        || (!row.series.is_empty() && known.series != found.series && !known.series.is_empty());
    if differs { Err(RowsError::Columns { run: row.run }.into()) } else { Ok(()) }
}

fn index(at: u64) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

fn fields(values: &[f64]) -> String {
    values.iter().map(|value| format!("\t{value}")).collect()
}

fn line(text: &mut String, fields: &str) {
    let check = check(fields);
    text.push_str(fields);
    text.push_str("\t#");
    text.push_str(&check);
    text.push('\n');
}

/// The check of a line: enough of a hash to know torn lines by.
fn check(line: &str) -> String {
    let hash = blake3::hash(line.as_bytes()).to_hex();
    hash.as_str().chars().take(8).collect()
}

#[cfg(test)]
mod tests;
