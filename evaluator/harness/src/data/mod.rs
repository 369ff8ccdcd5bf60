//! Datasets: the items of a table, in ascending order of identifier.
//!
//! A table is a file of JSON lines or of comma-separated values with a header line; which of the
//! two is seen from its first character. The whole table is checked before the first item is run:
//! a bad row is an error with its line, column and value, never an item less.
//!
//! # Invariants
//! - Identifiers are unique; whole numbers come first in their order, then texts by their bytes.
//! - An item's hash covers its row, so that a leaf of a transcript names what was asked.
//! - Every number that a model is shown is finite.
//!
//! # Not here
//! Where the file comes from: [`crate::fetch`] and [`crate::cache`].
//!
//! Spec: `docs/spec/22-evaluator.md`.

mod error;
mod jsonl;
mod row;
mod table;

use std::path::Path;

use probity_primitives::{ContentHash, Domain, Hash};

pub use error::{DataError, RowFault};

use crate::benchmark::Benchmark;
use crate::cache;

/// An item's identifier.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ItemId {
    /// A whole number.
    Number(u64),
    /// Any other text.
    Text(String),
}

impl std::fmt::Display for ItemId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

/// The right answer to an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// The class's position among the model's outputs.
    Class(u32),
    /// A number in micro-units.
    Number(i64),
}

/// One question with its right answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// The identifier.
    pub id: ItemId,
    /// The hash of its row.
    pub hash: Hash,
    /// What the model is shown, in the order of its input.
    pub features: Vec<f32>,
    /// The right answer.
    pub label: Label,
    /// The line of the file that the row starts on.
    pub line: u64,
}

impl Item {
    /// The hash of the exact bytes of the input tensor.
    #[must_use]
    pub fn prompt(&self) -> Hash {
        let bytes: Vec<u8> = self.features.iter().flat_map(|number| number.to_le_bytes()).collect();
        Hash::of_bytes(Domain::Prompt, &bytes)
    }
}

/// A checked table.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// The file's hash.
    pub hash: ContentHash,
    /// Its items in ascending order of identifier.
    pub items: Vec<Item>,
}

impl Dataset {
    /// The table in a file.
    ///
    /// # Errors
    /// [`DataError`] with the file, line, column and value.
    pub fn load(path: &Path, benchmark: &Benchmark) -> Result<Self, DataError> {
        let bytes = cache::read_limited(path, benchmark.limits.dataset_bytes)?;
        Self::parse(&path.display().to_string(), &bytes, benchmark)
    }

    /// The table that these bytes spell; `file` is their name in errors.
    ///
    /// # Errors
    /// [`DataError`] with the file, line, column and value.
    pub fn parse(file: &str, bytes: &[u8], benchmark: &Benchmark) -> Result<Self, DataError> {
        let lines = bytes.trim_ascii_start().starts_with(b"{");
        let mut items = if lines {
            jsonl::items(file, bytes, benchmark)?
        } else {
            table::items(file, bytes, benchmark)?
        };
        items.sort_by(|a, b| a.id.cmp(&b.id));
        for (item, next) in items.iter().zip(items.iter().skip(1)) {
            if item.id == next.id {
                return Err(DataError::Duplicate {
                    file: file.to_owned(),
                    line: item.line.max(next.line),
                    first: item.line.min(next.line),
                    id: item.id.to_string(),
                });
            }
        }
        if items.is_empty() {
            return Err(DataError::Empty { file: file.to_owned() });
        }
        Ok(Self { hash: ContentHash::of_file(bytes), items })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &str = r#"
schema = "probity.benchmark/v1"
name = "tiny"
version = 1
task = "classification"
input = { field = "x", shape = [1, 2], scale = "1/2" }
label = { field = "y" }
metric = { name = "accuracy" }
items = { id = "id" }
limits = { rows = 3, row_bytes = 64 }
"#;

    fn columns() -> String {
        LINES.replace("field = \"x\"", "columns = [\"a\", \"b\"]")
    }

    fn load(benchmark: &str, data: &str) -> Result<Dataset, String> {
        let benchmark = Benchmark::parse("b.toml", benchmark.as_bytes()).unwrap();
        Dataset::parse("data", data.as_bytes(), &benchmark).map_err(|error| error.to_string())
    }

    #[test]
    fn items_come_in_ascending_order_of_id_whatever_the_file_says() {
        let data = "{\"id\":10,\"x\":[1,2],\"y\":1}\n\n{\"id\":9,\"x\":[[3],[4]],\"y\":0}\n\
                    {\"id\":\"a\",\"x\":[0,0],\"y\":0}\n";
        let items = load(LINES, data).unwrap().items;
        let ids: Vec<String> = items.iter().map(|item| item.id.to_string()).collect();
        assert_eq!(ids, ["9", "10", "a"]);
        assert_eq!(items[0].features, [1.5, 2.0]);
        assert_eq!(items[1].label, Label::Class(1));
        assert_eq!(items[1].hash, Hash::of_bytes(Domain::Item, b"{\"id\":10,\"x\":[1,2],\"y\":1}"));
        assert_eq!(items[0].line, 3);
    }

    #[test]
    fn a_table_gives_the_same_questions_as_lines() {
        let table = load(&columns(), "y,b,a,id\n1,2,1,10\n0,4,3,9\n").unwrap();
        let lines = "{\"id\":10,\"a\":1,\"b\":2,\"y\":1}\n{\"id\":9,\"a\":3,\"b\":4,\"y\":0}";
        let lines = load(&columns(), lines).unwrap();
        let questions = |data: &Dataset| -> Vec<_> {
            data.items.iter().map(|item| (item.id.clone(), item.prompt(), item.label)).collect()
        };
        assert_eq!(questions(&table), questions(&lines));
    }

    #[test]
    fn bad_rows_are_refused_with_line_column_and_value() {
        let good = "{\"id\":1,\"x\":[1,2],\"y\":1}\n";
        for (row, reason) in [
            ("{\"id\":2,\"x\":[1,\"two\"],\"y\":1}", "column x: \"two\" is not a number"),
            ("{\"id\":2,\"x\":[1],\"y\":1}", "column x: 1 numbers do not fill the shape [1, 2]"),
            ("{\"id\":2,\"x\":[1,2,3],\"y\":1}", "column x: 3 numbers do not fill"),
            ("{\"id\":2,\"x\":[1,1e300],\"y\":1}", "column x: 1e300 is not finite in single"),
            ("{\"id\":2,\"x\":7,\"y\":1}", "column x: 7 is not an array of numbers"),
            ("{\"id\":2,\"xx\":[1,2],\"y\":1}", "column x: is missing; did you mean `xx`?"),
            ("{\"id\":2,\"x\":[1,2],\"y\":-1}", "column y: \"-1\" is not a class number"),
            ("{\"id\":2,\"x\":[1,2],\"y\":1.0}", "column y: \"1.0\" is not a class number"),
            ("{\"id\":2,\"x\":[1,2],\"y\":null}", "column y: null is neither a number nor a text"),
            ("{\"id\":2,\"x\":[1,2],\"y\":1", "column -: EOF while parsing an object"),
            ("{\"id\":1,\"x\":[1,2],\"y\":1}", "id 1 stands on line 1 already"),
        ] {
            let error = load(LINES, &format!("{good}{row}\n")).unwrap_err();
            assert!(error.starts_with(&format!("data line 2 {reason}")), "{error}");
        }
    }

    #[test]
    fn bad_cells_are_refused_with_line_column_and_value() {
        for (rows, reason) in [
            ("1,2,nan,0", "line 2 column b: \"nan\" is not a finite number"),
            ("1,2,x,0", "line 2 column b: \"x\" is not a finite number"),
            ("1,2,3", "line 2 column -: CSV error: record 1"),
            ("1,2,3,0\n1,2,3,0", "line 3 id 1 stands on line 2 already"),
        ] {
            let error = load(&columns(), &format!("id,a,b,y\n{rows}\n")).unwrap_err();
            assert!(error.starts_with(&format!("data {reason}")), "{error}");
        }
        let error = load(&columns(), "id,a,c,y\n1,2,3,0\n").unwrap_err();
        assert!(error.starts_with("data line 1 column b: is missing"), "{error}");
        let error = load(LINES, "id,x,y\n1,2,3\n").unwrap_err();
        assert!(error.contains("column x: a table has no arrays, name its `columns`"), "{error}");
    }

    #[test]
    fn too_many_or_too_long_or_no_rows_are_refused() {
        let row = |id: u32| format!("{{\"id\":{id},\"x\":[1,2],\"y\":1}}\n");
        let many: String = (0..4).map(row).collect();
        assert_eq!(load(LINES, &many).unwrap_err(), "data has more than 3 rows");
        let long = format!("{{\"id\":1,\"x\":[1,2],\"y\":1,\"z\":\"{}\"}}", "z".repeat(40));
        assert_eq!(load(LINES, &long).unwrap_err(), "data line 1 has 71 bytes, the limit is 64");
        let long = format!("id,a,b,y\n1,2,3,{}\n", "0".repeat(80));
        assert_eq!(
            load(&columns(), &long).unwrap_err(),
            "data line 2 has 86 bytes, the limit is 64"
        );
        assert_eq!(load(LINES, "").unwrap_err(), "data has no rows");
        assert_eq!(load(&columns(), "id,a,b,y\n").unwrap_err(), "data has no rows");
    }

    #[test]
    fn named_classes_and_row_numbers_serve_a_table_without_numbers() {
        let benchmark = columns()
            .replace("field = \"y\"", "field = \"y\", classes = [\"cat\", \"dog\"]")
            .replace("items = { id = \"id\" }\n", "");
        let items = load(&benchmark, "a,b,y\n1,2,dog\n3,4,cat\n").unwrap().items;
        assert_eq!(
            items.iter().map(|item| item.label).collect::<Vec<_>>(),
            [Label::Class(1), Label::Class(0)]
        );
        assert_eq!(items[1].id, ItemId::Number(1));
        let error = load(&benchmark, "a,b,y\n1,2,dgo\n").unwrap_err();
        assert!(error.ends_with("\"dgo\" is not a class; did you mean `dog`?"), "{error}");
    }
}
