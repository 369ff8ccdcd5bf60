//! What peers say they can give to a node that is behind.
//!
//! Engines tell each other their newest block and the first that they still have. The engine asks
//! only those that have what it needs, and says nothing if nobody has: a node whose peers have all
//! forgotten the block it needs would wait without end. So what peers say is written down on its way
//! to the engine, and [`Offers::out_of_reach`] tells whoever runs the node to use a snapshot. [`super::wire`] listens.
//!
//! # Invariants
//! - At most [`MAX_PEERS`] peers are remembered.
//! - Nothing but a message to people follows from this: a peer that lies is believed by nobody else.
//!
//! Spec: `docs/spec/21-network.md`.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use probity_primitives::Height;

/// Most peers whose word is remembered.
const MAX_PEERS: usize = 256;

/// What one peer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Offer {
    first: Height,
    newest: Height,
}

/// What peers say they can give.
#[derive(Debug, Default)]
pub struct Offers(Mutex<BTreeMap<Vec<u8>, Offer>>);

impl Offers {
    /// Takes in what a peer says of itself: its newest block, and the first that it still has.
    pub(super) fn hear(&self, peer: Vec<u8>, first: Height, newest: Height) {
        let offer = Offer { first, newest };
        let mut offers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if offers.len() >= MAX_PEERS && !offers.contains_key(&peer) {
            // Whoever is furthest behind says the least.
            let least = offers.iter().min_by_key(|(_, offer)| offer.newest);
            if let Some(least) = least.map(|(peer, _)| peer.clone()) {
                offers.remove(&least);
            }
        }
        offers.insert(peer, offer);
    }

    /// If peers are ahead of a node that needs `next`, and none of them has it any more: the first
    /// block that one still has.
    #[must_use]
    pub fn out_of_reach(&self, next: Height) -> Option<Height> {
        let offers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ahead = offers.values().filter(|offer| offer.newest >= next);
        ahead.map(|offer| offer.first).min().filter(|first| *first > next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offers(heard: &[(u8, u64, u64)]) -> Offers {
        let offers = Offers::default();
        for (peer, first, newest) in heard {
            offers.hear(vec![*peer], Height(*first), Height(*newest));
        }
        offers
    }

    #[test]
    fn a_block_that_no_peer_ahead_has_is_out_of_reach() {
        let pruned = offers(&[(1, 500, 900), (2, 700, 901), (3, 1, 3)]);
        assert_eq!(pruned.out_of_reach(Height(10)), Some(Height(500)));
        assert_eq!(pruned.out_of_reach(Height(500)), None);
        assert_eq!(pruned.out_of_reach(Height(902)), None, "nobody is ahead");
        assert_eq!(pruned.out_of_reach(Height(3)), None, "one peer has it");
        assert_eq!(offers(&[]).out_of_reach(Height(1)), None);
        assert_eq!(offers(&[(1, 5, 9), (1, 1, 10)]).out_of_reach(Height(1)), None, "newest word");
    }

    #[test]
    fn only_so_many_peers_are_remembered() {
        let offers = Offers::default();
        for peer in 0..1_000u64 {
            offers.hear(peer.to_le_bytes().to_vec(), Height(1), Height(peer));
        }
        assert_eq!(offers.0.lock().unwrap().len(), MAX_PEERS);
    }
}
