//! Pages for people: boards, results, votes, and the chain, made whole by the server.
//!
//! A page needs no script; what scripts add is signing, checking and freshness. It asks for nothing
//! from elsewhere, and the browser is told so. Each room has a file: its views, and the handlers
//! that fill them from `probity_runtime::query` and the state itself. [`frame`] is what stands
//! around every page, [`names`] is how text of strangers is shown, [`words`] and [`plot`] are
//! numbers as text and as charts.
//!
//! # Invariants
//! - Whatever people wrote (names, versions, titles) is text on the page, never markup, and cannot
//!   turn or hide the text around it.
//! - Lists are limited; what was left out is said to be.
//! - Every page leads to the same data as JSON.
//! - An error is a page for people and a problem document for programs, with the same status.
//!
//! # Not here
//! Scripts, and anything that signs.
//!
//! Spec: `docs/spec/24-api.md`.

mod artifacts;
mod board;
mod certificate;
mod chain;
mod compare;
mod disputes;
mod docs;
mod drafts;
mod frame;
mod governance;
mod home;
mod lineage;
mod names;
mod network;
mod outcome;
mod paired;
mod plot;
mod proposal;
mod propose;
mod results;
mod search;
mod standing;
mod supply;
mod tools;
mod unsigned;
mod validator;
mod validators;
mod words;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;

use crate::guard;
use crate::routes::App;

pub(crate) use frame::{dress, wants_data};

/// The routes of all pages.
pub(crate) fn routes(app: &App) -> Router<App> {
    artifacts::routes()
        .route("/", get(home::home))
        .route("/style.css", get(frame::style))
        .route("/icon.svg", get(frame::icon))
        .route("/board", get(board::list))
        .route("/board/{id}", get(board::one))
        .route("/results", get(results::list))
        .route("/results/{task}", get(results::one))
        .route("/compare", get(compare::compare))
        .route("/validators", get(validators::list))
        .route("/validators/{id}", get(validator::one))
        .route("/disputes", get(disputes::list))
        .route("/disputes/{id}", get(disputes::one))
        .route("/gov", get(governance::list))
        .route("/gov/params", get(governance::params))
        .route("/gov/new", get(propose::new))
        .route("/gov/delegate", get(drafts::delegate))
        .route("/gov/{id}", get(proposal::one))
        .route("/gov/{id}/vote", get(drafts::vote))
        .route("/supply", get(supply::supply))
        .route("/network", get(network::network))
        .route("/blocks", get(chain::blocks))
        .route("/blocks/{height}", get(chain::block))
        .route("/txs/{hash}", get(chain::tx))
        .route("/accounts/{address}", get(chain::account))
        .route("/search", get(search::search))
        .route("/docs", get(docs::docs))
        .route("/api", get(docs::api))
        .route("/a11y", get(docs::a11y))
        .route("/sign", get(tools::sign))
        .route("/verify", get(tools::verify))
        .route_layer(from_fn_with_state(app.clone(), guard::guard))
        .route_layer(from_fn_with_state(app.clone(), frame::dressed))
}
