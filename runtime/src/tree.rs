//! The state tree: one hash over every entry of the ledger, with proofs.
//!
//! A Jellyfish Merkle tree over BLAKE3: the entry at state key `k` stands at H("STATE-KEY" | k).
//! Its root does not depend on the order or history of writes. Each height is a version, also
//! where nothing changed, so that a proof can be made for any height whose nodes are kept.
//!
//! Whoever keeps nodes implements [`NodeStore`] over bytes; [`MemoryTree`] keeps them in memory.
//!
//! # Invariants
//! - [`update`] reads nodes of the version before and writes nodes of this one alone.
//! - A node named stale by a version is not read by that version or a later one.
//!
//! # Not here
//! What the entries are: `probity_protocol::ledger`. Proofs for outsiders: [`crate::proof`].
//!
//! Spec: `docs/spec/20-blocks.md`.

pub mod bulk;

use std::collections::BTreeMap;

use borsh::BorshDeserialize;
use jmt::storage::{LeafNode, Node, NodeKey, TreeReader};
use jmt::{JellyfishMerkleTree, KeyHash, OwnedValue, SimpleHasher};
use probity_primitives::table::{Change, MAX_ENTRY_BYTES};
use probity_primitives::{Domain, Hash, Height, codec};

/// The longest encoded node: sixteen children of a hash, a version and a kind each.
const MAX_NODE_BYTES: usize = 4_096;

/// What is kept for a value besides its bytes.
const VALUE_OVERHEAD: usize = 8;

/// Why the tree cannot be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// The store behind the tree failed.
    #[error("the store of the state tree failed: {0}")]
    Store(String),
    /// The tree is not what was written there, or the version is gone.
    #[error("the state tree at height {height} cannot be read: {reason}")]
    Damaged {
        /// The height.
        height: Height,
        /// What was met.
        reason: String,
    },
}

/// Bytes of nodes and values, as a store keeps them.
pub trait NodeStore {
    /// The node under an encoded key.
    ///
    /// # Errors
    /// [`TreeError::Store`].
    fn node(&self, key: &[u8]) -> Result<Option<Vec<u8>>, TreeError>;

    /// The newest [`TreeValue::bytes`] written for a key hash at a version not above `max_version`.
    ///
    /// # Errors
    /// [`TreeError::Store`].
    fn value(&self, key_hash: &Hash, max_version: u64) -> Result<Option<Vec<u8>>, TreeError>;
}

impl<S: NodeStore + ?Sized> NodeStore for &S {
    fn node(&self, key: &[u8]) -> Result<Option<Vec<u8>>, TreeError> {
        (**self).node(key)
    }

    fn value(&self, key_hash: &Hash, max_version: u64) -> Result<Option<Vec<u8>>, TreeError> {
        (**self).value(key_hash, max_version)
    }
}

/// A value as a version wrote it. A store keeps it under the key hash and the version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeValue {
    /// Where it stands.
    pub key_hash: Hash,
    /// The version that wrote it.
    pub version: u64,
    /// The value, or the note that it was removed; only the tree reads it.
    pub bytes: Vec<u8>,
}

/// What a version adds to the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeUpdate {
    /// The root of this version.
    pub root: Hash,
    /// New nodes by key.
    pub nodes: Vec<(Vec<u8>, Vec<u8>)>,
    /// Keys of nodes that this version no longer reads.
    pub stale: Vec<Vec<u8>>,
    /// New values.
    pub values: Vec<TreeValue>,
}

/// BLAKE3 under the domain of state nodes.
#[derive(Debug)]
pub struct StateHasher(blake3::Hasher);

impl SimpleHasher for StateHasher {
    fn new() -> Self {
        let tag = Domain::StateNode.tag();
        let mut hasher = blake3::Hasher::new();
        hasher.update(&[u8::try_from(tag.len()).unwrap_or(u8::MAX)]);
        hasher.update(tag);
        Self(hasher)
    }

    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    fn finalize(self) -> [u8; 32] {
        *self.0.finalize().as_bytes()
    }
}

/// Where the entry at a state key stands in the tree.
#[must_use]
pub fn key_hash(key: &[u8]) -> Hash {
    Hash::of_bytes(Domain::StateKey, key)
}

/// The root of the tree at a height.
///
/// # Errors
/// [`TreeError`] if the store fails or has not kept the height.
pub fn root<S: NodeStore + ?Sized>(store: &S, height: Height) -> Result<Hash, TreeError> {
    let reader = Reader(store);
    let tree = JellyfishMerkleTree::<_, StateHasher>::new(&reader);
    let root = tree.get_root_hash(height.0).map_err(|error| damaged(height, &error))?;
    Ok(Hash::from_bytes(root.0))
}

/// The tree at `height`, made of the tree at the height before and what changed since.
///
/// Where nothing is removed the library's batched insertion is used, which visits each node once;
/// both ways give the same nodes.
///
/// # Errors
/// [`TreeError`] if the store fails or has not kept the height before.
pub fn update<S: NodeStore + ?Sized>(
    store: &S,
    height: Height,
    changes: &[Change],
) -> Result<TreeUpdate, TreeError> {
    let reader = Reader(store);
    let tree = JellyfishMerkleTree::<_, StateHasher>::new(&reader);
    let place = |key: &[u8]| KeyHash(*key_hash(key).as_bytes());
    let inserts: Option<Vec<(KeyHash, OwnedValue)>> =
        changes.iter().map(|(key, value)| Some((place(key), value.clone()?))).collect();
    let put = match inserts.filter(|inserts| !inserts.is_empty()) {
        Some(inserts) => tree
            .batch_put_value_sets(vec![inserts], None, height.0)
            .map(|(roots, batch)| (roots.last().copied(), batch)),
        None => {
            let writes = changes.iter().map(|(key, value)| (place(key), value.clone()));
            tree.put_value_set(writes, height.0).map(|(root, batch)| (Some(root), batch))
        }
    };
    let (root, batch) = put.map_err(|error| damaged(height, &error))?;
    let root = root
        .map(|root| Hash::from_bytes(root.0))
        .ok_or_else(|| TreeError::Damaged { height, reason: "the tree gave no root".to_owned() })?;
    let nodes = batch.node_batch.nodes().iter();
    let values = batch.node_batch.values().iter();
    Ok(TreeUpdate {
        root,
        nodes: nodes.map(|(key, node)| (codec::encode(key), codec::encode(node))).collect(),
        stale: batch
            .stale_node_index_batch
            .iter()
            .map(|index| codec::encode(&index.node_key))
            .collect(),
        values: values
            .map(|((version, key), value)| TreeValue {
                key_hash: Hash::from_bytes(key.0),
                version: *version,
                bytes: codec::encode(value),
            })
            .collect(),
    })
}

pub(crate) fn damaged(height: Height, error: &anyhow::Error) -> TreeError {
    match error.downcast_ref::<TreeError>() {
        Some(inner) => inner.clone(),
        None => TreeError::Damaged { height, reason: format!("{error:#}") },
    }
}

/// The tree library's view of a [`NodeStore`]; its interface wants `anyhow`.
pub(crate) struct Reader<'a, S: ?Sized>(pub(crate) &'a S);

impl<S: NodeStore + ?Sized> TreeReader for Reader<'_, S> {
    fn get_node_option(&self, key: &NodeKey) -> anyhow::Result<Option<Node>> {
        let bytes = self.0.node(&codec::encode(key))?;
        bytes.map(|bytes| read(&bytes, MAX_NODE_BYTES)).transpose()
    }

    fn get_value_option(
        &self,
        max_version: u64,
        key: KeyHash,
    ) -> anyhow::Result<Option<OwnedValue>> {
        let bytes = self.0.value(&Hash::from_bytes(key.0), max_version)?;
        let limit = MAX_ENTRY_BYTES.saturating_add(VALUE_OVERHEAD);
        let value: Option<Option<OwnedValue>> =
            bytes.map(|bytes| read(&bytes, limit)).transpose()?;
        Ok(value.flatten())
    }

    /// Only a tree that is being restored from chunks asks for this; ours never is.
    fn get_rightmost_leaf(&self) -> anyhow::Result<Option<(NodeKey, LeafNode)>> {
        Ok(None)
    }
}

fn read<T: BorshDeserialize>(bytes: &[u8], limit: usize) -> anyhow::Result<T> {
    Ok(codec::decode(bytes, limit)?)
}

/// A tree in memory that keeps every version it is told to.
#[derive(Debug, Clone, Default)]
pub struct MemoryTree {
    nodes: BTreeMap<Vec<u8>, Vec<u8>>,
    values: BTreeMap<(Hash, u64), Vec<u8>>,
}

impl MemoryTree {
    /// An empty tree.
    #[must_use]
    pub const fn new() -> Self {
        Self { nodes: BTreeMap::new(), values: BTreeMap::new() }
    }

    /// Takes in what a version adds, and drops what it no longer reads if `prune` is set.
    pub fn commit(&mut self, update: &TreeUpdate, prune: bool) {
        let TreeUpdate { root: _, nodes, stale, values } = update;
        self.nodes.extend(nodes.iter().cloned());
        for TreeValue { key_hash, version, bytes } in values {
            if prune {
                let earlier = self.values.range((*key_hash, 0)..(*key_hash, *version));
                for known in earlier.map(|(known, _)| *known).collect::<Vec<_>>() {
                    self.values.remove(&known);
                }
            }
            self.values.insert((*key_hash, *version), bytes.clone());
        }
        if prune {
            for key in stale {
                self.nodes.remove(key);
            }
        }
    }

    /// How many nodes are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether nothing was ever committed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }
}

impl NodeStore for MemoryTree {
    fn node(&self, key: &[u8]) -> Result<Option<Vec<u8>>, TreeError> {
        Ok(self.nodes.get(key).cloned())
    }

    fn value(&self, key_hash: &Hash, max_version: u64) -> Result<Option<Vec<u8>>, TreeError> {
        let versions = self.values.range((*key_hash, 0)..=(*key_hash, max_version));
        Ok(versions.last().map(|(_, bytes)| bytes.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn commit(tree: &mut MemoryTree, height: u64, changes: &[Change]) -> TreeUpdate {
        let update = update(&*tree, Height(height), changes).unwrap();
        tree.commit(&update, true);
        update
    }

    fn one_by_one(tree: &MemoryTree, height: u64, changes: &[Change]) -> TreeUpdate {
        // A removal of what is not there changes nothing, and leads by the way of removals.
        let mut changes = changes.to_vec();
        changes.push((b"never there".to_vec(), None));
        let mut update = update(tree, Height(height), &changes).unwrap();
        update.values.retain(|value| value.key_hash != key_hash(b"never there"));
        update
    }

    proptest! {
        #[test]
        fn both_ways_of_insertion_give_the_same_tree(
            first in prop::collection::btree_map(any::<u16>(), any::<u8>(), 1..200),
            second in prop::collection::btree_map(any::<u16>(), any::<u8>(), 1..50),
        ) {
            let mut tree = MemoryTree::new();
            for (height, entries) in [(0, first), (1, second)] {
                let bytes = |(key, value): (u16, u8)| (key.to_le_bytes().to_vec(), Some(vec![value]));
                let changes: Vec<Change> = entries.into_iter().map(bytes).collect();
                let expected = one_by_one(&tree, height, &changes);
                prop_assert_eq!(commit(&mut tree, height, &changes), expected);
            }
        }

        #[test]
        fn the_root_depends_on_the_entries_and_not_on_their_history(
            steps in prop::collection::vec((any::<u8>(), any::<Option<u8>>()), 1..80),
        ) {
            let mut tree = MemoryTree::new();
            let mut entries = BTreeMap::new();
            let mut root = commit(&mut tree, 0, &[]).root;
            for (height, (key, value)) in (1..).zip(steps) {
                let value = value.map(|value| vec![value]);
                root = commit(&mut tree, height, &[(vec![key], value.clone())]).root;
                entries.insert(vec![key], value);
            }
            entries.retain(|_, value| value.is_some());
            let at_once: Vec<Change> = entries.into_iter().collect();
            prop_assert_eq!(commit(&mut MemoryTree::new(), 0, &at_once).root, root);
        }
    }

    #[test]
    fn pruned_nodes_are_not_needed_by_later_heights() {
        let mut tree = MemoryTree::new();
        for height in 0..50u64 {
            let key = (height % 7).to_le_bytes().to_vec();
            commit(&mut tree, height, &[(key, Some(height.to_le_bytes().to_vec()))]);
        }
        assert!(tree.len() < 20, "{} nodes", tree.len());
        assert_eq!(tree.values.len(), 7);
    }
}
