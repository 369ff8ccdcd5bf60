//! Votes and delegations before they are signed: how much they weigh, and what they lock.

use probity_dao::{Ballot, Side, Stage};
use probity_primitives::{Amount, Height};
use probity_runtime::Message;
use probity_runtime::governance::message::{CastVote, Delegate};
use probity_runtime::query::ReferendumView;
use probity_runtime::text::SYMBOL;

use super::clock::Clock;
use crate::cli::{Global, GovVote};
use crate::exit::{Code, Failure, OrFail};
use crate::output;
use crate::wallet::fact::times;
use crate::wallet::{Sender, amount, failed};

/// Votes, after saying what the vote weighs and what it locks.
pub(super) async fn vote(global: &Global, given: &GovVote) -> Result<(), Failure> {
    let sender = Sender::open(global, &given.flags).await?;
    let ballot = ballot(&sender, given).await?;
    let view = sender.client.referendum(given.id, None).await.map_err(failed)?.data;
    let clock = Clock::of(&sender.client).await?;
    output::say(global, &format!("{}\n{}", words(&ballot), locked(&view, &ballot, &clock)));
    let message = CastVote { referendum: given.id, ballot };
    sender.send(global, &given.flags, Message::CastVote(message)).await
}

async fn ballot(sender: &Sender, given: &GovVote) -> Result<Ballot, Failure> {
    if let Some(parts) = &given.split {
        return split(parts);
    }
    let amount = match given.amount {
        Some(amount) => amount,
        None if given.all => all(sender, given).await?,
        None => {
            let message = "how many tokens vote is not said";
            return Err(Failure::new(Code::Usage, message).hint("give --amount AMOUNT or --all"));
        }
    };
    Ok(shaped(given, amount))
}

fn shaped(given: &GovVote, amount: Amount) -> Ballot {
    if given.abstain {
        return Ballot::Split { aye: Amount::ZERO, nay: Amount::ZERO, abstain: amount };
    }
    let side = if given.aye {
        Side::Aye
    } else if given.veto {
        Side::NayWithVeto
    } else {
        Side::Nay
    };
    Ballot::Whole { side, conviction: given.conviction, amount }
}

/// All that the sender may vote with, once the fee is paid.
async fn all(sender: &Sender, given: &GovVote) -> Result<Amount, Failure> {
    let position = sender.client.position(given.id, &sender.address, None).await.map_err(failed)?;
    let held = position.data.held.ok_or_else(|| {
        Failure::new(Code::TxRejected, format_args!("the vote on referendum {} is over", given.id))
    })?;
    let message = CastVote { referendum: given.id, ballot: shaped(given, held.usable) };
    let fee = sender.fee(&given.flags, Message::CastVote(message)).await?;
    Ok(held.then.min(held.now.checked_sub(fee).unwrap_or_default()))
}

/// Parts as in `aye=2PBY,nay=1PBY,abstain=1PBY`.
fn split(text: &str) -> Result<Ballot, Failure> {
    let wrong = |what: String| Failure::new(Code::Usage, format_args!("--split {text:?}: {what}"));
    let (mut aye, mut nay, mut abstain) = (None, None, None);
    for part in text.split(',') {
        let (side, tokens) =
            part.split_once('=').ok_or_else(|| wrong(format!("{part:?} is not SIDE=AMOUNT")))?;
        let place = match side.trim() {
            "aye" => &mut aye,
            "nay" => &mut nay,
            "abstain" => &mut abstain,
            other => return Err(wrong(format!("{other:?} is none of aye, nay, abstain"))),
        };
        if place.replace(amount(tokens.trim()).map_err(&wrong)?).is_some() {
            return Err(wrong(format!("{side:?} stands there twice")));
        }
    }
    let [aye, nay, abstain] = [aye, nay, abstain].map(Option::unwrap_or_default);
    Ok(Ballot::Split { aye, nay, abstain })
}

/// A ballot in words.
pub(super) fn words(ballot: &Ballot) -> String {
    match ballot {
        Ballot::Whole { side, conviction, amount } => {
            let votes = conviction.votes_floor(*amount).unwrap_or_default().weight();
            let (side, weight) = (side.name(), times(*conviction));
            format!("{side} with {amount} {SYMBOL} at {weight}: {votes} {SYMBOL} of votes")
        }
        Ballot::Split { aye, nay, abstain } => {
            format!("split: {aye} aye, {nay} nay, {abstain} abstain, in {SYMBOL} at 0.1x")
        }
    }
}

/// How long the tokens of a vote are locked.
fn locked(view: &ReferendumView, ballot: &Ballot, clock: &Clock) -> String {
    let frozen = &view.referendum.frozen;
    let tokens = ballot.tokens().unwrap_or_default();
    let blocks = ballot.conviction().lock_blocks(frozen.lock_period);
    let last = match view.referendum.stage {
        Stage::Deciding { until, extended, confirming: _, .. } => {
            let extension = if extended { 0 } else { frozen.extension };
            let most = until.0.saturating_add(extension).saturating_add(frozen.rules.confirm);
            Some(Height(most.saturating_add(blocks)))
        }
        Stage::Preparing { .. }
        | Stage::Queued
        | Stage::Approved { .. }
        | Stage::Enacted { .. }
        | Stage::Rejected { .. }
        | Stage::TimedOut { .. }
        | Stage::Vetoed { .. }
        | Stage::Cancelled { .. }
        | Stage::Failed { .. } => None,
    };
    let more = match clock.lasting(blocks) {
        _ if blocks == 0 => String::new(),
        Some(time) => format!(" and for {blocks} blocks more, about {time}"),
        None => format!(" and for {blocks} blocks more"),
    };
    let latest = match last {
        Some(height) => format!("; at the latest until {}", clock.until(height)),
        None => "; its end is known once the decision has begun".to_owned(),
    };
    format!("{tokens} {SYMBOL} are locked until the vote ends{more}{latest}")
}

/// Says what a delegation weighs and locks.
pub(super) async fn say_delegated(
    global: &Global,
    sender: &Sender,
    message: &Delegate,
) -> Result<(), Failure> {
    let Delegate { track, to, amount, conviction } = message;
    let params = sender.client.governance(None).await.map_err(failed)?.data;
    let clock = Clock::of(&sender.client).await?;
    let blocks = conviction.lock_blocks(params.lock_period).max(params.lock_period);
    let votes = conviction.votes_floor(*amount).or_fail(Code::Usage, "the amount")?.weight();
    let time = clock.lasting(blocks).map_or_else(String::new, |time| format!(", about {time}"));
    output::say(
        global,
        &format!(
            "{amount} {SYMBOL} at {} on the {track} track: {votes} {SYMBOL} of votes follow {to} \
             in referenda that are submitted from now on\nthey are locked until the power is taken \
             back and for {blocks} blocks more{time}",
            times(*conviction)
        ),
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use probity_dao::Conviction;

    use super::*;

    #[test]
    fn a_split_names_each_side_once() {
        let amount = Amount::from_tokens;
        let ballot = split("aye=2PBY, nay=1PBY").unwrap();
        let (aye, nay) = (amount(2), amount(1));
        assert_eq!(ballot, Ballot::Split { aye, nay, abstain: Amount::ZERO });
        for (wrong, why) in [
            ("aye", "not SIDE=AMOUNT"),
            ("aye=1,aye=2", "twice"),
            ("yes=1", "none of aye"),
            ("aye=1.5", "not an amount"),
        ] {
            let failure = split(wrong).unwrap_err();
            assert!(failure.message().contains(why), "{wrong}: {}", failure.message());
        }
    }

    #[test]
    fn a_ballot_says_its_weight() {
        let amount = Amount::from_tokens(10);
        let ballot = |conviction| Ballot::Whole { side: Side::NayWithVeto, conviction, amount };
        let said = words(&ballot(Conviction::SixTimes));
        assert_eq!(said, "nay_with_veto with 10 PBY at 6x: 60 PBY of votes");
        assert!(words(&ballot(Conviction::Unlocked)).ends_with("at 0.1x: 1 PBY of votes"));
    }
}
