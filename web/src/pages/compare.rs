//! Two models side by side on every benchmark that both were measured on.
//!
//! Where the transcripts of both can be had, the same items are compared one by one: how often one
//! was right where the other was wrong, and how likely such a difference would be by chance.
//! Otherwise only the ranges of doubt can be compared, which often cannot tell two models apart
//! although the items could; the page says which it was.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use probity_api::Code;
use probity_primitives::{ArtifactId, Score};
use probity_protocol::Ledger;
use probity_protocol::registry::{ArtifactKind, Direction};
use probity_protocol::task::Outcome;
use probity_runtime::query::{self, ArtifactFilter, MAX_PAGE};
use serde::Deserialize;

use super::frame::{Frame, page};
use super::home::name_of;
use super::names::Name;
use super::outcome::State as Chip;
use super::paired::{self, Paired};
use super::plot::{Bar, Scale};
use super::standing::range;
use super::words::score;
use crate::error::ApiError;
use crate::extract::Args;
use crate::routes::App;

/// The most benchmarks that are compared on.
const MAX_BENCHMARKS: usize = 20;

/// Where the line of a chart begins and how long it is.
const LINE: (i128, i128) = (8, 384);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CompareArgs {
    a: Option<ArtifactId>,
    b: Option<ArtifactId>,
    benchmark: Option<ArtifactId>,
}

#[derive(Template)]
#[template(path = "compare.html")]
struct Compare {
    frame: Frame,
    models: Vec<Choice>,
    pair: Option<(Choice, Choice)>,
    rows: Vec<Row>,
}

#[derive(Clone)]
struct Choice {
    id: ArtifactId,
    name: Name,
    version: Name,
    first: bool,
    second: bool,
}

struct Row {
    benchmark: ArtifactId,
    name: Name,
    one: Side,
    two: Side,
    verdict: &'static str,
    paired: Option<Paired>,
}

struct Side {
    task: probity_primitives::TaskId,
    score: String,
    state: Chip,
    mark: i128,
    range: Bar,
    words: String,
}

pub(crate) async fn compare(
    State(app): State<App>,
    Args(args): Args<CompareArgs>,
) -> Result<Response, ApiError> {
    let CompareArgs { a, b, benchmark } = args;
    let frame = Frame::new(&app, "/board").await?.named("Compare two models", "/results");
    let ledger = frame.chain.ledger();
    for id in [a, b].into_iter().flatten() {
        if !ledger.artifacts.contains(&id) {
            let detail = format!("there is no model {id}");
            return Err(ApiError::new(Code::ArtifactNotFound, detail));
        }
    }
    let models = models(ledger, a, b, benchmark);
    let chosen = |id: Option<ArtifactId>| models.iter().find(|one| Some(one.id) == id).cloned();
    let pair = chosen(a).zip(chosen(b));
    let mut rows = Vec::new();
    if let Some((one, two)) = &pair {
        for (id, left, right) in common(ledger, one.id, two.id) {
            let mut row = row(ledger, id, &left, &right);
            row.paired = paired::paired(&app, (&left.0, &left.1), (&right.0, &right.1)).await;
            rows.push(row);
        }
    }
    page(&Compare { models, pair, rows, frame })
}

/// The models that can be chosen: those on a board's page if it was come from there.
fn models(
    ledger: &Ledger,
    a: Option<ArtifactId>,
    b: Option<ArtifactId>,
    benchmark: Option<ArtifactId>,
) -> Vec<Choice> {
    let filter = ArtifactFilter { kind: Some(ArtifactKind::Model), owner: None };
    let listed = query::artifacts(ledger, filter, None, MAX_PAGE).items;
    let mut ids: Vec<ArtifactId> = listed.into_iter().map(|view| view.id).collect();
    if let Some(benchmark) = benchmark {
        ids.retain(|id| ledger.board.contains(&(benchmark, *id)));
    }
    for id in [a, b].into_iter().flatten() {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    // Two different ones, unless somebody chose.
    let a = a.or_else(|| ids.iter().copied().find(|id| Some(*id) != b));
    let b = b.or_else(|| ids.iter().copied().find(|id| Some(*id) != a));
    let choice = |id: ArtifactId| {
        let known = ledger.artifacts.get(&id);
        let version = known.map(|known| known.manifest.version.as_str()).unwrap_or_default();
        let (first, second) = (a == Some(id), b == Some(id));
        Choice { id, name: name_of(ledger, &id), version: Name::of(version), first, second }
    };
    ids.into_iter().map(choice).collect()
}

type Measured = (probity_primitives::TaskId, Outcome);

/// The benchmarks that both have a result on.
fn common(ledger: &Ledger, a: ArtifactId, b: ArtifactId) -> Vec<(ArtifactId, Measured, Measured)> {
    let filter = ArtifactFilter { kind: Some(ArtifactKind::Benchmark), owner: None };
    let benchmarks = query::artifacts(ledger, filter, None, MAX_PAGE).items.into_iter();
    let newest = |benchmark: ArtifactId, model: ArtifactId| {
        let task = *ledger.board.get(&(benchmark, model))?;
        Some((task, ledger.outcomes.get(&task)?.clone()))
    };
    let both =
        benchmarks.filter_map(|view| Some((view.id, newest(view.id, a)?, newest(view.id, b)?)));
    both.take(MAX_BENCHMARKS).collect()
}

fn row(ledger: &Ledger, benchmark: ArtifactId, left: &Measured, right: &Measured) -> Row {
    let promised = ledger.benchmarks.get(&benchmark);
    let bounds = promised.map_or((Score::ZERO, Score::ONE), |known| (known.lowest, known.highest));
    let (first, second) = (range(&left.1), range(&right.1));
    let scale = Scale::around([first.0, first.1, second.0, second.1], bounds, LINE);
    let higher = promised.is_none_or(|known| known.direction == Direction::HigherIsBetter);
    let verdict = if first.0 > second.1 {
        if higher { "the first is better" } else { "the second is better" }
    } else if second.0 > first.1 {
        if higher { "the second is better" } else { "the first is better" }
    } else {
        "not told apart"
    };
    let side = |(task, outcome): &Measured| {
        let (low, high) = range(outcome);
        Side {
            task: *task,
            score: score(outcome.score),
            state: Chip::of(outcome),
            mark: scale.place(outcome.score),
            range: scale.bar((low, high)),
            words: format!("{} to {}", score(low), score(high)),
        }
    };
    Row {
        benchmark,
        name: name_of(ledger, &benchmark),
        one: side(left),
        two: side(right),
        verdict,
        paired: None,
    }
}
