//! Facts of governance in words.

use probity_dao::{Event, ReferendumId};

use crate::demo::scene::Scene;
use crate::wallet::fact::{ballot_words, times};

/// What a fact means for whoever watches, if it is of interest.
pub(super) fn words(scene: &Scene<'_>, event: &Event) -> Option<String> {
    let called = |id: &ReferendumId| called(scene, *id);
    #[expect(clippy::wildcard_enum_match_arm, reason = "the other facts are of no interest here")]
    match event {
        Event::ReferendumSubmitted { referendum, proposer, deposit, .. } => {
            let proposer = scene.who(proposer);
            Some(format!("{}: {proposer} asks, and deposits {deposit} PBY", called(referendum)))
        }
        Event::DecisionStarted { referendum, until } => {
            Some(format!("{}: its bars fall until block {until}", called(referendum)))
        }
        Event::DecisionExtended { referendum, until } => {
            Some(format!("{}: turned late, decided until block {until}", called(referendum)))
        }
        Event::ConfirmationStarted { referendum, until } => Some(format!(
            "{}: over its bars; passes in block {until} if it stays there",
            called(referendum)
        )),
        Event::ConfirmationBroken { referendum } => {
            Some(format!("{}: under its bars again", called(referendum)))
        }
        Event::ReferendumApproved { referendum, enact_at } => {
            Some(format!("{}: passed, takes effect in block {enact_at}", called(referendum)))
        }
        Event::ReferendumEnacted { referendum } => {
            Some(format!("{}: in effect", called(referendum)))
        }
        Event::EnactmentFailed { referendum, reason } => {
            Some(format!("{}: cannot be carried out: {reason}", called(referendum)))
        }
        Event::ReferendumClosed { referendum, stage } => {
            Some(format!("{}: {stage}", called(referendum)))
        }
        Event::VoteCast { referendum, account, ballot, carried } => {
            let (who, what) = (scene.who(account), ballot_words(ballot, *carried));
            Some(format!("{}: {who} votes {what}", called(referendum)))
        }
        Event::PowerDelegated { account, track, to, amount, conviction } => {
            let (giver, to, times) = (scene.who(account), scene.who(to), times(*conviction));
            Some(format!(
                "{giver} gives {to} its vote on the {track} track: {amount} PBY at {times}"
            ))
        }
        Event::TreasurySpent { to, amount, .. } => {
            Some(format!("the treasury pays {amount} PBY to {}", scene.who(to)))
        }
        _ => None,
    }
}

fn called(scene: &Scene<'_>, id: ReferendumId) -> String {
    match scene.log.tracks.borrow().get(&id) {
        Some(track) => format!("referendum {id} ({track})"),
        None => format!("referendum {id}"),
    }
}
