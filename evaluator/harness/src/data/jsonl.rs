//! JSON lines: one object a line, blank lines ignored.

use serde_json::{Map, Value};

use super::Item;
use super::error::{DataError, RowFault, shown};
use super::row::{Collector, Row};
use crate::benchmark::Benchmark;
use crate::suggest::did_you_mean;

pub(super) fn items(
    file: &str,
    bytes: &[u8],
    benchmark: &Benchmark,
) -> Result<Vec<Item>, DataError> {
    let mut collector = Collector::new(file, benchmark);
    for (line, row) in (1u64..).zip(bytes.split(|byte| *byte == b'\n')) {
        let row = row.trim_ascii();
        if row.is_empty() {
            continue;
        }
        collector.admit(line, row.len())?;
        let object: Map<String, Value> = serde_json::from_slice(row)
            .map_err(|error| collector.fault(line, RowFault::new("-", error.to_string())))?;
        collector.add(line, &Object { bytes: row, fields: &object })?;
    }
    Ok(collector.into_items())
}

struct Object<'a> {
    bytes: &'a [u8],
    fields: &'a Map<String, Value>,
}

impl Object<'_> {
    fn get(&self, column: &str) -> Result<&Value, RowFault> {
        self.fields.get(column).ok_or_else(|| {
            let hint = did_you_mean(column, self.fields.keys().map(String::as_str));
            RowFault::new(column, format!("is missing{hint}"))
        })
    }
}

impl Row for Object<'_> {
    /// The line as the file holds it, without the space around it.
    fn canonical(&self) -> Vec<u8> {
        self.bytes.to_vec()
    }

    fn array(&self, column: &str) -> Result<Vec<f64>, RowFault> {
        let value = self.get(column)?;
        if !value.is_array() {
            let reason = format!("{} is not an array of numbers", shown(value));
            return Err(RowFault::new(column, reason));
        }
        let mut numbers = Vec::new();
        flatten(value, &mut numbers).map_err(|reason| RowFault::new(column, reason))?;
        Ok(numbers)
    }

    fn number(&self, column: &str) -> Result<f64, RowFault> {
        finite(self.get(column)?).map_err(|reason| RowFault::new(column, reason))
    }

    fn text(&self, column: &str) -> Result<String, RowFault> {
        match self.get(column)? {
            Value::String(text) => Ok(text.clone()),
            Value::Number(number) => Ok(number.to_string()),
            value @ (Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) => {
                let reason = format!("{} is neither a number nor a text", shown(value));
                Err(RowFault::new(column, reason))
            }
        }
    }
}

/// Nesting is bounded by the parser's own limit of 128 levels.
fn flatten(value: &Value, numbers: &mut Vec<f64>) -> Result<(), String> {
    match value {
        Value::Array(values) => values.iter().try_for_each(|value| flatten(value, numbers)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            numbers.push(finite(value)?);
            Ok(())
        }
    }
}

fn finite(value: &Value) -> Result<f64, String> {
    let number = value.as_f64().filter(|number| number.is_finite());
    number.ok_or_else(|| format!("{} is not a number", shown(value)))
}
