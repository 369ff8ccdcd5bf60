//! One operator: how it measured, what it has at stake, what it earned and lost, how it voted.

use std::cmp::Reverse;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use probity_api::Code;
use probity_dao::{Ballot, ReferendumId};
use probity_primitives::{Address, Height, OperatorId, TaskId};
use probity_protocol::staking::Standing as Work;
use probity_protocol::task::{Counting, Outcome, Standing};
use probity_runtime::query::{self, MAX_SCAN};

use super::artifacts::percent;
use super::frame::{Frame, page};
use super::home::{due, name_of};
use super::names::Name;
use super::outcome::State as Chip;
use super::validators::{Record, standing};
use super::words::{Short, When, aligned, count, part, roughly, score, share, times};
use crate::error::ApiError;
use crate::extract::Id;
use crate::routes::App;

/// The most results of one operator that are drawn and listed.
const MAX_DRAWN: usize = 60;

/// How many blocks back signatures are counted.
const SIGNED_BLOCKS: u64 = 50;

/// How many assignments the ledger remembers of an operator.
const REMEMBERED: u32 = 32;

#[derive(Template)]
#[template(path = "validator.html")]
struct One {
    frame: Frame,
    id: OperatorId,
    name: Name,
    standing: Chip,
    jailed: Option<When>,
    owner: String,
    key: String,
    stake: String,
    locked: String,
    power: Option<String>,
    drawable: bool,
    commission: String,
    classes: String,
    results: String,
    agreement: Option<String>,
    median: Option<String>,
    flagged: String,
    grey: String,
    silent: String,
    paid: String,
    false_results: String,
    jailings: String,
    /// The last assignments, oldest first; whether each was missed.
    assignments: Vec<(usize, bool)>,
    signed: Option<(u64, u64)>,
    marks: Vec<Mark>,
    parts: Vec<Part>,
    slashes: Vec<SlashRow>,
    votes: Vec<VoteRow>,
}

/// One result on the strip of deviations.
struct Mark {
    x: usize,
    y: i128,
    class: &'static str,
    words: String,
}

struct Part {
    task: TaskId,
    artifact: Name,
    benchmark: Name,
    own: Option<String>,
    result: String,
    standing: &'static str,
    checks: &'static str,
    paid: String,
    state: Chip,
    when: When,
}

struct SlashRow {
    code: String,
    amount: String,
    recorded: When,
    task: Option<(TaskId, Short)>,
    due: String,
}

struct VoteRow {
    id: ReferendumId,
    title: Name,
    said: String,
}

pub(crate) async fn one(
    State(app): State<App>,
    Id(id): Id<OperatorId>,
) -> Result<Response, ApiError> {
    let frame = Frame::new(&app, "/validators").await?;
    let ledger = frame.chain.ledger();
    let view = query::operator(ledger, &id).ok_or_else(|| {
        ApiError::new(Code::OperatorNotFound, format!("there is no operator {id}"))
    })?;
    let known = &view.operator;
    let all = ledger.outcomes.iter().take(MAX_SCAN);
    let mut own: Vec<(&TaskId, &Outcome)> = all
        .filter(|(_, outcome)| outcome.members.iter().any(|member| member.operator == id))
        .collect();
    own.sort_by_key(|(task, outcome)| (Reverse(outcome.published), **task));
    let mut record = Record::default();
    for (_, outcome) in &own {
        for member in outcome.members.iter().filter(|member| member.operator == id) {
            record.add(outcome, member);
        }
    }
    let total = u128::from(ledger.validators.get().total_power());
    let name = Name::of(&known.name);
    let title = name.plain().to_owned();
    let bits = (0..REMEMBERED).rev().zip(0usize..);
    page(&One {
        id,
        name,
        standing: standing(known),
        jailed: match known.standing {
            Work::Jailed { until } => Some(frame.clock.at(until)),
            Work::Active | Work::Tombstoned => None,
        },
        owner: known.owner.to_string(),
        key: known.key.to_string(),
        stake: roughly(view.bonded),
        locked: roughly(view.locked),
        power: (view.power > 0).then(|| share(part(view.power.into(), total))),
        drawable: view.drawable,
        commission: percent(known.commission.parts()),
        classes: known.classes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        results: count(record.results),
        agreement: (record.results > 0).then(|| share(record.agreement())),
        median: record.median().map(super::words::micros),
        flagged: times(record.flagged),
        grey: times(record.grey),
        silent: times(record.silent),
        paid: roughly(record.paid),
        false_results: times(known.false_results.into()),
        jailings: times(known.misses.jailings.into()),
        assignments: bits.map(|(bit, x)| (x, (known.misses.bits >> bit) & 1 == 1)).collect(),
        signed: if view.power > 0 { signed(&app, &id, frame.chain.height()).await } else { None },
        marks: marks(&own, &id),
        parts: parts(&frame, &own, &id),
        slashes: slashes(&frame, &id),
        votes: votes(&frame, known.owner),
        frame: frame.named(title, format!("/operators/{id}")),
    })
}

/// How many of the latest blocks carry the operator's signature; none if their votes are not kept.
async fn signed(app: &App, id: &OperatorId, tip: Height) -> Option<(u64, u64)> {
    let (mut signed, mut seen) = (0u64, 0u64);
    for back in 0..SIGNED_BLOCKS {
        let Some(height) = tip.0.checked_sub(back).filter(|height| *height > 0) else { break };
        let Ok(Some(certificate)) = app.backend.certificate(Height(height)).await else { break };
        seen = seen.saturating_add(1);
        if certificate.signatures.iter().any(|(operator, _)| operator == id) {
            signed = signed.saturating_add(1);
        }
    }
    (seen > 0).then_some((signed, seen))
}

/// Where each of the latest results stands from zero: the line of the tolerance is 30 units away.
fn marks(own: &[(&TaskId, &Outcome)], id: &OperatorId) -> Vec<Mark> {
    let newest = own.iter().take(MAX_DRAWN).rev().zip(0usize..);
    let marks = newest.filter_map(|((_, outcome), place)| {
        let member = outcome.members.iter().find(|member| member.operator == *id)?;
        let x = place.saturating_mul(10).saturating_add(8);
        let Some(own) = member.score else {
            return Some(Mark { x, y: 40, class: "miss", words: "showed no score".to_owned() });
        };
        let apart = i128::from(own.micros()).saturating_sub(outcome.score.micros().into());
        let tolerance = i128::from(outcome.tolerance).max(1);
        let y = apart.saturating_mul(30).checked_div(tolerance)?.clamp(-38, 38);
        let class = match (member.counting, member.standing) {
            (Counting::Suspended | Counting::Excluded, _) | (_, Some(Standing::Flagged)) => {
                "ev-out"
            }
            (Counting::Counted, Some(Standing::Grey)) => "ev-grey",
            (Counting::Counted, Some(Standing::Accepted) | None) => "ev",
        };
        let words = format!("{} where the result is {}", score(own), score(outcome.score));
        Some(Mark { x, y: 40i128.saturating_sub(y), class, words })
    });
    marks.collect()
}

fn parts(frame: &Frame, own: &[(&TaskId, &Outcome)], id: &OperatorId) -> Vec<Part> {
    let ledger = frame.chain.ledger();
    let parts = own.iter().take(MAX_DRAWN).filter_map(|(task, outcome)| {
        let member = outcome.members.iter().find(|member| member.operator == *id)?;
        Some(Part {
            task: **task,
            artifact: name_of(ledger, &outcome.artifact),
            benchmark: name_of(ledger, &outcome.benchmark),
            own: member.score.map(score),
            result: score(outcome.score),
            standing: match (member.counting, member.standing) {
                (Counting::Excluded, _) => "proven false",
                (Counting::Suspended, _) => "left out for now",
                (Counting::Counted, Some(Standing::Accepted)) => "within tolerance",
                (Counting::Counted, Some(Standing::Grey)) => "within twice the tolerance",
                (Counting::Counted, Some(Standing::Flagged)) => "flagged",
                (Counting::Counted, None) => "showed no score",
            },
            checks: match member.clean {
                Some(true) => "passed",
                Some(false) => "failed",
                None => "not decided",
            },
            paid: aligned(member.paid, 2),
            state: Chip::of(outcome),
            when: frame.clock.at(outcome.published),
        })
    });
    parts.collect()
}

fn slashes(frame: &Frame, id: &OperatorId) -> Vec<SlashRow> {
    let found = query::slashes(frame.chain.ledger(), Some(id), None, MAX_DRAWN);
    let rows = found.items.into_iter().map(|view| SlashRow {
        code: view.code,
        amount: roughly(view.slash.amount),
        recorded: frame.clock.at(view.slash.recorded),
        task: view.slash.task.map(|task| (task, Short::of(&task))),
        due: due(view.slash.state, view.slash.due),
    });
    rows.collect()
}

/// What a ballot says, in words.
pub(super) fn ballot(ballot: &Ballot, symbol: &Name) -> String {
    let tokens = |amount| format!("{} {}", roughly(amount), symbol.plain());
    match ballot {
        Ballot::Whole { side, conviction, amount } => {
            let side = match side {
                probity_dao::Side::Aye => "aye",
                probity_dao::Side::Nay => "nay",
                probity_dao::Side::NayWithVeto => "nay with veto",
            };
            let lock = match conviction.periods() {
                0 => "not locked".to_owned(),
                1 => "locked for 1 period".to_owned(),
                periods => format!("locked for {periods} periods"),
            };
            format!("{side} with {}, {lock}", tokens(*amount))
        }
        Ballot::Split { aye, nay, abstain } => {
            let parts = [("aye", aye), ("nay", nay), ("abstain", abstain)];
            parts.map(|(side, part)| format!("{side} {}", tokens(*part))).join(", ")
        }
    }
}

/// How the owner voted on what its account still holds votes on.
pub(super) fn votes_of(frame: &Frame, account: Address) -> Vec<(ReferendumId, Name, String)> {
    let dao = frame.chain.dao();
    let Some(voter) = dao.voters.get(&account) else { return Vec::new() };
    let rows = voter.votes.iter().rev().filter_map(|id| {
        let vote = dao.votes.get(&(*id, account))?;
        let title = dao.referenda.get(id).map(|known| known.title.as_str()).unwrap_or_default();
        Some((*id, Name::of(title), ballot(&vote.ballot, &frame.symbol)))
    });
    rows.collect()
}

fn votes(frame: &Frame, owner: Address) -> Vec<VoteRow> {
    let rows = votes_of(frame, owner).into_iter();
    rows.map(|(id, title, said)| VoteRow { id, title, said }).collect()
}
