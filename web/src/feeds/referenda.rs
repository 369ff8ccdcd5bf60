//! What happened to a referendum, as facts with heights.

use probity_dao::{Referendum, ReferendumId, Stage, StageName};
use probity_primitives::Height;
use probity_runtime::query::{BarView, Standing};
use probity_runtime::text::{SYMBOL, percent, quoted};

use super::Fact;

/// All facts that are known of a referendum.
pub(super) fn facts(id: ReferendumId, known: &Referendum, now: Height) -> Vec<Fact> {
    let fact = |name: &str, height: Height, happened: &str| Fact {
        name: format!("referendum:{id}:{name}:{height}"),
        height,
        path: format!("/api/v1/referenda/{id}"),
        title: format!("Referendum {id} {happened}: {}", quoted(&known.title)),
        text: text(id, known, height, now),
    };
    let stages = known
        .timeline
        .iter()
        .map(|moment| fact(moment.stage.name(), moment.height, happened(moment.stage)));
    let confirming = confirming(known)
        .map(|since| fact("confirming", since, "would pass, and is being confirmed"));
    stages.chain(confirming).collect()
}

/// Since when it would pass without a break, as far as that is known now or led to its passing.
fn confirming(known: &Referendum) -> Option<Height> {
    match known.stage {
        Stage::Deciding { confirming, .. } => confirming,
        Stage::Approved { at: approved, .. }
        | Stage::Enacted { approved, .. }
        | Stage::Failed { approved, .. } => {
            approved.0.checked_sub(known.frozen.rules.confirm).map(Height)
        }
        Stage::Preparing { .. }
        | Stage::Queued
        | Stage::Rejected { .. }
        | Stage::TimedOut { .. }
        | Stage::Vetoed { .. }
        | Stage::Cancelled { .. } => None,
    }
}

const fn happened(stage: StageName) -> &'static str {
    match stage {
        StageName::Preparing => "was submitted",
        StageName::Queued => "waits for a slot",
        StageName::Deciding => "is being decided",
        StageName::Approved => "has passed",
        StageName::Enacted => "took effect",
        StageName::Rejected => "did not pass",
        StageName::TimedOut => "ended without turnout",
        StageName::Vetoed => "was vetoed",
        StageName::Cancelled => "was cancelled",
        StageName::Failed => "had passed and could not be carried out",
    }
}

fn text(id: ReferendumId, known: &Referendum, height: Height, now: Height) -> String {
    let Referendum { track, proposer, action, .. } = known;
    let mut text =
        format!("Block {height}. Track {track}, proposed by {proposer}. If it passes: {action}.");
    if let Stage::Failed { why, .. } = &known.stage {
        text.push_str(&format!(" Why it failed: {}.", quoted(why)));
    }
    // The votes of one that is over do not change, so that the text does not either.
    if known.stage.decided().is_some_and(|decided| height >= decided) {
        let Standing { approval, support, .. } = Standing::of(known, now);
        text.push_str(&format!(
            " Referendum {id} ended with {} approval and {} support.",
            bar(&approval),
            bar(&support)
        ));
    }
    text
}

fn bar(bar: &BarView) -> String {
    let BarView { have, of, share, asked, .. } = bar;
    let (share, asked) = (percent(*share), percent(*asked));
    format!("{have} of {of} {SYMBOL} ({share}, asked were {asked})")
}
