//! Nodes whose peers keep only the newest blocks.

use std::sync::Arc;

use bytes::Bytes;
use probity_simulations::{World, WorldConfig};

use super::*;
use crate::mempool::Limits;
use crate::replica::Replica;
use crate::replica::application::Application;
use crate::replica::prune::Keep;
use crate::store;

const KEEP: u64 = 20;

/// A node on loopback that follows, with the newest blocks of a world in its store.
async fn ahead(world: &World, folder: &std::path::Path) -> NodeHandle {
    let home = folder.join("ahead");
    let store = store::open(StoreKind::Redb, &home.join("store")).unwrap();
    let replica = Replica::open(Arc::clone(&store), &world.genesis, None, Limits::default());
    let mut replica = replica.unwrap().keeping(Keep::Newest(KEEP));
    for (block, _) in world.log.iter().skip(1) {
        let commit = world.certify(&block.header, replica.chain().validators()).unwrap();
        replica.synced(block.header.height, 0, Bytes::from(block.encode()));
        replica.decide(commit).unwrap();
    }
    drop((replica, store));
    let config = NodeConfig::loopback("ahead", home, world.genesis.clone());
    Node::start(NodeConfig { store: StoreKind::Redb, ..config }).await.unwrap()
}

async fn behind(world: &World, folder: &std::path::Path, ahead: &NodeHandle) -> NodeHandle {
    let config = NodeConfig::loopback("behind", folder.join("behind"), world.genesis.clone());
    let peers = vec![ahead.consensus_address().clone()];
    let store = StoreKind::Memory;
    Node::start(NodeConfig { store, consensus_peers: peers, ..config }).await.unwrap()
}

fn world(blocks: u64) -> World {
    let config = WorldConfig { operators: 4, check: false, ..Default::default() };
    let mut world = World::new(&config).unwrap();
    world.pass(blocks).unwrap();
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_whose_peers_have_forgotten_what_it_needs_is_told_to_use_a_snapshot() {
    let (world, folder) = (world(60), tempfile::tempdir().unwrap());
    let ahead = ahead(&world, folder.path()).await;
    let behind = behind(&world, folder.path(), &ahead).await;
    let told = tokio::time::timeout(PATIENCE, async {
        let mut ticks = tokio::time::interval(BLOCK_TIME);
        loop {
            ticks.tick().await;
            if let Some(first) = behind.out_of_reach() {
                break first;
            }
        }
    });
    assert_eq!(told.await, Ok(Height(60 - KEEP + 1)));
    assert_eq!(behind.snapshot().height(), Height(0));
    assert_eq!(ahead.out_of_reach(), None);
    behind.shutdown().await;
    ahead.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_lacks_no_more_than_its_peers_keep_catches_up() {
    let (world, folder) = (world(KEEP), tempfile::tempdir().unwrap());
    let ahead = ahead(&world, folder.path()).await;
    let behind = behind(&world, folder.path(), &ahead).await;
    let reached = tokio::time::timeout(PATIENCE, behind.reach(Height(KEEP))).await;
    assert_eq!((reached, behind.out_of_reach()), (Ok(true), None));
    behind.shutdown().await;
    ahead.shutdown().await;
}
