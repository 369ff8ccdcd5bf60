//! Files by their hash.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, TryStreamExt};
use probity_api::{Code, OCTET_STREAM};
use probity_primitives::ContentHash;
use tokio_util::io::ReaderStream;

use super::App;
use crate::answer;
use crate::backend::{BlobError, ByteStream};
use crate::error::ApiError;
use crate::extract::Id;

pub(super) async fn get(
    State(app): State<App>,
    Id(hash): Id<ContentHash>,
) -> Result<Response, ApiError> {
    let path = app.backend.blob(&hash).await?.ok_or_else(|| {
        ApiError::new(Code::BlobNotFound, format!("neither this node nor a peer has {hash}"))
    })?;
    let failed = |error: io::Error| {
        tracing::error!(path = %path.display(), %error, "a file cannot be read");
        ApiError::new(Code::Internal, "the node failed; its log says why")
    };
    let file = tokio::fs::File::open(&path).await.map_err(failed)?;
    let size = file.metadata().await.map_err(failed)?.len();
    let mut response = Body::from_stream(ReaderStream::new(file)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(OCTET_STREAM));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(size));
    // The name is the hash of the bytes: they never change, and nothing runs what they spell.
    let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
    headers.insert(header::CACHE_CONTROL, forever);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(response)
}

pub(super) async fn put(
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let limit = app.limits.blob_bytes;
    check_type(&headers)?;
    let promised = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if promised.and_then(|text| text.parse().ok()).is_some_and(|len: u64| len > limit) {
        return Err(BlobError::TooLarge { limit }.into());
    }
    let exceeded = Arc::new(AtomicBool::new(false));
    let body = limited(body, limit, Arc::clone(&exceeded));
    let outcome = app.backend.put_blob(body).await;
    if exceeded.load(Ordering::Relaxed) {
        return Err(BlobError::TooLarge { limit }.into());
    }
    Ok(answer::one(&app.chain(), outcome?))
}

/// The bytes of a body, which break off above the limit and say so in `exceeded`.
fn limited(body: Body, limit: u64, exceeded: Arc<AtomicBool>) -> ByteStream {
    let mut left = limit;
    let chunks = body.into_data_stream().map_err(io::Error::other).map(move |chunk| {
        let chunk = chunk?;
        let len = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        left = left.checked_sub(len).ok_or_else(|| {
            exceeded.store(true, Ordering::Relaxed);
            io::Error::from(io::ErrorKind::FileTooLarge)
        })?;
        Ok(chunk)
    });
    chunks.boxed()
}

fn check_type(headers: &HeaderMap) -> Result<(), ApiError> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let given = given.unwrap_or_default();
    if given.eq_ignore_ascii_case(OCTET_STREAM) {
        return Ok(());
    }
    let detail = format!("{given:?} is not {OCTET_STREAM}");
    Err(ApiError::new(Code::UnsupportedMediaType, detail))
}
