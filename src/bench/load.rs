//! A network under load: four whole nodes, and another process that offers them more than they take.
//!
//! Transfers are due at a steady rate for a minute, whatever becomes of those before ([`sender`]). A
//! node may refuse what it has no room for, with an answer that says so; what it acknowledges must
//! stand in a block, or expire. Blocks must go on coming: the longest intervals under load stand
//! beside those of the same network without any.

mod connection;
pub(crate) mod sender;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use probity_node::NodeHandle;
use probity_primitives::{Amount, Hash, Height, TxHash};
use probity_runtime::genesis::GenesisAccount;

use self::sender::{Offered, Plan};
use super::{Figure, network};
use crate::commands::block_on;
use crate::demo::cast::{self, Cast};
use crate::exit::{Code, Failure, OrFail};

/// The hidden argument with which this program starts itself as the process that offers.
pub(crate) const SENDER: &str = "load-sender";
/// Transactions offered a second.
const RATE: u32 = 5_000;
/// For how long.
const LOAD: Duration = Duration::from_secs(60);
/// For how long the network is watched without load.
const IDLE: Duration = Duration::from_secs(30);
pub(super) const BLOCK_TIME: Duration = Duration::from_millis(500);
/// Accounts that pay, each with one transaction on its way at a time.
const ACCOUNTS: u32 = 4_000;
/// Transactions of each: all that can be offered, and a few more.
const EACH: u32 = 80;
/// Connections to each node.
const CONNECTIONS: usize = 64;
/// For how many heights a transaction is valid.
const LIFETIME: u64 = 400;
/// How long the last transactions may take to stand in a block or to expire.
const PATIENCE: Duration = Duration::from_secs(600);

/// Loads a network and counts.
pub(crate) fn measure() -> Result<Vec<Figure>, Failure> {
    block_on(async {
        let folder = tempfile::tempdir().or_fail(Code::Other, "no temporary folder")?;
        let (folder, genesis_ms) = (folder.path(), network::now_ms());
        let cast = cast(genesis_ms)?;
        network::among(folder, &cast, BLOCK_TIME, async |nodes| {
            load(nodes, genesis_ms, folder).await
        })
        .await
    })
}

/// The network's genesis, at which every account of the senders has money.
fn cast(genesis_ms: u64) -> Result<Cast, Failure> {
    let mut cast = Cast::new(genesis_ms)?;
    let mut entries = cast.genesis.accounts.to_vec();
    entries.extend((0..ACCOUNTS).map(|number| GenesisAccount {
        address: cast::account(&cast::person("load", 0, number)),
        balance: Amount::from_tokens(100_000),
    }));
    entries.sort_by_key(|entry| entry.address);
    cast.genesis.accounts = cast::list(entries)?;
    Ok(cast)
}

async fn load(
    nodes: &[NodeHandle],
    genesis_ms: u64,
    folder: &Path,
) -> Result<Vec<Figure>, Failure> {
    let first = network::first(nodes)?;
    first.reach(Height(3)).await;
    let plan = Plan {
        genesis_ms,
        nodes: nodes.iter().filter_map(NodeHandle::api_address).collect(),
        connections: CONNECTIONS,
        accounts: ACCOUNTS,
        each: EACH,
        rate: RATE,
        seconds: LOAD.as_secs(),
        expiry: Height(first.snapshot().height().0.saturating_add(LIFETIME)),
        acknowledged: folder.join("acknowledged"),
    };
    let mut other = Other::start(&plan)?;
    // It has signed everything by now, so that the machine is idle.
    let idle = intervals(first, IDLE).await;
    other.go()?;
    let busy = intervals(first, LOAD).await;
    let offered = tokio::task::spawn_blocking(move || other.end());
    let offered = offered.await.or_fail(Code::Other, "the sender ended")??;
    let bytes = std::fs::read(&plan.acknowledged).or_fail(Code::Other, "no names")?;
    let names = bytes.as_chunks::<32>().0.iter().map(|name| TxHash(Hash::from_bytes(*name)));
    let fate = settle(nodes, names.collect(), plan.expiry).await?;
    Ok(figures(&offered, fate, (idle, busy)))
}

/// The process that offers.
struct Other {
    child: Child,
    input: ChildStdin,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Other {
    /// Starts it, and waits until it has signed everything.
    fn start(plan: &Plan) -> Result<Self, Failure> {
        let program = std::env::current_exe().or_fail(Code::Other, "who am I?")?;
        let mut command = Command::new(program);
        let command = command.arg(SENDER).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().or_fail(Code::Other, "cannot start a sender")?;
        let gone = || Failure::new(Code::Other, "the sender has no ears or no mouth");
        let input = child.stdin.take().ok_or_else(gone)?;
        let lines = BufReader::new(child.stdout.take().ok_or_else(gone)?).lines();
        let mut other = Self { child, input, lines };
        let plan = serde_json::to_string(plan).or_fail(Code::Other, "no plan")?;
        other.say(&plan)?;
        other.hear()?;
        Ok(other)
    }

    fn go(&mut self) -> Result<(), Failure> {
        self.say("go")
    }

    fn end(mut self) -> Result<Offered, Failure> {
        let line = self.hear()?;
        let status = self.child.wait().or_fail(Code::Other, "the sender did not end")?;
        if !status.success() {
            return Err(Failure::new(Code::Other, format!("the sender ended with {status}")));
        }
        serde_json::from_str(&line).or_fail(Code::Other, "the sender speaks in tongues")
    }

    fn say(&mut self, line: &str) -> Result<(), Failure> {
        writeln!(self.input, "{line}").or_fail(Code::Other, "the sender does not listen")
    }

    fn hear(&mut self) -> Result<String, Failure> {
        let line = self.lines.next();
        let line = line.ok_or_else(|| Failure::new(Code::Other, "the sender ended early"))?;
        line.or_fail(Code::Other, "the sender cannot be heard")
    }
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
async fn settle(
    nodes: &[NodeHandle],
    mut waiting: Vec<TxHash>,
    expiry: Height,
) -> Result<Fate, Failure> {
    let last = nodes.last().ok_or_else(|| Failure::new(Code::Other, "no node runs"))?;
    let found = |hash: &TxHash| last.receipt(hash).or_fail(Code::Other, "the store cannot be read");
    let mut fate = Fate::default();
    let started = Instant::now();
    while !waiting.is_empty() && started.elapsed() < PATIENCE {
        let height = last.snapshot().height();
        let mut open = Vec::new();
        for hash in waiting {
            match found(&hash)? {
                Some(_) => fate.included += 1,
                None if expiry < height => fate.expired += 1,
                None => open.push(hash),
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
pub(super) async fn intervals(node: &NodeHandle, during: Duration) -> Vec<Duration> {
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
    offered: &Offered,
    fate: Fate,
    (mut idle, mut busy): (Vec<Duration>, Vec<Duration>),
) -> Vec<Figure> {
    idle.sort_unstable();
    busy.sort_unstable();
    let mut figures = pace(&idle, &busy);
    figures.extend(answers(offered));
    figures.extend(fates(offered, fate));
    figures.extend(offered.refused.iter().map(|(code, refused)| {
        Figure::new(
            format!("refused: {code}"),
            (rate(*refused), "tx/s"),
            ("offered", rate(offered.offered)),
            "-",
        )
    }));
    figures
}

fn rate(transactions: u32) -> f64 {
    f64::from(transactions) / LOAD.as_secs_f64()
}

/// The time between blocks, in ascending order without and with load.
fn pace(idle: &[Duration], busy: &[Duration]) -> Vec<Figure> {
    vec![
        Figure::new(
            "block interval under load, 99 of 100, 4 nodes",
            (percentile(busy), "ms"),
            ("without load", percentile(idle)),
            "<= 3",
        ),
        Figure::new(
            "the longest block interval under load",
            (longest(busy), "ms"),
            ("without load", longest(idle)),
            "-",
        ),
    ]
}

/// What the nodes said to what they were offered.
fn answers(offered: &Offered) -> Vec<Figure> {
    vec![
        Figure::new(
            "transactions offered, open loop",
            (rate(offered.offered), "tx/s"),
            ("the rate", f64::from(RATE)),
            ">= 1",
        ),
        Figure::new(
            "transactions acknowledged",
            (rate(offered.acknowledged), "tx/s"),
            ("offered", rate(offered.offered)),
            "-",
        ),
        Figure::new(
            "answers, 99 of 100 within",
            (offered.answer_ms, "ms"),
            ("a block", BLOCK_TIME.as_secs_f64() * 1_000.0),
            "-",
        ),
        Figure::new(
            "transactions not answered at all",
            (f64::from(offered.unanswered), "tx"),
            ("offered", f64::from(offered.offered)),
            "0",
        ),
    ]
}

/// What became of what they had acknowledged.
fn fates(offered: &Offered, fate: Fate) -> Vec<Figure> {
    let count = |value: usize| u32::try_from(value).map_or(f64::INFINITY, f64::from);
    let acknowledged = f64::from(offered.acknowledged);
    vec![
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

/// What 99 of 100 stay within, in milliseconds, of durations in ascending order.
pub(super) fn percentile(sorted: &[Duration]) -> f64 {
    let place = sorted.len().saturating_mul(99).div_ceil(100).saturating_sub(1);
    milliseconds(sorted.get(place))
}

fn longest(sorted: &[Duration]) -> f64 {
    milliseconds(sorted.last())
}

fn milliseconds(duration: Option<&Duration>) -> f64 {
    duration.map_or(f64::NAN, |duration| duration.as_secs_f64() * 1_000.0)
}
