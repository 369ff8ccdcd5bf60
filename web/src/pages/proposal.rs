//! A referendum: what it would do, where one stands, how far it is from passing, who voted.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use probity_api::Code;
use probity_dao::{Conviction, Referendum, ReferendumId, Stage, StageName, TrackRules};
use probity_primitives::{Address, Amount, Height, Ppm};
use probity_runtime::query::{self, PositionView, ReferendumView};
use probity_runtime::text::percent;
use serde::Deserialize;

use super::frame::{Frame, page};
use super::governance::{Meter, bar_words, chip, next, track_word};
use super::names::Name;
use super::outcome::State as Chip;
use super::supply::bucket;
use super::validator::ballot;
use super::words::{When, part, roughly, share};
use crate::error::ApiError;
use crate::extract::{Args, Id, cursor, page_limit};
use crate::routes::App;

/// How many votes a page shows.
const VOTES: usize = 50;

/// The sizes of the chart of thresholds: width, height, and room at the left and below.
const CHART: (u64, u64) = (560, 200);
const ROOM: (u64, u64) = (52, 28);

/// Into how many parts the fall of a threshold is drawn.
const PARTS: u64 = 28;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OneArgs {
    account: Option<String>,
    cursor: Option<String>,
}

#[derive(Template)]
#[template(path = "proposal.html")]
struct One {
    frame: Frame,
    id: ReferendumId,
    title: Name,
    says: Name,
    track: &'static str,
    state: Chip,
    stage: &'static str,
    open: bool,
    next: Option<(&'static str, When)>,
    why: Option<Name>,
    effect: Effect,
    account: String,
    wrong_account: bool,
    position: Option<Position>,
    convictions: [Conviction; 7],
    approval: Bar,
    support: Bar,
    veto: (String, String, bool),
    ayes: String,
    nays: String,
    vetoes: String,
    turnout: String,
    passes: bool,
    approval_chart: Option<Chart>,
    support_chart: Option<Chart>,
    timeline: Vec<(&'static str, When)>,
    votes: Vec<VoteRow>,
    more: Option<Address>,
    facts: Vec<(&'static str, String)>,
    proposer: String,
    call: String,
}

/// One of the bars.
struct Bar {
    meter: Meter,
    have: String,
    of: String,
    missing: Option<String>,
}

/// What would change if it took effect now.
struct Effect {
    refused: Option<Name>,
    parameters: Vec<(String, Name, Name)>,
    balances: Vec<(String, String, String)>,
    referenda: Vec<(ReferendumId, StageName, StageName)>,
    facts: Vec<(String, String, String)>,
}

/// Where an account stands.
struct Position {
    usable: Option<(String, String, String)>,
    vote: Option<(String, String)>,
    delegated: Option<(String, String)>,
    delegate_says: Option<String>,
    received: Option<(String, String)>,
    lock: Option<String>,
}

struct VoteRow {
    account: String,
    said: String,
    own: String,
    carried: Option<(String, String)>,
    share: String,
}

/// A threshold that falls over the decision period, and what there is.
struct Chart {
    width: u64,
    height: u64,
    floor: u64,
    left: u64,
    /// The threshold as a line, and the part below it as an area.
    line: String,
    area: String,
    /// What there is, as a height on the chart, and now, as a place on it.
    have: u64,
    now: Option<u64>,
    ticks: Vec<(u64, String)>,
    days: Vec<(u64, String)>,
    words: String,
}

pub(crate) async fn one(
    State(app): State<App>,
    Id(id): Id<ReferendumId>,
    Args(args): Args<OneArgs>,
) -> Result<Response, ApiError> {
    let OneArgs { account, cursor: after } = args;
    let after: Option<Address> = cursor(after.as_deref())?;
    let frame = Frame::new(&app, "/gov").await?;
    let (state, height) = (frame.chain.state(), frame.chain.height());
    let view = query::referendum(state, id, height)
        .ok_or_else(|| ApiError::new(Code::ReferendumNotFound, format!("no referendum {id}")))?;
    let ReferendumView { says, call, referendum: known, standing, next: step, .. } = &view;
    let typed = account.as_deref().map(str::trim).unwrap_or_default();
    let asked: Option<Address> = typed.parse().ok();
    let position = asked.and_then(|account| query::position(state, id, account));
    let found = query::votes(state, id, after, page_limit(Some(VOTES))?);
    let cast = known.tally.cast().unwrap_or_default().weight();
    let one = One {
        id,
        title: Name::of(&known.title),
        says: Name::of(says),
        track: track_word(known.track),
        state: chip(&known.stage),
        stage: known.stage.name().name(),
        open: known.stage.is_open(),
        next: next(frame.clock, *step),
        why: failure(&known.stage),
        effect: effect(&frame, known),
        account: typed.chars().take(128).collect(),
        wrong_account: !typed.is_empty() && asked.is_none(),
        position: position.map(|view| shown(&frame, known, &view)),
        convictions: Conviction::ALL,
        approval: bar(&standing.approval),
        support: bar(&standing.support),
        veto: (share(standing.veto.share), share(standing.veto.burns), standing.veto.met),
        ayes: roughly(known.tally.ayes.weight()),
        nays: roughly(known.tally.nays.weight()),
        vetoes: roughly(known.tally.vetoes.weight()),
        turnout: roughly(known.tally.turnout),
        passes: standing.passes,
        approval_chart: chart(&frame, known, standing.approval.share, true),
        support_chart: chart(&frame, known, standing.support.share, false),
        timeline: timeline(&frame, known),
        votes: found.items.iter().map(|view| vote(&frame, view, cast)).collect(),
        more: found.next,
        facts: facts(&frame, known),
        proposer: known.proposer.to_string(),
        call: call.to_string(),
        frame: frame.named(String::new(), format!("/referenda/{id}")),
    };
    let title = format!("Referendum {id}: {}", one.title.plain());
    page(&One { frame: Frame { title, ..one.frame }, ..one })
}

/// Why it could not be carried out, if it could not.
fn failure(stage: &Stage) -> Option<Name> {
    let Stage::Failed { why, .. } = stage else { return None };
    Some(Name::of(why))
}

fn bar(view: &query::BarView) -> Bar {
    Bar {
        meter: Meter::of(view),
        have: roughly(view.have),
        of: roughly(view.of),
        missing: view.missing.filter(|missing| !missing.is_zero()).map(roughly),
    }
}

/// What it would change if it took effect in the next block, on a copy of the present state.
fn effect(frame: &Frame, known: &Referendum) -> Effect {
    if known.stage.ended().is_some() {
        return Effect {
            refused: None,
            parameters: declared(known),
            balances: Vec::new(),
            referenda: Vec::new(),
            facts: Vec::new(),
        };
    }
    let preview = frame.chain.preview(known.track, known.proposer, &known.action);
    let parameters = preview
        .parameters
        .iter()
        .map(|one| (one.path.clone(), Name::of(&one.before), Name::of(&one.after)));
    let parameters: Vec<_> = parameters.collect();
    let balances = preview
        .balances
        .iter()
        .map(|one| (bucket(&one.bucket), roughly(one.before), roughly(one.after)));
    Effect {
        refused: preview.refused.as_deref().map(Name::of),
        parameters: if parameters.is_empty() { declared(known) } else { parameters },
        balances: balances.collect(),
        referenda: preview
            .referenda
            .iter()
            .map(|one| (one.referendum, one.before, one.after))
            .collect(),
        facts: preview.facts.into_iter().map(|one| (one.path, one.before, one.after)).collect(),
    }
}

/// The changes of parameters as the action itself states them.
fn declared(known: &Referendum) -> Vec<(String, Name, Name)> {
    let probity_dao::Action::ChangeParameters { changes } = &known.action else {
        return Vec::new();
    };
    let rows = changes
        .iter()
        .map(|one| (one.path.to_string(), Name::of(&one.before), Name::of(&one.after)));
    rows.collect()
}

fn shown(frame: &Frame, known: &Referendum, view: &PositionView) -> Position {
    let PositionView { held, vote, delegated, delegate_says, received, lock, .. } = view;
    let carried = |vote: &probity_dao::vote::Vote| {
        let votes = vote.carried.votes.weight();
        if votes.is_zero() { String::new() } else { roughly(votes) }
    };
    let symbol = frame.symbol.plain();
    Position {
        usable: held.map(|held| (roughly(held.usable), roughly(held.then), roughly(held.now))),
        vote: vote.map(|vote| (ballot(&vote.ballot, &frame.symbol), carried(&vote))),
        delegated: delegated.map(|given| (given.to.to_string(), roughly(given.amount))),
        delegate_says: delegate_says.map(|said| ballot(&said, &frame.symbol)),
        received: (!received.tokens.is_zero())
            .then(|| (roughly(received.tokens), roughly(received.votes.weight()))),
        lock: lock.map(|lock| match (lock.until, vote) {
            (Some(until), _) => format!("{} {symbol} until block {until}", roughly(lock.amount)),
            (None, Some(vote)) => {
                let blocks = vote.ballot.conviction().lock_blocks(known.frozen.lock_period);
                let after = frame.clock.length(blocks);
                format!("{} {symbol} until about {after} after the vote ends", roughly(lock.amount))
            }
            (None, None) => format!("{} {symbol}", roughly(lock.amount)),
        }),
    }
}

fn vote(frame: &Frame, view: &query::VoteView, cast: Amount) -> VoteRow {
    let own = query::own_power(&view.vote).votes.weight();
    let carried = view.vote.carried;
    let all = own.checked_add(carried.votes.weight()).unwrap_or(own);
    VoteRow {
        account: view.account.to_string(),
        said: ballot(&view.vote.ballot, &frame.symbol),
        own: roughly(own),
        carried: (!carried.tokens.is_zero())
            .then(|| (roughly(carried.tokens), roughly(carried.votes.weight()))),
        share: share(part(all.units(), cast.units())),
    }
}

/// When it began to be decided, if it did.
fn began(known: &Referendum) -> Option<Height> {
    known.timeline.iter().find(|one| one.stage == StageName::Deciding).map(|one| one.height)
}

/// The distance of the lines behind a share, at most five of them.
fn step(highest: u64) -> u64 {
    let steps = [1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000];
    steps.into_iter().find(|step| highest / step < 5).unwrap_or(250_000)
}

/// A threshold over the decision period with the present share.
fn chart(frame: &Frame, known: &Referendum, have: Ppm, approval: bool) -> Option<Chart> {
    let TrackRules { decide, approval: of_approval, support, .. } = known.frozen.rules;
    let bar = if approval { of_approval } else { support };
    // Of support a whole axis would show nothing: it ends at a round number above what is drawn.
    let highest = u64::from(bar.at(0, decide).parts().max(have.parts()));
    let step = if approval { 250_000 } else { step(highest) };
    let top = highest.div_ceil(step).max(1).saturating_mul(step).clamp(step, 1_000_000);
    let top = if approval { 1_000_000 } else { top };
    let (width, height) = CHART;
    let (left, below) = ROOM;
    let (across, floor) = (width.checked_sub(left)?, height.checked_sub(below)?);
    let x = |blocks: u64| {
        left.saturating_add(blocks.saturating_mul(across).checked_div(decide).unwrap_or_default())
    };
    let y = |parts: u64| {
        floor.saturating_sub(parts.min(top).saturating_mul(floor.saturating_sub(8)) / top)
    };
    let points: Vec<(u64, u64)> = (0..=PARTS)
        .map(|part| {
            let blocks = decide.saturating_mul(part) / PARTS;
            (x(blocks), y(bar.at(blocks, decide).parts().into()))
        })
        .collect();
    let line: Vec<String> = points.iter().map(|(x, y)| format!("{x},{y}")).collect();
    let line = line.join(" ");
    let now = began(known).map(|began| {
        let at = known.stage.decided().unwrap_or_else(|| frame.chain.height());
        x(at.since(began).min(decide))
    });
    let ticks = (0..=top / step).map(|number| {
        let parts = step.saturating_mul(number);
        (y(parts), percent(Ppm::new(u32::try_from(parts).unwrap_or_default())))
    });
    let days = (0..=4u64).map(|quarter| {
        let blocks = decide.saturating_mul(quarter) / 4;
        (x(blocks), frame.clock.length(blocks))
    });
    Some(Chart {
        width,
        height,
        floor,
        left,
        area: format!("{left},{floor} {line} {width},{floor}"),
        line,
        have: y(have.parts().into()),
        now,
        ticks: ticks.collect(),
        days: days.collect(),
        words: format!(
            "{}: there is {}, asked are {} over the decision period",
            if approval { "Approval" } else { "Support" },
            share(have),
            bar_words(bar)
        ),
    })
}

fn timeline(frame: &Frame, known: &Referendum) -> Vec<(&'static str, When)> {
    let word = |stage: StageName| match stage {
        StageName::Preparing => "Submitted",
        StageName::Queued => "Waited for a slot",
        StageName::Deciding => "Decision began",
        StageName::Approved => "Passed",
        StageName::Enacted => "Took effect",
        StageName::Rejected => "Ended: not passed",
        StageName::TimedOut => "Ended: too few voted",
        StageName::Vetoed => "Ended: vetoed",
        StageName::Cancelled => "Cancelled by another vote",
        StageName::Failed => "Could not be carried out",
    };
    known.timeline.iter().map(|one| (word(one.stage), frame.clock.at(one.height))).collect()
}

/// What was frozen into it when it was submitted.
fn facts(frame: &Frame, known: &Referendum) -> Vec<(&'static str, String)> {
    let TrackRules { slots, prepare, decide, confirm, enact, approval, support, .. } =
        known.frozen.rules;
    let length = |blocks: u64| format!("{blocks} blocks, about {}", frame.clock.length(blocks));
    vec![
        ("Deposit", format!("{} {}", roughly(known.deposit), frame.symbol.plain())),
        ("Votes are counted as of block", known.snapshot.to_string()),
        ("All tokens then", roughly(known.frozen.supply)),
        ("Prepared for", length(prepare)),
        ("Decided within", length(decide)),
        ("Confirmed for", length(confirm)),
        ("Takes effect after", length(enact)),
        ("Approval asked", bar_words(approval)),
        ("Support asked", bar_words(support)),
        ("Deposit burns from", format!("{} nay with veto", percent(known.frozen.veto))),
        ("One lock period", length(known.frozen.lock_period)),
        ("Slots of the track", slots.to_string()),
    ]
}
