//! What comes out of a snapshot is the chain, and it goes on.

use probity_primitives::Height;
use probity_protocol::task::Mode;
use probity_runtime::proof::prove;

use super::super::{SnapshotError, is_cut_short, restore};
use super::{caught_up, follower, snapshot, take, world};
use crate::replica::application::Application;
use crate::store::tree::StoreTree;
use crate::store::{self, StoreKind};

#[test]
fn a_restored_node_has_the_state_and_goes_on_with_the_same_blocks() {
    for kind in [StoreKind::Sled, StoreKind::Redb] {
        let folder = tempfile::tempdir().unwrap();
        let mut world = world(5);
        let (shelf, manifest) = snapshot(&world, folder.path());
        let height = manifest.height();
        let place = folder.path().join("store");
        let chunks = shelf.folder(height);
        restore(&manifest, &chunks, &world.genesis, None, kind, &place).unwrap();

        // Work of every kind goes on: tasks, draws, an epoch, a change of validators.
        let (benchmark, models) = world.publish(&[800_000]).unwrap();
        let person = world.people[0].clone();
        world
            .must(&person, probity_simulations::World::request(benchmark, models[0], Mode::Exact))
            .unwrap();
        let task = world.newest_task().unwrap();
        world.finish(task, 300).unwrap();

        let opened = store::open(kind, &place).unwrap();
        let mut replica = follower(opened.clone(), &world);
        assert_eq!(replica.chain().tip(), &manifest.header);
        assert_eq!(replica.first_height(), Height(height.0 + 1));
        let after = usize::try_from(height.0).unwrap() + 1;
        for (block, _) in world.log.iter().skip(after) {
            take(&mut replica, &world, block);
        }
        assert_eq!(replica.chain().tip(), world.chain.tip());
        let changes = replica.history().set_changes(world.chain.height()).unwrap();
        assert_eq!(changes.len(), world.changes.len());
        for (key, _) in world.chain.state().entries().step_by(7) {
            let proof = prove(&StoreTree(opened.as_ref()), &key, height).unwrap();
            proof.verify(manifest.header.state_root).unwrap();
        }
        drop(replica);
        let again = follower(opened, &world);
        assert_eq!(again.chain().tip(), world.chain.tip());
    }
}

#[test]
fn a_restored_node_gives_no_blocks_that_it_does_not_have() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = world(3);
    let (shelf, manifest) = snapshot(&world, folder.path());
    let place = folder.path().join("store");
    let chunks = shelf.folder(manifest.height());
    restore(&manifest, &chunks, &world.genesis, None, StoreKind::Redb, &place).unwrap();
    let mut replica = follower(store::open(StoreKind::Redb, &place).unwrap(), &world);
    world.pass(2).unwrap();
    let first = replica.first_height();
    for (block, _) in world.log.iter().skip(usize::try_from(first.0).unwrap()) {
        take(&mut replica, &world, block);
    }
    let tip = world.chain.height();
    assert_eq!(replica.decided(Height(1), tip).unwrap(), []);
    let had: Vec<Height> = replica
        .decided(first, tip)
        .unwrap()
        .iter()
        .map(|(_, certificate)| certificate.height)
        .collect();
    assert_eq!(had, [first, tip]);
    assert_eq!(caught_up(&world).first_height(), Height(1));
}

#[test]
fn a_restore_that_was_cut_short_is_seen_and_done_again() {
    let folder = tempfile::tempdir().unwrap();
    let world = world(1);
    let (shelf, manifest) = snapshot(&world, folder.path());
    let chunks = shelf.folder(manifest.height());
    let place = folder.path().join("store");
    // What a power cut leaves: a store under the other name, with some of the entries.
    let half = store::open(StoreKind::Redb, &place.with_extension("restoring")).unwrap();
    let mut batch = store::Batch::new();
    batch.put(store::schema::state_entry(b"some"), *b"value");
    half.write(batch).unwrap();
    drop(half);
    assert!(is_cut_short(&place));
    restore(&manifest, &chunks, &world.genesis, None, StoreKind::Redb, &place).unwrap();
    assert!(!is_cut_short(&place));
    let replica = follower(store::open(StoreKind::Redb, &place).unwrap(), &world);
    assert_eq!(replica.chain().tip(), world.chain.tip());
}

#[test]
fn a_store_that_is_there_is_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let world = world(1);
    let (shelf, manifest) = snapshot(&world, folder.path());
    let chunks = shelf.folder(manifest.height());
    let place = folder.path().join("store");
    std::fs::create_dir(&place).unwrap();
    restore(&manifest, &chunks, &world.genesis, None, StoreKind::Redb, &place).unwrap();
    let again = restore(&manifest, &chunks, &world.genesis, None, StoreKind::Redb, &place);
    assert!(matches!(again, Err(SnapshotError::NotEmpty(_))), "{again:?}");
    let replica = follower(store::open(StoreKind::Redb, &place).unwrap(), &world);
    assert_eq!(replica.chain().tip(), world.chain.tip());
}
