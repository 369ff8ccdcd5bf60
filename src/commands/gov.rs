//! `probity gov`: drafts, referenda, votes, delegations.
//!
//! A draft is a file; what is proposed is what the file says. Everything that is sent goes through
//! [`crate::wallet`]. What people wrote is shown in quotes, with what cannot be seen escaped.

mod ballot;
mod clock;
mod draft;
mod list;
mod locks;
mod params;
mod show;
mod simulate;

use probity_dao::ReferendumId;
use probity_primitives::Amount;
use probity_runtime::Message;
use probity_runtime::governance::message::{
    Delegate, RemoveVote, SubmitReferendum, TrimDelegation, Undelegate,
};
use probity_runtime::text::{SYMBOL, percent};

use crate::cli::{Global, GovVerb, TxFlags};
use crate::commands::block_on;
use crate::exit::{Code, Failure};
use crate::output;
use crate::wallet::{self, Sender, failed};

pub(crate) fn run(global: &Global, verb: GovVerb) -> Result<(), Failure> {
    match verb {
        GovVerb::Draft(given) => block_on(draft::write(global, &given)),
        GovVerb::Simulate { file, account } => {
            block_on(simulate::run(global, &draft::read(&file)?, account))
        }
        GovVerb::Propose { file, flags } => block_on(propose(global, &file, &flags)),
        GovVerb::List { track, stage, open, limit, pin } => {
            let filter = probity_runtime::query::ReferendumFilter { track, stage, open };
            block_on(list::referenda(global, &filter, limit, pin.at))
        }
        GovVerb::Show { id, account, pin } => block_on(show::show(global, id, account, pin.at)),
        GovVerb::Tally { id, pin } => block_on(show::tally(global, id, pin.at)),
        GovVerb::Vote(given) => block_on(ballot::vote(global, &given)),
        GovVerb::Unvote { id, flags } => send(global, &flags, unvote(id)),
        GovVerb::Votes { id, csv: true, pin, .. } => block_on(list::csv(global, id, pin.at)),
        GovVerb::Votes { id, csv: false, limit, pin } => {
            block_on(list::votes(global, id, limit, pin.at))
        }
        GovVerb::Delegate { track, to, tokens, conviction, flags } => block_on(async {
            let sender = Sender::open(global, &flags).await?;
            let mut message = Delegate { track, to, amount: Amount::ZERO, conviction };
            message.amount = match tokens.amount {
                Some(amount) => amount,
                None => all(&sender, &flags, message).await?,
            };
            ballot::say_delegated(global, &sender, &message).await?;
            sender.send(global, &flags, Message::Delegate(message)).await
        }),
        GovVerb::Undelegate { track, flags } => {
            send(global, &flags, Message::Undelegate(Undelegate { track }))
        }
        GovVerb::Trim { account, track, flags } => {
            send(global, &flags, Message::TrimDelegation(TrimDelegation { account, track }))
        }
        GovVerb::Delegations { track, to, limit, pin } => {
            block_on(list::delegations(global, (track, to), limit, pin.at))
        }
        GovVerb::Unlock { account, pin } => block_on(locks::show(global, account, pin.at)),
        GovVerb::Params { all } => block_on(params::show(global, all)),
    }
}

fn send(global: &Global, flags: &TxFlags, message: Message) -> Result<(), Failure> {
    block_on(wallet::send(global, flags, message))
}

fn unvote(referendum: ReferendumId) -> Message {
    Message::RemoveVote(RemoveVote { referendum })
}

/// All that the sender holds, once the fee is paid.
async fn all(sender: &Sender, flags: &TxFlags, message: Delegate) -> Result<Amount, Failure> {
    let held = sender.client.voter(&sender.address, None).await.map_err(failed)?.data.held;
    let fee = sender.fee(flags, Message::Delegate(message)).await?;
    Ok(held.checked_sub(fee).unwrap_or_default())
}

/// Submits a draft: tries it first, and says what the deposit is and when it burns.
async fn propose(global: &Global, file: &str, flags: &TxFlags) -> Result<(), Failure> {
    let draft = draft::read(file)?;
    let sender = Sender::open(global, flags).await?;
    let tried = simulate::ask(&sender.client, &draft, Some(sender.address)).await?.data;
    output::say(global, &simulate::text(&tried));
    if let (Some(reason), false) = (&tried.preview.refused, flags.delivery.no_simulate) {
        let told = format!("not proposed, because it would be refused: {reason}");
        return Err(Failure::new(Code::TxRejected, told)
            .hint("--no-simulate proposes it anyway, and the fee is paid"));
    }
    let deposit = match tried.deposit {
        Some(deposit) => format!("{deposit} {SYMBOL}"),
        None => "as much as the bond of the dispute".to_owned(),
    };
    let doubled = match tried.same_call {
        Some(id) => format!(" (twice the usual: referendum {id} asked for the same)"),
        None => String::new(),
    };
    output::say(
        global,
        &format!(
            "deposit: {deposit}{doubled}; it comes back when the referendum ends, and burns if the \
             referendum does not pass and nays with veto are {} or more of all ayes and nays",
            percent(tried.veto)
        ),
    );
    let draft::Draft { track, title, action, .. } = draft;
    let message = SubmitReferendum { track, title, action };
    sender.send(global, flags, Message::SubmitReferendum(message)).await
}
