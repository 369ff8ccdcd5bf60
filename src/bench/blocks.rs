//! Block application against raw signature verification.
//!
//! A synthetic network makes blocks of transfers and of committees at work; a replica with a
//! durable store then takes them as a node that catches up does: it decodes each block, verifies
//! every signature, runs it, updates the state tree and writes one batch. Against it stands
//! nothing but `verify_strict` over the same signatures, on all processors.

use std::time::{Duration, Instant};

use bytes::Bytes;
use probity_node::replica::Replica;
use probity_node::replica::application::{Application, Synced};
use probity_node::store::{self, StoreKind};
use probity_primitives::{Address, Amount, Network};
use probity_protocol::task::Mode;
use probity_runtime::Message;
use probity_runtime::message::Transfer;
use probity_simulations::{World, WorldConfig};
use rayon::prelude::*;

use super::Figure;
use crate::exit::{Code, Failure, OrFail};

const PEOPLE: u32 = 400;
const TRANSFERS_IN_BLOCK: usize = 3_000;
const BLOCKS: u64 = 30;
const TASKS: usize = 8;

/// Measures both.
pub(crate) fn measure() -> Result<Vec<Figure>, Failure> {
    let world = make_blocks()?;
    let transactions: usize = world.log.iter().map(|(block, _)| block.txs.len()).sum();
    let raw = verify_all(&world)?;
    let applied = apply_all(&world)?;
    let rate = |elapsed: Duration| count(transactions) / elapsed.as_secs_f64();
    Ok(vec![Figure::new(
        format!("block application, {transactions} mixed transactions"),
        (rate(applied), "tx/s"),
        ("verify_strict alone", rate(raw)),
        ">= 0.30",
    )])
}

/// A world with committees at work, and the blocks that it made while they worked.
fn make_blocks() -> Result<World, Failure> {
    let config = WorldConfig { operators: 12, people: PEOPLE, check: false, ..Default::default() };
    let mut world = World::new(&config).or_fail(Code::Other, "cannot make a world")?;
    let (benchmark, models) = world.publish(&[900, 800]).or_fail(Code::Other, "cannot publish")?;
    let requester = world.people.first().cloned();
    let requester = requester.ok_or_else(|| Failure::new(Code::Other, "nobody is there"))?;
    for (_, model) in (0..TASKS).zip(models.iter().cycle()) {
        let message = World::request(benchmark, *model, Mode::Exact);
        world.queue(&requester, message).or_fail(Code::Other, "cannot request")?;
    }
    for round in 0..BLOCKS {
        world.act().or_fail(Code::Other, "cannot act")?;
        queue_transfers(&mut world, round)?;
        world.step().or_fail(Code::Other, "cannot make a block")?;
    }
    Ok(world)
}

fn queue_transfers(world: &mut World, round: u64) -> Result<(), Failure> {
    let people = world.people.clone();
    let shift = usize::try_from(round).unwrap_or_default() % people.len();
    let payers = people.iter().cycle().take(TRANSFERS_IN_BLOCK);
    for (payer, payee) in payers.zip(people.iter().cycle().skip(shift + 1)) {
        let to = Address::of(&payee.public(), Network::Test);
        let message = Message::Transfer(Transfer { to, amount: Amount::from_units(1) });
        world.queue(payer, message).or_fail(Code::Other, "cannot queue a transfer")?;
    }
    Ok(())
}

fn verify_all(world: &World) -> Result<Duration, Failure> {
    let signed: Vec<_> = world.log.iter().flat_map(|(block, _)| block.txs.iter()).collect();
    let genesis_hash = world.chain.genesis_hash();
    let start = Instant::now();
    let verified = signed
        .par_iter()
        .filter(|tx| {
            let bytes = tx.body.sign_bytes(genesis_hash);
            tx.key.verify(probity_primitives::Domain::TxSign, &bytes, &tx.signature).is_ok()
        })
        .count();
    let elapsed = start.elapsed();
    if verified == signed.len() {
        Ok(elapsed)
    } else {
        Err(Failure::new(Code::Verification, "a signature of the world does not verify"))
    }
}

fn apply_all(world: &World) -> Result<Duration, Failure> {
    let folder = tempfile::tempdir().or_fail(Code::Other, "no temporary folder")?;
    let store = store::open(StoreKind::Sled, folder.path()).or_fail(Code::Other, "no store")?;
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
        let judged = replica.synced(height, 0, bytes);
        if !matches!(&judged, Synced::Judged(verdict) if verdict.valid) {
            let message = format!("block {height} is refused: {judged:?}");
            return Err(Failure::new(Code::Other, message));
        }
        replica.decide(certificate).or_fail(Code::Other, "cannot commit")?;
        elapsed += start.elapsed();
    }
    if replica.chain().tip().state_root == world.chain.tip().state_root {
        Ok(elapsed)
    } else {
        Err(Failure::new(Code::Verification, "the replica has another state root"))
    }
}

fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::INFINITY, f64::from)
}
