//! `probity node`: a node from its home.

use probity_node::consensus::safety::Halt;
use probity_node::ports::tcp;
use probity_node::{Node, NodeConfig, StartError, Wait};

use crate::cli::{Global, NodeVerb};
use crate::commands::{block_on, snapshot, sync, told_to_end};
use crate::exit::{Code, Failure};
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
        vigil: Wait::blocks(settings.consensus.listen_heights, settings.consensus.block_time()),
        mempool: settings.mempool.limits(),
        snapshots: settings.snapshots.config(),
        network: settings.network.limits(),
        ..NodeConfig::loopback(name, home.place.data.clone(), home.genesis.clone())
    })
}

async fn start(global: &Global, home: &Home) -> Result<(), Failure> {
    let config = config(global, home)?;
    let node = Node::start(config).await.map_err(refused)?;
    if let Some(api) = node.api_address() {
        output::say(global, &format!("the API listens on http://{api}"));
    }
    let ended = tokio::select! {
        told = told_to_end() => told,
        halt = node.halted() => Err(halted(&halt)),
    };
    node.shutdown().await;
    ended
}

fn refused(error: StartError) -> Failure {
    let code = if error.is_refusal() { Code::Unsafe } else { Code::Other };
    Failure::new(code, format_args!("the node does not start: {error}"))
}

/// Why the node has to end: its key must not be used here.
fn halted(halt: &Halt) -> Failure {
    let hint = match halt {
        Halt::Elsewhere { .. } => {
            "stop the other process; or move its marks here with `probity protection`"
        }
        Halt::Punished { .. } => {
            "find out why first; `probity protection resume` lets the node run again"
        }
    };
    Failure::new(Code::Unsafe, format_args!("the node stops signing: {halt}")).hint(hint)
}
