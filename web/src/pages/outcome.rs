//! How much a result can be relied on, in a word, a colour and a shape.

use askama::Template;
use askama::filters::HtmlSafe;
use probity_primitives::{Height, TaskId};
use probity_protocol::Ledger;
use probity_protocol::task::{Outcome, OutcomeState, Phase};

/// A result's state.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(source = "<span class=\"chip {{ class }}\">{{ word }}</span>", ext = "html")]
pub(super) struct State {
    class: &'static str,
    word: &'static str,
}

impl HtmlSafe for State {}

impl State {
    pub(super) const fn new(class: &'static str, word: &'static str) -> Self {
        Self { class, word }
    }

    pub(super) const fn of(outcome: &Outcome) -> Self {
        match outcome.state {
            OutcomeState::Final if outcome.corrected.is_some() => Self::new("good", "Corrected"),
            OutcomeState::Final => Self::new("good", "Final"),
            OutcomeState::Provisional => Self::new("wait", "Provisional"),
            OutcomeState::Contested => Self::new("bad", "Contested"),
            OutcomeState::Overturned => Self::new("bad", "Proven false"),
        }
    }
}

/// The last block at which a result may be disputed, while it may be.
pub(super) fn open_until(ledger: &Ledger, task: &TaskId) -> Option<Height> {
    match &ledger.tasks.get(task)?.phase {
        Phase::Provisional { until, .. } => Some(*until),
        Phase::Open { .. }
        | Phase::Commit { .. }
        | Phase::Reveal { .. }
        | Phase::Spot { .. }
        | Phase::Final { .. }
        | Phase::Void { .. } => None,
    }
}
