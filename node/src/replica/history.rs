//! What the store knows of the past: blocks, certificates, receipts, events.
//!
//! # Invariants
//! - A height is there with its block, header, certificate, receipts and events, or not at all:
//!   [`super::commit`] writes them in one batch.
//! - Bytes that do not read back are a damaged store, and said to be, never an absent block.
//!
//! # Not here
//! The state at a height; that is the tip's state, or a proof from the state tree.
//!
//! Spec: `docs/spec/20-blocks.md`.

use std::sync::Arc;

use borsh::BorshDeserialize;
use bytes::Bytes;
use probity_primitives::{Height, TaskId, TxHash, codec};
use probity_runtime::certificate::Certificate;
use probity_runtime::result_certificate::SetChange;
use probity_runtime::{Block, Event, Header, Receipt};

use super::commit::FIRST;
use crate::store::{MAX_VALUE_BYTES, Store, StoreError, schema};

/// Reads the past from a store.
#[derive(Clone)]
pub struct History {
    store: Arc<dyn Store>,
}

impl History {
    /// The past in `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    /// The first block that is here: 1, or the one after the snapshot that the store came from.
    ///
    /// # Errors
    /// [`StoreError`] as for [`Self::block`].
    pub fn first(&self) -> Result<Height, StoreError> {
        Ok(self.read(&schema::meta(FIRST))?.unwrap_or(Height(1)))
    }

    /// The block at a height.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read or is damaged, as for every method here.
    pub fn block(&self, height: Height) -> Result<Option<Block>, StoreError> {
        self.read(&schema::block(height))
    }

    /// The bytes of the block at a height.
    ///
    /// # Errors
    /// As for [`Self::block`].
    pub fn block_bytes(&self, height: Height) -> Result<Option<Bytes>, StoreError> {
        Ok(self.store.get(&schema::block(height))?.map(Bytes::from))
    }

    /// The header at a height.
    ///
    /// # Errors
    /// As for [`Self::block`].
    pub fn header(&self, height: Height) -> Result<Option<Header>, StoreError> {
        self.read(&schema::header(height))
    }

    /// The certificate that decided a height; height 0 was decided by nobody and has none.
    ///
    /// # Errors
    /// As for [`Self::block`].
    pub fn certificate(&self, height: Height) -> Result<Option<Certificate>, StoreError> {
        self.read(&schema::certificate(height))
    }

    /// What became of a transaction, if it stands in a block.
    ///
    /// # Errors
    /// As for [`Self::block`].
    pub fn receipt(&self, tx: &TxHash) -> Result<Option<Receipt>, StoreError> {
        let Some((height, index)) = self.read::<(Height, u32)>(&schema::tx_location(tx))? else {
            return Ok(None);
        };
        self.read(&schema::receipt(height, index))
    }

    /// The receipts of the block at a height, in the order of its transactions.
    ///
    /// # Errors
    /// As for [`Self::block`].
    pub fn receipts(&self, height: Height) -> Result<Vec<Receipt>, StoreError> {
        let entries = self.store.scan_prefix(&schema::receipts(height))?;
        entries
            .map(|entry| {
                let (key, value) = entry?;
                decode(&key, &value)
            })
            .collect()
    }

    /// Everything that happened in the block at a height, in order.
    ///
    /// # Errors
    /// As for [`Self::block`].
    pub fn events(&self, height: Height) -> Result<Option<Vec<Event>>, StoreError> {
        self.read(&schema::events(height))
    }

    /// The decided blocks from `first` to `last` with their certificates, up to the first that is
    /// missing.
    ///
    /// # Errors
    /// As for [`Self::block`].
    pub fn decided(
        &self,
        first: Height,
        last: Height,
    ) -> Result<Vec<(Bytes, Certificate)>, StoreError> {
        let mut decided = Vec::new();
        for height in (first.0..=last.0).map(Height) {
            match (self.block_bytes(height)?, self.certificate(height)?) {
                (Some(block), Some(certificate)) => decided.push((block, certificate)),
                (_, None) | (None, _) => break,
            }
        }
        Ok(decided)
    }

    /// Every change of validators by a block below `height`, with what proves it.
    ///
    /// # Errors
    /// As for [`Self::block`].
    pub fn set_changes(&self, height: Height) -> Result<Vec<SetChange>, StoreError> {
        let mut changes = Vec::new();
        for entry in self.store.scan_prefix(&schema::validator_sets())? {
            let (key, value) = entry?;
            let at = schema::validator_set_height(&key)
                .ok_or_else(|| StoreError::damaged(&key, "it names no height"))?;
            if at >= height {
                break;
            }
            let (header, commit) = (self.header(at)?, self.certificate(at)?);
            let (Some(header), Some(commit)) = (header, commit) else {
                return Err(StoreError::damaged(&key, "its block is missing"));
            };
            changes.push(SetChange { header, commit, next: decode(&key, &value)? });
        }
        Ok(changes)
    }

    /// The blocks that have reveals of a task, oldest first.
    ///
    /// # Errors
    /// As for [`Self::block`].
    pub fn blocks_with_reveals(&self, task: &TaskId) -> Result<Vec<Block>, StoreError> {
        let mut blocks = Vec::new();
        for entry in self.store.scan_prefix(&schema::reveals(task))? {
            let (key, _) = entry?;
            let height = schema::reveal_height(&key)
                .ok_or_else(|| StoreError::damaged(&key, "it names no height"))?;
            blocks.extend(self.block(height)?);
        }
        Ok(blocks)
    }

    fn read<T: BorshDeserialize>(&self, key: &[u8]) -> Result<Option<T>, StoreError> {
        self.store.get(key)?.map(|value| decode(key, &value)).transpose()
    }
}

/// The value that `bytes` at `key` spell.
///
/// # Errors
/// [`StoreError::Damaged`].
pub(super) fn decode<T: BorshDeserialize>(key: &[u8], bytes: &[u8]) -> Result<T, StoreError> {
    codec::decode(bytes, MAX_VALUE_BYTES)
        .map_err(|error| StoreError::damaged(key, error.to_string()))
}
