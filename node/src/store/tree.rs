//! The state tree in the store.
//!
//! [`StoreTree`] lets the runtime read nodes and values; [`commit`] adds what a height writes to
//! its batch, and [`prune`] takes out, in the same batch, what no kept height reads any more. Each
//! height is a version of the tree, and a proof can be made for every version that is kept.
//!
//! # Invariants
//! - Whatever a kept height reads is there: something stale since version `s` goes only when the
//!   oldest kept height is at least `s`.
//! - A batch prunes at most [`MAX_PRUNED`] notes, so that a shorter window does not stop the node;
//!   the rest follows with the next heights.
//!
//! Spec: `docs/spec/20-blocks.md`.

use probity_primitives::{Hash, Height};
use probity_runtime::tree::{self as state_tree, NodeStore, TreeError, TreeUpdate, TreeValue};

use super::{Batch, Store, StoreError, schema};

/// Most nodes, and most values, that one height prunes.
pub const MAX_PRUNED: usize = 50_000;

/// The state tree, read from a store.
#[derive(Debug, Clone, Copy)]
pub struct StoreTree<'a, S: ?Sized>(pub &'a S);

impl<S: Store + ?Sized> NodeStore for StoreTree<'_, S> {
    fn node(&self, key: &[u8]) -> Result<Option<Vec<u8>>, TreeError> {
        self.0.get(&schema::tree_node(key)).map_err(store_error)
    }

    fn value(&self, key_hash: &Hash, max_version: u64) -> Result<Option<Vec<u8>>, TreeError> {
        let prefix = schema::tree_values(key_hash.as_bytes());
        let newest = schema::tree_value(key_hash.as_bytes(), max_version);
        let found = self.0.last_at_or_before(&prefix, &newest).map_err(store_error)?;
        Ok(found.map(|(_, value)| value))
    }
}

fn store_error(error: StoreError) -> TreeError {
    TreeError::Store(error.to_string())
}

/// The root of the state tree at a height, by its nodes.
///
/// # Errors
/// [`TreeError`] if the store cannot be read, or does not have the height.
pub fn root<S: Store + ?Sized>(store: &S, height: Height) -> Result<Hash, TreeError> {
    state_tree::root(&StoreTree(store), height)
}

/// Adds what `height` writes to its batch, with the notes that [`prune`] will need.
pub fn commit(batch: &mut Batch, height: Height, update: &TreeUpdate) {
    let TreeUpdate { root: _, nodes, stale, values } = update;
    for (key, node) in nodes {
        batch.put(schema::tree_node(key), node.as_slice());
    }
    for key in stale {
        batch.put(schema::stale_node(height.0, key), []);
    }
    for TreeValue { key_hash, version, bytes } in values {
        batch.put(schema::tree_value(key_hash.as_bytes(), *version), bytes.as_slice());
        // Nothing is older than a value of the first version.
        if *version > 0 {
            batch.put(schema::stale_value(*version, key_hash.as_bytes()), []);
        }
    }
}

/// Takes out of the store, with the batch of `height`, what only heights before the last `keep`
/// read. Keeping none is keeping one: the tip itself.
///
/// # Errors
/// [`StoreError`] when the store cannot be read, or holds a note that does not read back.
pub fn prune<S: Store + ?Sized>(
    store: &S,
    batch: &mut Batch,
    height: Height,
    keep: u64,
) -> Result<(), StoreError> {
    let oldest_kept = height.0.saturating_sub(keep.max(1).saturating_sub(1));
    prune_nodes(store, batch, oldest_kept)?;
    prune_values(store, batch, oldest_kept)
}

fn prune_nodes<S: Store + ?Sized>(
    store: &S,
    batch: &mut Batch,
    oldest_kept: u64,
) -> Result<(), StoreError> {
    let kept = schema::stale_nodes_since(oldest_kept.saturating_add(1));
    for note in store.scan(&schema::stale_nodes(), Some(&kept))?.take(MAX_PRUNED) {
        let (note, _) = note?;
        let (_, node_key) = schema::stale_parts(&note)
            .ok_or_else(|| StoreError::damaged(&note, "not a note of a stale node"))?;
        batch.delete(schema::tree_node(node_key));
        batch.delete(note);
    }
    Ok(())
}

/// The note says that a version wrote the value anew: the one before it is what goes.
fn prune_values<S: Store + ?Sized>(
    store: &S,
    batch: &mut Batch,
    oldest_kept: u64,
) -> Result<(), StoreError> {
    let kept = schema::stale_values_since(oldest_kept.saturating_add(1));
    for note in store.scan(&schema::stale_values(), Some(&kept))?.take(MAX_PRUNED) {
        let (note, _) = note?;
        let (since, key_hash) = schema::stale_value_parts(&note)
            .ok_or_else(|| StoreError::damaged(&note, "not a note of a stale value"))?;
        if let Some(before) = since.checked_sub(1) {
            let (prefix, key) =
                (schema::tree_values(&key_hash), schema::tree_value(&key_hash, before));
            // Notes are in the order of versions, so that anything older went with an earlier one;
            // a removal in this very batch is repeated, which does no harm.
            if let Some((old, _)) = store.last_at_or_before(&prefix, &key)? {
                batch.delete(old);
            }
        }
        batch.delete(note);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use probity_runtime::proof::prove;
    use probity_runtime::tree::{self, MemoryTree};

    use super::super::MemoryStore;
    use super::*;

    const KEEP: u64 = 5;

    type Changes = Vec<(Vec<u8>, Option<Vec<u8>>)>;

    /// Changes that rewrite some keys at each height, and remove and bring back others.
    fn changes(height: u64) -> Changes {
        let key = |n: u64| format!("key {n}").into_bytes();
        let mut changes: Changes = (0..20)
            .filter(|n| (n + height).is_multiple_of(3))
            .map(|n| (key(n), Some(format!("{n} at {height}").into_bytes())))
            .collect();
        let removed = height % 7;
        changes.retain(|(changed, _)| *changed != key(removed));
        if height > 3 {
            changes.push((key(removed), None));
        }
        changes
    }

    fn advance(store: &MemoryStore, memory: &mut MemoryTree, height: Height, keep: Option<u64>) {
        let changes = changes(height.0);
        let update = tree::update(&StoreTree(store), height, &changes).unwrap();
        let expected = tree::update(memory, height, &changes).unwrap();
        assert_eq!(update, expected, "at {height}");
        memory.commit(&expected, false);
        let mut batch = Batch::new();
        commit(&mut batch, height, &update);
        if let Some(keep) = keep {
            prune(store, &mut batch, height, keep).unwrap();
        }
        store.write(batch).unwrap();
    }

    fn agree(store: &MemoryStore, memory: &MemoryTree, height: Height) {
        let root = tree::root(memory, height).unwrap();
        assert_eq!(tree::root(&StoreTree(store), height).unwrap(), root);
        for n in 0..22 {
            let key = format!("key {n}").into_bytes();
            let proof = prove(&StoreTree(store), &key, height).unwrap();
            assert_eq!(proof, prove(memory, &key, height).unwrap());
            proof.verify(root).unwrap();
        }
    }

    #[test]
    fn every_kept_height_is_read_as_if_nothing_had_been_pruned() {
        let (store, mut memory) = (MemoryStore::new(), MemoryTree::new());
        for height in (0..40).map(Height) {
            advance(&store, &mut memory, height, Some(KEEP));
            for kept in (height.0.saturating_sub(KEEP - 1)..=height.0).map(Height) {
                agree(&store, &memory, kept);
            }
        }
        assert!(tree::root(&StoreTree(&store), Height(39 - KEEP)).is_err());
    }

    #[test]
    fn a_pruned_store_stays_small() {
        let (store, mut memory) = (MemoryStore::new(), MemoryTree::new());
        let mut sizes = Vec::new();
        for height in (0..120).map(Height) {
            advance(&store, &mut memory, height, Some(KEEP));
            sizes.push(store.len());
        }
        let (early, late) = (sizes[19..40].iter().max(), sizes[99..120].iter().max());
        assert!(late <= early, "{early:?} keys at first, {late:?} later");
    }

    #[test]
    fn a_window_that_is_turned_on_late_catches_up() {
        let (pruned, mut memory) = (MemoryStore::new(), MemoryTree::new());
        let (late, mut other) = (MemoryStore::new(), MemoryTree::new());
        for height in (0..30).map(Height) {
            advance(&pruned, &mut memory, height, Some(KEEP));
            advance(&late, &mut other, height, (height.0 == 29).then_some(KEEP));
        }
        agree(&late, &other, Height(29));
        assert_eq!(late.len(), pruned.len());
    }

    #[test]
    fn a_damaged_note_is_an_error_that_names_it() {
        let store = MemoryStore::new();
        let mut batch = Batch::new();
        batch.put([schema::stale_values(), vec![0; 9]].concat(), []);
        store.write(batch).unwrap();
        let error = prune(&store, &mut Batch::new(), Height(1), 1).unwrap_err().to_string();
        assert_eq!(
            error,
            "the store is damaged at key 33000000000000000000: not a note of a stale value"
        );
    }
}
