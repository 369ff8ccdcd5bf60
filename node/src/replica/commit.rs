//! Making a decision durable, and coming back from the store.
//!
//! # Invariants
//! - One batch a height holds its block, header, certificate, receipts, events, state, tree and
//!   the tip: after a crash the height is there or it is not.
//! - Committing a height again changes nothing; committing another block there is an error that
//!   stops nothing from being read, and says that the chain has forked.
//! - A store is opened only if its state has the root that its newest header names.
//!
//! Spec: `docs/spec/20-blocks.md`.

use std::sync::Arc;

use borsh::{BorshDeserialize, BorshSerialize};
use bytes::Bytes;
use probity_primitives::table::Change;
use probity_primitives::{Address, BlockHash, Hash, Height, Signature, codec};
use probity_protocol::ledger::Tag;
use probity_runtime::certificate::Certificate;
use probity_runtime::chain::{LoadError, Loader};
use probity_runtime::upgrade::{Missing, Rules};
use probity_runtime::{Block, Chain, Executed, Genesis, Header, Message};

use super::application::Application;
use super::history::decode;
use super::proposal::{ProposalHeader, SignedProposal};
use super::undecided::Judged;
use super::{OpenError, Replica, ReplicaError, standing};
use crate::store::{Batch, Store, StoreError, schema, tree};

/// The name under which the store keeps the hash of its chain's genesis document.
const GENESIS: &str = "genesis";
/// The name under which a store that does not have every block keeps the first one's height.
pub(super) const FIRST: &str = "first-block";
/// For how many heights the state tree is kept whole, so that proofs can be made for them.
pub const KEPT_HEIGHTS: u64 = 1_000;

/// The chain in the store; none if the store is new.
///
/// # Errors
/// [`OpenError`] if it is another chain's or damaged.
pub(super) fn load(
    store: &dyn Store,
    genesis: &Genesis,
    rules: Rules,
) -> Result<Option<Chain>, OpenError> {
    let Some(tip) = store.get(&schema::tip())? else { return Ok(None) };
    let height: Height = decode(&schema::tip(), &tip)?;
    let stored: Hash = read(store, &schema::meta(GENESIS))?;
    let given = genesis.hash();
    if stored != given {
        return Err(OpenError::OtherChain { stored, given });
    }
    check_version(store, height, &rules)?;
    let tip: Header = read(store, &schema::header(height))?;
    let root = tip.state_root;
    let damaged = |reason| OpenError::Damaged { height, reason };
    let mut loader = Loader::by(genesis, rules, tip).map_err(damaged)?;
    for entry in store.scan_prefix(&schema::state_entries())? {
        let (key, value) = entry?;
        let state_key = schema::state_key(&key)
            .ok_or_else(|| StoreError::damaged(&key, "it is no key of the state"))?;
        loader.entry(state_key, &value).map_err(damaged)?;
    }
    let (chain, _) = loader.finish().map_err(damaged)?;
    let found = tree::root(store, height).map_err(|error| damaged(error.into()))?;
    if found != root {
        return Err(damaged(LoadError::Root { height, found, expected: root }));
    }
    Ok(Some(chain))
}

/// Refuses a store whose state is of a version that the rules do not have, before anything else of
/// the state is read: entries of a later version may be of a form that this one cannot read.
fn check_version(store: &dyn Store, height: Height, rules: &Rules) -> Result<(), OpenError> {
    let key = schema::state_entry(&[Tag::protocol.byte()]);
    let Some(stored) = store.get(&key)? else { return Ok(()) };
    let first = stored.first_chunk().ok_or_else(|| StoreError::damaged(&key, "it is cut short"))?;
    let (version, newest) = (u32::from_le_bytes(*first), rules.newest);
    if version > newest {
        return Err(OpenError::Newer(Missing { version, height, newest }));
    }
    Ok(())
}

/// Says in a batch whose chain a store holds that was not begun from genesis, and from which block
/// on it has them.
pub(crate) fn restored(batch: &mut Batch, genesis: Hash, first: Height) {
    batch.put(schema::meta(GENESIS), codec::encode(&genesis));
    batch.put(schema::meta(FIRST), codec::encode(&first));
}

/// Begins the chain of a genesis document in a new store.
///
/// # Errors
/// [`OpenError`] for a document that is refused, or a store that cannot be written.
pub(super) fn begin(
    store: &dyn Store,
    genesis: &Genesis,
    rules: Rules,
) -> Result<Chain, OpenError> {
    let executed = Chain::genesis_by(genesis, rules)?;
    let mut batch = batch_of(&executed);
    batch.put(schema::meta(GENESIS), codec::encode(&genesis.hash()));
    store.write(batch)?;
    Ok(executed.chain)
}

/// A block that may be decided, as the store keeps it until then.
#[derive(Debug, BorshSerialize, BorshDeserialize)]
pub(super) enum Kept {
    /// Its proposer streamed it, or this node did.
    Streamed {
        /// What the proposer said.
        header: ProposalHeader,
        /// Its signature.
        signature: Signature,
        /// The block's bytes.
        bytes: Vec<u8>,
    },
    /// It came with a certificate, because this node was behind.
    Synced {
        /// The height of the certificate.
        height: Height,
        /// Its round.
        round: u32,
        /// The block's bytes.
        bytes: Vec<u8>,
    },
}

impl From<&SignedProposal> for Kept {
    fn from(proposal: &SignedProposal) -> Self {
        let SignedProposal { header, signature, bytes } = proposal;
        Self::Streamed { header: *header, signature: *signature, bytes: bytes.to_vec() }
    }
}

impl Kept {
    const fn height(&self) -> Height {
        match self {
            Self::Streamed { header, .. } => header.height,
            Self::Synced { height, .. } => *height,
        }
    }
}

/// Keeps a block that the engine is about to be told is valid: its log will rely upon that.
///
/// # Errors
/// [`StoreError`] if it is not durable.
pub(super) fn keep_undecided(
    store: &dyn Store,
    height: Height,
    block: &BlockHash,
    kept: &Kept,
) -> Result<(), StoreError> {
    let key = schema::undecided(height, block);
    if store.get(&key)?.is_some() {
        return Ok(());
    }
    let mut batch = Batch::new();
    batch.put(key, codec::encode(kept));
    store.write(batch)
}

impl Replica {
    /// Reads back the blocks that the engine was told are valid before a restart.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read or is damaged.
    pub(super) fn recall(&mut self) -> Result<(), StoreError> {
        let entries: Result<Vec<_>, _> =
            self.store.scan_prefix(&schema::all_undecided())?.collect();
        for (key, value) in entries? {
            let kept: Kept = decode(&key, &value)?;
            if kept.height() == self.next_height() {
                self.judge_again(kept)?;
            }
        }
        Ok(())
    }

    /// Looks again at a block that was kept. It was judged by an earlier clock; only what it
    /// contains is looked at now.
    fn judge_again(&mut self, kept: Kept) -> Result<(), StoreError> {
        match kept {
            Kept::Streamed { header, signature, bytes } => {
                let own = self.keys.as_ref().is_some_and(|keys| keys.operator == header.proposer);
                let bytes = Bytes::from(bytes);
                let judged = self.judge(SignedProposal { header, signature, bytes }, u64::MAX)?;
                if own {
                    self.undecided.keep_own(header.round, judged);
                } else {
                    self.undecided.keep(judged);
                }
            }
            Kept::Synced { height: _, round, bytes } => {
                if let Some(judged) = self.judge_synced(round, &Bytes::from(bytes))? {
                    self.undecided.keep(judged);
                }
            }
        }
        Ok(())
    }

    /// Commits a decided block, durably.
    ///
    /// # Errors
    /// [`ReplicaError`]; nothing is committed then.
    pub(super) fn commit(&mut self, certificate: &Certificate) -> Result<(), ReplicaError> {
        let Certificate { height, block, .. } = *certificate;
        let next = self.next_height();
        if height < next {
            return self.recommit(certificate);
        }
        if height > next {
            return Err(ReplicaError::Height { asked: height, next });
        }
        if self.undecided.get(&block).is_none()
            && let Some(kept) = self.store.get(&schema::undecided(height, &block))?
        {
            self.judge_again(decode(&schema::undecided(height, &block), &kept)?)?;
        }
        let judged = self.undecided.get(&block).and_then(|judged| judged.executed.as_deref());
        let executed = judged.ok_or(ReplicaError::UnknownBlock { height, block })?;
        let mut batch = batch_of(executed);
        batch.put(schema::certificate(height), codec::encode(certificate));
        for entry in self.store.scan_prefix(&schema::all_undecided())? {
            batch.delete(entry?.0);
        }
        tree::prune(self.store.as_ref(), &mut batch, height, KEPT_HEIGHTS)?;
        self.store.write(batch)?;
        let executed = self.undecided.take(&block).and_then(|Judged { executed, .. }| executed);
        if let Some(executed) = executed {
            self.advance(executed.chain, &executed.entries);
        }
        Ok(())
    }

    /// Goes on from a height that is now durable, and whose block changed these entries.
    fn advance(&mut self, chain: Chain, entries: &[Change]) {
        let before = std::mem::replace(&mut self.chain, Arc::new(chain));
        self.undecided.next_height();
        let (chain, height) = (Arc::clone(&self.chain), self.next_height());
        let changed = accounts(entries).map(|account| (account, standing(&chain, &account)));
        self.mempool.advance(height, changed);
        if before.ledger().params.get().fees != chain.ledger().params.get().fees {
            self.mempool.retain(|tx| chain.check(tx).is_ok());
        }
    }

    /// A decision of a height that is committed: nothing to do, or a fork.
    fn recommit(&self, certificate: &Certificate) -> Result<(), ReplicaError> {
        let Certificate { height, block: decided, .. } = *certificate;
        let header: Header = read(self.store.as_ref(), &schema::header(height))?;
        let committed = header.hash();
        if committed == decided {
            Ok(())
        } else {
            Err(ReplicaError::Fork { height, committed, decided })
        }
    }
}

/// The accounts among changed entries.
fn accounts(entries: &[Change]) -> impl Iterator<Item = Address> {
    entries.iter().filter_map(|(key, _)| {
        let (tag, account) = key.split_first()?;
        (*tag == Tag::accounts.byte()).then(|| codec::decode(account, account.len()).ok())?
    })
}

/// Everything that an executed block writes, but for the certificate.
fn batch_of(executed: &Executed) -> Batch {
    let Executed { block, chain, receipts, events, entries, tree } = executed;
    let Block { header, txs } = block;
    let height = header.height;
    let mut batch = Batch::new();
    batch.put(schema::block(height), block.encode());
    batch.put(schema::header(height), codec::encode(header));
    batch.put(schema::events(height), codec::encode(events));
    for receipt in receipts {
        let place = (height, receipt.index);
        batch.put(schema::receipt(height, receipt.index), codec::encode(receipt));
        batch.put(schema::tx_location(&receipt.tx), codec::encode(&place));
    }
    for tx in txs {
        if let Message::Reveal(reveal) = &tx.body.message {
            batch.put(schema::reveal(&reveal.attestation.task, height), []);
        }
    }
    if header.next_validators != header.validators {
        batch.put(schema::validator_set(height), codec::encode(chain.validators()));
    }
    for (key, value) in entries {
        match value {
            Some(value) => batch.put(schema::state_entry(key), value.clone()),
            None => batch.delete(schema::state_entry(key)),
        }
    }
    tree::commit(&mut batch, height, tree);
    batch.put(schema::tip(), codec::encode(&height));
    batch
}

fn read<T: borsh::BorshDeserialize>(store: &dyn Store, key: &[u8]) -> Result<T, StoreError> {
    let value = store.get(key)?.ok_or_else(|| StoreError::damaged(key, "it is missing"))?;
    decode(key, &value)
}
