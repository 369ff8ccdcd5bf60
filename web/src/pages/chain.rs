//! The explorer: blocks, transactions, accounts.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use probity_api::Code;
use probity_primitives::{Address, Height, TxHash};
use probity_runtime::receipt::Outcome;
use probity_runtime::{Event, SignedTx, query, text};
use serde::Deserialize;

use super::artifacts::kind;
use super::frame::{Frame, page};
use super::governance::track_word;
use super::names::Name;
use super::outcome::State as Chip;
use super::results::operator_name;
use super::validator::votes_of;
use super::words::{Short, When, bytes, tokens};
use crate::date;
use crate::error::ApiError;
use crate::extract::{Args, Id};
use crate::routes::App;

/// How many blocks a list shows at once.
const PAGE: usize = 30;

/// The most transactions of a block that are shown.
const MAX_TXS: usize = 500;

/// The most artifacts of an account that are shown.
const MAX_ARTIFACTS: usize = 50;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BlocksArgs {
    below: Option<u64>,
}

#[derive(Template)]
#[template(path = "blocks.html")]
struct Blocks {
    frame: Frame,
    rows: Vec<BlockRow>,
    next: Option<u64>,
    pruned: bool,
}

struct BlockRow {
    height: u64,
    time: String,
    hash: Short,
    proposer: String,
    proposer_name: Name,
    txs: usize,
}

pub(crate) async fn blocks(
    State(app): State<App>,
    Args(BlocksArgs { below }): Args<BlocksArgs>,
) -> Result<Response, ApiError> {
    let frame = Frame::new(&app, "/blocks").await?.named("Blocks", "/blocks");
    let tip = frame.chain.height().0;
    let mut height =
        below.map_or(Some(tip), |below| below.min(tip.saturating_add(1)).checked_sub(1));
    let (mut rows, mut pruned) = (Vec::new(), false);
    while let Some(at) = height.filter(|_| rows.len() < PAGE) {
        let Some(block) = app.backend.block(Height(at)).await? else {
            pruned = true;
            break;
        };
        let proposer = block.header.proposer;
        rows.push(BlockRow {
            height: at,
            time: date::utc(block.header.time_ms),
            hash: Short::of(&block.hash()),
            proposer: proposer.to_string(),
            proposer_name: operator_name(frame.chain.ledger(), &proposer),
            txs: block.txs.len(),
        });
        height = at.checked_sub(1);
    }
    let next = rows.last().map(|row| row.height).filter(|last| *last > 0 && !pruned);
    page(&Blocks { rows, next, pruned, frame })
}

#[derive(Template)]
#[template(path = "block.html")]
struct OneBlock {
    frame: Frame,
    height: u64,
    hash: String,
    parent: String,
    before: Option<u64>,
    after: Option<u64>,
    time: String,
    proposer: String,
    proposer_name: Name,
    state_root: String,
    signatures: Option<(usize, u32)>,
    validators: usize,
    size: String,
    total: usize,
    txs: Vec<TxRow>,
    events: Vec<String>,
}

struct TxRow {
    hash: TxHash,
    short: Short,
    kind: &'static str,
    says: Name,
    sender: String,
    sender_short: Short,
}

fn tx_row(tx: &SignedTx) -> TxRow {
    let hash = tx.hash();
    TxRow {
        hash,
        short: Short::of(&hash),
        kind: tx.body.message.kind(),
        says: Name::of(&tx.body.message.describe()),
        sender: tx.body.sender.to_string(),
        sender_short: Short::of(&tx.body.sender),
    }
}

pub(crate) async fn block(
    State(app): State<App>,
    Id(height): Id<u64>,
) -> Result<Response, ApiError> {
    let frame = Frame::new(&app, "/blocks").await?;
    let tip = frame.chain.height();
    let block = app.backend.block(Height(height)).await?.ok_or_else(|| {
        if Height(height) <= tip {
            let detail = format!("this node does not keep the block {height}; ask one that does");
            return ApiError::new(Code::HeightPruned, detail);
        }
        let detail = format!("there is no block {height} yet; the newest is {tip}");
        ApiError::new(Code::BlockNotFound, detail)
    })?;
    let certificate = app.backend.certificate(Height(height)).await?;
    let records = app.backend.records(Height(height)).await?.unwrap_or_default();
    let at_end = records.iter().filter(|record| record.tx.is_none()).skip(1);
    let events = at_end.map(|record| record.happening.name());
    let proposer = block.header.proposer;
    page(&OneBlock {
        height,
        hash: block.hash().to_string(),
        parent: block.header.parent.to_string(),
        before: height.checked_sub(1),
        after: (height < tip.0).then(|| height.saturating_add(1)),
        time: date::utc(block.header.time_ms),
        proposer: proposer.to_string(),
        proposer_name: operator_name(frame.chain.ledger(), &proposer),
        state_root: block.header.state_root.to_string(),
        signatures: certificate.map(|known| (known.signatures.len(), known.round)),
        validators: frame.chain.validators().len(),
        size: bytes(u64::try_from(block.encode().len()).unwrap_or(u64::MAX)),
        total: block.txs.len(),
        txs: block.txs.iter().take(MAX_TXS).map(tx_row).collect(),
        events: events.collect(),
        frame: frame.named(format!("Block {height}"), format!("/blocks/{height}")),
    })
}

#[derive(Template)]
#[template(path = "tx.html")]
struct Tx {
    frame: Frame,
    hash: TxHash,
    state: Chip,
    refused: Option<(String, Name)>,
    height: u64,
    index: u32,
    fee: String,
    when: When,
    says: Name,
    sender: String,
    text: String,
    events: Vec<(String, String)>,
}

pub(crate) async fn tx(State(app): State<App>, Id(hash): Id<TxHash>) -> Result<Response, ApiError> {
    let frame = Frame::new(&app, "/blocks").await?;
    let missing = || {
        let detail = format!("no block here has the transaction {hash} yet");
        ApiError::new(Code::TxNotFound, detail)
    };
    let receipt = app.backend.receipt(&hash).await?.ok_or_else(missing)?;
    let block = app.backend.block(receipt.height).await?.ok_or_else(missing)?;
    let found = block.txs.iter().find(|tx| tx.hash() == hash).ok_or_else(missing)?;
    let (state, refused) = match &receipt.outcome {
        Outcome::Ok => (Chip::new("good", "Carried out"), None),
        Outcome::Refused { code, message } => {
            (Chip::new("bad", "Refused"), Some((code.clone(), Name::of(message))))
        }
    };
    page(&Tx {
        hash,
        state,
        refused,
        height: receipt.height.0,
        index: receipt.index,
        fee: tokens(receipt.fee),
        when: frame.clock.at(receipt.height),
        says: Name::of(&found.body.message.describe()),
        sender: found.body.sender.to_string(),
        text: text::transaction(&found.body, frame.chain.genesis_hash()),
        events: receipt.events.iter().map(event).collect(),
        frame: frame.named("Transaction", format!("/txs/{hash}")),
    })
}

/// A fact as its name and its values.
fn event(event: &Event) -> (String, String) {
    let value = serde_json::to_value(event).unwrap_or_default();
    let Some(fields) = value.as_object() else { return (String::new(), value.to_string()) };
    let name = fields.get("event").and_then(|name| name.as_str()).unwrap_or_default().to_owned();
    let rest = fields.iter().filter(|(key, _)| *key != "event");
    let rest: Vec<String> = rest.map(|(key, value)| format!("{key} {}", plain(value))).collect();
    (name, rest.join(", "))
}

/// A value without the quotes of JSON.
fn plain(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[derive(Template)]
#[template(path = "account.html")]
struct Account {
    frame: Frame,
    address: Address,
    free: String,
    nonce: u64,
    held: String,
    locked: String,
    locks: Vec<(String, String, Option<When>)>,
    bonded: Vec<(String, Name, String)>,
    leaving: Vec<(String, Name, String, When)>,
    given: Vec<(&'static str, String, String)>,
    received: Vec<(&'static str, String, String)>,
    operators: Vec<(String, Name)>,
    artifacts: Vec<(&'static str, String, Name, Name)>,
    votes: Vec<(probity_dao::ReferendumId, Name, String)>,
    waiting: Vec<(u64, String)>,
}

pub(crate) async fn account(
    State(app): State<App>,
    Id(address): Id<Address>,
) -> Result<Response, ApiError> {
    let frame = Frame::new(&app, "/blocks").await?;
    let waiting = app.backend.waiting(&address).await?;
    let (ledger, height) = (frame.chain.ledger(), frame.chain.height());
    let view = query::account(ledger, &address);
    let voter = query::voter(frame.chain.state(), address, height);
    let owned = query::ArtifactFilter { kind: None, owner: Some(address) };
    let owned = query::artifacts(ledger, owned, None, MAX_ARTIFACTS).items;
    let named = |id: &probity_primitives::OperatorId| operator_name(ledger, id);
    let operators = ledger.operators.iter().take(query::MAX_SCAN);
    page(&Account {
        address,
        free: tokens(view.free),
        nonce: view.nonce,
        held: tokens(voter.held),
        locked: tokens(voter.locked),
        locks: voter.locks.iter().map(|one| lock(&frame, one)).collect(),
        bonded: view
            .bonded
            .iter()
            .map(|one| (one.operator.to_string(), named(&one.operator), tokens(one.value)))
            .collect(),
        leaving: view
            .leaving
            .iter()
            .map(|one| {
                let until = frame.clock.at(one.until);
                (one.operator.to_string(), named(&one.operator), tokens(one.value), until)
            })
            .collect(),
        given: voter
            .given
            .iter()
            .map(|one| {
                let to = one.delegation.to.to_string();
                (track_word(one.track), to, tokens(one.delegation.amount))
            })
            .collect(),
        received: voter
            .received
            .iter()
            .map(|one| {
                let votes = tokens(one.power.votes.weight());
                (track_word(one.track), tokens(one.power.tokens), votes)
            })
            .collect(),
        operators: operators
            .filter(|(_, known)| known.owner == address)
            .map(|(id, known)| (id.to_string(), Name::of(&known.name)))
            .collect(),
        artifacts: owned
            .iter()
            .map(|view| {
                let manifest = &view.artifact.manifest;
                let room = kind(manifest.kind).room;
                (room, view.id.to_string(), Name::of(&manifest.name), Name::of(&manifest.version))
            })
            .collect(),
        votes: votes_of(&frame, address),
        waiting: waiting.into_iter().map(|one| (one.nonce, one.kind)).collect(),
        frame: frame.named("Account", format!("/accounts/{address}")),
    })
}

fn lock(frame: &Frame, lock: &probity_dao::locks::Lock) -> (String, String, Option<When>) {
    let why = match lock.why {
        probity_dao::locks::Why::Vote(id) => format!("a vote on referendum {id}"),
        probity_dao::locks::Why::Delegation(track) => format!("a delegation on the {track} track"),
        probity_dao::locks::Why::FormerDelegation => "a delegation that was taken back".to_owned(),
    };
    (tokens(lock.amount), why, lock.until.map(|until| frame.clock.at(until)))
}
