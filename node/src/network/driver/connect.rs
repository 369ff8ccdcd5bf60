//! Connections: made, lost, refused, and the addresses to listen at.

use std::collections::hash_map::HashMap;
use std::time::{Duration, Instant};

use libp2p::core::ConnectedPoint;
use libp2p::core::transport::ListenerId;
use libp2p::swarm::ConnectionId;
use libp2p::{Multiaddr, PeerId};
use tokio::sync::oneshot;

use super::super::conduct::{Conduct, Offence};
use super::super::listen::check_free;
use super::super::score::GRAYLIST;
use super::super::subnet::{ip_of, is_relayed};
use super::super::{NetworkError, NetworkEvent};
use super::{Direction, Driver, Peer};

/// Whoever waits until the listeners are open.
type Opened = oneshot::Receiver<Result<(), NetworkError>>;

impl Driver {
    /// Keeps calling these peers.
    pub(in super::super) fn call(&mut self, peers: Vec<Multiaddr>) {
        for address in peers {
            if self.dialer.add(address.clone()) {
                self.swarm.behaviour_mut().guard.keep_at(&address);
            }
        }
    }

    /// Begins to listen; the receiver hears when every listener has its address. Relays are asked
    /// in the background.
    pub(in super::super) fn listen(
        &mut self,
        addresses: Vec<Multiaddr>,
    ) -> Result<Opened, NetworkError> {
        let (opened, wait) = oneshot::channel();
        for address in addresses {
            let refused =
                |reason: String| NetworkError::Listen { address: address.to_string(), reason };
            check_free(&address).map_err(|error| refused(error.to_string()))?;
            let listener = self.swarm.listen_on(address.clone());
            self.opening.insert(listener.map_err(|error| refused(error.to_string()))?);
        }
        for address in self.settings.nat.announce.clone() {
            self.swarm.add_external_address(address);
        }
        self.opened = Some(opened);
        self.report_opened();
        Ok(wait)
    }

    pub(super) fn on_connected(
        &mut self,
        peer: PeerId,
        link: ConnectionId,
        endpoint: &ConnectedPoint,
    ) {
        let (address, direction) = match endpoint {
            ConnectedPoint::Dialer { address, .. } => {
                if self.dialer.learn(address, peer) {
                    self.swarm.behaviour_mut().guard.keep(peer);
                }
                (address, Direction::Outbound)
            }
            ConnectedPoint::Listener { send_back_addr, .. } => (send_back_addr, Direction::Inbound),
        };
        let (limits, meters, now) = (&self.settings.limits, &self.ends.meters, Instant::now());
        let entry = self.peers.entry(peer).or_insert_with(|| {
            let meter = meters.of(peer);
            let conduct = Conduct::new(limits, meter.read().0, now);
            Peer {
                conduct,
                meter,
                links: HashMap::new(),
                address: address.clone(),
                direction,
                since: now,
                introduced: false,
            }
        });
        entry.links.insert(link, is_relayed(address));
        self.note_relayed(peer);
    }

    pub(super) fn on_closed(&mut self, peer: PeerId, link: ConnectionId, left: u32) {
        if let Some(entry) = self.peers.get_mut(&peer) {
            entry.links.remove(&link);
        }
        if left > 0 {
            return self.note_relayed(peer);
        }
        self.peers.remove(&peer);
        self.ends.book.remove(&peer);
        self.ends.meters.tidy();
        self.ends.chain_peers.send_if_modified(|peers| peers.remove(&peer));
        if self.ends.peers.send_if_modified(|peers| peers.remove(&peer)) {
            self.tell(NetworkEvent::PeerDisconnected(peer));
        }
    }

    /// Whether all connections with a peer go through relays may have changed.
    fn note_relayed(&self, peer: PeerId) {
        let relayed = self.is_relayed(&peer);
        self.ends.book.change(&peer, |view| view.relayed = relayed);
    }

    pub(super) fn is_relayed(&self, peer: &PeerId) -> bool {
        self.peers.get(peer).is_some_and(|peer| peer.links.values().all(|relayed| *relayed))
    }

    /// Holds something against a peer, and bans it if that is too much.
    pub(super) fn offend(&mut self, peer: PeerId, offence: Offence) {
        if offence == Offence::Lie {
            self.ends.counters.lies.one();
        }
        if let Some(entry) = self.peers.get_mut(&peer) {
            entry.conduct.offend(offence);
            self.weigh(peer);
        }
    }

    /// Tells the gossip layer a peer's application score, and bans the peer if all in all it is too
    /// low.
    pub(super) fn weigh(&mut self, peer: PeerId) {
        let Some(entry) = self.peers.get(&peer) else { return };
        if self.swarm.behaviour().guard.banned(&peer).is_some() {
            return;
        }
        let own = entry.conduct.score();
        let gossip = &mut self.swarm.behaviour_mut().gossip;
        gossip.set_application_score(&peer, own);
        let score = gossip.peer_score(&peer).unwrap_or(own).min(own);
        self.ends.book.change(&peer, |view| view.score = score);
        if score < GRAYLIST {
            tracing::warn!(%peer, score, "a peer misbehaved and is banned");
            self.ban(peer, self.settings.limits.ban);
        }
    }

    /// Cuts a peer off and does not let it in for a while.
    pub(super) fn ban(&mut self, peer: PeerId, time: Duration) {
        self.ends.counters.banned.one();
        self.known.remove(&peer);
        let protocols = self.swarm.behaviour_mut();
        protocols.guard.ban(peer, time);
        protocols.kad.remove_peer(&peer);
        if self.swarm.disconnect_peer_id(peer).is_err() {
            tracing::debug!(%peer, "a banned peer had left already");
        }
    }

    pub(super) fn on_listening(&mut self, listener: ListenerId, address: Multiaddr) {
        let open = ip_of(&address).is_some_and(|ip| !ip.is_unspecified());
        if self.settings.reachable == Some(true) && open {
            self.swarm.add_external_address(address.clone());
        }
        self.ends.addresses.send_modify(|addresses| addresses.push(address));
        self.opening.remove(&listener);
        self.report_opened();
    }

    pub(super) fn on_listener_closed(
        &mut self,
        listener: ListenerId,
        addresses: &[Multiaddr],
        reason: std::io::Result<()>,
    ) {
        let reason = reason.err().map_or_else(|| "closed".to_owned(), |error| error.to_string());
        tracing::warn!(?addresses, reason, "the node no longer listens at an address");
        self.directory.circuit_closed(listener);
        let was_opening = self.opening.remove(&listener);
        if let Some(opened) = was_opening.then(|| self.opened.take()).flatten() {
            let address = addresses.first().map_or_else(String::new, ToString::to_string);
            // Whoever started the network may have given up waiting.
            let _ = opened.send(Err(NetworkError::Listen { address, reason }));
        }
    }

    fn report_opened(&mut self) {
        if self.opening.is_empty()
            && let Some(opened) = self.opened.take()
        {
            // Whoever started the network may have given up waiting.
            let _ = opened.send(Ok(()));
        }
    }
}
