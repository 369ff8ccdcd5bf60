//! The state: the ledger of the rules of evaluation and that of governance, in one tree.
//!
//! # Invariants
//! - The tags of the two are disjoint, so that an entry's first byte says whose it is.
//!
//! Spec: `docs/spec/20-blocks.md`.

use probity_primitives::table::{Change, LoadError};
use probity_protocol::Ledger;

/// The first tag that is governance's.
const FIRST_OF_GOVERNANCE: u8 = 0x70;

/// Everything that a chain knows.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// What the rules of evaluation know.
    pub ledger: Ledger,
    /// What governance knows.
    pub dao: probity_dao::Ledger,
}

impl State {
    /// Every entry written or removed since the last call, as state keys and values.
    pub fn drain_changes(&mut self) -> Vec<Change> {
        let mut changes = self.ledger.drain_changes();
        changes.extend(self.dao.drain_changes());
        changes
    }

    /// Every entry, as state keys and values, in ascending order of tag.
    pub fn entries(&self) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
        self.ledger.entries().chain(self.dao.entries())
    }

    /// Reads back one entry.
    ///
    /// # Errors
    /// [`LoadError`] for an unknown tag or bytes that are not an entry of its table.
    pub fn load(&mut self, key: &[u8], value: &[u8]) -> Result<(), LoadError> {
        match key.first() {
            Some(tag) if *tag >= FIRST_OF_GOVERNANCE => self.dao.load(key, value),
            Some(_) | None => self.ledger.load(key, value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_the_two_ledgers_are_disjoint() {
        let rules = probity_protocol::ledger::Tag::ALL.iter().map(|tag| tag.byte());
        let governance = probity_dao::ledger::Tag::ALL.iter().map(|tag| tag.byte());
        assert!(rules.max() < Some(FIRST_OF_GOVERNANCE));
        assert!(governance.min() >= Some(FIRST_OF_GOVERNANCE));
    }
}
