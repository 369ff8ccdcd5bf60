//! Governance: the list of referenda, the tracks, and every number that a vote can change.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use probity_dao::{Bar, Deposit, ReferendumId, Stage, StageName, Track, TrackRules};
use probity_primitives::Ppm;
use probity_runtime::governance::parameters;
use probity_runtime::query::{self, BarView, NextStep, NextView, ReferendumFilter, ReferendumView};
use serde::Deserialize;

use super::frame::{Frame, page};
use super::names::Name;
use super::outcome::State as Chip;
use super::words::{Clock, When, roughly, share};
use crate::error::ApiError;
use crate::extract::{Args, cursor};
use crate::routes::App;

/// How many referenda a list shows at once.
const PAGE: usize = 25;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListArgs {
    track: Option<Track>,
    stage: Option<StageName>,
    #[serde(default)]
    open: bool,
    cursor: Option<String>,
}

#[derive(Template)]
#[template(path = "referenda.html")]
struct List {
    frame: Frame,
    open: bool,
    /// The name of the track that the list is narrowed to, empty if it is not.
    track: &'static str,
    /// Their names, and what people call them.
    tracks: [(&'static str, &'static str); 8],
    rows: Vec<Row>,
    next: Option<ReferendumId>,
}

/// A referendum on the list.
struct Row {
    id: ReferendumId,
    title: Name,
    says: Name,
    track: &'static str,
    state: Chip,
    next: Option<(&'static str, When)>,
    approval: Meter,
    support: Meter,
}

/// A share against what is asked for, as a bar of 200 units.
pub(super) struct Meter {
    pub(super) share: String,
    pub(super) asked: String,
    pub(super) width: u32,
    pub(super) mark: u32,
    pub(super) met: bool,
}

impl Meter {
    pub(super) fn of(bar: &BarView) -> Self {
        let width = |of: Ppm| of.parts().min(1_000_000) / 5_000;
        Self {
            share: share(bar.share),
            asked: share(bar.asked),
            width: width(bar.share),
            mark: width(bar.asked),
            met: bar.met,
        }
    }
}

/// Where a referendum stands.
pub(super) fn chip(stage: &Stage) -> Chip {
    match stage {
        Stage::Preparing { .. } => Chip::new("", "In preparation"),
        Stage::Queued => Chip::new("", "Waits for a slot"),
        Stage::Deciding { confirming: Some(_), .. } => Chip::new("wait", "Being confirmed"),
        Stage::Deciding { confirming: None, .. } => Chip::new("wait", "Being decided"),
        Stage::Approved { .. } => Chip::new("good", "Passed"),
        Stage::Enacted { .. } => Chip::new("good", "In effect"),
        Stage::Rejected { .. } => Chip::new("bad", "Not passed"),
        Stage::TimedOut { .. } => Chip::new("bad", "Too few voted"),
        Stage::Vetoed { .. } => Chip::new("bad", "Vetoed"),
        Stage::Cancelled { .. } => Chip::new("bad", "Cancelled"),
        Stage::Failed { .. } => Chip::new("bad", "Failed to take effect"),
    }
}

/// What time does next.
pub(super) fn next(clock: Clock, next: Option<NextView>) -> Option<(&'static str, When)> {
    let NextView { step, at } = next?;
    let word = match step {
        NextStep::Queue => "asks for a slot at",
        NextStep::End => "ends at",
        NextStep::Pass => "passes at",
        NextStep::Enact => "takes effect at",
    };
    Some((word, clock.at(at)))
}

/// A track's name for people.
pub(super) const fn track_word(track: Track) -> &'static str {
    match track {
        Track::Root => "Root",
        Track::Supply => "Supply",
        Track::LargeSpend => "Large spend",
        Track::SmallSpend => "Small spend",
        Track::Parameters => "Parameters",
        Track::Dispute => "Dispute",
        Track::Cancel => "Cancel",
        Track::Pause => "Pause",
    }
}

pub(crate) async fn list(
    State(app): State<App>,
    Args(args): Args<ListArgs>,
) -> Result<Response, ApiError> {
    let ListArgs { track, stage, open, cursor: after } = args;
    let after = cursor(after.as_deref())?;
    let frame = Frame::new(&app, "/gov").await?.named("Governance", "/referenda");
    let filter = ReferendumFilter { track, stage, open };
    let height = frame.chain.height();
    let found = query::referenda(frame.chain.state(), filter, after, PAGE, height);
    let rows = found.items.iter().map(|view| row(&frame, view));
    let track = track.map(Track::name).unwrap_or_default();
    let tracks = Track::ALL.map(|one| (one.name(), track_word(one)));
    page(&List { open, track, tracks, rows: rows.collect(), next: found.next, frame })
}

fn row(frame: &Frame, view: &ReferendumView) -> Row {
    let known = &view.referendum;
    Row {
        id: view.id,
        title: Name::of(&known.title),
        says: Name::of(&view.says),
        track: track_word(known.track),
        state: chip(&known.stage),
        next: next(frame.clock, view.next),
        approval: Meter::of(&view.standing.approval),
        support: Meter::of(&view.standing.support),
    }
}

#[derive(Template)]
#[template(path = "params.html")]
struct Params {
    frame: Frame,
    tracks: Vec<TrackRow>,
    groups: Vec<(String, Vec<(String, String)>)>,
}

struct TrackRow {
    name: &'static str,
    deposit: String,
    slots: u32,
    prepare: String,
    decide: String,
    confirm: String,
    enact: String,
    approval: String,
    support: String,
}

/// A threshold in words.
pub(super) fn bar_words(bar: Bar) -> String {
    match bar {
        Bar::AtLeast(falling) if falling.high() == falling.low() => share(falling.low()),
        Bar::AtLeast(falling) => {
            format!("{} falling to {}", share(falling.high()), share(falling.low()))
        }
        Bar::MoreThanHalf => "more than half".to_owned(),
    }
}

fn track_row(clock: Clock, track: Track, rules: &TrackRules) -> TrackRow {
    TrackRow {
        name: track_word(track),
        deposit: match rules.deposit {
            Deposit::Fixed(amount) => roughly(amount),
            Deposit::DisputeBond => "the dispute’s bond".to_owned(),
        },
        slots: rules.slots,
        prepare: clock.length(rules.prepare),
        decide: clock.length(rules.decide),
        confirm: clock.length(rules.confirm),
        enact: clock.length(rules.enact),
        approval: bar_words(rules.approval),
        support: bar_words(rules.support),
    }
}

pub(crate) async fn params(State(app): State<App>) -> Result<Response, ApiError> {
    let frame = Frame::new(&app, "/gov").await?.named("Rules in force", "/params");
    let dao = frame.chain.dao().params.get();
    let tracks = Track::ALL.into_iter().map(|one| track_row(frame.clock, one, dao.track(one)));
    let mut groups: Vec<(String, Vec<(String, String)>)> = Vec::new();
    for (path, value) in parameters::list(frame.chain.ledger().params.get(), dao) {
        let group = path.split('.').next().unwrap_or_default().to_owned();
        match groups.last_mut().filter(|(last, _)| *last == group) {
            Some((_, lines)) => lines.push((path, value)),
            None => groups.push((group, vec![(path, value)])),
        }
    }
    let tracks = tracks.collect();
    page(&Params { tracks, groups, frame })
}
