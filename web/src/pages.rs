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
use axum::handler::Handler;
use axum::middleware::from_fn_with_state;
use axum::routing::get;

use crate::guard;
use crate::made;
use crate::routes::App;

pub(crate) use frame::{dress, wants_data};

/// The routes of all pages.
pub(crate) fn routes(app: &App) -> Router<App> {
    let Pages { router, kept, paths: _ } = table();
    let once = from_fn_with_state(app.clone(), made::once_a_block);
    router
        .merge(kept.route_layer(once))
        .route_layer(from_fn_with_state(app.clone(), guard::guard))
        .route_layer(from_fn_with_state(app.clone(), frame::dressed))
}

/// The paths of all pages, with the names of what stands in them between braces.
#[must_use]
pub fn page_paths() -> Vec<String> {
    table().paths
}

/// Pages in the making, with the path of each.
struct Pages {
    router: Router<App>,
    /// Those that say nothing that their block does not.
    kept: Router<App>,
    paths: Vec<String>,
}

impl Pages {
    /// With a page that says nothing that its block does not, and is made once for each.
    fn kept<T: 'static>(mut self, path: &str, handler: impl Handler<T, App>) -> Self {
        self.paths.push(path.to_owned());
        Self { kept: self.kept.route(path, get(handler)), ..self }
    }

    /// With a page.
    fn page<T: 'static>(mut self, path: &str, handler: impl Handler<T, App>) -> Self {
        self.paths.push(path.to_owned());
        Self { router: self.router.route(path, get(handler)), ..self }
    }

    /// With a file that pages load.
    fn file<T: 'static>(self, path: &str, handler: impl Handler<T, App>) -> Self {
        Self { router: self.router.route(path, get(handler)), ..self }
    }
}

/// Every page: where it is, and what answers it.
fn table() -> Pages {
    let pages = Pages { router: Router::new(), kept: Router::new(), paths: Vec::new() };
    artifacts::pages(pages)
        .kept("/", home::home)
        .file("/style.css", frame::style)
        .file("/icon.svg", frame::icon)
        .kept("/board", board::list)
        .kept("/board/{id}", board::one)
        .kept("/results", results::list)
        .kept("/results/{task}", results::one)
        .page("/compare", compare::compare)
        .kept("/validators", validators::list)
        .page("/validators/{id}", validator::one)
        .kept("/disputes", disputes::list)
        .kept("/disputes/{id}", disputes::one)
        .kept("/gov", governance::list)
        .kept("/gov/params", governance::params)
        .page("/gov/new", propose::new)
        .page("/gov/delegate", drafts::delegate)
        .kept("/gov/{id}", proposal::one)
        .page("/gov/{id}/vote", drafts::vote)
        .kept("/supply", supply::supply)
        .page("/network", network::network)
        .page("/blocks", chain::blocks)
        .page("/blocks/{height}", chain::block)
        .page("/txs/{hash}", chain::tx)
        .page("/accounts/{address}", chain::account)
        .page("/search", search::search)
        .kept("/docs", docs::docs)
        .kept("/api", docs::api)
        .kept("/a11y", docs::a11y)
        .page("/sign", tools::sign)
        .page("/verify", tools::verify)
}
