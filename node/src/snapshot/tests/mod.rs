//! Snapshots of a world's chain: made, proven, restored, gone on from, and tampered with.

mod forged;
mod restored;
mod shelved;

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use probity_primitives::Amount;
use probity_protocol::staking::message::Bond;
use probity_runtime::{Block, Message};
use probity_simulations::{World, WorldConfig};

use super::{Manifest, Shelf, make};
use crate::mempool::Limits;
use crate::replica::Replica;
use crate::replica::application::{Application, Synced, Verdict};
use crate::store::{MemoryStore, Store};

/// A world whose validators change, with so many blocks after that.
pub(super) fn world(blocks: u64) -> World {
    let mut world = World::new(&WorldConfig { operators: 4, ..Default::default() }).unwrap();
    let actor = world.actors[0].clone();
    let bond = Bond { operator: actor.id(), amount: Amount::from_tokens(1_000) };
    world.must(&actor.owner, Message::Bond(bond)).unwrap();
    while world.changes.is_empty() {
        world.step().unwrap();
    }
    world.pass(blocks).unwrap();
    world
}

/// A replica that only follows.
pub(super) fn follower(store: Arc<dyn Store>, world: &World) -> Replica {
    Replica::open(store, &world.genesis, None, Limits::default()).unwrap()
}

/// Lets a replica take a block of the world as one that is behind.
pub(super) fn take(replica: &mut Replica, world: &World, block: &Block) {
    let commit = world.certify(&block.header, replica.chain().validators()).unwrap();
    let synced = replica.synced(block.header.height, 0, Bytes::from(block.encode()));
    assert!(matches!(synced, Synced::Judged(Verdict { valid: true, .. })), "{synced:?}");
    replica.decide(commit).unwrap();
}

/// A follower that has every block of the world.
pub(super) fn caught_up(world: &World) -> Replica {
    let mut replica = follower(Arc::new(MemoryStore::new()), world);
    for (block, _) in world.log.iter().skip(1) {
        take(&mut replica, world, block);
    }
    replica
}

/// A snapshot of the world's newest state below `root`.
pub(super) fn snapshot(world: &World, root: &Path) -> (Shelf, Manifest) {
    let replica = caught_up(world);
    let shelf = Shelf::new(root.join("snapshots"));
    let manifest = make(replica.chain(), &replica.history(), &shelf).unwrap();
    (shelf, manifest)
}
