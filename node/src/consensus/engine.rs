//! Starting and stopping the engine.
//!
//! # Invariants
//! - The engine asks whether a block is valid before it votes ([`ValuePayload::ProposalAndParts`]);
//!   any other setting is refused before it starts.
//! - Networks of different chains do not talk: the names of the engine's protocols carry the
//!   genesis hash.
//!
//! # Not here
//! The answers to its questions: [`super::driver`].
//!
//! Spec: `docs/spec/21-network.md`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_malachitebft_app_channel::app::config::NodeConfig;
use arc_malachitebft_app_channel::app::types::codec::Codec;
use arc_malachitebft_app_channel::{
    Channels, ConsensusContext, EngineHandle, NetworkContext, NetworkIdentity, NetworkRequest,
    RequestContext, SyncContext, WalContext, start_engine,
};
use arc_malachitebft_config::{
    ChannelNames, ConsensusConfig, DiscoveryConfig, P2pConfig, ProtocolNames, ValuePayload,
    ValueSyncConfig,
};
use arc_malachitebft_core_types::LinearTimeouts;
use arc_malachitebft_signing::Signer;
use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, identity};
use probity_primitives::{Address, Keypair, Network, OperatorId, PublicKey};
use probity_runtime::genesis::ChainIdentity;
use tokio::sync::mpsc;

use super::codec::EngineCodec;
use super::context::{EngineAddress, ProbityContext};
use super::offers::Offers;
use super::safety::Safety;
use super::signing::{EngineSigner, EngineVerifier};
use super::wire::{LogCodec, WireCodec};

/// What the engine needs to run.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// The node's name in logs and metrics.
    pub moniker: String,
    /// The chain.
    pub chain: ChainIdentity,
    /// Where other engines reach this one.
    pub listen: Multiaddr,
    /// The other engines.
    pub peers: Vec<Multiaddr>,
    /// The engine's network identity, the same after a restart.
    pub identity: identity::Keypair,
    /// Who votes, and with which key; a node without an operator only follows.
    pub operator: Option<(OperatorId, Keypair)>,
    /// What the operator may sign; without it everything is signed, which is for keys that no
    /// stake stands behind.
    pub safety: Option<Arc<Safety>>,
    /// What the operator signs twice, as a test wants it.
    #[cfg(test)]
    pub(crate) twice: super::byzantine::Twice,
    /// Where the write-ahead log lies.
    pub wal: PathBuf,
    /// How long a height should take.
    pub block_time: Duration,
    /// Where is written down what peers say they have.
    pub offers: Arc<Offers>,
}

/// Why the engine does not run.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// It would not ask whether blocks are valid.
    #[error("the engine must run with proposals in parts, not {0:?}")]
    Payload(ValuePayload),
    /// The proof of the network identity could not be made.
    #[error("cannot prove the network identity: {0}")]
    Identity(String),
    /// The engine refused to start.
    #[error("the engine does not start: {0}")]
    Start(String),
}

/// A running engine.
pub struct Engine {
    /// Its questions, and where its parts are published.
    pub channels: Channels<ProbityContext>,
    pub(super) handle: EngineHandle,
}

/// Starts the engine.
///
/// # Errors
/// [`EngineError`].
pub async fn start(config: EngineConfig) -> Result<Engine, EngineError> {
    let settings = Settings::of(&config);
    if !settings.consensus.value_payload.include_parts() {
        return Err(EngineError::Payload(settings.consensus.value_payload));
    }
    #[cfg(test)]
    if !matches!(config.twice, super::byzantine::Twice::Nothing) {
        return super::byzantine::start(config, settings).await;
    }
    let EngineConfig { moniker, chain, identity, operator, safety, wal, offers, .. } = config;
    let verifier = Box::new(EngineVerifier(chain.clone()));
    let (identity, consensus, signer) = match operator {
        Some((operator, keypair)) => {
            let signer = match safety {
                Some(safety) => EngineSigner::guarded(safety, keypair.clone()),
                None => EngineSigner::new(chain, keypair.clone()),
            };
            let proof = prove_identity(&signer, &keypair.public(), &identity).await?;
            let address = operator.to_string();
            (
                NetworkIdentity::new_validator(moniker, identity, address, proof),
                ConsensusContext::new_validator(
                    EngineAddress(operator),
                    verifier,
                    Box::new(signer.clone()),
                ),
                Some(signer),
            )
        }
        None => {
            let address = follower_address(&identity);
            (
                NetworkIdentity::new(moniker, identity, None),
                ConsensusContext::new_full_node(address, verifier),
                None,
            )
        }
    };
    if let Some(signer) = &signer {
        signer.begin_anew();
    }
    let (channels, handle) = start_engine(
        ProbityContext,
        settings,
        WalContext::new(wal, LogCodec(signer.clone())),
        NetworkContext::new(identity, WireCodec { offers, signer }),
        consensus,
        SyncContext::new(EngineCodec),
        RequestContext::new(16),
    )
    .await
    .map_err(|error| EngineError::Start(format!("{error:#}")))?;
    Ok(Engine { channels, handle })
}

/// What stops a running engine.
pub struct EngineStop(EngineHandle);

impl Engine {
    /// The engine's channels, and what stops it.
    #[must_use]
    pub fn split(self) -> (Channels<ProbityContext>, EngineStop) {
        (self.channels, EngineStop(self.handle))
    }
}

impl EngineStop {
    /// Waits until the engine has ended by itself, which it does when one of its parts fails.
    pub async fn ended(&mut self) {
        // However the supervisor ended, the engine is gone.
        let _ = (&mut self.0.handle).await;
    }

    /// Stops the engine and waits until it has gone, at most twice `patience`.
    pub async fn stop(self, patience: Duration) {
        let Self(EngineHandle { actor, handle }) = self;
        let reason = || Some("shutdown".to_owned());
        // The parts first, so that each closes its files and connections.
        actor.stop_children_and_wait(reason(), Some(patience)).await;
        actor.stop(reason());
        if !handle.is_finished() && tokio::time::timeout(patience, handle).await.is_err() {
            tracing::warn!("the engine did not stop within {patience:?}; it is killed");
            actor.kill();
        }
    }
}

/// Lets a running engine keep a connection to another one.
pub async fn add_peer(engine: &mpsc::Sender<NetworkRequest>, address: Multiaddr) {
    match NetworkRequest::add_persistent_peer(engine, address.clone()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%address, %error, "a consensus peer is not added"),
        Err(error) => tracing::warn!(%address, %error, "a consensus peer is not added"),
    }
}

pub(super) async fn prove_identity(
    signer: &EngineSigner,
    key: &PublicKey,
    identity: &identity::Keypair,
) -> Result<bytes::Bytes, EngineError> {
    let peer = identity.public().to_peer_id().to_bytes();
    let proof = signer
        .sign_validator_proof(key.as_bytes().to_vec(), peer)
        .await
        .map_err(|error| EngineError::Identity(error.to_string()))?;
    EngineCodec.encode(&proof).map_err(|error| EngineError::Identity(error.to_string()))
}

/// An address that no operator has, for a node that only follows.
///
/// The engine wants one in any case, and stops if it finds it among the validators.
fn follower_address(identity: &identity::Keypair) -> EngineAddress {
    let peer = identity.public().to_peer_id().to_bytes();
    let key = PublicKey::from_bytes(*blake3::hash(&peer).as_bytes());
    EngineAddress(OperatorId::of(&Address::of(&key, Network::Test), &key))
}

/// The engine's own settings, derived from ours.
pub(super) struct Settings {
    moniker: String,
    consensus: ConsensusConfig,
    sync: ValueSyncConfig,
}

impl Settings {
    fn of(config: &EngineConfig) -> Self {
        let name: String = config.chain.genesis_hash.to_string().chars().take(16).collect();
        let p2p = P2pConfig {
            listen_addr: config.listen.clone(),
            persistent_peers: config.peers.clone(),
            discovery: discovery(is_loopback(&config.listen)),
            protocol_names: ProtocolNames {
                consensus: format!("/probity/{name}/consensus/1"),
                discovery_kad: format!("/probity/{name}/kad/1"),
                discovery_regres: format!("/probity/{name}/discovery/1"),
                sync: format!("/probity/{name}/sync/1"),
                validator_proof: format!("/probity/{name}/proof/1"),
            },
            channel_names: ChannelNames {
                consensus: format!("/probity/{name}/votes"),
                proposal_parts: format!("/probity/{name}/parts"),
                sync: format!("/probity/{name}/status"),
                liveness: format!("/probity/{name}/liveness"),
            },
            ..P2pConfig::default()
        };
        let consensus = ConsensusConfig {
            p2p,
            value_payload: ValuePayload::ProposalAndParts,
            ..ConsensusConfig::default()
        };
        let sync = ValueSyncConfig {
            status_update_interval: config.block_time.clamp(MIN_STATUS, MAX_STATUS),
            batch_size: SYNC_BATCH,
            parallel_requests: SYNC_REQUESTS,
            ..ValueSyncConfig::default()
        };
        Self { moniker: config.moniker.clone(), consensus, sync }
    }
}

/// How many blocks a node that is behind asks for at once, and how many it gives at once.
pub(super) const SYNC_BATCH: usize = 32;
/// How many such questions are open at once.
const SYNC_REQUESTS: usize = 4;
/// How often, at most, an engine tells its height to the others.
const MIN_STATUS: Duration = Duration::from_secs(1);
/// How often, at least, it does.
const MAX_STATUS: Duration = Duration::from_secs(10);

/// On one machine all peers share an address, so the limits for one address cannot hold there.
fn discovery(loopback: bool) -> DiscoveryConfig {
    let strict = DiscoveryConfig { enabled: false, ..DiscoveryConfig::default() };
    if loopback {
        let ip_throttle_duration = Duration::ZERO;
        DiscoveryConfig { max_connections_per_ip: 512, ip_throttle_duration, ..strict }
    } else {
        strict
    }
}

fn is_loopback(address: &Multiaddr) -> bool {
    address.iter().any(|part| {
        if let Protocol::Ip4(ip) = part {
            ip.is_loopback()
        } else if let Protocol::Ip6(ip) = part {
            ip.is_loopback()
        } else {
            false
        }
    })
}

impl NodeConfig for Settings {
    fn moniker(&self) -> &str {
        &self.moniker
    }

    fn consensus(&self) -> &ConsensusConfig {
        &self.consensus
    }

    fn consensus_mut(&mut self) -> &mut ConsensusConfig {
        &mut self.consensus
    }

    fn value_sync(&self) -> &ValueSyncConfig {
        &self.sync
    }

    fn value_sync_mut(&mut self) -> &mut ValueSyncConfig {
        &mut self.sync
    }
}

/// How long the engine waits for proposals and votes, for blocks that should take `block_time`.
///
/// A dead proposer costs the first of these, so it is short; each failed round waits longer, so
/// that a slow network still decides.
#[must_use]
pub fn timeouts(block_time: Duration) -> LinearTimeouts {
    let step = block_time.clamp(Duration::from_millis(300), Duration::from_secs(2));
    LinearTimeouts {
        propose: step.saturating_mul(2),
        propose_delta: step,
        prevote: step,
        prevote_delta: step,
        precommit: step,
        precommit_delta: step,
        rebroadcast: step.saturating_mul(4),
        max_timeout: Duration::from_secs(60),
    }
}

#[cfg(test)]
mod tests {
    use probity_primitives::{BoundedString, Hash};

    use super::*;

    fn config(listen: &str) -> EngineConfig {
        let chain_id = BoundedString::new("probity-test").unwrap();
        EngineConfig {
            moniker: "node".into(),
            chain: ChainIdentity { chain_id, network: Network::Test, genesis_hash: Hash::ZERO },
            listen: listen.parse().unwrap(),
            peers: Vec::new(),
            identity: identity::Keypair::generate_ed25519(),
            operator: None,
            safety: None,
            twice: crate::consensus::byzantine::Twice::default(),
            wal: PathBuf::new(),
            block_time: Duration::from_secs(1),
            offers: Arc::default(),
        }
    }

    #[test]
    fn proposals_travel_in_parts_so_that_blocks_are_validated_before_the_vote() {
        let settings = Settings::of(&config("/ip4/127.0.0.1/tcp/0"));
        assert_eq!(settings.consensus.value_payload, ValuePayload::ProposalAndParts);
    }

    #[test]
    fn only_loopback_may_hold_many_peers_on_one_address() {
        let limit =
            |listen| Settings::of(&config(listen)).consensus.p2p.discovery.max_connections_per_ip;
        assert_eq!(limit("/ip4/127.0.0.1/tcp/0"), 512);
        assert_eq!(limit("/ip6/::1/tcp/0"), 512);
        assert_eq!(limit("/ip4/192.0.2.7/tcp/0"), 5);
    }

    #[test]
    fn two_chains_have_different_protocols() {
        let mut other = config("/ip4/127.0.0.1/tcp/0");
        other.chain.genesis_hash = Hash::from_bytes([1; 32]);
        let names = |config: &EngineConfig| Settings::of(config).consensus.p2p.channel_names;
        assert_ne!(names(&other), names(&config("/ip4/127.0.0.1/tcp/0")));
    }
}
