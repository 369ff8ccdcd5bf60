//! Why a scenario is refused: where, what, and what was perhaps meant.

use std::fmt;
use std::path::PathBuf;

/// A scenario that cannot be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ScenarioError {
    /// The file, as it was named.
    pub file: PathBuf,
    /// The line, from 1, where one is to blame.
    pub line: Option<usize>,
    /// What is wrong, with the values.
    pub problem: String,
    /// The valid key nearest to one that is not known.
    pub nearest: Option<String>,
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, problem, nearest } = self;
        write!(f, "{}", file.display())?;
        if let Some(line) = line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {problem}")?;
        match nearest {
            Some(nearest) => write!(f, "; did you mean `{nearest}`?"),
            None => Ok(()),
        }
    }
}

/// The candidate nearest to a word, if any is near enough to be a slip.
pub(super) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let scored = candidates.into_iter().map(|known| (strsim::jaro_winkler(word, known), known));
    let best = scored.max_by(|(a, _), (b, _)| a.total_cmp(b))?;
    (best.0 > 0.6).then(|| best.1.to_owned())
}

/// The nearest valid key in an error of the reader: "unknown field `x`, expected one of `a`, `b`".
pub(super) fn suggestion(problem: &str) -> Option<String> {
    let (unknown, rest) = problem.split_once("unknown ")?.1.split_once("expected")?;
    let word = unknown.split('`').nth(1)?;
    nearest(word, rest.split('`').skip(1).step_by(2))
}
