//! How bytes reach peers: TCP with Noise and Yamux, QUIC, and circuits through relays.

use std::time::Duration;

use libp2p::core::muxing::StreamMuxerBox;
use libp2p::core::transport::{Boxed, timeout::TransportTimeout};
use libp2p::core::upgrade::Version;
use libp2p::identity::Keypair;
use libp2p::{PeerId, Transport as _, noise, quic, relay, tcp, yamux};

use super::meter::Meters;

/// Longest wait for a connection to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// All transports, with the bytes of every stream counted; and the part of the swarm that keeps
/// reservations with relays.
///
/// # Errors
/// What libp2p says when Noise cannot be set up.
pub(super) fn transport(
    identity: &Keypair,
    meters: Meters,
) -> Result<(Boxed<(PeerId, StreamMuxerBox)>, relay::client::Behaviour), String> {
    let noise = noise::Config::new(identity).map_err(|error| error.to_string())?;
    let yamux = yamux::Config::default;
    let direct = tcp::tokio::Transport::new(tcp::Config::default().nodelay(true))
        .upgrade(Version::V1Lazy)
        .authenticate(noise.clone())
        .multiplex(yamux())
        .map(|(peer, muxer), _| (peer, StreamMuxerBox::new(muxer)));
    let quic = quic::tokio::Transport::new(quic::Config::new(identity))
        .map(|(peer, muxer), _| (peer, StreamMuxerBox::new(muxer)));
    let (circuits, client) = relay::client::new(identity.public().to_peer_id());
    let circuits = circuits
        .upgrade(Version::V1Lazy)
        .authenticate(noise)
        .multiplex(yamux())
        .map(|(peer, muxer), _| (peer, StreamMuxerBox::new(muxer)));
    // Circuits come first: the other transports would take the address of the relay for the peer's.
    let all = circuits
        .or_transport(direct)
        .map(|either, _| either.into_inner())
        .or_transport(quic)
        .map(|either, _| either.into_inner());
    let metered =
        all.map(move |(peer, muxer), _| (peer, StreamMuxerBox::new(meters.wrap(peer, muxer))));
    Ok((TransportTimeout::new(metered, CONNECT_TIMEOUT).boxed(), client))
}
