//! A state of a million accounts: its snapshot made, restored into an empty store, and opened.
//!
//! The snapshot is proven from its genesis document on the way, as one from a stranger would be.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use probity_node::replica::Replica;
use probity_node::replica::history::History;
use probity_node::snapshot::{Manifest, Shelf, make, restore};
use probity_node::store::{self, Batch, MemoryStore, Store, StoreKind, schema};
use probity_primitives::{Address, Amount, BlockHash, Domain, Hash, Height, Network, PublicKey};
use probity_protocol::bank::Account;
use probity_runtime::chain::Loader;
use probity_runtime::tree::bulk::Leaves;
use probity_runtime::{Chain, Header, State};
use probity_simulations::{World, WorldConfig};

use super::super::Figure;
use super::super::growth::resident_megabytes;
use super::STORES;
use crate::exit::{Code, Failure, OrFail};

/// How many accounts the large state has.
const ACCOUNTS: u32 = 1_000_000;
/// How long a restore may take, in seconds.
const WANTED_RESTORE: f64 = 60.0;

/// Measures with both stores.
pub(super) fn measure() -> Result<Vec<Figure>, Failure> {
    let world = World::new(&WorldConfig { operators: 4, ..Default::default() })
        .or_fail(Code::Other, "cannot make a world")?;
    let folder = tempfile::tempdir().or_fail(Code::Other, "no temporary folder")?;
    let shelf = Shelf::new(folder.path().join("snapshots"));
    let chain = chain_of(&world, &large_state(&world))?;
    let (manifest, made) = snapshot(&world, &chain, &shelf)?;
    drop(chain);
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

/// The snapshot of a chain, decided by the world's validators, and how long it took.
pub(in crate::bench) fn snapshot(
    world: &World,
    chain: &Chain,
    shelf: &Shelf,
) -> Result<(Manifest, Duration), Failure> {
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
    let manifest = make(chain, &history, shelf).or_fail(Code::Other, "no snapshot")?;
    Ok((manifest, start.elapsed()))
}

fn large_state(world: &World) -> State {
    let mut state = world.chain.state().clone();
    for number in 0..ACCOUNTS {
        let key = PublicKey::from_bytes(*Hash::of(Domain::Seed, &number).as_bytes());
        let account = Account { free: Amount::from_units(1 + u128::from(number)), nonce: 3 };
        state.ledger.accounts.insert(Address::of(&key, Network::Test), account);
    }
    state
}

/// A chain whose first block came out at a state.
pub(in crate::bench) fn chain_of(world: &World, state: &State) -> Result<Chain, Failure> {
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
