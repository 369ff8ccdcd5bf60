//! How much a client may ask for.

use std::time::Duration;

/// The bounds of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiLimits {
    /// How long a request may take, apart from files.
    pub request_time: Duration,
    /// How long a file may take to be fetched or sent.
    pub transfer_time: Duration,
    /// Requests that are worked on at once; more are refused.
    pub requests: usize,
    /// Event streams that are open at once; more are refused.
    pub streams: usize,
    /// Connections that are open at once; more wait to be accepted.
    pub connections: usize,
    /// The longest file that is taken, in bytes.
    pub blob_bytes: u64,
    /// How long connections may go on after the server was told to stop.
    pub grace: Duration,
}

impl Default for ApiLimits {
    fn default() -> Self {
        Self {
            request_time: Duration::from_secs(10),
            transfer_time: Duration::from_secs(300),
            requests: 256,
            streams: 128,
            connections: 1_024,
            blob_bytes: 1 << 30,
            grace: Duration::from_secs(2),
        }
    }
}
