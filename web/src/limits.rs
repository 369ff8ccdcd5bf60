//! How much a client may ask for.

use std::time::Duration;

use crate::places::Capacity;
use crate::rate::Rate;

/// The bounds of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiLimits {
    /// How long a request may take, apart from files.
    pub request_time: Duration,
    /// How long a file may take to be fetched or sent.
    pub transfer_time: Duration,
    /// How long the head of a request may take to arrive, and a connection may be idle.
    pub head_time: Duration,
    /// How long a client may read nothing of an answer.
    pub stall_time: Duration,
    /// The longest head of a request, in bytes.
    pub head_bytes: usize,
    /// How much of a body has to arrive in how long, over and over until it is there.
    pub body: Pace,
    /// Requests that are worked on at once; more are refused.
    pub requests: Capacity,
    /// Event streams that are open at once; more are refused.
    pub streams: Capacity,
    /// Connections that are open at once; more are told so and closed.
    pub connections: Capacity,
    /// How often a caller from elsewhere may read.
    pub reads: Rate,
    /// How often a caller from elsewhere may send something.
    pub sends: Rate,
    /// Callers whose rates are kept at once.
    pub callers: usize,
    /// The longest file that is taken, in bytes.
    pub blob_bytes: u64,
    /// How long connections may go on after the server was told to stop.
    pub grace: Duration,
}

/// So many bytes in so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How many bytes at least, or whatever is left of the whole.
    pub bytes: usize,
    /// In how long.
    pub within: Duration,
}

impl Default for ApiLimits {
    fn default() -> Self {
        Self {
            request_time: Duration::from_secs(10),
            transfer_time: Duration::from_secs(300),
            head_time: Duration::from_secs(30),
            stall_time: Duration::from_secs(60),
            head_bytes: 64 << 10,
            body: Pace { bytes: 16 << 10, within: Duration::from_secs(10) },
            requests: Capacity::new(256, 32),
            streams: Capacity::new(2_048, 32),
            connections: Capacity::new(4_096, 64),
            reads: Rate { per_second: 20, burst: 60 },
            sends: Rate { per_second: 2, burst: 10 },
            callers: 16_384,
            blob_bytes: 1 << 30,
            grace: Duration::from_secs(2),
        }
    }
}
