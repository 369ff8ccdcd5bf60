//! What a dispute costs the chain: bytes and time, of short transcripts and of long ones.
//!
//! A whole network in memory publishes a false result over so many items; a stranger disputes it,
//! once with the leaves at hand and once without, so that both sides look for the difference. What
//! people compute off the chain, whole transcripts among it, is in no figure.

use std::time::{Duration, Instant};

use probity_primitives::{Keypair, OperatorId, TaskId, codec};
use probity_protocol::dispute::message::{Challenge, OpenDispute};
use probity_protocol::dispute::{Ruling, Side, Stage};
use probity_protocol::event::TaskPhase;
use probity_protocol::task::Mode;
use probity_runtime::Message;
use probity_simulations::{Behaviour, World, WorldConfig, WorldError};

use super::Figure;
use crate::exit::{Code, Failure, OrFail};

/// How many items transcripts have: each time ten times as many, which is a few halvings more.
const SIZES: [u32; 4] = [1_000, 10_000, 100_000, 1_000_000];
/// How long a dispute may go on, in blocks.
const BLOCKS: u64 = 400;
/// Blocks on each side's clock: a game over a million items has twenty moves.
const CLOCK: u64 = 30;
/// Blocks in which a jury binds itself and shows, so that the dispute as a whole takes no longer.
const JURY: (u64, u64) = (6, 4);

/// What one dispute put on the chain.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    /// The largest opened leaf with its path, in bytes.
    opening: usize,
    /// The messages of the dispute until its question was found, as signed transactions.
    located: usize,
    /// All of its messages.
    bytes: usize,
    /// The time that the rules took for those messages.
    time: Duration,
}

/// Measures disputes over transcripts of every length, each against the shortest.
pub(crate) fn measure() -> Result<Vec<Figure>, Failure> {
    let mut worlds = Vec::new();
    for items in SIZES {
        let published = captured(items).or_fail(Code::Other, "cannot publish a result")?;
        worlds.push((items, published));
    }
    let mut figures = Vec::new();
    for shown in [true, false] {
        let mut first = None;
        for (items, (world, task)) in &worlds {
            let cost = dispute(world.clone(), *task, shown)?;
            match first {
                Some(few) => figures.extend(rows(*items, shown, cost, few)),
                None => first = Some(cost),
            }
        }
    }
    Ok(figures)
}

/// What a dispute cost, against what one of the shortest transcript did.
fn rows(items: u32, shown: bool, many: Cost, few: Cost) -> [Figure; 4] {
    let how = if shown { "leaves shown" } else { "leaves withheld" };
    let [shortest, ..] = SIZES;
    let bytes = |what: &str, value: usize, reference: usize, wanted| {
        Figure::new(
            format!("{what} of {items} items, {how}"),
            (count(value), "bytes"),
            (&format!("of {shortest} items"), count(reference)),
            wanted,
        )
    };
    // A game has a move for each halving, and a move as many hashes: the square of the logarithm.
    let wanted = if shown { "<= 2" } else { "<= 4" };
    [
        bytes("one opening", many.opening, few.opening, "<= 2"),
        bytes("finding the item", many.located, few.located, wanted),
        bytes("a whole dispute", many.bytes, few.bytes, wanted),
        Figure::new(
            format!("the rules' time for a dispute of {items} items, {how}"),
            (many.time.as_secs_f64() * 1_000.0, "ms"),
            (&format!("of {shortest} items"), few.time.as_secs_f64() * 1_000.0),
            "<= 4",
        ),
    ]
}

fn dispute(mut world: World, task: TaskId, shown: bool) -> Result<Cost, Failure> {
    let stranger = person(&world)?;
    let opened = world.challenge(task, shown).or_fail(Code::Other, "cannot dispute")?;
    let opened = opened.ok_or_else(|| Failure::new(Code::Other, "nothing contradicts"))?;
    let mut cost = Cost { opening: opening_bytes(&opened), ..Cost::default() };
    let from = world.log.len();
    carry(&mut world, &stranger, opened, &mut cost)?;
    for _ in 0..BLOCKS {
        let Some(known) = world.ledger().disputes.get(&0) else { break };
        match &known.stage {
            Stage::Closed { ruling: Ruling::Overturn, .. } if cost.located > 0 => {
                cost.bytes = bytes_since(&world, from);
                return Ok(cost);
            }
            Stage::Game { game } if game.side() == Side::Challenger => {
                let next = world.challengers_move(0).or_fail(Code::Other, "no move")?;
                let next = next.ok_or_else(|| Failure::new(Code::Other, "no move"))?;
                carry(&mut world, &stranger, next, &mut cost)?;
            }
            Stage::Ladder { .. } if cost.located == 0 => cost.located = bytes_since(&world, from),
            Stage::Answer { .. }
            | Stage::Game { .. }
            | Stage::Ladder { .. }
            | Stage::Closed { .. } => act(&mut world, &mut cost)?,
        }
    }
    Err(Failure::new(Code::Other, "the item was not found, or the dispute not decided"))
}

fn carry(
    world: &mut World,
    who: &Keypair,
    message: Message,
    cost: &mut Cost,
) -> Result<(), Failure> {
    world.queue(who, message).or_fail(Code::Other, "cannot send")?;
    step(world, cost)
}

fn act(world: &mut World, cost: &mut Cost) -> Result<(), Failure> {
    world.act().or_fail(Code::Other, "cannot act")?;
    step(world, cost)
}

/// One block; a world proposes it and applies it, so the rules run twice.
fn step(world: &mut World, cost: &mut Cost) -> Result<(), Failure> {
    let start = Instant::now();
    world.step().or_fail(Code::Other, "a block does not apply")?;
    cost.time += start.elapsed() / 2;
    Ok(())
}

/// A result in which every member of the committee lies.
fn captured(items: u32) -> Result<(World, TaskId), WorldError> {
    let mut seed = 0;
    loop {
        let mut config =
            WorldConfig { seed, items, operators: 16, check: false, ..Default::default() };
        let windows = &mut config.params.dispute;
        windows.clock_blocks = CLOCK;
        (windows.commit_blocks, windows.reveal_blocks) = JURY;
        let mut world = World::new(&config)?;
        let (benchmark, models) = world.publish(&[800_000])?;
        let (Some(model), Some(requester)) = (models.first(), world.people.first().cloned()) else {
            continue;
        };
        world.must(&requester, World::request(benchmark, *model, Mode::Exact))?;
        let Some(task) = world.newest_task() else { continue };
        world.run_until(task, 20, |phase| phase == TaskPhase::Commit)?;
        let known = world.ledger().tasks.get(&task);
        let liars: Vec<OperatorId> = known
            .map(|task| task.phase.committee().iter().map(|member| member.operator).collect())
            .unwrap_or_default();
        for actor in &mut world.actors {
            if liars.contains(&actor.id()) {
                actor.behaviour = Behaviour::Inflate;
            }
        }
        // Where too few operators were drawn there is no result, and another seed is tried.
        if liars.len() >= 3 {
            world.run_until(task, 300, |phase| phase == TaskPhase::Provisional)?;
            return Ok((world, task));
        }
        seed += 1;
    }
}

fn person(world: &World) -> Result<Keypair, Failure> {
    world.people.get(1).cloned().ok_or_else(|| Failure::new(Code::Other, "nobody is there"))
}

/// The bytes of all transactions since a block.
fn bytes_since(world: &World, from: usize) -> usize {
    let blocks = world.log.iter().skip(from);
    blocks.flat_map(|(block, _)| &block.txs).map(|tx| tx.encode().len()).sum()
}

fn opening_bytes(message: &Message) -> usize {
    let Message::OpenDispute(OpenDispute { challenge: Challenge::Aggregate(rival), .. }) = message
    else {
        return 0;
    };
    codec::encode(&rival.last).len()
}

fn count(bytes: usize) -> f64 {
    f64::from(u32::try_from(bytes).unwrap_or(u32::MAX))
}
