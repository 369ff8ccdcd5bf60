//! The directory of files: who has what.
//!
//! A node announces the files of its cache, anew from time to time and whenever it meets somebody
//! who keeps announcements; others forget them if it does not. What others announce is kept within
//! limits for each of them, so that nobody fills the directory alone.
//!
//! # Invariants
//! - A peer announces for itself alone; the library refuses the rest.
//! - Values, the directory's other use, are not kept.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Instant;

use libp2p::core::transport::ListenerId;
use libp2p::kad::store::RecordStore;
use libp2p::kad::{self, GetProvidersOk, InboundRequest, ProviderRecord, QueryResult, RecordKey};
use libp2p::swarm::dial_opts::DialOpts;
use libp2p::{Multiaddr, PeerId};
use probity_primitives::ContentHash;
use tokio::sync::mpsc;

use super::super::known::MAX_ADDRESSES;
use super::Driver;

/// Files that are announced in one second.
const ANNOUNCED_PER_SECOND: usize = 32;
/// Searches at a time; more find nobody.
const MAX_LOOKUPS: usize = 64;

/// A search for peers that have a file.
pub(super) struct Lookup {
    found: mpsc::Sender<PeerId>,
    seen: BTreeSet<PeerId>,
}

/// What this node announces, and what others announced to it.
#[derive(Debug, Default)]
pub(super) struct Directory {
    own: BTreeSet<ContentHash>,
    /// Files to announce next.
    queue: VecDeque<ContentHash>,
    /// Announcements of others, and when they are forgotten.
    others: BTreeMap<PeerId, HashMap<RecordKey, Option<Instant>>>,
    /// Somebody new keeps announcements.
    pub(super) met: bool,
    /// The listeners through relays, and at which address.
    pub(super) circuits: BTreeMap<Multiaddr, ListenerId>,
}

impl Directory {
    /// One more file to announce.
    pub(super) fn add(&mut self, hash: ContentHash) {
        if self.own.insert(hash) {
            self.queue.push_back(hash);
        }
    }

    /// The relay of a listener has to be asked again.
    pub(super) fn circuit_closed(&mut self, listener: ListenerId) {
        self.circuits.retain(|_, known| *known != listener);
    }

    /// Takes the files that are there now, and returns those that are gone.
    fn replace(&mut self, files: Vec<ContentHash>) -> Vec<ContentHash> {
        let files: BTreeSet<ContentHash> = files.into_iter().collect();
        let gone = self.own.difference(&files).copied().collect();
        self.own.retain(|hash| files.contains(hash));
        for hash in files {
            self.add(hash);
        }
        gone
    }

    /// Whether one more announcement of `peer` is within the limits.
    fn admits(&self, peer: &PeerId, key: &RecordKey, of_one: usize, of_all: usize) -> bool {
        let of_peer = self.others.get(peer);
        let total: usize = self.others.values().map(HashMap::len).sum();
        of_peer.is_some_and(|keys| keys.contains_key(key))
            || (of_peer.map_or(0, HashMap::len) < of_one && total < of_all)
    }

    /// Takes out the announcements whose time is over.
    fn expired(&mut self, now: Instant) -> Vec<(RecordKey, PeerId)> {
        let mut gone = Vec::new();
        for (peer, keys) in &mut self.others {
            keys.retain(|key, expires| {
                let over = expires.is_some_and(|expires| expires <= now);
                if over {
                    gone.push((key.clone(), *peer));
                }
                !over
            });
        }
        self.others.retain(|_, keys| !keys.is_empty());
        gone
    }
}

fn key(hash: &ContentHash) -> RecordKey {
    RecordKey::new(hash.as_bytes())
}

impl Driver {
    /// Looks for peers that have a file, and calls them; the channel closes at the end.
    pub(super) fn find(&mut self, hash: ContentHash, found: mpsc::Sender<PeerId>) {
        if self.lookups.len() < MAX_LOOKUPS {
            let id = self.swarm.behaviour_mut().kad.get_providers(key(&hash));
            self.lookups.insert(id, Lookup { found, seen: BTreeSet::new() });
        }
    }

    pub(super) fn on_kad(&mut self, event: kad::Event) {
        match event {
            kad::Event::OutboundQueryProgressed { id, result, step, .. } => {
                if let QueryResult::GetProviders(Ok(GetProvidersOk::FoundProviders {
                    key,
                    providers,
                })) = result
                {
                    self.on_found(id, &key, providers.into_iter().collect());
                }
                if step.last {
                    self.lookups.remove(&id);
                }
            }
            kad::Event::InboundRequest {
                request: InboundRequest::AddProvider { record: Some(record) },
            } => self.on_announcement(record),
            kad::Event::RoutingUpdated { is_new_peer: true, .. } => self.directory.met = true,
            kad::Event::ModeChanged { new_mode } => {
                tracing::info!(mode = %new_mode, "the directory's mode changed");
            }
            kad::Event::RoutingUpdated { .. }
            | kad::Event::InboundRequest { .. }
            | kad::Event::UnroutablePeer { .. }
            | kad::Event::RoutablePeer { .. }
            | kad::Event::PendingRoutablePeer { .. } => {}
        }
    }

    fn on_found(&mut self, id: kad::QueryId, key: &RecordKey, providers: Vec<PeerId>) {
        let own = *self.swarm.local_peer_id();
        let Some(lookup) = self.lookups.get_mut(&id) else { return };
        for peer in providers {
            if peer == own || !lookup.seen.insert(peer) {
                continue;
            }
            if !self.swarm.is_connected(&peer) {
                let known = self.swarm.behaviour_mut().kad.store_mut().providers(key);
                let addresses = known.into_iter().filter(|record| record.provider == peer);
                // The directory knows more addresses while the search goes on.
                let call = DialOpts::peer_id(peer)
                    .addresses(addresses.flat_map(|record| record.addresses).collect())
                    .extend_addresses_through_behaviour()
                    .build();
                if let Err(error) = self.swarm.dial(call) {
                    tracing::debug!(%peer, %error, "a peer that has a file cannot be called");
                }
            }
            // Whoever asked has enough peers, or gave up.
            let _ = lookup.found.try_send(peer);
        }
    }

    fn on_announcement(&mut self, mut record: ProviderRecord) {
        let limits = &self.settings.limits;
        let (of_one, of_all) = (limits.announcements_per_peer, limits.announcements);
        let (peer, key) = (record.provider, record.key.clone());
        let fits =
            key.as_ref().len() == 32 && self.peers.get(&peer).is_some_and(|one| one.introduced);
        if !fits || !self.directory.admits(&peer, &key, of_one, of_all) {
            tracing::debug!(%peer, "an announcement is not kept");
            return;
        }
        record.addresses.truncate(MAX_ADDRESSES);
        let expires = record.expires;
        if self.swarm.behaviour_mut().kad.store_mut().add_provider(record).is_ok() {
            self.directory.others.entry(peer).or_default().insert(key, expires);
            self.ends.counters.announcements.one();
        }
    }

    /// The files of the cache were listed.
    pub(super) fn on_files(&mut self, files: Vec<ContentHash>) {
        for hash in self.directory.replace(files) {
            self.swarm.behaviour_mut().kad.stop_providing(&key(&hash));
        }
    }

    /// Announces the next few files, and all of them anew if somebody new keeps announcements.
    pub(super) fn announce(&mut self) {
        if std::mem::take(&mut self.directory.met) {
            self.directory.queue = self.directory.own.iter().copied().collect();
        }
        for _ in 0..ANNOUNCED_PER_SECOND {
            let Some(hash) = self.directory.queue.pop_front() else { return };
            if let Err(error) = self.swarm.behaviour_mut().kad.start_providing(key(&hash)) {
                tracing::warn!(%hash, %error, "a file cannot be announced");
            }
        }
    }

    /// Forgets the announcements whose time is over.
    pub(super) fn forget_announcements(&mut self) {
        for (key, peer) in self.directory.expired(Instant::now()) {
            self.swarm.behaviour_mut().kad.store_mut().remove_provider(&key, &peer);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn nobody_fills_the_directory_alone() {
        let mut directory = Directory::default();
        let (flooder, honest) = (PeerId::random(), PeerId::random());
        let key = |n: u32| RecordKey::new(&n.to_le_bytes());
        let mut announce = |peer: PeerId, n: u32| {
            let admitted = directory.admits(&peer, &key(n), 10, 100);
            if admitted {
                directory.others.entry(peer).or_default().insert(key(n), None);
            }
            admitted
        };
        assert_eq!((0..1000).filter(|n| announce(flooder, *n)).count(), 10);
        assert!(announce(flooder, 3), "what is there may be announced anew");
        assert!(announce(honest, 2000));
    }

    #[test]
    fn an_announcement_is_forgotten_when_its_time_is_over() {
        let mut directory = Directory::default();
        let (peer, now) = (PeerId::random(), Instant::now());
        let (soon, later) = (RecordKey::new(b"soon"), RecordKey::new(b"later"));
        let of_peer = directory.others.entry(peer).or_default();
        of_peer.insert(soon.clone(), Some(now + Duration::from_secs(1)));
        of_peer.insert(later, Some(now + Duration::from_secs(9)));
        assert_eq!(directory.expired(now), []);
        assert_eq!(directory.expired(now + Duration::from_secs(1)), [(soon, peer)]);
        assert_eq!(directory.expired(now + Duration::from_secs(10)).len(), 1);
        assert!(directory.others.is_empty());
    }
}
