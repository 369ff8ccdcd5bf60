//! What a node measures: the chain it follows, its part in deciding, its peers and its API.
//!
//! Most of it is read from the committed state when a monitor asks ([`chain`]); what only happens
//! once, such as a slash or a missed vote, is counted by a follower of committed blocks
//! ([`counts`]); requests are counted by the API through [`traffic`], and what waits for a block by
//! whoever changes it through [`pool`].
//!
//! # Invariants
//! - Nothing here can slow a block: readers hold a copy of the state, not a lock on it.
//! - The number of series is bounded: by validators, by routes, by the reasons in the code.
//!
//! # Not here
//! The port and the process's own numbers: `probity-metrics`. The names are explained in
//! `docs/operate/metrics.md`.

mod chain;
mod counts;
mod folders;
mod peers;
mod pool;
#[cfg(test)]
mod tests;
mod traffic;
mod writer;

use std::sync::Arc;

use probity_metrics::{Exposition, Registry, Source};
use tokio::net::TcpListener;
use tokio::sync::watch;

pub(crate) use self::pool::Pool;
pub(crate) use self::traffic::Traffic;

use self::chain::ChainCollector;
use self::counts::Counts;
use crate::consensus;
use crate::handle::NodeHandle;

/// The beginning of every name.
const PREFIX: &str = "probity";

/// Serves a node's metrics until `stop`.
pub(crate) fn serve(
    listener: TcpListener,
    node: NodeHandle,
    (traffic, pool): (&Traffic, &Pool),
    mut stop: watch::Receiver<bool>,
) {
    let mut registry = Registry::with_prefix(PREFIX);
    let counts = Arc::new(Counts::default());
    counts.register(&mut registry);
    traffic.register(&mut registry);
    pool.register(&mut registry);
    registry.register_collector(Box::new(ChainCollector::new(node.clone())));
    let engine: Source = Box::new(consensus::write_metrics);
    let server = probity_metrics::serve(listener, Exposition::new(registry, vec![engine]));
    tokio::spawn(counts::follow(node, counts));
    tokio::spawn(async move {
        // An error means that the node is gone, which is a stop too.
        let _ = stop.wait_for(|stop| *stop).await;
        drop(server);
    });
}
