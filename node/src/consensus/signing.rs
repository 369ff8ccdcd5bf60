//! Signatures of the engine's messages: ed25519, checked strictly, bound to one chain.
//!
//! A vote's statement is `probity_runtime::certificate::VoteStatement`, so that the precommits of
//! a decision are the certificate that a reader checks years later without an engine. Proposals
//! and peer proofs are signed under domains of their own: no message can be passed off as one of
//! another kind, of another chain, or as a transaction.
//!
//! # Invariants
//! - A signer that was given a [`Safety`] asks it first. What it refuses goes out with a signature
//!   of zeros, which nobody counts: to the engine it is a message that was lost, so that it goes on
//!   deciding with the others instead of ending.
//! - A mark is durable before a signature leaves, and not before the engine's log has the message. A
//!   mark without the message would forbid the engine to vote otherwise after a crash, and it may have
//!   to: if that happened to a third of the validators in one round, nobody would ever leave it.
//!
//! # Not here
//! What may be signed: [`super::safety`].
//!
//! Spec: `docs/spec/20-blocks.md`, `docs/spec/27-signing.md`.

use std::sync::Arc;

use arc_malachitebft_core_consensus::{LivenessMsg, SignedConsensusMsg};
use arc_malachitebft_core_types::{
    NilOrVal, SignedMessage, SigningScheme, ValidatorProof, VoteExtensionScope, VoteType,
};
use arc_malachitebft_signing::{Error, Signer, VerificationResult, Verifier};
use async_trait::async_trait;
use borsh::BorshSerialize;
use probity_keys::guard::Step;
use probity_primitives::{Domain, Hash, Height, Keypair, PublicKey, Signature, codec};
use probity_runtime::certificate::{VoteKind, VoteStatement};
use probity_runtime::genesis::ChainIdentity;
use probity_runtime::proposal::ProposalStatement;

use super::context::{EngineAddress, ProbityContext, Proposal, Vote};
use super::safety::{Safety, Withheld};

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

/// What a validator signs to own a network identity.
#[derive(BorshSerialize)]
struct PeerStatement<'a> {
    chain_id: &'a str,
    genesis_hash: &'a Hash,
    key: &'a [u8],
    peer: &'a [u8],
}

/// The bytes of a vote's signature.
pub(super) fn vote_bytes(chain: &ChainIdentity, vote: &Vote) -> Vec<u8> {
    let ChainIdentity { chain_id, network: _, genesis_hash } = chain;
    let Vote { height, round, value, kind, validator } = vote;
    let statement = VoteStatement {
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
    };
    statement.sign_bytes()
}

/// The bytes of a proposal's signature.
pub(super) fn proposal_bytes(chain: &ChainIdentity, proposal: &Proposal) -> Vec<u8> {
    let ChainIdentity { chain_id, network: _, genesis_hash } = chain;
    let Proposal { height, round, value, pol_round, proposer } = proposal;
    let statement = ProposalStatement::Stand {
        chain_id,
        genesis_hash: *genesis_hash,
        height: height.0,
        round: round.as_u32(),
        pol_round: pol_round.as_u32(),
        block: value.0,
        proposer: proposer.0,
    };
    statement.sign_bytes()
}

/// The watermark that a vote of this kind has.
pub(super) const fn step_of(kind: VoteType) -> Step {
    match kind {
        VoteType::Prevote => Step::Prevote,
        VoteType::Precommit => Step::Precommit,
    }
}

fn peer_bytes(chain: &ChainIdentity, key: &[u8], peer: &[u8]) -> Vec<u8> {
    let ChainIdentity { chain_id, network: _, genesis_hash } = chain;
    codec::encode(&PeerStatement { chain_id, genesis_hash, key, peer })
}

/// Checks the engine's messages for one chain.
#[derive(Debug, Clone)]
pub struct EngineVerifier(pub ChainIdentity);

/// Signs the engine's messages with the operator's key.
#[derive(Debug, Clone)]
pub struct EngineSigner {
    chain: ChainIdentity,
    keypair: Keypair,
    safety: Option<Arc<Safety>>,
}

/// The signature on what is not signed; it holds for nothing.
pub(super) const WITHHELD: Signature = Signature::from_bytes([0; 64]);

impl EngineSigner {
    /// Signs for `chain` whatever it is asked to, with a key that no stake stands behind: for
    /// networks in one process that measure or simulate.
    #[must_use]
    pub const fn new(chain: ChainIdentity, keypair: Keypair) -> Self {
        Self { chain, keypair, safety: None }
    }

    /// Signs for the chain of `safety` what it allows.
    #[must_use]
    pub fn guarded(safety: Arc<Safety>, keypair: Keypair) -> Self {
        Self { chain: safety.chain().clone(), keypair, safety: Some(safety) }
    }

    /// Lets a message go to others, if it is this validator's.
    ///
    /// # Errors
    /// [`Withheld`]; it must stay here then.
    pub(super) fn leave(
        &self,
        message: &SignedConsensusMsg<ProbityContext>,
    ) -> Result<(), Withheld> {
        match (&self.safety, self.own(message)) {
            (Some(safety), Some((step, height, round, digest))) => {
                safety.leave(step, height, round, digest)
            }
            (Some(_), None) | (None, _) => Ok(()),
        }
    }

    /// Lets a vote go to others again, or a certificate, which may hold a vote of this validator's
    /// that has not left by itself.
    ///
    /// # Errors
    /// [`Withheld`]; it must stay here then.
    pub(super) fn leave_again(
        &self,
        message: &LivenessMsg<ProbityContext>,
    ) -> Result<(), Withheld> {
        let leave = |vote| self.leave(&SignedConsensusMsg::Vote(vote));
        match message {
            LivenessMsg::Vote(vote) => leave(vote.clone()),
            LivenessMsg::PolkaCertificate(polka) => {
                polka.votes(&ProbityContext).try_for_each(leave)
            }
            LivenessMsg::SkipRoundCertificate(certificate) => {
                certificate.votes(&ProbityContext).try_for_each(leave)
            }
        }
    }

    /// Takes in what the engine's log holds, if it is this validator's.
    pub(super) fn recall(&self, message: &SignedConsensusMsg<ProbityContext>) {
        if let (Some(safety), Some((step, height, round, digest))) =
            (&self.safety, self.own(message))
        {
            safety.recall(step, height, round, digest);
        }
    }

    /// A new engine begins to sign.
    pub(super) fn begin_anew(&self) {
        if let Some(safety) = &self.safety {
            safety.begin_anew();
        }
    }

    /// Where this validator signed a message, and what; none if it did not sign it.
    fn own(
        &self,
        message: &SignedConsensusMsg<ProbityContext>,
    ) -> Option<(Step, Height, u32, Hash)> {
        let operator = self.safety.as_ref()?.operator();
        let own = |signer: EngineAddress, signature: &Signature| {
            (signer.0 == operator && *signature != WITHHELD).then_some(())
        };
        let (step, height, round, domain, bytes) = match message {
            SignedConsensusMsg::Vote(SignedMessage { message: vote, signature }) => {
                own(vote.validator, signature)?;
                let bytes = vote_bytes(&self.chain, vote);
                (step_of(vote.kind), vote.height, vote.round, Domain::Vote, bytes)
            }
            SignedConsensusMsg::Proposal(SignedMessage { message: stand, signature }) => {
                own(stand.proposer, signature)?;
                let bytes = proposal_bytes(&self.chain, stand);
                (Step::Proposal, stand.height, stand.round, Domain::Proposal, bytes)
            }
        };
        let round = round.as_u32().unwrap_or(u32::MAX);
        Some((step, height.0, round, Hash::of_bytes(domain, &bytes)))
    }

    fn sign(&self, domain: Domain, bytes: &[u8], place: (Step, Height, Option<u32>)) -> Signature {
        let (step, height, round) = place;
        if let Some(safety) = &self.safety {
            let round = round.unwrap_or(u32::MAX);
            let digest = Hash::of_bytes(domain, bytes);
            if let Err(reason) = safety.allow(step, height, round, digest) {
                tracing::error!(%step, %height, round, %reason, "not signed");
                return WITHHELD;
            }
        }
        self.keypair.sign(domain, bytes)
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
        Ok(verdict(key, Domain::Vote, &vote_bytes(&self.0, vote), signature))
    }

    async fn verify_signed_proposal(
        &self,
        proposal: &Proposal,
        signature: &Signature,
        key: &PublicKey,
    ) -> Result<VerificationResult, Error> {
        Ok(verdict(key, Domain::Proposal, &proposal_bytes(&self.0, proposal), signature))
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
        let bytes = peer_bytes(&self.0, &proof.public_key, &proof.peer_id);
        Ok(verdict(&key, Domain::PeerProof, &bytes, &proof.signature))
    }
}

#[async_trait]
impl Signer<ProbityContext> for EngineSigner {
    async fn sign_vote(&self, vote: Vote) -> Result<SignedMessage<ProbityContext, Vote>, Error> {
        let place = (step_of(vote.kind), vote.height.0, vote.round.as_u32());
        let signature = self.sign(Domain::Vote, &vote_bytes(&self.chain, &vote), place);
        Ok(SignedMessage::new(vote, signature))
    }

    async fn sign_proposal(
        &self,
        proposal: Proposal,
    ) -> Result<SignedMessage<ProbityContext, Proposal>, Error> {
        let place = (Step::Proposal, proposal.height.0, proposal.round.as_u32());
        let bytes = proposal_bytes(&self.chain, &proposal);
        let signature = self.sign(Domain::Proposal, &bytes, place);
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
        let signature = self.keypair.sign(Domain::PeerProof, &peer_bytes(&self.chain, &key, &peer));
        Ok(ValidatorProof::new(key, peer, signature))
    }
}

#[cfg(test)]
mod tests;
