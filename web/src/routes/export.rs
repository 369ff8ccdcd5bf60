//! A result in the form of another ecosystem.

use axum::extract::{Path, State};
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use probity_api::{Code, HEIGHT_HEADER};
use probity_primitives::TaskId;

use super::App;
use crate::error::ApiError;
use crate::export::{Facts, Format};

pub(super) async fn export(
    State(app): State<App>,
    Path((task, format)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let refuse = |reason: String| ApiError::new(Code::MalformedId, reason);
    let task: TaskId = task.parse().map_err(|error| refuse(format!("{error}")))?;
    let format: Format = format.parse().map_err(refuse)?;
    let chain = app.chain();
    let missing = || ApiError::new(Code::ResultNotFound, format!("there is no result of {task}"));
    let published = chain.ledger().outcomes.get(&task).ok_or_else(missing)?.published;
    // The day is left out where the block is not kept any more.
    let header = app.backend.header(published).await.unwrap_or_default();
    let facts = Facts::of(&chain, task, header.map(|header| header.time_ms));
    let text = format.write(&facts.ok_or_else(missing)?);
    let height = chain.height().to_string();
    let headers = [
        (header::CONTENT_TYPE, format.media().to_owned()),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
        (HeaderName::from_static(HEIGHT_HEADER), height),
    ];
    Ok((headers, text).into_response())
}
