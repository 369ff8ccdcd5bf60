//! A row, whatever its file's format, becomes an item.

use probity_primitives::{Domain, Hash};

use super::error::{DataError, RowFault, shown};
use super::{Item, ItemId, Label};
use crate::benchmark::{Benchmark, Dtype, Source, Task};
use crate::number::micros;
use crate::suggest::did_you_mean;

/// What a format can say about a row.
pub(super) trait Row {
    /// The bytes that the item's hash covers.
    fn canonical(&self) -> Vec<u8>;
    /// The numbers of an array field.
    fn array(&self, column: &str) -> Result<Vec<f64>, RowFault>;
    /// The number in a column.
    fn number(&self, column: &str) -> Result<f64, RowFault>;
    /// The number or text in a column, as text.
    fn text(&self, column: &str) -> Result<String, RowFault>;
}

/// Collects rows under the limits of one benchmark.
pub(super) struct Collector<'a> {
    file: &'a str,
    benchmark: &'a Benchmark,
    items: Vec<Item>,
    number: u64,
}

impl<'a> Collector<'a> {
    pub(super) const fn new(file: &'a str, benchmark: &'a Benchmark) -> Self {
        Self { file, benchmark, items: Vec::new(), number: 0 }
    }

    pub(super) fn into_items(self) -> Vec<Item> {
        self.items
    }

    pub(super) fn fault(&self, line: u64, fault: RowFault) -> DataError {
        DataError::Row { file: self.file.to_owned(), line, fault }
    }

    /// Refuses a row that is too long or one too many, before it is parsed.
    pub(super) fn admit(&self, line: u64, len: usize) -> Result<(), DataError> {
        let (file, limits) = (self.file.to_owned(), &self.benchmark.limits);
        let len = u64::try_from(len).unwrap_or(u64::MAX);
        if len > limits.row_bytes {
            return Err(DataError::TooLong { file, line, len, limit: limits.row_bytes });
        }
        if self.number >= limits.rows {
            return Err(DataError::TooMany { file, limit: limits.rows });
        }
        Ok(())
    }

    pub(super) fn add(&mut self, line: u64, row: &impl Row) -> Result<(), DataError> {
        let item = self.item(line, row).map_err(|fault| self.fault(line, fault))?;
        self.number = self.number.saturating_add(1);
        self.items.push(item);
        Ok(())
    }

    fn item(&self, line: u64, row: &impl Row) -> Result<Item, RowFault> {
        let id = match &self.benchmark.items.id {
            Some(column) => identifier(column, row.text(column)?)?,
            None => ItemId::Number(self.number),
        };
        let features = self.features(row)?;
        let label = self.label(row)?;
        let hash = Hash::of_bytes(Domain::Item, &row.canonical());
        Ok(Item { id, hash, features, label, line })
    }

    fn features(&self, row: &impl Row) -> Result<Vec<f32>, RowFault> {
        let input = &self.benchmark.input;
        let scaled = |column: &str, number: f64| {
            let feature = input.scale.scale(number);
            if input.dtype.takes(feature) {
                return Ok(feature);
            }
            let wanted = match input.dtype {
                Dtype::F32 => "is not finite in single precision",
                Dtype::I32 | Dtype::I64 => "is not a whole number of at most 2^24",
            };
            Err(RowFault::new(column, format!("{number:e} {wanted}")))
        };
        match &input.source {
            Source::Array(column) => {
                let numbers = row.array(column)?;
                if numbers.len() != input.len() {
                    let (found, shape) = (numbers.len(), &input.shape);
                    let reason = format!("{found} numbers do not fill the shape {shape:?}");
                    return Err(RowFault::new(column, reason));
                }
                numbers.into_iter().map(|number| scaled(column, number)).collect()
            }
            Source::Columns(columns) => {
                columns.iter().map(|column| scaled(column, row.number(column)?)).collect()
            }
        }
    }

    fn label(&self, row: &impl Row) -> Result<Label, RowFault> {
        let spec = &self.benchmark.label;
        let column = &spec.field;
        match self.benchmark.task {
            Task::Regression => Ok(Label::Number(micros(row.number(column)?))),
            Task::Classification => {
                let text = row.text(column)?;
                class(&text, &spec.classes)
                    .map(Label::Class)
                    .map_err(|reason| RowFault::new(column, reason))
            }
        }
    }
}

fn identifier(column: &str, text: String) -> Result<ItemId, RowFault> {
    if text.is_empty() {
        return Err(RowFault::new(column, "an identifier is empty"));
    }
    match text.parse::<u64>() {
        Ok(number) if number.to_string() == text => Ok(ItemId::Number(number)),
        Ok(_) | Err(_) => Ok(ItemId::Text(text)),
    }
}

fn class(text: &str, classes: &[String]) -> Result<u32, String> {
    let shown = shown(text);
    if classes.is_empty() {
        return text.parse().map_err(|_| format!("{shown:?} is not a class number"));
    }
    classes
        .iter()
        .position(|class| class == text)
        .and_then(|position| u32::try_from(position).ok())
        .ok_or_else(|| {
            let hint = did_you_mean(text, classes.iter().map(String::as_str));
            format!("{shown:?} is not a class{hint}")
        })
}
