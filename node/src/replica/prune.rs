//! Forgetting old blocks.
//!
//! A node that is told to keep so many blocks takes an older one out of its store in the very batch
//! that commits a new one, with its receipts, its events and where its transactions stand.
//!
//! # Invariants
//! - From its first block on, a node has every block whole; what it tells its peers and its API
//!   changes with the store, in one batch.
//! - What others build proofs of stays: header and votes of every change of validators, and blocks
//!   with reveals, of which certificates of results are made.
//! - One height takes out at most [`MAX_PRUNED`] blocks, so that a shorter window does not stop the
//!   node; the rest follows with the next heights.
//!
//! # Not here
//! The state tree's own window: [`crate::store::tree`].
//!
//! Spec: `docs/spec/20-blocks.md`.

use probity_primitives::{Height, codec};
use probity_runtime::{Block, Message};

use super::Replica;
use super::commit::FIRST;
use super::history::decode;
use crate::store::{Batch, Store, StoreError, schema};

/// Most blocks that one height takes out.
pub const MAX_PRUNED: u64 = 32;

/// How many blocks a node keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Keep {
    /// All of them.
    #[default]
    All,
    /// The newest so many.
    Newest(u64),
}

impl Replica {
    /// Keeps so many blocks from the next height on.
    #[must_use]
    pub const fn keeping(mut self, keep: Keep) -> Self {
        self.keep = keep;
        self
    }
}

/// Takes out, in the batch that commits `height`, blocks that are not kept any more. `first` is
/// the first that is there; gives the first that is there after it.
///
/// # Errors
/// [`StoreError`] if the store cannot be read or is damaged.
pub(super) fn prune(
    store: &dyn Store,
    batch: &mut Batch,
    first: Height,
    height: Height,
    keep: Keep,
) -> Result<Height, StoreError> {
    let Keep::Newest(keep) = keep else { return Ok(first) };
    let oldest = height.0.saturating_add(1).saturating_sub(keep);
    let oldest = Height(oldest.min(first.0.saturating_add(MAX_PRUNED)));
    if oldest <= first {
        return Ok(first);
    }
    for height in (first.0..oldest.0).map(Height) {
        forget(store, batch, height)?;
    }
    batch.put(schema::meta(FIRST), codec::encode(&oldest));
    Ok(oldest)
}

fn forget(store: &dyn Store, batch: &mut Batch, height: Height) -> Result<(), StoreError> {
    let key = schema::block(height);
    let Some(bytes) = store.get(&key)? else { return Ok(()) };
    let block: Block = decode(&key, &bytes)?;
    for (index, tx) in (0u32..).zip(&block.txs) {
        batch.delete(schema::tx_location(&tx.hash()));
        batch.delete(schema::receipt(height, index));
    }
    batch.delete(schema::events(height));
    let reveals = |message: &Message| matches!(message, Message::Reveal(_));
    if !block.txs.iter().any(|tx| reveals(&tx.body.message)) {
        batch.delete(key);
    }
    if store.get(&schema::validator_set(height))?.is_none() {
        batch.delete(schema::header(height));
        batch.delete(schema::certificate(height));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use probity_primitives::Amount;
    use probity_protocol::staking::message::Bond;
    use probity_protocol::task::Mode;
    use probity_simulations::{World, WorldConfig};

    use super::*;
    use crate::mempool::Limits;
    use crate::replica::application::{Application, Synced, Verdict};
    use crate::store::MemoryStore;

    const KEEP: u64 = 10;

    /// A world in which a task was worked on and validators changed, long ago.
    fn world() -> World {
        let mut world = World::new(&WorldConfig { check: false, ..Default::default() }).unwrap();
        let actor = world.actors[0].clone();
        let bond = Bond { operator: actor.id(), amount: Amount::from_tokens(1_000) };
        world.must(&actor.owner, Message::Bond(bond)).unwrap();
        while world.changes.is_empty() {
            world.step().unwrap();
        }
        let (benchmark, models) = world.publish(&[800_000]).unwrap();
        let person = world.people[0].clone();
        world.must(&person, World::request(benchmark, models[0], Mode::Exact)).unwrap();
        let task = world.newest_task().unwrap();
        world.finish(task, 400).unwrap();
        world.pass(3 * KEEP).unwrap();
        world
    }

    fn run(world: &World, store: &MemoryStore, keep: Keep) -> Replica {
        let store: Arc<dyn Store> = Arc::new(store.clone());
        let opened = Replica::open(store, &world.genesis, None, Limits::default()).unwrap();
        let mut replica = opened.keeping(keep);
        for (block, _) in world.log.iter().skip(1) {
            if block.header.height < replica.next_height() {
                continue;
            }
            let commit = world.certify(&block.header, replica.chain().validators()).unwrap();
            let synced = replica.synced(block.header.height, 0, Bytes::from(block.encode()));
            assert!(matches!(synced, Synced::Judged(Verdict { valid: true, .. })), "{synced:?}");
            replica.decide(commit).unwrap();
        }
        replica
    }

    #[test]
    fn the_newest_blocks_are_kept_whole_and_older_ones_are_gone() {
        let (world, store) = (world(), MemoryStore::new());
        let replica = run(&world, &store, Keep::Newest(KEEP));
        let (history, tip) = (replica.history(), replica.chain().height());
        let first = Height(tip.0 - KEEP + 1);
        assert_eq!((replica.first_height(), history.first().unwrap()), (first, first));
        for (block, receipts) in world.log.iter().skip(1) {
            let height = block.header.height;
            let kept = height >= first;
            assert_eq!(history.events(height).unwrap().is_some(), kept, "{height}");
            assert_eq!(history.receipts(height).unwrap().is_empty(), !kept || receipts.is_empty());
            for receipt in receipts {
                assert_eq!(history.receipt(&receipt.tx).unwrap().is_some(), kept, "{height}");
            }
            let judged = block.txs.iter().any(|tx| matches!(tx.body.message, Message::Reveal(_)));
            assert_eq!(history.block(height).unwrap().is_some(), kept || judged, "{height}");
        }
        assert_eq!(replica.decided(Height(1), tip).unwrap(), []);
        assert_eq!(replica.decided(first, tip).unwrap().len(), usize::try_from(KEEP).unwrap());
    }

    #[test]
    fn what_proofs_are_made_of_stays() {
        let (world, whole, pruned) = (world(), MemoryStore::new(), MemoryStore::new());
        let all = run(&world, &whole, Keep::All);
        let few = run(&world, &pruned, Keep::Newest(KEEP));
        let task = world.newest_task().unwrap();
        let reveals = few.history().blocks_with_reveals(&task).unwrap();
        assert!(!reveals.is_empty());
        assert_eq!(reveals, all.history().blocks_with_reveals(&task).unwrap());
        let tip = few.chain().height();
        assert!(!world.changes.is_empty());
        assert_eq!(
            few.history().set_changes(tip).unwrap(),
            all.history().set_changes(tip).unwrap()
        );
        assert!(pruned.len() < whole.len());
    }

    #[test]
    fn a_window_that_is_made_shorter_is_reached_by_and_by_and_over_restarts() {
        let (mut world, store) = (world(), MemoryStore::new());
        let replica = run(&world, &store, Keep::All);
        let blocks = replica.chain().height().0;
        assert_eq!(replica.first_height(), Height(1));
        drop(replica);
        world.pass(1).unwrap();
        let first = run(&world, &store, Keep::Newest(KEEP)).first_height();
        assert_eq!(first, Height(1 + MAX_PRUNED));
        world.pass(blocks / MAX_PRUNED).unwrap();
        let replica = run(&world, &store, Keep::Newest(KEEP));
        assert_eq!(replica.first_height(), Height(replica.chain().height().0 - KEEP + 1));
    }
}
