//! What stands around every page: where one is, which chain, which block, where the data is.
//!
//! # Invariants
//! - A page and its frame are of one state.
//!
//! # Not here
//! What a browser may load and run: [`crate::shield`] says that with every answer.

use std::sync::{Arc, LazyLock};

use askama::Template;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use probity_api::{BASE_PATH, Code, PROBLEM_JSON, Problem};
use probity_primitives::{ContentHash, Height};
use probity_runtime::Chain;

use super::names::Name;
use super::words::{Clock, count};
use crate::date;
use crate::error::ApiError;
use crate::routes::App;

/// The style sheet.
const STYLE: &str = include_str!("../../assets/style.css");

/// The style sheet's address, which changes with its bytes.
static STYLE_HREF: LazyLock<String> = LazyLock::new(|| {
    let hash = ContentHash::of_file(STYLE.as_bytes()).to_string();
    format!("/style.css?v={}", hash.chars().take(12).collect::<String>())
});

/// How far back the pace of blocks is measured.
const PACE_BLOCKS: u64 = 100;

/// The pace where there is nothing to measure yet.
const USUAL_PACE: u64 = 6_000;

/// The longest problem that is turned into a page.
const MAX_PROBLEM_BYTES: usize = 64 << 10;

/// The rooms that every page leads to.
const ROOMS: [(&str, &str); 8] = [
    ("/board", "Board"),
    ("/models", "Models"),
    ("/results", "Results"),
    ("/validators", "Validators"),
    ("/disputes", "Disputes"),
    ("/gov", "Governance"),
    ("/supply", "Supply"),
    ("/blocks", "Explorer"),
];

/// The frame of a page.
pub(super) struct Frame {
    pub(super) chain: Arc<Chain>,
    pub(super) clock: Clock,
    pub(super) title: String,
    /// The room that the page is in.
    pub(super) here: &'static str,
    /// Where the page's data is, below the API's base.
    pub(super) json: String,
    pub(super) rooms: [(&'static str, &'static str); 8],
    pub(super) style: &'static str,
    pub(super) chain_id: Name,
    pub(super) height: String,
    pub(super) time: String,
    pub(super) peers: u32,
    pub(super) syncing: bool,
    pub(super) symbol: Name,
    pub(super) genesis_hash: String,
}

impl Frame {
    /// The frame of a page of the newest state.
    pub(super) async fn new(app: &App, here: &'static str) -> Result<Self, ApiError> {
        let chain = app.chain();
        let health = app.backend.health();
        let tip = chain.tip();
        let before = Height(tip.height.0.saturating_sub(PACE_BLOCKS));
        let blocks = tip.height.0.saturating_sub(before.0);
        // A page can do without the pace of blocks, and must be there when a store is damaged.
        let earlier = app.backend.header(before).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the pace of blocks is not known");
            None
        });
        let pace = earlier
            .and_then(|earlier| tip.time_ms.checked_sub(earlier.time_ms)?.checked_div(blocks))
            .filter(|pace| *pace > 0)
            .unwrap_or(USUAL_PACE);
        Ok(Self {
            clock: Clock { height: tip.height, pace },
            title: String::new(),
            here,
            json: "/status".to_owned(),
            rooms: ROOMS,
            style: &STYLE_HREF,
            chain_id: Name::of(&chain.identity().chain_id),
            height: count(tip.height.0),
            time: date::utc(tip.time_ms),
            peers: health.peers,
            syncing: health.syncing,
            symbol: Name::of(&app.backend.genesis().token.symbol),
            genesis_hash: chain.genesis_hash().to_string(),
            chain,
        })
    }

    /// The same with the page's title and where its data is, below the API's base.
    pub(super) fn named(self, title: impl Into<String>, json: impl Into<String>) -> Self {
        Self { title: title.into(), json: json.into(), ..self }
    }
}

/// A page as an answer.
pub(super) fn page(page: &impl Template) -> Result<Response, ApiError> {
    let html = page.render().map_err(|error| {
        tracing::error!(%error, "the page cannot be made");
        ApiError::new(Code::Internal, "the node failed; its log says why")
    })?;
    Ok((guarded("no-cache"), Html(html)).into_response())
}

pub(crate) async fn style() -> Response {
    let media = [(header::CONTENT_TYPE, "text/css; charset=utf-8")];
    (guarded("public, max-age=31536000, immutable"), media, STYLE).into_response()
}

pub(crate) async fn icon() -> Response {
    let media = [(header::CONTENT_TYPE, "image/svg+xml")];
    let icon = include_str!("../../assets/icon.svg");
    (guarded("public, max-age=86400"), media, icon).into_response()
}

const fn guarded(cache: &'static str) -> [(HeaderName, &'static str); 1] {
    [(header::CACHE_CONTROL, cache)]
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    frame: Frame,
    problem: Problem,
    detail: Name,
}

/// Gives a person a page where a program would get a problem document.
pub(crate) async fn dressed(State(app): State<App>, request: Request, next: Next) -> Response {
    let wants_data = wants_data(&request);
    let response = next.run(request).await;
    if wants_data { response } else { dress(&app, response).await }
}

/// A problem as a page; any other answer as it is.
pub(crate) async fn dress(app: &App, response: Response) -> Response {
    let media = response.headers().get(header::CONTENT_TYPE);
    if media.is_none_or(|media| media != PROBLEM_JSON) {
        return response;
    }
    let (parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, MAX_PROBLEM_BYTES).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    match problem_page(app, &bytes).await {
        Some(mut dressed) => {
            *dressed.status_mut() = parts.status;
            let no_store = HeaderValue::from_static("no-store");
            dressed.headers_mut().insert(header::CACHE_CONTROL, no_store);
            dressed
        }
        None => Response::from_parts(parts, Body::from(bytes)),
    }
}

async fn problem_page(app: &App, bytes: &[u8]) -> Option<Response> {
    let problem: Problem = serde_json::from_slice(bytes).ok()?;
    let frame = Frame::new(app, "").await.ok()?.named(problem.title.clone(), "/status");
    let detail = Name::of(&problem.detail);
    page(&ErrorPage { frame, problem, detail }).ok()
}

/// Whether a request is a program's: for the API, or for anything but a page.
pub(crate) fn wants_data(request: &Request) -> bool {
    let path = request.uri().path();
    let below = path.strip_prefix(BASE_PATH);
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        || accept.is_some_and(|accept| accept.contains("json") && !accept.contains("text/html"))
}
