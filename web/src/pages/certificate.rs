//! The page of a result: what was measured, by whom, on what, and how it can be checked.
//!
//! The file that proves it offline is the API's (`results/{task}/certificate`); this page is for
//! reading, and says nothing that the file does not prove or the state does not hold.

use askama::Template;
use axum::response::Response;
use probity_primitives::{ArtifactId, Score, TaskId};
use probity_protocol::Ledger;
use probity_protocol::registry::{Artifact, Benchmark};
use probity_protocol::task::{
    AuditPhase, Counting, MemberOutcome, Mode, Outcome, Phase, Standing, Submission, Task,
};
use probity_runtime::query::{self, DisputeFilter, MAX_PAGE};

use super::board::better;
use super::disputes::stage_word;
use super::frame::{Frame, page};
use super::home::name_of;
use super::names::Name;
use super::outcome::{State as Chip, open_until};
use super::plot::{Bar, Scale, Tick};
use super::results::operator_name;
use super::standing::range;
use super::words::{When, aligned, count, micros, part, roughly, score, share, short_score};
use crate::error::ApiError;

/// Where the line of a chart begins and how long it is.
const LINE: (i128, i128) = (8, 384);

#[derive(Template)]
#[template(path = "certificate.html")]
struct Certificate {
    frame: Frame,
    id: TaskId,
    model: Subject,
    benchmark: Subject,
    dataset: Option<Subject>,
    metric: Name,
    better: &'static str,
    score: String,
    exact: String,
    normalised: Option<String>,
    lowest: String,
    highest: String,
    items: String,
    state: Chip,
    until: Option<When>,
    published: When,
    corrected: Option<(String, When)>,
    interval: Option<(String, String)>,
    spread: (String, String),
    dispersion: String,
    tolerance: String,
    mode: &'static str,
    operators: u32,
    revealed: u32,
    seats: u32,
    requester: String,
    own: bool,
    fee: String,
    at_risk: String,
    strip: Strip,
    members: Vec<Row>,
    /// Whether it is known of anyone when its score was shown.
    shown_known: bool,
    checks: Vec<String>,
    disputes: Vec<Disputed>,
    harness: u32,
    definition: String,
    engines: Vec<String>,
}

/// An artifact that the result is about.
struct Subject {
    id: ArtifactId,
    name: Name,
    version: Name,
    file: Option<String>,
}

/// The chart over the evaluators.
struct Strip {
    ticks: Vec<Tick>,
    band: Bar,
    interval: Option<Bar>,
    mark: i128,
    spread: Bar,
}

/// A member of the committee.
struct Row {
    operator: String,
    name: Name,
    seats: u32,
    score: Option<String>,
    dot: Option<i128>,
    dot_class: &'static str,
    standing: &'static str,
    standing_class: &'static str,
    checks: &'static str,
    root: String,
    shown: Option<When>,
    paid: String,
    excluded: Option<&'static str>,
}

struct Disputed {
    id: u64,
    stage: &'static str,
    opened: When,
}

pub(super) fn show(frame: Frame, id: TaskId, outcome: &Outcome) -> Result<Response, ApiError> {
    let ledger = frame.chain.ledger();
    let task = ledger.tasks.get(&id);
    let promised = ledger.benchmarks.get(&outcome.benchmark);
    let bounds =
        promised.map_or((Score::ZERO, Score::ONE), |promised| (promised.lowest, promised.highest));
    let scale = scale(outcome, bounds);
    let members: Vec<Row> =
        outcome.members.iter().map(|member| row(&frame, id, member, &scale)).collect();
    let texts = |(from, to): (Score, Score)| (score(from), score(to));
    let owner = ledger.artifacts.get(&outcome.artifact).map(|known| known.owner);
    let requester = task.map(|task| task.request.requester);
    let (model, benchmark) =
        (subject(ledger, outcome.artifact), subject(ledger, outcome.benchmark));
    let title = format!("{} on {}", model.name.plain(), benchmark.name.plain());
    let money = |pick: fn(&Task) -> probity_primitives::Amount| {
        task.map(|task| roughly(pick(task))).unwrap_or_default()
    };
    let certificate = Certificate {
        id,
        model,
        benchmark,
        dataset: promised.map(|promised| subject(ledger, promised.dataset)),
        metric: Name::of(promised.map(|known| known.metric.as_str()).unwrap_or_default()),
        better: promised.map(|known| better(known.direction)).unwrap_or_default(),
        score: score(outcome.score),
        exact: outcome.score.to_string(),
        normalised: promised.and_then(|promised| normalised(outcome, promised)),
        lowest: short_score(bounds.0),
        highest: short_score(bounds.1),
        items: count(outcome.items),
        state: Chip::of(outcome),
        until: open_until(ledger, &id).map(|until| frame.clock.at(until)),
        published: frame.clock.at(outcome.published),
        corrected: outcome.corrected.map(|one| (score(one.from), frame.clock.at(one.at))),
        interval: outcome.interval.map(texts),
        spread: texts(outcome.spread),
        dispersion: micros(outcome.dispersion),
        tolerance: micros(outcome.tolerance),
        mode: match outcome.mode {
            Mode::Exact => "exact: honest evaluators agree to the last digit",
            Mode::Tolerant => "tolerant: honest evaluators may differ within the declared noise",
        },
        operators: outcome.operators,
        revealed: outcome.revealed.0,
        seats: outcome.seats.0,
        requester: requester.map(|account| account.to_string()).unwrap_or_default(),
        own: owner.is_some() && owner == requester,
        fee: money(|task| task.request.fee),
        at_risk: money(|task| task.request.value_at_risk),
        strip: strip(outcome, &scale),
        shown_known: members.iter().any(|member| member.shown.is_some()),
        members,
        checks: checks(ledger, id, outcome),
        disputes: disputes(&frame, id),
        harness: promised.map(|known| known.harness).unwrap_or_default(),
        definition: promised.map(|known| known.definition.to_string()).unwrap_or_default(),
        engines: promised
            .map(|known| known.engines.iter().map(ToString::to_string).collect())
            .unwrap_or_default(),
        frame: frame.named(title, format!("/results/{id}")),
    };
    page(&certificate)
}

/// A scale that shows the tolerance too.
fn scale(outcome: &Outcome, bounds: (Score, Score)) -> Scale {
    let (low, high) = range(outcome);
    let (from, to) = band(outcome);
    Scale::around([low, high, from, to], bounds, LINE)
}

/// The scores within the tolerance.
fn band(outcome: &Outcome) -> (Score, Score) {
    let tolerance = i64::try_from(outcome.tolerance).unwrap_or(i64::MAX);
    let middle = outcome.score.micros();
    (
        Score::from_micros(middle.saturating_sub(tolerance)),
        Score::from_micros(middle.saturating_add(tolerance)),
    )
}

fn strip(outcome: &Outcome, scale: &Scale) -> Strip {
    Strip {
        ticks: scale.ticks(),
        band: scale.bar(band(outcome)),
        interval: outcome.interval.map(|interval| scale.bar(interval)),
        mark: scale.place(outcome.score),
        spread: scale.bar(outcome.spread),
    }
}

/// The score as a share of the benchmark's range, where that is not the score itself.
fn normalised(outcome: &Outcome, promised: &Benchmark) -> Option<String> {
    let Benchmark { lowest, highest, .. } = promised;
    if (*lowest, *highest) == (Score::ZERO, Score::ONE) {
        return None;
    }
    let above = |score: Score| {
        let above = i128::from(score.micros()).saturating_sub(i128::from(lowest.micros()));
        u128::try_from(above).unwrap_or_default()
    };
    Some(share(part(above(outcome.score), above(*highest))))
}

fn subject(ledger: &Ledger, id: ArtifactId) -> Subject {
    let known = ledger.artifacts.get(&id);
    let version = known.map(|known| known.manifest.version.as_str()).unwrap_or_default();
    let file = known.and_then(Artifact::main_file).map(|file| file.blake3.to_string());
    Subject { id, name: name_of(ledger, &id), version: Name::of(version), file }
}

fn row(frame: &Frame, id: TaskId, member: &MemberOutcome, scale: &Scale) -> Row {
    let ledger = frame.chain.ledger();
    let MemberOutcome { operator, seats, score: own, answers_root, standing, clean, paid, .. } =
        member;
    let (standing, standing_class, dot_class) = match (member.counting, standing) {
        (Counting::Excluded, _) => ("proven false", "bad", "ev-out"),
        (Counting::Suspended, _) => ("left out", "wait", "ev-out"),
        (Counting::Counted, Some(Standing::Accepted)) => ("within tolerance", "good", "ev"),
        (Counting::Counted, Some(Standing::Grey)) => {
            ("within twice the tolerance", "wait", "ev-grey")
        }
        (Counting::Counted, Some(Standing::Flagged)) => ("flagged", "bad", "ev-out"),
        (Counting::Counted, None) if own.is_some() => ("shown", "", "ev"),
        (Counting::Counted, None) => ("showed no score", "bad", "ev-out"),
    };
    let shown = match ledger.submissions.get(&(id, *operator)) {
        Some(Submission::Revealed { revealed, .. }) => Some(frame.clock.at(revealed.at)),
        Some(Submission::Committed { .. } | Submission::Unavailable) | None => None,
    };
    Row {
        operator: operator.to_string(),
        name: operator_name(ledger, operator),
        seats: seats.0,
        score: own.map(score),
        dot: own.map(|own| scale.place(own)),
        dot_class,
        standing,
        standing_class,
        checks: match clean {
            Some(true) => "passed",
            Some(false) => "failed",
            None => "not decided",
        },
        root: answers_root.to_string(),
        shown,
        paid: aligned(*paid, 2),
        excluded: match member.counting {
            Counting::Counted => None,
            Counting::Suspended => Some("not counted while a ruling against it may be appealed"),
            Counting::Excluded => Some("not counted: its transcript is false"),
        },
    }
}

/// What was checked of the transcripts, in sentences.
fn checks(ledger: &Ledger, id: TaskId, outcome: &Outcome) -> Vec<String> {
    let mut said = Vec::new();
    let task = ledger.tasks.get(&id);
    if let Some(Phase::Provisional { drawn, .. }) = task.map(|task| &task.phase) {
        said.push(format!(
            "Every member had to open the same {} items, drawn after the scores were shown.",
            drawn.len()
        ));
    } else {
        let text = "After the scores were shown, items were drawn that every member had to open.";
        said.push(text.to_owned());
    }
    let of = |clean: Option<bool>| {
        outcome.members.iter().filter(move |one| one.score.is_some() && one.clean == clean)
    };
    let (passed, failed, open) =
        (of(Some(true)).count(), of(Some(false)).count(), of(None).count());
    said.push(format!("{passed} passed, {failed} failed, {open} not decided."));
    if let Some(outside) = outcome.jury_outside {
        let from = if outside { "outside" } else { "inside" };
        said.push(format!("Members differed on items: a jury from {from} the committee ran them."));
    }
    match ledger.audits.get(&id).map(|audit| &audit.phase) {
        Some(AuditPhase::Done { agreed, differed }) => said.push(format!(
            "An audit by others measured the whole again: {} seats found this score, {} another.",
            agreed.0, differed.0
        )),
        Some(_) => said.push("An audit is planned or at work: others measure it again.".to_owned()),
        None => {}
    }
    said
}

fn disputes(frame: &Frame, id: TaskId) -> Vec<Disputed> {
    let filter = DisputeFilter { task: Some(id), open: false };
    let found = query::disputes(frame.chain.ledger(), filter, None, MAX_PAGE);
    let rows = found.items.iter().map(|view| Disputed {
        id: view.id,
        stage: stage_word(&view.dispute),
        opened: frame.clock.at(view.dispute.opened),
    });
    rows.collect()
}
