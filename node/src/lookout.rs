//! Saying that no peer can help: all of them have forgotten the block that this node needs next.
//!
//! The engine asks only peers that have a block, and waits for one in silence. A node that waits like
//! this needs a snapshot, and whoever runs it is told so while it runs.
//!
//! # Not here
//! What peers say: [`crate::consensus::offers`]. Joining by a snapshot: [`crate::snapshot`].
//!
//! Spec: `docs/spec/28-snapshots.md`.

use std::sync::Arc;
use std::time::Duration;

use probity_primitives::Height;
use probity_runtime::Chain;
use tokio::sync::watch;

use crate::consensus::offers::Offers;

/// How often it is looked at.
const LOOK: Duration = Duration::from_secs(5);
/// After how many looks it is said again.
const AGAIN: u32 = 60;

/// The first block that a peer still has, if all that are ahead have forgotten the next one.
pub(crate) fn out_of_reach(chain: &Chain, offers: &Offers) -> Option<Height> {
    offers.out_of_reach(chain.height().next()?)
}

/// Looks until the node ends.
pub(crate) async fn run(tip: watch::Receiver<Arc<Chain>>, offers: Arc<Offers>) {
    let mut ticks = tokio::time::interval(LOOK);
    let mut said: u32 = 0;
    while tip.has_changed().is_ok() {
        ticks.tick().await;
        let chain = Arc::clone(&tip.borrow());
        let Some(first) = out_of_reach(&chain, &offers) else {
            said = 0;
            continue;
        };
        if said.is_multiple_of(AGAIN) {
            tracing::error!(
                height = %chain.height(), %first,
                "no peer has the next block any more, the first that one has is {first}: stop this \
                 node, `probity node reset`, and `probity node sync` to join by a snapshot"
            );
        }
        said = said.saturating_add(1);
    }
}
