//! Node processes that are killed over and over, at moments that a seed decides.

use std::collections::BTreeSet;
use std::time::Duration;

use probity_client::Client;
use probity_primitives::{Address, Amount, BoundedString, Domain, Hash, Height, TaskId, TxHash};
use probity_protocol::Params;
use probity_runtime::message::Transfer;
use probity_runtime::{Message, TxBody};

use crate::chain::{self, Cast, NodeProcess, PATIENCE, Process};
use crate::kill::{in_commit, is_final, params, request};
use crate::support::until;

/// How many operators there are, each with a node and an evaluator.
const NODES: usize = 4;
/// How often a node is killed, unless `PROBITY_KILLS` says otherwise.
const KILLS: u64 = 10;
/// For how long two of four are watched: many times what a height takes.
const HALT: Duration = Duration::from_secs(8);
/// How many transfers may wait: fewer than the mempool holds for one sender.
const WAITING: u64 = 24;

/// Draws numbers from a seed.
struct Dice(Hash);

impl Dice {
    fn new() -> Self {
        let seed = number("PROBITY_SEED").unwrap_or(1);
        println!("PROBITY_SEED={seed}");
        Self(Hash::of(Domain::Seed, &seed))
    }

    /// A number below `end`.
    fn below(&mut self, end: u64) -> u64 {
        self.0 = Hash::of(Domain::Seed, &self.0);
        u64::try_from(self.0.low_u128() % u128::from(end)).unwrap()
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap())
}

/// Somebody who sends transfers without a pause, each through a living node.
struct Payer<'a> {
    cast: &'a Cast,
    nonce: u64,
    acknowledged: Vec<TxHash>,
}

impl Payer<'_> {
    /// Sends transfers until so many were acknowledged, never through `down`.
    async fn send(&mut self, nodes: &[NodeProcess], down: usize, count: u64, dice: &mut Dice) {
        for _ in 0..count {
            let living: Vec<usize> = (0..nodes.len()).filter(|number| *number != down).collect();
            let through = living[usize::try_from(dice.below(3)).unwrap()];
            let client = &nodes[through].client;
            until("room for a transfer", PATIENCE, async || {
                let used = client.account(&self.address()).await.ok()?.data.nonce;
                (self.nonce < used + WAITING).then_some(())
            })
            .await;
            let tx = self.transfer().sign(self.cast.genesis.hash(), &self.cast.person);
            self.acknowledged.push(client.submit(&tx).await.unwrap());
            self.nonce += 1;
        }
    }

    fn address(&self) -> Address {
        chain::account(&self.cast.person)
    }

    fn transfer(&self) -> TxBody {
        let to = chain::account(&chain::key("payee", 0));
        TxBody {
            chain: self.cast.genesis.chain_id.clone(),
            sender: self.address(),
            nonce: self.nonce,
            fee: Amount::from_tokens(1),
            expiry: Height(1_000_000),
            memo: BoundedString::default(),
            message: Message::Transfer(Transfer { to, amount: Amount::from_units(1) }),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_killed_at_random_moments_lose_no_transaction_and_no_evaluator_is_slashed() {
    let kills = number("PROBITY_KILLS").unwrap_or(KILLS);
    let mut dice = Dice::new();
    let folder = tempfile::tempdir().unwrap();
    let cast = Cast::new(NODES, long_windows());
    let mut nodes = chain::start(folder.path(), &cast, NODES);
    for node in &nodes {
        node.client.wait_height(Height(2), PATIENCE).await.unwrap();
    }
    let task = request(&folder, &cast, nodes[0].url());
    let watcher = nodes[0].client.clone();
    until("committee", PATIENCE, async || in_commit(&watcher, task).await).await;
    let _evaluators: Vec<Process> =
        nodes.iter().zip(&cast.actors).map(|(n, a)| n.evaluate(a)).collect();

    let used = watcher.account(&chain::account(&cast.person)).await.unwrap().data.nonce;
    let mut payer = Payer { cast: &cast, nonce: used, acknowledged: Vec::new() };
    for _ in 0..kills {
        let victim = usize::try_from(dice.below(4)).unwrap();
        let (before, while_down) = (1 + dice.below(12), 1 + dice.below(8));
        payer.send(&nodes, victim, before, &mut dice).await;
        nodes[victim].kill();
        payer.send(&nodes, victim, while_down, &mut dice).await;
        let others = nodes[(victim + 1) % NODES].client.status().await.unwrap().height;
        nodes[victim].start();
        // It has caught up with what the others decided without it, and more.
        nodes[victim].client.wait_height(Height(others.0 + 2), PATIENCE).await.unwrap();
    }
    all_in_blocks(&nodes, &payer.acknowledged).await;
    until("final score", PATIENCE, async || settled(&nodes, task).await).await;
    for actor in &cast.actors {
        let slashes = watcher.slashes(Some(&actor.operator), &Default::default()).await.unwrap();
        assert!(slashes.data.is_empty(), "{:?}", slashes.data);
    }
    no_fork(&nodes).await;
}

/// Phases that outlast a node's restart on a busy machine, so that a crash alone is no fault.
fn long_windows() -> Params {
    let mut params = params();
    params.task.commit_blocks = 60;
    params.task.reveal_blocks = 50;
    params.task.spot_blocks = 40;
    // Stake leaves no sooner than an offence in these windows is settled.
    params.slashing.window_blocks = 60;
    params
}

/// Every acknowledged transaction stands in a block, on every node.
async fn all_in_blocks(nodes: &[NodeProcess], acknowledged: &[TxHash]) {
    assert_eq!(acknowledged.iter().collect::<BTreeSet<_>>().len(), acknowledged.len());
    for tx in acknowledged {
        let receipt = nodes[0].client.wait_tx(tx, PATIENCE).await.unwrap();
        assert!(receipt.data.outcome.is_ok());
    }
    let height = nodes[0].client.status().await.unwrap().height;
    for node in nodes {
        node.client.wait_height(height, PATIENCE).await.unwrap();
        for tx in acknowledged {
            assert!(node.client.receipt(tx).await.unwrap().is_some(), "{tx} at {}", node.url());
        }
    }
}

async fn settled(nodes: &[NodeProcess], task: TaskId) -> Option<()> {
    is_final(&nodes[0].client, task).await
}

/// Every node has the same block at every height.
async fn no_fork(nodes: &[NodeProcess]) {
    let mut lowest = Height(u64::MAX);
    for node in nodes {
        lowest = lowest.min(node.client.status().await.unwrap().height);
    }
    for height in 1..=lowest.0 {
        let first = block(&nodes[0].client, height).await;
        for node in nodes {
            assert_eq!(block(&node.client, height).await, first, "height {height}");
        }
    }
}

async fn block(client: &Client, height: u64) -> String {
    client.block(Height(height)).await.unwrap().data.hash.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn with_two_of_four_down_nothing_is_decided_and_when_they_return_there_is_no_fork() {
    let folder = tempfile::tempdir().unwrap();
    let cast = Cast::new(NODES, params());
    let mut nodes = chain::start(folder.path(), &cast, NODES);
    for node in &nodes {
        node.client.wait_height(Height(3), PATIENCE).await.unwrap();
    }
    nodes[2].kill();
    nodes[3].kill();
    let halted = nodes[0].client.status().await.unwrap().height;
    // What was voted for already may still be decided; nothing after that.
    let more = nodes[0].client.wait_height(Height(halted.0 + 2), HALT).await;
    assert!(more.is_err(), "two of four decided {more:?}, they were at {halted}");
    nodes[2].start();
    nodes[3].start();
    for node in &nodes {
        node.client.wait_height(Height(halted.0 + 6), PATIENCE).await.unwrap();
    }
    no_fork(&nodes).await;
}
