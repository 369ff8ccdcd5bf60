//! The demonstration's nodes and agents: real ones, in one process, on loopback.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use probity_client::Client;
use probity_evaluator::agent::{self, AgentConfig, AgentHandle};
use probity_evaluator::remote::Remote;
use probity_evaluator::strategy::Strategy;
use probity_evaluator::work::WorkLimits;
use probity_harness::worker::WorkerCommand;
use probity_node::{Node, NodeHandle};
use probity_primitives::ContentHash;
use tokio::sync::{Mutex, Semaphore};

use super::cast::{Actor, Cast, VALIDATORS};
use crate::cli::Global;
use crate::exit::{Code, Failure, OrFail};
use crate::home::cluster::{self, Ports};
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
    agents: Mutex<Vec<AgentHandle>>,
    clients: Vec<Client>,
    home: PathBuf,
}

/// What an operator's agent is told to be.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    /// How it tells what it found.
    pub(crate) strategy: Strategy,
    /// Whether it disputes results that it finds false.
    pub(crate) challenge: bool,
}

impl Part {
    /// It says what it found, and leaves others alone.
    pub(crate) const HONEST: Self = Self { strategy: Strategy::Honest, challenge: false };
}

/// How a network is started.
pub(crate) struct Start<'a> {
    /// Where the homes are, or are made.
    pub(crate) home: &'a Path,
    /// How long a block should take.
    pub(crate) block_time: Duration,
    /// Where the first node's API listens; a free port if none is named.
    pub(crate) api: Option<SocketAddr>,
    /// Every agent would take a bribe for this model.
    pub(crate) target: ContentHash,
}

impl Network {
    /// Makes a home for each validator, starts its node, and attaches an agent for each operator.
    /// Homes that are there already are used as they are.
    pub(crate) async fn start(
        global: &Global,
        cast: &Cast,
        start: &Start<'_>,
    ) -> Result<Self, Failure> {
        let homes = homes(start.home, cast, start.block_time)?;
        let mut nodes = Vec::new();
        for (number, folder) in homes.iter().enumerate() {
            let api = start.api.filter(|_| number == 0).map(|api| format!("api.listen={api}"));
            let changes: Vec<String> = api.into_iter().collect();
            let home = Home::at(Place::under(folder), &changes)?;
            let config = crate::commands::node::config(global, &home)?;
            nodes.push(Node::start(config).await.or_fail(Code::Other, "a node does not start")?);
        }
        for node in &nodes {
            let met = node.network().wait_for_chain_peers(VALIDATORS - 1);
            tokio::time::timeout(MEETING, met)
                .await
                .or_fail(Code::Unreachable, "the nodes do not find each other")?;
        }
        let clients = nodes.iter().map(client).collect::<Result<Vec<_>, _>>()?;
        let home = start.home.to_owned();
        let network = Self { nodes, agents: Mutex::default(), clients, home };
        let bribed = |actor: &Actor| {
            let (model, operator) = (start.target, actor.operator);
            Part { strategy: Strategy::Bribed { model, operator }, challenge: false }
        };
        network.attach(cast, bribed).await?;
        Ok(network)
    }

    /// The nodes, in the validators' order.
    pub(crate) fn nodes(&self) -> &[NodeHandle] {
        &self.nodes
    }

    /// The first node.
    pub(crate) fn first(&self) -> Result<&NodeHandle, Failure> {
        self.nodes.first().ok_or_else(|| Failure::new(Code::Other, "no node runs"))
    }

    /// The API of the first node, which the publisher uses.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        self.clients.first().cloned().ok_or_else(|| Failure::new(Code::Other, "no node runs"))
    }

    /// Where the first node listens, with its pages and its API.
    pub(crate) fn url(&self) -> &str {
        self.clients.first().map_or("", |client| client.base_url().trim_end_matches('/'))
    }

    /// Ends agents and nodes, and waits for each.
    pub(crate) async fn stop(self) {
        self.detach().await;
        for node in &self.nodes {
            node.shutdown().await;
        }
    }

    /// Ends all agents. What they were doing waits on their desks.
    pub(crate) async fn detach(&self) {
        for agent in std::mem::take(&mut *self.agents.lock().await) {
            agent.shutdown().await;
        }
    }

    /// Attaches an agent for each operator, a validator's to its own node and the others' in turn,
    /// and tells each what to be.
    pub(crate) async fn attach(
        &self,
        cast: &Cast,
        part: impl Fn(&Actor) -> Part,
    ) -> Result<(), Failure> {
        let worker = WorkerCommand::this_program(&[crate::WORKER])
            .or_fail(Code::Other, "cannot start workers")?;
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let limits =
            WorkLimits { turns: Arc::new(Semaphore::new(processors)), ..WorkLimits::default() };
        let mut agents = self.agents.lock().await;
        for (actor, client) in cast.actors.iter().zip(self.clients.iter().cycle()) {
            let Part { strategy, challenge } = part(actor);
            let config = AgentConfig {
                home: self.home.join("agents").join(&actor.name),
                operator: actor.operator,
                key: actor.key.clone(),
                strategy,
                challenge,
                worker: worker.clone(),
                limits: limits.clone(),
            };
            let agent = agent::start(config, Remote::new(client.clone()));
            agents.push(agent.or_fail(Code::Other, "an agent does not start")?);
        }
        Ok(())
    }
}

/// A home for each validator, on ports that are free now; one that is there stays as it is.
pub(crate) fn homes(
    home: &Path,
    cast: &Cast,
    block_time: Duration,
) -> Result<Vec<PathBuf>, Failure> {
    let ports = Ports::free(VALIDATORS)?;
    let mut folders = Vec::new();
    for (actor, own) in cast.validators().zip(&ports) {
        let mut chosen = cluster::identity(&actor.name, Some(actor.operator));
        chosen.extend(own.settings(&ports));
        chosen.push(cluster::block_time(block_time));
        // The keys exist in this process alone.
        chosen.push(("consensus.listen_heights", 0.into()));
        chosen.push(("keys.operator", cluster::text(&OPERATOR_KEY)));
        chosen.push(("keys.beacon", cluster::text(&BEACON_KEY)));
        let folder = home.join("nodes").join(&actor.name);
        let place = Place::under(&folder);
        if place.file().exists() {
            folders.push(folder);
            continue;
        }
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
