//! The keys of a definition file, and the checks that make them a [`Benchmark`].

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::Hash;
use serde::{Deserialize, Serialize};

use super::error::Fault;
use super::metric::{Metric, MetricName};
use super::{Benchmark, Limits, MAX_FEATURES, SCHEMA};
use crate::number::{Decimal, Ratio};

const MAX_NAME: usize = 64;
const MAX_CLASSES: usize = 4_096;

/// What kind of answer is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// One of several classes: the largest output, the first one on a tie.
    Classification,
    /// A number.
    Regression,
}

impl Task {
    /// The name as definitions write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Classification => "classification",
            Self::Regression => "regression",
        }
    }
}

/// Where a row's numbers are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// In one field that holds an array, nested or flat; JSON lines only.
    Array(String),
    /// In these columns or fields, in this order.
    Columns(Vec<String>),
}

/// What the model is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputSpec {
    /// The model's input; the only one if it is not named.
    pub name: Option<String>,
    /// Where the numbers are.
    pub source: Source,
    /// The input's dimensions, the first of which is the single item.
    pub shape: Vec<usize>,
    /// What every number is multiplied by.
    pub scale: Ratio,
    /// What the model takes the numbers as.
    pub dtype: Dtype,
}

/// What a model takes its numbers as.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, BorshSerialize, BorshDeserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Dtype {
    /// Single precision.
    #[default]
    F32,
    /// Whole numbers of 32 bits, such as bytes or tokens.
    I32,
    /// Whole numbers of 64 bits.
    I64,
}

impl Dtype {
    /// Whether a number can be shown: finite, and where whole numbers are wanted one of them,
    /// small enough to be exact in single precision.
    #[must_use]
    pub fn takes(self, number: f32) -> bool {
        match self {
            Self::F32 => number.is_finite(),
            Self::I32 | Self::I64 => number.fract() == 0.0 && number.abs() <= 16_777_216.0,
        }
    }
}

impl InputSpec {
    /// How many numbers one item has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether an item has no numbers; a checked definition never says so.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What the right answer is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelSpec {
    /// The field or column.
    pub field: String,
    /// The names of the classes in the model's order; empty where labels are numbers.
    #[serde(default)]
    pub classes: Vec<String>,
}

/// Which of the model's outputs is the answer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputSpec {
    /// The output's name; the only one if it is not named.
    #[serde(default)]
    pub name: Option<String>,
    /// For a classifier of two classes that gives one number: the second class is the answer above
    /// this, the first up to it.
    #[serde(default)]
    pub threshold: Option<Decimal>,
}

/// Which rows are items, and in which order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemSpec {
    /// The field that holds the identifier; the row's number where there is none.
    #[serde(default)]
    pub id: Option<String>,
    /// How many items in ascending order of identifier every run covers.
    #[serde(default)]
    pub core: Core,
}

/// The share of the items that every run covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(try_from = "CoreText")]
pub enum Core {
    /// All of them.
    #[default]
    All,
    /// The first so many.
    First(u32),
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "\"all\" or a number of items")]
enum CoreText {
    First(u32),
    Text(String),
}

impl TryFrom<CoreText> for Core {
    type Error = String;

    fn try_from(text: CoreText) -> Result<Self, String> {
        match text {
            CoreText::First(0) => Err("0 items are nothing to run".to_owned()),
            CoreText::First(items) => Ok(Self::First(items)),
            CoreText::Text(text) if text == "all" => Ok(Self::All),
            CoreText::Text(text) => Err(format!("{text:?} is neither \"all\" nor a number")),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InputDefinition {
    name: Option<String>,
    field: Option<String>,
    columns: Option<Columns>,
    shape: Vec<usize>,
    scale: Option<Ratio>,
    #[serde(default)]
    dtype: Dtype,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a list of columns or a range such as \"p0..p63\"")]
enum Columns {
    List(Vec<String>),
    Range(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MetricDefinition {
    pub(super) name: MetricName,
    pub(super) range: Option<[Decimal; 2]>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Definition {
    schema: String,
    name: String,
    version: u32,
    task: Task,
    input: InputDefinition,
    label: LabelSpec,
    #[serde(default)]
    output: OutputSpec,
    metric: MetricDefinition,
    #[serde(default)]
    items: ItemSpec,
    #[serde(default)]
    limits: Limits,
}

impl Definition {
    pub(super) fn check(self, hash: Hash) -> Result<Benchmark, Fault> {
        let Self { schema, name, version, task, input, label, output, metric, items, limits } =
            self;
        if schema != SCHEMA {
            let reason = format!("this harness reads {SCHEMA:?}, not {schema:?}");
            return Err(Fault::new("schema", reason));
        }
        if name.is_empty() {
            return Err(Fault::new("name", "is empty"));
        }
        if name.len() > MAX_NAME {
            let reason = format!("has {} bytes, the limit is {MAX_NAME}", name.len());
            return Err(Fault::new("name", reason));
        }
        let input = input.check()?;
        check_classes(&label, task)?;
        if task == Task::Regression && output.threshold.is_some() {
            return Err(Fault::new("output.threshold", "a regression has no classes"));
        }
        let metric = Metric::check(metric, task)?;
        limits.check()?;
        Ok(Benchmark { name, version, task, input, label, output, metric, items, limits, hash })
    }
}

impl InputDefinition {
    fn check(self) -> Result<InputSpec, Fault> {
        let Self { name, field, columns, shape, scale, dtype } = self;
        let source = match (field, columns) {
            (Some(field), None) => Source::Array(field),
            (None, Some(Columns::List(columns))) => Source::Columns(columns),
            (None, Some(Columns::Range(range))) => Source::Columns(expand(&range)?),
            (None, None) => return Err(Fault::new("input", "needs `field` or `columns`")),
            (Some(_), Some(_)) => {
                return Err(Fault::new(
                    "input",
                    "has both `field` and `columns`, which are two ways",
                ));
            }
        };
        let len = check_shape(&shape)?;
        if let Source::Columns(columns) = &source
            && columns.len() != len
        {
            let reason = format!("{} columns do not fill the shape {shape:?}", columns.len());
            return Err(Fault::new("input", reason));
        }
        Ok(InputSpec { name, source, shape, scale: scale.unwrap_or(Ratio::ONE), dtype })
    }
}

fn check_shape(shape: &[usize]) -> Result<usize, Fault> {
    let fault = |reason: String| Err(Fault::new("input.shape", format!("{shape:?} {reason}")));
    if shape.is_empty() || shape.len() > 8 {
        return fault("does not have 1 to 8 dimensions".to_owned());
    }
    if shape.contains(&0) {
        return fault("has a dimension of 0".to_owned());
    }
    if shape.first() != Some(&1) {
        return fault("shows more than one item at a time: the first dimension is 1".to_owned());
    }
    match shape.iter().try_fold(1usize, |product, side| product.checked_mul(*side)) {
        Some(len) if len <= MAX_FEATURES => Ok(len),
        Some(_) | None => fault(format!("has more than {MAX_FEATURES} numbers")),
    }
}

fn check_classes(label: &LabelSpec, task: Task) -> Result<(), Fault> {
    let classes = &label.classes;
    if task == Task::Regression && !classes.is_empty() {
        return Err(Fault::new("label.classes", "a regression has no classes"));
    }
    if classes.len() > MAX_CLASSES {
        let reason = format!("{} are more than {MAX_CLASSES}", classes.len());
        return Err(Fault::new("label.classes", reason));
    }
    let mut seen = std::collections::BTreeSet::new();
    match classes.iter().find(|class| !seen.insert(*class)) {
        Some(class) => Err(Fault::new("label.classes", format!("{class:?} stands there twice"))),
        None => Ok(()),
    }
}

/// `p0..p63` is `p0`, `p1`, and so on up to and with `p63`.
fn expand(range: &str) -> Result<Vec<String>, Fault> {
    let split = |end: &str| {
        let digits =
            end.len().saturating_sub(end.trim_end_matches(|c: char| c.is_ascii_digit()).len());
        let (prefix, number) = end.split_at_checked(end.len().saturating_sub(digits))?;
        Some((prefix.to_owned(), number.parse::<usize>().ok()?))
    };
    let ends = range.split_once("..").and_then(|(from, to)| Some((split(from)?, split(to)?)));
    match ends {
        Some(((prefix, from), (same, to)))
            if prefix == same && from <= to && to.saturating_sub(from) < MAX_FEATURES =>
        {
            Ok((from..=to).map(|number| format!("{prefix}{number}")).collect())
        }
        Some(_) | None => {
            let reason = format!("{range:?} is not a range such as \"p0..p63\"");
            Err(Fault::new("input.columns", reason))
        }
    }
}
