//! What stands before every handler: limits on requests at once, on how slowly a body may come and
//! on time, and a net under panics.

use std::any::Any;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use probity_api::Code;

use crate::caller::Caller;
use crate::error::ApiError;
use crate::intake;
use crate::limits::Pace;
use crate::routes::App;

/// Refuses a request when too many are worked on, and gives up on one that takes too long.
pub(crate) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    within(&app, app.limits.request_time, request, next).await
}

/// The same, with the time that a file may take.
pub(crate) async fn guard_transfer(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Response {
    within(&app, app.limits.transfer_time, request, next).await
}

async fn within(app: &App, time: Duration, request: Request, next: Next) -> Response {
    let _place = match app.requests.take(Caller::named(request.extensions())) {
        Ok(place) => place,
        Err(full) => return ApiError::full(full, "requests are worked on").into_response(),
    };
    let pace = app.limits.body;
    let (request, late) = intake::watched(request, pace);
    let outcome = tokio::time::timeout(time, next.run(request)).await;
    if late.is_so() {
        let Pace { bytes, within } = pace;
        let detail = format!("less than {bytes} bytes came within {} ms", within.as_millis());
        return ApiError::new(Code::SlowBody, detail).into_response();
    }
    outcome.unwrap_or_else(|_| {
        let detail = format!("no answer within {} ms", time.as_millis());
        ApiError::new(Code::Timeout, detail).into_response()
    })
}

/// What a client is told of a panic.
#[expect(clippy::needless_pass_by_value, reason = "the signature is the layer's")]
pub(crate) fn caught(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("of unknown type");
    tracing::error!(panic = text, "a handler panicked");
    ApiError::new(Code::Internal, "the node failed; its log says why").into_response()
}
