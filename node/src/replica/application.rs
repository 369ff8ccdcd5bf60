//! What the engine asks of whoever it decides blocks for.
//!
//! [`Application`] is the replica's side of consensus with everything of the engine's taken out:
//! plain values in, plain values out, the clock passed in. The engine's channel drives it in a
//! running node, a deterministic network can drive it in a test, and a benchmark measures the
//! engine alone with an application that does nothing. [`Around`] is the form of an application
//! that only watches another one.
//!
//! # Invariants
//! - No call waits for another node.
//! - [`Application::decide`] returns when the block is durable.
//!
//! Spec: `docs/spec/20-blocks.md`.

use bytes::Bytes;
use probity_primitives::{BlockHash, Height, OperatorId, Signature};
use probity_runtime::certificate::Certificate;
use probity_runtime::evidence::Evidence;
use probity_runtime::validators::ValidatorSet;

use super::proposal::{ProposalHeader, SignedProposal};

/// A block that was looked at, with the outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// The height that the block is for.
    pub height: Height,
    /// The round in which its proposer built it.
    pub round: u32,
    /// Who built it.
    pub proposer: OperatorId,
    /// The block.
    pub block: BlockHash,
    /// Whether it may be decided.
    pub valid: bool,
}

/// What became of a block that another node sent because this one was behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Synced {
    /// It was looked at.
    Judged(Verdict),
    /// The bytes are no block: the sender is at fault.
    Malformed,
    /// This node could not look at it now.
    Unavailable,
}

/// Whoever decides blocks with the engine.
pub trait Application: Send + 'static {
    /// Why it could not do its part.
    type Error: std::error::Error + Send + Sync + 'static;

    /// The height that is to be decided next.
    fn next_height(&self) -> Height;

    /// The first height whose block this node can give to one that is behind.
    fn first_height(&self) -> Height {
        Height(1)
    }

    /// Who decides it.
    fn validators(&self) -> &ValidatorSet;

    /// The largest block, in bytes.
    fn max_block_bytes(&self) -> usize;

    /// The block that this node proposes; the same one when asked again.
    ///
    /// # Errors
    /// When it cannot build one, for instance without keys.
    fn propose(
        &mut self,
        height: Height,
        round: u32,
        now_ms: u64,
    ) -> Result<SignedProposal, Self::Error>;

    /// Whether the bytes of a proposal are worth waiting for: its proposer signed it, and its
    /// height is one that can be used.
    fn accepts(&self, header: &ProposalHeader, signature: &Signature) -> bool;

    /// Looks at a proposal that came together. One for a later height is kept until then.
    fn receive(&mut self, proposal: SignedProposal, now_ms: u64) -> Option<Verdict>;

    /// A round begins: what is known of its proposals already?
    fn start_round(&mut self, height: Height, round: u32, now_ms: u64) -> Vec<Verdict>;

    /// The proposal of a block that is not decided yet.
    fn proposal(&self, block: &BlockHash) -> Option<SignedProposal>;

    /// Commits a decided block, durably. Committing it again changes nothing.
    ///
    /// # Errors
    /// When the block is not known here or the store fails; nothing is committed then.
    fn decide(&mut self, certificate: Certificate) -> Result<(), Self::Error>;

    /// The decided blocks of some heights with their certificates, as far as there are any.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn decided(
        &self,
        first: Height,
        last: Height,
    ) -> Result<Vec<(Bytes, Certificate)>, Self::Error>;

    /// Takes in that a validator signed twice. What to do with it is the application's to say.
    fn misbehaved(&mut self, _evidence: Evidence) {}

    /// Looks at a block that another node sent because this one is behind.
    fn synced(&mut self, height: Height, round: u32, bytes: Bytes) -> Synced;
}

/// An application around another one: it passes every question on, and looks at what it wants to.
pub trait Around: Send + 'static {
    /// Who answers.
    type Inner: Application;

    /// Who answers.
    fn inner(&self) -> &Self::Inner;

    /// Who answers.
    fn inner_mut(&mut self) -> &mut Self::Inner;

    /// Looks at the answerer after it may have met its store.
    fn look(&mut self) {}

    /// The block that this node proposes, as [`Application::propose`].
    ///
    /// # Errors
    /// As there.
    fn propose(
        &mut self,
        height: Height,
        round: u32,
        now_ms: u64,
    ) -> Result<SignedProposal, <Self::Inner as Application>::Error> {
        let proposed = self.inner_mut().propose(height, round, now_ms);
        self.look();
        proposed
    }

    /// Commits a decided block, as [`Application::decide`].
    ///
    /// # Errors
    /// As there.
    fn decide(
        &mut self,
        certificate: Certificate,
    ) -> Result<(), <Self::Inner as Application>::Error> {
        let decided = self.inner_mut().decide(certificate);
        self.look();
        decided
    }

    /// Takes in that a validator signed twice.
    fn misbehaved(&mut self, evidence: Evidence);
}

impl<A: Around> Application for A {
    type Error = <A::Inner as Application>::Error;

    fn next_height(&self) -> Height {
        self.inner().next_height()
    }

    fn first_height(&self) -> Height {
        self.inner().first_height()
    }

    fn validators(&self) -> &ValidatorSet {
        self.inner().validators()
    }

    fn max_block_bytes(&self) -> usize {
        self.inner().max_block_bytes()
    }

    fn propose(
        &mut self,
        height: Height,
        round: u32,
        now_ms: u64,
    ) -> Result<SignedProposal, Self::Error> {
        Around::propose(self, height, round, now_ms)
    }

    fn accepts(&self, header: &ProposalHeader, signature: &Signature) -> bool {
        self.inner().accepts(header, signature)
    }

    fn receive(&mut self, proposal: SignedProposal, now_ms: u64) -> Option<Verdict> {
        let verdict = self.inner_mut().receive(proposal, now_ms);
        self.look();
        verdict
    }

    fn start_round(&mut self, height: Height, round: u32, now_ms: u64) -> Vec<Verdict> {
        let verdicts = self.inner_mut().start_round(height, round, now_ms);
        self.look();
        verdicts
    }

    fn proposal(&self, block: &BlockHash) -> Option<SignedProposal> {
        self.inner().proposal(block)
    }

    fn decide(&mut self, certificate: Certificate) -> Result<(), Self::Error> {
        Around::decide(self, certificate)
    }

    fn decided(
        &self,
        first: Height,
        last: Height,
    ) -> Result<Vec<(Bytes, Certificate)>, Self::Error> {
        self.inner().decided(first, last)
    }

    fn misbehaved(&mut self, evidence: Evidence) {
        Around::misbehaved(self, evidence);
    }

    fn synced(&mut self, height: Height, round: u32, bytes: Bytes) -> Synced {
        let synced = self.inner_mut().synced(height, round, bytes);
        self.look();
        synced
    }
}
