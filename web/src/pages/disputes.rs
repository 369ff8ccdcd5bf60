//! Disputes: the list, and of each the claim, the ladder so far, the money and the votes.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use probity_api::Code;
use probity_primitives::TaskId;
use probity_protocol::Ledger;
use probity_protocol::dispute::{
    Claim, Dispute, DisputeBallot, Funder, Level, Pot, Question, Ruling, Rung, Side, Stage,
};
use probity_runtime::query::{self, DisputeFilter, DisputeView};
use serde::Deserialize;

use super::frame::{Frame, page};
use super::home::name_of;
use super::names::Name;
use super::outcome::State as Chip;
use super::results::operator_name;
use super::words::{When, roughly, score};
use crate::error::ApiError;
use crate::extract::{Args, Id, cursor};
use crate::routes::App;

/// How many disputes a list shows at once.
const PAGE: usize = 50;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListArgs {
    #[serde(default)]
    open: bool,
    cursor: Option<String>,
}

#[derive(Template)]
#[template(path = "disputes.html")]
struct List {
    frame: Frame,
    open: bool,
    rows: Vec<Row>,
    next: Option<u64>,
}

struct Row {
    id: u64,
    state: Chip,
    about: String,
    task: TaskId,
    opened: When,
    due: Option<When>,
}

/// What a ruling says of the result.
pub(super) const fn ruling(of: Ruling) -> &'static str {
    match of {
        Ruling::Uphold => "the result stands",
        Ruling::Overturn => "the result falls",
        Ruling::Void => "the result stands, and nobody was at fault",
    }
}

/// Where a dispute stands, in words.
pub(super) const fn stage_word(dispute: &Dispute) -> &'static str {
    match &dispute.stage {
        Stage::Answer { .. } => "waits for the member’s answer",
        Stage::Game { .. } => "the sides look for the item on which they differ",
        Stage::Ladder { rung, .. } => match rung {
            Rung::Jury { .. } => "a jury sits",
            Rung::Appeal { .. } => "a ruling may be appealed",
            Rung::Vote { .. } => "the holders vote",
        },
        Stage::Closed { ruling: of, .. } => ruling(*of),
    }
}

fn chip(dispute: &Dispute) -> Chip {
    match &dispute.stage {
        Stage::Closed { ruling: Ruling::Overturn, .. } => Chip::new("bad", "Result fell"),
        Stage::Closed { ruling: Ruling::Uphold | Ruling::Void, .. } => {
            Chip::new("good", "Result stands")
        }
        Stage::Answer { .. } | Stage::Game { .. } | Stage::Ladder { .. } => {
            Chip::new("wait", "Open")
        }
    }
}

/// The model and the benchmark of a task.
fn about(ledger: &Ledger, task: &TaskId) -> String {
    let Some(task) = ledger.tasks.get(task) else { return String::new() };
    let (model, benchmark) =
        (name_of(ledger, &task.request.artifact), name_of(ledger, &task.request.benchmark));
    format!("{} on {}", model.plain(), benchmark.plain())
}

pub(crate) async fn list(
    State(app): State<App>,
    Args(args): Args<ListArgs>,
) -> Result<Response, ApiError> {
    let ListArgs { open, cursor: after } = args;
    let after = cursor(after.as_deref())?;
    let frame = Frame::new(&app, "/disputes").await?.named("Disputes", "/disputes");
    let ledger = frame.chain.ledger();
    let found = query::disputes(ledger, DisputeFilter { task: None, open }, after, PAGE);
    let rows = found.items.iter().map(|view| Row {
        id: view.id,
        state: chip(&view.dispute),
        about: about(ledger, &view.dispute.task),
        task: view.dispute.task,
        opened: frame.clock.at(view.dispute.opened),
        due: (!view.dispute.is_closed()).then(|| frame.clock.at(view.dispute.due)),
    });
    page(&List { open, rows: rows.collect(), next: found.next, frame })
}

#[derive(Template)]
#[template(path = "dispute.html")]
struct One {
    frame: Frame,
    id: u64,
    state: Chip,
    stage: &'static str,
    task: TaskId,
    about: String,
    claim: String,
    member: String,
    member_name: Name,
    challenger: Option<String>,
    opened: When,
    due: Option<When>,
    closed: Option<(When, &'static str)>,
    answered: bool,
    question: Option<String>,
    claimed_root: Option<String>,
    implicated: Vec<(String, Name)>,
    levels: Vec<LevelRow>,
    jury: Vec<Juror>,
}

/// One level of the ladder.
struct LevelRow {
    number: usize,
    challenger: String,
    defender: String,
    funders: usize,
    ruling: Option<&'static str>,
    votes: Vec<Juror>,
}

struct Juror {
    operator: String,
    name: Name,
    seats: u32,
    said: &'static str,
}

pub(crate) async fn one(State(app): State<App>, Id(id): Id<u64>) -> Result<Response, ApiError> {
    let frame = Frame::new(&app, "/disputes").await?;
    let ledger = frame.chain.ledger();
    let view = query::dispute(ledger, id)
        .ok_or_else(|| ApiError::new(Code::DisputeNotFound, format!("no dispute {id}")))?;
    let DisputeView { dispute, ballots, .. } = &view;
    let member = dispute.claim.member();
    let named = |operator: &probity_primitives::OperatorId| operator_name(ledger, operator);
    let jury = match &dispute.stage {
        Stage::Ladder { rung: Rung::Jury { bench }, .. } => bench.jurors.to_vec(),
        Stage::Ladder { .. } | Stage::Answer { .. } | Stage::Game { .. } | Stage::Closed { .. } => {
            Vec::new()
        }
    };
    let jury = jury.iter().map(|juror| Juror {
        operator: juror.operator.to_string(),
        name: named(&juror.operator),
        seats: juror.seats.0,
        said: match ballots.iter().find(|(operator, _)| *operator == juror.operator) {
            None => "nothing yet",
            Some((_, DisputeBallot::Committed { .. })) => "bound to a vote",
            Some((_, DisputeBallot::Revealed { vote })) => ruling(*vote),
            Some((_, DisputeBallot::Leaked)) => "its vote was known before: it does not count",
        },
    });
    let question = match &dispute.stage {
        Stage::Ladder { question, .. } => Some(asked(question)),
        Stage::Answer { .. } | Stage::Game { .. } | Stage::Closed { .. } => None,
    };
    let one = One {
        id,
        state: chip(dispute),
        stage: stage_word(dispute),
        task: dispute.task,
        about: about(ledger, &dispute.task),
        claim: claim(&dispute.claim),
        member: member.to_string(),
        member_name: named(&member),
        challenger: match dispute.challenger {
            Funder::Account(account) => Some(account.to_string()),
            Funder::AuditPool => None,
        },
        opened: frame.clock.at(dispute.opened),
        due: (!dispute.is_closed()).then(|| frame.clock.at(dispute.due)),
        closed: match dispute.stage {
            Stage::Closed { ruling: of, at } => Some((frame.clock.at(at), ruling(of))),
            Stage::Answer { .. } | Stage::Game { .. } | Stage::Ladder { .. } => None,
        },
        answered: dispute.answered,
        question,
        claimed_root: dispute.claim.root().map(|root| root.to_string()),
        implicated: dispute.implicated.iter().map(|one| (one.to_string(), named(one))).collect(),
        levels: dispute.levels.iter().zip(1usize..).map(|(one, n)| level(ledger, one, n)).collect(),
        jury: jury.collect(),
        frame: frame.named(format!("Dispute {id}"), format!("/disputes/{id}")),
    };
    page(&one)
}

fn claim(claim: &Claim) -> String {
    match claim {
        Claim::Transcript { item, .. } => {
            format!("The transcript of a member is false at item {item}.")
        }
        Claim::Aggregate { score: own, .. } => {
            format!("The result is wrong: measured again, the score is {}.", score(*own))
        }
        Claim::Withheld { item, .. } => {
            format!("A member does not publish its transcript; item {item} is asked for.")
        }
    }
}

fn asked(question: &Question) -> String {
    match question {
        Question::Item { item, .. } => {
            format!("Which content is right at item {item}? Jurors run that item and nothing else.")
        }
        Question::Segment { first, last, stated, claimed } => format!(
            "Which sum over items {first} to {last} is right: the member’s {stated} or the \
             challenger’s {claimed}?"
        ),
    }
}

fn level(ledger: &Ledger, level: &Level, number: usize) -> LevelRow {
    let sum = |pot: &Pot| roughly(pot.sum().unwrap_or_default());
    let (challenger, defender) = (level.pot(Side::Challenger), level.pot(Side::Defender));
    let votes = level.votes.iter().map(|vote| Juror {
        operator: vote.operator.to_string(),
        name: operator_name(ledger, &vote.operator),
        seats: vote.seats.0,
        said: vote.vote.map_or("no vote shown", ruling),
    });
    LevelRow {
        number,
        challenger: sum(challenger),
        defender: sum(defender),
        funders: challenger.stakes().len().saturating_add(defender.stakes().len()),
        ruling: level.ruling.map(ruling),
        votes: votes.collect(),
    }
}
