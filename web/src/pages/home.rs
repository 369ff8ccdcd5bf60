//! The first page: what this is, what happened last, what waits for someone.

use std::cmp::Reverse;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use probity_dao::ReferendumId;
use probity_primitives::{ArtifactId, Height, TaskId};
use probity_protocol::Ledger;
use probity_protocol::event::TaskPhase;
use probity_protocol::slashing::SlashState;
use probity_protocol::task::{Outcome, Phase, Task, VoidReason};
use probity_runtime::query::{self, DisputeFilter, MAX_SCAN, ReferendumFilter};

use super::frame::{Frame, page};
use super::names::Name;
use super::outcome::State as Chip;
use super::words::{Short, When, count, roughly, score, share};
use crate::error::ApiError;
use crate::routes::App;

/// The most entries of each list.
const MAX_LISTED: usize = 8;

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    frame: Frame,
    validators: String,
    bonded: String,
    results: String,
    models: String,
    latest: Vec<Latest>,
    votes: Vec<OpenVote>,
    disputes: Vec<OpenDispute>,
    tasks: Vec<Waiting>,
    faults: Vec<Fault>,
}

/// A result.
struct Latest {
    task: TaskId,
    artifact_id: ArtifactId,
    artifact: Name,
    benchmark_id: ArtifactId,
    benchmark: Name,
    score: String,
    evaluators: u32,
    state: Chip,
    when: When,
}

/// A referendum that something may still come of.
struct OpenVote {
    id: ReferendumId,
    title: Name,
    says: Name,
    approval: String,
    support: String,
    passes: bool,
}

/// A dispute that is not closed.
struct OpenDispute {
    id: u64,
    task: Short,
    due: When,
}

/// An evaluation without a result.
struct Waiting {
    id: TaskId,
    artifact: Name,
    benchmark: Name,
    stands: String,
}

/// A slash that is not shared out.
struct Fault {
    operator: Name,
    id: String,
    code: String,
    amount: String,
    due: String,
}

pub(crate) async fn home(State(app): State<App>) -> Result<Response, ApiError> {
    let frame = Frame::new(&app, "/").await?.named("Scores that can be checked", "/status");
    let ledger = frame.chain.ledger();
    let bonded = ledger.validators.get().members.iter().map(|one| ledger.bonded(&one.operator));
    let bonded = probity_primitives::Amount::sum(bonded).unwrap_or_default();
    page(&Home {
        validators: count(u64::try_from(frame.chain.validators().len()).unwrap_or(u64::MAX)),
        bonded: roughly(bonded),
        results: count(u64::try_from(ledger.outcomes.len()).unwrap_or(u64::MAX)),
        models: count(u64::try_from(ledger.artifacts.len()).unwrap_or(u64::MAX)),
        latest: latest(&frame),
        votes: votes(&frame),
        disputes: disputes(&frame),
        tasks: waiting(ledger),
        faults: faults(ledger),
        frame,
    })
}

/// The name of an artifact.
pub(super) fn name_of(ledger: &Ledger, id: &probity_primitives::ArtifactId) -> Name {
    let known = ledger.artifacts.get(id);
    Name::of(known.map(|known| known.manifest.name.as_str()).unwrap_or_default())
}

fn latest(frame: &Frame) -> Vec<Latest> {
    let ledger = frame.chain.ledger();
    let mut found: Vec<(&TaskId, &Outcome)> = ledger.outcomes.iter().take(MAX_SCAN).collect();
    found.sort_by_key(|(id, outcome)| (Reverse(outcome.published), **id));
    let shown = found.into_iter().take(MAX_LISTED).map(|(id, outcome)| Latest {
        task: *id,
        artifact_id: outcome.artifact,
        artifact: name_of(ledger, &outcome.artifact),
        benchmark_id: outcome.benchmark,
        benchmark: name_of(ledger, &outcome.benchmark),
        score: score(outcome.score),
        evaluators: outcome.operators,
        state: Chip::of(outcome),
        when: frame.clock.at(outcome.published),
    });
    shown.collect()
}

fn votes(frame: &Frame) -> Vec<OpenVote> {
    let filter = ReferendumFilter { open: true, ..ReferendumFilter::default() };
    let height = frame.chain.height();
    let found = query::referenda(frame.chain.state(), filter, None, MAX_LISTED, height);
    let shown = found.items.into_iter().map(|view| OpenVote {
        id: view.id,
        title: Name::of(&view.referendum.title),
        says: Name::of(&view.says),
        approval: share(view.standing.approval.share),
        support: share(view.standing.support.share),
        passes: view.standing.passes,
    });
    shown.collect()
}

fn disputes(frame: &Frame) -> Vec<OpenDispute> {
    let filter = DisputeFilter { task: None, open: true };
    let found = query::disputes(frame.chain.ledger(), filter, None, MAX_LISTED);
    let shown = found.items.into_iter().map(|view| OpenDispute {
        id: view.id,
        task: Short::of(&view.dispute.task),
        due: frame.clock.at(view.dispute.due),
    });
    shown.collect()
}

/// The newest evaluations that have no result: at work, or given up.
fn waiting(ledger: &Ledger) -> Vec<Waiting> {
    let mut tasks: Vec<(&TaskId, &Task)> = ledger
        .tasks
        .iter()
        .take(MAX_SCAN)
        .filter(|(id, _)| !ledger.outcomes.contains(id))
        .collect();
    tasks.sort_by_key(|(id, task)| (Reverse(task.requested), **id));
    let shown = tasks.into_iter().take(MAX_LISTED).map(|(id, task)| Waiting {
        id: *id,
        artifact: name_of(ledger, &task.request.artifact),
        benchmark: name_of(ledger, &task.request.benchmark),
        stands: stands(task),
    });
    shown.collect()
}

/// Where an evaluation stands, in words.
pub(super) fn stands(task: &Task) -> String {
    let what = match task.phase.name() {
        TaskPhase::Open => "waits for its draw",
        TaskPhase::Commit => "evaluators are measuring",
        TaskPhase::Reveal => "evaluators show their scores",
        TaskPhase::Spot => "transcripts are checked",
        TaskPhase::Provisional => "its result may be disputed",
        TaskPhase::Final => "its result is final",
        TaskPhase::Void => "ended without a result",
    };
    match &task.phase {
        Phase::Open { until }
        | Phase::Commit { until, .. }
        | Phase::Reveal { until, .. }
        | Phase::Spot { until, .. }
        | Phase::Provisional { until, .. } => {
            let again =
                if task.round > 1 { format!(", round {}", task.round) } else { String::new() };
            format!("{what} until block {until}{again}")
        }
        Phase::Void { reason, at } => {
            let why = match reason {
                VoidReason::NoQuorum => "too few evaluators revealed",
                VoidReason::Unavailable => "its files could not be fetched",
                VoidReason::NoCommittee => "nobody could be drawn",
                VoidReason::Overturned => "its results were proven false twice",
            };
            format!("given up at block {at}: {why}")
        }
        Phase::Final { .. } => what.to_owned(),
    }
}

/// What a slash waits for.
pub(super) fn due(state: SlashState, due: Height) -> String {
    match state {
        SlashState::Waiting => format!("block {due}"),
        SlashState::Suspended => "when a vote has decided".to_owned(),
    }
}

fn faults(ledger: &Ledger) -> Vec<Fault> {
    let page = query::slashes(ledger, None, None, MAX_LISTED);
    let shown = page.items.into_iter().map(|view| {
        let known = ledger.operators.get(&view.slash.operator);
        Fault {
            operator: Name::of(known.map(|known| known.name.as_str()).unwrap_or_default()),
            id: view.slash.operator.to_string(),
            code: view.code,
            amount: roughly(view.slash.amount),
            due: due(view.slash.state, view.slash.due),
        }
    });
    shown.collect()
}
