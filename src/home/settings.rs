//! What the settings mean: one struct for each section of the configuration file.
//!
//! There are no defaults here; they stand in [`super::known`], beside the words that explain them.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use probity_node::network::{self, Multiaddr};
use probity_node::replica::KEPT_HEIGHTS;
use probity_node::replica::prune::Keep;
use probity_node::snapshot::SnapshotConfig;
use probity_node::store::StoreKind;
use probity_node::{mempool, ports};
use probity_primitives::OperatorId;
use probity_web::{ApiLimits, Capacity};
use serde::{Deserialize, Serialize};

use crate::output::LogFormat;

/// Every setting of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) node: NodeSection,
    pub(crate) api: ApiSection,
    pub(crate) metrics: MetricsSection,
    pub(crate) consensus: ConsensusSection,
    pub(crate) network: NetworkSection,
    pub(crate) store: StoreSection,
    pub(crate) snapshots: SnapshotsSection,
    pub(crate) keys: KeysSection,
    pub(crate) mempool: MempoolSection,
    pub(crate) log: LogSection,
    pub(crate) evaluator: EvaluatorSection,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NodeSection {
    pub(crate) moniker: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) operator: Option<OperatorId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApiSection {
    pub(crate) listen: SocketAddr,
    pub(crate) max_connections: NonZeroUsize,
    pub(crate) max_per_ip: NonZeroUsize,
    pub(crate) max_per_local_ip: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MetricsSection {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) listen: Option<SocketAddr>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsensusSection {
    pub(crate) listen: SocketAddr,
    pub(crate) peers: Vec<PeerAddress>,
    pub(crate) block_time_ms: u64,
    pub(crate) listen_heights: u64,
    pub(crate) max_version: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NetworkSection {
    pub(crate) listen: SocketAddr,
    pub(crate) peers: Vec<PeerAddress>,
    pub(crate) max_incoming: u32,
    pub(crate) max_outgoing: NonZeroU32,
    pub(crate) max_per_ip: u32,
    pub(crate) max_per_subnet: u32,
    pub(crate) outbound_target: u32,
    pub(crate) txs_per_second: u32,
    pub(crate) bytes_per_second: u32,
    pub(crate) ban_seconds: u32,
    pub(crate) reach: network::Reach,
    pub(crate) relay: bool,
    pub(crate) relays: Vec<String>,
    pub(crate) announce: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoreSection {
    pub(crate) kind: StoreKind,
    pub(crate) keep_blocks: u64,
    pub(crate) min_free_mib: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SnapshotsSection {
    pub(crate) every: u64,
    pub(crate) keep: NonZeroUsize,
    pub(crate) serve: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeysSection {
    pub(crate) operator: PathBuf,
    pub(crate) beacon: PathBuf,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) passphrase_file: Option<PathBuf>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MempoolSection {
    pub(crate) max_txs: NonZeroUsize,
    pub(crate) max_bytes: NonZeroUsize,
    pub(crate) max_per_sender: NonZeroUsize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogSection {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) filter: Option<String>,
    pub(crate) format: LogFormat,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EvaluatorSection {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) node: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) metrics: Option<SocketAddr>,
    pub(crate) workers: NonZeroUsize,
    pub(crate) challenge: bool,
}

impl StoreSection {
    /// How many blocks are kept; proofs of the same heights need as many.
    pub(crate) fn keep(&self) -> Result<Keep, String> {
        match self.keep_blocks {
            0 => Ok(Keep::All),
            blocks if blocks >= KEPT_HEIGHTS => Ok(Keep::Newest(blocks)),
            blocks => Err(format!("store.keep_blocks is {blocks}: 0, or at least {KEPT_HEIGHTS}")),
        }
    }
}

impl ApiSection {
    /// The address for a client on this machine, also if the API listens on every interface.
    pub(crate) fn url(&self) -> String {
        let mut listen = self.listen;
        if listen.ip().is_unspecified() {
            listen.set_ip(match listen {
                SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            });
        }
        format!("http://{listen}")
    }

    /// What clients may ask for.
    pub(crate) fn limits(&self) -> ApiLimits {
        let (all, each) = (self.max_connections.get(), self.max_per_ip.get());
        let local = if self.max_per_local_ip == 0 { all } else { self.max_per_local_ip };
        ApiLimits { connections: Capacity { all, each, local }, ..ApiLimits::default() }
    }
}

impl ConsensusSection {
    /// How long a block should take.
    pub(crate) const fn block_time(&self) -> Duration {
        Duration::from_millis(self.block_time_ms)
    }
}

impl NetworkSection {
    /// The limits of the node's own network, and how it is reached.
    pub(crate) fn resolve(
        &self,
    ) -> Result<(network::Limits, network::Nat), network::SettingsError> {
        let settings = network::Settings {
            max_incoming: self.max_incoming,
            max_outgoing: self.max_outgoing.get(),
            max_per_ip: self.max_per_ip,
            max_per_subnet: self.max_per_subnet,
            outbound_target: self.outbound_target,
            txs_per_second: self.txs_per_second,
            bytes_per_second: self.bytes_per_second,
            ban_seconds: self.ban_seconds,
            reach: self.reach,
            relay: self.relay,
            relays: self.relays.clone(),
            announce: self.announce.clone(),
        };
        settings.resolve()
    }
}

impl SnapshotsSection {
    /// When snapshots are made.
    pub(crate) const fn config(&self) -> SnapshotConfig {
        SnapshotConfig { every: self.every, keep: self.keep.get(), serve: self.serve }
    }
}

impl MempoolSection {
    /// How many transactions may wait.
    pub(crate) fn limits(&self) -> mempool::Limits {
        mempool::Limits {
            count: self.max_txs.get(),
            bytes: self.max_bytes.get(),
            per_sender: self.max_per_sender.get(),
            ..mempool::Limits::default()
        }
    }
}

/// Another node: `IP:PORT`, or a multiaddress for whoever needs more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct PeerAddress(pub(crate) Multiaddr);

impl FromStr for PeerAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(socket) = text.parse::<SocketAddr>() {
            return Ok(Self(ports::tcp(socket)));
        }
        let address = text.parse().map(Self);
        address.map_err(|_| format!("{text:?} is neither IP:PORT nor a multiaddress"))
    }
}

impl TryFrom<String> for PeerAddress {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<PeerAddress> for String {
    fn from(address: PeerAddress) -> Self {
        address.0.to_string()
    }
}
