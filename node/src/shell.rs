//! The replica with the outside told of what it does.
//!
//! [`Shell`] is what the engine's driver owns: it passes every question on to the replica and
//! publishes each committed state, after it is durable.

use std::sync::Arc;

use bytes::Bytes;
use probity_primitives::{Address, BlockHash, Height, Signature, TxHash};
use probity_runtime::certificate::Certificate;
use probity_runtime::evidence::SubmitVoteEvidence;
use probity_runtime::validators::ValidatorSet;
use probity_runtime::{Chain, VerifiedTx};
use tokio::sync::{mpsc, watch};

use crate::consensus::safety::Safety;
use crate::mempool::Mempool;
use crate::replica::application::{Application, Synced, Verdict};
use crate::replica::proposal::{ProposalHeader, SignedProposal};
use crate::replica::{Replica, ReplicaError, SubmitError};

/// The replica with the outside told of what it does.
pub(crate) struct Shell {
    replica: Replica,
    tip: watch::Sender<Arc<Chain>>,
    broken: watch::Sender<Option<String>>,
    safety: Option<Arc<Safety>>,
    evidence: mpsc::Sender<SubmitVoteEvidence>,
}

impl Shell {
    /// Tells the outside what `replica` commits, and who voted twice through `evidence`.
    pub(crate) fn new(
        replica: Replica,
        safety: Option<Arc<Safety>>,
        evidence: mpsc::Sender<SubmitVoteEvidence>,
    ) -> (Self, watch::Receiver<Arc<Chain>>) {
        let (tip, watching) = watch::channel(Arc::clone(replica.chain()));
        if let Some(safety) = &safety {
            safety.check_standing(replica.chain());
        }
        let (broken, _) = watch::channel(None);
        (Self { replica, tip, broken, safety, evidence }, watching)
    }

    /// Why the store failed, once it did.
    pub(crate) fn broken(&self) -> watch::Receiver<Option<String>> {
        self.broken.subscribe()
    }

    /// Tells the outside if the store failed just now.
    fn look(&self) {
        if let Some(reason) = self.replica.broken() {
            self.broken.send_replace(Some(reason.to_owned()));
        }
    }

    /// Makes this node a dishonest proposer, or an honest one again.
    #[cfg(test)]
    pub(crate) fn tamper(&mut self, tamper: Option<fn(&mut probity_runtime::Block)>) {
        self.replica.tamper = tamper;
    }

    /// Lets a transaction wait for a block.
    pub(crate) fn submit(&mut self, tx: VerifiedTx) -> Result<TxHash, SubmitError> {
        self.replica.submit(tx)
    }

    /// What waits for a block.
    pub(crate) const fn mempool(&self) -> &Mempool<VerifiedTx> {
        self.replica.mempool()
    }

    /// The nonce that an account's next transaction should carry.
    pub(crate) fn pending(&self, account: &Address) -> u64 {
        self.replica.pending_nonce(account)
    }
}

impl Application for Shell {
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
        let verdict = self.replica.receive(proposal, now_ms);
        self.look();
        verdict
    }

    fn start_round(&mut self, height: Height, round: u32, now_ms: u64) -> Vec<Verdict> {
        self.replica.start_round(height, round, now_ms)
    }

    fn proposal(&self, block: &BlockHash) -> Option<SignedProposal> {
        self.replica.proposal(block)
    }

    fn decide(&mut self, certificate: Certificate) -> Result<(), ReplicaError> {
        let before = self.replica.chain().height();
        let votes = self.safety.is_some().then(|| certificate.clone());
        let decided = self.replica.decide(certificate);
        self.look();
        decided?;
        if self.replica.chain().height() > before {
            if let (Some(safety), Some(votes)) = (&self.safety, votes) {
                safety.decided(&votes, self.replica.chain());
            }
            self.tip.send_replace(Arc::clone(self.replica.chain()));
        }
        Ok(())
    }

    fn decided(
        &self,
        first: Height,
        last: Height,
    ) -> Result<Vec<(Bytes, Certificate)>, ReplicaError> {
        self.replica.decided(first, last)
    }

    fn misbehaved(&mut self, evidence: SubmitVoteEvidence) {
        if self.evidence.try_send(evidence).is_err() {
            tracing::debug!("nobody takes evidence of a double vote now");
        }
    }

    fn synced(&mut self, height: Height, round: u32, bytes: Bytes) -> Synced {
        let synced = self.replica.synced(height, round, bytes);
        self.look();
        synced
    }
}
