//! What grows in a node as blocks go by: its memory, and its store.
//!
//! One validator without a network proposes, votes for and commits small blocks, with the durable
//! store of a node. Memory is what the system says is resident; a store's size is that of its
//! files, after whatever was pruned on the way.

use std::path::Path;
use std::time::Instant;

use probity_node::replica::application::Application;
use probity_node::replica::{OperatorKeys, Replica};
use probity_node::store::{self, StoreKind};
use probity_primitives::{Address, Amount, BoundedString, Height, Keypair, Network};
use probity_runtime::message::Transfer;
use probity_runtime::{Message, SignedTx, TxBody};
use probity_simulations::{World, WorldConfig};

use super::Figure;
use crate::exit::{Code, Failure, OrFail};

/// How many transfers each block has.
const TRANSFERS: usize = 3;
/// How often a figure is taken, in parts of the whole.
const PARTS: u64 = 5;

/// Measures one store over so many blocks.
pub(crate) fn measure(kind: StoreKind, blocks: u64) -> Result<Vec<Figure>, Failure> {
    let config = WorldConfig { operators: 1, people: 50, check: false, ..Default::default() };
    let world = World::new(&config).or_fail(Code::Other, "cannot make a world")?;
    let folder = tempfile::tempdir().or_fail(Code::Other, "no temporary folder")?;
    let mut node = Lonely::begin(&world, kind, folder.path())?;
    let part = (blocks / PARTS).max(1);
    let mut figures = Vec::new();
    let mut first = None;
    let mut last_bytes = 0;
    let start = Instant::now();
    for number in 1..=blocks {
        node.step(&world, number)?;
        if !number.is_multiple_of(part) {
            continue;
        }
        let memory = resident_megabytes();
        let reference = *first.get_or_insert(memory);
        figures.push(Figure::new(
            format!("memory after {number} blocks, {kind}"),
            (memory, "MB"),
            ("the first", reference),
            "<= 1.10",
        ));
        let bytes = folder_bytes(folder.path());
        let added = count(bytes.saturating_sub(last_bytes)) / count(part);
        let average = count(bytes) / count(number);
        last_bytes = bytes;
        figures.push(Figure::new(
            format!("store a block, blocks {} to {number}, {kind}", number - part + 1),
            (added, "bytes"),
            ("so far", average),
            "-",
        ));
    }
    let rate = count(blocks) / start.elapsed().as_secs_f64();
    figures.push(Figure::new(
        format!("blocks proposed and committed, {kind}"),
        (rate, "blocks/s"),
        ("one a second", 1.0),
        "-",
    ));
    Ok(figures)
}

/// A validator that is a whole network.
struct Lonely {
    replica: Replica,
    nonces: Vec<u64>,
}

impl Lonely {
    fn begin(world: &World, kind: StoreKind, folder: &Path) -> Result<Self, Failure> {
        let actor = world.actors.first().ok_or_else(|| Failure::new(Code::Other, "nobody"))?;
        let keys = OperatorKeys {
            operator: actor.id(),
            keypair: actor.key.clone(),
            vrf: actor.vrf.clone(),
        };
        let store = store::open(kind, folder).or_fail(Code::Other, "no store")?;
        let replica = Replica::open(store, &world.genesis, Some(keys), Default::default())
            .or_fail(Code::Other, "no replica")?;
        Ok(Self { replica, nonces: vec![0; world.people.len()] })
    }

    /// One block: transfers come in, it is proposed, voted for and committed.
    fn step(&mut self, world: &World, number: u64) -> Result<(), Failure> {
        let height = self.replica.next_height();
        let people = world.people.len().max(1);
        let first = usize::try_from(number).unwrap_or_default().wrapping_mul(TRANSFERS);
        for offset in 0..TRANSFERS {
            let payer = first.wrapping_add(offset) % people;
            let tx = self.transfer(world, payer, height)?;
            let tx = tx
                .verify(self.replica.chain().identity())
                .or_fail(Code::Other, "a transfer is refused")?;
            self.replica.submit(tx).or_fail(Code::Other, "a transfer is refused")?;
        }
        let now = self.replica.chain().tip().time_ms.saturating_add(1_000);
        self.replica.propose(height, 0, now).or_fail(Code::Other, "no block")?;
        let verdict = self.replica.start_round(height, 0, now).first().copied();
        let verdict = verdict.ok_or_else(|| Failure::new(Code::Other, "no proposal"))?;
        let proposal = self
            .replica
            .proposal(&verdict.block)
            .ok_or_else(|| Failure::new(Code::Other, "no proposal"))?;
        let block = probity_runtime::Block::decode(&proposal.bytes)
            .or_fail(Code::Other, "the proposal is no block")?;
        let certificate = world
            .certify(&block.header, self.replica.validators())
            .or_fail(Code::Other, "cannot certify")?;
        self.replica.decide(certificate).or_fail(Code::Other, "cannot commit")
    }

    fn transfer(
        &mut self,
        world: &World,
        payer: usize,
        height: Height,
    ) -> Result<SignedTx, Failure> {
        let nobody = || Failure::new(Code::Other, "nobody is there");
        let key: &Keypair = world.people.get(payer).ok_or_else(nobody)?;
        let payee = world.people.get((payer + 1) % world.people.len()).ok_or_else(nobody)?;
        let nonce = self.nonces.get_mut(payer).ok_or_else(nobody)?;
        let to = Address::of(&payee.public(), Network::Test);
        let body = TxBody {
            chain: world.genesis.chain_id.clone(),
            sender: Address::of(&key.public(), Network::Test),
            nonce: *nonce,
            // A tenth of what a person of this world has would be gone otherwise.
            fee: Amount::from_tokens(1),
            expiry: Height(height.0.saturating_add(100)),
            memo: BoundedString::default(),
            message: Message::Transfer(Transfer { to, amount: Amount::from_units(1) }),
        };
        *nonce += 1;
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
