//! Forms that build unsigned transactions: a vote, a proposal, a delegation.
//!
//! A form is a question in the address, so that it works without a script and can be kept as a
//! link. What is missing or wrong is said beside the form, with status 400.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use probity_api::Code;
use probity_dao::{Ballot, Conviction, ReferendumId, Side, Track};
use probity_primitives::Address;
use probity_runtime::Message;
use probity_runtime::governance::message::{CastVote, Delegate, Undelegate};
use probity_runtime::query;
use serde::Deserialize;

use super::frame::{Frame, page};
use super::names::Name;
use super::unsigned::{self, again, amount};
use super::words::roughly;
use crate::error::ApiError;
use crate::extract::{Args, Id};
use crate::routes::App;

/// What a form does with what it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Want {
    /// The form, as far as it is filled in.
    Form,
    /// The transaction on a page.
    Shown,
    /// The transaction as a file.
    File,
}

impl Want {
    pub(super) const fn of(edit: bool, file: bool) -> Self {
        match (edit, file) {
            (true, _) => Self::Form,
            (false, true) => Self::File,
            (false, false) => Self::Shown,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VoteArgs {
    account: Address,
    side: Side,
    amount: String,
    conviction: Conviction,
    #[serde(default)]
    edit: bool,
    #[serde(default)]
    file: bool,
}

/// A vote as an unsigned transaction; the form is on the referendum's page.
pub(crate) async fn vote(
    State(app): State<App>,
    Id(referendum): Id<ReferendumId>,
    RawQuery(query): RawQuery,
    Args(args): Args<VoteArgs>,
) -> Result<Response, ApiError> {
    let VoteArgs { account, side, amount: given, conviction, edit, file } = args;
    let frame = Frame::new(&app, "/gov").await?;
    if !frame.chain.dao().referenda.contains(&referendum) {
        let detail = format!("no referendum {referendum}");
        return Err(ApiError::new(Code::ReferendumNotFound, detail));
    }
    if edit {
        let to = format!("/gov/{referendum}?account={account}#vote");
        return Ok(axum::response::IntoResponse::into_response(axum::response::Redirect::to(&to)));
    }
    let amount = amount(&given).map_err(|why| ApiError::new(Code::BadParameter, why))?;
    let ballot = Ballot::Whole { side, conviction, amount };
    let message = Message::CastVote(CastVote { referendum, ballot });
    answer(&app, frame, (account, message), query, &format!("/gov/{referendum}/vote"), file).await
}

/// The transaction as a page or as a file.
pub(super) async fn answer(
    app: &App,
    frame: Frame,
    (sender, message): (Address, Message),
    query: Option<String>,
    path: &str,
    as_file: bool,
) -> Result<Response, ApiError> {
    let body = unsigned::body(app, &frame, sender, message).await?;
    if as_file {
        return unsigned::file(&frame, &body);
    }
    unsigned::show(frame, &body, &query.unwrap_or_default(), path)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DelegateArgs {
    account: Option<String>,
    track: Option<Track>,
    to: Option<String>,
    amount: Option<String>,
    conviction: Option<Conviction>,
    /// Takes back instead of giving.
    #[serde(default)]
    back: bool,
    #[serde(default)]
    edit: bool,
    #[serde(default)]
    file: bool,
}

#[derive(Template)]
#[template(path = "delegate.html")]
struct DelegateForm {
    frame: Frame,
    account: String,
    track: &'static str,
    to: String,
    amount: String,
    conviction: &'static str,
    tracks: [Track; 8],
    convictions: [Conviction; 7],
    wrong: Option<Name>,
    known: Option<Voter>,
}

/// What an account has given and was given.
struct Voter {
    held: String,
    locked: String,
    given: Vec<(&'static str, String, String, u64)>,
    received: Vec<(&'static str, String, String)>,
}

pub(crate) async fn delegate(
    State(app): State<App>,
    RawQuery(raw): RawQuery,
    Args(args): Args<DelegateArgs>,
) -> Result<Response, ApiError> {
    let frame = Frame::new(&app, "/gov").await?.named("Delegate", "/delegations");
    let want = Want::of(args.edit, args.file);
    let wanted = message(&args);
    let complete = args.track.is_some() && args.account.is_some();
    match (&wanted, want) {
        (Ok(asked), Want::Shown | Want::File) => {
            let asked = asked.clone();
            return answer(&app, frame, asked, raw, "/gov/delegate", want == Want::File).await;
        }
        (Ok(_), Want::Form) | (Err(_), _) => {}
    }
    let wrong = wanted.err().filter(|_| complete && want != Want::Form);
    let account = args.account.unwrap_or_default();
    let form = DelegateForm {
        known: account.trim().parse().ok().map(|account| voter(&frame, account)),
        account,
        track: args.track.map(Track::name).unwrap_or_default(),
        to: args.to.unwrap_or_default(),
        amount: args.amount.unwrap_or_default(),
        conviction: args.conviction.map(Conviction::name).unwrap_or_default(),
        tracks: Track::ALL,
        convictions: Conviction::ALL,
        wrong: wrong.as_deref().map(Name::of),
        frame,
    };
    if form.wrong.is_some() { again(&form) } else { page(&form) }
}

fn message(args: &DelegateArgs) -> Result<(Address, Message), String> {
    let address = |what: &str, given: &Option<String>| {
        let given = given.as_deref().map(str::trim).unwrap_or_default();
        given.parse::<Address>().map_err(|error| format!("{what}: {error}"))
    };
    let account = address("your address", &args.account)?;
    let track = args.track.ok_or("no track is chosen")?;
    if args.back {
        return Ok((account, Message::Undelegate(Undelegate { track })));
    }
    let to = address("the delegate's address", &args.to)?;
    let amount = amount(args.amount.as_deref().unwrap_or_default())?;
    let conviction = args.conviction.unwrap_or(Conviction::Once);
    Ok((account, Message::Delegate(Delegate { track, to, amount, conviction })))
}

fn voter(frame: &Frame, account: Address) -> Voter {
    let view = query::voter(frame.chain.state(), account, frame.chain.height());
    let given = view.given.iter().map(|one| {
        let delegation = one.delegation;
        let periods = delegation.conviction.periods();
        (one.track.name(), delegation.to.to_string(), roughly(delegation.amount), periods)
    });
    let received = view.received.iter().map(|one| {
        (one.track.name(), roughly(one.power.tokens), roughly(one.power.votes.weight()))
    });
    Voter {
        held: roughly(view.held),
        locked: roughly(view.locked),
        given: given.collect(),
        received: received.collect(),
    }
}
