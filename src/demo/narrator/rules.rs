//! Facts of evaluation in words.

use probity_primitives::{OperatorId, TaskId};
use probity_protocol::Event;
use probity_protocol::dispute::{Ruling, Side};
use probity_protocol::task::OutcomeState;

use crate::demo::scene::{Scene, percent};

/// What a fact means for whoever watches, if it is of interest.
pub(super) fn words(scene: &Scene<'_>, event: &Event) -> Option<String> {
    evaluation(scene, event).or_else(|| dispute(scene, event)).or_else(|| penalty(scene, event))
}

fn evaluation(scene: &Scene<'_>, event: &Event) -> Option<String> {
    let called = |task: &TaskId| scene.called(task);
    let name = |operator: &OperatorId| scene.cast.name(operator);
    #[expect(clippy::wildcard_enum_match_arm, reason = "the other facts are told elsewhere")]
    match event {
        Event::CommitteeDrawn { task, seats, operators, .. } => {
            Some(format!("{}: {seats} seats drawn, {operators} operators", called(task)?))
        }
        Event::Flagged { task, operator, score, median } => Some(format!(
            "{}: {} says {score}, the median is {median}: flagged",
            called(task)?,
            name(operator)
        )),
        Event::ResultPublished { task, score, .. } => {
            Some(format!("{}: {score} published", called(task)?))
        }
        Event::ResultContested { task, operator } => Some(format!(
            "{}: {} was flagged and is right at every item: the result is in doubt",
            called(task)?,
            name(operator)
        )),
        Event::JuryDrawn { task, items, seats, outside } => {
            let from = if *outside { "outside the committee" } else { "all but the doubted" };
            Some(format!("{}: {seats} jurors from {from} run {items} items", called(task)?))
        }
        Event::JuryRuled { task, quorum, convicted } => Some(if *quorum {
            format!("{}: the jury finds {convicted} at fault", called(task)?)
        } else {
            format!("{}: too few jurors voted", called(task)?)
        }),
        Event::ResultFinal { task, score } => Some(format!("{}: {score} is final", called(task)?)),
        Event::TaskReopened { task, seats, .. } => Some(format!(
            "{}: too few honest seats are left, {seats} seats measure it anew",
            called(task)?
        )),
        _ => None,
    }
}

fn dispute(scene: &Scene<'_>, event: &Event) -> Option<String> {
    let name = |operator: &OperatorId| scene.cast.name(operator);
    #[expect(clippy::wildcard_enum_match_arm, reason = "the other facts are told elsewhere")]
    match event {
        Event::DisputeOpened { dispute, task, member, bond, .. } => Some(format!(
            "{}: dispute {dispute}: the result is wrong, and so is {}'s transcript; the bond is \
             {bond} PBY",
            scene.called(task)?,
            name(member)
        )),
        Event::DisputeLocated { dispute, items: (first, last) } if first == last => {
            Some(format!("dispute {dispute}: the transcripts differ at item {first}"))
        }
        Event::DisputeLocated { dispute, items: (first, last) } => {
            Some(format!("dispute {dispute}: the transcripts differ in items {first} to {last}"))
        }
        Event::DisputeJuryDrawn { dispute, level, seats, outside, .. } => {
            let from = if *outside { "outside the committee" } else { "all but the accused" };
            Some(format!(
                "dispute {dispute}, level {level}: {seats} seats from {from} run it again"
            ))
        }
        Event::DisputeVoted { dispute, operator, vote } => {
            let (juror, vote) = (name(operator), ruling(*vote));
            Some(format!("dispute {dispute}: {juror}'s node has run the item and says {vote}"))
        }
        Event::DisputeRuled { dispute, level, ruling: ruled, .. } => {
            Some(format!("dispute {dispute}, level {level}: {}", ruling(*ruled)))
        }
        Event::ResultChanged { task, from, score, state } => {
            let task = scene.called(task)?;
            Some(if *state == OutcomeState::Overturned {
                format!("{task}: {from} no longer stands")
            } else {
                format!("{task}: {from} becomes {score}, out of the seats that are left")
            })
        }
        Event::AppealFunded { dispute, side, by, amount } => {
            let side = match side {
                Side::Challenger => "against the result",
                Side::Defender => "for the result",
            };
            Some(format!("dispute {dispute}: {} puts up {amount} PBY {side}", scene.who(by)))
        }
        Event::DisputeAppealed { dispute, level } => {
            Some(format!("dispute {dispute}: the appeal is paid, level {level} will sit"))
        }
        Event::DisputeClosed {
            dispute, ruling: ruled, staked, returned, jurors, burned, ..
        } => Some(format!(
            "dispute {dispute} ends: {}; of {staked} PBY {returned} go to who was right, \
                 {jurors} to jurors, {burned} burn",
            ruling(*ruled)
        )),
        _ => None,
    }
}

fn penalty(scene: &Scene<'_>, event: &Event) -> Option<String> {
    let name = |operator: &OperatorId| scene.cast.name(operator);
    #[expect(clippy::wildcard_enum_match_arm, reason = "most facts are of no interest here")]
    match event {
        Event::Slashed { operator, offence, amount, .. } => {
            Some(format!("{} loses {amount} PBY for {offence}", name(operator)))
        }
        Event::Jailed { operator, until } => {
            Some(format!("{} is jailed until block {until}", name(operator)))
        }
        Event::WindowClosed { share_ppm, correlated_ppm, suspended, .. } => {
            let (share, least) = (percent(*share_ppm), percent(*correlated_ppm));
            Some(if *suspended {
                format!("{share} of all stake offended in one window: its slashes wait for a vote")
            } else {
                format!(
                    "{share} of all stake offended in one window: each loses {least} of its own"
                )
            })
        }
        _ => None,
    }
}

const fn ruling(ruling: Ruling) -> &'static str {
    match ruling {
        Ruling::Uphold => "the result stands",
        Ruling::Overturn => "the result is wrong",
        Ruling::Void => "nobody is at fault",
    }
}
