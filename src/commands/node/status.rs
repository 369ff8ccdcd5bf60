//! `probity node status` and `probity node peers`: what a running node says of itself.

use probity_api::view::StatusView;
use probity_client::Client;
use probity_primitives::OperatorId;
use serde::Serialize;

use crate::cli::Global;
use crate::exit::{Code, Failure, OrFail};
use crate::home::{self, Layers, Place, Settings};
use crate::output::{self, Table};
use crate::wallet::failed;

/// How many blocks are looked through for a validator's votes.
pub(super) const VOTES: u64 = 10;

/// How a node stands.
#[derive(Debug, Serialize)]
struct Status {
    schema: &'static str,
    node: String,
    #[serde(flatten)]
    view: StatusView,
    epoch: u64,
    /// The settings of the home, if one is named: they never leave this machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    settings: Option<Settings>,
}

/// Shows how a node stands.
pub(super) async fn status(global: &Global) -> Result<(), Failure> {
    let (url, client) = client(global)?;
    let view = client.status().await.map_err(failed)?.data;
    let blocks = client.params().await.map_err(failed)?.data.staking.epoch_blocks;
    let epoch = view.height.0.checked_div(blocks).unwrap_or_default();
    let settings = match &global.home {
        Some(folder) => Some(Layers::read_if_there(&Place::under(folder), &[])?.settings()?),
        None => None,
    };
    let status = Status { schema: "probity.node-status/v1", node: url, view, epoch, settings };
    output::show(global.output, &status, Status::text)
}

/// Shows whom a node is connected to.
pub(super) async fn peers(global: &Global) -> Result<(), Failure> {
    let (_, client) = client(global)?;
    let answer = client.peers().await.map_err(failed)?;
    output::show(global.output, &answer, |answer| {
        let mut table = Table::new(&["peer", "operator", "called by", "program"]);
        for peer in &answer.data.peers {
            let operator = peer.operator.map(|operator| operator.to_string());
            let side = if peer.outgoing { "us" } else { "it" };
            table.row(vec![
                peer.peer.clone(),
                operator.unwrap_or_else(|| "-".to_owned()),
                if peer.relayed { format!("{side}, relayed") } else { side.to_owned() },
                peer.agent.clone(),
            ]);
        }
        table.text()
    })
}

/// The node that the flags name.
pub(super) fn client(global: &Global) -> Result<(String, Client), Failure> {
    let url = home::node_url(global, None)?;
    let client = Client::new(&url).or_fail(Code::Usage, "--node")?;
    Ok((url, client))
}

/// In how many of the newest blocks an operator's vote stands, and how many were looked at.
pub(super) async fn votes(client: &Client, operator: OperatorId) -> Result<(u64, u64), Failure> {
    let tip = client.status().await.map_err(failed)?.data.height;
    let (mut voted, mut seen) = (0, 0);
    for height in tip.0.saturating_sub(VOTES.saturating_sub(1)).max(1)..=tip.0 {
        let block = client.block(probity_primitives::Height(height)).await.map_err(failed)?;
        let Some(certificate) = block.data.certificate else { continue };
        seen += 1;
        voted += u64::from(certificate.signatures.iter().any(|(voter, _)| *voter == operator));
    }
    Ok((voted, seen))
}

impl Status {
    fn text(&self) -> String {
        let Self { schema: _, node, view, epoch, settings } = self;
        let state = if view.syncing { "syncing" } else { "ready" };
        let mut table = Table::new(&["", ""]);
        let mut row = |name: &str, value: String| table.row(vec![name.to_owned(), value]);
        row("node", node.clone());
        row("chain", format!("{} ({})", view.chain_id, view.genesis_hash));
        row("height", view.height.to_string());
        row("epoch", epoch.to_string());
        row("validators", view.validators.to_string());
        row("peers", view.peers.to_string());
        row("state", state.to_owned());
        if let Some(settings) = settings {
            let operator = settings.node.operator.map(|operator| operator.to_string());
            row("operator", operator.unwrap_or_else(|| "none: it only follows".to_owned()));
            row("store", settings.store.kind.to_string());
        }
        table.text().trim_start_matches('\n').to_owned()
    }
}
