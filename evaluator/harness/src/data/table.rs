//! Comma-separated values with a header line.

use std::collections::BTreeMap;

use csv::StringRecord;
use probity_primitives::codec;

use super::Item;
use super::error::{DataError, RowFault, shown};
use super::row::{Collector, Row};
use crate::benchmark::{Benchmark, Source};
use crate::suggest::did_you_mean;

pub(super) fn items(
    file: &str,
    bytes: &[u8],
    benchmark: &Benchmark,
) -> Result<Vec<Item>, DataError> {
    let mut collector = Collector::new(file, benchmark);
    let mut reader = csv::ReaderBuilder::new().from_reader(bytes);
    let malformed = |collector: &Collector<'_>, error: &csv::Error| {
        let line = error.position().map_or(1, csv::Position::line);
        collector.fault(line, RowFault::new("-", error.to_string()))
    };
    let header = reader.headers().map_err(|error| malformed(&collector, &error))?.clone();
    let columns = if bytes.is_empty() {
        BTreeMap::new()
    } else {
        check_header(&header, benchmark).map_err(|fault| collector.fault(1, fault))?
    };
    for record in reader.records() {
        let record = record.map_err(|error| malformed(&collector, &error))?;
        let line = record.position().map_or(1, csv::Position::line);
        // What the file holds of the row: its cells and the commas between them.
        let len = record.as_slice().len().saturating_add(record.len()).saturating_sub(1);
        collector.admit(line, len)?;
        collector.add(line, &Cells { columns: &columns, record: &record })?;
    }
    Ok(collector.into_items())
}

/// Where each column stands, once all that the benchmark names are there.
fn check_header<'a>(
    header: &'a StringRecord,
    benchmark: &Benchmark,
) -> Result<BTreeMap<&'a str, usize>, RowFault> {
    let columns: BTreeMap<&str, usize> = header.iter().zip(0usize..).collect();
    let mut wanted: Vec<&String> = vec![&benchmark.label.field];
    wanted.extend(&benchmark.items.id);
    match &benchmark.input.source {
        Source::Columns(names) => wanted.extend(names),
        Source::Array(name) => {
            let reason = "a table has no arrays, name its `columns`";
            return Err(RowFault::new(name, reason));
        }
    }
    match wanted.into_iter().find(|name| !columns.contains_key(name.as_str())) {
        Some(name) => {
            let hint = did_you_mean(name, columns.keys().copied());
            Err(RowFault::new(name, format!("is missing{hint}")))
        }
        None => Ok(columns),
    }
}

struct Cells<'a> {
    columns: &'a BTreeMap<&'a str, usize>,
    record: &'a StringRecord,
}

impl Cells<'_> {
    fn get(&self, column: &str) -> Result<&str, RowFault> {
        let position = self.columns.get(column);
        let cell = position.and_then(|position| self.record.get(*position));
        cell.ok_or_else(|| RowFault::new(column, "is missing"))
    }
}

impl Row for Cells<'_> {
    /// The cells as a list of texts, so that quoting and line ends do not matter.
    fn canonical(&self) -> Vec<u8> {
        codec::encode(&self.record.iter().collect::<Vec<&str>>())
    }

    fn array(&self, column: &str) -> Result<Vec<f64>, RowFault> {
        Ok(vec![self.number(column)?])
    }

    fn number(&self, column: &str) -> Result<f64, RowFault> {
        let cell = self.get(column)?;
        let number = cell.trim().parse::<f64>().ok().filter(|number| number.is_finite());
        let reason = || format!("{:?} is not a finite number", shown(cell));
        number.ok_or_else(|| RowFault::new(column, reason()))
    }

    fn text(&self, column: &str) -> Result<String, RowFault> {
        self.get(column).map(str::to_owned)
    }
}
