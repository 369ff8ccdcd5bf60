//! Catching up over the engine's network: a validator that has nothing asks a node that has it all.
//!
//! Both are whole nodes, in one process and on loopback. The one that gives follows only, so nothing
//! is decided meanwhile; the one that takes has a validator's key, which costs it a log of its own.
//! The time begins with the start of the late node, and holds its first connection.

use std::time::{Duration, Instant};

use probity_node::replica::OperatorKeys;
use probity_node::store::StoreKind;
use probity_node::{Node, NodeConfig};
use probity_primitives::Height;
use probity_simulations::World;

use super::{BLOCKS, Figure, catch_up, figure};
use crate::commands::block_on;
use crate::exit::{Code, Failure, OrFail};

/// How long it may take at most.
const PATIENCE: Duration = Duration::from_secs(3_600);

pub(super) fn measure(world: &World, kind: StoreKind) -> Result<Figure, Failure> {
    let folder = tempfile::tempdir().or_fail(Code::Other, "no temporary folder")?;
    let home = folder.path().join("ahead");
    catch_up(world, kind, &home.join("store"))?;
    let elapsed = block_on(async {
        let base = |name: &str| {
            let home = folder.path().join(name);
            let config = NodeConfig::loopback(name, home, world.genesis.clone());
            NodeConfig { store: kind, ..config }
        };
        let ahead = Node::start(base("ahead")).await.or_fail(Code::Other, "no node ahead")?;
        let actor = world.actors.first().ok_or_else(|| Failure::new(Code::Other, "nobody"))?;
        let keys = OperatorKeys {
            operator: actor.id(),
            keypair: actor.key.clone(),
            vrf: actor.vrf.clone(),
        };
        let start = Instant::now();
        let late = NodeConfig {
            operator: Some(keys),
            consensus_peers: vec![ahead.consensus_address().clone()],
            ..base("late")
        };
        let late = Node::start(late).await.or_fail(Code::Other, "no late node")?;
        let there = tokio::time::timeout(PATIENCE, late.reach(Height(BLOCKS.into()))).await;
        let elapsed = start.elapsed();
        late.shutdown().await;
        ahead.shutdown().await;
        match there {
            Ok(true) => Ok(elapsed),
            Ok(false) | Err(_) => Err(Failure::new(Code::TimedOut, "the late node stays behind")),
        }
    })?;
    Ok(figure(format!("blocks caught up with over the network by a validator, {kind}"), elapsed))
}
