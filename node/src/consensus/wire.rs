//! The engine's codecs where its messages leave the node, and where its log is read.
//!
//! The engine hands every message to one of them, so what it leaves no other place for is done here:
//! what peers say they have is written down ([`Offers`]); the mark of a vote is durable before the
//! vote leaves, and whatever the log says was signed is known when the engine begins.
//!
//! # Invariants
//! - Nothing that holds a signature of this validator is encoded for others before its mark is durable.
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
    ($codec:ty: $($message:ty;)*) => {
        $(
            impl Codec<$message> for $codec {
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
    WireCodec:
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
            signer.leave_again(message)?;
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

passed_on! {
    LogCodec:
    ProposedValue<ProbityContext>;
    PolkaCertificate<ProbityContext>;
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use arc_malachitebft_core_types::{
        NilOrVal, PolkaSignature, Round, RoundCertificate, RoundCertificateType, SignedVote,
        VoteType,
    };
    use arc_malachitebft_signing::Signer as _;
    use futures::executor::block_on;
    use probity_keys::guard::{GuardError, Keep, Owner, VoteGuard};
    use probity_primitives::{BlockHash, Hash, Height};

    use super::*;
    use crate::consensus::context::{EngineAddress, EngineHeight, Vote};
    use crate::consensus::safety::Safety;
    use crate::testkit::{genesis, keys};

    /// A file that cannot be written any more.
    #[derive(Debug)]
    struct Full;

    impl Keep for Full {
        fn replace(&mut self, _: &[u8]) -> Result<(), GuardError> {
            let source = std::io::Error::other("no space left on device");
            Err(GuardError::Io { action: "write", path: "marks".into(), source })
        }
    }

    fn signer(safety: Safety) -> EngineSigner {
        EngineSigner::guarded(Arc::new(safety), keys(1).keypair)
    }

    fn on_file(folder: &Path) -> EngineSigner {
        let (operator, key) = (keys(1).operator, keys(1).keypair.public());
        signer(Safety::open(folder, genesis(4).identity(), operator, key, 0).unwrap())
    }

    /// The codec for the network and the codec for the log of whoever signs so.
    fn codecs(signer: &EngineSigner) -> (WireCodec, LogCodec) {
        let signer = Some(signer.clone());
        (WireCodec { offers: Arc::default(), signer: signer.clone() }, LogCodec(signer))
    }

    fn prevote(signer: &EngineSigner, height: u64, block: u8) -> SignedVote<ProbityContext> {
        let vote = Vote {
            height: EngineHeight(Height(height)),
            round: Round::new(0),
            value: NilOrVal::Val(BlockHash(Hash::from_bytes([block; 32]))),
            kind: VoteType::Prevote,
            validator: EngineAddress(keys(1).operator),
        };
        block_on(signer.sign_vote(vote)).unwrap()
    }

    /// The height of the newest prevote that the next process knows of.
    fn on_disk(folder: &Path) -> Option<u64> {
        let file = probity_keys::interchange::files(folder).unwrap().remove(0);
        let marks = VoteGuard::open_file(&file).unwrap().marks().unwrap();
        marks.prevote.map(|mark| mark.height.0)
    }

    #[test]
    fn a_mark_is_on_disk_when_a_vote_leaves_and_not_when_it_is_signed() {
        let folder = tempfile::tempdir().unwrap();
        let signer = on_file(folder.path());
        let (wire, _) = codecs(&signer);
        let vote = SignedConsensusMsg::Vote(prevote(&signer, 4, 1));
        assert_eq!(on_disk(folder.path()), None, "a crash now leaves the engine free");
        wire.encode(&vote).unwrap();
        assert_eq!(on_disk(folder.path()), Some(4));
    }

    #[test]
    fn a_certificate_waits_for_the_mark_of_ones_own_vote_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let signer = on_file(folder.path());
        let (wire, _) = codecs(&signer);
        let polka = |height, signature| {
            let own = EngineAddress(keys(1).operator);
            LivenessMsg::PolkaCertificate(PolkaCertificate {
                height: EngineHeight(Height(height)),
                round: Round::new(0),
                value_id: BlockHash(Hash::from_bytes([1; 32])),
                polka_signatures: vec![PolkaSignature::new(own, signature)],
            })
        };
        wire.encode(&polka(4, prevote(&signer, 4, 1).signature)).unwrap();
        assert_eq!(on_disk(folder.path()), Some(4));
        let skip = prevote(&signer, 5, 1);
        let skip = RoundCertificate::new_from_votes(
            skip.message.height,
            skip.message.round,
            RoundCertificateType::Skip,
            vec![skip],
        );
        wire.encode(&LivenessMsg::SkipRoundCertificate(skip)).unwrap();
        assert_eq!(on_disk(folder.path()), Some(5));
        let other = prevote(&signer, 5, 2);
        assert!(
            wire.encode(&polka(5, other.signature)).is_ok(),
            "what is refused has no signature"
        );
        wire.encode(&polka(4, prevote(&signer, 6, 1).signature)).unwrap();
        assert_eq!(on_disk(folder.path()), Some(5), "an older one left long ago");
    }

    #[test]
    fn what_cannot_be_marked_does_not_leave() {
        let owner = Owner { genesis: genesis(4).hash(), key: keys(1).keypair.public() };
        let marks = VoteGuard::kept_by(Box::new(Full), owner, None).unwrap();
        let (chain, operator) = (genesis(4).identity(), keys(1).operator);
        let signer = signer(Safety::with_marks(marks, chain, operator, 0));
        let (wire, _) = codecs(&signer);
        let vote = prevote(&signer, 4, 1);
        let refused = wire.encode(&SignedConsensusMsg::Vote(vote.clone())).unwrap_err();
        assert!(refused.to_string().contains("no space left"), "{refused}");
        assert!(wire.encode(&LivenessMsg::Vote(vote)).is_err());
    }

    #[test]
    fn a_second_engine_is_bound_by_what_left_and_by_the_log_and_by_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let signer = on_file(folder.path());
        let (wire, log) = codecs(&signer);
        let signed = |height, block| {
            let vote = prevote(&signer, height, block);
            (vote.clone(), wire.encode(&SignedConsensusMsg::Vote(vote)).is_ok())
        };
        assert!(signed(4, 1).1);
        let logged = prevote(&signer, 5, 1);
        let logged =
            Codec::<SignedConsensusMsg<_>>::encode(&log, &SignedConsensusMsg::Vote(logged));
        let lost = prevote(&signer, 6, 1);
        signer.begin_anew();
        let read: SignedConsensusMsg<ProbityContext> = log.decode(logged.unwrap()).unwrap();
        let silent = EngineCodec.encode(&SignedConsensusMsg::Vote(prevote(&signer, 5, 2)));
        assert_ne!(silent.unwrap(), EngineCodec.encode(&read).unwrap());
        assert_eq!(on_disk(folder.path()), Some(4), "reading the log marks nothing");
        wire.encode(&read).unwrap();
        assert_eq!(on_disk(folder.path()), Some(5));
        let (other, left) = signed(6, 2);
        assert!(left && other.signature != lost.signature, "nobody saw the one before");
        assert!(wire.encode(&SignedConsensusMsg::Vote(lost)).is_err(), "and nobody will");
    }
}
