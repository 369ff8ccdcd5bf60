//! The limits of the network, in one place.

use std::time::Duration;

use super::rate::Rate;

/// How much of everything the network accepts. The defaults fit a node with a few hundred peers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest transaction in bytes, gossiped or received.
    pub max_tx_bytes: usize,
    /// Transactions that wait for the application's verdict; more are dropped, not queued.
    pub pending_txs: usize,
    /// Transactions of one peer that wait for it.
    pub pending_txs_per_peer: usize,
    /// Transactions of one peer; more are not looked at.
    pub tx_rate: Rate,
    /// Requests of one peer; more are told to come back.
    pub request_rate: Rate,
    /// Bytes of one peer that this node did not ask for.
    pub byte_rate: Rate,
    /// Events that wait for the application.
    pub event_queue: usize,
    /// Commands that wait for the network; a caller beyond that waits too.
    pub command_queue: usize,
    /// Connections from others.
    pub incoming_connections: u32,
    /// Connections to others.
    pub outgoing_connections: u32,
    /// Connections that are being made, of each kind.
    pub pending_connections: u32,
    /// Connections with one peer.
    pub connections_per_peer: u32,
    /// Connections from one host.
    pub connections_per_ip: u32,
    /// Connections to one neighbourhood: an IPv4 /16 or an IPv6 /32.
    pub outbound_per_subnet: u32,
    /// Whether the last two hold for addresses of this machine and of private networks, too.
    pub local_counts: bool,
    /// Longest wait for a new peer to say which chain it belongs to.
    pub introduction: Duration,
    /// How long a peer that misbehaved is not let in.
    pub ban: Duration,
    /// How long a peer of another chain is not called or let in.
    pub other_chain_ban: Duration,
    /// Calls that this node keeps up by itself, if it knows enough peers.
    pub outbound_target: usize,
    /// Good peers that are remembered over a restart.
    pub known_peers: usize,
    /// Files of the cache that are announced to others.
    pub announced: usize,
    /// How often they are announced anew; others forget them after three times that.
    pub announce_every: Duration,
    /// Announcements of others that are kept, and of one other.
    pub announcements: usize,
    /// Announcements of one other.
    pub announcements_per_peer: usize,
    /// Longest search for peers that have a file.
    pub lookup_timeout: Duration,
    /// How long a connection without any use stays.
    pub idle_connection: Duration,
    /// Waiting times between two calls to a static peer, doubled from the first up to the second.
    pub redial: (Duration, Duration),
    /// Requests for files that are answered at a time; more are told to come back.
    pub serving: usize,
    /// Requests of one peer that are answered at a time.
    pub serving_per_peer: usize,
    /// Memory for the hash trees of files that are served, in bytes.
    pub outboard_bytes: usize,
    /// Files that are fetched at a time; more wait.
    pub fetches: usize,
    /// Files that are fetched or wait to be; more are refused.
    pub waiting_fetches: usize,
    /// Peers that are asked for one file at a time; if none of them has it, the next are asked.
    pub providers: usize,
    /// Requests in flight to one peer for one file.
    pub requests_per_provider: usize,
    /// Longest wait for the answer to one request.
    pub request_timeout: Duration,
    /// Longest time for one file.
    pub fetch_timeout: Duration,
    /// How long a file that stopped arriving is kept for a later fetch.
    pub spool_age: Duration,
    /// Bytes of such files in all; the oldest make room.
    pub spool_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_tx_bytes: 256 * 1024,
            pending_txs: 1024,
            pending_txs_per_peer: 512,
            tx_rate: Rate { per_second: 20_000, burst: 40_000 },
            request_rate: Rate { per_second: 2_000, burst: 4_000 },
            byte_rate: Rate { per_second: 16 << 20, burst: 64 << 20 },
            event_queue: 2048,
            command_queue: 256,
            incoming_connections: 256,
            outgoing_connections: 64,
            pending_connections: 64,
            connections_per_peer: 4,
            connections_per_ip: 16,
            outbound_per_subnet: 4,
            local_counts: false,
            introduction: Duration::from_secs(10),
            ban: Duration::from_secs(600),
            other_chain_ban: Duration::from_secs(60),
            outbound_target: 8,
            known_peers: 256,
            announced: 4096,
            announce_every: Duration::from_secs(1800),
            announcements: 65_536,
            announcements_per_peer: 4096,
            lookup_timeout: Duration::from_secs(10),
            idle_connection: Duration::from_secs(600),
            redial: (Duration::from_millis(250), Duration::from_secs(30)),
            serving: 128,
            serving_per_peer: 32,
            outboard_bytes: 64 * 1024 * 1024,
            fetches: 8,
            waiting_fetches: 256,
            providers: 16,
            requests_per_provider: 4,
            request_timeout: Duration::from_secs(10),
            fetch_timeout: Duration::from_secs(3600),
            spool_age: Duration::from_secs(7 * 24 * 3600),
            spool_bytes: 16 << 30,
        }
    }
}
