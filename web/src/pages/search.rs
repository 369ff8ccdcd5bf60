//! Search: by identifier, by number, by name.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use probity_api::Code;
use probity_primitives::{Address, TxHash};
use probity_runtime::query;
use serde::Deserialize;

use super::artifacts::kind;
use super::frame::{Frame, page};
use super::names::Name;
use crate::error::ApiError;
use crate::extract::Args;
use crate::routes::App;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchArgs {
    #[serde(default)]
    q: String,
}

#[derive(Template)]
#[template(path = "search.html")]
struct Search {
    frame: Frame,
    asked: String,
    found: Vec<(&'static str, String, Name)>,
    more: bool,
}

/// The most things that a search finds.
const MAX_FOUND: usize = 50;

/// The longest text that is searched for.
const MAX_ASKED: usize = 128;

pub(crate) async fn search(
    State(app): State<App>,
    Args(SearchArgs { q }): Args<SearchArgs>,
) -> Result<Response, ApiError> {
    let asked = q.trim();
    if asked.len() > MAX_ASKED {
        let detail = format!("a search of {} bytes is longer than {MAX_ASKED}", asked.len());
        return Err(ApiError::new(Code::BadParameter, detail));
    }
    let frame = Frame::new(&app, "").await?.named("Search", "/status");
    let mut found = exact(&app, &frame, asked).await?;
    if !asked.is_empty() {
        found.extend(by_name(&frame, asked));
    }
    let more = found.len() > MAX_FOUND;
    found.truncate(MAX_FOUND);
    page(&Search { asked: asked.to_owned(), found, more, frame })
}

/// What an identifier or a number stands for.
async fn exact(
    app: &App,
    frame: &Frame,
    asked: &str,
) -> Result<Vec<(&'static str, String, Name)>, ApiError> {
    let chain = &frame.chain;
    let (ledger, dao) = (chain.ledger(), chain.dao());
    let mut found = Vec::new();
    let mut add = |kind: &'static str, href: String, name: &str| {
        found.push((kind, href, Name::of(name)));
    };
    if let Ok(number) = asked.parse::<u64>() {
        if number <= chain.height().0 {
            add("Block", format!("/blocks/{number}"), asked);
        }
        if let Some(known) = dao.referenda.get(&probity_dao::ReferendumId(number)) {
            add("Referendum", format!("/gov/{number}"), &known.title);
        }
        if ledger.disputes.contains(&number) {
            add("Dispute", format!("/disputes/{number}"), asked);
        }
    }
    if let Ok(address) = asked.parse::<Address>() {
        add("Account", format!("/accounts/{address}"), asked);
    }
    if let Ok(id) = asked.parse::<probity_primitives::OperatorId>()
        && let Some(known) = ledger.operators.get(&id)
    {
        add("Operator", format!("/validators/{id}"), &known.name);
    }
    if let Ok(id) = asked.parse::<probity_primitives::ArtifactId>()
        && let Some(known) = ledger.artifacts.get(&id)
    {
        let kind = kind(known.manifest.kind);
        add(kind.name, format!("{}/{id}", kind.room), &known.manifest.name);
    }
    if let Ok(id) = asked.parse::<probity_primitives::TaskId>()
        && ledger.tasks.contains(&id)
    {
        add("Result", format!("/results/{id}"), asked);
    }
    if let Ok(hash) = asked.parse::<TxHash>()
        && app.backend.receipt(&hash).await?.is_some()
    {
        add("Transaction", format!("/txs/{hash}"), asked);
    }
    Ok(found)
}

/// What is called something like it.
fn by_name(frame: &Frame, asked: &str) -> Vec<(&'static str, String, Name)> {
    let ledger = frame.chain.ledger();
    let asked = asked.to_lowercase();
    let like = |name: &str| name.to_lowercase().contains(&asked);
    let artifacts = ledger.artifacts.iter().take(query::MAX_SCAN);
    let artifacts = artifacts.filter(|(_, known)| like(&known.manifest.name)).map(|(id, known)| {
        let of = kind(known.manifest.kind);
        (of.name, format!("{}/{id}", of.room), Name::of(&known.manifest.name))
    });
    let operators = ledger.operators.iter().take(query::MAX_SCAN);
    let operators = operators
        .filter(|(_, known)| like(&known.name))
        .map(|(id, known)| ("Operator", format!("/validators/{id}"), Name::of(&known.name)));
    let referenda = frame.chain.dao().referenda.iter().rev().take(query::MAX_SCAN);
    let referenda = referenda
        .filter(|(_, known)| like(&known.title))
        .map(|(id, known)| ("Referendum", format!("/gov/{id}"), Name::of(&known.title)));
    artifacts.chain(operators).chain(referenda).take(MAX_FOUND.saturating_add(1)).collect()
}
