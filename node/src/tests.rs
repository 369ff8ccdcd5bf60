//! Whole nodes on loopback, in one process: the engine, the sockets and the stores are real.

use std::time::Duration;

use probity_primitives::Height;
use probity_runtime::{Block, Genesis};
use tempfile::TempDir;

use crate::config::NodeConfig;
use crate::node::now_ms;
use crate::ports::{loopback_tcp, reserve_loopback};
use crate::store::StoreKind;
use crate::testkit::{genesis, keys, transfer};
use crate::{Node, NodeHandle};

/// How long any of these tests may take.
const PATIENCE: Duration = Duration::from_secs(240);
const BLOCK_TIME: Duration = Duration::from_millis(200);

/// Four validators on loopback.
struct Four {
    genesis: Genesis,
    configs: Vec<NodeConfig>,
    nodes: Vec<NodeHandle>,
    _home: TempDir,
}

impl Four {
    async fn start(name: &str, store: StoreKind) -> Self {
        let mut genesis = genesis(4);
        genesis.time_ms = now_ms() - 1_000;
        let home = tempfile::tempdir().unwrap();
        let ports = reserve_loopback(8).unwrap();
        let (engines, networks) = ports.split_at(4);
        let addresses = |ports: &[u16]| ports.iter().map(|port| loopback_tcp(*port)).collect();
        let configs: Vec<_> = (1..=4u8)
            .zip(engines.iter().zip(networks))
            .map(|(seed, (engine, network))| NodeConfig {
                operator: Some(keys(seed)),
                store,
                consensus_listen: loopback_tcp(*engine),
                consensus_peers: addresses(engines),
                network_listen: vec![loopback_tcp(*network)],
                network_peers: addresses(networks),
                block_time: BLOCK_TIME,
                ..NodeConfig::loopback(
                    format!("{name}-{seed}"),
                    home.path().join(seed.to_string()),
                    genesis.clone(),
                )
            })
            .collect();
        let mut nodes = Vec::new();
        for config in &configs {
            nodes.push(Node::start(config.clone()).await.unwrap());
        }
        Self { genesis, configs, nodes, _home: home }
    }

    async fn reach(&self, height: u64) {
        for node in &self.nodes {
            let reached = tokio::time::timeout(PATIENCE, node.reach(Height(height))).await;
            assert_eq!(reached, Ok(true), "height {height} is not reached");
        }
    }

    /// The block at a height, which must be the same on every node.
    fn agreed(&self, height: u64) -> Block {
        let block = |node: &NodeHandle| node.block(Height(height)).unwrap().unwrap();
        let first = block(&self.nodes[0]);
        assert!(self.nodes.iter().all(|node| block(node) == first), "height {height}");
        first
    }

    async fn shutdown(&self) {
        for node in &self.nodes {
            node.shutdown().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn four_nodes_decide_the_same_blocks_and_carry_out_a_gossiped_transaction() {
    let four = Four::start("agree", StoreKind::Memory).await;
    four.nodes[0].network().wait_for_peers(3).await;
    let mut events = four.nodes[3].events(None);
    let tx = transfer(&four.genesis, 1, 0, 2);
    let hash = four.nodes[0].submit(tx.clone()).await.unwrap();
    let carried_out = async {
        loop {
            let record = events.next().await.unwrap().unwrap();
            if record.tx == Some(hash) {
                return record.id.height;
            }
        }
    };
    let height = tokio::time::timeout(PATIENCE, carried_out).await.unwrap();
    four.reach(height.0 + 3).await;
    for node in &four.nodes {
        assert!(node.receipt(&hash).unwrap().unwrap().outcome.is_ok());
        assert!(node.submit(tx.clone()).await.is_err(), "a replay is taken");
    }
    for height in 1..=height.0 + 3 {
        let block = four.agreed(height);
        let certificate = four.nodes[2].certificate(Height(height)).unwrap().unwrap();
        assert_eq!(certificate.block, block.hash());
        let validators = four.nodes[0].snapshot().validators().clone();
        certificate.verify(&validators, &four.genesis.chain_id, four.genesis.hash()).unwrap();
    }
    four.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_was_down_catches_up_from_its_store() {
    let mut four = Four::start("restart", StoreKind::Sled).await;
    four.reach(3).await;
    let down = four.nodes.remove(3);
    down.shutdown().await;
    let before = down.snapshot().height();
    drop(down);
    four.reach(before.0 + 5).await;
    let back = Node::start(four.configs[3].clone()).await.unwrap();
    assert!(back.snapshot().height() >= before, "the store lost {before}");
    four.nodes.push(back);
    let target = four.nodes[0].snapshot().height().0 + 3;
    four.reach(target).await;
    four.agreed(target);
    four.shutdown().await;
}
