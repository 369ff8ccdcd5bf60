//! The course of a task in a run, and what all tasks are about.

use std::collections::BTreeSet;

use probity_primitives::{ArtifactId, OperatorId};

/// What everyone evaluates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shelf {
    /// The benchmark.
    pub benchmark: ArtifactId,
    /// The dataset that it measures on.
    pub dataset: ArtifactId,
    /// The models.
    pub models: Vec<ArtifactId>,
}

/// Something that a seat does once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    /// Bind itself.
    Commit,
    /// Show.
    Reveal,
    /// Open leaves.
    Open,
    /// Bind itself as a juror of a draw.
    JuryCommit(u8),
    /// Show its verdicts.
    JuryReveal(u8),
    /// Bind itself as an auditor.
    AuditCommit,
    /// Show what it found as one.
    AuditReveal,
    /// Dispute the result.
    Dispute,
}

/// A task on its way, as the run knows it.
#[derive(Debug, Clone)]
pub struct Course {
    /// Its number in the run.
    pub ordinal: u64,
    /// The right score, in micro-units.
    pub truth: i64,
    /// What the model's owner says, in micro-units.
    pub claim: i64,
    /// Whether the faulty harness fails on it.
    pub(crate) buggy: bool,
    /// The group that alone can fetch the model, if it is hidden.
    pub(crate) hidden: Option<usize>,
    /// Groups that wrote a moved score.
    pub(crate) liars: BTreeSet<usize>,
    /// What seats have done, by round.
    pub(crate) done: BTreeSet<(u8, Step, OperatorId)>,
}

impl Course {
    /// A task that was just requested.
    pub(crate) fn new(
        ordinal: u64,
        (truth, claim): (i64, i64),
        buggy: bool,
        hidden: Option<usize>,
    ) -> Self {
        let (liars, done) = (BTreeSet::new(), BTreeSet::new());
        Self { ordinal, truth, claim, buggy, hidden, liars, done }
    }

    /// Whether a score is wrong by more than a tolerance, in micro-units.
    #[must_use]
    pub const fn is_wrong(&self, score: i64, tolerance: u64) -> bool {
        score.abs_diff(self.truth) > tolerance
    }
}
