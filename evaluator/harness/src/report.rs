//! What a run says about itself: the document `probity.eval/v1`.
//!
//! Scores and intervals are whole micro-units, so that a reader in any language compares them
//! exactly; a number under another key is a count or a size.
//!
//! Spec: `docs/spec/22-evaluator.md`.

use probity_primitives::transcript::EngineProfile;
use probity_primitives::{ContentHash, Hash, Score};
use serde::Serialize;

use crate::answer::is_correct;
use crate::benchmark::{Direction, MetricName, Task};
use crate::engine::{HARNESS_VERSION, profile};
use crate::interval::{Method, interval};
use crate::run::{Finished, Run};

/// The schema of the document.
pub const SCHEMA: &str = "probity.eval/v1";

/// The document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// What was asked.
    pub benchmark: BenchmarkReport,
    /// Who answered.
    pub model: ModelReport,
    /// The questions.
    pub dataset: DatasetReport,
    /// How many items were answered.
    pub items: u32,
    /// How many answers were right; only a classification has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correct: Option<u32>,
    /// The score in micro-units; none for a sum that no score can hold.
    pub score: Option<Score>,
    /// The 95 % interval over items, in micro-units.
    pub interval: [i64; 2],
    /// How the interval was computed.
    pub interval_method: Method,
    /// The name of everything that was fixed before the first item.
    pub header: Hash,
    /// The root that honest evaluators share.
    pub answers_root: Hash,
    /// The root over the numbers behind the answers.
    pub attachments_root: Hash,
    /// The version of the harness.
    pub harness: u32,
    /// The engine and its settings.
    pub engine: EngineProfile,
    /// How many items an earlier process had answered.
    pub resumed_at: u32,
}

/// The benchmark of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BenchmarkReport {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: u32,
    /// The hash of its definition.
    pub hash: Hash,
    /// What kind of answer it asks for.
    pub task: Task,
    /// Its metric.
    pub metric: MetricName,
    /// Which scores are better.
    pub better: Direction,
}

/// The model of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModelReport {
    /// The file's hash.
    pub hash: ContentHash,
    /// Its size in bytes.
    pub size: u64,
}

/// The dataset of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DatasetReport {
    /// The file's hash.
    pub hash: ContentHash,
}

impl Report {
    /// The report of a finished run.
    #[must_use]
    pub fn of(run: &Run, finished: &Finished) -> Self {
        let Finished { transcript, resumed_at } = finished;
        let (benchmark, header) = (run.benchmark(), run.header());
        let metric = benchmark.metric.name;
        let leaves = transcript.leaves();
        let right = leaves.iter().filter(|leaf| is_correct(leaf.score)).count();
        let correct = match benchmark.task {
            Task::Classification => u32::try_from(right).ok(),
            Task::Regression => None,
        };
        let interval = interval(metric, leaves);
        Self {
            schema: SCHEMA,
            benchmark: BenchmarkReport {
                name: benchmark.name.clone(),
                version: benchmark.version,
                hash: header.benchmark,
                task: benchmark.task,
                metric,
                better: metric.direction(),
            },
            model: ModelReport { hash: header.model, size: run.model_bytes() },
            dataset: DatasetReport { hash: header.dataset },
            items: header.items,
            correct,
            score: transcript.score(metric.fold()),
            interval: [interval.low, interval.high],
            interval_method: interval.method,
            header: header.hash(),
            answers_root: transcript.answers_root(),
            attachments_root: transcript.attachments_root(),
            harness: HARNESS_VERSION,
            engine: profile(),
            resumed_at: *resumed_at,
        }
    }
}
