//! A chain from stored entries: at a node's start, and out of a snapshot.
//!
//! Entries come one by one, in any order, and are not kept beside the tables they go into. The root
//! of all of them is compared with the header's: the tree is built from the bottom
//! ([`crate::tree::bulk`]), which costs about as much as reading the entries.
//!
//! # Invariants
//! - No chain comes out of entries that are not, to the byte, the state that the header names.
//!
//! # Not here
//! Whether the header was decided: [`crate::trail`]. The nodes of the tree in a store: whoever reads
//! one checks what it reads.
//!
//! Spec: `docs/spec/20-blocks.md`.

use std::sync::Arc;

use super::{Chain, LoadError, decided_set};
use crate::block::Header;
use crate::genesis::Genesis;
use crate::state::State;
use crate::tree::bulk::Leaves;
use crate::upgrade::Rules;

/// A chain that is being put together from the entries of its state.
#[derive(Debug)]
pub struct Loader<'a> {
    genesis: &'a Genesis,
    rules: Rules,
    tip: Header,
    state: State,
    leaves: Leaves,
    entries: u64,
}

impl<'a> Loader<'a> {
    /// Begins the chain at `tip`, by this program's rules.
    ///
    /// # Errors
    /// [`LoadError::Chain`] if the tip is of another chain than the document.
    pub fn new(genesis: &'a Genesis, tip: Header) -> Result<Self, LoadError> {
        Self::by(genesis, Rules::CURRENT, tip)
    }

    /// Begins the chain at `tip`, by other rules.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn by(genesis: &'a Genesis, rules: Rules, tip: Header) -> Result<Self, LoadError> {
        if tip.chain_id != genesis.chain_id {
            let (found, expected) = (tip.chain_id, genesis.chain_id.clone());
            return Err(LoadError::Chain { found, expected });
        }
        let (state, leaves) = (State::default(), Leaves::default());
        Ok(Self { genesis, rules, tip, state, leaves, entries: 0 })
    }

    /// Takes in an entry.
    ///
    /// # Errors
    /// [`LoadError::Entry`] if no table can read it.
    pub fn entry(&mut self, key: &[u8], value: &[u8]) -> Result<(), LoadError> {
        self.state.load(key, value)?;
        self.leaves.push(key, value);
        self.entries = self.entries.saturating_add(1);
        Ok(())
    }

    /// How many entries there are so far.
    #[must_use]
    pub const fn entries(&self) -> u64 {
        self.entries
    }

    /// The chain, and where its entries stand in the tree.
    ///
    /// # Errors
    /// [`LoadError::Root`] if all entries together are not the state that the tip names;
    /// [`LoadError::Version`] if it is of a version that the rules do not have.
    pub fn finish(self) -> Result<(Chain, Leaves), LoadError> {
        let Self { genesis, rules, tip, state, leaves, entries: _ } = self;
        let (found, newest) = (state.ledger.protocol.get().version, rules.newest);
        let height = tip.height;
        if found > newest {
            return Err(LoadError::Version { height, found, newest });
        }
        let (sorted, found) = leaves.rooted();
        if found != tip.state_root {
            let (height, expected) = (tip.height, tip.state_root);
            return Err(LoadError::Root { height, found, expected });
        }
        let validators = Arc::new(decided_set(&state.ledger)?);
        let identity = Arc::new(genesis.identity());
        Ok((Chain::at(identity, rules, tip, state, validators), sorted))
    }
}

impl Chain {
    /// The chain at `tip`, from the entries of its state.
    ///
    /// # Errors
    /// [`LoadError`] if an entry cannot be read, or if all together are not the state that `tip`
    /// names: a damaged store is refused here rather than on the first block.
    pub fn load(
        genesis: &Genesis,
        tip: Header,
        entries: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>,
    ) -> Result<Self, LoadError> {
        let mut loader = Loader::new(genesis, tip)?;
        for (key, value) in entries {
            loader.entry(&key, &value)?;
        }
        loader.finish().map(|(chain, _)| chain)
    }
}
