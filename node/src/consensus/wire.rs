//! The engine's codecs where its messages leave the node, and where its log is read.
//!
//! The engine hands every message to one of them, so what it leaves no other place for is done here:
//! what peers say they have is written down ([`Offers`]); the mark of a vote is durable before the
//! vote leaves, and whatever the log says was signed is known when the engine begins.
//!
//! # Invariants
//! - Nothing that can hold a signature of this validator is encoded for others before the marks of
//!   all that it signed are durable.
//!
//! # Not here
//! The bytes: [`super::codec`].
//!
//! Spec: `docs/spec/21-network.md`, `docs/spec/27-signing.md`.

use std::sync::Arc;

use arc_malachitebft_app_channel::app::streaming::StreamMessage;
use arc_malachitebft_app_channel::app::types::codec::{Codec, HasEncodedLen};
use arc_malachitebft_app_channel::app::types::{ProposedValue, SignedConsensusMsg};
use arc_malachitebft_core_consensus::LivenessMsg;
use arc_malachitebft_core_types::{PolkaCertificate, ValidatorProof};
use arc_malachitebft_sync::{Request, Response, Status};
use bytes::Bytes;
use probity_primitives::codec::CodecError;

use super::codec::EngineCodec;
use super::context::ProbityContext;
use super::offers::Offers;
use super::parts::ProposalPart;
use super::safety::Withheld;
use super::signing::EngineSigner;

/// Why a message does not leave.
#[derive(Debug, thiserror::Error)]
pub(super) enum WireError {
    /// It has no bytes.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// It must stay here.
    #[error(transparent)]
    Withheld(#[from] Withheld),
}

/// The engine's codec for its network: an ear for what peers have, and a hand on what leaves.
#[derive(Debug, Clone)]
pub(super) struct WireCodec {
    /// What peers say they have.
    pub(super) offers: Arc<Offers>,
    /// Who signs; none for a node that only follows.
    pub(super) signer: Option<EngineSigner>,
}

/// The engine's codec for its log, which tells who signs what the log says was signed.
#[derive(Debug, Clone)]
pub(super) struct LogCodec(pub(super) Option<EngineSigner>);

/// Messages that are passed on as they are.
macro_rules! passed_on {
    ($($message:ty;)*) => {
        $(
            impl Codec<$message> for WireCodec {
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
    StreamMessage<ProposalPart>;
    ValidatorProof<ProbityContext>;
    Request<ProbityContext>;
    Response<ProbityContext>;
}

impl Codec<SignedConsensusMsg<ProbityContext>> for WireCodec {
    type Error = WireError;

    fn decode(&self, bytes: Bytes) -> Result<SignedConsensusMsg<ProbityContext>, WireError> {
        Ok(EngineCodec.decode(bytes)?)
    }

    fn encode(&self, message: &SignedConsensusMsg<ProbityContext>) -> Result<Bytes, WireError> {
        if let Some(signer) = &self.signer {
            signer.leave(message)?;
        }
        Ok(EngineCodec.encode(message)?)
    }
}

/// Votes that are sent again, and certificates, which hold votes.
impl Codec<LivenessMsg<ProbityContext>> for WireCodec {
    type Error = WireError;

    fn decode(&self, bytes: Bytes) -> Result<LivenessMsg<ProbityContext>, WireError> {
        Ok(EngineCodec.decode(bytes)?)
    }

    fn encode(&self, message: &LivenessMsg<ProbityContext>) -> Result<Bytes, WireError> {
        if let Some(signer) = &self.signer {
            signer.settle()?;
        }
        Ok(EngineCodec.encode(message)?)
    }
}

impl Codec<Status<ProbityContext>> for WireCodec {
    type Error = CodecError;

    fn decode(&self, bytes: Bytes) -> Result<Status<ProbityContext>, CodecError> {
        let status: Status<ProbityContext> = EngineCodec.decode(bytes)?;
        let Status { peer_id, tip_height, history_min_height } = &status;
        self.offers.hear(peer_id.to_bytes(), history_min_height.0, tip_height.0);
        Ok(status)
    }

    fn encode(&self, status: &Status<ProbityContext>) -> Result<Bytes, CodecError> {
        EngineCodec.encode(status)
    }
}

impl HasEncodedLen<Response<ProbityContext>> for WireCodec {
    fn encoded_len(&self, response: &Response<ProbityContext>) -> Result<usize, CodecError> {
        EngineCodec.encoded_len(response)
    }
}

impl Codec<SignedConsensusMsg<ProbityContext>> for LogCodec {
    type Error = CodecError;

    fn decode(&self, bytes: Bytes) -> Result<SignedConsensusMsg<ProbityContext>, CodecError> {
        let message = EngineCodec.decode(bytes)?;
        if let Some(signer) = &self.0 {
            signer.recall(&message);
        }
        Ok(message)
    }

    fn encode(&self, message: &SignedConsensusMsg<ProbityContext>) -> Result<Bytes, CodecError> {
        EngineCodec.encode(message)
    }
}

impl Codec<ProposedValue<ProbityContext>> for LogCodec {
    type Error = CodecError;

    fn decode(&self, bytes: Bytes) -> Result<ProposedValue<ProbityContext>, CodecError> {
        EngineCodec.decode(bytes)
    }

    fn encode(&self, value: &ProposedValue<ProbityContext>) -> Result<Bytes, CodecError> {
        EngineCodec.encode(value)
    }
}

impl Codec<PolkaCertificate<ProbityContext>> for LogCodec {
    type Error = CodecError;

    fn decode(&self, bytes: Bytes) -> Result<PolkaCertificate<ProbityContext>, CodecError> {
        EngineCodec.decode(bytes)
    }

    fn encode(&self, polka: &PolkaCertificate<ProbityContext>) -> Result<Bytes, CodecError> {
        EngineCodec.encode(polka)
    }
}
