//! Who is connected, as interfaces see it.
//!
//! The driver writes the book, handles read it. A peer stands in it from the moment it said that it
//! belongs to this chain until its last connection is gone.
//!
//! # Not here
//! What is held against a peer: [`super::conduct`].
//!
//! Spec: `docs/spec/21-network.md`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use libp2p::{Multiaddr, PeerId};

use super::counters::NetworkCounts;
use super::meter::Meter;
use super::statement::BoundOperator;

/// Who made a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// The peer called.
    Inbound,
    /// This node called.
    Outbound,
}

impl Direction {
    /// The word for metrics and tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "in",
            Self::Outbound => "out",
        }
    }
}

/// One connected peer.
#[derive(Debug, Clone, PartialEq)]
pub struct PeerView {
    /// Its name.
    pub peer: PeerId,
    /// The address of its first connection.
    pub address: Multiaddr,
    /// Who made that connection.
    pub direction: Direction,
    /// Whether every connection with it goes through a relay.
    pub relayed: bool,
    /// Whether it is one of the peers that this node was told to keep calling.
    pub kept: bool,
    /// What it calls its program.
    pub agent: String,
    /// The names of the protocols that it speaks.
    pub protocols: Vec<String>,
    /// Its score; below zero is suspicious, and below -400 it is banned.
    pub score: f64,
    /// How long its last answer to a ping took.
    pub latency: Option<Duration>,
    /// The operator that signed for it. Whether the key is the operator's is for the chain to say.
    pub operator: Option<BoundOperator>,
    /// Bytes received from it in streams.
    pub bytes_in: u64,
    /// Bytes sent to it in streams.
    pub bytes_out: u64,
    /// When it was connected, in milliseconds since 1970.
    pub connected_since_ms: u64,
}

/// A peer in the book: what the driver knows, and the meter of its connections.
#[derive(Debug)]
struct Entry {
    view: PeerView,
    meter: Arc<Meter>,
}

/// The book of peers; clones are the same book.
#[derive(Debug, Clone, Default)]
pub(super) struct Book {
    entries: Arc<Mutex<BTreeMap<PeerId, Entry>>>,
}

impl Book {
    /// Writes a peer in, or anew.
    pub(super) fn insert(&self, view: PeerView, meter: Arc<Meter>) {
        self.lock().insert(view.peer, Entry { view, meter });
    }

    /// Changes what is known of a peer, if it stands in the book.
    pub(super) fn change(&self, peer: &PeerId, change: impl FnOnce(&mut PeerView)) {
        if let Some(entry) = self.lock().get_mut(peer) {
            change(&mut entry.view);
        }
    }

    /// Strikes a peer out.
    pub(super) fn remove(&self, peer: &PeerId) {
        self.lock().remove(peer);
    }

    /// All peers, by name.
    pub(super) fn views(&self) -> Vec<PeerView> {
        let view = |Entry { view, meter }: &Entry| {
            let (bytes_in, bytes_out) = meter.read();
            PeerView { bytes_in, bytes_out, ..view.clone() }
        };
        self.lock().values().map(view).collect()
    }

    /// Adds the numbers of peers to `counts`.
    pub(super) fn count(&self, counts: NetworkCounts) -> NetworkCounts {
        let entries = self.lock();
        let number = |direction| {
            let count = entries.values().filter(|entry| entry.view.direction == direction).count();
            u64::try_from(count).unwrap_or(u64::MAX)
        };
        NetworkCounts {
            peers_in: number(Direction::Inbound),
            peers_out: number(Direction::Outbound),
            ..counts
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<PeerId, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
