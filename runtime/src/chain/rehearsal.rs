//! Rehearsals: the same transitions without curve arithmetic, for simulations alone.
//!
//! A simulation asks what the rules do, many million times; signatures say who asks, which it knows.
//! [`Chain::rehearse`] runs a block through the very code that [`Chain::apply`] runs, and leaves out
//! three things: the sender's signature, the signatures inside messages, where the signer's key
//! stands in their place ([`probity_primitives::Signature::naming`]), and the proof of the beacon's
//! contribution, whose output is passed in. Commitments, openings and every hash are checked as
//! ever: on them hangs whether a cheat succeeds.
//!
//! # Invariants
//! - The state after a rehearsed block is the state after the same block applied; the simulations'
//!   tests hold the roots against each other.
//! - Nothing here makes an [`super::Executed`], which is what a store takes: a node cannot keep, sign
//!   or send a rehearsed block, and the header behind one has no proof and no root.
//!
//! Spec: `docs/spec/20-blocks.md`.

use std::sync::Arc;

use probity_primitives::table::Change;
use probity_primitives::vrf::VrfProofBytes;
use probity_primitives::{Amount, Hash, OperatorId, codec};

use super::execution::{Ended, Execution, Ran};
use super::{BlockError, Chain, decided_set};
use crate::block::{HEADER_ROOM, MAX_BLOCK_BYTES, MAX_BLOCK_TXS};
use crate::event::Event;
use crate::receipt::Outcome;
use crate::tx::{TxBody, TxError};

/// The bytes of a signed transaction besides its body: the key and the signature.
const SEAL_BYTES: usize = 96;

/// A transaction whose sender is taken at its word.
#[derive(Debug, Clone)]
pub struct Line {
    body: TxBody,
    len: usize,
}

impl Line {
    /// The transaction, as long as a signed one.
    #[must_use]
    pub fn new(body: TxBody) -> Self {
        let len = codec::encode(&body).len().saturating_add(SEAL_BYTES);
        Self { body, len }
    }

    /// What is asked for.
    #[must_use]
    pub const fn body(&self) -> &TxBody {
        &self.body
    }
}

/// What became of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Played {
    /// What was charged.
    pub fee: Amount,
    /// Whether the message was carried out.
    pub outcome: Outcome,
    /// What happened, in order.
    pub events: Vec<Event>,
}

/// A block that was rehearsed.
#[derive(Debug, Clone)]
pub struct Rehearsed {
    /// The state after it, to be rehearsed on.
    pub chain: Chain,
    /// What became of each line, in order; nothing of one that could not stand in the block.
    pub played: Vec<Option<Played>>,
    /// What happened besides.
    pub events: Vec<Event>,
    /// Entries of the state that were written or removed.
    pub entries: Vec<Change>,
}

impl Chain {
    /// Whether a line may wait, as [`Chain::check`] says it of a transaction.
    ///
    /// # Errors
    /// As [`Chain::check`].
    pub fn check_line(&self, line: &Line) -> Result<(), TxError> {
        self.check_body(&line.body, line.len)
    }

    /// Runs the next block with what its proposer's beacon contribution would be.
    ///
    /// # Errors
    /// [`BlockError`] as [`Chain::propose`] gives it, but for what is not checked here.
    pub fn rehearse(
        &self,
        proposer: OperatorId,
        output: Hash,
        time_ms: u64,
        lines: &[Line],
    ) -> Result<Rehearsed, BlockError> {
        self.check_time(time_ms)?;
        let mut run = Execution::begin(self, Some(output))?.rehearsed();
        let mut played = Vec::with_capacity(lines.len());
        let (mut room, mut count) = (MAX_BLOCK_BYTES.saturating_sub(HEADER_ROOM), 0usize);
        for line in lines {
            let left = room.checked_sub(line.len).filter(|_| count < MAX_BLOCK_TXS);
            let ran = left.and_then(|_| run.run_body(&line.body, line.len).ok());
            if ran.is_some() {
                (room, count) = (left.unwrap_or(room), count.saturating_add(1));
            }
            played.push(ran.map(|Ran { fee, outcome, events }| Played { fee, outcome, events }));
        }
        let Ended { state, events, entries } = run.end();
        let same = state.ledger.validators.get() == self.state.ledger.validators.get();
        let validators =
            if same { Arc::clone(&self.validators) } else { Arc::new(decided_set(&state.ledger)?) };
        let header = self.header(proposer, VrfProofBytes::from_bytes([0; 96]), time_ms);
        let identity = Arc::clone(&self.identity);
        let chain = Self::at(identity, self.rules, header, state, validators);
        Ok(Rehearsed { chain, played, events, entries })
    }
}
