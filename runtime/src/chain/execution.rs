//! One block's run, from the state before it to everything that it changes.
//!
//! # Invariants
//! - A transaction that is not admitted changes nothing; one that is admitted pays its fee and
//!   uses its nonce, whatever becomes of its message.

use probity_primitives::table::Change;
use probity_primitives::{Amount, Hash, Height};
use probity_protocol::beacon::Beacon;
use probity_protocol::params::Fees;
use probity_protocol::task::phases;
use probity_protocol::{Bucket, Context, Event, Ledger, staking};

use super::{BlockError, Chain, decided_set};
use crate::dispatch;
use crate::genesis::ChainId;
use crate::message::Message;
use crate::receipt::Receipt;
use crate::tree::{self, NodeStore, TreeUpdate};
use crate::tx::{TxError, VerifiedTx};
use crate::validators::ValidatorSet;

/// A block that is being run.
pub(super) struct Execution {
    chain_id: ChainId,
    ledger: Ledger,
    ctx: Context,
    count: u32,
}

/// What a block's run leaves.
pub(super) struct Sealed {
    pub(super) ledger: Ledger,
    pub(super) validators: ValidatorSet,
    pub(super) events: Vec<Event>,
    pub(super) entries: Vec<Change>,
    pub(super) tree: TreeUpdate,
}

impl Execution {
    /// Begins the block after `chain`'s tip; a dry run has no contribution to the beacon.
    pub(super) fn begin(chain: &Chain, output: Option<Hash>) -> Self {
        let height = chain.next_height();
        let mut ledger = chain.ledger.clone();
        if let Some(output) = output {
            ledger.beacon.get_mut().absorb(height, output);
        }
        let chain_id = chain.identity.chain_id.clone();
        Self { chain_id, ledger, ctx: Context::new(height, chain.genesis_hash()), count: 0 }
    }

    /// Pretends that the sender's transactions before this one have run, for a dry run.
    pub(super) fn reach_nonce(&mut self, tx: &VerifiedTx) {
        let (sender, nonce) = (tx.body().sender, tx.body().nonce);
        if let Some(account) = self.ledger.accounts.get(&sender).copied() {
            self.ledger
                .accounts
                .insert(sender, probity_protocol::bank::Account { nonce, ..account });
        }
    }

    /// Runs a transaction.
    pub(super) fn run(&mut self, tx: &VerifiedTx) -> Result<Receipt, TxError> {
        let fee = admit(&self.ledger, tx, self.ctx.height)?;
        let body = tx.body();
        charge(&mut self.ledger, tx, fee)?;
        let mut ctx = Context::new(self.ctx.height, self.ctx.chain);
        let (sender, message) = (body.sender, &body.message);
        let outcome = dispatch::run(&mut self.ledger, &mut ctx, &self.chain_id, sender, message);
        let index = self.count;
        self.count = index.saturating_add(1);
        let height = self.ctx.height;
        Ok(Receipt { tx: tx.hash(), height, index, fee, outcome, events: ctx.events })
    }

    /// Does what is due, begins an epoch where one begins, and makes the state tree.
    pub(super) fn seal<S: NodeStore + ?Sized>(self, store: &S) -> Result<Sealed, BlockError> {
        let Self { chain_id: _, mut ledger, mut ctx, count: _ } = self;
        phases::end_block(&mut ledger, &mut ctx);
        if staking::epoch::begins(&ledger, &ctx) {
            staking::start_epoch(&mut ledger, &mut ctx);
        }
        let validators = decided_set(&ledger)?;
        let entries = ledger.drain_changes();
        let tree = tree::update(store, ctx.height, &entries)?;
        Ok(Sealed { ledger, validators, events: ctx.events, entries, tree })
    }
}

/// Whether a transaction can stand next in the block at `next`, and its fee.
pub(super) fn admit(ledger: &Ledger, tx: &VerifiedTx, next: Height) -> Result<Amount, TxError> {
    let body = tx.body();
    let (sender, nonce) = (body.sender, body.nonce);
    if body.expiry < next {
        return Err(TxError::Expired { expiry: body.expiry, next });
    }
    let account = ledger.accounts.get(&sender).copied().unwrap_or_default();
    let expected = account.nonce;
    if nonce < expected {
        return Err(TxError::StaleNonce { sender, nonce, expected });
    }
    let bytes = tx.encoded_len();
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

fn charge(ledger: &mut Ledger, tx: &VerifiedTx, fee: Amount) -> Result<(), TxError> {
    let sender = tx.body().sender;
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
