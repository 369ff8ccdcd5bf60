//! A replica whose evidence is kept for whoever reports it.
//!
//! In a running node the shell around the replica turns what the engine saw into a transaction of
//! its operator. Here it is put aside, and the people of the world send it.

use bytes::Bytes;
use probity_node::replica::application::{Application, Synced, Verdict};
use probity_node::replica::proposal::{ProposalHeader, SignedProposal};
use probity_node::replica::{Replica, ReplicaError};
use probity_primitives::{BlockHash, Height, Signature};
use probity_runtime::certificate::Certificate;
use probity_runtime::evidence::SubmitVoteEvidence;
use probity_runtime::validators::ValidatorSet;

/// A replica, and the evidence that it was handed.
pub struct Member {
    /// The replica.
    pub replica: Replica,
    /// Double votes that the engine saw and the driver made into evidence.
    pub evidence: Vec<SubmitVoteEvidence>,
}

impl Member {
    /// A replica that was handed nothing.
    #[must_use]
    pub const fn new(replica: Replica) -> Self {
        Self { replica, evidence: Vec::new() }
    }
}

impl Application for Member {
    type Error = ReplicaError;

    fn next_height(&self) -> Height {
        self.replica.next_height()
    }

    fn first_height(&self) -> Height {
        self.replica.first_height()
    }

    fn validators(&self) -> &ValidatorSet {
        self.replica.validators()
    }

    fn max_block_bytes(&self) -> usize {
        self.replica.max_block_bytes()
    }

    fn propose(
        &mut self,
        height: Height,
        round: u32,
        now_ms: u64,
    ) -> Result<SignedProposal, ReplicaError> {
        self.replica.propose(height, round, now_ms)
    }

    fn accepts(&self, header: &ProposalHeader, signature: &Signature) -> bool {
        self.replica.accepts(header, signature)
    }

    fn receive(&mut self, proposal: SignedProposal, now_ms: u64) -> Option<Verdict> {
        self.replica.receive(proposal, now_ms)
    }

    fn start_round(&mut self, height: Height, round: u32, now_ms: u64) -> Vec<Verdict> {
        self.replica.start_round(height, round, now_ms)
    }

    fn proposal(&self, block: &BlockHash) -> Option<SignedProposal> {
        self.replica.proposal(block)
    }

    fn decide(&mut self, certificate: Certificate) -> Result<(), ReplicaError> {
        self.replica.decide(certificate)
    }

    fn decided(
        &self,
        first: Height,
        last: Height,
    ) -> Result<Vec<(Bytes, Certificate)>, ReplicaError> {
        self.replica.decided(first, last)
    }

    fn misbehaved(&mut self, evidence: SubmitVoteEvidence) {
        self.evidence.push(evidence);
    }

    fn synced(&mut self, height: Height, round: u32, bytes: Bytes) -> Synced {
        self.replica.synced(height, round, bytes)
    }
}
