//! What people should know: how it works, how to read the data, and how accessible this is.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::frame::{Frame, page};
use crate::error::ApiError;
use crate::routes::App;

#[derive(Template)]
#[template(path = "docs.html")]
struct Docs {
    frame: Frame,
}

#[derive(Template)]
#[template(path = "api.html")]
struct Api {
    frame: Frame,
    routes: [(&'static str, &'static str); 22],
}

#[derive(Template)]
#[template(path = "a11y.html")]
struct Accessibility {
    frame: Frame,
}

/// The routes of the API, each with what it answers.
const ROUTES: [(&str, &str); 22] = [
    ("/status", "How the node stands: chain, height, head, peers."),
    ("/peers", "Whom the node is connected to."),
    ("/genesis", "The genesis document."),
    ("/params", "The rules in force; /governance has those of votes."),
    ("/supply", "All money, and whether it adds up."),
    ("/accounts/{address}", "An account; /pending and /disputable hang on it."),
    ("/operators", "Operators; /operators/{id} and /operators/{id}/rewards."),
    ("/slashes", "Slashes that wait."),
    ("/artifacts", "Models, datasets, benchmarks; ?kind= and ?owner= narrow it."),
    ("/tasks", "Evaluations; /tasks/{id} with what members have sent."),
    ("/results", "Results; /results/{task}, and /results/{task}/certificate to verify offline."),
    ("/board?benchmark=", "The newest results on a benchmark."),
    ("/referenda", "Referenda; /votes, /votes.csv and /positions/{account} hang on each."),
    ("/voters/{account}", "Locks, delegations given and received."),
    ("/delegations", "Delegations; ?track= and ?to= narrow them."),
    ("/disputes", "Disputes; ?open=true and ?task= narrow them."),
    ("/blocks", "Headers from the newest down; /blocks/{height} with transactions and votes."),
    ("/txs/{hash}", "What became of a transaction. POST /txs takes a signed one."),
    ("/proofs/{key}", "An entry of the state, proven up to a block and its votes."),
    ("/events", "Server-sent events; Last-Event-ID resumes where a client was cut off."),
    ("/blobs/{hash}", "A file by the hash of its bytes."),
    ("/snapshots", "States that are handed out, in proven chunks."),
];

pub(crate) async fn docs(State(app): State<App>) -> Result<Response, ApiError> {
    let frame = Frame::new(&app, "").await?.named("How it works", "/params");
    page(&Docs { frame })
}

pub(crate) async fn api(State(app): State<App>) -> Result<Response, ApiError> {
    let frame = Frame::new(&app, "").await?.named("API", "/status");
    page(&Api { routes: ROUTES, frame })
}

pub(crate) async fn a11y(State(app): State<App>) -> Result<Response, ApiError> {
    let frame = Frame::new(&app, "").await?.named("Accessibility", "/status");
    page(&Accessibility { frame })
}
