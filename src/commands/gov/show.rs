//! One referendum, in the order in which a voter needs it: what it does, how it stands, whose vote
//! is missing, when what happens.

use probity_api::view::PreviewRequest;
use probity_client::Client;
use probity_dao::{Action, Deposit, Referendum, ReferendumId, Stage};
use probity_primitives::{Address, Height};
use probity_runtime::query::{NextStep, NextView, PositionView, PreviewView, ReferendumView};
use probity_runtime::text::{SYMBOL, percent, quoted};
use serde::Serialize;

use super::clock::Clock;
use super::{locks, simulate};
use crate::cli::Global;
use crate::exit::Failure;
use crate::output;
use crate::wallet::{client, failed, of_network};

mod bars;

pub(super) use bars::tally;

/// Everything about a referendum.
#[derive(Debug, Serialize)]
struct Shown {
    schema: &'static str,
    /// The height that all of it was read at.
    height: Height,
    referendum: ReferendumView,
    /// What its action would do if it took effect now; none once it has ended.
    preview: Option<PreviewView>,
    /// Where the account that was asked for stands.
    position: Option<PositionView>,
}

pub(super) async fn show(
    global: &Global,
    id: ReferendumId,
    account: Option<Address>,
    at: Option<Height>,
) -> Result<(), Failure> {
    let client = client(global)?;
    let found = client.referendum(id, at).await.map_err(failed)?;
    let (height, referendum) = (found.height, found.data);
    let position = match account {
        Some(account) => {
            let account = of_network(&client, account).await?;
            Some(client.position(id, &account, Some(height)).await.map_err(failed)?.data)
        }
        None => None,
    };
    let preview = preview(&client, &referendum.referendum).await?;
    let shown = Shown { schema: "probity.gov-show/v1", height, referendum, preview, position };
    let text = match global.output {
        output::Format::Text => text(&client, &shown).await?,
        output::Format::Json => String::new(),
    };
    output::show(global.output, &shown, |_| text)
}

/// What the action would do now, if anything may still come of it.
async fn preview(client: &Client, known: &Referendum) -> Result<Option<PreviewView>, Failure> {
    if known.stage.ended().is_some() {
        return Ok(None);
    }
    let Referendum { track, proposer, action, .. } = known;
    let request =
        PreviewRequest { track: *track, proposer: Some(*proposer), action: action.clone() };
    Ok(Some(client.preview(&request).await.map_err(failed)?.data))
}

async fn text(client: &Client, shown: &Shown) -> Result<String, Failure> {
    let Shown { referendum: view, preview, position, .. } = shown;
    let ReferendumView { id, says, call, referendum: known, standing, next } = view;
    let clock = Clock::of(client).await?;
    let effect = match preview {
        Some(tried) => simulate::effect(&tried.preview),
        None => String::new(),
    };
    let mut text = format!(
        "referendum {id}: {}\n\nif it passes: {says}\n{effect}\nstate: {}\n",
        quoted(&known.title),
        state(known)
    );
    if let Some(position) = position {
        text.push_str(&locks::position(position, &clock));
    }
    text.push_str(&bars::text(standing));
    text.push_str(&timeline(client, &clock, known, next.as_ref()).await?);
    text.push_str(&format!("\ncall {call}\ndeposit {}\n", deposit(known)));
    if let Action::Text { hash } = &known.action {
        text.push_str(&format!("text {hash}; the node has it at /api/v1/blobs/{hash}\n"));
    }
    let Referendum { track, proposer, snapshot, frozen, .. } = known;
    text.push_str(&format!(
        "track {track}, proposed by {proposer}\nvotes count what was held after block {snapshot}, \
         of {} {SYMBOL} in all\n",
        frozen.supply
    ));
    Ok(text)
}

/// Where it stands, in words.
fn state(known: &Referendum) -> String {
    let name = known.stage.name();
    match &known.stage {
        Stage::Deciding { confirming: Some(since), .. } => {
            format!("{name}; it would pass, since block {since}")
        }
        Stage::Deciding { confirming: None, .. } => format!("{name}; it would not pass"),
        Stage::Failed { why, .. } => format!("{name}: {}", quoted(why)),
        Stage::Preparing { .. }
        | Stage::Queued
        | Stage::Approved { .. }
        | Stage::Enacted { .. }
        | Stage::Rejected { .. }
        | Stage::TimedOut { .. }
        | Stage::Vetoed { .. }
        | Stage::Cancelled { .. } => name.to_string(),
    }
}

async fn timeline(
    client: &Client,
    clock: &Clock,
    known: &Referendum,
    next: Option<&NextView>,
) -> Result<String, Failure> {
    let mut text = String::from("\ntimeline\n");
    for moment in &known.timeline {
        let when = clock.at(client, moment.height).await?;
        text.push_str(&format!("  {:<10} {when}\n", moment.stage));
    }
    if let Some(NextView { step, at }) = next {
        let (what, unless) = match step {
            NextStep::Queue => ("asks for a slot", ""),
            NextStep::End => ("ends", ", unless it would pass before"),
            NextStep::Pass => ("passes", ", unless it would no longer pass before"),
            NextStep::Enact => ("takes effect", ", unless it is cancelled before"),
        };
        text.push_str(&format!("  then it {what}: {}{unless}\n", clock.until(*at)));
    }
    Ok(text)
}

/// What becomes of the deposit.
fn deposit(known: &Referendum) -> String {
    let amount = known.deposit;
    let burns = percent(known.frozen.veto);
    let of_bond = match known.frozen.rules.deposit {
        Deposit::DisputeBond => ", the bond of its dispute",
        Deposit::Fixed(_) => "",
    };
    let became = if matches!(known.stage, Stage::Vetoed { .. }) {
        "burned".to_owned()
    } else if known.stage.ended().is_some() {
        "given back".to_owned()
    } else {
        format!("burns if it does not pass with {burns} or more nays with veto")
    };
    format!("{amount} {SYMBOL}{of_bond}: {became}")
}
