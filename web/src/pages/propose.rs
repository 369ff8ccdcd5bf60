//! The form of a proposal: which action, with which values, and the transaction it makes.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use probity_dao::action::Change;
use probity_dao::{Action, ReferendumId, Ruling, Track};
use probity_primitives::{Address, BoundedString, BoundedVec, ContentHash, Height};
use probity_runtime::Message;
use probity_runtime::governance::message::SubmitReferendum;
use probity_runtime::governance::parameters;
use probity_runtime::query;
use serde::Deserialize;

use super::drafts::{Want, answer};
use super::frame::{Frame, page};
use super::names::Name;
use super::unsigned::{again, amount};
use super::words::roughly;
use crate::error::ApiError;
use crate::extract::Args;
use crate::routes::App;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProposeArgs {
    kind: Option<String>,
    account: Option<String>,
    title: Option<String>,
    track: Option<Track>,
    /// What the kind asks for, in the order of its fields.
    first: Option<String>,
    second: Option<String>,
    #[serde(default)]
    edit: bool,
    #[serde(default)]
    file: bool,
}

/// A kind of proposal and what it asks for.
#[derive(Debug, Clone, Copy)]
struct Kind {
    key: &'static str,
    name: &'static str,
    said: &'static str,
    track: Track,
    /// Another track on which the same may be proposed.
    other: Option<Track>,
    first: &'static str,
    second: Option<&'static str>,
}

/// The kinds, in the order of the form.
const KINDS: [Kind; 12] = [
    Kind {
        key: "change",
        name: "Change a parameter",
        said: "One number of the rules. It changes only if the present value is still the one \
               that it says.",
        track: Track::Parameters,
        other: Some(Track::Root),
        first: "Parameter",
        second: Some("New value"),
    },
    Kind {
        key: "spend",
        name: "Spend from the treasury",
        said: "A payment to one account.",
        track: Track::SmallSpend,
        other: Some(Track::LargeSpend),
        first: "To, an address",
        second: Some("Tokens"),
    },
    Kind {
        key: "text",
        name: "Agree to a text",
        said: "Nothing but that the holders said so.",
        track: Track::Root,
        other: Some(Track::Parameters),
        first: "Hash of the text (blake3)",
        second: None,
    },
    Kind {
        key: "mint",
        name: "Mint",
        said: "New tokens, released over a year to the treasury and the pools, within the caps.",
        track: Track::Supply,
        other: None,
        first: "Tokens",
        second: None,
    },
    Kind {
        key: "upgrade",
        name: "Plan an upgrade",
        said: "The rules of another version, from a height on.",
        track: Track::Root,
        other: None,
        first: "Version",
        second: Some("First block"),
    },
    Kind {
        key: "cancel_upgrade",
        name: "Give up an upgrade",
        said: "The version that is planned.",
        track: Track::Cancel,
        other: Some(Track::Root),
        first: "Version",
        second: None,
    },
    Kind {
        key: "cancel",
        name: "Cancel a referendum",
        said: "Ends another referendum before it takes effect.",
        track: Track::Cancel,
        other: Some(Track::Root),
        first: "Referendum",
        second: None,
    },
    Kind {
        key: "revert_slash",
        name: "Give back a slash",
        said: "One that waits.",
        track: Track::Cancel,
        other: Some(Track::Root),
        first: "Slash",
        second: None,
    },
    Kind {
        key: "resume_window",
        name: "Let suspended slashes go on",
        said: "All of a window in which more than half of the stake offended.",
        track: Track::Cancel,
        other: Some(Track::Root),
        first: "Window",
        second: None,
    },
    Kind {
        key: "revert_window",
        name: "Give back suspended slashes",
        said: "All of a window in which more than half of the stake offended.",
        track: Track::Cancel,
        other: Some(Track::Root),
        first: "Window",
        second: None,
    },
    Kind {
        key: "pause",
        name: "Pause payouts",
        said: "Everything else goes on.",
        track: Track::Pause,
        other: None,
        first: "Blocks",
        second: None,
    },
    Kind {
        key: "rule",
        name: "Rule on a dispute",
        said: "One whose juries were all appealed. The ruling is uphold, overturn or void.",
        track: Track::Dispute,
        other: None,
        first: "Dispute",
        second: Some("Ruling"),
    },
];

#[derive(Template)]
#[template(path = "propose.html")]
struct Form {
    frame: Frame,
    kinds: [Kind; 12],
    kind: Kind,
    account: String,
    title: String,
    track: Track,
    first: String,
    second: String,
    wrong: Option<Name>,
    parameters: Vec<(String, String)>,
    deposit: Option<String>,
}

pub(crate) async fn new(
    State(app): State<App>,
    RawQuery(raw): RawQuery,
    Args(args): Args<ProposeArgs>,
) -> Result<Response, ApiError> {
    let frame = Frame::new(&app, "/gov").await?.named("Propose", "/governance");
    let want = Want::of(args.edit, args.file);
    let key = args.kind.as_deref().unwrap_or("change");
    let [first, ..] = KINDS;
    let kind = KINDS.into_iter().find(|kind| kind.key == key);
    let unknown = kind.is_none().then(|| format!("{key:?} is no kind of proposal"));
    let kind = kind.unwrap_or(first);
    let asked = args.account.is_some() || args.title.is_some();
    let wrong = match unknown {
        Some(unknown) => Some(unknown),
        None if !asked || want == Want::Form => None,
        None => match message(&frame, kind, &args) {
            Ok(asked) => {
                return answer(&app, frame, asked, raw, "/gov/new", want == Want::File).await;
            }
            Err(why) => Some(why),
        },
    };
    let track = args.track.unwrap_or(kind.track);
    let rules = frame.chain.dao().params.get();
    let form = Form {
        kinds: KINDS,
        kind,
        account: args.account.unwrap_or_default(),
        title: args.title.unwrap_or_default(),
        track,
        first: args.first.unwrap_or_default(),
        second: args.second.unwrap_or_default(),
        wrong: wrong.as_deref().map(Name::of),
        parameters: if kind.key == "change" {
            parameters::list(frame.chain.ledger().params.get(), rules)
        } else {
            Vec::new()
        },
        deposit: match rules.track(track).deposit {
            probity_dao::Deposit::Fixed(amount) => Some(roughly(amount)),
            probity_dao::Deposit::DisputeBond => None,
        },
        frame,
    };
    if form.wrong.is_some() { again(&form) } else { page(&form) }
}

fn message(frame: &Frame, kind: Kind, args: &ProposeArgs) -> Result<(Address, Message), String> {
    let account = args.account.as_deref().map(str::trim).unwrap_or_default();
    let account = account.parse::<Address>().map_err(|error| format!("your address: {error}"))?;
    let title = args.title.as_deref().map(str::trim).unwrap_or_default();
    if title.is_empty() {
        return Err("a title is missing".to_owned());
    }
    let title = BoundedString::new(title).map_err(|error| format!("the title: {error}"))?;
    let track = args.track.unwrap_or(kind.track);
    let given =
        |value: &Option<String>| value.as_deref().map(str::trim).unwrap_or_default().to_owned();
    let action = action(frame, kind, &given(&args.first), &given(&args.second))?;
    action.check(track).map_err(|error| error.to_string())?;
    let preview = query::preview(&frame.chain, track, account, &action).preview;
    if let Some(refused) = preview.refused {
        return Err(format!("it would be refused: {refused}"));
    }
    Ok((account, Message::SubmitReferendum(SubmitReferendum { track, title, action })))
}

fn action(frame: &Frame, kind: Kind, first: &str, second: &str) -> Result<Action, String> {
    let number =
        |text: &str| text.parse::<u64>().map_err(|error| format!("{text:?} is no number: {error}"));
    let version = |text: &str| {
        text.parse::<u32>().map_err(|error| format!("{text:?} is no version: {error}"))
    };
    Ok(match kind.key {
        "change" => change(frame, first, second)?,
        "spend" => Action::Spend {
            to: first.parse::<Address>().map_err(|error| format!("the receiver: {error}"))?,
            amount: amount(second)?,
        },
        "text" => Action::Text {
            hash: first.parse::<ContentHash>().map_err(|error| format!("the hash: {error}"))?,
        },
        "mint" => Action::Mint { amount: amount(first)? },
        "upgrade" => Action::Upgrade { version: version(first)?, height: Height(number(second)?) },
        "cancel_upgrade" => Action::CancelUpgrade { version: version(first)? },
        "cancel" => Action::CancelReferendum { referendum: ReferendumId(number(first)?) },
        "revert_slash" => Action::RevertSlash { slash: number(first)? },
        "resume_window" => Action::ResumeWindow { window: number(first)? },
        "revert_window" => Action::RevertWindow { window: number(first)? },
        "pause" => Action::Pause { blocks: number(first)? },
        "rule" => Action::RuleDispute { dispute: number(first)?, ruling: ruling(second)? },
        other => return Err(format!("{other:?} is no kind of proposal")),
    })
}

fn ruling(text: &str) -> Result<Ruling, String> {
    let known = [Ruling::Uphold, Ruling::Overturn, Ruling::Void];
    let found = known.into_iter().find(|ruling| ruling.name() == text);
    found.ok_or_else(|| format!("{text:?} is none of uphold, overturn and void"))
}

/// A change from what is in force.
fn change(frame: &Frame, path: &str, after: &str) -> Result<Action, String> {
    let (rules, dao) = (frame.chain.ledger().params.get(), frame.chain.dao().params.get());
    let before = parameters::value(rules, dao, path)
        .ok_or_else(|| format!("there is no parameter {path:?}"))?;
    // Amounts are texts in JSON; people leave the quotes out.
    let quoted = before.starts_with('"') && !after.starts_with('"');
    let after = if quoted { format!("\"{after}\"") } else { after.to_owned() };
    let change = Change {
        path: BoundedString::new(path).map_err(|error| format!("the parameter: {error}"))?,
        before: BoundedString::new(before).map_err(|error| format!("the value: {error}"))?,
        after: BoundedString::new(after).map_err(|error| format!("the value: {error}"))?,
    };
    let changes = BoundedVec::from_vec(vec![change]).map_err(|error| error.to_string())?;
    Ok(Action::ChangeParameters { changes })
}
