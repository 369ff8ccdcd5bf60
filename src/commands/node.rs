//! `probity node`: a node from its home.

use std::path::Path;
use std::time::Duration;

use probity_node::ports::tcp;
use probity_node::{Node, NodeConfig};

use crate::cli::{Global, NodeVerb};
use crate::commands::{block_on, told_to_end};
use crate::exit::{Code, Failure, OrFail};
use crate::home::Home;
use crate::output;

pub(crate) fn run(global: &Global, verb: NodeVerb) -> Result<(), Failure> {
    let NodeVerb::Start { home } = verb;
    block_on(start(global, &home))
}

/// What a home says, as the node wants it.
pub(crate) fn config(home: &Home) -> Result<NodeConfig, Failure> {
    let file = &home.file;
    let data = home.folder.join("data");
    Ok(NodeConfig {
        operator: home.keys()?,
        store: home.store()?,
        consensus_listen: tcp(file.consensus),
        consensus_peers: file.peers.iter().map(|peer| tcp(peer.consensus)).collect(),
        network_listen: vec![tcp(file.gossip)],
        network_peers: file.peers.iter().map(|peer| tcp(peer.gossip)).collect(),
        api: Some(file.api),
        block_time: Duration::from_millis(file.block_time_ms),
        ..NodeConfig::loopback(file.moniker.clone(), data, home.genesis.clone())
    })
}

async fn start(global: &Global, folder: &Path) -> Result<(), Failure> {
    let config = config(&Home::open(folder)?)?;
    let node = Node::start(config).await.or_fail(Code::Other, "the node does not start")?;
    if let Some(api) = node.api_address() {
        output::say(global, &format!("the API listens on http://{api}"));
    }
    told_to_end().await?;
    node.shutdown().await;
    Ok(())
}
