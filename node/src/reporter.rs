//! Reporting who signed twice: from this node's evidence to a transaction in a block.
//!
//! What an engine saw is known to its node alone. [`Reporter`] signs what is in the [`Docket`] as a
//! transaction of the operator's own account, offers it to the mempool, gossips it, and does so
//! again until the offender is barred, by this evidence or by somebody else's. A node without an
//! operator reports nothing: it has no account to pay with.
//!
//! # Invariants
//! - A case ends when the offender is barred, when its evidence is too old, or when a block refused
//!   it: only that costs a fee. Until then it is tried, each time after twice as long as before.
//!
//! # Not here
//! Who may be punished, and for what: `probity_runtime::evidence`.
//!
//! Spec: `docs/spec/27-signing.md`.

use std::collections::BTreeMap;
use std::sync::Arc;

use probity_primitives::{Address, Amount, BoundedString, Height, OperatorId, TxHash};
use probity_protocol::staking::Standing;
use probity_runtime::chain::fixed_fee;
use probity_runtime::evidence::Evidence;
use probity_runtime::receipt::Outcome;
use probity_runtime::{Chain, SignedTx, TxBody};

use crate::NodeHandle;
use crate::docket::Docket;
use crate::mempool::Rejected;
use crate::relay::OfferError;
use crate::replica::{OperatorKeys, SubmitError};

/// For how many heights the first transaction may stand in a block; each later one for twice as
/// many.
const PATIENCE: u64 = 10;
/// How often that doubles.
const DOUBLINGS: u32 = 6;
/// How many nonces are tried: the operator's evaluator may have taken the first ones.
const MAX_NONCES: u64 = 16;

/// What was done about one offender.
#[derive(Debug, Clone, Copy)]
struct Case {
    evidence: Evidence,
    tries: u32,
    /// Until when the newest transaction may stand in a block.
    until: Height,
    /// The newest transaction that waits.
    tx: Option<TxHash>,
}

/// Reports what is in the docket.
pub(crate) struct Reporter {
    node: NodeHandle,
    keys: OperatorKeys,
    docket: Arc<Docket>,
    cases: BTreeMap<OperatorId, Case>,
}

impl Reporter {
    pub(crate) const fn new(node: NodeHandle, keys: OperatorKeys, docket: Arc<Docket>) -> Self {
        Self { node, keys, docket, cases: BTreeMap::new() }
    }

    /// Reports until the node ends.
    pub(crate) async fn run(mut self) {
        let mut tip = self.node.tip();
        loop {
            for evidence in self.docket.all() {
                let case = Case { evidence, tries: 0, until: Height::ZERO, tx: None };
                self.cases.entry(evidence.offender()).or_insert(case);
            }
            self.pursue().await;
            tokio::select! {
                () = self.docket.added() => {}
                block = tip.changed() => if block.is_err() { return },
            }
        }
    }

    /// Closes what is settled and sends what is not on its way.
    async fn pursue(&mut self) {
        let chain = self.node.snapshot();
        let (node, docket) = (&self.node, &self.docket);
        self.cases.retain(|offender, case| {
            let open = is_open(node, &chain, offender, case);
            if !open {
                docket.close(offender);
            }
            open
        });
        let height = chain.height();
        let due: Vec<OperatorId> = self
            .cases
            .iter()
            .filter(|(_, case)| case.until <= height)
            .map(|(offender, _)| *offender)
            .collect();
        for offender in due {
            let Some(case) = self.cases.get_mut(&offender) else { continue };
            let patience = PATIENCE << case.tries.min(DOUBLINGS);
            case.tries = case.tries.saturating_add(1);
            case.until = Height(height.0.saturating_add(patience));
            let (evidence, until) = (case.evidence, case.until);
            let sent = self.send(&chain, evidence, until).await;
            match &sent {
                Ok(tx) => tracing::warn!(%offender, %tx, "who signed twice is reported"),
                Err(error) => {
                    tracing::error!(%offender, %error, "who signed twice is not reported")
                }
            }
            if let Some(case) = self.cases.get_mut(&offender) {
                case.tx = sent.ok();
            }
        }
    }

    async fn send(
        &self,
        chain: &Chain,
        evidence: Evidence,
        until: Height,
    ) -> Result<TxHash, OfferError> {
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
        evidence: Evidence,
    ) -> SignedTx {
        let (identity, key) = (chain.identity(), &self.keys.keypair);
        let mut body = TxBody {
            chain: identity.chain_id.clone(),
            sender,
            nonce,
            fee: Amount::ZERO,
            expiry,
            memo: BoundedString::default(),
            message: evidence.message(),
        };
        // The encoding is of fixed width, so the fee does not change the length it depends on.
        let bytes = body.clone().sign(identity.genesis_hash, key).encode().len();
        body.fee = fixed_fee(&chain.ledger().params.get().fees, &body.message, bytes);
        body.sign(identity.genesis_hash, key)
    }
}

/// Whether the offender can still be punished, and by this evidence.
fn is_open(node: &NodeHandle, chain: &Chain, offender: &OperatorId, case: &Case) -> bool {
    let ledger = chain.ledger();
    let standing = ledger.operators.get(offender).map(|operator| operator.standing);
    if standing.is_none_or(|standing| standing == Standing::Tombstoned) {
        tracing::info!(%offender, "who signed twice is punished");
        return false;
    }
    let oldest = chain.height().0.saturating_sub(ledger.params.get().staking.unbond_blocks);
    if case.evidence.height().0 < oldest {
        tracing::error!(%offender, "evidence is too old to be taken");
        return false;
    }
    // A store that cannot be read now says nothing; it will be asked again.
    let receipt = case.tx.and_then(|tx| node.receipt(&tx).ok().flatten());
    match receipt.map(|receipt| receipt.outcome) {
        Some(Outcome::Refused { code, message }) => {
            tracing::error!(%offender, code, message, "evidence is refused");
            false
        }
        Some(Outcome::Ok) | None => true,
    }
}
