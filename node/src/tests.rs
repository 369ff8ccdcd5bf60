//! Whole nodes on loopback, in one process: the engine, the sockets and the stores are real.

mod clock;
mod safety;

use std::net::SocketAddr;
use std::time::Duration;

use probity_primitives::{Hash, Height};
use probity_runtime::{Block, Genesis};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::config::NodeConfig;
use crate::node::now_ms;
use crate::ports::{loopback_tcp, reserve_loopback};
use crate::replica::rotation::proposer;
use crate::store::StoreKind;
use crate::testkit::{enrol, genesis, keys, transfer};
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
        Self::changed(name, genesis(4), store, |_, config| config).await
    }

    /// Four validators of a chain, some with other settings than usual.
    async fn changed(
        name: &str,
        mut genesis: Genesis,
        store: StoreKind,
        change: impl Fn(u8, NodeConfig) -> NodeConfig,
    ) -> Self {
        genesis.time_ms = now_ms() - 1_000;
        let home = tempfile::tempdir().unwrap();
        let ports = reserve_loopback(8).unwrap();
        let (engines, networks) = ports.split_at(4);
        let addresses = |ports: &[u16]| ports.iter().map(|port| loopback_tcp(*port)).collect();
        let configs: Vec<_> = (1..=4u8)
            .zip(engines.iter().zip(networks))
            .map(|(seed, (engine, network))| {
                change(
                    seed,
                    NodeConfig {
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
                    },
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
async fn a_proposed_block_with_a_wrong_state_root_is_voted_down() {
    let four = Four::start("liar", StoreKind::Memory).await;
    four.reach(1).await;
    let liar = keys(1).operator;
    let lie: fn(&mut Block) = |block| block.header.state_root = Hash::ZERO;
    let sent = four.nodes[0].inner.commands.send(Box::new(move |shell| shell.tamper(Some(lie))));
    assert_eq!(sent, Ok(()));
    // What it proposed before it began to lie is decided by then.
    let honest = four.nodes[0].snapshot().height().0 + 2;
    let validators = four.nodes[0].snapshot().validators().clone();
    let turns: Vec<_> = (honest..honest + 12)
        .filter(|height| {
            proposer(&validators, Height(*height), 0).is_some_and(|turn| turn.operator == liar)
        })
        .collect();
    assert!(turns.len() >= 2, "it has its turn at {turns:?} only");
    four.reach(honest + 11).await;
    for height in honest..honest + 12 {
        let block = four.agreed(height);
        assert_ne!(block.header.state_root, Hash::ZERO, "height {height}");
        if turns.contains(&height) {
            let certificate = four.nodes[1].certificate(Height(height)).unwrap().unwrap();
            assert!(certificate.round > 0, "the lie of height {height} was decided in its round");
        }
    }
    four.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_was_stopped_as_a_whole_goes_on() {
    let mut four = Four::start("stopped", StoreKind::Redb).await;
    four.reach(3).await;
    four.shutdown().await;
    let tips: Vec<_> = four.nodes.drain(..).map(|node| node.snapshot().height()).collect();
    for config in &four.configs {
        four.nodes.push(Node::start(config.clone()).await.unwrap());
    }
    let highest = tips.into_iter().max().unwrap();
    four.reach(highest.0 + 3).await;
    four.agreed(highest.0 + 3);
    four.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_that_bonds_becomes_a_validator_at_the_next_epoch() {
    let mut four = Four::start("joins", StoreKind::Memory).await;
    let config = NodeConfig {
        name: "joins-5".to_owned(),
        home: four.configs[0].home.with_file_name("5"),
        operator: Some(keys(5)),
        consensus_listen: loopback_tcp(0),
        network_listen: vec![loopback_tcp(0)],
        api: Some(([127, 0, 0, 1], 0).into()),
        ..four.configs[0].clone()
    };
    four.nodes.push(Node::start(config).await.unwrap());
    for tx in enrol(&four.genesis, 5) {
        four.nodes[0].submit(tx).await.unwrap();
    }
    let mut tip = four.nodes[4].tip();
    let joined = tip.wait_for(|chain| chain.validators().len() == 5);
    let joined = tokio::time::timeout(PATIENCE, joined).await.unwrap().unwrap().height();
    assert_eq!(joined.0 % four.genesis.params.staking.epoch_blocks, 0);
    let newcomer = keys(5).operator;
    let proposed = tip.wait_for(|chain| chain.tip().proposer == newcomer);
    let height = tokio::time::timeout(PATIENCE, proposed).await.unwrap().unwrap().height();
    four.reach(height.0).await;
    assert_eq!(four.agreed(height.0).header.proposer, newcomer);
    let status = get(four.nodes[4].api_address().unwrap(), "/api/v1/status").await;
    assert!(status.starts_with("HTTP/1.1 200") && status.contains("probity-test"), "{status}");
    four.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_is_started_anew_takes_part_again() {
    let four = Four::start("anew", StoreKind::Memory).await;
    four.reach(2).await;
    // With any two of four engines gone at once nothing is decided, so all must have come back.
    for node in &four.nodes {
        node.restart_engine().await;
    }
    let height = four.nodes[0].snapshot().height().0;
    four.reach(height + 5).await;
    four.shutdown().await;
}

/// The answer to one HTTP request, head and body.
async fn get(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    tokio::time::timeout(PATIENCE, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
    answer
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
