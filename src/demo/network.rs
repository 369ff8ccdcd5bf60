//! The demonstration's nodes and agents: real ones, in one process, on loopback.

use std::fmt::Display;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use probity_client::Client;
use probity_evaluator::agent::{self, AgentConfig, AgentHandle};
use probity_evaluator::remote::Remote;
use probity_evaluator::strategy::Strategy;
use probity_evaluator::work::WorkLimits;
use probity_harness::worker::WorkerCommand;
use probity_node::ports::reserve_loopback;
use probity_node::{Node, NodeHandle};
use probity_primitives::ContentHash;
use tokio::sync::Semaphore;

use super::cast::{Cast, VALIDATORS};
use crate::cli::Global;
use crate::exit::{Code, Failure, OrFail};
use crate::home::{self, Home, Place};
use crate::keyfile;

/// The validators' key files: raw seeds, since everyone knows them.
const OPERATOR_KEY: &str = "operator.key";
const BEACON_KEY: &str = "beacon.key";
/// How long all nodes may take to find each other.
const MEETING: Duration = Duration::from_secs(30);

/// Everything that runs.
pub(crate) struct Network {
    nodes: Vec<NodeHandle>,
    agents: Vec<AgentHandle>,
    clients: Vec<Client>,
}

impl Network {
    /// Makes a home for each validator, starts its node, and attaches an agent for each operator.
    /// Every agent would take a bribe for the model `target`.
    pub(crate) async fn start(
        global: &Global,
        home: &Path,
        cast: &Cast,
        target: ContentHash,
        block_time: Duration,
    ) -> Result<Self, Failure> {
        let homes = homes(home, cast, block_time)?;
        let mut nodes = Vec::new();
        for folder in &homes {
            let config =
                crate::commands::node::config(global, &Home::at(Place::under(folder), &[])?)?;
            nodes.push(Node::start(config).await.or_fail(Code::Other, "a node does not start")?);
        }
        for node in &nodes {
            let met = node.network().wait_for_chain_peers(VALIDATORS - 1);
            tokio::time::timeout(MEETING, met)
                .await
                .or_fail(Code::Unreachable, "the nodes do not find each other")?;
        }
        let clients = nodes.iter().map(client).collect::<Result<Vec<_>, _>>()?;
        let mut network = Self { nodes, agents: Vec::new(), clients };
        network.attach(home, cast, target)?;
        Ok(network)
    }

    /// The nodes, in the validators' order.
    pub(crate) fn nodes(&self) -> &[NodeHandle] {
        &self.nodes
    }

    /// The API of the first node, which the publisher uses.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        self.clients.first().cloned().ok_or_else(|| Failure::new(Code::Other, "no node runs"))
    }

    /// Where the APIs listen.
    pub(crate) fn urls(&self) -> impl Iterator<Item = &str> {
        self.clients.iter().map(|client| client.base_url().trim_end_matches('/'))
    }

    /// Ends agents and nodes, and waits for each.
    pub(crate) async fn stop(self) {
        for agent in self.agents {
            agent.shutdown().await;
        }
        for node in &self.nodes {
            node.shutdown().await;
        }
    }

    /// Attaches an agent for each operator: a validator's to its own node, the others' in turn.
    fn attach(&mut self, home: &Path, cast: &Cast, target: ContentHash) -> Result<(), Failure> {
        let worker = WorkerCommand::this_program(&[crate::WORKER])
            .or_fail(Code::Other, "cannot start workers")?;
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let limits =
            WorkLimits { turns: Arc::new(Semaphore::new(processors)), ..WorkLimits::default() };
        for (actor, client) in cast.actors.iter().zip(self.clients.iter().cycle()) {
            let config = AgentConfig {
                home: home.join("agents").join(&actor.name),
                operator: actor.operator,
                key: actor.key.clone(),
                strategy: Strategy::Bribed { model: target, operator: actor.operator },
                worker: worker.clone(),
                limits: limits.clone(),
            };
            let agent = agent::start(config, Remote::new(client.clone()));
            self.agents.push(agent.or_fail(Code::Other, "an agent does not start")?);
        }
        Ok(())
    }
}

/// A home for each validator, on ports that are free now.
pub(crate) fn homes(
    home: &Path,
    cast: &Cast,
    block_time: Duration,
) -> Result<Vec<PathBuf>, Failure> {
    let ports = reserve_loopback(VALIDATORS * 3).or_fail(Code::Other, "no free ports")?;
    let address = |port: &u16| SocketAddr::from((Ipv4Addr::LOCALHOST, *port));
    let ports: Vec<[SocketAddr; 3]> = ports
        .chunks_exact(3)
        .filter_map(|ports| ports.iter().map(address).collect::<Vec<_>>().try_into().ok())
        .collect();
    let mut folders = Vec::new();
    for (actor, [api, consensus, gossip]) in cast.validators().zip(&ports) {
        let others = || ports.iter().filter(|[other, ..]| other != api);
        let text = |text: &dyn Display| toml::Value::String(text.to_string());
        let block_time = i64::try_from(block_time.as_millis()).unwrap_or(i64::MAX);
        let chosen = [
            ("node.moniker", text(&actor.name)),
            ("node.operator", text(&actor.operator)),
            ("api.listen", text(api)),
            ("consensus.listen", text(consensus)),
            ("consensus.peers", toml::Value::Array(others().map(|[_, peer, _]| text(peer)).collect())),
            ("consensus.block_time_ms", block_time.into()),
            ("consensus.listen_heights", 0.into()),
            ("network.listen", text(gossip)),
            ("network.peers", toml::Value::Array(others().map(|[_, _, peer]| text(peer)).collect())),
            ("keys.operator", text(&OPERATOR_KEY)),
            ("keys.beacon", text(&BEACON_KEY)),
        ];
        let folder = home.join("nodes").join(&actor.name);
        let place = Place::under(&folder);
        home::create(&place, &chosen, &cast.genesis)?;
        keyfile::write(&place.keys.join(OPERATOR_KEY), &actor.key.seed())?;
        keyfile::write(&place.keys.join(BEACON_KEY), &actor.beacon_seed)?;
        folders.push(folder);
    }
    Ok(folders)
}

fn client(node: &NodeHandle) -> Result<Client, Failure> {
    let api = node.api_address().ok_or_else(|| Failure::new(Code::Other, "a node has no API"))?;
    Client::new(&format!("http://{api}")).or_fail(Code::Other, "cannot ask a node")
}
