//! The routes.

mod blobs;
mod blocks;
mod evaluation;
mod events;
mod money;
mod node;
mod proofs;
mod snapshots;
mod txs;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use probity_api::{BASE_PATH, Code};
use probity_runtime::Chain;
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;

use crate::backend::Backend;
use crate::error::ApiError;
use crate::guard;
use crate::limits::ApiLimits;
use crate::pages;

/// What every handler is given.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) limits: ApiLimits,
    /// Places for requests that are worked on.
    pub(crate) requests: Arc<Semaphore>,
    /// Places for open event streams.
    pub(crate) streams: Arc<Semaphore>,
}

impl App {
    /// The newest state.
    pub(crate) fn chain(&self) -> Arc<Chain> {
        Arc::clone(&self.backend.tip().borrow())
    }
}

/// All routes over `backend`.
pub fn router(backend: Arc<dyn Backend>, limits: ApiLimits) -> Router {
    let requests = Arc::new(Semaphore::new(limits.requests));
    let streams = Arc::new(Semaphore::new(limits.streams));
    let app = App { backend, limits, requests, streams };
    let people = Router::new()
        .route("/", get(pages::home))
        .route("/style.css", get(pages::style))
        .route_layer(from_fn_with_state(app.clone(), guard::guard));
    let slow = Router::new()
        .route("/results/{task}/certificate", get(evaluation::certificate))
        .route("/blobs", axum::routing::put(blobs::put))
        .route("/blobs/{hash}", get(blobs::get))
        .route("/snapshots/{height}/manifest", get(snapshots::manifest))
        .route("/snapshots/{height}/chunks/{index}", get(snapshots::chunk))
        .route_layer(from_fn_with_state(app.clone(), guard::guard_transfer));
    let api = quick().route_layer(from_fn_with_state(app.clone(), guard::guard)).merge(slow);
    people
        .route("/livez", get(node::live))
        .route("/readyz", get(node::ready))
        .nest(BASE_PATH, api)
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .layer(CatchPanicLayer::custom(guard::caught))
        .with_state(app)
}

/// The routes that answer at once.
fn quick() -> Router<App> {
    Router::new()
        .route("/status", get(node::status))
        .route("/peers", get(node::peers))
        .route("/genesis", get(node::genesis))
        .route("/params", get(node::params))
        .route("/supply", get(money::supply))
        .route("/accounts/{address}", get(money::account))
        .route("/accounts/{address}/pending", get(txs::pending))
        .route("/accounts/{address}/disputable", get(money::disputable))
        .route("/operators", get(money::operators))
        .route("/operators/{id}", get(money::operator))
        .route("/operators/{id}/rewards", get(money::rewards))
        .route("/slashes", get(money::slashes))
        .route("/artifacts", get(evaluation::artifacts))
        .route("/artifacts/{id}", get(evaluation::artifact))
        .route("/tasks", get(evaluation::tasks))
        .route("/tasks/{id}", get(evaluation::task))
        .route("/assignments/{operator}", get(evaluation::assignments))
        .route("/results", get(evaluation::results))
        .route("/results/{task}", get(evaluation::result))
        .route("/board", get(evaluation::board))
        .route("/blocks", get(blocks::list))
        .route("/blocks/{height}", get(blocks::one))
        .route("/txs", axum::routing::post(txs::submit))
        .route("/txs/{hash}", get(txs::receipt))
        .route("/proofs/{key}", get(proofs::prove))
        .route("/events", get(events::stream))
        .route("/snapshots", get(snapshots::list))
}

async fn no_route(uri: axum::http::Uri) -> ApiError {
    ApiError::new(Code::RouteNotFound, format!("{:?} is not a route", uri.path()))
}

async fn no_method(method: axum::http::Method, uri: axum::http::Uri) -> ApiError {
    ApiError::new(Code::MethodNotAllowed, format!("{:?} does not answer {method}", uri.path()))
}
