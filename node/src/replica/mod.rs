//! The replica: this node's copy of the chain, and its part in deciding the next block.
//!
//! A plain struct: what happens comes in by method calls, what follows goes out as return values;
//! a store, and the clock as a number. It has no task, no channel and no timer, so that a running
//! node and a deterministic network test drive the very same code.
//!
//! # Reading order
//! [`application`] is what the engine asks; [`judge`] looks at proposals before the vote;
//! [`commit`] makes a decision durable; [`history`] reads what was decided; [`prune`] forgets it;
//! [`rotation`] and [`proposal`] say who proposes, and under which signature.
//!
//! # Invariants
//! - A block is voted for only after it was executed here and came out as its header says.
//! - A proposal that was judged valid is in the store before anyone is told, so that a crash
//!   between vote and decision loses nothing.
//! - A height is committed by one batch, once.
//!
//! # Not here
//! The engine ([`crate::consensus`]), gossip ([`crate::network`]), and the rules themselves.
//!
//! Spec: `docs/spec/20-blocks.md`.

pub mod application;
mod commit;
mod error;
pub mod history;
mod judge;
pub mod proposal;
pub mod prune;
pub mod rotation;
mod undecided;

use std::sync::Arc;

use bytes::Bytes;
use probity_primitives::vrf::VrfSecret;
use probity_primitives::{Address, BlockHash, Height, Keypair, OperatorId, Signature, TxHash};
use probity_runtime::block::MAX_BLOCK_BYTES;
use probity_runtime::certificate::Certificate;
use probity_runtime::chain::{BlockError, fixed_fee};
use probity_runtime::upgrade::Rules;
use probity_runtime::validators::ValidatorSet;
use probity_runtime::{Chain, Executed, Genesis, VerifiedTx};

use crate::mempool::{Limits, Mempool, Standing, TxKey};
use crate::store::Store;
use crate::store::tree::StoreTree;

use self::application::{Application, Synced, Verdict};
pub use self::commit::KEPT_HEIGHTS;
use self::commit::Kept;
pub(crate) use self::commit::restored;
pub use self::error::{OpenError, ReplicaError, SubmitError};
use self::history::History;
use self::proposal::{ProposalHeader, SignedProposal};
use self::prune::Keep;
use self::undecided::{Judged, Undecided};

/// The keys of a node that takes part in deciding.
#[derive(Debug, Clone)]
pub struct OperatorKeys {
    /// The operator that the keys belong to.
    pub operator: OperatorId,
    /// Signs proposals and votes.
    pub keypair: Keypair,
    /// Contributes to the beacon.
    pub vrf: VrfSecret,
}

/// This node's copy of the chain, and its part in deciding the next block.
pub struct Replica {
    store: Arc<dyn Store>,
    chain: Arc<Chain>,
    keys: Option<OperatorKeys>,
    mempool: Mempool<VerifiedTx>,
    undecided: Undecided,
    /// The first block in the store.
    first: Height,
    keep: Keep,
    /// Why the store cannot be relied upon any more, once it failed.
    broken: Option<String>,
    /// Turns an honest proposal into what a dishonest proposer would stream.
    #[cfg(test)]
    pub(crate) tamper: Option<fn(&mut probity_runtime::Block)>,
}

impl Replica {
    /// Opens the chain in `store`, or begins it from its genesis document.
    ///
    /// # Errors
    /// [`OpenError`]; a store whose state does not have the root that its newest block names is
    /// refused.
    pub fn open(
        store: Arc<dyn Store>,
        genesis: &Genesis,
        keys: Option<OperatorKeys>,
        limits: Limits,
    ) -> Result<Self, OpenError> {
        Self::open_by(store, genesis, keys, limits, Rules::CURRENT)
    }

    /// The same by other rules than this program's.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_by(
        store: Arc<dyn Store>,
        genesis: &Genesis,
        keys: Option<OperatorKeys>,
        limits: Limits,
        rules: Rules,
    ) -> Result<Self, OpenError> {
        let chain = match commit::load(store.as_ref(), genesis, rules)? {
            Some(chain) => chain,
            None => commit::begin(store.as_ref(), genesis, rules)?,
        };
        let first = History::new(Arc::clone(&store)).first()?;
        let mut replica = Self {
            first,
            keep: Keep::All,
            broken: None,
            store,
            chain: Arc::new(chain),
            keys,
            mempool: Mempool::new(limits),
            undecided: Undecided::default(),
            #[cfg(test)]
            tamper: None,
        };
        replica.recall()?;
        Ok(replica)
    }

    /// Why the store cannot be relied upon any more, if it failed: whoever runs this replica should
    /// end, and begin again from what is durable.
    #[must_use]
    pub fn broken(&self) -> Option<&str> {
        self.broken.as_deref()
    }

    /// The committed state.
    #[must_use]
    pub const fn chain(&self) -> &Arc<Chain> {
        &self.chain
    }

    /// What was decided before.
    #[must_use]
    pub fn history(&self) -> History {
        History::new(Arc::clone(&self.store))
    }

    /// The transactions that wait.
    #[must_use]
    pub const fn mempool(&self) -> &Mempool<VerifiedTx> {
        &self.mempool
    }

    /// The nonce that an account's next transaction should carry: the first that is neither used
    /// nor waiting.
    #[must_use]
    pub fn pending_nonce(&self, account: &Address) -> u64 {
        self.mempool.pending(account, standing(&self.chain, account).nonce)
    }

    /// Lets a transaction wait for a block.
    ///
    /// # Errors
    /// [`SubmitError`]; nothing has changed then.
    pub fn submit(&mut self, tx: VerifiedTx) -> Result<TxHash, SubmitError> {
        self.chain.check(&tx)?;
        let hash = tx.hash();
        let body = tx.body();
        let (sender, bytes) = (body.sender, tx.encoded_len());
        let fees = &self.chain.ledger().params.get().fees;
        let key = TxKey {
            hash,
            sender,
            nonce: body.nonce,
            offer: body.fee,
            cost: fixed_fee(fees, &body.message, bytes),
            expiry: body.expiry,
            bytes,
        };
        let standing = standing(&self.chain, &sender);
        if let Some(replaced) = self.mempool.insert(key, tx, standing, self.next_height())? {
            tracing::debug!(%replaced, by = %hash, "a waiting transaction is replaced");
        }
        Ok(hash)
    }

    /// Remembers that the store failed, if that is what went wrong.
    fn noted<T>(&mut self, done: Result<T, ReplicaError>) -> Result<T, ReplicaError> {
        if let Err(error @ (ReplicaError::Store(_) | ReplicaError::Build(BlockError::Tree(_)))) =
            &done
        {
            self.broken = Some(error.to_string());
        }
        done
    }

    fn proposed(
        &mut self,
        height: Height,
        round: u32,
        now_ms: u64,
    ) -> Result<SignedProposal, ReplicaError> {
        if height != self.next_height() {
            return Err(ReplicaError::Height { asked: height, next: self.next_height() });
        }
        match self.undecided.own(round) {
            Some(Some(proposal)) => return Ok(proposal.clone()),
            Some(None) => return Err(ReplicaError::Forgotten(round)),
            None => {}
        }
        let keys = self.keys.as_ref().ok_or(ReplicaError::NoKeys)?;
        let (proposal, executed) = self.build(keys, round, now_ms)?;
        let block = proposal.header.block;
        commit::keep_undecided(self.store.as_ref(), height, &block, &Kept::from(&proposal))?;
        let judged = Judged {
            verdict: verdict_of(&proposal.header, true),
            proposal: Some(proposal.clone()),
            executed: Some(Box::new(executed)),
        };
        self.undecided.keep_own(round, judged);
        Ok(proposal)
    }

    fn build(
        &self,
        keys: &OperatorKeys,
        round: u32,
        now_ms: u64,
    ) -> Result<(SignedProposal, Executed), BlockError> {
        let vrf = keys.vrf.prove(&self.chain.beacon_input());
        let time_ms = now_ms.max(self.chain.tip().time_ms.saturating_add(1));
        let candidates = self.mempool.candidates();
        let tree = StoreTree(self.store.as_ref());
        let executed =
            self.chain.propose(&tree, keys.operator, vrf, time_ms, candidates.cloned())?;
        let block = self.streamed(&executed);
        let bytes = Bytes::from(block.encode());
        let place = (self.next_height(), round, keys.operator);
        let identity = self.chain.identity();
        let proposal = SignedProposal::sign(identity, &keys.keypair, place, block.hash(), bytes);
        Ok((proposal, executed))
    }

    /// The block that goes out: the one that was built.
    #[cfg(not(test))]
    fn streamed(&self, executed: &Executed) -> probity_runtime::Block {
        executed.block.clone()
    }

    /// The block that goes out: the one that was built, unless the test makes this node dishonest.
    #[cfg(test)]
    fn streamed(&self, executed: &Executed) -> probity_runtime::Block {
        let mut block = executed.block.clone();
        if let Some(tamper) = self.tamper {
            tamper(&mut block);
        }
        block
    }
}

impl Application for Replica {
    type Error = ReplicaError;

    fn next_height(&self) -> Height {
        // The last of 2^64 heights is not reached by counting.
        self.chain.height().next().unwrap_or(self.chain.height())
    }

    fn first_height(&self) -> Height {
        self.first
    }

    fn validators(&self) -> &ValidatorSet {
        self.chain.validators()
    }

    fn max_block_bytes(&self) -> usize {
        MAX_BLOCK_BYTES
    }

    fn propose(
        &mut self,
        height: Height,
        round: u32,
        now_ms: u64,
    ) -> Result<SignedProposal, ReplicaError> {
        let proposed = self.proposed(height, round, now_ms);
        self.noted(proposed)
    }

    fn accepts(&self, header: &ProposalHeader, signature: &Signature) -> bool {
        let next = self.next_height();
        let turn = rotation::proposer(self.validators(), header.height, header.round);
        let theirs = turn.is_some_and(|turn| turn.operator == header.proposer);
        // The set of the height after the next may be another one; then only a signature counts.
        if !(header.height == next && theirs || Some(header.height) == next.next()) {
            return false;
        }
        self.validators()
            .get(&header.proposer)
            .is_some_and(|one| header.is_signed_by(&one.key, self.chain.identity(), signature))
    }

    fn receive(&mut self, proposal: SignedProposal, now_ms: u64) -> Option<Verdict> {
        let next = self.next_height();
        if proposal.header.height != next {
            if Some(proposal.header.height) == next.next() {
                self.undecided.keep_early(proposal);
            }
            return None;
        }
        let ProposalHeader { round, proposer, block, .. } = proposal.header;
        if let Some(judged) = self.undecided.get(&block) {
            return Some(judged.verdict);
        }
        // A block of rules that are not here is neither good nor bad.
        if self.chain.missing().is_some() {
            return None;
        }
        if self.undecided.is_turn_used(&proposer, round) {
            tracing::warn!(%proposer, round, height = %next, "too many proposals of one turn");
            return None;
        }
        match self.judge(proposal, now_ms) {
            Ok(judged) => {
                let verdict = judged.verdict;
                self.undecided.keep(judged);
                Some(verdict)
            }
            Err(error) => {
                tracing::error!(%block, height = %next, %error, "cannot judge a proposal");
                self.broken = Some(error.to_string());
                None
            }
        }
    }

    fn start_round(&mut self, height: Height, round: u32, now_ms: u64) -> Vec<Verdict> {
        if height != self.next_height() {
            return Vec::new();
        }
        for proposal in self.undecided.take_early(height) {
            if self.accepts(&proposal.header, &proposal.signature) {
                self.receive(proposal, now_ms);
            }
        }
        self.undecided.of_round(round)
    }

    fn proposal(&self, block: &BlockHash) -> Option<SignedProposal> {
        self.undecided.get(block)?.proposal.clone()
    }

    fn decide(&mut self, certificate: Certificate) -> Result<(), ReplicaError> {
        let committed = self.commit(&certificate);
        self.noted(committed)
    }

    fn decided(
        &self,
        first: Height,
        last: Height,
    ) -> Result<Vec<(Bytes, Certificate)>, ReplicaError> {
        let last = last.min(self.chain.height());
        Ok(self.history().decided(first, last)?)
    }

    fn synced(&mut self, height: Height, round: u32, bytes: Bytes) -> Synced {
        if height != self.next_height() || self.chain.missing().is_some() {
            return Synced::Unavailable;
        }
        match self.judge_synced(round, &bytes) {
            Ok(Some(judged)) => {
                let verdict = judged.verdict;
                self.undecided.keep(judged);
                Synced::Judged(verdict)
            }
            Ok(None) => Synced::Malformed,
            Err(error) => {
                tracing::error!(%height, %error, "cannot judge a synced block");
                self.broken = Some(error.to_string());
                Synced::Unavailable
            }
        }
    }
}

/// What the committed state says of a sender.
fn standing(chain: &Chain, sender: &Address) -> Standing {
    let account = chain.ledger().accounts.get(sender).copied().unwrap_or_default();
    Standing { nonce: account.nonce, free: account.free }
}

fn verdict_of(header: &ProposalHeader, valid: bool) -> Verdict {
    let ProposalHeader { height, round, proposer, block, content: _, len: _ } = *header;
    Verdict { height, round, proposer, block, valid }
}

#[cfg(test)]
mod tests;
