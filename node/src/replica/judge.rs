//! Looking at a block before the vote.
//!
//! Cheap checks come first: length, name, whose turn it is, the clock. Then the signatures, on all
//! cores, except those of transactions that waited in the mempool and were verified there. Then
//! the block is executed, and must come out as its header says.
//!
//! # Invariants
//! - A failure of this node's own store is no verdict on a block.
//!
//! Spec: `docs/spec/20-blocks.md`.

use bytes::Bytes;
use probity_primitives::codec::CodecError;
use probity_primitives::{BlockHash, OperatorId};
use probity_runtime::chain::BlockError;
use probity_runtime::tree::TreeError;
use probity_runtime::tx::TxError;
use probity_runtime::{Block, Executed, SignedTx, VerifiedTx};
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use super::application::{Application, Verdict};
use super::commit::{self, Kept};
use super::proposal::{ProposalHeader, SignedProposal};
use super::undecided::Judged;
use super::{Replica, rotation, verdict_of};
use crate::store::StoreError;
use crate::store::tree::StoreTree;

/// How far a proposer's clock may be ahead of this node's.
pub(super) const MAX_DRIFT_MS: u64 = 10_000;

/// Why a block is not voted for.
#[derive(Debug, thiserror::Error)]
pub(super) enum InvalidBlock {
    /// The bytes are no block.
    #[error("the bytes are no block: {0}")]
    Malformed(#[from] CodecError),
    /// The bytes are another block than was announced.
    #[error("block {found} came where {announced} was announced")]
    OtherBlock {
        /// The block that came.
        found: BlockHash,
        /// The block that was announced.
        announced: BlockHash,
    },
    /// It was not this proposer's turn, or it names another one.
    #[error("it is made by {found} in the turn of {expected:?}")]
    Proposer {
        /// The proposer in the block's header.
        found: OperatorId,
        /// Whose turn it was.
        expected: Option<OperatorId>,
    },
    /// It comes from the future.
    #[error("its time {time_ms} ms is more than {MAX_DRIFT_MS} ms after {now_ms} ms")]
    Future {
        /// The block's time.
        time_ms: u64,
        /// This node's.
        now_ms: u64,
    },
    /// A transaction that means nothing.
    #[error("one of its transactions is refused: {0}")]
    Tx(#[from] TxError),
    /// It does not follow from the state before it.
    #[error(transparent)]
    Rule(BlockError),
}

/// Why there is no verdict, or a bad one.
enum Fault {
    Block(InvalidBlock),
    Local(StoreError),
}

impl From<InvalidBlock> for Fault {
    fn from(reason: InvalidBlock) -> Self {
        Self::Block(reason)
    }
}

impl From<BlockError> for Fault {
    fn from(error: BlockError) -> Self {
        if let BlockError::Tree(TreeError::Store(reason)) = error {
            Self::Local(StoreError::Read(reason))
        } else {
            Self::Block(InvalidBlock::Rule(error))
        }
    }
}

impl Replica {
    /// Looks at a proposal, and keeps it in the store if it is valid.
    ///
    /// # Errors
    /// [`StoreError`] if this node cannot look at it.
    pub(super) fn judge(
        &self,
        proposal: SignedProposal,
        now_ms: u64,
    ) -> Result<Judged, StoreError> {
        let header = proposal.header;
        match self.examine(&header, &proposal.bytes, now_ms) {
            Ok(executed) => {
                let ProposalHeader { height, block, .. } = header;
                let kept = Kept::from(&proposal);
                commit::keep_undecided(self.store.as_ref(), height, &block, &kept)?;
                let (verdict, executed) = (verdict_of(&header, true), Some(Box::new(executed)));
                Ok(Judged { verdict, proposal: Some(proposal), executed })
            }
            Err(Fault::Block(reason)) => {
                let ProposalHeader { height, round, proposer, block, .. } = header;
                tracing::warn!(%height, round, %proposer, %block, %reason, "a proposal is invalid");
                let verdict = verdict_of(&header, false);
                Ok(Judged { verdict, proposal: Some(proposal), executed: None })
            }
            Err(Fault::Local(error)) => Err(error),
        }
    }

    /// Looks at a block that was decided elsewhere, and keeps it in the store if it is valid; none
    /// if the bytes are no block.
    ///
    /// Its certificate, which the engine checks, shows that two thirds have seen it in time and in
    /// turn, so neither is asked again.
    ///
    /// # Errors
    /// [`StoreError`] if this node cannot look at it.
    pub(super) fn judge_synced(
        &self,
        round: u32,
        bytes: &Bytes,
    ) -> Result<Option<Judged>, StoreError> {
        let Ok(block) = Block::decode(bytes) else { return Ok(None) };
        let (height, proposer) = (block.header.height, block.header.proposer);
        let mut verdict = Verdict { height, round, proposer, block: block.hash(), valid: true };
        match self.execute(block) {
            Ok(executed) => {
                let kept = Kept::Synced { height, round, bytes: bytes.to_vec() };
                commit::keep_undecided(self.store.as_ref(), height, &verdict.block, &kept)?;
                let executed = Some(Box::new(executed));
                Ok(Some(Judged { verdict, proposal: None, executed }))
            }
            Err(Fault::Block(reason)) => {
                tracing::warn!(%height, block = %verdict.block, %reason, "a synced block is invalid");
                verdict.valid = false;
                Ok(Some(Judged { verdict, proposal: None, executed: None }))
            }
            Err(Fault::Local(error)) => Err(error),
        }
    }

    fn examine(
        &self,
        header: &ProposalHeader,
        bytes: &Bytes,
        now_ms: u64,
    ) -> Result<Executed, Fault> {
        let block = Block::decode(bytes).map_err(InvalidBlock::from)?;
        let (found, announced) = (block.hash(), header.block);
        if found != announced {
            return Err(InvalidBlock::OtherBlock { found, announced }.into());
        }
        let turn = rotation::proposer(self.validators(), header.height, header.round);
        let expected = turn.map(|turn| turn.operator);
        let found = block.header.proposer;
        if expected != Some(found) || header.proposer != found {
            return Err(InvalidBlock::Proposer { found, expected }.into());
        }
        let time_ms = block.header.time_ms;
        if time_ms > now_ms.saturating_add(MAX_DRIFT_MS) {
            return Err(InvalidBlock::Future { time_ms, now_ms }.into());
        }
        self.execute(block)
    }

    fn execute(&self, block: Block) -> Result<Executed, Fault> {
        let verified: Result<Vec<_>, TxError> =
            block.txs.par_iter().map(|tx| self.verified(tx)).collect();
        let verified = verified.map_err(InvalidBlock::from)?;
        let tree = StoreTree(self.store.as_ref());
        Ok(self.chain.apply(&tree, block, &verified)?)
    }

    /// The transaction with its signature checked, now or when it came into the mempool.
    fn verified(&self, tx: &SignedTx) -> Result<VerifiedTx, TxError> {
        match self.mempool.get(&tx.hash()) {
            Some(waiting) if waiting.signed() == tx => Ok(waiting.clone()),
            Some(_) | None => tx.clone().verify(self.chain.identity()),
        }
    }
}
