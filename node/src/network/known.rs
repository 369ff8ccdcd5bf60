//! Peers that were good, and are worth calling again.
//!
//! A node that forgets whom it knew starts anew with whoever calls it first, and an attacker only
//! has to be there at that moment. So the peers that this node itself called with success are kept
//! in a file, and called first after a restart. When the list is full, the neighbourhood with the
//! most entries loses its oldest.
//!
//! # Invariants
//! - Only peers that this node called, and that said they belong to this chain, stand in the list.
//! - The file is replaced as a whole; one that cannot be read is an empty list, and not an error.
//!
//! Spec: `docs/spec/21-network.md`.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use libp2p::{Multiaddr, PeerId};
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use super::subnet::{Subnet, ip_of};

/// Longest file in bytes.
const MAX_FILE: u64 = 1 << 20;
/// Most addresses of one peer.
pub(super) const MAX_ADDRESSES: usize = 8;
/// Wait before a peer that was called is called again.
const PAUSE: Duration = Duration::from_secs(60);

/// One line of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Line {
    peer: String,
    addresses: Vec<String>,
    seen_ms: u64,
}

#[derive(Debug)]
struct Entry {
    addresses: Vec<Multiaddr>,
    seen_ms: u64,
    /// When it may be called again; at once if never called.
    next: Option<Instant>,
}

/// The list.
#[derive(Debug)]
pub(super) struct Known {
    limit: usize,
    entries: BTreeMap<PeerId, Entry>,
    changed: bool,
}

impl Known {
    /// The list in a file, at most `limit` peers long.
    pub(super) fn read(path: Option<&Path>, limit: usize) -> Self {
        let mut known = Self { limit, entries: BTreeMap::new(), changed: false };
        let lines = path.map_or_else(Vec::new, read_lines);
        for Line { peer, addresses, seen_ms } in lines {
            let addresses = addresses.iter().filter_map(|text| text.parse().ok()).collect();
            if let Ok(peer) = peer.parse() {
                known.insert(peer, addresses, seen_ms);
            }
        }
        known.changed = false;
        known
    }

    /// Notes that a peer was good.
    pub(super) fn insert(&mut self, peer: PeerId, mut addresses: Vec<Multiaddr>, seen_ms: u64) {
        addresses.truncate(MAX_ADDRESSES);
        if addresses.is_empty() {
            return;
        }
        self.entries.insert(peer, Entry { addresses, seen_ms, next: None });
        self.changed = true;
        while self.entries.len() > self.limit {
            let Some(oldest) = self.oldest_of_the_crowd() else { return };
            self.entries.remove(&oldest);
        }
    }

    /// Forgets a peer that was not good after all.
    pub(super) fn remove(&mut self, peer: &PeerId) {
        self.changed |= self.entries.remove(peer).is_some();
    }

    /// A peer to call now: the one seen last of those that `fits`; not again for a while.
    pub(super) fn next(
        &mut self,
        now: Instant,
        fits: impl Fn(&PeerId, &[Multiaddr]) -> bool,
    ) -> Option<(PeerId, Vec<Multiaddr>)> {
        let due = |entry: &Entry| entry.next.is_none_or(|next| next <= now);
        let (peer, entry) = self
            .entries
            .iter_mut()
            .filter(|(peer, entry)| due(entry) && fits(peer, &entry.addresses))
            .max_by_key(|(_, entry)| entry.seen_ms)?;
        entry.next = now.checked_add(PAUSE);
        Some((*peer, entry.addresses.clone()))
    }

    /// The text of the file, if it is not what was written last.
    pub(super) fn changes(&mut self) -> Option<String> {
        if !std::mem::take(&mut self.changed) {
            return None;
        }
        let line = |(peer, Entry { addresses, seen_ms, next: _ }): (&PeerId, &Entry)| Line {
            peer: peer.to_string(),
            addresses: addresses.iter().map(ToString::to_string).collect(),
            seen_ms: *seen_ms,
        };
        serde_json::to_string_pretty(&self.entries.iter().map(line).collect::<Vec<_>>()).ok()
    }

    fn oldest_of_the_crowd(&self) -> Option<PeerId> {
        let subnet = |entry: &Entry| entry.addresses.first().and_then(ip_of).map(Subnet::of);
        let mut crowds: BTreeMap<Option<Subnet>, usize> = BTreeMap::new();
        for entry in self.entries.values() {
            let crowd = crowds.entry(subnet(entry)).or_default();
            *crowd = crowd.saturating_add(1);
        }
        let (crowd, _) = crowds.into_iter().max_by_key(|(_, count)| *count)?;
        let of_crowd = self.entries.iter().filter(|(_, entry)| subnet(entry) == crowd);
        of_crowd.min_by_key(|(_, entry)| entry.seen_ms).map(|(peer, _)| *peer)
    }
}

fn read_lines(path: &Path) -> Vec<Line> {
    let read = || -> io::Result<Vec<Line>> {
        let len = std::fs::metadata(path)?.len();
        if len > MAX_FILE {
            return Err(io::Error::other(format!("{len} bytes, the limit is {MAX_FILE}")));
        }
        Ok(serde_json::from_slice(&std::fs::read(path)?)?)
    };
    match read() {
        Ok(lines) => lines,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "the list of known peers is not used");
            Vec::new()
        }
    }
}

/// Replaces the file.
///
/// # Errors
/// What the file system says.
pub(super) fn write(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ip: &str) -> Vec<Multiaddr> {
        vec![format!("/ip4/{ip}/tcp/1").parse().unwrap()]
    }

    #[test]
    fn known_peers_outlive_a_restart_and_a_damaged_file_is_an_empty_list() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("peers.json");
        let peer = PeerId::random();
        let mut known = Known::read(Some(&path), 10);
        known.insert(peer, at("198.51.1.1"), 5);
        write(&path, &known.changes().unwrap()).unwrap();
        assert_eq!(known.changes(), None);
        let mut again = Known::read(Some(&path), 10);
        assert_eq!(again.next(Instant::now(), |_, _| true), Some((peer, at("198.51.1.1"))));
        std::fs::write(&path, "[{").unwrap();
        assert!(Known::read(Some(&path), 10).entries.is_empty());
    }

    #[test]
    fn a_crowd_from_one_neighbourhood_does_not_displace_the_others() {
        let mut known = Known::read(None, 4);
        let (old, rare) = (PeerId::random(), PeerId::random());
        known.insert(old, at("203.0.113.1"), 1);
        known.insert(rare, at("192.0.2.1"), 2);
        for n in 3..100u8 {
            known.insert(PeerId::random(), at(&format!("198.51.{n}.1")), n.into());
        }
        assert_eq!(known.entries.len(), 4);
        assert!(known.entries.contains_key(&old) && known.entries.contains_key(&rare));
    }

    #[test]
    fn a_peer_that_was_called_is_not_called_again_at_once() {
        let mut known = Known::read(None, 4);
        let (older, newer) = (PeerId::random(), PeerId::random());
        known.insert(older, at("198.51.1.1"), 1);
        known.insert(newer, at("198.51.1.1"), 2);
        let now = Instant::now();
        let mut call = |now| known.next(now, |_, _| true).map(|(peer, _)| peer);
        assert_eq!((call(now), call(now), call(now)), (Some(newer), Some(older), None));
        assert_eq!(call(now + PAUSE), Some(newer));
    }
}
