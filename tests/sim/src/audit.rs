//! What must hold, whatever happened: looked at from outside, after every decision.
//!
//! The auditor is a replica of its own that takes part in nothing. It is given each height once,
//! by the first node that calls it durable, and applies it as a newcomer would. Every other node
//! is held against what it saw.
//!
//! # Invariants
//! - Nothing is believed because a node says so: blocks and certificates are read from its store.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use probity_node::consensus::core::Said;
use probity_node::mempool::Limits;
use probity_node::replica::application::{Application, Synced, Verdict};
use probity_node::replica::history::History;
use probity_node::replica::proposal::SignedProposal;
use probity_node::replica::{Replica, rotation};
use probity_node::store::MemoryStore;
use probity_primitives::{BlockHash, Height, OperatorId, TxHash};
use probity_protocol::staking::Standing;
use probity_runtime::certificate::Certificate;
use probity_runtime::receipt::Outcome;
use probity_runtime::{Block, Chain, Genesis, Message, invariants};

use crate::broken::Broken;

/// What was decided, and the state that follows from it.
pub struct Audit {
    genesis: Genesis,
    replica: Replica,
    decided: BTreeMap<Height, BlockHash>,
    stood: BTreeSet<TxHash>,
    twins: BTreeSet<OperatorId>,
    signed: BTreeMap<Place, Said>,
    /// How much evidence was carried out.
    pub punished: u64,
}

/// One thing that a validator may say once.
type Place = (OperatorId, Height, u32, u8);

impl Audit {
    /// Nothing was decided; `twins` may contradict themselves.
    ///
    /// # Errors
    /// [`Broken::Setup`] if the genesis document is refused.
    pub fn new(genesis: Genesis, twins: BTreeSet<OperatorId>) -> Result<Self, Broken> {
        let store = Arc::new(MemoryStore::new());
        let replica = Replica::open(store, &genesis, None, Limits::default())
            .map_err(|error| Broken::setup(&error))?;
        let (decided, stood) = (BTreeMap::new(), BTreeSet::new());
        let signed = BTreeMap::new();
        Ok(Self { genesis, replica, decided, stood, twins, signed, punished: 0 })
    }

    /// The chain that was decided.
    #[must_use]
    pub const fn chain(&self) -> &Arc<Chain> {
        self.replica.chain()
    }

    /// The newest height that any honest node called durable.
    #[must_use]
    pub fn tip(&self) -> Height {
        self.replica.chain().height()
    }

    /// Whether a transaction stands in a block.
    #[must_use]
    pub fn has(&self, tx: &TxHash) -> bool {
        self.stood.contains(tx)
    }

    /// A node says that a height is durable: its store must show that, and agree with the others.
    ///
    /// # Errors
    /// [`Broken`].
    pub fn durable(&mut self, node: usize, at: Height, history: &History) -> Result<(), Broken> {
        let unreadable = |error| Broken::Store { node, error };
        let missing = |what| Broken::Lost { node, durable: at, found: at, what };
        let block = history.block(at).map_err(unreadable)?;
        let block = block.ok_or_else(|| missing("the block is not in the store"))?;
        let header = history.header(at).map_err(unreadable)?;
        let header = header.ok_or_else(|| missing("the header is not in the store"))?;
        let certificate = history.certificate(at).map_err(unreadable)?;
        let certificate = certificate.ok_or_else(|| missing("the certificate is missing"))?;
        let receipts = history.receipts(at).map_err(unreadable)?;
        let found = block.hash();
        let own = header.hash() == found && certificate.block == found;
        if !own || receipts.len() != block.txs.len() {
            return Err(missing("header, certificate, block and receipts are not of one height"));
        }
        match self.decided.get(&at) {
            Some(decided) if *decided == found => Ok(()),
            Some(decided) => Err(Broken::Fork { node, height: at, found, decided: *decided }),
            None => self.follow(node, &block, certificate),
        }
    }

    /// Applies a height that nobody showed before.
    fn follow(
        &mut self,
        node: usize,
        block: &Block,
        certificate: Certificate,
    ) -> Result<(), Broken> {
        let (height, found) = (certificate.height, certificate.block);
        let invalid = |reason: &str| Broken::Invalid { node, height, reason: reason.to_owned() };
        if height != self.replica.next_height() {
            return Err(invalid("does not follow the last one"));
        }
        let validators = self.replica.validators();
        certificate
            .verify(validators, &self.genesis.chain_id, self.genesis.hash())
            .map_err(|reason| Broken::Unproven { node, height, reason })?;
        let turn = |round| rotation::proposer(validators, height, round).map(|one| one.operator);
        if !(0..=certificate.round).any(|round| turn(round) == Some(block.header.proposer)) {
            return Err(invalid("was proposed by one whose turn it was in no round"));
        }
        for tx in &block.txs {
            let (tx, expiry) = (tx.hash(), tx.body.expiry);
            let what = if self.stood.contains(&tx) { "for the second time" } else { "too late" };
            if expiry < height || !self.stood.insert(tx) {
                return Err(Broken::Misplaced { tx, height, what });
            }
        }
        let before = Arc::clone(self.replica.chain());
        let bytes = Bytes::from(block.encode());
        match self.replica.synced(height, certificate.round, bytes) {
            Synced::Judged(Verdict { valid: true, block, .. }) if block == found => {}
            refused @ (Synced::Judged(_) | Synced::Malformed | Synced::Unavailable) => {
                return Err(invalid(&format!("is refused by a newcomer: {refused:?}")));
            }
        }
        self.replica.decide(certificate).map_err(|error| invalid(&error.to_string()))?;
        self.decided.insert(height, found);
        self.justice(height)?;
        invariants::check(self.replica.chain().ledger(), Some(before.ledger()))
            .map_err(|violation| Broken::Rule { height, violation })
    }

    /// Evidence is carried out, or comes too late; and nobody is punished but twins.
    fn justice(&mut self, height: Height) -> Result<(), Broken> {
        let history = self.replica.history();
        let unreadable = |error| Broken::Store { node: usize::MAX, error };
        let Some(block) = history.block(height).map_err(unreadable)? else { return Ok(()) };
        let receipts = history.receipts(height).map_err(unreadable)?;
        for (tx, receipt) in block.txs.iter().zip(receipts) {
            let votes = matches!(tx.body.message, Message::SubmitVoteEvidence(_));
            if !votes && !matches!(tx.body.message, Message::SubmitProposalEvidence(_)) {
                continue;
            }
            match receipt.outcome {
                Outcome::Ok => self.punished = self.punished.saturating_add(1),
                Outcome::Refused { code, .. } if code.ends_with("barred") => {}
                Outcome::Refused { code, .. } => return Err(Broken::Evidence { height, code }),
            }
        }
        let operators = self.replica.chain().ledger().operators.iter();
        let barred = operators.filter(|(_, one)| one.standing == Standing::Tombstoned);
        match barred.map(|(operator, _)| *operator).find(|one| !self.twins.contains(one)) {
            Some(punished) => Err(Broken::Punished { punished, height }),
            None => Ok(()),
        }
    }

    /// A node opened its store again after it had called `durable` so.
    ///
    /// # Errors
    /// [`Broken`] if anything of that is gone.
    pub fn reopened(
        &mut self,
        node: usize,
        durable: Height,
        replica: &Replica,
    ) -> Result<(), Broken> {
        let found = replica.chain().height();
        if found < durable {
            return Err(Broken::Lost { node, durable, found, what: "the chain is shorter" });
        }
        let first = durable.0.max(1);
        (first..=found.0).try_for_each(|at| self.durable(node, Height(at), &replica.history()))
    }

    /// An honest validator signed something, whether or not anyone hears of it.
    ///
    /// # Errors
    /// [`Broken::Contradiction`] if it signed otherwise before.
    pub fn signed(
        &mut self,
        node: usize,
        signer: OperatorId,
        (height, round): (Height, u32),
        now: Said,
    ) -> Result<(), Broken> {
        let kind = match now {
            Said::Proposal(..) => 0,
            Said::Prevote(_) => 1,
            Said::Precommit(_) => 2,
        };
        let before = *self.signed.entry((signer, height, round, kind)).or_insert(now);
        if before == now {
            Ok(())
        } else {
            Err(Broken::Contradiction { node, height, round, before, now })
        }
    }

    /// An honest validator proposes a block: whoever has the height before it must take it.
    ///
    /// # Errors
    /// [`Broken::Proposed`] if a newcomer would refuse it.
    pub fn proposed(
        &mut self,
        node: usize,
        (height, round): (Height, u32),
        proposal: &SignedProposal,
    ) -> Result<(), Broken> {
        if height != self.replica.next_height() {
            return Ok(());
        }
        match self.replica.synced(height, round, proposal.bytes.clone()) {
            Synced::Judged(Verdict { valid: true, .. }) => Ok(()),
            refused @ (Synced::Judged(_) | Synced::Malformed | Synced::Unavailable) => {
                let reason = format!("is refused by a newcomer: {refused:?}");
                Err(Broken::Proposed { node, height, round, reason })
            }
        }
    }

    /// A node has evidence against a validator.
    ///
    /// # Errors
    /// [`Broken::Accused`] if that one is honest.
    pub fn accused(&self, by: usize, accused: OperatorId) -> Result<(), Broken> {
        if self.twins.contains(&accused) { Ok(()) } else { Err(Broken::Accused { by, accused }) }
    }
}
