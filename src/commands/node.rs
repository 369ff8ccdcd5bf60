//! `probity node`: a node from its home.

use probity_node::ports::tcp;
use probity_node::{Node, NodeConfig};

use crate::cli::{Global, NodeVerb};
use crate::commands::{block_on, snapshot, sync, told_to_end};
use crate::exit::{Code, Failure, OrFail};
use crate::home::Home;
use crate::home::settings::PeerAddress;
use crate::output;

pub(crate) fn run(global: &Global, verb: NodeVerb) -> Result<(), Failure> {
    match verb {
        NodeVerb::Start { changes } => {
            let home = Home::open(global, &changes.set)?;
            block_on(start(global, &home))
        }
        NodeVerb::Snapshot(verb) => snapshot::run(global, verb),
        NodeVerb::Sync(arguments) => sync::run(global, &arguments),
    }
}

/// What a home says, as the node wants it.
pub(crate) fn config(global: &Global, home: &Home) -> Result<NodeConfig, Failure> {
    let settings = &home.settings;
    let addresses = |peers: &[PeerAddress]| peers.iter().map(|peer| peer.0.clone()).collect();
    let name = settings.node.moniker.clone();
    Ok(NodeConfig {
        operator: home.keys(global)?,
        store: settings.store.kind,
        consensus_listen: tcp(settings.consensus.listen),
        consensus_peers: addresses(&settings.consensus.peers),
        network_listen: vec![tcp(settings.network.listen)],
        network_peers: addresses(&settings.network.peers),
        api: Some(settings.api.listen),
        block_time: settings.consensus.block_time(),
        mempool: settings.mempool.limits(),
        snapshots: settings.snapshots.config(),
        network: settings.network.limits(),
        ..NodeConfig::loopback(name, home.place.data.clone(), home.genesis.clone())
    })
}

async fn start(global: &Global, home: &Home) -> Result<(), Failure> {
    let config = config(global, home)?;
    let node = Node::start(config).await.or_fail(Code::Other, "the node does not start")?;
    if let Some(api) = node.api_address() {
        output::say(global, &format!("the API listens on http://{api}"));
    }
    told_to_end().await?;
    node.shutdown().await;
    Ok(())
}
