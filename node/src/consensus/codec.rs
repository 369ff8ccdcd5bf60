//! The bytes of the engine's messages, on the wire and in its write-ahead log.
//!
//! Everything is borsh, as all consensus bytes are. Types of ours derive it and the engine's small
//! types bring it along; the few that do not (streams, sync messages) are written out here, field
//! by field, so that a new field breaks the build.
//!
//! # Invariants
//! - No message above its limit is read, and no list is longer than its limit.
//! - A message has no trailing bytes.
//!
//! Spec: `docs/spec/21-network.md`.

use arc_malachitebft_app_channel::app::streaming::{StreamContent, StreamId, StreamMessage};
use arc_malachitebft_app_channel::app::types::codec::{Codec, HasEncodedLen};
use arc_malachitebft_app_channel::app::types::{ProposedValue, SignedConsensusMsg};
use arc_malachitebft_core_consensus::LivenessMsg;
use arc_malachitebft_core_types::{
    CommitCertificate, CommitSignature, ExtendedCommitCertificate, ExtendedCommitSignature,
    PolkaCertificate, Round, ValidatorProof,
};
use arc_malachitebft_sync::{RawDecidedValue, Request, Response, Status, ValueResponse};
use borsh::{BorshDeserialize, BorshSerialize};
use bytes::Bytes;
use probity_primitives::bounded::LimitError;
use probity_primitives::codec::{CodecError, decode, encode};
use probity_primitives::{BoundedVec, Signature};
use probity_runtime::certificate::Certificate;

use super::context::{EngineAddress, EngineHeight, ProbityContext};
use super::parts::{MAX_PART_BYTES, ProposalPart};

/// Longest vote, proposal, certificate or proof: a certificate of all validators fits.
const MAX_MESSAGE_BYTES: usize = 256 * 1024;
/// Longest proposal part with its stream's name and its place in it.
const MAX_STREAM_BYTES: usize = MAX_PART_BYTES + 1024;
/// Longest answer of the value sync; the engine's own limit is the same.
pub(super) const MAX_SYNC_BYTES: usize = 10 * 1024 * 1024;
/// Most blocks in an answer of the value sync.
const MAX_SYNC_VALUES: usize = 64;
/// Longest name of a stream.
const MAX_STREAM_ID: usize = 64;
/// Longest network identity.
const MAX_PEER_ID: usize = 64;
/// Longest key.
const MAX_KEY: usize = 64;

/// Reads and writes every message of the engine.
#[derive(Debug, Clone, Copy)]
pub struct EngineCodec;

/// Messages that are borsh already, each with its limit.
macro_rules! borsh_messages {
    ($($message:ty, $limit:expr;)*) => {
        $(
            impl Codec<$message> for EngineCodec {
                type Error = CodecError;

                fn decode(&self, bytes: Bytes) -> Result<$message, CodecError> {
                    decode(&bytes, $limit)
                }

                fn encode(&self, message: &$message) -> Result<Bytes, CodecError> {
                    Ok(encode(message).into())
                }
            }
        )*
    };
}

borsh_messages! {
    ProposalPart, MAX_STREAM_BYTES;
    SignedConsensusMsg<ProbityContext>, MAX_MESSAGE_BYTES;
    LivenessMsg<ProbityContext>, MAX_MESSAGE_BYTES;
    ProposedValue<ProbityContext>, MAX_MESSAGE_BYTES;
    PolkaCertificate<ProbityContext>, MAX_MESSAGE_BYTES;
    Status<ProbityContext>, MAX_MESSAGE_BYTES;
    Request<ProbityContext>, MAX_MESSAGE_BYTES;
}

/// A part of a proposal with the name of its stream and its place in it.
#[derive(BorshSerialize, BorshDeserialize)]
struct StreamBytes {
    stream: BoundedVec<u8, MAX_STREAM_ID>,
    sequence: u64,
    part: Option<ProposalPart>,
}

impl Codec<StreamMessage<ProposalPart>> for EngineCodec {
    type Error = CodecError;

    fn decode(&self, bytes: Bytes) -> Result<StreamMessage<ProposalPart>, CodecError> {
        let StreamBytes { stream, sequence, part } = decode(&bytes, MAX_STREAM_BYTES)?;
        let content = part.map_or(StreamContent::Fin, StreamContent::Data);
        Ok(StreamMessage::new(StreamId::new(stream.into_vec().into()), sequence, content))
    }

    fn encode(&self, message: &StreamMessage<ProposalPart>) -> Result<Bytes, CodecError> {
        let StreamMessage { stream_id, sequence, content } = message;
        let stream = bounded(stream_id.to_bytes().to_vec())?;
        let part = content.as_data().cloned();
        Ok(encode(&StreamBytes { stream, sequence: *sequence, part }).into())
    }
}

/// A validator's claim to a network identity.
#[derive(BorshSerialize, BorshDeserialize)]
struct ProofBytes {
    key: BoundedVec<u8, MAX_KEY>,
    peer: BoundedVec<u8, MAX_PEER_ID>,
    signature: Signature,
}

impl Codec<ValidatorProof<ProbityContext>> for EngineCodec {
    type Error = CodecError;

    fn decode(&self, bytes: Bytes) -> Result<ValidatorProof<ProbityContext>, CodecError> {
        let ProofBytes { key, peer, signature } = decode(&bytes, MAX_MESSAGE_BYTES)?;
        Ok(ValidatorProof::new(key.into_vec(), peer.into_vec(), signature))
    }

    fn encode(&self, proof: &ValidatorProof<ProbityContext>) -> Result<Bytes, CodecError> {
        let ValidatorProof { public_key, peer_id, signature } = proof.clone();
        let (key, peer) = (bounded(public_key)?, bounded(peer_id)?);
        Ok(encode(&ProofBytes { key, peer, signature }).into())
    }
}

/// An answer of the value sync: consecutive blocks with the certificates that decided them.
#[derive(BorshSerialize, BorshDeserialize)]
struct SyncBytes {
    start: EngineHeight,
    values: BoundedVec<(Vec<u8>, Certificate), MAX_SYNC_VALUES>,
}

impl Codec<Response<ProbityContext>> for EngineCodec {
    type Error = CodecError;

    fn decode(&self, bytes: Bytes) -> Result<Response<ProbityContext>, CodecError> {
        let SyncBytes { start, values } = decode(&bytes, MAX_SYNC_BYTES)?;
        let values = values.into_iter().map(|(block, certificate)| {
            RawDecidedValue::new(block.into(), engine_certificate(&certificate))
        });
        Ok(Response::ValueResponse(ValueResponse::new(start, values.collect())))
    }

    fn encode(&self, response: &Response<ProbityContext>) -> Result<Bytes, CodecError> {
        let Response::ValueResponse(ValueResponse { start_height, values }) = response;
        let values = values.iter().map(|RawDecidedValue { value_bytes, certificate }| {
            let certificate = own_certificate(&certificate.trim_vote_extensions());
            Ok((value_bytes.to_vec(), certificate.map_err(too_many)?))
        });
        let values = bounded(values.collect::<Result<Vec<_>, CodecError>>()?)?;
        Ok(encode(&SyncBytes { start: *start_height, values }).into())
    }
}

impl HasEncodedLen<Response<ProbityContext>> for EngineCodec {
    fn encoded_len(&self, response: &Response<ProbityContext>) -> Result<usize, CodecError> {
        self.encode(response).map(|bytes| bytes.len())
    }
}

/// Our certificate, from the engine's.
///
/// # Errors
/// [`LimitError`] if it has more signatures than there can be validators.
pub(super) fn own_certificate(
    certificate: &CommitCertificate<ProbityContext>,
) -> Result<Certificate, LimitError> {
    let CommitCertificate { height, round, value_id, commit_signatures } = certificate;
    let mut signatures: Vec<_> = commit_signatures
        .iter()
        .map(|CommitSignature { address, signature }| (address.0, *signature))
        .collect();
    signatures.sort_unstable_by_key(|(operator, _)| *operator);
    Ok(Certificate {
        height: height.0,
        round: round.as_u32().unwrap_or(u32::MAX),
        block: *value_id,
        signatures: BoundedVec::from_vec(signatures)?,
    })
}

/// The engine's certificate, from ours.
pub(super) fn engine_certificate(
    certificate: &Certificate,
) -> ExtendedCommitCertificate<ProbityContext> {
    let Certificate { height, round, block, signatures } = certificate;
    ExtendedCommitCertificate {
        height: EngineHeight(*height),
        round: Round::new(*round),
        value_id: *block,
        commit_signatures: signatures
            .iter()
            .map(|(operator, signature)| {
                ExtendedCommitSignature::new(EngineAddress(*operator), *signature, None)
            })
            .collect(),
    }
}

fn bounded<T, const MAX: usize>(elements: Vec<T>) -> Result<BoundedVec<T, MAX>, CodecError> {
    BoundedVec::from_vec(elements).map_err(too_many)
}

fn too_many(error: LimitError) -> CodecError {
    CodecError::TooLong { len: error.len, limit: error.limit }
}

#[cfg(test)]
mod tests {
    use arc_malachitebft_core_types::{NilOrVal, SignedMessage, VoteType};
    use arc_malachitebft_sync::ValueRequest;
    use probity_primitives::{Address, BlockHash, Hash, Height, Keypair, Network, OperatorId};

    use super::*;
    use crate::consensus::context::Vote;

    fn operator(seed: u8) -> OperatorId {
        let key = Keypair::from_seed([seed; 32]).public();
        OperatorId::of(&Address::of(&key, Network::Test), &key)
    }

    fn certificate() -> Certificate {
        let mut signers = vec![operator(1), operator(2), operator(3)];
        signers.sort_unstable();
        let signed = signers.into_iter().map(|signer| (signer, Signature::from_bytes([3; 64])));
        Certificate {
            height: Height(7),
            round: 2,
            block: BlockHash(Hash::from_bytes([5; 32])),
            signatures: BoundedVec::from_vec(signed.collect()).unwrap(),
        }
    }

    fn check<T>(message: &T)
    where
        T: PartialEq + std::fmt::Debug,
        EngineCodec: Codec<T, Error = CodecError>,
    {
        let bytes = EngineCodec.encode(message).unwrap();
        assert_eq!(EngineCodec.decode(bytes.clone()).as_ref(), Ok(message));
        let mut longer = bytes.to_vec();
        longer.push(0);
        let read: Result<T, _> = EngineCodec.decode(longer.into());
        assert!(read.is_err(), "trailing bytes are read");
        let cut: Result<T, _> = EngineCodec.decode(bytes.slice(..bytes.len() - 1));
        assert!(cut.is_err(), "cut bytes are read");
    }

    #[test]
    fn every_message_reads_back_and_neither_more_nor_fewer_bytes_do() {
        let vote = Vote {
            height: EngineHeight(Height(7)),
            round: Round::new(2),
            value: NilOrVal::Val(BlockHash(Hash::ZERO)),
            kind: VoteType::Precommit,
            validator: EngineAddress(operator(1)),
        };
        check(&SignedConsensusMsg::Vote(SignedMessage::new(vote, Signature::from_bytes([1; 64]))));
        let range = EngineHeight(Height(1))..=EngineHeight(Height(9));
        check(&Request::<ProbityContext>::ValueRequest(ValueRequest::new(range)));
        check(&ValidatorProof::new(vec![1; 32], vec![2; 38], Signature::from_bytes([4; 64])));
        let chunk = ProposalPart::Chunk { bytes: vec![9; 100], last: true };
        let stream = || StreamId::new(Bytes::from_static(b"stream"));
        check(&StreamMessage::new(stream(), 3, StreamContent::Data(chunk)));
        check(&StreamMessage::<ProposalPart>::new(stream(), 4, StreamContent::Fin));
        let value =
            RawDecidedValue::new(Bytes::from_static(b"block"), engine_certificate(&certificate()));
        let answer = ValueResponse::new(EngineHeight(Height(7)), vec![value]);
        check(&Response::ValueResponse(answer));
    }

    #[test]
    fn a_certificate_is_the_same_after_a_trip_through_the_engine() {
        let engine = engine_certificate(&certificate()).trim_vote_extensions();
        assert_eq!(own_certificate(&engine), Ok(certificate()));
    }

    #[test]
    fn a_message_above_its_limit_is_not_read() {
        let bytes = Bytes::from(vec![0; MAX_MESSAGE_BYTES + 1]);
        let read: Result<SignedConsensusMsg<ProbityContext>, _> = EngineCodec.decode(bytes);
        let refusal = CodecError::TooLong { len: MAX_MESSAGE_BYTES + 1, limit: MAX_MESSAGE_BYTES };
        assert_eq!(read, Err(refusal));
    }
}
