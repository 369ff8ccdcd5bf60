//! What time brings: calls, scores, announcements, and peers that never said who they are.

use std::time::{Instant, SystemTime};

use libp2p::kad::Mode;
use libp2p::swarm::dial_opts::DialOpts;
use libp2p::{Multiaddr, PeerId};
use probity_harness::cache::Cache;
use probity_primitives::ContentHash;

use super::super::known;
use super::super::peers::Direction;
use super::super::subnet::{Subnet, ip_of, is_local};
use super::super::transfer::sweep::sweep;
use super::{Driver, TICKS};

/// Ticks between two looks at what changes slowly: a minute.
const SLOW_TICKS: u32 = 60 * TICKS;

/// Ticks between two attempts to get a place with a relay: ten seconds.
const CIRCUIT_TICKS: u32 = 10 * TICKS;

impl Driver {
    pub(super) fn on_tick(&mut self) {
        self.call_static_peers();
        if self.ticks.is_multiple_of(TICKS) {
            self.on_second();
        }
        if self.ticks.is_multiple_of(SLOW_TICKS) {
            self.on_minute();
        }
        self.ticks = self.ticks.wrapping_add(1);
    }

    fn on_second(&mut self) {
        if self.ticks == 0 {
            self.swarm.behaviour_mut().kad.set_mode(match self.settings.reachable {
                Some(true) => Some(Mode::Server),
                Some(false) => Some(Mode::Client),
                None => None,
            });
        }
        self.weigh_all();
        self.refuse_strangers();
        self.call_known_peer();
        if self.ticks.is_multiple_of(CIRCUIT_TICKS) {
            self.keep_circuits();
        }
        self.announce();
    }

    fn on_minute(&mut self) {
        self.forget_announcements();
        self.keep_known();
        let (cache, limit) = (self.settings.cache.clone(), self.settings.limits.announced);
        let files = self.files.0.clone();
        tokio::task::spawn_blocking(move || {
            if let Some(listed) = list(&cache, limit) {
                // A list that is not taken yet is as good as this one.
                let _ = files.try_send(listed);
            }
        });
        let (spool, limits) = (self.settings.spool.clone(), self.settings.limits);
        tokio::task::spawn_blocking(move || match sweep(&spool, &limits, SystemTime::now()) {
            Ok(0) => {}
            Ok(bytes) => tracing::info!(bytes, "files that stopped arriving were removed"),
            Err(error) => tracing::warn!(path = %spool.display(), %error, "cannot tidy the spool"),
        });
    }

    fn call_static_peers(&mut self) {
        let connected = &self.peers;
        let due = self.dialer.due(Instant::now(), |peer| connected.contains_key(peer));
        for (peer, address) in due {
            let banned =
                peer.is_some_and(|peer| self.swarm.behaviour().guard.banned(&peer).is_some());
            if banned {
                continue;
            }
            if let Err(error) = self.swarm.dial(address.clone()) {
                tracing::debug!(%address, %error, "cannot call a peer");
            }
        }
    }

    /// A second passed for every peer.
    fn weigh_all(&mut self) {
        let now = Instant::now();
        let is_relay = self.settings.nat.relay;
        let mut all = Vec::new();
        for (peer, entry) in &mut self.peers {
            // Circuits pass through relays' connections, and have limits of their own.
            let exempt = is_relay || self.dialer.keeps(peer);
            entry.conduct.second(entry.meter.read().0, exempt, now);
            all.push(*peer);
        }
        for peer in all {
            self.weigh(peer);
        }
    }

    /// Cuts off peers that did not say in time which chain they belong to.
    fn refuse_strangers(&mut self) {
        let patience = self.settings.limits.introduction;
        let strangers = self
            .peers
            .iter()
            .filter(|(_, entry)| !entry.introduced && entry.since.elapsed() > patience);
        for peer in strangers.map(|(peer, _)| *peer).collect::<Vec<_>>() {
            tracing::info!(%peer, "a peer does not say which chain it belongs to and is refused");
            self.ends.counters.other_chain.one();
            self.ban(peer, self.settings.limits.other_chain_ban);
        }
    }

    /// Calls one more peer if there are fewer calls than wanted.
    fn call_known_peer(&mut self) {
        let calls = self.peers.values().filter(|peer| peer.direction == Direction::Outbound);
        if calls.count() >= self.settings.limits.outbound_target {
            return;
        }
        if let Some((peer, addresses)) = self.candidate() {
            tracing::debug!(%peer, "calling a known peer");
            let call = DialOpts::peer_id(peer).addresses(addresses).build();
            if let Err(error) = self.swarm.dial(call) {
                tracing::debug!(%peer, %error, "cannot call a known peer");
            }
        }
    }

    /// A peer that was good before, or one of the routing table.
    fn candidate(&mut self) -> Option<(PeerId, Vec<Multiaddr>)> {
        let (connected, limits) = (&self.peers, &self.settings.limits);
        let protocols = self.swarm.behaviour_mut();
        let guard = &protocols.guard;
        let fits = |peer: &PeerId, addresses: &[Multiaddr]| {
            let crowded = addresses.first().and_then(ip_of).is_some_and(|ip| {
                let limit = usize::try_from(limits.outbound_per_subnet).unwrap_or(usize::MAX);
                (limits.local_counts || !is_local(ip)) && guard.calls_into(Subnet::of(ip)) >= limit
            });
            !connected.contains_key(peer) && guard.banned(peer).is_none() && !crowded
        };
        let now = Instant::now();
        if let Some(known) = self.known.next(now, fits) {
            return Some(known);
        }
        let mut found = None;
        for bucket in protocols.kad.kbuckets() {
            for entry in bucket.iter() {
                let peer = *entry.node.key.preimage();
                let addresses: Vec<Multiaddr> = entry.node.value.iter().cloned().collect();
                if found.is_none() && fits(&peer, &addresses) && self.dialer.try_once(peer, now) {
                    found = Some((peer, addresses));
                }
            }
        }
        found
    }

    /// Asks the relays for a place, again if it was lost.
    fn keep_circuits(&mut self) {
        for address in self.settings.nat.circuits() {
            if self.directory.circuits.contains_key(&address) {
                continue;
            }
            match self.swarm.listen_on(address.clone()) {
                Ok(listener) => {
                    self.directory.circuits.insert(address, listener);
                }
                Err(error) => tracing::warn!(%address, %error, "cannot ask a relay"),
            }
        }
    }

    /// Writes the list of known peers, if it changed.
    pub(super) fn keep_known(&mut self) {
        let Some(path) = &self.settings.peers_file else { return };
        if let Some(text) = self.known.changes()
            && let Err(error) = known::write(path, &text)
        {
            tracing::warn!(path = %path.display(), %error, "cannot keep the list of known peers");
        }
    }
}

fn list(cache: &Cache, limit: usize) -> Option<Vec<ContentHash>> {
    let listed = cache.list(limit);
    listed.inspect_err(|error| tracing::warn!(%error, "the cache cannot be listed")).ok()
}
