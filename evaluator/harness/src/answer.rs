//! What an output means, and what it is worth.
//!
//! The answer goes into the consensus part of the transcript as an integer; the numbers behind it
//! go into the attachments as micro-units, because their last bits differ between machines while
//! the answers do not.
//!
//! Spec: `docs/spec/08-transcript.md`.

use std::borrow::Cow;

use probity_primitives::transcript::{Answer, Record};
use probity_primitives::{BoundedVec, Score};

use crate::benchmark::{Benchmark, Task};
use crate::data::{Item, Label};
use crate::engine::Output;
use crate::number::micros;

/// Why an output is not an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// A classifier needs classes.
    #[error("a classifier gives at least 2 numbers, or 1 beside output.threshold; this gave {0}")]
    Classes(usize),
    /// A regression has one result.
    #[error("a regression gives 1 number, this gave {0}")]
    Numbers(usize),
    /// The right answer is none that the model could give, as where classes are counted from 1.
    #[error("label {label} is not among the model's {classes} classes, counted from 0")]
    Label {
        /// The dataset's label.
        label: u32,
        /// How many classes the model has.
        classes: usize,
    },
    /// There are more numbers than a transcript takes.
    #[error(transparent)]
    Limit(#[from] probity_primitives::bounded::LimitError),
}

/// The record of one answered item.
///
/// # Errors
/// [`AnswerError`] for an output that is no answer to the benchmark's task.
pub fn judge(benchmark: &Benchmark, item: &Item, output: &Output) -> Result<Record, AnswerError> {
    let Output::Scores(scores) = output;
    let scores = &with_threshold(benchmark, scores);
    let answer = match benchmark.task {
        Task::Classification if scores.len() < 2 => return Err(AnswerError::Classes(scores.len())),
        Task::Classification => Answer::Label(largest(scores)),
        Task::Regression => match &**scores {
            [number] => Answer::Number(micros(f64::from(*number))),
            _ => return Err(AnswerError::Numbers(scores.len())),
        },
    };
    if let (Task::Classification, Label::Class(label)) = (benchmark.task, item.label)
        && usize::try_from(label).is_ok_and(|label| label >= scores.len())
    {
        return Err(AnswerError::Label { label, classes: scores.len() });
    }
    let attached = scores.iter().map(|score| micros(f64::from(*score))).collect();
    Ok(Record {
        item: item.hash,
        prompt: item.prompt(),
        score: worth(benchmark, &answer, item.label),
        answer,
        attached: BoundedVec::from_vec(attached)?,
    })
}

/// One number beside a threshold is two scores: the threshold is the first class's, the number the
/// second's. So a tie goes to the first class, and the margin is the distance to the threshold.
fn with_threshold<'a>(benchmark: &Benchmark, scores: &'a [f32]) -> Cow<'a, [f32]> {
    match (benchmark.output.threshold, scores) {
        (Some(threshold), [number]) => Cow::Owned(vec![threshold.single(), *number]),
        (Some(_) | None, _) => Cow::Borrowed(scores),
    }
}

/// Whether a record is a right answer of a classification.
#[must_use]
pub const fn is_correct(score: i64) -> bool {
    score == Score::ONE.micros()
}

fn worth(benchmark: &Benchmark, answer: &Answer, label: Label) -> i64 {
    match (answer, label) {
        (Answer::Label(found), Label::Class(right)) if *found == right => Score::ONE.micros(),
        (Answer::Number(found), Label::Number(right)) => {
            benchmark.metric.worth_of_distance(found.abs_diff(right))
        }
        (
            Answer::Label(_) | Answer::Choice(_) | Answer::Tokens(_) | Answer::Number(_),
            Label::Class(_) | Label::Number(_),
        ) => 0,
    }
}

/// The position of the largest number, the first of them on a tie.
fn largest(scores: &[f32]) -> u32 {
    let mut best = (0u32, f32::NEG_INFINITY);
    for (position, score) in (0u32..).zip(scores) {
        if *score > best.1 {
            best = (position, *score);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use probity_primitives::Hash;

    use super::*;
    use crate::data::ItemId;
    use crate::number::Decimal;

    fn benchmark(task: &str, metric: &str) -> Benchmark {
        let text = format!(
            "schema = \"probity.benchmark/v1\"\nname = \"b\"\nversion = 1\ntask = \"{task}\"\n\
             input = {{ field = \"x\", shape = [1, 1] }}\nlabel = {{ field = \"y\" }}\n\
             metric = {{ {metric} }}\n"
        );
        Benchmark::parse("b.toml", text.as_bytes()).unwrap()
    }

    fn judged(benchmark: &Benchmark, label: Label, scores: &[f32]) -> Result<Record, AnswerError> {
        let (id, hash) = (ItemId::Number(1), Hash::ZERO);
        let item = Item { id, hash, features: vec![1.0], label, line: 1 };
        judge(benchmark, &item, &Output::Scores(scores.to_vec()))
    }

    #[test]
    fn the_first_of_equal_classes_is_the_answer() {
        let accuracy = benchmark("classification", "name = \"accuracy\"");
        let record = judged(&accuracy, Label::Class(1), &[0.25, 0.5, 0.5]).unwrap();
        assert_eq!((record.answer, record.score), (Answer::Label(1), 1_000_000));
        assert_eq!(&record.attached[..], [250_000, 500_000, 500_000]);
        assert_eq!(judged(&accuracy, Label::Class(2), &[0.25, 0.5, 0.5]).unwrap().score, 0);
        assert_eq!(judged(&accuracy, Label::Class(0), &[1.0]), Err(AnswerError::Classes(1)));
        let outside = Err(AnswerError::Label { label: 3, classes: 3 });
        assert_eq!(judged(&accuracy, Label::Class(3), &[0.25, 0.5, 0.5]), outside);
    }

    #[test]
    fn one_number_above_the_threshold_is_the_second_class() {
        let mut binary = benchmark("classification", "name = \"accuracy\"");
        binary.output.threshold = Some(Decimal::parse("0.5").unwrap());
        for (number, label) in [(0.25, 0), (0.5, 0), (0.75, 1)] {
            let record = judged(&binary, Label::Class(label), &[number]).unwrap();
            assert_eq!((record.answer, record.score), (Answer::Label(label), 1_000_000));
            assert_eq!(record.attached[0], 500_000);
        }
    }

    #[test]
    fn an_error_counts_up_to_the_declared_range() {
        let range = "range = [0, 10]";
        let absolute = benchmark("regression", &format!("name = \"mean_absolute_error\", {range}"));
        let right = Label::Number(2_000_000);
        assert_eq!(judged(&absolute, right, &[0.5]).unwrap().score, 1_500_000);
        assert_eq!(judged(&absolute, right, &[-1e30]).unwrap().score, 10_000_000);
        let squared =
            benchmark("regression", &format!("name = \"root_mean_squared_error\", {range}"));
        assert_eq!(judged(&squared, right, &[0.5]).unwrap().score, 1_500_000 * 1_500_000);
        assert_eq!(judged(&squared, right, &[0.5, 1.0]), Err(AnswerError::Numbers(2)));
    }
}
