//! The network as this node sees it: the chain, the rules' version, the peers.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::frame::{Frame, page};
use super::names::Name;
use super::results::operator_name;
use super::words::{When, duration};
use crate::date;
use crate::error::ApiError;
use crate::routes::App;

#[derive(Template)]
#[template(path = "network.html")]
struct Network {
    frame: Frame,
    head: String,
    state_root: String,
    pace: String,
    epoch: u64,
    epoch_ends: When,
    version: u32,
    planned: Option<(u32, When)>,
    validators: usize,
    network: String,
    peers: Vec<Peer>,
}

struct Peer {
    name: Name,
    operator: Option<(String, Name)>,
    agent: Name,
    way: &'static str,
    since: String,
}

pub(crate) async fn network(State(app): State<App>) -> Result<Response, ApiError> {
    let frame = Frame::new(&app, "/blocks").await?.named("Network", "/peers");
    let ledger = frame.chain.ledger();
    let peers = app.backend.peers().into_iter().map(|peer| Peer {
        name: Name::of(&peer.peer),
        operator: peer.operator.map(|id| (id.to_string(), operator_name(ledger, &id))),
        agent: Name::of(&peer.agent),
        way: match (peer.outgoing, peer.relayed) {
            (_, true) => "through a relay",
            (true, false) => "called by this node",
            (false, false) => "called this node",
        },
        since: date::utc(peer.connected_since_ms),
    });
    let protocol = ledger.protocol.get();
    let length = ledger.params.get().staking.epoch_blocks;
    let height = frame.chain.height();
    let epoch = height.0.checked_div(length).unwrap_or_default();
    let ends = epoch.saturating_add(1).saturating_mul(length);
    page(&Network {
        head: frame.chain.tip_hash().to_string(),
        state_root: frame.chain.tip().state_root.to_string(),
        pace: duration(frame.clock.pace),
        epoch,
        epoch_ends: frame.clock.at(probity_primitives::Height(ends)),
        version: protocol.version_at(height),
        planned: protocol.planned.as_ref().map(|plan| (plan.version, frame.clock.at(plan.height))),
        validators: frame.chain.validators().len(),
        network: format!("{:?}", frame.chain.identity().network).to_lowercase(),
        peers: peers.collect(),
        frame,
    })
}
