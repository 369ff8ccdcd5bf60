//! Entity tags: whoever has an answer already is told so and not sent it again.
//!
//! A tag is the hash of the bytes, so that it changes with anything in the answer, also with what
//! is the node's rather than the state's. Streams and files have no tag: their bytes are not at hand.

use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use probity_primitives::ContentHash;

/// The longest answer that gets a tag, in bytes.
const MAX_TAGGED: u64 = 8 << 20;

/// Puts a tag on an answer, or answers that the client has it.
pub(crate) async fn tagged(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    let response = next.run(request).await;
    let at_hand = response.body().size_hint().exact().is_some_and(|len| len <= MAX_TAGGED);
    if !reads || response.status() != StatusCode::OK || !at_hand {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let limit = usize::try_from(MAX_TAGGED).unwrap_or(usize::MAX);
    let Ok(bytes) = to_bytes(body, limit).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let hash = ContentHash::of_file(&bytes).to_string();
    let tag = format!("\"{}\"", hash.chars().take(32).collect::<String>());
    let has_it = known.is_some_and(|known| matches(&known, &tag));
    if let Ok(value) = HeaderValue::from_str(&tag) {
        parts.headers.insert(header::ETAG, value);
    }
    if has_it {
        parts.status = StatusCode::NOT_MODIFIED;
        without_body(&mut parts.headers);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(bytes))
}

fn without_body(headers: &mut HeaderMap) {
    headers.remove(header::CONTENT_TYPE);
    headers.remove(header::CONTENT_LENGTH);
}

/// Whether a list of tags names one, weakly or not.
fn matches(known: &HeaderValue, tag: &str) -> bool {
    let known = known.to_str().unwrap_or_default();
    known
        .split(',')
        .map(|one| one.trim().trim_start_matches("W/"))
        .any(|one| one == tag || one == "*")
}
