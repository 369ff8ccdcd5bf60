//! The limits of the network, in one place.

use std::time::Duration;

/// How much of everything the network accepts. The defaults fit a node with a few hundred peers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest transaction in bytes, gossiped or received.
    pub max_tx_bytes: usize,
    /// Transactions that wait for the application's verdict; more are dropped, not queued.
    pub pending_txs: usize,
    /// Events that wait for the application.
    pub event_queue: usize,
    /// Commands that wait for the network; a caller beyond that waits too.
    pub command_queue: usize,
    /// Connections from others.
    pub incoming_connections: u32,
    /// Connections to others.
    pub outgoing_connections: u32,
    /// Connections with one peer.
    pub connections_per_peer: u32,
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
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_tx_bytes: 256 * 1024,
            pending_txs: 1024,
            event_queue: 2048,
            command_queue: 256,
            incoming_connections: 256,
            outgoing_connections: 64,
            connections_per_peer: 4,
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
        }
    }
}
