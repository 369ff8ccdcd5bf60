//! Referenda, positions, locks, delegations, and previews of actions.
//!
//! Everything is read at the newest height, or at one that was answered from not long ago (`at`).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use probity_api::Code;
use probity_api::view::{GOVERNANCE_SCHEMA, PreviewRequest};
use probity_dao::{ReferendumId, StageName, Track};
use probity_primitives::{Address, Height};
use probity_runtime::Chain;
use probity_runtime::query::{self, DelegationKey, ReferendumFilter};
use serde::Deserialize;

use super::App;
use crate::answer;
use crate::error::ApiError;
use crate::extract::{Args, Id, cursor, page_limit};

/// The longest action as JSON: sixteen changes with the longest values, and room.
const MAX_BODY_BYTES: usize = 64 << 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pin {
    pub(super) at: Option<Height>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReferendumArgs {
    track: Option<Track>,
    stage: Option<StageName>,
    #[serde(default)]
    open: bool,
    at: Option<Height>,
    limit: Option<usize>,
    cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DelegationArgs {
    track: Option<Track>,
    to: Option<Address>,
    at: Option<Height>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// That there is no such referendum.
pub(super) fn unknown(id: ReferendumId) -> ApiError {
    ApiError::new(Code::ReferendumNotFound, format!("no referendum {id}"))
}

pub(super) async fn params(
    State(app): State<App>,
    Args(Pin { at }): Args<Pin>,
) -> Result<Response, ApiError> {
    let chain = app.at(at)?;
    Ok(answer::document(&chain, GOVERNANCE_SCHEMA, chain.dao().params.get()))
}

pub(super) async fn referenda(
    State(app): State<App>,
    Args(args): Args<ReferendumArgs>,
) -> Result<Response, ApiError> {
    let ReferendumArgs { track, stage, open, at, limit, cursor: after } = args;
    let (after, limit) = (cursor(after.as_deref())?, page_limit(limit)?);
    let chain = app.at(at)?;
    let filter = ReferendumFilter { track, stage, open };
    let page = query::referenda(chain.state(), filter, after, limit, chain.height());
    Ok(answer::list(&chain, page))
}

pub(super) async fn referendum(
    State(app): State<App>,
    Id(id): Id<ReferendumId>,
    Args(Pin { at }): Args<Pin>,
) -> Result<Response, ApiError> {
    let chain = app.at(at)?;
    let view = query::referendum(chain.state(), id, chain.height());
    Ok(answer::one(&chain, view.ok_or_else(|| unknown(id))?))
}

pub(super) async fn position(
    State(app): State<App>,
    Path((id, account)): Path<(String, String)>,
    Args(Pin { at }): Args<Pin>,
) -> Result<Response, ApiError> {
    let refuse = |reason: String| ApiError::new(Code::MalformedId, reason);
    let id: ReferendumId =
        id.parse().map_err(|_| refuse(format!("{id:?} is not a referendum's number")))?;
    let account: Address = account.parse().map_err(|error| refuse(format!("{error}")))?;
    let chain = app.at(at)?;
    let view = query::position(chain.state(), id, account);
    Ok(answer::one(&chain, view.ok_or_else(|| unknown(id))?))
}

pub(super) async fn voter(
    State(app): State<App>,
    Id(account): Id<Address>,
    Args(Pin { at }): Args<Pin>,
) -> Result<Response, ApiError> {
    let chain = app.at(at)?;
    Ok(answer::one(&chain, query::voter(chain.state(), account, chain.height())))
}

pub(super) async fn delegations(
    State(app): State<App>,
    Args(args): Args<DelegationArgs>,
) -> Result<Response, ApiError> {
    let DelegationArgs { track, to, at, limit, cursor: after } = args;
    let (after, limit) = (cursor::<DelegationKey>(after.as_deref())?, page_limit(limit)?);
    let chain = app.at(at)?;
    Ok(answer::list(&chain, query::delegations(chain.state(), track, to, after, limit)))
}

/// What an action would do in the next block, on a copy of the state.
pub(super) async fn preview(
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media = media.and_then(|value| value.split(';').next()).map(str::trim).unwrap_or_default();
    if !media.eq_ignore_ascii_case("application/json") {
        let detail = format!("{media:?} is not application/json");
        return Err(ApiError::new(Code::UnsupportedMediaType, detail));
    }
    let bytes = axum::body::to_bytes(body, MAX_BODY_BYTES).await.map_err(|error| {
        let detail = format!("the body cannot be read within {MAX_BODY_BYTES} bytes: {error}");
        ApiError::new(Code::BodyTooLarge, detail)
    })?;
    let PreviewRequest { track, proposer, action } = serde_json::from_slice(&bytes)
        .map_err(|error| ApiError::new(Code::MalformedBody, error.to_string()))?;
    let chain = app.chain();
    let proposer = proposer.or_else(|| somebody(&chain)).ok_or_else(|| {
        ApiError::new(Code::BadParameter, "no proposer is named and the network has nobody")
    })?;
    Ok(answer::one(&chain, query::preview(&chain, track, proposer, &action)))
}

/// An account of the network: it stands for whoever might propose.
fn somebody(chain: &Arc<Chain>) -> Option<Address> {
    chain.ledger().accounts.iter().next().map(|(account, _)| *account)
}
