//! How the node stands, and what its chain is.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use probity_api::view::{PARAMS_SCHEMA, PeersView, ReadyView, StatusView};
use probity_runtime::genesis::GENESIS_SCHEMA;

use super::App;
use crate::answer;

pub(super) async fn status(State(app): State<App>) -> Response {
    let chain = app.chain();
    let (identity, tip, health) = (chain.identity(), chain.tip(), app.backend.health());
    let view = StatusView {
        chain_id: identity.chain_id.clone(),
        genesis_hash: identity.genesis_hash,
        network: identity.network,
        height: tip.height,
        block_time_ms: tip.time_ms,
        head_hash: chain.tip_hash(),
        state_root: tip.state_root,
        validators: u32::try_from(chain.validators().len()).unwrap_or(u32::MAX),
        peers: health.peers,
        syncing: health.syncing,
    };
    answer::one(&chain, view)
}

pub(super) async fn genesis(State(app): State<App>) -> Response {
    answer::document(&app.chain(), GENESIS_SCHEMA, app.backend.genesis())
}

pub(super) async fn params(State(app): State<App>) -> Response {
    let chain = app.chain();
    answer::document(&chain, PARAMS_SCHEMA, chain.ledger().params.get())
}

/// Whom the node is connected to. Addresses are left out: they are the peers' own matter.
pub(super) async fn peers(State(app): State<App>) -> Response {
    answer::one(&app.chain(), PeersView { peers: app.backend.peers() })
}

/// The process runs.
pub(super) async fn live() -> &'static str {
    "ok\n"
}

/// The node keeps up with its peers.
pub(super) async fn ready(State(app): State<App>) -> Response {
    let health = app.backend.health();
    let mut reasons = Vec::new();
    if health.syncing {
        reasons.push(format!("height {} is behind the peers", app.chain().height()));
    }
    let ready = reasons.is_empty();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(ReadyView { ready, reasons })).into_response()
}
