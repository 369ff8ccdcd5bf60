//! `probity dispute`: opening disputes, following them, and paying for appeals.
//!
//! Jurors' programs vote by themselves; what is here is for people: challengers, members that
//! answer by hand, and whoever funds a side.

mod claim;
mod show;

use std::path::{Path, PathBuf};

use probity_client::Client;
use probity_primitives::Amount;
use probity_protocol::dispute::message::{
    AnswerDispute, Challenge, FundAppeal, ImplicateMember, OpenDispute, PlayDispute,
};
use probity_protocol::dispute::{Dispute, Level, Rung, Side, Stage, level_cost};
use probity_protocol::task::Task;
use probity_runtime::Message;
use probity_runtime::text::SYMBOL;
use serde::de::DeserializeOwned;

use crate::cli::{self, DisputeVerb, Global, SideArg, TxFlags};
use crate::commands::block_on;
use crate::exit::{Code, Failure, OrFail};
use crate::output;
use crate::wallet::{self, Sender, client, failed, input};

/// The longest proof, in bytes of JSON.
const MAX_BYTES: u64 = 1 << 20;

pub(crate) fn run(global: &Global, verb: DisputeVerb) -> Result<(), Failure> {
    match verb {
        DisputeVerb::Open(given) => block_on(open(global, &given)),
        DisputeVerb::Evidence { id, pin } => block_on(show::evidence(global, id, pin.at)),
        DisputeVerb::List { task, open, limit, pin } => {
            let filter = probity_runtime::query::DisputeFilter { task, open };
            block_on(show::list(global, &filter, limit, pin.at))
        }
        DisputeVerb::Show { id, pin } => block_on(show::show(global, id, pin.at)),
        DisputeVerb::Appeal { id, flags } => block_on(appeal(global, id, &flags)),
        DisputeVerb::Fund { id, side, amount, flags } => {
            let side = match side {
                SideArg::Challenger => Side::Challenger,
                SideArg::Defender => Side::Defender,
            };
            send(global, &flags, Message::FundAppeal(FundAppeal { dispute: id, side, amount }))
        }
        DisputeVerb::Answer { id, stated, transcript, flags } => {
            let stated = shown(global, id, (stated, transcript), claim::answer)?;
            send(global, &flags, Message::AnswerDispute(AnswerDispute { dispute: id, stated }))
        }
        DisputeVerb::Play { id, opening, transcript, flags } => {
            let opening = shown(global, id, (opening, transcript), claim::middle)?;
            send(global, &flags, Message::PlayDispute(PlayDispute { dispute: id, opening }))
        }
        DisputeVerb::Implicate { id, member, opening, flags } => {
            let message = ImplicateMember { dispute: id, member, opening: read(&opening)? };
            send(global, &flags, Message::ImplicateMember(message))
        }
    }
}

fn send(global: &Global, flags: &TxFlags, message: Message) -> Result<(), Failure> {
    block_on(wallet::send(global, flags, message))
}

/// Reads a part of a proof.
fn read<T: DeserializeOwned>(given: &str) -> Result<T, Failure> {
    let what = format!("cannot read {given}");
    serde_json::from_str(&input(given, MAX_BYTES)?).or_fail(Code::Usage, &what)
}

/// A part of a proof as it is given, or out of a whole transcript.
fn shown<T: DeserializeOwned>(
    global: &Global,
    id: u64,
    (given, transcript): (Option<String>, Option<PathBuf>),
    out_of: impl FnOnce(u64, &Dispute, &Path) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let Some(file) = transcript else { return read(&given.unwrap_or_default()) };
    let view = block_on(async { client(global)?.dispute(id, None).await.map_err(failed) })?;
    out_of(id, &view.data.dispute, &file)
}

async fn open(global: &Global, given: &cli::DisputeOpen) -> Result<(), Failure> {
    let cli::DisputeOpen { task, withheld, transcript, against, item, challenge, bond, flags } =
        given;
    let sender = Sender::open(global, flags).await?;
    let view = sender.client.task(task).await.map_err(failed)?.data;
    let challenge = match (challenge, transcript, withheld, item) {
        (Some(file), _, _, _) => read(file)?,
        (None, Some(file), _, _) => {
            claim::of_run(global, &sender.client, &view, file, (*against, *item)).await?
        }
        (None, None, Some(member), Some(item)) => {
            Challenge::Withheld { member: *member, item: *item }
        }
        (None, None, _, _) => {
            return Err(Failure::new(Code::Usage, "what is wrong is not said").hint(
                "give --transcript FILE, --withheld OPERATOR --item N, or --challenge FILE",
            ));
        }
    };
    let round = view.task.round;
    let told = format!(
        "a bond of up to {bond} {SYMBOL} goes into escrow; it is lost if the result stands, and a \
         part of what the other side loses comes with it if the result falls"
    );
    output::say(global, &told);
    let message = OpenDispute { task: *task, round, challenge, bond: *bond };
    sender.send(global, flags, Message::OpenDispute(message)).await
}

/// Puts up what is missing for the side that a ruling is against.
async fn appeal(global: &Global, id: u64, flags: &TxFlags) -> Result<(), Failure> {
    let sender = Sender::open(global, flags).await?;
    let (dispute, task) = dispute(&sender.client, id).await?;
    let side = match &dispute.stage {
        Stage::Ladder { rung: Rung::Appeal { ruling, .. }, .. } => ruling.loser(),
        Stage::Ladder { .. } | Stage::Answer { .. } | Stage::Game { .. } | Stage::Closed { .. } => {
            let message = format!("dispute {id} has no ruling that can be appealed now");
            return Err(Failure::new(Code::TxRejected, message));
        }
    };
    let amount = missing(&dispute, &task, side)?;
    if amount.is_zero() {
        let message = format!("the appeal of dispute {id} is paid for already");
        return Err(Failure::new(Code::TxRejected, message));
    }
    let told = format!("{amount} {SYMBOL} for a larger jury; it is lost if that rules the same");
    output::say(global, &told);
    let message = FundAppeal { dispute: id, side, amount };
    sender.send(global, flags, Message::FundAppeal(message)).await
}

/// A dispute and the task that it is about.
async fn dispute(client: &Client, id: u64) -> Result<(Dispute, Task), Failure> {
    let dispute = client.dispute(id, None).await.map_err(failed)?.data.dispute;
    let task = client.task(&dispute.task).await.map_err(failed)?.data.task;
    Ok((dispute, task))
}

/// What a side has to put up for the level above, and has not.
fn missing(dispute: &Dispute, task: &Task, side: Side) -> Result<Amount, Failure> {
    let Stage::Ladder { rung: Rung::Appeal { ruling, next, .. }, .. } = &dispute.stage else {
        return Ok(Amount::ZERO);
    };
    let what = "the cost of an appeal";
    let level = dispute.level().saturating_add(1);
    let rules = &task.frozen.dispute;
    let cost = level_cost(rules, task.frozen.seat_price, level).or_fail(Code::Other, what)?;
    let times = if side == ruling.loser() { 2 } else { 1 };
    let price = cost.checked_mul(times).or_fail(Code::Other, what)?;
    let put_up = Level::pot(next, side).sum().or_fail(Code::Other, what)?;
    Ok(price.checked_sub(put_up).unwrap_or_default())
}
