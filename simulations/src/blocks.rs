//! How a world makes blocks: by `propose` and `apply` as a node does, or by rehearsal.
//!
//! # Invariants
//! - Both ways run the same lines with the same beacon contributions, so their states are equal; a
//!   test holds the roots against each other.
//! - What waits leaves its nonce to the next of its sender, whether it stands in the block or not.

use std::collections::BTreeMap;

use probity_primitives::table::Change;
use probity_primitives::{Address, Hash, Height, Keypair, OperatorId, TaskId, TxHash};
use probity_protocol::task::message::{Attestation, Statement};
use probity_runtime::receipt::{Outcome, Receipt};
use probity_runtime::rehearsal::{Line, Played, Rehearsed};
use probity_runtime::result_certificate::SetChange;
use probity_runtime::{Event, Executed, Message, State, VerifiedTx, tree};

use crate::actor::{Actor, NETWORK};
use crate::world::{Keep, Rigour, World, WorldError};

/// How many changes wait for a root at most: removed entries would gather with the length of a run.
const MOST_UNROOTED: usize = 4_096;

/// The time between blocks in milliseconds.
const BLOCK_MS: u64 = 6_000;

impl World {
    /// Lets a transaction wait for the next block.
    ///
    /// # Errors
    /// [`WorldError`] if it cannot stand in a block.
    pub fn queue(&mut self, key: &Keypair, message: Message) -> Result<(), WorldError> {
        let sender = Address::of(&key.public(), NETWORK);
        let body = self.body(sender, message);
        let nonce = body.nonce.saturating_add(1);
        match self.rigour {
            Rigour::Verified => {
                let signed = body.sign(self.chain.genesis_hash(), key);
                let tx = signed.verify(self.chain.identity())?;
                self.chain.check(&tx)?;
                self.pending.push(tx);
            }
            Rigour::Elided => {
                let line = Line::new(body);
                self.chain.check_line(&line)?;
                self.lines.push(line);
            }
        }
        self.nonces.insert(sender, nonce);
        Ok(())
    }

    /// Makes a block as [`Self::step`] does, proposed by the validator so many turns later: what
    /// becomes of it if those whose turn it is withhold theirs.
    ///
    /// # Errors
    /// As [`Self::step`].
    pub fn step_by(&mut self, later: u64) -> Result<Vec<Receipt>, WorldError> {
        let before = self.check.then(|| self.chain.state().clone());
        let receipts = match self.rigour {
            Rigour::Verified => self.apply(later)?,
            Rigour::Elided => self.rehearse(later)?,
        };
        self.nonces.clear();
        self.checked(before.as_ref())?;
        Ok(receipts)
    }

    /// How many transactions wait for the next block.
    #[must_use]
    pub fn waiting(&self) -> usize {
        match self.rigour {
            Rigour::Verified => self.pending.len(),
            Rigour::Elided => self.lines.len(),
        }
    }

    /// The state's root: the newest header's, or in an elided world that of a tree brought up to
    /// date.
    ///
    /// # Errors
    /// [`WorldError::Tree`] never: the tree is in memory.
    pub fn root(&mut self) -> Result<Hash, WorldError> {
        match self.rigour {
            Rigour::Verified => Ok(self.chain.tip().state_root),
            Rigour::Elided => {
                let changes = std::mem::take(&mut self.unrooted).into_iter();
                // Removals first and in a version of their own: what is only inserted goes into the tree
                // at once, and its root does not depend on the order.
                let (put, gone): (Vec<_>, Vec<_>) = changes.partition(|(_, value)| value.is_some());
                if !gone.is_empty() {
                    self.enter(&gone)?;
                }
                self.enter(&put)
            }
        }
    }

    /// Puts changes into the tree as its next version.
    fn enter(&mut self, changes: &[Change]) -> Result<Hash, WorldError> {
        self.version = self.version.saturating_add(1);
        let update = tree::update(&self.tree, Height(self.version), changes)?;
        self.tree.commit(&update, true);
        Ok(update.root)
    }

    /// A member's signed statement, or its name under one.
    pub(crate) fn attest(
        &self,
        actor: &Actor,
        task: TaskId,
        round: u8,
        statement: Statement,
    ) -> Attestation {
        let (chain, operator) = (self.chain.genesis_hash(), actor.id());
        match self.rigour {
            Rigour::Verified => {
                Attestation::sign(chain, task, round, operator, statement, &actor.key)
            }
            Rigour::Elided => {
                Attestation::name(task, round, operator, statement, &actor.key.public())
            }
        }
    }

    fn apply(&mut self, later: u64) -> Result<Vec<Receipt>, WorldError> {
        let waiting = std::mem::take(&mut self.pending);
        let proposer = self.proposer(later);
        let proof = self.actor(&proposer)?.vrf.prove(&self.chain.beacon_input());
        let time = self.chain.tip().time_ms.saturating_add(BLOCK_MS);
        let made = self.chain.propose(&self.tree, proposer, proof, time, waiting.clone())?;
        let named: BTreeMap<TxHash, &VerifiedTx> =
            waiting.iter().map(|tx| (tx.hash(), tx)).collect();
        let kept: Vec<VerifiedTx> = made
            .receipts
            .iter()
            .filter_map(|receipt| named.get(&receipt.tx).map(|tx| (*tx).clone()))
            .collect();
        let ends: BTreeMap<TxHash, &Outcome> =
            made.receipts.iter().map(|receipt| (receipt.tx, &receipt.outcome)).collect();
        self.fates =
            waiting.iter().map(|tx| ends.get(&tx.hash()).map(|end| (*end).clone())).collect();
        self.count(waiting.iter().map(|tx| tx.body().message.kind()));
        let applied = self.chain.apply(&self.tree, made.block.clone(), &kept)?;
        if (&applied.receipts, &applied.entries, &applied.tree)
            != (&made.receipts, &made.entries, &made.tree)
        {
            return Err(WorldError::Nondeterministic(applied.chain.height()));
        }
        self.commit(applied)
    }

    fn rehearse(&mut self, later: u64) -> Result<Vec<Receipt>, WorldError> {
        let lines = std::mem::take(&mut self.lines);
        let proposer = self.proposer(later);
        let output = self.actor(&proposer)?.vrf.output(&self.chain.beacon_input());
        let time = self.chain.tip().time_ms.saturating_add(BLOCK_MS);
        let done = self.chain.rehearse(proposer, output, time, &lines)?;
        let Rehearsed { chain, played, events, entries } = done;
        let height = chain.height();
        let end = |one: &Option<Played>| one.as_ref().map(|one| one.outcome.clone());
        self.fates = played.iter().map(end).collect();
        self.count(lines.iter().map(|line| line.body().message.kind()));
        let receipts: Vec<Receipt> = (0u32..)
            .zip(played.into_iter().flatten())
            .map(|(index, Played { fee, outcome, events })| {
                // A line has no name: it was never signed.
                Receipt { tx: TxHash(Hash::ZERO), height, index, fee, outcome, events }
            })
            .collect();
        self.unrooted.extend(entries);
        self.note(height, &receipts, events);
        self.chain = chain;
        if self.unrooted.len() > MOST_UNROOTED {
            self.root()?;
        }
        Ok(receipts)
    }

    /// Counts what was carried out of what waited, which was of these kinds.
    fn count(&mut self, kinds: impl Iterator<Item = &'static str>) {
        for (kind, _) in
            kinds.zip(&self.fates).filter(|(_, fate)| matches!(fate, Some(Outcome::Ok)))
        {
            let known = self.carried_out.entry(kind).or_default();
            *known = known.saturating_add(1);
        }
    }

    fn note(&mut self, height: Height, receipts: &[Receipt], events: Vec<Event>) {
        self.newest.clear();
        self.newest.extend(receipts.iter().flat_map(|receipt| receipt.events.iter().cloned()));
        self.newest.extend(events.iter().cloned());
        if self.keep >= Keep::Blocks {
            self.events.extend(events.into_iter().map(|event| (height, event)));
        }
    }

    /// Who proposes the next block, if so many before it withhold theirs.
    pub(crate) fn proposer(&self, later: u64) -> OperatorId {
        let validators: Vec<OperatorId> =
            self.chain.validators().iter().map(|one| one.operator).collect();
        let turn = usize::try_from(self.chain.height().0.saturating_add(later))
            .ok()
            .and_then(|height| height.checked_rem(validators.len()))
            .unwrap_or_default();
        validators.get(turn).copied().unwrap_or(self.chain.tip().proposer)
    }

    fn commit(&mut self, executed: Executed) -> Result<Vec<Receipt>, WorldError> {
        if self.keep >= Keep::Blocks
            && let Some(next) = executed.changed_validators()
        {
            let header = executed.block.header.clone();
            let commit = self.certify(&header, self.chain.validators())?;
            self.changes.push(SetChange { header, commit, next: next.clone() });
        }
        let Executed { block, chain, receipts, events, entries: _, tree } = executed;
        self.note(block.header.height, &receipts, events);
        self.tree.commit(&tree, self.keep < Keep::All);
        if self.keep >= Keep::Blocks {
            self.log.push((block, receipts.clone()));
        }
        self.chain = chain;
        Ok(receipts)
    }

    /// The state now, to compare with a later one.
    #[must_use]
    pub fn state(&self) -> &State {
        self.chain.state()
    }
}
