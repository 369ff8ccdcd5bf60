//! What the network counts, for metrics: plain numbers behind one value.
//!
//! The driver and the guards add, anybody reads. Nothing here decides anything, so relaxed atomics
//! are enough.
//!
//! Spec: `docs/spec/21-network.md`.

use std::sync::atomic::{AtomicU64, Ordering};

/// A count that only grows.
#[derive(Debug, Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    /// One more.
    pub(super) fn one(&self) {
        self.add(1);
    }

    /// So many more.
    pub(super) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// How many so far.
    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The counts of a running network.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) bytes_in: Count,
    pub(super) bytes_out: Count,
    pub(super) published: Count,
    pub(super) accepted: Count,
    pub(super) rejected: Count,
    pub(super) ignored: Count,
    pub(super) throttled: Count,
    pub(super) other_chain: Count,
    pub(super) turned_away: Count,
    pub(super) banned: Count,
    pub(super) lies: Count,
    pub(super) announcements: Count,
    pub(super) bytes_served: Count,
    pub(super) bytes_fetched: Count,
}

/// The counts at one moment; all but the numbers of peers only grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NetworkCounts {
    /// Peers that called this node: `p2p_peers{direction="in"}`.
    pub peers_in: u64,
    /// Peers that this node called: `p2p_peers{direction="out"}`.
    pub peers_out: u64,
    /// Bytes received in streams of all peers: `p2p_bytes_total{direction="in"}`.
    pub bytes_in: u64,
    /// Bytes sent in streams of all peers: `p2p_bytes_total{direction="out"}`.
    pub bytes_out: u64,
    /// Transactions that this node gossiped first.
    pub published: u64,
    /// Transactions from peers by what became of them: `gossip_messages_total{topic="txs",result}`.
    pub accepted: u64,
    /// Those that can never be valid.
    pub rejected: u64,
    /// Those that were of no use, or that nobody had time to look at.
    pub ignored: u64,
    /// Those beyond a peer's rate, which nobody looked at.
    pub throttled: u64,
    /// Peers that were refused because they are of another chain or protocol.
    pub other_chain: u64,
    /// Connections that were refused because of a limit or a ban.
    pub turned_away: u64,
    /// Bans.
    pub banned: u64,
    /// Wrong answers to requests for files.
    pub lies: u64,
    /// Announcements of others that were taken into the directory.
    pub announcements: u64,
    /// Bytes of files that were sent to peers, with their proofs.
    pub bytes_served: u64,
    /// Bytes of files that came from peers and were checked.
    pub bytes_fetched: u64,
}

impl Counters {
    /// The counts now; the peers are counted elsewhere.
    pub(super) fn now(&self) -> NetworkCounts {
        NetworkCounts {
            peers_in: 0,
            peers_out: 0,
            bytes_in: self.bytes_in.get(),
            bytes_out: self.bytes_out.get(),
            published: self.published.get(),
            accepted: self.accepted.get(),
            rejected: self.rejected.get(),
            ignored: self.ignored.get(),
            throttled: self.throttled.get(),
            other_chain: self.other_chain.get(),
            turned_away: self.turned_away.get(),
            banned: self.banned.get(),
            lies: self.lies.get(),
            announcements: self.announcements.get(),
            bytes_served: self.bytes_served.get(),
            bytes_fetched: self.bytes_fetched.get(),
        }
    }
}
