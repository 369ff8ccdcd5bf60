//! A network under load: four whole nodes, transactions offered over HTTP faster than they fit.
//!
//! Senders offer transfers at a steady rate for a minute. A node may refuse what it has no room
//! for; what it acknowledges must stand in a block, or be reported as expired. Blocks must go on
//! coming: the longest intervals under load stand beside those of the same network without any.

mod sender;

use std::path::Path;
use std::time::{Duration, Instant};

use probity_node::{Node, NodeHandle};
use probity_primitives::{Amount, Height, Keypair};
use probity_runtime::genesis::GenesisAccount;

use self::sender::{Offered, Sender};
use super::Figure;
use crate::cli::Global;
use crate::commands::{block_on, node};
use crate::demo::cast::{self, Cast};
use crate::demo::network::homes;
use crate::exit::{Code, Failure, OrFail};
use crate::home::{Home, Place};

/// Transactions offered a second, by all senders together.
const RATE: u32 = 5_000;
/// For how long.
const LOAD: Duration = Duration::from_secs(60);
/// For how long the network is watched without load.
const IDLE: Duration = Duration::from_secs(30);
const BLOCK_TIME: Duration = Duration::from_millis(500);
/// Senders, each with accounts of its own and one connection.
const SENDERS: u32 = 16;
const ACCOUNTS_EACH: u32 = 32;
/// How long the last transactions may take to stand in a block or to expire.
const PATIENCE: Duration = Duration::from_secs(600);

/// Loads a network and counts.
pub(crate) fn measure() -> Result<Vec<Figure>, Failure> {
    block_on(async {
        let folder = tempfile::tempdir().or_fail(Code::Other, "no temporary folder")?;
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        let mut cast = Cast::new(u64::try_from(now.as_millis()).unwrap_or(0))?;
        let accounts = endow(&mut cast)?;
        let nodes = start(folder.path(), &cast).await?;
        let measured = load(&nodes, &cast, accounts).await;
        for node in &nodes {
            node.shutdown().await;
        }
        measured
    })
}

/// Gives every sender's accounts money at genesis.
fn endow(cast: &mut Cast) -> Result<Vec<Vec<Keypair>>, Failure> {
    let mut entries = cast.genesis.accounts.to_vec();
    let mut senders = Vec::new();
    for sender in 0..SENDERS {
        let keys: Vec<Keypair> =
            (0..ACCOUNTS_EACH).map(|account| cast::person("load", sender, account)).collect();
        entries.extend(keys.iter().map(|key| GenesisAccount {
            address: cast::account(key),
            balance: Amount::from_tokens(100_000),
        }));
        senders.push(keys);
    }
    entries.sort_by_key(|entry| entry.address);
    cast.genesis.accounts = cast::list(entries)?;
    Ok(senders)
}

async fn start(folder: &Path, cast: &Cast) -> Result<Vec<NodeHandle>, Failure> {
    let mut nodes = Vec::new();
    for home in homes(folder, cast, BLOCK_TIME)? {
        let config = node::config(&Global::default(), &Home::at(Place::under(&home), &[])?)?;
        nodes.push(Node::start(config).await.or_fail(Code::Other, "a node does not start")?);
    }
    Ok(nodes)
}

async fn load(
    nodes: &[NodeHandle],
    cast: &Cast,
    accounts: Vec<Vec<Keypair>>,
) -> Result<Vec<Figure>, Failure> {
    let first = nodes.first().ok_or_else(|| Failure::new(Code::Other, "no node runs"))?;
    first.reach(Height(3)).await;
    let idle = intervals(first, IDLE).await;
    let pause = Duration::from_secs(1) * SENDERS / RATE;
    let until = Instant::now() + LOAD;
    let mut tasks = Vec::new();
    for (keys, node) in accounts.into_iter().zip(nodes.iter().cycle()) {
        let api = node.api_address().ok_or_else(|| Failure::new(Code::Other, "no API"))?;
        let sender = Sender::new(&format!("http://{api}"), cast, keys)?;
        tasks.push(tokio::spawn(sender.run(pause, until, node.tip())));
    }
    let busy = intervals(first, LOAD).await;
    let mut total = Offered::default();
    for task in tasks {
        total.add(task.await.or_fail(Code::Other, "a sender ended")?);
    }
    let fate = settle(nodes, &total).await?;
    Ok(figures(&total, fate, (idle, busy)))
}

/// What became of acknowledged transactions.
#[derive(Debug, Default)]
struct Fate {
    included: usize,
    expired: usize,
    lost: usize,
}

/// Waits until every acknowledged transaction stands in a block of the last node or cannot any
/// more, and counts.
async fn settle(nodes: &[NodeHandle], total: &Offered) -> Result<Fate, Failure> {
    let last = nodes.last().ok_or_else(|| Failure::new(Code::Other, "no node runs"))?;
    let found = |hash| last.receipt(hash).or_fail(Code::Other, "the store cannot be read");
    let mut fate = Fate::default();
    let mut waiting: Vec<_> =
        total.acknowledged.iter().map(|(hash, expiry)| (hash, expiry)).collect();
    let started = Instant::now();
    while !waiting.is_empty() && started.elapsed() < PATIENCE {
        let height = last.snapshot().height();
        let mut open = Vec::new();
        for (hash, expiry) in waiting {
            match found(hash)? {
                Some(_) => fate.included += 1,
                None if *expiry < height => fate.expired += 1,
                None => open.push((hash, expiry)),
            }
        }
        waiting = open;
        if !waiting.is_empty() && !last.reach(height.next().unwrap_or(height)).await {
            break;
        }
    }
    fate.lost = waiting.len();
    Ok(fate)
}

/// The times between blocks that a node commits, for some time.
async fn intervals(node: &NodeHandle, during: Duration) -> Vec<Duration> {
    let mut tip = node.tip();
    tip.mark_unchanged();
    let mut times = Vec::new();
    let watch = async {
        let mut before: Option<Instant> = None;
        while tip.changed().await.is_ok() {
            let now = Instant::now();
            times.extend(before.map(|before| now.duration_since(before)));
            before = Some(now);
        }
    };
    // The time is up: that is how this ends.
    let _ = tokio::time::timeout(during, watch).await;
    times
}

fn figures(
    total: &Offered,
    fate: Fate,
    (idle, busy): (Vec<Duration>, Vec<Duration>),
) -> Vec<Figure> {
    let count = |value: usize| u32::try_from(value).map_or(f64::INFINITY, f64::from);
    let seconds = LOAD.as_secs_f64();
    let acknowledged = count(total.acknowledged.len());
    vec![
        Figure::new(
            "block interval under load, 99 of 100, 4 nodes",
            (percentile(busy), "ms"),
            ("without load", percentile(idle)),
            "<= 3",
        ),
        Figure::new(
            "transactions offered over HTTP",
            (count(total.offered) / seconds, "tx/s"),
            ("the rate", f64::from(RATE)),
            ">= 1",
        ),
        Figure::new(
            "transactions acknowledged",
            (acknowledged / seconds, "tx/s"),
            ("offered", count(total.offered) / seconds),
            "-",
        ),
        Figure::new(
            "acknowledged transactions in blocks",
            (count(fate.included), "tx"),
            ("acknowledged", acknowledged),
            "-",
        ),
        Figure::new(
            "acknowledged transactions in blocks or expired",
            (count(fate.included.saturating_add(fate.expired)), "tx"),
            ("acknowledged", acknowledged),
            "1",
        ),
        Figure::new(
            "acknowledged transactions lost",
            (count(fate.lost), "tx"),
            ("acknowledged", acknowledged),
            "0",
        ),
    ]
}

/// The interval that 99 of 100 stay within, in milliseconds.
fn percentile(mut intervals: Vec<Duration>) -> f64 {
    intervals.sort();
    let place = intervals.len().saturating_mul(99).div_ceil(100).saturating_sub(1);
    intervals.get(place).map_or(f64::NAN, |interval| interval.as_secs_f64() * 1_000.0)
}
