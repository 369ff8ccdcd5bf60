//! The folder of snapshots, the keeper that fills it, and a download.

use std::sync::Arc;

use probity_primitives::Height;
use tokio::sync::watch;

use super::super::download::Download;
use super::super::keeper::{self, SnapshotConfig};
use super::super::shelf::chunk_name;
use super::super::{Shelf, SnapshotError, check, make};
use super::{caught_up, follower, snapshot, take, world};
use crate::store::MemoryStore;

#[test]
fn two_nodes_with_one_state_make_one_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    let world = world(3);
    let (shelf, manifest) = snapshot(&world, folder.path());
    let (other, again) = snapshot(&world, &folder.path().join("other"));
    assert_eq!(manifest.id(), again.id());
    for (index, _) in (0u32..).zip(manifest.chunks.iter()) {
        let height = manifest.height();
        assert_eq!(shelf.chunk(height, index).unwrap(), other.chunk(height, index).unwrap());
    }
    assert_eq!(shelf.summaries().unwrap(), [manifest.summary()]);
}

#[test]
fn the_oldest_go_first_and_what_was_not_finished_is_swept_away() {
    let folder = tempfile::tempdir().unwrap();
    let world = world(4);
    let shelf = Shelf::new(folder.path().join("shelf"));
    let mut replica = follower(Arc::new(MemoryStore::new()), &world);
    for (block, _) in world.log.iter().skip(1) {
        take(&mut replica, &world, block);
        make(replica.chain(), &replica.history(), &shelf).unwrap();
    }
    let all = shelf.heights().unwrap();
    assert_eq!(all.len(), world.log.len() - 1);
    let gone = shelf.prune(2).unwrap();
    assert_eq!(gone, all[..all.len() - 2]);
    assert_eq!(shelf.heights().unwrap(), all[all.len() - 2..]);
    std::fs::create_dir(shelf.root().join(".making-7-x")).unwrap();
    std::fs::create_dir(shelf.root().join("77")).unwrap();
    assert_eq!(shelf.heights().unwrap().len(), 2, "a folder without a manifest counts");
    shelf.sweep().unwrap();
    assert!(!shelf.root().join(".making-7-x").exists());
    assert_eq!(shelf.heights().unwrap().len(), 2);
}

#[test]
fn genesis_has_no_votes_and_no_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    let world = world(1);
    let shelf = Shelf::new(folder.path().join("shelf"));
    let replica = follower(Arc::new(MemoryStore::new()), &world);
    let made = make(replica.chain(), &replica.history(), &shelf);
    assert!(matches!(made, Err(SnapshotError::Undecided(Height(0)))), "{made:?}");
    assert_eq!(shelf.heights().unwrap(), []);
}

#[tokio::test]
async fn the_keeper_makes_one_at_every_multiple_and_keeps_as_many_as_it_should() {
    let folder = tempfile::tempdir().unwrap();
    let world = world(12);
    let shelf = Shelf::new(folder.path().join("shelf"));
    let mut replica = follower(Arc::new(MemoryStore::new()), &world);
    let (tip, watching) = watch::channel(Arc::clone(replica.chain()));
    let config = SnapshotConfig { every: 4, keep: 2, serve: false };
    let keeper = keeper::run(config, shelf.clone(), replica.history(), watching);
    let keeper = tokio::spawn(keeper);
    let mut expected = Vec::new();
    for (block, _) in world.log.iter().skip(1) {
        take(&mut replica, &world, block);
        tip.send_replace(Arc::clone(replica.chain()));
        let height = block.header.height;
        if height.0 % 4 == 0 {
            expected.push(height);
            while shelf.heights().unwrap().last() != Some(&height) {
                tokio::task::yield_now().await;
            }
        }
    }
    drop(tip);
    keeper.await.unwrap();
    assert_eq!(shelf.heights().unwrap(), expected[expected.len() - 2..]);
}

#[test]
fn a_download_goes_on_where_it_stopped_and_takes_no_other_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let world = world(3);
    let (shelf, manifest) = snapshot(&world, folder.path());
    let root = folder.path().join("downloads");
    let chunk = shelf.chunk(manifest.height(), 0).unwrap().unwrap();
    let download = Download::begin(&manifest, &root).unwrap();
    assert_eq!(download.missing().len(), manifest.chunks.len());
    let mut lie = chunk.clone();
    lie[10] ^= 1;
    let refused = download.take(0, &lie).unwrap_err();
    assert!(matches!(refused, SnapshotError::Chunk { index: 0, .. }), "{refused}");
    assert!(download.take(u32::MAX, &chunk).is_err());
    assert_eq!(download.missing().len(), manifest.chunks.len());
    download.take(0, &chunk).unwrap();
    let again = Download::begin(&manifest, &root).unwrap();
    assert_eq!(again.missing().len(), manifest.chunks.len() - 1);
    // A file that was damaged on disk counts as missing.
    std::fs::write(again.folder().join(chunk_name(0)), lie).unwrap();
    assert!(again.missing().contains(&0));
    for index in again.missing() {
        let bytes = shelf.chunk(manifest.height(), index).unwrap().unwrap();
        again.take(index, &bytes).unwrap();
    }
    again.finish().unwrap();
    check(&manifest, again.folder(), &world.genesis, None).unwrap();
    assert_eq!(caught_up(&world).chain().tip(), &manifest.header);
}
