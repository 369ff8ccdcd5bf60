//! The protocols of the swarm and the swarm itself.

use std::num::NonZeroUsize;
use std::sync::Arc;

use libp2p::connection_limits::{self, ConnectionLimits};
use libp2p::gossipsub::IdentTopic;
use libp2p::identity::Keypair;
use libp2p::kad::store::{MemoryStore, MemoryStoreConfig};
use libp2p::request_response::{self, ProtocolSupport};
use libp2p::swarm::NetworkBehaviour;
use libp2p::swarm::behaviour::toggle::Toggle;
use libp2p::{
    PeerId, StreamProtocol, Swarm, autonat, dcutr, gossipsub, identify, kad, ping, relay,
};
use probity_primitives::Hash;

use super::counters::Counters;
use super::gossip;
use super::guard::Guard;
use super::limits::Limits;
use super::meter::Meters;
use super::nat::candidates::Candidates;
use super::nat::{Nat, Reach, relay_config};
use super::statement::{self, Statement};
use super::transfer::codec::{PROTOCOL, TransferCodec};
use super::transport::transport;

/// What identify tells peers about the program.
const PROGRAM: &str = concat!("probity/", env!("CARGO_PKG_VERSION"));
/// Peers that a provider's announcement goes to, and that keep one.
const REPLICATION: usize = 20;

/// The transfer protocol.
pub(super) type Transfer = request_response::Behaviour<TransferCodec>;

/// Everything that runs on a connection.
#[derive(NetworkBehaviour)]
pub(super) struct Protocols {
    pub(super) guard: Guard,
    limits: connection_limits::Behaviour,
    pub(super) gossip: gossipsub::Behaviour,
    pub(super) transfer: Transfer,
    identify: identify::Behaviour,
    ping: ping::Behaviour,
    pub(super) kad: kad::Behaviour<MemoryStore>,
    relay_client: relay::client::Behaviour,
    relay: Toggle<relay::Behaviour>,
    dcutr: dcutr::Behaviour,
    autonat_client: Candidates<autonat::v2::client::Behaviour>,
    autonat_server: Toggle<autonat::v2::server::Behaviour>,
}

/// What the swarm is made of.
pub(super) struct Parts<'a> {
    pub(super) identity: &'a Keypair,
    pub(super) topic: &'a IdentTopic,
    pub(super) genesis: &'a Hash,
    pub(super) statement: Option<&'a Statement>,
    pub(super) limits: &'a Limits,
    pub(super) nat: &'a Nat,
    pub(super) counters: &'a Arc<Counters>,
    pub(super) meters: &'a Meters,
}

/// What identify tells peers about the protocol: peers of one chain say the same.
pub(super) fn protocol_version(genesis: &Hash) -> String {
    format!("/probity/1/{genesis}")
}

/// Streams with a peer beyond those that are served or asked for, so that a peer that asks for too
/// much is told so instead of being cut off.
const SPARE_STREAMS: usize = 64;

/// The transfer protocol with its limits.
pub(super) fn transfer(limits: &Limits) -> Transfer {
    let asking = limits.fetches.saturating_mul(limits.requests_per_provider);
    let streams = limits.serving_per_peer.saturating_add(asking).saturating_add(SPARE_STREAMS);
    let config = request_response::Config::default()
        .with_request_timeout(limits.request_timeout)
        .with_max_concurrent_streams(streams);
    Transfer::new([(PROTOCOL, ProtocolSupport::Full)], config)
}

/// Who this node says that it is.
pub(super) fn introduction(
    identity: &Keypair,
    genesis: &Hash,
    statement: Option<&Statement>,
) -> identify::Behaviour {
    let about = identify::Config::new(protocol_version(genesis), identity.public())
        .with_agent_version(statement::agent(PROGRAM, statement))
        .with_push_listen_addr_updates(true);
    identify::Behaviour::new(about)
}

/// A swarm with nobody connected and nothing listened to.
///
/// # Errors
/// What libp2p says when a transport or protocol cannot be set up.
pub(super) fn swarm(parts: &Parts<'_>) -> Result<Swarm<Protocols>, String> {
    let Parts { identity, topic, genesis, statement, limits, nat, counters, meters } = *parts;
    let peer = identity.public().to_peer_id();
    let (transport, relay_client) = transport(identity, meters.clone())?;
    let server = (nat.reach != Reach::Private).then(autonat::v2::server::Behaviour::default);
    let protocols = Protocols {
        guard: Guard::new(limits, Arc::clone(counters)),
        limits: connection_limits::Behaviour::new(connections(limits)),
        gossip: gossip::behaviour(topic, limits)?,
        transfer: transfer(limits),
        identify: introduction(identity, genesis, statement),
        ping: ping::Behaviour::default(),
        kad: directory(peer, genesis, limits)?,
        relay_client,
        relay: nat.relay.then(|| relay::Behaviour::new(peer, relay_config())).into(),
        dcutr: dcutr::Behaviour::new(peer),
        autonat_client: Candidates::new(autonat::v2::client::Behaviour::default()),
        autonat_server: server.into(),
    };
    let config = libp2p::swarm::Config::with_tokio_executor()
        .with_idle_connection_timeout(limits.idle_connection);
    Ok(Swarm::new(transport, protocols, peer, config))
}

fn connections(limits: &Limits) -> ConnectionLimits {
    let total = limits.incoming_connections.saturating_add(limits.outgoing_connections);
    ConnectionLimits::default()
        .with_max_established(Some(total))
        .with_max_established_incoming(Some(limits.incoming_connections))
        .with_max_pending_incoming(Some(limits.pending_connections))
        .with_max_established_outgoing(Some(limits.outgoing_connections))
        .with_max_pending_outgoing(Some(limits.pending_connections))
        .with_max_established_per_peer(Some(limits.connections_per_peer))
}

/// The directory of who has which file, one for each chain. What others announce comes to the
/// driver first, and values are not kept at all.
fn directory(
    peer: PeerId,
    genesis: &Hash,
    limits: &Limits,
) -> Result<kad::Behaviour<MemoryStore>, String> {
    let name = StreamProtocol::try_from_owned(format!("/probity/{genesis}/kad/1"))
        .map_err(|error| error.to_string())?;
    let store = MemoryStoreConfig {
        max_records: 0,
        max_value_bytes: 0,
        max_provided_keys: limits.announcements.saturating_add(limits.announced),
        max_providers_per_key: REPLICATION,
    };
    let mut config = kad::Config::new(name);
    config
        .set_record_filtering(kad::StoreInserts::FilterBoth)
        .set_kbucket_inserts(kad::BucketInserts::Manual)
        .set_caching(kad::Caching::Disabled)
        .set_query_timeout(limits.lookup_timeout)
        .set_provider_publication_interval(Some(limits.announce_every))
        .set_provider_record_ttl(Some(limits.announce_every.saturating_mul(3)));
    if let Some(factor) = NonZeroUsize::new(REPLICATION) {
        config.set_replication_factor(factor);
    }
    Ok(kad::Behaviour::with_config(peer, MemoryStore::with_config(peer, store), config))
}
