//! Results: the list, and the page that says of one all that is known about it.

use std::cmp::Reverse;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use probity_api::Code;
use probity_primitives::{ArtifactId, OperatorId, TaskId};
use probity_protocol::Ledger;
use probity_protocol::task::{Outcome, OutcomeState, Submission, Task};
use probity_runtime::query::MAX_SCAN;
use serde::Deserialize;

use super::certificate;
use super::frame::{Frame, page};
use super::home::{name_of, stands};
use super::names::Name;
use super::outcome::State as Chip;
use super::words::{When, roughly, score};
use crate::error::ApiError;
use crate::extract::{Args, Id};
use crate::routes::App;

/// How many results a list shows at once.
const PAGE: usize = 50;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListArgs {
    state: Option<OutcomeState>,
    /// How many of the newest are passed over.
    #[serde(default)]
    after: usize,
}

/// The states by which a list is narrowed, as JSON and as people have them.
const STATES: [(&str, &str, OutcomeState); 4] = [
    ("provisional", "Provisional", OutcomeState::Provisional),
    ("contested", "Contested", OutcomeState::Contested),
    ("final", "Final", OutcomeState::Final),
    ("overturned", "Proven false", OutcomeState::Overturned),
];

#[derive(Template)]
#[template(path = "results.html")]
struct List {
    frame: Frame,
    tabs: Vec<(&'static str, &'static str, bool)>,
    all: bool,
    narrowed: Option<&'static str>,
    rows: Vec<Row>,
    next: Option<usize>,
}

struct Row {
    task: TaskId,
    artifact: ArtifactId,
    model: Name,
    benchmark_id: ArtifactId,
    benchmark: Name,
    score: String,
    evaluators: u32,
    state: Chip,
    when: When,
}

pub(crate) async fn list(
    State(app): State<App>,
    Args(args): Args<ListArgs>,
) -> Result<Response, ApiError> {
    let ListArgs { state, after } = args;
    let frame = Frame::new(&app, "/results").await?.named("Results", "/results");
    let ledger = frame.chain.ledger();
    let all = ledger.outcomes.iter().take(MAX_SCAN);
    let mut found: Vec<(&TaskId, &Outcome)> =
        all.filter(|(_, outcome)| state.is_none_or(|state| state == outcome.state)).collect();
    found.sort_by_key(|(id, outcome)| (Reverse(outcome.published), **id));
    let next = after.saturating_add(PAGE);
    let next = (next < found.len()).then_some(next);
    let shown = found.into_iter().skip(after).take(PAGE).map(|(id, outcome)| Row {
        task: *id,
        artifact: outcome.artifact,
        model: name_of(ledger, &outcome.artifact),
        benchmark_id: outcome.benchmark,
        benchmark: name_of(ledger, &outcome.benchmark),
        score: score(outcome.score),
        evaluators: outcome.operators,
        state: Chip::of(outcome),
        when: frame.clock.at(outcome.published),
    });
    let tabs = STATES.map(|(key, word, of)| (key, word, state == Some(of)));
    let narrowed = tabs.iter().find(|(_, _, here)| *here).map(|(key, _, _)| *key);
    page(&List {
        rows: shown.collect(),
        tabs: tabs.to_vec(),
        all: state.is_none(),
        narrowed,
        next,
        frame,
    })
}

#[derive(Template)]
#[template(path = "evaluation.html")]
struct Evaluation {
    frame: Frame,
    id: TaskId,
    model: ArtifactId,
    model_name: Name,
    benchmark: ArtifactId,
    benchmark_name: Name,
    stands: String,
    requester: String,
    requested: When,
    fee: String,
    seats: u32,
    round: u8,
    members: Vec<Sent>,
}

/// What a member of a committee at work has sent.
struct Sent {
    operator: String,
    name: Name,
    seats: u32,
    sent: &'static str,
}

pub(crate) async fn one(State(app): State<App>, Id(id): Id<TaskId>) -> Result<Response, ApiError> {
    let frame = Frame::new(&app, "/results").await?;
    let ledger = frame.chain.ledger();
    if let Some(outcome) = ledger.outcomes.get(&id).cloned() {
        return certificate::show(frame, id, &outcome);
    }
    let task =
        ledger.tasks.get(&id).cloned().ok_or_else(|| {
            ApiError::new(Code::TaskNotFound, format!("there is no evaluation {id}"))
        })?;
    evaluation(frame, id, &task)
}

/// An evaluation that has no result, at work or given up.
fn evaluation(frame: Frame, id: TaskId, task: &Task) -> Result<Response, ApiError> {
    let ledger = frame.chain.ledger();
    let request = &task.request;
    let (model_name, benchmark_name) =
        (name_of(ledger, &request.artifact), name_of(ledger, &request.benchmark));
    let members = task.phase.committee().iter().map(|member| Sent {
        operator: member.operator.to_string(),
        name: operator_name(ledger, &member.operator),
        seats: member.seats.0,
        sent: match ledger.submissions.get(&(id, member.operator)) {
            None => "nothing yet",
            Some(Submission::Unavailable) => "could not fetch the files",
            Some(Submission::Committed { .. }) => "bound to a score",
            Some(Submission::Revealed { .. }) => "score shown",
        },
    });
    let title = format!("{} on {}", model_name.plain(), benchmark_name.plain());
    page(&Evaluation {
        id,
        model: request.artifact,
        model_name,
        benchmark: request.benchmark,
        benchmark_name,
        stands: stands(task),
        requester: request.requester.to_string(),
        requested: frame.clock.at(task.requested),
        fee: roughly(request.fee),
        seats: task.frozen.seats.0,
        round: task.round,
        members: members.collect(),
        frame: frame.named(title, format!("/tasks/{id}")),
    })
}

/// The name of an operator.
pub(super) fn operator_name(ledger: &Ledger, id: &OperatorId) -> Name {
    let known = ledger.operators.get(id);
    Name::of(known.map(|known| known.name.as_str()).unwrap_or_default())
}
