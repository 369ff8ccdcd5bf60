//! Snapshots of the state: a list, manifests and chunks.
//!
//! A reader trusts none of it: what a snapshot says is proven by the genesis document that the
//! reader has. A node that hands out none answers with an empty list.

use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use probity_api::{Code, OCTET_STREAM};
use probity_primitives::Height;
use probity_runtime::query::Page;

use super::App;
use crate::answer;
use crate::backend::SnapshotPart;
use crate::error::ApiError;
use crate::extract::Id;

pub(super) async fn list(State(app): State<App>) -> Result<Response, ApiError> {
    let items = app.backend.snapshots().await?;
    Ok(answer::list(&app.chain(), Page { items, next: None::<u64> }))
}

pub(super) async fn manifest(
    State(app): State<App>,
    Id(height): Id<u64>,
) -> Result<Response, ApiError> {
    part(&app, Height(height), SnapshotPart::Manifest, "application/json").await
}

pub(super) async fn chunk(
    State(app): State<App>,
    Path((height, index)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let refuse = |what: &str| {
        ApiError::new(Code::MalformedId, format!("{what:?} is not the number of a chunk"))
    };
    let at = height.parse().map_err(|_| refuse(&height))?;
    let index = index.parse().map_err(|_| refuse(&index))?;
    part(&app, Height(at), SnapshotPart::Chunk(index), OCTET_STREAM).await
}

async fn part(
    app: &App,
    height: Height,
    part: SnapshotPart,
    kind: &'static str,
) -> Result<Response, ApiError> {
    let bytes = app.backend.snapshot_part(height, part).await?.ok_or_else(|| {
        let detail = format!("this node hands out no such part of a snapshot of height {height}");
        ApiError::new(Code::SnapshotNotFound, detail)
    })?;
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(response)
}
