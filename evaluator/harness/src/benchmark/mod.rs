//! Benchmark definitions: which numbers of a row a model is shown, and what its answer is worth.
//!
//! A definition is a small TOML file. Its hash, over the file's bytes, stands in every transcript
//! header, so it holds nothing that could be read in two ways: scales are ratios, ranges are
//! decimals, and an unknown key is an error rather than a silent default.
//!
//! ```toml
//! schema = "probity.benchmark/v1"
//! name = "digits"
//! version = 1
//! task = "classification"
//! input = { field = "pixels", shape = [1, 64], scale = "1/16" }
//! label = { field = "label" }
//! metric = { name = "accuracy" }
//! ```
//!
//! # Not here
//! Reading rows is [`crate::data`]; judging an answer is [`crate::answer`].
//!
//! Spec: `docs/spec/22-evaluator.md`.

mod definition;
mod error;
mod limits;
mod metric;

use std::path::Path;

use probity_primitives::{Domain, Hash};

pub use definition::{Core, Dtype, InputSpec, ItemSpec, LabelSpec, OutputSpec, Source, Task};
pub use error::BenchmarkError;
pub use limits::Limits;
pub use metric::{Direction, Metric, MetricName};

use crate::cache;

/// The schema that this harness reads.
pub const SCHEMA: &str = "probity.benchmark/v1";
/// The largest definition in bytes.
pub const MAX_DEFINITION: u64 = 256 * 1024;
/// The most numbers a model is shown for one item.
pub const MAX_FEATURES: usize = 1 << 20;

/// A checked definition with its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Benchmark {
    /// The name, for readers.
    pub name: String,
    /// The version, for readers; the hash is what counts.
    pub version: u32,
    /// What kind of answer is asked for.
    pub task: Task,
    /// What the model is shown.
    pub input: InputSpec,
    /// What the right answer is.
    pub label: LabelSpec,
    /// Which of the model's outputs is the answer.
    pub output: OutputSpec,
    /// What an answer is worth.
    pub metric: Metric,
    /// Which rows are items, and in which order.
    pub items: ItemSpec,
    /// What a run may use.
    pub limits: Limits,
    hash: Hash,
}

impl Benchmark {
    /// The definition in a file.
    ///
    /// # Errors
    /// [`BenchmarkError`] with the file, the line and the nearest valid key.
    pub fn load(path: &Path) -> Result<Self, BenchmarkError> {
        let bytes = cache::read_limited(path, MAX_DEFINITION)?;
        Self::parse(&path.display().to_string(), &bytes)
    }

    /// The definition that these bytes spell; `file` is their name in errors.
    ///
    /// # Errors
    /// [`BenchmarkError`] with the file, the line and the nearest valid key.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Self, BenchmarkError> {
        let text = std::str::from_utf8(bytes)
            .map_err(|error| BenchmarkError::at(file, "", error.valid_up_to(), error))?;
        let definition: definition::Definition =
            toml::from_str(text).map_err(|error| BenchmarkError::from_toml(file, text, &error))?;
        definition
            .check(Hash::of_bytes(Domain::Benchmark, bytes))
            .map_err(|fault| BenchmarkError::Invalid { file: file.to_owned(), fault })
    }

    /// The benchmark's name in a transcript header.
    #[must_use]
    pub const fn hash(&self) -> Hash {
        self.hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN_LINES: &str = r#"
schema = "probity.benchmark/v1"
name = "flowers"
version = 1
task = "classification"
input = { columns = "x0..x3", shape = [1, 4] }
label = { field = "kind", classes = ["a", "b", "c"] }
metric = { name = "accuracy" }
"#;

    fn parse(text: &str) -> Result<Benchmark, String> {
        Benchmark::parse("flowers.toml", text.as_bytes()).map_err(|error| error.to_string())
    }

    fn refused(from: &str, to: &str) -> String {
        assert!(TEN_LINES.contains(from), "{from}");
        parse(&TEN_LINES.replace(from, to)).unwrap_err()
    }

    #[test]
    fn ten_lines_are_enough() {
        let benchmark = parse(TEN_LINES).unwrap();
        let columns = ["x0", "x1", "x2", "x3"].map(str::to_owned).to_vec();
        assert_eq!(benchmark.input.source, Source::Columns(columns));
        assert_eq!(benchmark.hash(), Hash::of_bytes(Domain::Benchmark, TEN_LINES.as_bytes()));
        assert_eq!(benchmark.limits, Limits::default());
        assert_eq!(benchmark.metric.name.direction(), Direction::Higher);
    }

    #[test]
    fn every_byte_of_the_file_is_in_the_hash() {
        let spaced = format!("{TEN_LINES}\n");
        assert_ne!(parse(&spaced).unwrap().hash(), parse(TEN_LINES).unwrap().hash());
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line_and_the_nearest_key() {
        let error = refused("shape =", "shpae =");
        assert!(error.starts_with("flowers.toml line 6: unknown field `shpae`"), "{error}");
        assert!(error.ends_with("did you mean `shape`?"), "{error}");
    }

    #[test]
    fn a_float_is_refused_where_only_an_exact_number_has_one_spelling() {
        let error = refused("shape = [1, 4]", "shape = [1, 4], scale = 0.0625");
        assert!(error.contains("line 6") && error.contains("exact number in quotes"), "{error}");
    }

    #[test]
    fn contradictions_are_refused_with_their_values() {
        for (from, to, reason) in [
            ("v1", "v9", "schema: this harness reads \"probity.benchmark/v1\", not \"probity"),
            ("\"x0..x3\"", "\"x0..x4\"", "input: 5 columns do not fill the shape [1, 4]"),
            ("\"x0..x3\"", "\"x3..x0\"", "input.columns: \"x3..x0\" is not a range"),
            ("[1, 4]", "[0, 4]", "input.shape: [0, 4] has a dimension of 0"),
            ("[1, 4]", "[4, 1]", "input.shape: [4, 1] shows more than one item at a time"),
            ("\"accuracy\"", "\"mean_absolute_error\"", "metric: mean_absolute_error does not"),
            ("\"flowers\"", "\"\"", "name: is empty"),
            ("columns = \"x0..x3\", ", "", "input: needs `field` or `columns`"),
            ("\"a\", \"b\"", "\"a\", \"a\"", "label.classes: \"a\" stands there twice"),
        ] {
            let error = refused(from, to);
            assert!(error.starts_with(&format!("flowers.toml: {reason}")), "{error}");
        }
    }

    #[test]
    fn an_unbounded_metric_declares_its_range() {
        let regression = TEN_LINES
            .replace("classification", "regression")
            .replace(", classes = [\"a\", \"b\", \"c\"]", "")
            .replace("\"accuracy\"", "\"root_mean_squared_error\"");
        let error = parse(&regression).unwrap_err();
        assert!(error.contains("metric.range: root_mean_squared_error is unbounded"), "{error}");
        let ranged = regression.replace("_error\"", "_error\", range = [0, \"12.5\"]");
        assert_eq!(parse(&ranged).unwrap().metric.worst, 12_500_000);
        let wide = regression.replace("_error\"", "_error\", range = [0, 4000]");
        assert!(parse(&wide).unwrap_err().contains("its squares"), "{wide}");
    }

    #[test]
    fn a_limit_above_the_ceiling_is_refused() {
        let error = parse(&format!("{TEN_LINES}[limits]\nrows = 100000001\n")).unwrap_err();
        assert!(error.contains("limits.rows: 100000001 is not between 1 and"), "{error}");
    }
}
