//! How fast a node gets to the state of the others: by running their blocks, and by a snapshot.
//!
//! Blocks are taken twice: as the replica alone takes them - each is decoded, every signature
//! verified, run, and made durable before the next - and by a whole node over the engine's network
//! ([`network`]). What is wanted is measured against blocks that come every so often
//! ([`BLOCK_SECONDS`], which is the setting's default).

mod network;
pub(super) mod snapshot;

use std::time::{Duration, Instant};

use bytes::Bytes;
use probity_node::replica::Replica;
use probity_node::replica::application::{Application, Synced};
use probity_node::store::{self, StoreKind};
use probity_primitives::{Address, Amount, Network};
use probity_runtime::Message;
use probity_runtime::message::Transfer;
use probity_simulations::{World, WorldConfig};

use super::Figure;
use crate::exit::{Code, Failure, OrFail};

/// How many blocks are caught up with.
const BLOCKS: u32 = 10_000;
/// How many transfers each of them has.
const TRANSFERS: usize = 5;
/// How many seconds blocks are apart where nothing else is set.
const BLOCK_SECONDS: f64 = 1.0;
/// How many times faster than they were made blocks are to be caught up with.
const WANTED: f64 = 20.0;
const STORES: [StoreKind; 2] = [StoreKind::Sled, StoreKind::Redb];

/// Measures catching up.
pub(crate) fn measure() -> Result<Vec<Figure>, Failure> {
    let mut figures = Vec::new();
    let world = make_blocks()?;
    for kind in STORES {
        let folder = tempfile::tempdir().or_fail(Code::Other, "no temporary folder")?;
        let elapsed = catch_up(&world, kind, folder.path())?;
        figures.push(figure(format!("blocks of {TRANSFERS} transfers run, {kind}"), elapsed));
    }
    for kind in STORES {
        figures.push(network::measure(&world, kind)?);
    }
    Ok(figures)
}

/// Measures snapshots.
pub(crate) fn restore() -> Result<Vec<Figure>, Failure> {
    snapshot::measure()
}

fn figure(what: String, elapsed: Duration) -> Figure {
    Figure::new(
        what,
        (f64::from(BLOCKS) / elapsed.as_secs_f64(), "blocks/s"),
        ("20 x one a second", WANTED / BLOCK_SECONDS),
        ">= 1.00",
    )
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

/// Runs all blocks of a world into a new store.
fn catch_up(world: &World, kind: StoreKind, folder: &std::path::Path) -> Result<Duration, Failure> {
    let store = store::open(kind, folder).or_fail(Code::Other, "no store")?;
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
