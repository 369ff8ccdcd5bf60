//! Tables: the same rows as CSV for every tool and as Parquet for those that know types.
//!
//! Rows are written as they come; what waits in memory is one row group. Nothing in the bytes tells
//! when, where or by how many they were made.
//!
//! # Not here
//! Reading Parquet; compression, which would tie the bytes to a library's version.

use std::fs::File;
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

use super::LabError;
use super::plan::{Folder, Fresh};

/// The rows of a row group: what waits in memory.
const GROUP: usize = 4_096;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Texts.
    Text,
    /// Whole numbers.
    Count,
    /// Numbers; one that is not finite is empty in CSV and NaN in Parquet.
    Number,
}

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// A text.
    Text(String),
    /// A whole number.
    Count(u64),
    /// A number.
    Number(f64),
}

enum Column {
    Text(Vec<ByteArray>),
    Count(Vec<i64>),
    Number(Vec<f64>),
}

/// A table being written.
pub struct Table {
    csv: csv::Writer<File>,
    csv_file: Fresh,
    parquet: SerializedFileWriter<File>,
    parquet_file: Fresh,
    name: String,
    columns: Vec<Column>,
    waiting: usize,
}

impl Table {
    /// Begins `NAME.csv` and `NAME.parquet` in a folder.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn begin(
        folder: &Folder,
        name: &str,
        columns: &[(String, Kind)],
    ) -> Result<Self, LabError> {
        let csv_file = folder.fresh(&format!("{name}.csv"))?;
        let parquet_file = folder.fresh(&format!("{name}.parquet"))?;
        let mut csv = csv::Writer::from_writer(csv_file.handle()?);
        let failed = |error| failure(name, error);
        let names = columns.iter().map(|(name, _)| name);
        csv.write_record(names).map_err(|error| failure(name, error.into()))?;
        let fields = columns.iter().map(|(name, kind)| field(name, *kind).map(Arc::new));
        let fields = fields.collect::<Result<_, _>>().map_err(|error| failed(error.into()))?;
        let schema = Type::group_type_builder(name).with_fields(fields).build();
        let schema = Arc::new(schema.map_err(|error| failed(error.into()))?);
        // A dictionary's order would be a library's choice.
        let properties = WriterProperties::builder()
            .set_compression(Compression::UNCOMPRESSED)
            .set_dictionary_enabled(false)
            .set_created_by("probity".to_owned())
            .build();
        let parquet =
            SerializedFileWriter::new(parquet_file.handle()?, schema, Arc::new(properties))
                .map_err(|error| failed(error.into()))?;
        let columns = columns.iter().map(|(_, kind)| empty(*kind)).collect();
        Ok(Self {
            csv,
            csv_file,
            parquet,
            parquet_file,
            name: name.to_owned(),
            columns,
            waiting: 0,
        })
    }

    /// Adds a row: a cell of its kind for each column.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn row(&mut self, cells: &[Cell]) -> Result<(), LabError> {
        let texts = cells.iter().map(|cell| match cell {
            Cell::Text(text) => text.clone(),
            Cell::Count(count) => count.to_string(),
            Cell::Number(number) if number.is_finite() => number.to_string(),
            Cell::Number(_) => String::new(),
        });
        self.csv.write_record(texts).map_err(|error| failure(&self.name, error.into()))?;
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            column.push(cell);
        }
        self.waiting = self.waiting.saturating_add(1);
        if self.waiting == GROUP { self.group() } else { Ok(()) }
    }

    /// Ends both files and gives them their names.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn finish(mut self) -> Result<(), LabError> {
        if self.waiting > 0 {
            self.group()?;
        }
        let Self { mut csv, csv_file, parquet, parquet_file, name, columns: _, waiting: _ } = self;
        csv.flush().map_err(|error| failure(&name, error.into()))?;
        parquet.close().map_err(|error| failure(&name, error.into()))?;
        csv_file.keep()?;
        parquet_file.keep()
    }

    fn group(&mut self) -> Result<(), LabError> {
        self.waiting = 0;
        self.write_group().map_err(|error| failure(&self.name, error.into()))
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        let mut group = self.parquet.next_row_group()?;
        for column in &mut self.columns {
            let Some(mut writer) = group.next_column()? else { break };
            match column {
                Column::Text(values) => {
                    writer.typed::<ByteArrayType>().write_batch(values, None, None)?;
                    values.clear();
                }
                Column::Count(values) => {
                    writer.typed::<Int64Type>().write_batch(values, None, None)?;
                    values.clear();
                }
                Column::Number(values) => {
                    writer.typed::<DoubleType>().write_batch(values, None, None)?;
                    values.clear();
                }
            }
            writer.close()?;
        }
        group.close()?;
        Ok(())
    }
}

impl Column {
    /// Takes a cell; one of another kind is what the column has for nothing.
    fn push(&mut self, cell: &Cell) {
        match (self, cell) {
            (Self::Text(values), Cell::Text(text)) => values.push(ByteArray::from(text.as_str())),
            (Self::Count(values), Cell::Count(count)) => {
                values.push(i64::try_from(*count).unwrap_or(i64::MAX));
            }
            (Self::Number(values), Cell::Number(number)) => values.push(*number),
            (Self::Text(values), Cell::Count(_) | Cell::Number(_)) => {
                values.push(ByteArray::from(""))
            }
            (Self::Count(values), Cell::Text(_) | Cell::Number(_)) => values.push(0),
            (Self::Number(values), Cell::Text(_) | Cell::Count(_)) => values.push(f64::NAN),
        }
    }
}

const fn empty(kind: Kind) -> Column {
    match kind {
        Kind::Text => Column::Text(Vec::new()),
        Kind::Count => Column::Count(Vec::new()),
        Kind::Number => Column::Number(Vec::new()),
    }
}

fn field(name: &str, kind: Kind) -> Result<Type, ParquetError> {
    let (physical, logical) = match kind {
        Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Count => (Physical::INT64, None),
        Kind::Number => (Physical::DOUBLE, None),
    };
    Type::primitive_type_builder(name, physical)
        .with_repetition(Repetition::REQUIRED)
        .with_logical_type(logical)
        .build()
}

fn failure(name: &str, error: Box<dyn std::error::Error + Send + Sync>) -> LabError {
    LabError::Table { path: name.into(), error }
}

#[cfg(test)]
mod tests {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::RowAccessor;

    use super::super::design::Spec;
    use super::super::plan::Plan;
    use super::*;

    #[test]
    fn both_files_hold_the_same_rows_over_more_than_one_group() {
        let place = tempfile::tempdir().unwrap();
        let plan = Plan::new("x".into(), "1".into(), Spec::single(1));
        let folder = Folder::create(&place.path().join("a"), &plan, "").unwrap();
        let columns = [("name", Kind::Text), ("n", Kind::Count), ("x", Kind::Number)];
        let columns = columns.map(|(name, kind)| (name.to_owned(), kind));
        let mut table = Table::begin(&folder, "runs", &columns).unwrap();
        let number = |at: u32| if at == 3 { f64::NAN } else { f64::from(at) / 3.0 };
        for at in 0..5_000u32 {
            let text = Cell::Text(format!("r,{at}"));
            table.row(&[text, Cell::Count(at.into()), Cell::Number(number(at))]).unwrap();
        }
        table.finish().unwrap();

        let csv = folder.text("runs.csv").unwrap();
        let lines: Vec<&str> = csv.lines().collect();
        assert_eq!((lines.len(), lines[0]), (5_001, "name,n,x"));
        assert_eq!((lines[2], lines[4]), ("\"r,1\",1,0.3333333333333333", "\"r,3\",3,"));
        let file = File::open(folder.file("runs.parquet")).unwrap();
        let reader = SerializedFileReader::new(file).unwrap();
        assert_eq!(reader.num_row_groups(), 2);
        let rows = reader.get_row_iter(None).unwrap().map(Result::unwrap);
        for (at, row) in (0..).zip(rows) {
            assert_eq!(row.get_string(0).unwrap(), &format!("r,{at}"));
            assert_eq!(row.get_long(1).unwrap(), i64::from(at));
            assert_eq!(row.get_double(2).unwrap().to_bits(), number(at).to_bits());
        }
    }
}
