//! What every form is made of.

use probity_primitives::{Hash, Score, TaskId};
use probity_protocol::registry::{Artifact, Benchmark, Direction};
use probity_protocol::task::{Outcome, OutcomeState, Task};
use probity_runtime::Chain;
use serde_json::Value;

use crate::date;

/// A result, and all that it is about, of one state.
pub(crate) struct Facts<'a> {
    pub(super) id: TaskId,
    pub(super) task: &'a Task,
    pub(super) outcome: &'a Outcome,
    pub(super) model: &'a Artifact,
    pub(super) benchmark: &'a Artifact,
    pub(super) dataset: &'a Artifact,
    pub(super) rules: &'a Benchmark,
    pub(super) chain: &'a str,
    pub(super) genesis: Hash,
    /// When it was published, if the block is kept; in milliseconds since 1970.
    pub(super) published: Option<u64>,
    /// The time of the state that was read.
    pub(super) read: u64,
    /// Whether somebody who evaluated owns what was evaluated.
    pub(super) by_owner: bool,
}

impl<'a> Facts<'a> {
    /// The facts of a task's result, if it has one.
    pub(crate) fn of(chain: &'a Chain, id: TaskId, published: Option<u64>) -> Option<Self> {
        let ledger = chain.ledger();
        let (outcome, task) = (ledger.outcomes.get(&id)?, ledger.tasks.get(&id)?);
        let rules = ledger.benchmarks.get(&outcome.benchmark)?;
        let model = ledger.artifacts.get(&outcome.artifact)?;
        let by_owner = outcome.members.iter().any(|member| {
            let known = ledger.operators.get(&member.operator);
            known.is_some_and(|known| known.owner == model.owner)
        });
        Some(Self {
            id,
            task,
            outcome,
            model,
            benchmark: ledger.artifacts.get(&outcome.benchmark)?,
            dataset: ledger.artifacts.get(&rules.dataset)?,
            rules,
            chain: &chain.identity().chain_id,
            genesis: chain.genesis_hash(),
            published,
            read: chain.tip().time_ms,
            by_owner,
        })
    }

    /// A name of the result that no other chain has.
    pub(super) fn urn(&self) -> String {
        format!("urn:probity:{}:result:{}", self.genesis, self.id)
    }

    /// The command that computes the score again.
    pub(super) fn reproduce(&self) -> String {
        format!("probity eval reproduce {}", self.id)
    }

    /// The day and time of publication, in the form of RFC 3339.
    pub(super) fn published_at(&self) -> Option<String> {
        self.published.map(date::rfc3339)
    }

    pub(super) const fn lower_is_better(&self) -> bool {
        match self.rules.direction {
            Direction::HigherIsBetter => false,
            Direction::LowerIsBetter => true,
        }
    }

    /// Whether the result stands, in a word.
    pub(super) const fn state(&self) -> &'static str {
        match self.outcome.state {
            OutcomeState::Provisional => "provisional",
            OutcomeState::Contested => "contested",
            OutcomeState::Final => "final",
            OutcomeState::Overturned => "overturned",
        }
    }

    /// What the interval over items was made with.
    pub(super) const fn interval_method(&self) -> &'static str {
        "Wilson score interval over the benchmark's items"
    }
}

/// A score as a JSON number with the digits that its text has.
pub(super) fn number(score: Score) -> Value {
    score.to_string().parse::<f64>().map_or(Value::Null, Value::from)
}

/// A hash that was stated: nothing for the one that stands for none.
pub(super) fn stated(hash: Hash) -> Option<String> {
    (hash != Hash::ZERO).then(|| hash.to_string())
}
