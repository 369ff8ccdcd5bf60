//! The process that offers transactions: an open loop.
//!
//! Every transaction is signed before the first is sent. Then one is due every so often, and is
//! written to a connection whether or not the answers to those before it have come. What a node
//! refuses is offered again in its turn, so that no account leaves a gap; an account has one
//! transaction on its way at a time, and there are so many of them that one is always free as long
//! as nodes answer at all.
//!
//! It speaks HTTP itself, as little of it as the job needs: on a machine that runs the nodes too,
//! what a client costs is taken from them.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use probity_primitives::{Address, Amount, BoundedString, Height, TxHash};
use probity_protocol::params::Fees;
use probity_runtime::chain::fixed_fee;
use probity_runtime::message::Transfer;
use probity_runtime::{ChainIdentity, Message, TxBody};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::connection::{self, Answer, Job};
use crate::commands::block_on;
use crate::demo::cast::{self, Cast};
use crate::exit::{Code, Failure, OrFail};

/// How long the last answers may take.
const LAST: Duration = Duration::from_secs(20);

/// What is to be offered.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Plan {
    /// The moment that the network's genesis was made at, in milliseconds since 1970.
    pub(super) genesis_ms: u64,
    /// The APIs.
    pub(super) nodes: Vec<SocketAddr>,
    /// Connections to each.
    pub(super) connections: usize,
    /// Accounts that pay.
    pub(super) accounts: u32,
    /// Transactions of each.
    pub(super) each: u32,
    /// Transactions a second.
    pub(super) rate: u32,
    /// For how many seconds.
    pub(super) seconds: u64,
    /// The last height at which they are valid.
    pub(super) expiry: Height,
    /// Where the names of those go that were acknowledged.
    pub(super) acknowledged: PathBuf,
}

/// What became of the offers.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Offered {
    /// Written to a connection.
    pub(super) offered: u32,
    /// Due, and not offered because every account waited for an answer.
    pub(super) late: u32,
    /// Acknowledged.
    pub(super) acknowledged: u32,
    /// Refused, by code.
    pub(super) refused: BTreeMap<String, u32>,
    /// Neither, until long after.
    pub(super) unanswered: u32,
    /// How long 99 of 100 answers took at most, in milliseconds.
    pub(super) answer_ms: f64,
}

/// Runs the process: reads a plan, signs, says so, waits for a line, and offers.
pub(crate) fn main() -> std::process::ExitCode {
    match run() {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(failure) => failure.report(crate::output::Format::default()),
    }
}

fn run() -> Result<(), Failure> {
    let mut lines = std::io::stdin().lock().lines();
    let mut line = || {
        let line = lines.next().ok_or_else(|| Failure::new(Code::Other, "nobody says what to do"));
        line?.or_fail(Code::Other, "cannot read what to do")
    };
    let plan: Plan = serde_json::from_str(&line()?).or_fail(Code::Other, "that is no plan")?;
    let accounts = sign(&plan)?;
    say("ready")?;
    line()?;
    let (offered, names) = block_on(offer(&plan, accounts))?;
    let bytes: Vec<u8> = names.iter().flat_map(|name| *name.as_bytes()).collect();
    std::fs::write(&plan.acknowledged, bytes).or_fail(Code::Other, "cannot write down names")?;
    say(&serde_json::to_string(&offered).or_fail(Code::Other, "no result")?)
}

fn say(text: &str) -> Result<(), Failure> {
    writeln!(std::io::stdout(), "{text}").or_fail(Code::Other, "nobody listens")
}

/// An account's transactions, in the order of nonces.
struct Account {
    txs: VecDeque<(Vec<u8>, TxHash)>,
    sent: Instant,
}

fn sign(plan: &Plan) -> Result<Vec<Account>, Failure> {
    let cast = super::cast(plan.genesis_ms)?;
    let (chain, fees) = (cast.genesis.identity(), cast.genesis.params.fees.clone());
    let accounts = (0..plan.accounts).into_par_iter().map(|number| {
        let key = cast::person("load", 0, number);
        let signed = (0..u64::from(plan.each)).map(|nonce| {
            let tx = transfer(&cast, &chain, &fees, cast::account(&key), nonce, plan.expiry);
            let tx = tx.sign(chain.genesis_hash, &key);
            (tx.encode(), tx.hash())
        });
        Account { txs: signed.collect(), sent: Instant::now() }
    });
    Ok(accounts.collect())
}

fn transfer(
    cast: &Cast,
    chain: &ChainIdentity,
    fees: &Fees,
    sender: Address,
    nonce: u64,
    expiry: Height,
) -> TxBody {
    let to = cast::account(&cast.publisher);
    let message = Message::Transfer(Transfer { to, amount: Amount::from_units(1) });
    // Every integer has a fixed width, so all of these are of one length.
    let fee = fixed_fee(fees, &message, 512);
    let (chain, memo) = (chain.chain_id.clone(), BoundedString::default());
    TxBody { chain, sender, nonce, fee, expiry, memo, message }
}

/// Everything that the offering keeps.
struct Loop {
    accounts: Vec<Account>,
    idle: VecDeque<usize>,
    connections: Vec<mpsc::UnboundedSender<Job>>,
    offered: Offered,
    names: Vec<TxHash>,
    waited: Vec<Duration>,
}

impl Loop {
    /// Offers the transaction of the account that has been idle for longest.
    fn offer_one(&mut self) {
        let Some(number) = self.idle.pop_front() else {
            self.offered.late = self.offered.late.saturating_add(1);
            return;
        };
        let Some(account) = self.accounts.get_mut(number) else { return };
        let Some((bytes, _)) = account.txs.front() else { return };
        account.sent = Instant::now();
        let place = number.checked_rem(self.connections.len()).unwrap_or(0);
        let job = Job { account: number, body: bytes.clone() };
        // A connection that has ended answers nothing; the account stays busy, which is counted.
        let sent = self.connections.get(place).is_some_and(|one| one.send(job).is_ok());
        if sent {
            self.offered.offered = self.offered.offered.saturating_add(1);
        }
    }

    fn take(&mut self, answer: Answer) {
        let Answer { account: number, status, code } = answer;
        let Some(account) = self.accounts.get_mut(number) else { return };
        self.waited.push(account.sent.elapsed());
        if status == 202 {
            self.names.extend(account.txs.pop_front().map(|(_, name)| name));
            self.offered.acknowledged = self.offered.acknowledged.saturating_add(1);
        } else {
            let count = self.offered.refused.entry(code).or_default();
            *count = count.saturating_add(1);
        }
        if !account.txs.is_empty() {
            self.idle.push_back(number);
        }
    }
}

async fn offer(plan: &Plan, accounts: Vec<Account>) -> Result<(Offered, Vec<TxHash>), Failure> {
    let (answered, mut answers) = mpsc::unbounded_channel();
    let mut connections = Vec::new();
    for place in 0..plan.connections.saturating_mul(plan.nodes.len()) {
        let node = plan.nodes.get(place.checked_rem(plan.nodes.len()).unwrap_or(0));
        let node = node.ok_or_else(|| Failure::new(Code::Other, "no node is named"))?;
        let opened = connection::open(*node, answered.clone()).await;
        connections.push(opened.or_fail(Code::Unreachable, "a node does not answer")?);
    }
    let idle = (0..accounts.len()).collect();
    let (offered, names, waited) = (Offered::default(), Vec::new(), Vec::new());
    let mut state = Loop { accounts, idle, connections, offered, names, waited };
    let (start, whole) = (Instant::now(), Duration::from_secs(plan.seconds));
    let mut ticks = tokio::time::interval(Duration::from_millis(1));
    let mut due = 0u128;
    while start.elapsed() < whole {
        ticks.tick().await;
        while let Ok(answer) = answers.try_recv() {
            state.take(answer);
        }
        let now = start.elapsed().as_micros().saturating_mul(u128::from(plan.rate)) / 1_000_000;
        while due < now {
            state.offer_one();
            due = due.saturating_add(1);
        }
    }
    let last = async {
        let all = |state: &Loop| {
            let refused: u32 = state.offered.refused.values().sum();
            state.offered.acknowledged.saturating_add(refused) >= state.offered.offered
        };
        while !all(&state) {
            let Some(answer) = answers.recv().await else { return };
            state.take(answer);
        }
    };
    // Whoever has not answered by then has not acknowledged.
    let _ = tokio::time::timeout(LAST, last).await;
    let Loop { mut offered, names, mut waited, .. } = state;
    let refused: u32 = offered.refused.values().sum();
    let answered = offered.acknowledged.saturating_add(refused);
    offered.unanswered = offered.offered.saturating_sub(answered);
    waited.sort_unstable();
    offered.answer_ms = super::percentile(&waited);
    Ok((offered, names))
}
