//! What stands before every handler: a limit on requests at once, a limit on time, and a net
//! under panics.

use std::any::Any;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use probity_api::Code;

use crate::error::ApiError;
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
    let Ok(_permit) = app.requests.try_acquire() else {
        let detail = format!("{} requests are worked on already", app.limits.requests);
        return ApiError::new(Code::Overloaded, detail).into_response();
    };
    let Ok(response) = tokio::time::timeout(time, next.run(request)).await else {
        let detail = format!("no answer within {} ms", time.as_millis());
        return ApiError::new(Code::Timeout, detail).into_response();
    };
    response
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
