//! Reporting double votes: from this node's evidence to a transaction in a block.
//!
//! What an engine saw is known to its node alone. [`Reporter`] signs it as a transaction of the
//! operator's own account, offers it to the mempool, gossips it, and does so again until the
//! offender is barred, by this evidence or by somebody else's. A node without an operator reports
//! nothing: it has no account to pay with.
//!
//! # Invariants
//! - At most [`MAX_PENDING`] offenders wait, and each transaction is tried at most [`MAX_TRIES`]
//!   times: every try may cost a fee.
//! - Nobody reports itself.
//!
//! # Not here
//! A restart: evidence that was in no block yet is forgotten then, unless the engine's log still
//! has the votes. Who may be punished, and for what: `probity_runtime::evidence`.
//!
//! Spec: `docs/spec/27-signing.md`.

use std::collections::BTreeMap;

use probity_primitives::{Address, Amount, BoundedString, Height, OperatorId};
use probity_protocol::staking::Standing;
use probity_runtime::chain::fixed_fee;
use probity_runtime::evidence::SubmitVoteEvidence;
use probity_runtime::{Chain, Message, SignedTx, TxBody};
use tokio::sync::mpsc;

use crate::NodeHandle;
use crate::mempool::Rejected;
use crate::relay::OfferError;
use crate::replica::{OperatorKeys, SubmitError};

/// The most offenders whose evidence waits.
pub(crate) const MAX_PENDING: usize = 64;
/// How often a transaction is made for one offender.
const MAX_TRIES: u32 = 5;
/// For how many heights a transaction may stand in a block; then another one is made.
const PATIENCE: u64 = 10;
/// How many nonces are tried: the operator's evaluator may have taken the first ones.
const MAX_NONCES: u64 = 16;

/// What is known of one offender.
#[derive(Debug, Clone, Copy)]
struct Case {
    evidence: SubmitVoteEvidence,
    tries: u32,
    /// Until when the newest transaction may stand in a block.
    until: Height,
}

/// Reports what comes through a queue.
pub(crate) struct Reporter {
    node: NodeHandle,
    keys: OperatorKeys,
    cases: BTreeMap<OperatorId, Case>,
}

impl Reporter {
    pub(crate) const fn new(node: NodeHandle, keys: OperatorKeys) -> Self {
        Self { node, keys, cases: BTreeMap::new() }
    }

    /// Reports until the node ends.
    pub(crate) async fn run(mut self, mut queue: mpsc::Receiver<SubmitVoteEvidence>) {
        let mut tip = self.node.tip();
        loop {
            tokio::select! {
                evidence = queue.recv() => match evidence {
                    Some(evidence) => self.open(evidence),
                    None => return,
                },
                block = tip.changed(), if !self.cases.is_empty() => if block.is_err() { return },
            }
            self.pursue().await;
        }
    }

    fn open(&mut self, evidence: SubmitVoteEvidence) {
        let offender = evidence.first.validator;
        if offender == self.keys.operator || self.cases.contains_key(&offender) {
            return;
        }
        if self.cases.len() >= MAX_PENDING {
            tracing::error!(%offender, "{MAX_PENDING} double votes wait to be reported already");
            return;
        }
        self.cases.insert(offender, Case { evidence, tries: 0, until: Height::ZERO });
    }

    /// Drops what is settled and sends what is not on its way.
    async fn pursue(&mut self) {
        let chain = self.node.snapshot();
        self.cases.retain(|offender, case| is_open(&chain, offender, case));
        let height = chain.height();
        let due: Vec<OperatorId> = self
            .cases
            .iter()
            .filter(|(_, case)| case.until <= height)
            .map(|(offender, _)| *offender)
            .collect();
        for offender in due {
            let Some(case) = self.cases.get_mut(&offender) else { continue };
            case.tries = case.tries.saturating_add(1);
            case.until = Height(height.0.saturating_add(PATIENCE));
            let (evidence, until) = (case.evidence, case.until);
            match self.send(&chain, evidence, until).await {
                Ok(tx) => tracing::warn!(%offender, %tx, "a double vote is reported"),
                Err(error) => tracing::error!(%offender, %error, "a double vote is not reported"),
            }
        }
    }

    async fn send(
        &self,
        chain: &Chain,
        evidence: SubmitVoteEvidence,
        until: Height,
    ) -> Result<probity_primitives::TxHash, OfferError> {
        let sender = Address::of(&self.keys.keypair.public(), chain.identity().network);
        let first = chain.ledger().accounts.get(&sender).map_or(0, |account| account.nonce);
        let mut nonce = first;
        loop {
            let sent = self.node.submit(self.transaction(chain, sender, nonce, until, evidence));
            match sent.await {
                Err(OfferError::Refused(SubmitError::Rejected(Rejected::NonceTaken {
                    ..
                }))) if nonce < first.saturating_add(MAX_NONCES) => {
                    nonce = nonce.saturating_add(1);
                }
                sent => return sent,
            }
        }
    }

    fn transaction(
        &self,
        chain: &Chain,
        sender: Address,
        nonce: u64,
        expiry: Height,
        evidence: SubmitVoteEvidence,
    ) -> SignedTx {
        let (identity, key) = (chain.identity(), &self.keys.keypair);
        let mut body = TxBody {
            chain: identity.chain_id.clone(),
            sender,
            nonce,
            fee: Amount::ZERO,
            expiry,
            memo: BoundedString::default(),
            message: Message::SubmitVoteEvidence(evidence),
        };
        // The encoding is of fixed width, so the fee does not change the length it depends on.
        let bytes = body.clone().sign(identity.genesis_hash, key).encode().len();
        body.fee = fixed_fee(&chain.ledger().params.get().fees, &body.message, bytes);
        body.sign(identity.genesis_hash, key)
    }
}

/// Whether the offender can still be punished, and another try is worth its fee.
fn is_open(chain: &Chain, offender: &OperatorId, case: &Case) -> bool {
    let ledger = chain.ledger();
    let standing = ledger.operators.get(offender).map(|operator| operator.standing);
    if standing.is_none_or(|standing| standing == Standing::Tombstoned) {
        tracing::info!(%offender, "a double vote is punished");
        return false;
    }
    let oldest = chain.height().0.saturating_sub(ledger.params.get().staking.unbond_blocks);
    let waits = case.until > chain.height();
    if case.evidence.first.height.0 < oldest || (case.tries >= MAX_TRIES && !waits) {
        tracing::error!(%offender, tries = case.tries, "a double vote is given up");
        return false;
    }
    true
}
