//! The protocols of the swarm and the swarm itself.

use std::time::Duration;

use libp2p::connection_limits::{self, ConnectionLimits};
use libp2p::gossipsub::IdentTopic;
use libp2p::identity::Keypair;
use libp2p::request_response::{self, ProtocolSupport};
use libp2p::swarm::NetworkBehaviour;
use libp2p::{Swarm, SwarmBuilder, gossipsub, identify, noise, ping, tcp, yamux};

use super::gossip;
use super::limits::Limits;
use super::transfer::codec::{PROTOCOL, TransferCodec};

/// What identify tells peers about the protocol.
const PROTOCOL_VERSION: &str = "/probity/1";
/// What identify tells peers about the program.
const AGENT: &str = concat!("probity/", env!("CARGO_PKG_VERSION"));
/// Longest wait for a connection to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The transfer protocol.
pub(super) type Transfer = request_response::Behaviour<TransferCodec>;

/// Everything that runs on a connection.
#[derive(NetworkBehaviour)]
pub(super) struct Protocols {
    limits: connection_limits::Behaviour,
    pub(super) gossip: gossipsub::Behaviour,
    pub(super) transfer: Transfer,
    identify: identify::Behaviour,
    ping: ping::Behaviour,
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

/// A swarm with nobody connected and nothing listened to.
///
/// # Errors
/// What libp2p says when a transport or protocol cannot be set up.
pub(super) fn swarm(
    identity: &Keypair,
    topic: &IdentTopic,
    limits: &Limits,
) -> Result<Swarm<Protocols>, String> {
    let connections = ConnectionLimits::default()
        .with_max_established_incoming(Some(limits.incoming_connections))
        .with_max_pending_incoming(Some(limits.incoming_connections))
        .with_max_established_outgoing(Some(limits.outgoing_connections))
        .with_max_pending_outgoing(Some(limits.outgoing_connections))
        .with_max_established_per_peer(Some(limits.connections_per_peer));
    let about = identify::Config::new(PROTOCOL_VERSION.to_owned(), identity.public())
        .with_agent_version(AGENT.to_owned());
    let protocols = Protocols {
        limits: connection_limits::Behaviour::new(connections),
        gossip: gossip::behaviour(topic, limits)?,
        transfer: transfer(limits),
        identify: identify::Behaviour::new(about),
        ping: ping::Behaviour::default(),
    };
    let idle = limits.idle_connection;
    let swarm = SwarmBuilder::with_existing_identity(identity.clone())
        .with_tokio()
        .with_tcp(tcp::Config::default().nodelay(true), noise::Config::new, yamux::Config::default)
        .map_err(|error| error.to_string())?
        .with_quic()
        .with_behaviour(|_| protocols)
        .map_err(|error| error.to_string())?
        .with_swarm_config(|config| config.with_idle_connection_timeout(idle))
        .with_connection_timeout(CONNECT_TIMEOUT)
        .build();
    Ok(swarm)
}
