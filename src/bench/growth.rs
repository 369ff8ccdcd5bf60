//! What grows in a node as blocks go by: its memory, and its store.
//!
//! A whole node that is the only validator decides small blocks as fast as it can, with the durable
//! store, the engine and the API of any other. Memory is what the system says is resident; a store's
//! size is that of its files, after whatever was pruned on the way.

use std::path::Path;
use std::time::Instant;

use probity_node::replica::OperatorKeys;
use probity_node::replica::prune::Keep;
use probity_node::store::StoreKind;
use probity_node::{Node, NodeConfig, NodeHandle};
use probity_primitives::{Address, Amount, BoundedString, Height, Keypair, Network};
use probity_runtime::message::Transfer;
use probity_runtime::{Message, SignedTx, TxBody};
use probity_simulations::{World, WorldConfig};

use super::Figure;
use crate::commands::block_on;
use crate::exit::{Code, Failure, OrFail};

/// How many transfers each block has.
const TRANSFERS: usize = 3;
/// When figures are taken, in hundredths of all blocks.
const MARKS: [u64; 3] = [20, 50, 100];

/// Measures one store over so many blocks, of which the newest `keep` are kept; all for 0.
pub(crate) fn measure(kind: StoreKind, blocks: u64, keep: u64) -> Result<Vec<Figure>, Failure> {
    let config = WorldConfig { operators: 1, people: 50, check: false, ..Default::default() };
    let world = World::new(&config).or_fail(Code::Other, "cannot make a world")?;
    let folder = tempfile::tempdir().or_fail(Code::Other, "no temporary folder")?;
    let actor = world.actors.first().ok_or_else(|| Failure::new(Code::Other, "nobody"))?;
    let keys =
        OperatorKeys { operator: actor.id(), keypair: actor.key.clone(), vrf: actor.vrf.clone() };
    let node = NodeConfig::loopback("growth", folder.path().to_owned(), world.genesis.clone());
    let node = NodeConfig {
        operator: Some(keys),
        store: kind,
        keep: if keep == 0 { Keep::All } else { Keep::Newest(keep) },
        block_time: std::time::Duration::ZERO,
        ..node
    };
    block_on(async {
        let node = Node::start(node).await.or_fail(Code::Other, "a node does not start")?;
        let what = if keep == 0 { kind.to_string() } else { format!("{kind}, {keep} kept") };
        let figures = watch(&world, &node, &folder.path().join("store"), blocks, &what).await;
        node.shutdown().await;
        figures
    })
}

async fn watch(
    world: &World,
    node: &NodeHandle,
    store: &Path,
    blocks: u64,
    what: &str,
) -> Result<Vec<Figure>, Failure> {
    let mut payers = Payers { nonces: vec![0; world.people.len()], next: 0 };
    let mut figures = Vec::new();
    let mut first = None;
    let mut before = (0, 0);
    let start = Instant::now();
    for mark in MARKS {
        let goal = Height(blocks.saturating_mul(mark) / 100);
        payers.pay_until(world, node, goal).await?;
        let now = (goal.0, folder_bytes(store));
        let (heights, bytes) = (now.0.saturating_sub(before.0), now.1.saturating_sub(before.1));
        let sizes = Sizes {
            memory: resident_megabytes(),
            store: count(now.1) / 1e6,
            a_block: count(bytes) / count(heights.max(1)) / 1e3,
        };
        let reference = *first.get_or_insert(sizes);
        let figure = |name: &str, of: fn(&Sizes) -> f64, unit, wanted| {
            let name = format!("{name} {goal} blocks, {what}");
            Figure::new(name, (of(&sizes), unit), ("the first", of(&reference)), wanted)
        };
        figures.push(figure("memory after", |sizes| sizes.memory, "MB", "<= 1.10"));
        figures.push(figure("store after", |sizes| sizes.store, "MB", "-"));
        figures.push(figure("added by each until", |sizes| sizes.a_block, "kB", "-"));
        before = now;
    }
    figures.push(Figure::new(
        format!("blocks decided, {what}"),
        (count(blocks) / start.elapsed().as_secs_f64(), "blocks/s"),
        ("one a second", 1.0),
        "-",
    ));
    Ok(figures)
}

/// What is measured at a mark.
#[derive(Clone, Copy)]
struct Sizes {
    /// Resident memory, in MB.
    memory: f64,
    /// The files of the store, in MB.
    store: f64,
    /// What a block added to them since the mark before, in kB.
    a_block: f64,
}

/// Those who pay, in turn.
struct Payers {
    nonces: Vec<u64>,
    next: usize,
}

impl Payers {
    /// Offers some transfers for every block, until a height is committed.
    async fn pay_until(
        &mut self,
        world: &World,
        node: &NodeHandle,
        goal: Height,
    ) -> Result<(), Failure> {
        let mut tip = node.tip();
        loop {
            let height = tip.borrow_and_update().height();
            if height >= goal {
                return Ok(());
            }
            for _ in 0..TRANSFERS {
                let tx = self.transfer(world, height)?;
                node.submit(tx).await.or_fail(Code::Other, "a transfer is refused")?;
            }
            tip.changed().await.or_fail(Code::Other, "the node ended")?;
        }
    }

    fn transfer(&mut self, world: &World, height: Height) -> Result<SignedTx, Failure> {
        let nobody = || Failure::new(Code::Other, "nobody is there");
        let people = world.people.len().max(1);
        let payer = self.next % people;
        self.next = self.next.wrapping_add(1);
        let key: &Keypair = world.people.get(payer).ok_or_else(nobody)?;
        let payee = world.people.get((payer + 1) % people).ok_or_else(nobody)?;
        let nonce = self.nonces.get_mut(payer).ok_or_else(nobody)?;
        let to = Address::of(&payee.public(), Network::Test);
        let body = TxBody {
            chain: world.genesis.chain_id.clone(),
            sender: Address::of(&key.public(), Network::Test),
            nonce: *nonce,
            fee: Amount::from_tokens(1),
            expiry: Height(height.0.saturating_add(100)),
            memo: BoundedString::default(),
            message: Message::Transfer(Transfer { to, amount: Amount::from_units(1) }),
        };
        *nonce = nonce.saturating_add(1);
        Ok(body.sign(world.chain.genesis_hash(), key))
    }
}

/// The memory of this process that is resident, in megabytes; 0 where the system does not say.
pub(crate) fn resident_megabytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kibibytes.unwrap_or_default() * 1_024.0 / 1e6
}

/// The bytes of all files in a folder.
fn folder_bytes(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let sizes = entries.flatten().map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => folder_bytes(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    });
    sizes.fold(0, u64::saturating_add)
}

fn count(number: u64) -> f64 {
    // Exact up to 2^32 thousands, which is more than any figure here.
    u32::try_from(number / 1_000).map_or(f64::INFINITY, f64::from) * 1e3
        + u32::try_from(number % 1_000).map_or(0.0, f64::from)
}
