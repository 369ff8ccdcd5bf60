//! Proposals that are not decided: what was looked at, what waits for its height.
//!
//! # Invariants
//! - Every list has a limit, and what falls out of it can be had again: a voted proposal is in the
//!   store, any other comes again from its proposer or with the sync.
//! - What this node proposed in a round, it proposes again when asked again.
//!
//! Spec: `docs/spec/20-blocks.md`.

use std::collections::BTreeMap;

use probity_primitives::{BlockHash, Height, OperatorId};
use probity_runtime::Executed;

use super::application::Verdict;
use super::proposal::SignedProposal;

/// Most proposals of the current height that are kept executed.
const MAX_JUDGED: usize = 32;
/// Most proposals of one proposer in one round: an honest one makes one.
const MAX_PER_TURN: usize = 4;
/// Most rounds whose own proposal is remembered.
const MAX_OWN: usize = 64;
/// Most proposals that wait for the height after the current one.
const MAX_EARLY: usize = 16;

/// A proposal that was looked at.
#[derive(Debug)]
pub(super) struct Judged {
    /// The outcome.
    pub(super) verdict: Verdict,
    /// The proposal as its proposer signed it; a block that came by sync has none.
    pub(super) proposal: Option<SignedProposal>,
    /// What the block does, if it is valid.
    pub(super) executed: Option<Box<Executed>>,
}

/// The proposals that are not decided.
#[derive(Debug, Default)]
pub(super) struct Undecided {
    judged: BTreeMap<BlockHash, Judged>,
    own: BTreeMap<u32, BlockHash>,
    early: Vec<SignedProposal>,
}

impl Undecided {
    /// The proposal of `block`, if it was looked at.
    pub(super) fn get(&self, block: &BlockHash) -> Option<&Judged> {
        self.judged.get(block)
    }

    /// Removes the proposal of `block`.
    pub(super) fn take(&mut self, block: &BlockHash) -> Option<Judged> {
        self.judged.remove(block)
    }

    /// What this node proposed in a round; the inner none if that is no longer here.
    pub(super) fn own(&self, round: u32) -> Option<Option<&SignedProposal>> {
        let block = self.own.get(&round)?;
        Some(self.judged.get(block).and_then(|judged| judged.proposal.as_ref()))
    }

    /// Keeps a proposal that this node made.
    pub(super) fn keep_own(&mut self, round: u32, judged: Judged) {
        if self.own.len() >= MAX_OWN {
            self.own.pop_first();
        }
        self.own.insert(round, judged.verdict.block);
        self.keep(judged);
    }

    /// Keeps a proposal that was looked at; one of the earliest round makes room for it.
    pub(super) fn keep(&mut self, judged: Judged) {
        if self.judged.len() >= MAX_JUDGED {
            let earliest = self.judged.values().map(|judged| judged.verdict);
            if let Some(verdict) = earliest.min_by_key(|verdict| verdict.round) {
                self.judged.remove(&verdict.block);
            }
        }
        self.judged.insert(judged.verdict.block, judged);
    }

    /// Whether a proposer has had its number of proposals in a round.
    pub(super) fn is_turn_used(&self, proposer: &OperatorId, round: u32) -> bool {
        let mine = self
            .judged
            .values()
            .filter(|judged| judged.verdict.round == round && judged.verdict.proposer == *proposer);
        mine.count() >= MAX_PER_TURN
    }

    /// What is known of the proposals of a round.
    pub(super) fn of_round(&self, round: u32) -> Vec<Verdict> {
        let verdicts = self.judged.values().map(|judged| judged.verdict);
        verdicts.filter(|verdict| verdict.round == round).collect()
    }

    /// Keeps a proposal for the next height until then, if there is room.
    pub(super) fn keep_early(&mut self, proposal: SignedProposal) {
        if self.early.len() < MAX_EARLY && !self.early.contains(&proposal) {
            self.early.push(proposal);
        }
    }

    /// The proposals that waited for `height`.
    pub(super) fn take_early(&mut self, height: Height) -> Vec<SignedProposal> {
        let (now, later) = std::mem::take(&mut self.early)
            .into_iter()
            .filter(|proposal| proposal.header.height >= height)
            .partition(|proposal| proposal.header.height == height);
        self.early = later;
        now
    }

    /// Forgets everything about the height that is now decided.
    pub(super) fn next_height(&mut self) {
        self.judged.clear();
        self.own.clear();
    }
}
