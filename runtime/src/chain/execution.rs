//! One block's run, from the state before it to everything that it changes.
//!
//! # Invariants
//! - A transaction that is not admitted changes nothing; one that is admitted pays its fee and
//!   uses its nonce, whatever becomes of its message.

use probity_primitives::table::Change;
use probity_primitives::{Address, Amount, Hash, Height};
use probity_protocol::beacon::Beacon;
use probity_protocol::params::Fees;
use probity_protocol::task::phases;
use probity_protocol::{Bucket, Context, Ledger, Signatures, staking, supply};

use super::{BlockError, Chain, decided_set};
use crate::dispatch::{self, Scene};
use crate::event::Event;
use crate::genesis::ChainId;
use crate::governance::{self, power};
use crate::message::Message;
use crate::receipt::{Outcome, Receipt};
use crate::state::State;
use crate::tree::{self, NodeStore, TreeUpdate};
use crate::tx::{TxBody, TxError, VerifiedTx};
use crate::upgrade::{self, UpgradeError};
use crate::validators::ValidatorSet;

/// A block that is being run.
pub(super) struct Execution {
    chain_id: ChainId,
    /// The state at the end of the block before, which voting power is read from.
    before: State,
    state: State,
    height: Height,
    chain: Hash,
    signatures: Signatures,
    /// What happened before the first transaction.
    events: Vec<Event>,
    count: u32,
}

/// What a block's run leaves, once it has a place in the state tree.
pub(super) struct Sealed {
    pub(super) state: State,
    pub(super) validators: ValidatorSet,
    pub(super) events: Vec<Event>,
    pub(super) entries: Vec<Change>,
    pub(super) tree: TreeUpdate,
}

/// What a block's run leaves.
pub(super) struct Ended {
    pub(super) state: State,
    pub(super) events: Vec<Event>,
    pub(super) entries: Vec<Change>,
}

/// What a transaction came to.
pub(super) struct Ran {
    pub(super) fee: Amount,
    pub(super) outcome: Outcome,
    pub(super) events: Vec<Event>,
}

impl Execution {
    /// Begins the block after `chain`'s tip, by the rules of its version; a dry run has no
    /// contribution to the beacon.
    pub(super) fn begin(chain: &Chain, output: Option<Hash>) -> Result<Self, UpgradeError> {
        let height = chain.next_height();
        let before = chain.state.clone();
        let mut state = before.clone();
        let mut ctx = Context::new(height, chain.genesis_hash());
        upgrade::begin(&mut state.ledger, &mut ctx, &chain.rules)?;
        let events = ctx.events.into_iter().map(Event::from).collect();
        if let Some(output) = output {
            state.ledger.beacon.get_mut().absorb(height, output);
        }
        let chain_id = chain.identity.chain_id.clone();
        let (chain, count) = (chain.genesis_hash(), 0);
        let signatures = Signatures::Verified;
        Ok(Self { chain_id, before, state, height, chain, signatures, events, count })
    }

    /// The same run as a rehearsal: names stand in the places of signatures.
    pub(super) fn rehearsed(self) -> Self {
        Self { signatures: Signatures::Named, ..self }
    }

    /// Pretends that the sender's transactions before this one have run, for a dry run.
    pub(super) fn reach_nonce(&mut self, tx: &VerifiedTx) {
        let (sender, nonce) = (tx.body().sender, tx.body().nonce);
        let accounts = &mut self.state.ledger.accounts;
        if let Some(account) = accounts.get(&sender).copied() {
            accounts.insert(sender, probity_protocol::bank::Account { nonce, ..account });
        }
    }

    /// Runs a transaction.
    pub(super) fn run(&mut self, tx: &VerifiedTx) -> Result<Receipt, TxError> {
        let Ran { fee, outcome, events } = self.run_body(tx.body(), tx.encoded_len())?;
        let index = self.count;
        self.count = index.saturating_add(1);
        Ok(Receipt { tx: tx.hash(), height: self.height, index, fee, outcome, events })
    }

    /// Runs what a transaction of so many bytes asks for.
    pub(super) fn run_body(&mut self, body: &TxBody, bytes: usize) -> Result<Ran, TxError> {
        let fee = admit(&self.state.ledger, body, bytes, self.height)?;
        charge(&mut self.state.ledger, body.sender, fee)?;
        let scene = Scene {
            height: self.height,
            chain: self.chain,
            chain_id: &self.chain_id,
            signatures: self.signatures,
            before: &self.before,
        };
        let (outcome, events) = dispatch::run(&mut self.state, &scene, body.sender, &body.message);
        Ok(Ran { fee, outcome, events })
    }

    /// Does what is due, begins an epoch where one begins, and makes the state tree.
    pub(super) fn seal<S: NodeStore + ?Sized>(self, store: &S) -> Result<Sealed, BlockError> {
        let height = self.height;
        let Ended { state, events, entries } = self.end();
        let validators = decided_set(&state.ledger)?;
        let tree = tree::update(store, height, &entries)?;
        Ok(Sealed { state, validators, events, entries, tree })
    }

    /// Does what is due, and begins an epoch where one begins.
    pub(super) fn end(self) -> Ended {
        let Self { before, mut state, height, chain, mut events, .. } = self;
        let mut ctx = Context::new(height, chain);
        phases::end_block(&mut state.ledger, &mut ctx);
        let governed = governance::end_block(&mut state, height, chain);
        let due = ctx.events.drain(..).map(Event::from);
        events.extend(due.chain(governed));
        if staking::epoch::begins(&state.ledger, &ctx) {
            supply::end_epoch(&mut state.ledger, &mut ctx);
            staking::start_epoch(&mut state.ledger, &mut ctx);
        }
        events.extend(ctx.events.into_iter().map(Event::from));
        power::record(&mut state, &before, Height(height.0.saturating_sub(1)));
        state.dao.sweep_past();
        state.dao.let_votes_go(height);
        let entries = state.drain_changes();
        Ended { state, events, entries }
    }
}

/// Whether a transaction of so many bytes can stand next in the block at `next`, and its fee.
pub(super) fn admit(
    ledger: &Ledger,
    body: &TxBody,
    bytes: usize,
    next: Height,
) -> Result<Amount, TxError> {
    let (sender, nonce) = (body.sender, body.nonce);
    if body.expiry < next {
        return Err(TxError::Expired { expiry: body.expiry, next });
    }
    let account = ledger.accounts.get(&sender).copied().unwrap_or_default();
    let expected = account.nonce;
    if nonce < expected {
        return Err(TxError::StaleNonce { sender, nonce, expected });
    }
    let required = fixed_fee(&ledger.params.get().fees, &body.message, bytes);
    if body.fee < required {
        let kind = body.message.kind();
        return Err(TxError::FeeTooLow { offered: body.fee, required, bytes, kind });
    }
    if account.free < required {
        return Err(TxError::Underfunded { sender, available: account.free, required });
    }
    if nonce > expected {
        return Err(TxError::FutureNonce { sender, nonce, expected });
    }
    Ok(required)
}

fn charge(ledger: &mut Ledger, sender: Address, fee: Amount) -> Result<(), TxError> {
    let available = ledger.balance(Bucket::Free(sender));
    ledger
        .transfer(Bucket::Free(sender), Bucket::Treasury, fee)
        .map_err(|_| TxError::Underfunded { sender, available, required: fee })?;
    let mut account = ledger.accounts.get(&sender).copied().unwrap_or_default();
    // A nonce counts transactions that were paid for: 2^64 of them are not reached.
    account.nonce = account.nonce.saturating_add(1);
    ledger.accounts.insert(sender, account);
    Ok(())
}

/// What a message of so many signed bytes costs. A fee that cannot be counted cannot be paid.
#[must_use]
pub fn fixed_fee(fees: &Fees, message: &Message, bytes: usize) -> Amount {
    let bytes = u128::try_from(bytes).unwrap_or(u128::MAX);
    fees.per_byte
        .checked_mul(bytes)
        .and_then(|size| message.base_fee(fees).checked_add(size))
        .unwrap_or(Amount::from_units(u128::MAX))
}
