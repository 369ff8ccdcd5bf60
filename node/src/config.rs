//! What a node is told at its start: plain data, read from nowhere.
//!
//! # Not here
//! Files, environment and command line: whoever starts the node reads those.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use libp2p::Multiaddr;
use probity_runtime::Genesis;
use probity_runtime::upgrade::Rules;
use probity_web::ApiLimits;

use crate::mempool;
use crate::network;
use crate::node::{Clock, now_ms};
use crate::replica::OperatorKeys;
use crate::replica::prune::Keep;
use crate::snapshot::SnapshotConfig;
use crate::store::StoreKind;
use crate::vigil::Wait;

/// What a node is told at its start.
#[derive(Debug, Clone)]
pub struct NodeConfig {
    /// The node's name in logs and metrics; two nodes of one process need different ones.
    pub name: String,
    /// The directory for everything that the node keeps.
    pub home: PathBuf,
    /// The genesis document.
    pub genesis: Genesis,
    /// The versions of the rules that the node follows.
    pub rules: Rules,
    /// The keys of an operator that decides blocks; a node without them follows.
    pub operator: Option<OperatorKeys>,
    /// What keeps the chain.
    pub store: StoreKind,
    /// How many blocks it keeps.
    pub keep: Keep,
    /// Where the engine listens; for port 0 a free one is taken.
    pub consensus_listen: Multiaddr,
    /// The other engines; more can be added later.
    pub consensus_peers: Vec<Multiaddr>,
    /// Where the node's own network listens.
    pub network_listen: Vec<Multiaddr>,
    /// The other nodes; more can be added later.
    pub network_peers: Vec<Multiaddr>,
    /// Where the HTTP API listens, if it is wanted.
    pub api: Option<SocketAddr>,
    /// What the API's clients may ask for.
    pub api_limits: ApiLimits,
    /// Where metrics are served, if they are wanted.
    pub metrics: Option<SocketAddr>,
    /// How long a height should take.
    pub block_time: Duration,
    /// The clock that blocks are made and judged by, in milliseconds since 1970.
    pub clock: Clock,
    /// For how long the node listens for its operator's key before it signs with it.
    pub vigil: Wait,
    /// What the operator signs twice: this node is a liar of a test then.
    #[cfg(test)]
    pub(crate) twice: crate::consensus::byzantine::Twice,
    /// How many transactions may wait.
    pub mempool: mempool::Limits,
    /// The limits of the node's own network.
    pub network: network::Limits,
    /// How the node's own network is reached.
    pub nat: network::Nat,
    /// When snapshots of the state are made, and whether others may have them.
    pub snapshots: SnapshotConfig,
}

impl NodeConfig {
    /// A node on loopback, on ports that the system chooses, with its data in `home`.
    #[must_use]
    pub fn loopback(name: impl Into<String>, home: PathBuf, genesis: Genesis) -> Self {
        let any = || crate::ports::loopback_tcp(0);
        Self {
            name: name.into(),
            home,
            genesis,
            rules: Rules::CURRENT,
            operator: None,
            store: StoreKind::default(),
            keep: Keep::default(),
            consensus_listen: any(),
            consensus_peers: Vec::new(),
            network_listen: vec![any()],
            network_peers: Vec::new(),
            api: None,
            api_limits: ApiLimits::default(),
            metrics: None,
            block_time: Duration::from_secs(1),
            clock: now_ms,
            vigil: Wait::NONE,
            #[cfg(test)]
            twice: crate::consensus::byzantine::Twice::default(),
            mempool: mempool::Limits::default(),
            network: network::Limits::default(),
            nat: network::Nat::default(),
            snapshots: SnapshotConfig::default(),
        }
    }
}
