//! Answers: an envelope around what was read.

use axum::Json;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use probity_api::{Envelope, ListEnvelope, list_schema};
use probity_runtime::Chain;
use probity_runtime::query::{Page, View};
use serde::Serialize;

/// One thing that `chain` holds.
pub fn one<T: View>(chain: &Chain, data: T) -> Response {
    document(chain, T::SCHEMA, data)
}

/// One thing of a schema that its type does not name.
pub fn document<T: Serialize>(chain: &Chain, schema: &str, data: T) -> Response {
    live(Json(Envelope {
        schema: schema.to_owned(),
        chain_id: chain.identity().chain_id.clone(),
        height: chain.height(),
        data,
    }))
}

/// A part of a list that `chain` holds; its cursor is the last key's text.
pub fn list<T: View, K: ToString>(chain: &Chain, page: Page<T, K>) -> Response {
    let Page { items, next } = page;
    live(Json(ListEnvelope {
        schema: list_schema(T::SCHEMA),
        chain_id: chain.identity().chain_id.clone(),
        height: chain.height(),
        data: items,
        next: next.map(|key| key.to_string()),
    }))
}

/// What changes with every block must be asked for again.
fn live(body: impl IntoResponse) -> Response {
    let mut response = body.into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
