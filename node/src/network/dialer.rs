//! Which static peers to call, and when.
//!
//! A peer that is not connected is called again and again, with waits that double up to a limit. An
//! address may name its peer (`/p2p/..`); if not, the peer is learnt from the first connection.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, PeerId};

use super::subnet::without_peer;

/// Most static peers.
const MAX_STATIC_PEERS: usize = 1024;
/// Most other peers whose last call is remembered.
const MAX_TRIED: usize = 1024;
/// Wait before another peer is called again.
const PAUSE: Duration = Duration::from_secs(60);

/// The static peers and when each is called next.
#[derive(Debug)]
pub(super) struct Dialer {
    waits: (Duration, Duration),
    entries: Vec<Entry>,
    /// Other peers, and when each was called last.
    tried: BTreeMap<PeerId, Instant>,
}

#[derive(Debug)]
struct Entry {
    address: Multiaddr,
    peer: Option<PeerId>,
    next: Option<Instant>,
    wait: Duration,
}

impl Dialer {
    /// Nobody to call yet; waits grow from the first to the second of `waits`.
    pub(super) const fn new(waits: (Duration, Duration)) -> Self {
        Self { waits, entries: Vec::new(), tried: BTreeMap::new() }
    }

    /// Adds a peer; false if its address is known or there are too many.
    pub(super) fn add(&mut self, address: Multiaddr) -> bool {
        let known = self.entries.iter().any(|entry| entry.address == address);
        if known || self.entries.len() >= MAX_STATIC_PEERS {
            return false;
        }
        let peer = peer_of(&address);
        self.entries.push(Entry { address, peer, next: None, wait: self.waits.0 });
        true
    }

    /// Whether a peer is one of those to call again and again, as far as that is known.
    pub(super) fn keeps(&self, peer: &PeerId) -> bool {
        self.entries.iter().any(|entry| entry.peer.as_ref() == Some(peer))
    }

    /// Whether it is time to call a peer that is not static; if so, not again for a while.
    pub(super) fn try_once(&mut self, peer: PeerId, now: Instant) -> bool {
        self.tried.retain(|_, last| now.saturating_duration_since(*last) < PAUSE);
        let due = !self.tried.contains_key(&peer) && self.tried.len() < MAX_TRIED;
        if due {
            self.tried.insert(peer, now);
        }
        due
    }

    /// A call to `address` reached `peer`; whether that is a static peer.
    pub(super) fn learn(&mut self, address: &Multiaddr, peer: PeerId) -> bool {
        let reached = without_peer(address);
        for entry in &mut self.entries {
            if without_peer(&entry.address) == reached {
                entry.peer = Some(peer);
            }
        }
        self.keeps(&peer)
    }

    /// Who to call now, if that is known, and where. Whoever is connected is left alone, and its
    /// wait begins anew.
    pub(super) fn due(
        &mut self,
        now: Instant,
        connected: impl Fn(&PeerId) -> bool,
    ) -> Vec<(Option<PeerId>, Multiaddr)> {
        let (first, last) = self.waits;
        let mut due = Vec::new();
        for entry in &mut self.entries {
            if entry.peer.as_ref().is_some_and(&connected) {
                entry.wait = first;
                entry.next = None;
            } else if entry.next.is_none_or(|next| next <= now) {
                entry.next = now.checked_add(entry.wait);
                entry.wait = entry.wait.saturating_mul(2).min(last);
                due.push((entry.peer, entry.address.clone()));
            }
        }
        due
    }
}

fn peer_of(address: &Multiaddr) -> Option<PeerId> {
    address.iter().find_map(|part| if let Protocol::P2p(peer) = part { Some(peer) } else { None })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAITS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(4));

    fn at(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    #[test]
    fn an_absent_peer_is_called_with_growing_waits() {
        let mut dialer = Dialer::new(WAITS);
        let start = Instant::now();
        dialer.add("/ip4/127.0.0.1/tcp/1".parse().unwrap());
        dialer.add("/ip4/127.0.0.1/tcp/1".parse().unwrap());
        let calls: Vec<u64> =
            (0..16).filter(|n| !dialer.due(at(start, *n), |_| false).is_empty()).collect();
        assert_eq!(calls, [0, 1, 3, 7, 11, 15]);
    }

    #[test]
    fn a_connected_peer_is_left_alone_and_called_at_once_when_it_is_lost() {
        let mut dialer = Dialer::new(WAITS);
        let start = Instant::now();
        let peer = PeerId::random();
        let address: Multiaddr = "/ip4/127.0.0.1/tcp/1".parse().unwrap();
        dialer.add(address.clone());
        assert_eq!(dialer.due(start, |_| false).len(), 1);
        assert!(!dialer.keeps(&peer));
        assert!(dialer.learn(&address.clone().with(Protocol::P2p(peer)), peer));
        assert!(dialer.keeps(&peer));
        assert!(dialer.due(at(start, 9), |one| *one == peer).is_empty());
        assert_eq!(dialer.due(at(start, 9), |_| false), [(Some(peer), address)]);
    }

    #[test]
    fn a_named_peer_that_called_first_is_not_called() {
        let mut dialer = Dialer::new(WAITS);
        let peer = PeerId::random();
        dialer.add(format!("/ip4/127.0.0.1/tcp/1/p2p/{peer}").parse().unwrap());
        assert!(dialer.due(Instant::now(), |one| *one == peer).is_empty());
        assert_eq!(dialer.due(Instant::now(), |_| false).len(), 1);
    }

    #[test]
    fn another_peer_is_not_called_twice_within_a_minute() {
        let mut dialer = Dialer::new(WAITS);
        let (peer, start) = (PeerId::random(), Instant::now());
        assert!(dialer.try_once(peer, start));
        assert!(!dialer.try_once(peer, at(start, 59)));
        assert!(dialer.try_once(peer, at(start, 60)));
    }
}
