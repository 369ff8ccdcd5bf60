//! What peers say they can give to a node that is behind.
//!
//! Engines tell each other their newest block and the first that they still have. The engine asks
//! only those that have what it needs, and says nothing if nobody has: a node whose peers have all
//! forgotten the block it needs would wait without end. So what peers say is written down on its way
//! to the engine, and [`Offers::out_of_reach`] tells whoever runs the node to use a snapshot.
//!
//! # Invariants
//! - At most [`MAX_PEERS`] peers are remembered.
//! - Nothing but a message to people follows from this: a peer that lies is believed by nobody else.
//!
//! Spec: `docs/spec/21-network.md`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use arc_malachitebft_app_channel::app::streaming::StreamMessage;
use arc_malachitebft_app_channel::app::types::SignedConsensusMsg;
use arc_malachitebft_app_channel::app::types::codec::{Codec, HasEncodedLen};
use arc_malachitebft_core_consensus::LivenessMsg;
use arc_malachitebft_core_types::ValidatorProof;
use arc_malachitebft_sync::{Request, Response, Status};
use bytes::Bytes;
use probity_primitives::Height;
use probity_primitives::codec::CodecError;

use super::codec::EngineCodec;
use super::context::ProbityContext;
use super::parts::ProposalPart;

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
    fn hear(&self, peer: Vec<u8>, offer: Offer) {
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

/// The engine's codec with an ear for what peers say they have.
#[derive(Debug, Clone)]
pub(super) struct AttentiveCodec(pub(super) Arc<Offers>);

/// Messages that are passed on as they are.
macro_rules! passed_on {
    ($($message:ty;)*) => {
        $(
            impl Codec<$message> for AttentiveCodec {
                type Error = CodecError;

                fn decode(&self, bytes: Bytes) -> Result<$message, CodecError> {
                    EngineCodec.decode(bytes)
                }

                fn encode(&self, message: &$message) -> Result<Bytes, CodecError> {
                    EngineCodec.encode(message)
                }
            }
        )*
    };
}

passed_on! {
    ProposalPart;
    SignedConsensusMsg<ProbityContext>;
    LivenessMsg<ProbityContext>;
    StreamMessage<ProposalPart>;
    ValidatorProof<ProbityContext>;
    Request<ProbityContext>;
    Response<ProbityContext>;
}

impl Codec<Status<ProbityContext>> for AttentiveCodec {
    type Error = CodecError;

    fn decode(&self, bytes: Bytes) -> Result<Status<ProbityContext>, CodecError> {
        let status: Status<ProbityContext> = EngineCodec.decode(bytes)?;
        let Status { peer_id, tip_height, history_min_height } = &status;
        let offer = Offer { first: history_min_height.0, newest: tip_height.0 };
        self.0.hear(peer_id.to_bytes(), offer);
        Ok(status)
    }

    fn encode(&self, status: &Status<ProbityContext>) -> Result<Bytes, CodecError> {
        EngineCodec.encode(status)
    }
}

impl HasEncodedLen<Response<ProbityContext>> for AttentiveCodec {
    fn encoded_len(&self, response: &Response<ProbityContext>) -> Result<usize, CodecError> {
        EngineCodec.encoded_len(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offers(heard: &[(u8, u64, u64)]) -> Offers {
        let offers = Offers::default();
        for (peer, first, newest) in heard {
            offers.hear(vec![*peer], Offer { first: Height(*first), newest: Height(*newest) });
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
            let offer = Offer { first: Height(1), newest: Height(peer) };
            offers.hear(peer.to_le_bytes().to_vec(), offer);
        }
        assert_eq!(offers.0.lock().unwrap().len(), MAX_PEERS);
    }
}
