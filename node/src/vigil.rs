//! Listening before signing: whether another process uses the same key.
//!
//! A lock guards one folder. Nothing guards a key that was copied to a second machine, except that
//! its other holder signs. So a node that is to vote follows the chain for some blocks first, with
//! its key put away; what it hears under that key, [`Safety`] holds against it.
//!
//! # Why it ends
//! All validators may have been started again at once. Then nobody makes the blocks that everybody
//! waits for. So the wait ends, too, when no block at all came for a while: whoever else would sign
//! is silent then, and what comes later is still watched.
//!
//! Spec: `docs/spec/27-signing.md`.

use std::sync::Arc;
use std::time::Duration;

use probity_primitives::Height;
use probity_runtime::Chain;
use tokio::sync::{mpsc, watch};

use crate::consensus::safety::Safety;
use crate::keeper::Request;

/// For how long a node listens before it signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// For so many blocks that were made since it began; for 0 it signs at once.
    pub heights: u64,
    /// At most until so long after the newest block of any kind.
    pub idle: Duration,
}

impl Wait {
    /// No wait, for keys that exist in one process alone.
    pub const NONE: Self = Self { heights: 0, idle: Duration::ZERO };

    /// The wait for so many blocks on a chain with a block every `block_time`.
    #[must_use]
    pub fn blocks(heights: u64, block_time: Duration) -> Self {
        let idle = block_time.saturating_mul(IDLE_HEIGHTS).clamp(MIN_IDLE, MAX_IDLE);
        Self { heights, idle }
    }
}

/// How many heights' time without a block counts as a chain that stands still.
const IDLE_HEIGHTS: u32 = 10;
/// The shortest such time.
const MIN_IDLE: Duration = Duration::from_secs(5);
/// The longest such time.
const MAX_IDLE: Duration = Duration::from_secs(60);

/// Listens, and then lets the keeper sign; never does if the key is heard or the node ends.
pub(crate) async fn keep(
    wait: Wait,
    safety: Arc<Safety>,
    mut tip: watch::Receiver<Arc<Chain>>,
    keeper: mpsc::Sender<Request>,
) {
    let mut halted = safety.halted();
    let mut live = safety.live_heights();
    // Where nothing was ever decided, little can have been signed.
    let begins = tip.borrow().height() == Height::ZERO;
    let idle = if begins { wait.idle.min(MIN_IDLE) } else { wait.idle };
    tracing::info!(heights = wait.heights, "listening for this key before signing with it");
    loop {
        tokio::select! {
            halt = halted.wait_for(Option::is_some) => {
                if halt.is_ok() {
                    tracing::error!("this node never signed, and it never will");
                }
                return;
            }
            seen = live.wait_for(|seen| *seen >= wait.heights) => match seen {
                Ok(_) => break,
                Err(_) => return,
            },
            progress = tokio::time::timeout(idle, tip.changed()) => match progress {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return,
                Err(_) => {
                    tracing::warn!(?idle, "no block comes; the wait for this key ends");
                    break;
                }
            },
        }
    }
    // A keeper that has ended has no engine to sign for.
    let _ = keeper.send(Request::Sign).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_long_enough_for_slow_chains_and_short_enough_for_fast_ones() {
        let idle = |seconds| Wait::blocks(2, Duration::from_secs(seconds)).idle.as_secs();
        assert_eq!((idle(0), idle(1), idle(3), idle(60)), (5, 10, 30, 60));
    }
}
