//! The replica with the outside told of what it does.
//!
//! [`Shell`] is what the engine's driver owns: it passes every question on to the replica and
//! publishes each committed state, after it is durable.

use std::sync::Arc;

use probity_primitives::{Address, TxHash};
use probity_runtime::certificate::Certificate;
use probity_runtime::evidence::Evidence;
use probity_runtime::{Chain, VerifiedTx};
use tokio::sync::watch;

use crate::consensus::safety::Safety;
use crate::docket::Docket;
use crate::mempool::Mempool;
use crate::metrics::Pool;
use crate::replica::application::{Application, Around};
use crate::replica::{Replica, ReplicaError, SubmitError};

/// The replica with the outside told of what it does.
pub(crate) struct Shell {
    replica: Replica,
    tip: watch::Sender<Arc<Chain>>,
    broken: watch::Sender<Option<String>>,
    safety: Option<Arc<Safety>>,
    docket: Option<Arc<Docket>>,
    pool: Pool,
}

impl Shell {
    /// Tells the outside what `replica` commits and, through `pool`, what waits; files in `docket`
    /// who signed twice.
    pub(crate) fn new(
        replica: Replica,
        safety: Option<Arc<Safety>>,
        docket: Option<Arc<Docket>>,
        pool: Pool,
    ) -> (Self, watch::Receiver<Arc<Chain>>) {
        let (tip, watching) = watch::channel(Arc::clone(replica.chain()));
        if let Some(safety) = &safety {
            safety.check_standing(replica.chain());
        }
        let (broken, _) = watch::channel(None);
        (Self { replica, tip, broken, safety, docket, pool }, watching)
    }

    /// Why the store failed, once it did.
    pub(crate) fn broken(&self) -> watch::Receiver<Option<String>> {
        self.broken.subscribe()
    }

    /// Makes this node a dishonest proposer, or an honest one again.
    #[cfg(test)]
    pub(crate) fn tamper(&mut self, tamper: Option<fn(&mut probity_runtime::Block)>) {
        self.replica.tamper = tamper;
    }

    /// Lets a transaction wait for a block.
    pub(crate) fn submit(&mut self, tx: VerifiedTx) -> Result<TxHash, SubmitError> {
        let submitted = self.replica.submit(tx);
        self.pool.holds(self.replica.mempool());
        submitted
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

impl Around for Shell {
    type Inner = Replica;

    fn inner(&self) -> &Replica {
        &self.replica
    }

    fn inner_mut(&mut self) -> &mut Replica {
        &mut self.replica
    }

    /// Tells the outside if the store failed just now.
    fn look(&mut self) {
        if let Some(reason) = self.replica.broken() {
            self.broken.send_replace(Some(reason.to_owned()));
        }
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
            self.pool.holds(self.replica.mempool());
            self.tip.send_replace(Arc::clone(self.replica.chain()));
        }
        Ok(())
    }

    /// Files the evidence before the engine is told to go on: its log of the height goes then.
    fn misbehaved(&mut self, evidence: Evidence) {
        if let Some(docket) = &self.docket {
            docket.add(evidence);
        }
    }
}
