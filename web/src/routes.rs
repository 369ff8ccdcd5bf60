//! The routes.

mod blobs;
mod blocks;
mod disputes;
mod evaluation;
mod events;
mod governance;
mod money;
mod node;
mod proofs;
mod snapshots;
mod txs;
mod votes;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use probity_api::{BASE_PATH, Code};
use probity_primitives::Height;
use probity_runtime::Chain;
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;

use crate::backend::Backend;
use crate::error::ApiError;
use crate::limits::ApiLimits;
use crate::pages;
use crate::recent::Recent;
use crate::{feeds, guard};

/// What every handler is given.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) limits: ApiLimits,
    /// Places for requests that are worked on.
    pub(crate) requests: Arc<Semaphore>,
    /// Places for open event streams.
    pub(crate) streams: Arc<Semaphore>,
    /// States that were answered from not long ago.
    pub(crate) recent: Recent,
}

impl App {
    /// The newest state.
    pub(crate) fn chain(&self) -> Arc<Chain> {
        Arc::clone(&self.backend.tip().borrow())
    }

    /// The newest state, or the one at a height that was answered from not long ago.
    pub(crate) fn at(&self, height: Option<Height>) -> Result<Arc<Chain>, ApiError> {
        self.recent.at(self.chain(), height)
    }
}

/// All routes over `backend`.
pub fn router(backend: Arc<dyn Backend>, limits: ApiLimits) -> Router {
    let requests = Arc::new(Semaphore::new(limits.requests));
    let streams = Arc::new(Semaphore::new(limits.streams));
    let app = App { backend, limits, requests, streams, recent: Recent::default() };
    let people = Router::new()
        .route("/feeds/referenda.atom", get(feeds::referenda))
        .route("/feeds/referenda/{file}", get(feeds::referendum))
        .route("/feeds/disputes.atom", get(feeds::disputes))
        .route_layer(from_fn_with_state(app.clone(), guard::guard))
        .merge(pages::routes(&app));
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
        .route("/governance", get(governance::params))
        .route("/referenda", get(governance::referenda))
        .route("/referenda/{id}", get(governance::referendum))
        .route("/referenda/{id}/votes", get(votes::list))
        .route("/referenda/{id}/votes.csv", get(votes::csv))
        .route("/referenda/{id}/positions/{account}", get(governance::position))
        .route("/voters/{account}", get(governance::voter))
        .route("/delegations", get(governance::delegations))
        .route("/preview", axum::routing::post(governance::preview))
        .route("/disputes", get(disputes::list))
        .route("/disputes/{id}", get(disputes::one))
        .route("/blocks", get(blocks::list))
        .route("/blocks/{height}", get(blocks::one))
        .route("/txs", axum::routing::post(txs::submit))
        .route("/txs/{hash}", get(txs::receipt))
        .route("/proofs/{key}", get(proofs::prove))
        .route("/events", get(events::stream))
        .route("/snapshots", get(snapshots::list))
}

async fn no_route(State(app): State<App>, request: Request) -> Response {
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let for_a_person = accept.is_some_and(|accept| accept.contains("text/html"));
    let detail = format!("{:?} is not a route", request.uri().path());
    let problem = ApiError::new(Code::RouteNotFound, detail).into_response();
    if for_a_person && !pages::wants_data(&request) {
        return pages::dress(&app, problem).await;
    }
    problem
}

async fn no_method(method: axum::http::Method, uri: axum::http::Uri) -> ApiError {
    ApiError::new(Code::MethodNotAllowed, format!("{:?} does not answer {method}", uri.path()))
}
