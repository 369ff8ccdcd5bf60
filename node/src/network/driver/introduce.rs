//! Introductions: what a peer says that it is.
//!
//! Peers of another chain are refused as soon as they say so. Whoever says nothing in time is cut
//! off by [`super::upkeep`].

use std::net::IpAddr;

use libp2p::kad;
use libp2p::{Multiaddr, PeerId, identify, ping};

use super::super::NetworkEvent;
use super::super::behaviour::protocol_version;
use super::super::known::MAX_ADDRESSES;
use super::super::peers::PeerView;
use super::super::statement::read_agent;
use super::super::subnet::{ip_of, is_local};
use super::{Direction, Driver};
use crate::node::now_ms;

/// Most protocols of a peer that are shown.
const MAX_PROTOCOLS: usize = 32;
/// Longest foreign text in a log line, in characters.
const MAX_QUOTE: usize = 100;

impl Driver {
    pub(super) fn on_identify(&mut self, event: identify::Event) {
        match event {
            identify::Event::Received { peer_id, info, .. } => self.on_introduction(peer_id, &info),
            identify::Event::Error { peer_id, error, .. } => {
                tracing::debug!(peer = %peer_id, %error, "a peer was not introduced");
            }
            identify::Event::Sent { .. } | identify::Event::Pushed { .. } => {}
        }
    }

    fn on_introduction(&mut self, peer: PeerId, info: &identify::Info) {
        let expected = protocol_version(&self.settings.genesis);
        if info.protocol_version != expected {
            let theirs: String = info.protocol_version.escape_debug().take(MAX_QUOTE).collect();
            tracing::warn!(
                %peer, theirs, ours = expected,
                "a peer of another chain is refused; check its genesis and this node's peers"
            );
            self.ends.counters.other_chain.one();
            return self.ban(peer, self.settings.limits.other_chain_ban);
        }
        let addresses = self.usable_addresses(peer, &info.listen_addrs);
        self.write_down(peer, info);
        self.enter(peer, info, &addresses);
        let outbound = self.peers.get(&peer).map(|entry| entry.direction);
        if outbound == Some(Direction::Outbound) && !self.is_relayed(&peer) {
            self.known.insert(peer, addresses, now_ms());
        }
        if self.ends.peers.send_if_modified(|peers| peers.insert(peer)) {
            self.tell(NetworkEvent::PeerConnected(peer));
        }
    }

    /// Writes a peer into the book, anew if it says something else than before.
    fn write_down(&mut self, peer: PeerId, info: &identify::Info) {
        let relayed = self.is_relayed(&peer);
        let kept = self.dialer.keeps(&peer);
        let Some(entry) = self.peers.get_mut(&peer) else { return };
        entry.introduced = true;
        let (agent, statement) = read_agent(&info.agent_version);
        let operator = statement.and_then(|one| one.verify(&self.settings.genesis, &peer));
        if statement.is_some() && operator.is_none() {
            tracing::warn!(%peer, "a peer shows an operator's statement that does not hold for it");
        }
        let since = u64::try_from(entry.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        let view = PeerView {
            peer,
            address: entry.address.clone(),
            direction: entry.direction,
            relayed,
            kept,
            agent,
            protocols: info.protocols.iter().take(MAX_PROTOCOLS).map(shorten).collect(),
            score: entry.conduct.score(),
            latency: None,
            operator,
            bytes_in: 0,
            bytes_out: 0,
            connected_since_ms: now_ms().saturating_sub(since),
        };
        self.ends.book.insert(view, std::sync::Arc::clone(&entry.meter));
    }

    /// Enters a peer that answers questions about files into the directory's routing table.
    fn enter(&mut self, peer: PeerId, info: &identify::Info, addresses: &[Multiaddr]) {
        let kad = &mut self.swarm.behaviour_mut().kad;
        if !kad.protocol_names().iter().any(|name| info.protocols.contains(name)) {
            return;
        }
        // What it said before no longer counts, or the list would grow with every introduction.
        kad.remove_peer(&peer);
        for address in addresses {
            if kad.add_address(&peer, address.clone()) == kad::RoutingUpdate::Failed {
                tracing::debug!(%peer, "no room in the routing table");
            }
        }
    }

    /// The addresses of a peer that could be of use from here: a few, and local ones only if the
    /// peer is local itself.
    fn usable_addresses(&self, peer: PeerId, said: &[Multiaddr]) -> Vec<Multiaddr> {
        let remote = self.peers.get(&peer).and_then(|entry| ip_of(&entry.address));
        said.iter()
            .filter(|address| is_usable(address, remote))
            .take(MAX_ADDRESSES)
            .cloned()
            .collect()
    }

    pub(super) fn on_ping(&mut self, event: ping::Event) {
        let ping::Event { peer, connection, result } = event;
        match result {
            Ok(time) => self.ends.book.change(&peer, |view| view.latency = Some(time)),
            // Whoever does not speak the protocol is not silent because of that.
            Err(ping::Failure::Unsupported) => {}
            Err(error) => {
                tracing::info!(%peer, %error, "a connection does not answer and is closed");
                if !self.swarm.close_connection(connection) {
                    tracing::debug!(%peer, "the connection was closed already");
                }
            }
        }
    }
}

fn is_usable(address: &Multiaddr, remote: Option<IpAddr>) -> bool {
    let Some(ip) = ip_of(address) else { return true };
    if ip.is_unspecified() {
        return false;
    }
    match remote {
        Some(remote) if ip.is_loopback() => remote.is_loopback(),
        Some(remote) if is_local(ip) => is_local(remote),
        Some(_) | None => !ip.is_loopback(),
    }
}

fn shorten(protocol: &libp2p::StreamProtocol) -> String {
    protocol.as_ref().escape_debug().take(MAX_QUOTE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_addresses_are_of_use_to_local_peers_alone() {
        let check = |address: &str, remote: &str| {
            is_usable(&format!("/ip4/{address}/tcp/1").parse().unwrap(), remote.parse().ok())
        };
        assert!(check("198.51.100.1", "198.51.100.1") && check("198.51.100.1", "127.0.0.1"));
        assert!(check("10.0.0.1", "10.0.0.2") && !check("10.0.0.1", "198.51.100.1"));
        assert!(check("127.0.0.1", "127.0.0.1") && !check("127.0.0.1", "10.0.0.1"));
        assert!(!check("0.0.0.0", "127.0.0.1"));
    }
}
