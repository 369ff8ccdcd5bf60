//! The state tree's nodes and values in the store.
use std::sync::Arc;

use probity_primitives::{Hash, Height};
use probity_runtime::tree::{NodeStore, TreeError, TreeUpdate, TreeValue};

use crate::store::{Batch, Store, StoreError, schema};

/// For how many heights the nodes of the past are kept, so that proofs can be made for them.
const WINDOW: u64 = 1_000;
/// Most stale nodes that one height removes.
const MAX_PRUNED: usize = 20_000;

/// The tree's view of a store.
#[derive(Clone)]
pub struct StoreTree {
    store: Arc<dyn Store>,
}

impl StoreTree {
    /// The tree in `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }
}

impl NodeStore for StoreTree {
    fn node(&self, key: &[u8]) -> Result<Option<Vec<u8>>, TreeError> {
        self.store.get(&schema::tree_node(key)).map_err(store_error)
    }

    fn value(&self, key_hash: &Hash, max_version: u64) -> Result<Option<Vec<u8>>, TreeError> {
        let prefix = schema::tree_values(key_hash.as_bytes());
        let newest = schema::tree_value(key_hash.as_bytes(), max_version);
        let entry = self.store.last_at_or_before(&prefix, &newest).map_err(store_error)?;
        Ok(entry.map(|(_, value)| value))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is the function of a map_err")]
fn store_error(error: StoreError) -> TreeError {
    TreeError::Store(error.to_string())
}

/// Adds what a height writes into the tree.
pub(super) fn write(batch: &mut Batch, height: Height, update: &TreeUpdate) {
    let TreeUpdate { root: _, nodes, stale, values } = update;
    for (key, node) in nodes {
        batch.put(schema::tree_node(key), node.clone());
    }
    for TreeValue { key_hash, version, bytes } in values {
        batch.put(schema::tree_value(key_hash.as_bytes(), *version), bytes.clone());
    }
    for key in stale {
        batch.put(schema::stale_node(height.0, key), Vec::new());
    }
}

/// Removes nodes that no height within the window reads.
pub(super) fn prune(
    store: &dyn Store,
    batch: &mut Batch,
    height: Height,
) -> Result<(), StoreError> {
    let Some(oldest) = height.0.checked_sub(WINDOW) else { return Ok(()) };
    for entry in store.scan_prefix(&schema::stale_nodes())?.take(MAX_PRUNED) {
        let (key, _) = entry?;
        match schema::stale_parts(&key) {
            Some((since, node)) if since <= oldest => {
                batch.delete(schema::tree_node(node));
                batch.delete(key);
            }
            Some(_) | None => break,
        }
    }
    Ok(())
}
