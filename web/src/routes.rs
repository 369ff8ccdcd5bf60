//! The routes.

mod blobs;
mod blocks;
mod disputes;
mod evaluation;
mod events;
mod export;
mod governance;
mod money;
mod node;
mod proofs;
mod snapshots;
pub(crate) mod table;
mod txs;
mod votes;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use probity_api::{BASE_PATH, Code};
use probity_primitives::Height;
use probity_runtime::Chain;
use tower_http::catch_panic::CatchPanicLayer;

use crate::backend::Backend;
use crate::error::ApiError;
use crate::limits::ApiLimits;
use crate::made::Made;
use crate::pages;
use crate::places::Places;
use crate::rate::Rates;
use crate::recent::Recent;
use crate::told::Told;
use crate::{assets, etag, feeds, guard, shield};

/// What every handler is given.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) limits: ApiLimits,
    /// Places for requests that are worked on.
    pub(crate) requests: Places,
    /// Places for open event streams.
    pub(crate) streams: Places,
    /// States that were answered from not long ago.
    pub(crate) recent: Recent,
    /// Pages that were made for the newest block.
    pub(crate) made: Made,
    /// What streams were told of not long ago.
    pub(crate) told: Told,
    /// How often callers may read.
    pub(crate) reads: Rates,
    /// How often callers may send.
    pub(crate) sends: Rates,
    /// The API's description.
    pub(crate) openapi: Arc<serde_json::Value>,
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
    let requests = Places::new(limits.requests);
    let streams = Places::new(limits.streams);
    let reads = Rates::new(limits.reads, limits.callers);
    let sends = Rates::new(limits.sends, limits.callers);
    let (recent, made, told) = (Recent::default(), Made::default(), Told::default());
    let openapi = Arc::new(table::describe());
    let app = App { backend, limits, requests, streams, recent, made, told, reads, sends, openapi };
    let people = Router::new()
        .route("/assets/js/{*name}", get(assets::script))
        .route("/feeds/referenda.atom", get(feeds::referenda))
        .route("/feeds/referenda/{file}", get(feeds::referendum))
        .route("/feeds/disputes.atom", get(feeds::disputes))
        .route_layer(from_fn_with_state(app.clone(), guard::guard))
        .merge(pages::routes(&app));
    let guarded = from_fn_with_state(app.clone(), guard::guard);
    let transfer = from_fn_with_state(app.clone(), guard::guard_transfer);
    let slow = table::slow().router.route_layer(transfer);
    let api = table::quick().router.route_layer(guarded).merge(slow);
    people
        .route("/livez", get(node::live))
        .route("/readyz", get(node::ready))
        .nest(BASE_PATH, api)
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .layer(CatchPanicLayer::custom(guard::caught))
        .layer(from_fn(etag::tagged))
        .layer(from_fn_with_state(app.clone(), shield::shield))
        .with_state(app)
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
