//! Pages that were made for the newest block, given out again until there is another.
//!
//! A page of lists and tables says nothing that its block does not, so that it needs to be made
//! once a block, however many people read it and however long its tables are.
//!
//! # Invariants
//! - A page is given out again only while the block and the health that it was made of are the
//!   newest.
//! - At most [`MOST`] pages and [`MOST_BYTES`] bytes are kept; when there is no room, none is.
//!
//! # Not here
//! Pages that say more than their block: what waits at this node, or which files it has.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, Bytes, HttpBody, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use probity_primitives::Height;

use crate::backend::Health;
use crate::routes::App;

/// How many pages are kept.
const MOST: usize = 256;

/// How many bytes they have together.
const MOST_BYTES: usize = 16 << 20;

/// The longest address of a page that is kept, in bytes.
const MOST_ADDRESS: usize = 256;

/// What a page was made of.
type Of = (Height, Health);

/// The pages by their addresses.
#[derive(Clone, Default)]
pub(crate) struct Made(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    of: Option<Of>,
    bytes: usize,
    pages: BTreeMap<String, (HeaderMap, Bytes)>,
}

impl Kept {
    /// Forgets what was made of anything else.
    fn renew(&mut self, of: Of) {
        if self.of != Some(of) {
            *self = Self { of: Some(of), ..Self::default() };
        }
    }
}

impl Made {
    fn get(&self, of: Of, address: &str) -> Option<Response> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.renew(of);
        let (headers, page) = kept.pages.get(address)?;
        Some((headers.clone(), page.clone()).into_response())
    }

    fn put(&self, of: Of, address: String, headers: HeaderMap, page: Bytes) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = kept.bytes.saturating_add(page.len()).saturating_add(address.len());
        if kept.of == Some(of) && kept.pages.len() < MOST && bytes <= MOST_BYTES {
            kept.bytes = bytes;
            kept.pages.insert(address, (headers, page));
        }
    }
}

/// Gives out a page that was made already, or makes it and keeps it.
pub(crate) async fn once_a_block(State(app): State<App>, request: Request, next: Next) -> Response {
    let address = request.uri().path_and_query().map(|address| address.as_str().to_owned());
    let address = address.filter(|address| address.len() <= MOST_ADDRESS);
    let Some(address) = address.filter(|_| *request.method() == Method::GET) else {
        return next.run(request).await;
    };
    let of = (app.chain().height(), app.backend.health());
    if let Some(page) = app.made.get(of, &address) {
        return page;
    }
    let response = next.run(request).await;
    let at_hand = response.body().size_hint().exact().is_some();
    if response.status() != StatusCode::OK || !at_hand {
        return response;
    }
    let (parts, body) = response.into_parts();
    let Ok(page) = to_bytes(body, MOST_BYTES).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let headers: HeaderMap = [header::CONTENT_TYPE, header::CACHE_CONTROL]
        .into_iter()
        .filter_map(|name| Some((name.clone(), parts.headers.get(&name)?.clone())))
        .collect();
    app.made.put(of, address, headers, page.clone());
    Response::from_parts(parts, Body::from(page))
}
