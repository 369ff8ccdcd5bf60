//! The keys of the store: one function for each, and no literal anywhere else.
//!
//! A key is one byte that says which family it belongs to, then its parts in big-endian bytes, so
//! that byte order is the order of heights. Families never overlap.
//!
//! | family | parts | value |
//! |---|---|---|
//! | block, header, certificate | height | borsh |
//! | receipt | height, index | borsh |
//! | events | height | borsh |
//! | undecided proposal | height, block | borsh |
//! | validator set | height after which it is a new one | borsh |
//! | reveals of a task | task, height of a block with one | nothing |
//! | transaction location | transaction hash | height and index |
//! | state entry | key of the flat state | its value |
//! | tree node | node key | node |
//! | tree value | key hash, version | value at that version |
//! | stale node | version it became stale at, node key | nothing |
//! | stale value | version that wrote a newer one, key hash | nothing |
//! | tip, meta | name | what the node keeps about itself |
//!
//! Spec: `docs/spec/20-blocks.md`.

use probity_primitives::{BlockHash, Height, TaskId, TxHash};

/// The first byte of a key. A number, once used, keeps its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Tip,
    Meta,
    Block,
    Header,
    Certificate,
    Receipt,
    TxLocation,
    Events,
    Undecided,
    ValidatorSet,
    Reveals,
    StateEntry,
    TreeNode,
    TreeValue,
    StaleNode,
    StaleValue,
}

impl Family {
    const fn byte(self) -> u8 {
        match self {
            Self::Tip => 0x01,
            Self::Meta => 0x02,
            Self::Block => 0x10,
            Self::Header => 0x11,
            Self::Certificate => 0x12,
            Self::Receipt => 0x13,
            Self::TxLocation => 0x14,
            Self::Events => 0x15,
            Self::Undecided => 0x16,
            Self::ValidatorSet => 0x17,
            Self::Reveals => 0x18,
            Self::StateEntry => 0x20,
            Self::TreeNode => 0x30,
            Self::TreeValue => 0x31,
            Self::StaleNode => 0x32,
            Self::StaleValue => 0x33,
        }
    }

    fn key(self, parts: &[&[u8]]) -> Vec<u8> {
        let mut key = vec![self.byte()];
        for part in parts {
            key.extend_from_slice(part);
        }
        key
    }
}

/// The tip: which height is committed.
#[must_use]
pub fn tip() -> Vec<u8> {
    Family::Tip.key(&[])
}

/// Something that the node keeps about itself, by name.
#[must_use]
pub fn meta(name: &str) -> Vec<u8> {
    Family::Meta.key(&[name.as_bytes()])
}

/// The block at a height.
#[must_use]
pub fn block(height: Height) -> Vec<u8> {
    Family::Block.key(&[&height.0.to_be_bytes()])
}

/// The header at a height.
#[must_use]
pub fn header(height: Height) -> Vec<u8> {
    Family::Header.key(&[&height.0.to_be_bytes()])
}

/// The commit certificate at a height.
#[must_use]
pub fn certificate(height: Height) -> Vec<u8> {
    Family::Certificate.key(&[&height.0.to_be_bytes()])
}

/// The receipt of the transaction at `index` in the block at a height.
#[must_use]
pub fn receipt(height: Height, index: u32) -> Vec<u8> {
    Family::Receipt.key(&[&height.0.to_be_bytes(), &index.to_be_bytes()])
}

/// All receipts of the block at a height, in the order of its transactions.
#[must_use]
pub fn receipts(height: Height) -> Vec<u8> {
    Family::Receipt.key(&[&height.0.to_be_bytes()])
}

/// Where a transaction stands.
#[must_use]
pub fn tx_location(hash: &TxHash) -> Vec<u8> {
    Family::TxLocation.key(&[hash.as_bytes()])
}

/// Everything that happened in the block at a height.
#[must_use]
pub fn events(height: Height) -> Vec<u8> {
    Family::Events.key(&[&height.0.to_be_bytes()])
}

/// A proposal that was voted for at a height and is not decided yet.
#[must_use]
pub fn undecided(height: Height, block: &BlockHash) -> Vec<u8> {
    Family::Undecided.key(&[&height.0.to_be_bytes(), block.as_bytes()])
}

/// All proposals that were voted for and not decided, oldest heights first.
#[must_use]
pub fn all_undecided() -> Vec<u8> {
    Family::Undecided.key(&[])
}

/// The validators that decide after a height, where they are others than before.
#[must_use]
pub fn validator_set(height: Height) -> Vec<u8> {
    Family::ValidatorSet.key(&[&height.0.to_be_bytes()])
}

/// All changes of validators, in the order of heights.
#[must_use]
pub fn validator_sets() -> Vec<u8> {
    Family::ValidatorSet.key(&[])
}

/// The height within a key of a change of validators, if it is one.
#[must_use]
pub fn validator_set_height(key: &[u8]) -> Option<Height> {
    let height = key.strip_prefix(&[Family::ValidatorSet.byte()])?;
    Some(Height(u64::from_be_bytes(height.try_into().ok()?)))
}

/// The note that the block at a height has a reveal of a task.
#[must_use]
pub fn reveal(task: &TaskId, height: Height) -> Vec<u8> {
    Family::Reveals.key(&[task.as_bytes(), &height.0.to_be_bytes()])
}

/// All notes of a task's reveals, in the order of heights.
#[must_use]
pub fn reveals(task: &TaskId) -> Vec<u8> {
    Family::Reveals.key(&[task.as_bytes()])
}

/// The height within a note of a reveal, if it is one.
#[must_use]
pub fn reveal_height(key: &[u8]) -> Option<Height> {
    let (_, height) = key.strip_prefix(&[Family::Reveals.byte()])?.split_at_checked(32)?;
    Some(Height(u64::from_be_bytes(height.try_into().ok()?)))
}

/// An entry of the flat state.
#[must_use]
pub fn state_entry(key: &[u8]) -> Vec<u8> {
    Family::StateEntry.key(&[key])
}

/// All entries of the flat state.
#[must_use]
pub fn state_entries() -> Vec<u8> {
    Family::StateEntry.key(&[])
}

/// The flat state's key within a key of the store, if it is one.
#[must_use]
pub fn state_key(key: &[u8]) -> Option<&[u8]> {
    key.strip_prefix(&[Family::StateEntry.byte()])
}

/// A node of the state tree, by its encoded node key.
#[must_use]
pub fn tree_node(node_key: &[u8]) -> Vec<u8> {
    Family::TreeNode.key(&[node_key])
}

/// A value of the state tree as written at a version.
#[must_use]
pub fn tree_value(key_hash: &[u8; 32], version: u64) -> Vec<u8> {
    Family::TreeValue.key(&[key_hash, &version.to_be_bytes()])
}

/// All versions of a value of the state tree, oldest first.
#[must_use]
pub fn tree_values(key_hash: &[u8; 32]) -> Vec<u8> {
    Family::TreeValue.key(&[key_hash])
}

/// The note that a node of the state tree is not needed from a version on.
#[must_use]
pub fn stale_node(stale_since: u64, node_key: &[u8]) -> Vec<u8> {
    Family::StaleNode.key(&[&stale_since.to_be_bytes(), node_key])
}

/// All notes of stale nodes, oldest first.
#[must_use]
pub fn stale_nodes() -> Vec<u8> {
    Family::StaleNode.key(&[])
}

/// Where the notes of stale nodes begin that were not stale before a version.
#[must_use]
pub fn stale_nodes_since(version: u64) -> Vec<u8> {
    Family::StaleNode.key(&[&version.to_be_bytes()])
}

/// The version and the node key within a note of a stale node, if it is one.
#[must_use]
pub fn stale_parts(key: &[u8]) -> Option<(u64, &[u8])> {
    let rest = key.strip_prefix(&[Family::StaleNode.byte()])?;
    let (version, node_key) = rest.split_first_chunk::<8>()?;
    Some((u64::from_be_bytes(*version), node_key))
}

/// The note that a value has a newer version from a version on.
#[must_use]
pub fn stale_value(stale_since: u64, key_hash: &[u8; 32]) -> Vec<u8> {
    Family::StaleValue.key(&[&stale_since.to_be_bytes(), key_hash])
}

/// All notes of stale values, oldest first.
#[must_use]
pub fn stale_values() -> Vec<u8> {
    Family::StaleValue.key(&[])
}

/// Where the notes of stale values begin that were not stale before a version.
#[must_use]
pub fn stale_values_since(version: u64) -> Vec<u8> {
    Family::StaleValue.key(&[&version.to_be_bytes()])
}

/// The version and the key hash within a note of a stale value, if it is one.
#[must_use]
pub fn stale_value_parts(key: &[u8]) -> Option<(u64, [u8; 32])> {
    let rest = key.strip_prefix(&[Family::StaleValue.byte()])?;
    let (version, key_hash) = rest.split_first_chunk::<8>()?;
    Some((u64::from_be_bytes(*version), key_hash.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_order_is_the_order_of_heights() {
        assert!(block(Height(255)) < block(Height(256)));
        assert!(receipt(Height(1), 300) < receipt(Height(2), 0));
        assert!(tree_value(&[7; 32], 9) < tree_value(&[7; 32], 10));
        assert!(receipt(Height(1), 2).starts_with(&receipts(Height(1))));
    }

    #[test]
    fn no_two_families_share_a_first_byte() {
        let keys = [
            tip(),
            meta(""),
            block(Height(0)),
            header(Height(0)),
            certificate(Height(0)),
            receipts(Height(0)),
            tx_location(&TxHash::default()),
            events(Height(0)),
            all_undecided(),
            validator_sets(),
            reveals(&TaskId::default()),
            state_entries(),
            tree_node(b""),
            tree_values(&[0; 32]),
            stale_nodes(),
            stale_values(),
        ];
        let families: std::collections::BTreeSet<u8> = keys.iter().map(|key| key[0]).collect();
        assert_eq!(families.len(), keys.len());
    }

    #[test]
    fn a_stale_note_gives_back_its_version_and_what_is_stale() {
        assert_eq!(stale_parts(&stale_node(5, b"node")), Some((5, &b"node"[..])));
        assert_eq!(stale_value_parts(&stale_value(5, &[9; 32])), Some((5, [9; 32])));
        assert_eq!(stale_value_parts(&stale_node(5, &[9; 32])), None);
        assert_eq!(stale_parts(&block(Height(5))), None);
        assert_eq!(state_key(&state_entry(b"k")), Some(&b"k"[..]));
        assert_eq!(validator_set_height(&validator_set(Height(9))), Some(Height(9)));
        assert_eq!(reveal_height(&reveal(&TaskId::default(), Height(9))), Some(Height(9)));
        assert_eq!(reveal_height(&validator_set(Height(9))), None);
    }
}
