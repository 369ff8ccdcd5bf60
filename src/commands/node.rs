//! `probity node`: a node from its home.
//!
//! # Reading order
//! [`start`] runs it; [`status`] and [`doctor`] look at it; [`export`] and [`reset`] are for a
//! stopped one.

mod doctor;
mod export;
mod reset;
mod start;
mod status;

use probity_node::ports::tcp;
use probity_node::{NodeConfig, Wait};
use probity_runtime::upgrade::Rules;

use crate::cli::{Global, NodeVerb};
use crate::commands::{block_on, snapshot, sync};
use crate::exit::{Code, Failure, OrFail};
use crate::home::Home;
use crate::home::settings::PeerAddress;

pub(crate) fn run(global: &Global, verb: NodeVerb) -> Result<(), Failure> {
    match verb {
        NodeVerb::Start { changes } => {
            let home = Home::open(global, &changes.set)?;
            block_on(start::start(global, &home))
        }
        NodeVerb::Status => block_on(status::status(global)),
        NodeVerb::Peers => block_on(status::peers(global)),
        NodeVerb::Doctor => block_on(doctor::doctor(global)),
        NodeVerb::Export { out, chain_id } => export::export(global, &out, &chain_id),
        NodeVerb::Reset => reset::reset(global),
        NodeVerb::Snapshot(verb) => snapshot::run(global, verb),
        NodeVerb::Sync(arguments) => sync::run(global, &arguments),
    }
}

/// What a home says, as the node wants it.
pub(crate) fn config(global: &Global, home: &Home) -> Result<NodeConfig, Failure> {
    let settings = &home.settings;
    let addresses = |peers: &[PeerAddress]| peers.iter().map(|peer| peer.0.clone()).collect();
    let name = settings.node.moniker.clone();
    let (network, nat) =
        settings.network.resolve().or_fail(Code::Config, "cannot use the settings")?;
    Ok(NodeConfig {
        operator: home.keys(global)?,
        store: settings.store.kind,
        keep: settings.store.keep().or_fail(Code::Config, "cannot use the settings")?,
        consensus_listen: tcp(settings.consensus.listen),
        consensus_peers: addresses(&settings.consensus.peers),
        network_listen: vec![tcp(settings.network.listen)],
        network_peers: addresses(&settings.network.peers),
        api: Some(settings.api.listen),
        api_limits: settings.api.limits(),
        metrics: settings.metrics.listen,
        block_time: settings.consensus.block_time(),
        vigil: Wait::blocks(settings.consensus.listen_heights, settings.consensus.block_time()),
        rules: Rules::CURRENT.up_to(settings.consensus.max_version),
        mempool: settings.mempool.limits(),
        snapshots: settings.snapshots.config(),
        network,
        nat,
        ..NodeConfig::loopback(name, home.place.data.clone(), home.genesis.clone())
    })
}
