//! Signatures of the engine's messages: ed25519, checked strictly, bound to one chain.
//!
//! A vote's statement is `probity_runtime::certificate::VoteStatement`, so that the precommits of
//! a decision are the certificate that a reader checks years later without an engine. Proposals
//! and peer proofs are signed under domains of their own: no message can be passed off as one of
//! another kind, of another chain, or as a transaction.
//!
//! # Not here
//! When a validator may sign. That is the engine's write-ahead log's business, and the lock's on
//! the home directory.
//!
//! Spec: `docs/spec/20-blocks.md`.

use arc_malachitebft_core_types::{
    NilOrVal, Round, SignedMessage, SigningScheme, ValidatorProof, VoteExtensionScope, VoteType,
};
use arc_malachitebft_signing::{Error, Signer, VerificationResult, Verifier};
use async_trait::async_trait;
use borsh::BorshSerialize;
use probity_primitives::{
    BlockHash, BoundedString, Domain, Hash, Height, Keypair, OperatorId, PublicKey, Signature,
    codec,
};
use probity_runtime::certificate::{VoteKind, VoteStatement};

use super::context::{ProbityContext, Proposal, Vote};
use super::parts::ProposalHeader;

/// Bytes that are not a key or a signature of this scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what} has {expected} bytes, not {len}")]
pub struct WrongLength {
    what: &'static str,
    expected: usize,
    len: usize,
}

/// Ed25519 over the hash of a domain tag and the message, as everywhere in Probity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ed25519Scheme;

impl SigningScheme for Ed25519Scheme {
    type DecodingError = WrongLength;
    type Signature = Signature;
    type PublicKey = PublicKey;
    type PrivateKey = Keypair;

    fn decode_signature(bytes: &[u8]) -> Result<Signature, WrongLength> {
        read(bytes, "a signature").map(Signature::from_bytes)
    }

    fn encode_signature(signature: &Signature) -> Vec<u8> {
        signature.as_bytes().to_vec()
    }

    fn decode_public_key(bytes: &[u8]) -> Result<PublicKey, WrongLength> {
        read(bytes, "a public key").map(PublicKey::from_bytes)
    }

    fn encode_public_key(key: &PublicKey) -> Vec<u8> {
        key.as_bytes().to_vec()
    }
}

fn read<const N: usize>(bytes: &[u8], what: &'static str) -> Result<[u8; N], WrongLength> {
    bytes.try_into().map_err(|_| WrongLength { what, expected: N, len: bytes.len() })
}

/// The chain that every signature names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainScope {
    /// The chain's name.
    pub chain_id: BoundedString<32>,
    /// The hash of its genesis document.
    pub genesis_hash: Hash,
}

/// What a proposer signs. The variants are told apart by their first byte.
#[derive(BorshSerialize)]
enum ProposalStatement<'a> {
    /// It stands for a block in a round.
    Vote {
        chain_id: &'a str,
        genesis_hash: &'a Hash,
        height: Height,
        round: Round,
        pol_round: Round,
        block: BlockHash,
        proposer: OperatorId,
    },
    /// The bytes that it streams are the block that it built.
    Parts { chain_id: &'a str, genesis_hash: &'a Hash, header: &'a ProposalHeader },
}

/// What a validator signs to own a network identity.
#[derive(BorshSerialize)]
struct PeerStatement<'a> {
    chain_id: &'a str,
    genesis_hash: &'a Hash,
    key: &'a [u8],
    peer: &'a [u8],
}

impl ChainScope {
    fn vote_bytes(&self, vote: &Vote) -> Vec<u8> {
        let Self { chain_id, genesis_hash } = self;
        let Vote { height, round, value, kind, validator } = vote;
        VoteStatement {
            chain_id,
            genesis_hash: *genesis_hash,
            kind: match kind {
                VoteType::Prevote => VoteKind::Prevote,
                VoteType::Precommit => VoteKind::Precommit,
            },
            height: height.0,
            // The engine votes in defined rounds only; no real round has this number.
            round: round.as_u32().unwrap_or(u32::MAX),
            block: match value {
                NilOrVal::Nil => None,
                NilOrVal::Val(block) => Some(*block),
            },
            validator: validator.0,
        }
        .sign_bytes()
    }

    fn proposal_bytes(&self, proposal: &Proposal) -> Vec<u8> {
        let Self { chain_id, genesis_hash } = self;
        let Proposal { height, round, value, pol_round, proposer } = proposal;
        codec::encode(&ProposalStatement::Vote {
            chain_id,
            genesis_hash,
            height: height.0,
            round: *round,
            pol_round: *pol_round,
            block: value.0,
            proposer: proposer.0,
        })
    }

    fn parts_bytes(&self, header: &ProposalHeader) -> Vec<u8> {
        let Self { chain_id, genesis_hash } = self;
        codec::encode(&ProposalStatement::Parts { chain_id, genesis_hash, header })
    }

    /// The proposer's signature on what it streams.
    #[must_use]
    pub fn sign_parts(&self, keypair: &Keypair, header: &ProposalHeader) -> Signature {
        keypair.sign(Domain::Proposal, &self.parts_bytes(header))
    }

    /// Whether `key` signed what is streamed.
    #[must_use]
    pub fn signed_parts(
        &self,
        key: &PublicKey,
        header: &ProposalHeader,
        signature: &Signature,
    ) -> bool {
        key.verify(Domain::Proposal, &self.parts_bytes(header), signature).is_ok()
    }

    fn peer_bytes(&self, key: &[u8], peer: &[u8]) -> Vec<u8> {
        let Self { chain_id, genesis_hash } = self;
        codec::encode(&PeerStatement { chain_id, genesis_hash, key, peer })
    }
}

/// Checks the engine's messages for one chain.
#[derive(Debug, Clone)]
pub struct EngineVerifier(pub ChainScope);

/// Signs the engine's messages with the operator's key.
#[derive(Debug, Clone)]
pub struct EngineSigner {
    scope: ChainScope,
    keypair: Keypair,
}

impl EngineSigner {
    /// Signs for `scope` with `keypair`.
    #[must_use]
    pub const fn new(scope: ChainScope, keypair: Keypair) -> Self {
        Self { scope, keypair }
    }
}

fn verdict(
    key: &PublicKey,
    domain: Domain,
    bytes: &[u8],
    signature: &Signature,
) -> VerificationResult {
    VerificationResult::from_bool(key.verify(domain, bytes, signature).is_ok())
}

#[async_trait]
impl Verifier<ProbityContext> for EngineVerifier {
    async fn verify_signed_vote(
        &self,
        vote: &Vote,
        signature: &Signature,
        key: &PublicKey,
    ) -> Result<VerificationResult, Error> {
        Ok(verdict(key, Domain::Vote, &self.0.vote_bytes(vote), signature))
    }

    async fn verify_signed_proposal(
        &self,
        proposal: &Proposal,
        signature: &Signature,
        key: &PublicKey,
    ) -> Result<VerificationResult, Error> {
        Ok(verdict(key, Domain::Proposal, &self.0.proposal_bytes(proposal), signature))
    }

    /// There are no vote extensions, so none is valid.
    async fn verify_signed_vote_extension(
        &self,
        _: &VoteExtensionScope<ProbityContext>,
        (): &(),
        _: &Signature,
        _: &PublicKey,
    ) -> Result<VerificationResult, Error> {
        Ok(VerificationResult::Invalid)
    }

    async fn verify_validator_proof(
        &self,
        proof: &ValidatorProof<ProbityContext>,
    ) -> Result<VerificationResult, Error> {
        let Ok(key) = Ed25519Scheme::decode_public_key(&proof.public_key) else {
            return Ok(VerificationResult::Invalid);
        };
        let bytes = self.0.peer_bytes(&proof.public_key, &proof.peer_id);
        Ok(verdict(&key, Domain::PeerProof, &bytes, &proof.signature))
    }
}

#[async_trait]
impl Signer<ProbityContext> for EngineSigner {
    async fn sign_vote(&self, vote: Vote) -> Result<SignedMessage<ProbityContext, Vote>, Error> {
        let signature = self.keypair.sign(Domain::Vote, &self.scope.vote_bytes(&vote));
        Ok(SignedMessage::new(vote, signature))
    }

    async fn sign_proposal(
        &self,
        proposal: Proposal,
    ) -> Result<SignedMessage<ProbityContext, Proposal>, Error> {
        let signature = self.keypair.sign(Domain::Proposal, &self.scope.proposal_bytes(&proposal));
        Ok(SignedMessage::new(proposal, signature))
    }

    async fn sign_vote_extension(
        &self,
        _: VoteExtensionScope<ProbityContext>,
        (): (),
    ) -> Result<SignedMessage<ProbityContext, ()>, Error> {
        Err(Error::new())
    }

    async fn sign_validator_proof(
        &self,
        key: Vec<u8>,
        peer: Vec<u8>,
    ) -> Result<ValidatorProof<ProbityContext>, Error> {
        let signature = self.keypair.sign(Domain::PeerProof, &self.scope.peer_bytes(&key, &peer));
        Ok(ValidatorProof::new(key, peer, signature))
    }
}
