//! Snapshots as the chain goes on.
//!
//! The keeper watches the tip. At every height that is a multiple of the interval it takes the
//! chain, which costs a few pointers, and writes the snapshot on a thread of its own; blocks go on.
//! A height that comes while the one before is still written is left out.
//!
//! # Not here
//! A failure stops nothing: it is logged, and the next height is tried.

use std::sync::Arc;

use probity_runtime::Chain;
use tokio::sync::watch;

use super::{Shelf, make};
use crate::replica::history::History;

/// When snapshots are made, and how many are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnapshotConfig {
    /// A snapshot is made at every multiple of this height; 0 makes none.
    pub every: u64,
    /// How many are kept.
    pub keep: usize,
    /// Whether the API hands them out.
    pub serve: bool,
}

impl Default for SnapshotConfig {
    fn default() -> Self {
        Self { every: 0, keep: 2, serve: false }
    }
}

/// Makes snapshots until the chain ends.
pub(crate) async fn run(
    config: SnapshotConfig,
    shelf: Shelf,
    history: History,
    mut tip: watch::Receiver<Arc<Chain>>,
) {
    if let Err(error) = shelf.sweep() {
        tracing::warn!(%error, "what was left of an unfinished snapshot is still there");
    }
    if config.every == 0 {
        return;
    }
    while tip.changed().await.is_ok() {
        let chain = Arc::clone(&tip.borrow_and_update());
        if !chain.height().0.is_multiple_of(config.every) {
            continue;
        }
        let (shelf, history) = (shelf.clone(), history.clone());
        let keep = config.keep.max(1);
        let made = tokio::task::spawn_blocking(move || {
            let made = make(&chain, &history, &shelf)?;
            shelf.prune(keep).map(|_| made)
        });
        match made.await {
            Ok(Ok(made)) => {
                tracing::info!(height = %made.height(), id = %made.id(), "a snapshot is made");
            }
            Ok(Err(error)) => tracing::error!(%error, "a snapshot is not made"),
            Err(error) => tracing::error!(%error, "the making of a snapshot ended in a panic"),
        }
    }
}
