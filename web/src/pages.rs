//! The page at the root: what is known, for people, without a script.
//!
//! It shows the boards, the work that has no result, and the faults that wait, each with what is
//! uncertain about it. It asks nobody for anything: no script, no cookie, no form, no font or
//! picture from elsewhere, and the browser is told so.
//!
//! # Invariants
//! - Whatever people wrote (names, versions) is text on the page, never markup.
//! - Lists are limited; what was left out is said to be.
//!
//! # Not here
//! Voting, accounts and an explorer.
//!
//! Spec: `docs/spec/24-api.md`.

mod board;
mod tools;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderName, header};
use axum::response::{Html, IntoResponse, Response};
use probity_api::Code;
use probity_primitives::TaskId;
use probity_protocol::Ledger;
use probity_protocol::event::TaskPhase;
use probity_protocol::slashing::SlashState;
use probity_protocol::task::{Phase, Task, VoidReason};
use probity_runtime::query::{self, MAX_SCAN};

use crate::date;
use crate::error::ApiError;
use crate::routes::App;
use board::{Board, boards};
pub(crate) use tools::{sign, verify};

/// The most evaluations and faults that are listed.
const MAX_LISTED: usize = 50;

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    chain_id: String,
    height: u64,
    time: String,
    validators: usize,
    peers: u32,
    syncing: bool,
    symbol: String,
    genesis_hash: String,
    boards: Vec<Board>,
    tasks: Vec<Waiting>,
    slashes: Vec<Fault>,
}

/// An evaluation without a result.
struct Waiting {
    id: TaskId,
    short: String,
    artifact: String,
    benchmark: String,
    requested: u64,
    stands: String,
}

/// A slash that is not shared out.
struct Fault {
    operator: String,
    fault: String,
    amount: String,
    due: String,
}

pub(crate) async fn home(State(app): State<App>) -> Result<Response, ApiError> {
    let chain = app.chain();
    let (ledger, identity, health) = (chain.ledger(), chain.identity(), app.backend.health());
    let page = Home {
        chain_id: identity.chain_id.to_string(),
        height: chain.height().0,
        time: date::utc(chain.tip().time_ms),
        validators: chain.validators().len(),
        peers: health.peers,
        syncing: health.syncing,
        symbol: app.backend.genesis().token.symbol.to_string(),
        genesis_hash: identity.genesis_hash.to_string(),
        boards: boards(ledger),
        tasks: waiting(ledger),
        slashes: faults(ledger),
    };
    let html = page.render().map_err(|error| {
        tracing::error!(%error, "the page cannot be made");
        ApiError::new(Code::Internal, "the node failed; its log says why")
    })?;
    Ok((guarded("no-cache"), Html(html)).into_response())
}

pub(crate) async fn style() -> Response {
    let media = [(header::CONTENT_TYPE, "text/css; charset=utf-8")];
    (guarded("max-age=3600"), media, include_str!("../assets/style.css")).into_response()
}

const fn guarded(cache: &'static str) -> [(HeaderName, &'static str); 1] {
    [(header::CACHE_CONTROL, cache)]
}

/// The newest evaluations that have no result: at work, or given up.
fn waiting(ledger: &Ledger) -> Vec<Waiting> {
    let mut tasks: Vec<(&TaskId, &Task)> = ledger
        .tasks
        .iter()
        .take(MAX_SCAN)
        .filter(|(id, _)| !ledger.outcomes.contains(id))
        .collect();
    tasks.sort_by_key(|(id, task)| (std::cmp::Reverse(task.requested), **id));
    let name = |id| {
        ledger.artifacts.get(id).map(|known| known.manifest.name.to_string()).unwrap_or_default()
    };
    let shown = tasks.into_iter().take(MAX_LISTED).map(|(id, task)| Waiting {
        id: *id,
        short: id.to_string().chars().take(12).collect(),
        artifact: name(&task.request.artifact),
        benchmark: name(&task.request.benchmark),
        requested: task.requested.0,
        stands: stands(task),
    });
    shown.collect()
}

/// Where an evaluation stands, in words.
fn stands(task: &Task) -> String {
    let what = match task.phase.name() {
        TaskPhase::Open => "waits for its draw",
        TaskPhase::Commit => "evaluators are measuring",
        TaskPhase::Reveal => "evaluators show their scores",
        TaskPhase::Spot => "transcripts are checked",
        TaskPhase::Provisional | TaskPhase::Final | TaskPhase::Void => "ended",
    };
    match &task.phase {
        Phase::Open { until }
        | Phase::Commit { until, .. }
        | Phase::Reveal { until, .. }
        | Phase::Spot { until, .. } => {
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
        Phase::Provisional { .. } | Phase::Final { .. } => what.to_owned(),
    }
}

fn faults(ledger: &Ledger) -> Vec<Fault> {
    let page = query::slashes(ledger, None, None, MAX_LISTED);
    let shown = page.items.into_iter().map(|view| Fault {
        operator: ledger
            .operators
            .get(&view.slash.operator)
            .map(|known| known.name.to_string())
            .unwrap_or_default(),
        fault: view.code,
        amount: view.slash.amount.to_string(),
        due: match view.slash.state {
            SlashState::Waiting => format!("block {}", view.slash.due),
            SlashState::Suspended => "when a vote has decided".to_owned(),
        },
    });
    shown.collect()
}
