//! Telling someone of every connection and every request.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;

use crate::places::Full;

/// The route of a request that no route answers. Paths that strangers make up are not kept.
const NO_ROUTE: &str = "none";

/// Whoever is told of every connection and every request.
pub trait Observer: Send + Sync + 'static {
    /// A connection was let in.
    fn entered(&self);

    /// A connection that was let in is closed.
    fn left(&self);

    /// A connection was turned away.
    fn turned_away(&self, why: Full);

    /// A request for `route` (the pattern, not the path) was answered with `status` after `time`.
    fn answered(&self, route: &str, method: &str, status: u16, time: Duration);
}

/// `router` with every request told to `observer` once the head of its answer is there.
pub(crate) fn observed(router: Router, observer: Arc<dyn Observer>) -> Router {
    router.layer(from_fn_with_state(observer, observe))
}

async fn observe(
    State(observer): State<Arc<dyn Observer>>,
    route: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let method = known(request.method().as_str());
    let start = Instant::now();
    let response = next.run(request).await;
    let route = route.as_ref().map_or(NO_ROUTE, MatchedPath::as_str);
    observer.answered(route, method, response.status().as_u16(), start.elapsed());
    response
}

/// Methods that strangers make up are counted as one.
fn known(method: &str) -> &'static str {
    const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"];
    METHODS.into_iter().find(|known| *known == method).unwrap_or("other")
}
