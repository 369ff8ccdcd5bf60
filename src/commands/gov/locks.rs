//! Where an account stands: what it may vote with, what it said, and what holds its tokens.

use probity_dao::locks::{Lock, Why};
use probity_dao::{Ballot, Delegation};
use probity_primitives::{Address, Height};
use probity_runtime::query::{HeldView, PositionView, VoterView};
use probity_runtime::text::SYMBOL;

use super::ballot;
use super::clock::Clock;
use crate::cli::Global;
use crate::exit::Failure;
use crate::output::{self, Format, Table};
use crate::wallet::fact::times;
use crate::wallet::{client, failed, of_network};

/// Shows what holds an account's tokens.
pub(super) async fn show(
    global: &Global,
    account: Address,
    at: Option<Height>,
) -> Result<(), Failure> {
    let client = client(global)?;
    let account = of_network(&client, account).await?;
    let view = client.voter(&account, at).await.map_err(failed)?;
    let text = match global.output {
        Format::Text => text(&view.data, &Clock::of(&client).await?),
        Format::Json => String::new(),
    };
    output::show(global.output, &view, |_| text)
}

fn text(view: &VoterView, clock: &Clock) -> String {
    let VoterView { account, held, locked, locks, given, received } = view;
    let mut text =
        format!("account {account}\nholds {held} {SYMBOL}, of which {locked} are locked\n");
    if !locks.is_empty() {
        let mut table = Table::new(&[">amount", "held by", "until"]);
        for Lock { amount, why, until } in locks {
            let why = match why {
                Why::Vote(id) => format!("the vote on referendum {id}"),
                Why::Delegation(track) => format!("the delegation on the {track} track"),
                Why::FormerDelegation => "a delegation that was taken back".to_owned(),
            };
            let until = match until {
                Some(height) => clock.until(*height),
                None => "it ends, and then its conviction's periods".to_owned(),
            };
            table.row(vec![format!("{amount} {SYMBOL}"), why, until]);
        }
        text.push_str(&table.text());
        text.push_str(
            "Locks lie on each other; each ends by itself, and nothing has to be sent.\n",
        );
    }
    for part in given {
        let Delegation { to, amount, conviction, .. } = part.delegation;
        let weight = times(conviction);
        text.push_str(&format!("gives {amount} {SYMBOL} at {weight} on {} to {to}\n", part.track));
    }
    for part in received {
        let votes = part.power.votes.weight();
        text.push_str(&format!("was given {votes} {SYMBOL} of votes on {}\n", part.track));
    }
    text
}

/// A position on a referendum, for people.
pub(super) fn position(position: &PositionView, clock: &Clock) -> String {
    let PositionView { account, held, vote, delegated, delegate_says, received, lock, .. } =
        position;
    let mut text = format!("\nposition of {account}\n");
    if let Some(HeldView { then, now, usable }) = held {
        text.push_str(&format!(
            "  may vote with {usable} {SYMBOL}: {then} at the snapshot, {now} now\n"
        ));
    }
    match vote {
        Some(vote) => {
            text.push_str(&format!("  voted: {}\n", ballot::words(&vote.ballot)));
            if !vote.carried.votes.weight().is_zero() {
                let carried = vote.carried.votes.weight();
                text.push_str(&format!("  others' votes that follow it: {carried} {SYMBOL}\n"));
            }
        }
        None => text.push_str("  has not voted\n"),
    }
    if let Some(Delegation { to, amount, conviction, .. }) = delegated {
        let weight = times(*conviction);
        let says = match (vote, delegate_says) {
            (Some(_), _) => "which this account's own vote overrides".to_owned(),
            (None, Some(Ballot::Whole { side, .. })) => format!("which says {}", side.name()),
            (None, Some(Ballot::Split { .. })) => {
                "which has split its vote, so that this power is silent".to_owned()
            }
            (None, None) => "which has not voted".to_owned(),
        };
        text.push_str(&format!("  delegated {amount} {SYMBOL} at {weight} to {to}, {says}\n"));
    }
    if vote.is_none() && !received.votes.weight().is_zero() {
        let votes = received.votes.weight();
        text.push_str(&format!("  would carry {votes} {SYMBOL} of votes that others gave it\n"));
    }
    if let Some(Lock { amount, until, .. }) = lock {
        let until = until.map_or_else(|| "it ends".to_owned(), |height| clock.until(height));
        text.push_str(&format!("  {amount} {SYMBOL} locked by this vote until {until}\n"));
    }
    text
}
