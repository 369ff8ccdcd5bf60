//! Feeds (Atom, RFC 4287): what happened to referenda and disputes, for whoever subscribes.
//!
//! An entry is one fact about one referendum: that it was submitted, is being decided, would pass,
//! has passed, took effect or ended otherwise. Its identifier and its time follow from the chain
//! alone, so that every node says the same and a reader sees each fact once.
//!
//! # Invariants
//! - A feed has at most [`MAX_ENTRIES`] entries, the newest first.
//! - What people wrote stands in quotes with what cannot be seen escaped, as text and not markup.
//! - A fact whose block is not kept any more is left out: its time is not known here.
//!
//! Spec: `docs/spec/24-api.md`.

mod atom;
mod disputes;
mod referenda;

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use probity_api::Code;
use probity_dao::ReferendumId;
use probity_primitives::Height;

use crate::error::ApiError;
use crate::routes::App;
use atom::{Entry, Feed};

/// The most entries of a feed.
const MAX_ENTRIES: usize = 50;

/// The most referenda that are looked at, the newest.
const MAX_LOOKED_AT: usize = 1_000;

/// A fact that a feed tells, before its time is known.
struct Fact {
    /// What it is, unique among all facts of the chain.
    name: String,
    /// The block.
    height: Height,
    /// Where it is told of in full, below the API's base.
    path: String,
    title: String,
    text: String,
}

/// What happened to all referenda.
pub(crate) async fn referenda(State(app): State<App>) -> Result<Response, ApiError> {
    let chain = app.chain();
    let newest = chain.dao().referenda.iter().rev().take(MAX_LOOKED_AT);
    let facts: Vec<Fact> =
        newest.flat_map(|(id, known)| referenda::facts(*id, known, chain.height())).collect();
    answer(&app, "referenda", "Referenda", "/feeds/referenda.atom", facts).await
}

/// What happened to one referendum.
pub(crate) async fn referendum(
    State(app): State<App>,
    Path(file): Path<String>,
) -> Result<Response, ApiError> {
    let number = file.strip_suffix(".atom").and_then(|number| number.parse::<ReferendumId>().ok());
    let id = number.ok_or_else(|| {
        ApiError::new(Code::MalformedId, format!("{file:?} is not a number with .atom"))
    })?;
    let chain = app.chain();
    let known =
        chain.dao().referenda.get(&id).ok_or_else(|| {
            ApiError::new(Code::ReferendumNotFound, format!("no referendum {id}"))
        })?;
    let facts = referenda::facts(id, known, chain.height());
    let title = format!("Referendum {id}");
    let path = format!("/feeds/referenda/{id}.atom");
    answer(&app, &format!("referendum:{id}"), &title, &path, facts).await
}

/// What happened to disputes.
pub(crate) async fn disputes(State(app): State<App>) -> Result<Response, ApiError> {
    let chain = app.chain();
    let ledger = chain.ledger();
    let newest = ledger.disputes.iter().rev().take(MAX_LOOKED_AT);
    let facts: Vec<Fact> =
        newest.flat_map(|(id, known)| disputes::facts(ledger, *id, known)).collect();
    answer(&app, "disputes", "Disputes", "/feeds/disputes.atom", facts).await
}

/// A feed of the newest facts.
async fn answer(
    app: &App,
    name: &str,
    title: &str,
    path: &str,
    mut facts: Vec<Fact>,
) -> Result<Response, ApiError> {
    // What happened to one thing comes in the order in which it happened, also within a block.
    facts.reverse();
    facts.sort_by_key(|fact| std::cmp::Reverse(fact.height));
    let mut times: BTreeMap<Height, Option<u64>> = BTreeMap::new();
    let genesis = app.backend.genesis();
    let chain = app.chain();
    let space = format!("urn:probity:{}", chain.genesis_hash());
    let mut entries = Vec::new();
    for fact in facts {
        if entries.len() >= MAX_ENTRIES {
            break;
        }
        let time = match times.get(&fact.height) {
            Some(time) => *time,
            None => app.backend.header(fact.height).await?.map(|header| header.time_ms),
        };
        times.insert(fact.height, time);
        let Some(time_ms) = time else { continue };
        let Fact { name, path, title, text, .. } = fact;
        entries.push(Entry { id: format!("{space}:{name}"), time_ms, path, title, text });
    }
    let feed = Feed {
        id: format!("{space}:{name}"),
        title: format!("{title} of {}", genesis.chain_id.as_str()),
        author: genesis.chain_id.to_string(),
        path: path.to_owned(),
        time_ms: entries.first().map_or(genesis.time_ms, |entry| entry.time_ms),
        entries,
    };
    let mut response = feed.to_string().into_response();
    let headers = response.headers_mut();
    let media = HeaderValue::from_static("application/atom+xml; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, media);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(response)
}
