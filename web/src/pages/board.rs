//! Boards: all benchmarks, and the results on one with both kinds of doubt.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use probity_api::Code;
use probity_primitives::{ArtifactId, Score, TaskId};
use probity_protocol::Ledger;
use probity_protocol::registry::{ArtifactKind, ArtifactStatus, Direction};
use probity_protocol::task::{Counting, Outcome, Standing};
use probity_runtime::query::{self, ArtifactFilter, BoardView};

use super::frame::{Frame, page};
use super::names::Name;
use super::outcome::{State as OutcomeStateChip, open_until};
use super::plot::{Bar, Scale, Tick};
use super::standing::{Ranks, range, ranks};
use super::words::{When, count, score, short_score};
use crate::error::ApiError;
use crate::extract::Id;
use crate::routes::App;

/// The most benchmarks on the page of all boards.
const MAX_BOARDS: usize = 100;

/// The most rows of each there.
const MAX_LEADERS: usize = 5;

/// Where the line of a row's chart begins and how long it is.
const LINE: (i128, i128) = (8, 384);

#[derive(Template)]
#[template(path = "boards.html")]
struct Boards {
    frame: Frame,
    boards: Vec<Board>,
    more: bool,
}

#[derive(Template)]
#[template(path = "board.html")]
struct OneBoard {
    frame: Frame,
    board: Board,
}

/// A benchmark with its results.
struct Board {
    id: ArtifactId,
    name: Name,
    metric: Name,
    better: &'static str,
    items: String,
    lowest: String,
    highest: String,
    withdrawn: bool,
    ticks: Vec<Tick>,
    rows: Vec<Row>,
    total: usize,
}

/// A result.
struct Row {
    ranks: Option<Ranks>,
    artifact: ArtifactId,
    name: Name,
    version: Name,
    withdrawn: bool,
    task: TaskId,
    score: String,
    interval: Option<(String, String)>,
    spread: Option<(String, String)>,
    flagged: usize,
    operators: u32,
    seats: String,
    state: OutcomeStateChip,
    until: Option<When>,
    /// The chart in words.
    spoken: String,
    mark: i128,
    interval_bar: Option<Bar>,
    spread_bar: Bar,
    evaluators: BTreeSet<Dot>,
}

/// An evaluator's score on a line. Those that are alike are one mark.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Dot {
    class: &'static str,
    at: i128,
}

pub(crate) async fn list(State(app): State<App>) -> Result<Response, ApiError> {
    let frame = Frame::new(&app, "/board").await?.named("Boards", "/artifacts?kind=benchmark");
    let ledger = frame.chain.ledger();
    let filter = ArtifactFilter { kind: Some(ArtifactKind::Benchmark), owner: None };
    let found = query::artifacts(ledger, filter, None, MAX_BOARDS);
    let boards = found.items.iter().filter_map(|view| board(&frame, &view.id, MAX_LEADERS));
    let (boards, more) = (boards.collect(), found.next.is_some());
    page(&Boards { boards, more, frame })
}

pub(crate) async fn one(
    State(app): State<App>,
    Id(id): Id<ArtifactId>,
) -> Result<Response, ApiError> {
    let frame = Frame::new(&app, "/board").await?;
    let board = board(&frame, &id, usize::MAX).ok_or_else(|| {
        ApiError::new(Code::BenchmarkNotFound, format!("there is no benchmark {id}"))
    })?;
    let title = board.name.plain().to_owned();
    page(&OneBoard { frame: frame.named(title, format!("/board?benchmark={id}")), board })
}

fn board(frame: &Frame, id: &ArtifactId, most: usize) -> Option<Board> {
    let ledger = frame.chain.ledger();
    let (promised, artifact) = (ledger.benchmarks.get(id)?, ledger.artifacts.get(id)?);
    let BoardView { name, metric, direction, rows, .. } = query::board(ledger, id)?;
    let outcomes: Vec<&Outcome> = rows.iter().map(|row| &row.outcome).collect();
    let ranks = ranks(&outcomes, direction);
    let total = rows.len();
    let ends = outcomes.iter().take(most).flat_map(|outcome| {
        let (low, high) = range(outcome);
        [low, high]
    });
    let scale = Scale::around(ends, (promised.lowest, promised.highest), LINE);
    let shown = rows.iter().zip(ranks).take(most).map(|(entry, ranks)| {
        let known = ledger.artifacts.get(&entry.artifact);
        let mut row = row(frame, &entry.task, &entry.outcome, &scale);
        row.ranks = ranks;
        row.artifact = entry.artifact;
        row.name = Name::of(&entry.name);
        row.version = Name::of(&entry.version);
        row.withdrawn = known.is_some_and(|known| known.status == ArtifactStatus::Withdrawn);
        row
    });
    Some(Board {
        id: *id,
        name: Name::of(&name),
        metric: Name::of(&metric),
        better: better(direction),
        items: count(promised.items),
        lowest: short_score(promised.lowest),
        highest: short_score(promised.highest),
        withdrawn: artifact.status == ArtifactStatus::Withdrawn,
        ticks: scale.ticks(),
        rows: shown.collect(),
        total,
    })
}

pub(super) const fn better(direction: Direction) -> &'static str {
    match direction {
        Direction::HigherIsBetter => "higher is better",
        Direction::LowerIsBetter => "lower is better",
    }
}

fn row(frame: &Frame, task: &TaskId, outcome: &Outcome, scale: &Scale) -> Row {
    let ledger: &Ledger = frame.chain.ledger();
    let (low, high) = outcome.spread;
    let texts = |(from, to): (Score, Score)| (score(from), score(to));
    let flagged =
        outcome.members.iter().filter(|member| member.standing == Some(Standing::Flagged)).count();
    let evaluators = outcome.members.iter().filter_map(|member| {
        let class = match (member.counting, member.standing) {
            (Counting::Suspended | Counting::Excluded, _) | (_, Some(Standing::Flagged)) => {
                "ev-out"
            }
            (Counting::Counted, Some(Standing::Grey)) => "ev-grey",
            (Counting::Counted, Some(Standing::Accepted) | None) => "ev",
        };
        Some(Dot { class, at: scale.place(member.score?) })
    });
    let interval = outcome.interval.map(texts);
    let spread = (low != high).then(|| texts((low, high)));
    let say = |range: &Option<(String, String)>, otherwise: &str| match range {
        Some((from, to)) => format!("{from} to {to}"),
        None => otherwise.to_owned(),
    };
    Row {
        ranks: None,
        artifact: outcome.artifact,
        name: Name::of(""),
        version: Name::of(""),
        withdrawn: false,
        task: *task,
        score: score(outcome.score),
        spoken: format!(
            "Score {}. Interval over items: {}. {} evaluators: {}.",
            score(outcome.score),
            say(&interval, "not stated"),
            outcome.operators,
            say(&spread, "all the same")
        ),
        interval,
        spread,
        flagged,
        operators: outcome.operators,
        seats: format!("{} of {}", outcome.revealed, outcome.seats),
        state: OutcomeStateChip::of(outcome),
        until: open_until(ledger, task).map(|until| frame.clock.at(until)),
        mark: scale.place(outcome.score),
        interval_bar: outcome.interval.map(|range| scale.bar(range)),
        spread_bar: scale.bar((low, high)),
        evaluators: evaluators.collect(),
    }
}
