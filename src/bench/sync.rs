//! How fast a node gets to the state of the others: by running their blocks, and by a snapshot.
//!
//! Blocks are taken as a node that is behind takes them: each is decoded, every signature verified,
//! run, and made durable before the next; what the network adds is not in it. The snapshot is of a
//! state of a million accounts, proven from its genesis document and written to an empty store.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use probity_node::replica::Replica;
use probity_node::replica::application::{Application, Synced};
use probity_node::replica::history::History;
use probity_node::snapshot::{Manifest, Shelf, make, restore};
use probity_node::store::{self, Batch, MemoryStore, Store, StoreKind, schema};
use probity_primitives::{Address, Amount, BlockHash, Domain, Hash, Height, Network, PublicKey};
use probity_protocol::bank::Account;
use probity_runtime::chain::Loader;
use probity_runtime::message::Transfer;
use probity_runtime::tree::bulk::Leaves;
use probity_runtime::{Chain, Header, Message};
use probity_simulations::{World, WorldConfig};

use super::Figure;
use super::growth::resident_megabytes;
use crate::exit::{Code, Failure, OrFail};

/// How many blocks are caught up with.
const BLOCKS: u64 = 1_000;
/// How many transfers each of them has.
const TRANSFERS: usize = 5;
/// How many accounts the large state has.
const ACCOUNTS: u32 = 1_000_000;
/// Blocks a second of a network with one a second, twenty times.
const WANTED_BLOCKS: f64 = 20.0;
/// How long a restore may take, in seconds.
const WANTED_RESTORE: f64 = 60.0;
const STORES: [StoreKind; 2] = [StoreKind::Sled, StoreKind::Redb];

/// Measures both ways, with both stores.
pub(crate) fn measure() -> Result<Vec<Figure>, Failure> {
    let mut figures = Vec::new();
    let world = make_blocks()?;
    for kind in STORES {
        let elapsed = catch_up(&world, kind)?;
        let blocks = u32::try_from(BLOCKS).map_or(f64::INFINITY, f64::from);
        figures.push(Figure::new(
            format!("blocks of {TRANSFERS} transfers, {kind}"),
            (blocks / elapsed.as_secs_f64(), "blocks/s"),
            ("20 x one a second", WANTED_BLOCKS),
            ">= 1.00",
        ));
    }
    drop(world);
    figures.extend(large_state()?);
    Ok(figures)
}

fn make_blocks() -> Result<World, Failure> {
    let config = WorldConfig { operators: 4, people: 50, check: false, ..Default::default() };
    let mut world = World::new(&config).or_fail(Code::Other, "cannot make a world")?;
    let people = world.people.clone();
    let mut payers = people.iter().zip(people.iter().skip(1)).cycle();
    for _ in 0..BLOCKS {
        for (payer, payee) in payers.by_ref().take(TRANSFERS) {
            let to = Address::of(&payee.public(), Network::Test);
            let message = Message::Transfer(Transfer { to, amount: Amount::from_units(1) });
            world.queue(payer, message).or_fail(Code::Other, "cannot queue a transfer")?;
        }
        world.step().or_fail(Code::Other, "cannot make a block")?;
    }
    Ok(world)
}

fn catch_up(world: &World, kind: StoreKind) -> Result<Duration, Failure> {
    let folder = tempfile::tempdir().or_fail(Code::Other, "no temporary folder")?;
    let store = store::open(kind, folder.path()).or_fail(Code::Other, "no store")?;
    let mut replica = Replica::open(store, &world.genesis, None, Default::default())
        .or_fail(Code::Other, "no replica")?;
    let mut elapsed = Duration::ZERO;
    for (block, _) in world.log.iter().skip(1) {
        let height = block.header.height;
        // Encoding and signing are the proposer's and the validators' work.
        let bytes = Bytes::from(block.encode());
        let certificate = world
            .certify(&block.header, replica.validators())
            .or_fail(Code::Other, "cannot certify")?;
        let start = Instant::now();
        certificate
            .verify(replica.validators(), &world.genesis.chain_id, world.chain.genesis_hash())
            .or_fail(Code::Verification, "a certificate of the world does not hold")?;
        let judged = replica.synced(height, 0, bytes);
        if !matches!(&judged, Synced::Judged(verdict) if verdict.valid) {
            let message = format!("block {height} is refused: {judged:?}");
            return Err(Failure::new(Code::Other, message));
        }
        replica.decide(certificate).or_fail(Code::Other, "cannot commit")?;
        elapsed += start.elapsed();
    }
    Ok(elapsed)
}

fn large_state() -> Result<Vec<Figure>, Failure> {
    let world = World::new(&WorldConfig { operators: 4, ..Default::default() })
        .or_fail(Code::Other, "cannot make a world")?;
    let folder = tempfile::tempdir().or_fail(Code::Other, "no temporary folder")?;
    let shelf = Shelf::new(folder.path().join("snapshots"));
    let (manifest, made) = snapshot(&world, &shelf)?;
    let megabytes = u32::try_from(manifest.bytes() / 1_000_000).map_or(f64::INFINITY, f64::from);
    let mut figures = vec![Figure::new(
        format!("a snapshot of {ACCOUNTS} accounts ({megabytes:.0} MB) made"),
        (made.as_secs_f64(), "s"),
        ("limit", WANTED_RESTORE),
        "<= 1.00",
    )];
    for kind in STORES {
        let place = folder.path().join(kind.to_string());
        figures.extend(restore_and_open(&world, &manifest, &shelf, kind, &place)?);
    }
    Ok(figures)
}

fn restore_and_open(
    world: &World,
    manifest: &Manifest,
    shelf: &Shelf,
    kind: StoreKind,
    place: &Path,
) -> Result<[Figure; 3], Failure> {
    let start = Instant::now();
    let chunks = shelf.folder(manifest.height());
    let chain = restore(manifest, &chunks, &world.genesis, None, kind, place)
        .or_fail(Code::Verification, "the snapshot is not restored")?;
    let restored = start.elapsed();
    drop(chain);
    let before = resident_megabytes();
    let start = Instant::now();
    let store = store::open(kind, place).or_fail(Code::Other, "no store")?;
    let replica = Replica::open(store, &world.genesis, None, Default::default())
        .or_fail(Code::Other, "no replica")?;
    let opened = start.elapsed();
    let memory = resident_megabytes();
    drop(replica);
    let what = |what: &str| format!("{what}, {ACCOUNTS} accounts, {kind}");
    Ok([
        Figure::new(
            what("restored from a snapshot"),
            (restored.as_secs_f64(), "s"),
            ("limit", WANTED_RESTORE),
            "<= 1.00",
        ),
        Figure::new(
            what("opened and checked against the root"),
            (opened.as_secs_f64(), "s"),
            ("limit", WANTED_RESTORE),
            "-",
        ),
        Figure::new(what("memory of the open state"), (memory, "MB"), ("before", before), "-"),
    ])
}

/// The snapshot of a state of many accounts, decided by the world's validators.
fn snapshot(world: &World, shelf: &Shelf) -> Result<(Manifest, Duration), Failure> {
    let chain = large_chain(world)?;
    let commit = world
        .certify(chain.tip(), world.chain.validators())
        .or_fail(Code::Other, "cannot certify")?;
    let store = MemoryStore::new();
    let mut batch = Batch::new();
    let certificate = probity_primitives::codec::encode(&commit);
    batch.put(schema::certificate(chain.height()), certificate);
    store.write(batch).or_fail(Code::Other, "no store")?;
    let history = History::new(Arc::new(store));
    let start = Instant::now();
    let manifest = make(&chain, &history, shelf).or_fail(Code::Other, "no snapshot")?;
    Ok((manifest, start.elapsed()))
}

fn large_chain(world: &World) -> Result<Chain, Failure> {
    let mut state = world.chain.state().clone();
    for number in 0..ACCOUNTS {
        let key = PublicKey::from_bytes(*Hash::of(Domain::Seed, &number).as_bytes());
        let account = Account { free: Amount::from_units(1 + u128::from(number)), nonce: 3 };
        state.ledger.accounts.insert(Address::of(&key, Network::Test), account);
    }
    let entries: Vec<_> = state.entries().collect();
    let leaves: Leaves = entries.iter().map(|(key, value)| (&key[..], &value[..])).collect();
    let (_, state_root) = leaves.rooted();
    let parent = world.chain.tip();
    let tip = Header {
        height: Height(1),
        time_ms: parent.time_ms.saturating_add(1),
        parent: BlockHash(parent.hash().0),
        state_root,
        ..parent.clone()
    };
    let mut loader = Loader::new(&world.genesis, tip).or_fail(Code::Other, "no chain")?;
    for (key, value) in &entries {
        loader.entry(key, value).or_fail(Code::Other, "no chain")?;
    }
    loader.finish().map(|(chain, _)| chain).or_fail(Code::Other, "no chain")
}
