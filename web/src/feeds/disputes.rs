//! What happened to a dispute, as facts with heights.
//!
//! The chain keeps of a dispute when it was opened, where it stands and when it was closed; the
//! stages between are told while they last.

use probity_primitives::Height;
use probity_protocol::Ledger;
use probity_protocol::dispute::{Bench, Dispute, Ruling, Rung, Stage};
use probity_protocol::task::JuryPhase;

use super::Fact;

/// All facts that are known of a dispute.
pub(super) fn facts(ledger: &Ledger, id: u64, known: &Dispute) -> Vec<Fact> {
    let fact = |name: &str, height: Height, happened: String| Fact {
        name: format!("dispute:{id}:{name}:{height}"),
        height,
        path: format!("/api/v1/disputes/{id}"),
        title: format!("Dispute {id} {happened}"),
        text: format!(
            "Block {height}. About the result of task {}, round {}, against {}.",
            known.task,
            known.round,
            known.claim.member()
        ),
    };
    let opened = fact("opened", known.opened, "was opened".to_owned());
    let level = known.level();
    let now = match &known.stage {
        Stage::Answer { .. } | Stage::Game { .. } => None,
        Stage::Ladder { rung, .. } => ledger.tasks.get(&known.task).and_then(|task| {
            let rules = &task.frozen.dispute;
            match rung {
                Rung::Jury { bench: Bench { draw, phase: JuryPhase::Commit { until }, .. } } => {
                    let drawn = before(*until, rules.commit_blocks)?;
                    let happened = format!("has a jury of level {level}");
                    Some(fact(&format!("jury-{level}-{draw}"), drawn, happened))
                }
                Rung::Jury { .. } => None,
                Rung::Appeal { ruling, until, .. } => {
                    let ruled = before(*until, rules.appeal_blocks)?;
                    let happened = format!("was ruled on level {level}: {}", name(*ruling));
                    Some(fact(&format!("ruled-{level}"), ruled, happened))
                }
                Rung::Vote { until, .. } => {
                    let asked = before(*until, rules.vote_blocks)?;
                    Some(fact("vote", asked, "waits for the holders' vote".to_owned()))
                }
            }
        }),
        Stage::Closed { ruling, at } => {
            Some(fact("closed", *at, format!("was closed: {}", name(*ruling))))
        }
    };
    std::iter::once(opened).chain(now).collect()
}

fn before(until: Height, blocks: u64) -> Option<Height> {
    until.0.checked_sub(blocks).map(Height)
}

const fn name(ruling: Ruling) -> &'static str {
    match ruling {
        Ruling::Uphold => "the result stands",
        Ruling::Overturn => "the result falls",
        Ruling::Void => "the result stands, and nobody was at fault",
    }
}
