//! What cores send each other: bytes, as on a wire.

use arc_malachitebft_app_channel::app::streaming::StreamMessage;
use arc_malachitebft_app_channel::app::types::PeerId;
use arc_malachitebft_app_channel::app::types::codec::Codec;
use arc_malachitebft_core_consensus::{LivenessMsg, SignedConsensusMsg};
use bytes::Bytes;

use super::super::codec::EngineCodec;
use super::super::context::ProbityContext;
use super::super::parts::ProposalPart;

const CONSENSUS: u8 = 1;
const LIVENESS: u8 = 2;
const PART: u8 = 3;

/// One message between cores.
#[derive(Debug)]
pub(super) enum Message {
    Consensus(SignedConsensusMsg<ProbityContext>),
    Liveness(LivenessMsg<ProbityContext>),
    Part(StreamMessage<ProposalPart>),
}

impl Message {
    /// The bytes; none if the codec refuses the message, as it would in a running engine.
    pub(super) fn encode(&self) -> Option<Bytes> {
        let (tag, bytes) = match self {
            Self::Consensus(message) => (CONSENSUS, EngineCodec.encode(message).ok()?),
            Self::Liveness(message) => (LIVENESS, EngineCodec.encode(message).ok()?),
            Self::Part(message) => (PART, EngineCodec.encode(message).ok()?),
        };
        Some([&[tag], bytes.as_ref()].concat().into())
    }

    /// The message that the bytes spell, if any.
    pub(super) fn decode(bytes: &Bytes) -> Option<Self> {
        let tag = *bytes.first()?;
        let rest = bytes.slice(1..);
        match tag {
            CONSENSUS => EngineCodec.decode(rest).ok().map(Self::Consensus),
            LIVENESS => EngineCodec.decode(rest).ok().map(Self::Liveness),
            PART => EngineCodec.decode(rest).ok().map(Self::Part),
            _ => None,
        }
    }
}

/// The network's name for a core, in the engine's words.
#[expect(clippy::expect_used, reason = "eight bytes under the code of the identity are a name")]
pub(super) fn peer(number: u64) -> PeerId {
    // A multihash: code, length and digest.
    let mut bytes = vec![0, 8];
    bytes.extend_from_slice(&number.to_be_bytes());
    PeerId::from_bytes(&bytes).expect("eight bytes of the identity are a name")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_no_kind_are_no_message() {
        for bytes in [&b""[..], b"\0", b"\x01", b"\x02junk", b"\x03junk", b"\x04"] {
            assert!(Message::decode(&Bytes::from_static(bytes)).is_none(), "{bytes:?}");
        }
    }
}
