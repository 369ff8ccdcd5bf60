//! What a vote changes besides parameters, money and referenda: the pause of payouts, the version
//! that is planned, slashes that wait, windows, disputes and the results that follow them.

use std::collections::BTreeSet;

use probity_primitives::{Height, TaskId};
use probity_protocol::dispute::{Ruling, Rung, Stage};
use probity_protocol::pause;
use probity_protocol::slashing::SlashState;
use probity_protocol::task::OutcomeState;
use probity_protocol::{Ledger, upgrade::Protocol};

use super::Difference;

/// Everything of that kind that differs, as people read it.
pub(super) fn differing(
    before: &Ledger,
    after: &Ledger,
    height: Height,
) -> Vec<Difference<String>> {
    let mut rows = Vec::new();
    let mut row = |path: String, before: String, after: String| {
        if before != after {
            rows.push(Difference { path, before, after });
        }
    };
    row("payouts".to_owned(), payouts(before, height), payouts(after, height));
    row("protocol".to_owned(), protocol(before.protocol.get()), protocol(after.protocol.get()));
    for id in after.slashes.changed() {
        row(format!("slash {id}"), slash(before, *id), slash(after, *id));
    }
    for number in after.windows.changed() {
        row(format!("window {number}"), window(before, *number), window(after, *number));
    }
    for id in after.disputes.changed() {
        row(format!("dispute {id}"), dispute(before, *id), dispute(after, *id));
    }
    let tasks: BTreeSet<TaskId> = after.outcomes.changed().copied().collect();
    for task in tasks {
        row(format!("result of {task}"), result(before, task), result(after, task));
    }
    rows
}

fn payouts(ledger: &Ledger, height: Height) -> String {
    match pause::until(ledger, height) {
        Some(until) => format!("paused until block {until}"),
        None => "go on".to_owned(),
    }
}

fn protocol(known: &Protocol) -> String {
    let Protocol { version, planned } = known;
    match planned {
        Some(plan) => {
            format!("version {version}, version {} from block {}", plan.version, plan.height)
        }
        None => format!("version {version}"),
    }
}

/// A slash that is not there has not been recorded, or was given back.
fn slash(ledger: &Ledger, id: u64) -> String {
    match ledger.slashes.get(&id).map(|known| (known.state, known.due)) {
        Some((SlashState::Waiting, due)) => format!("shared out in block {due}"),
        Some((SlashState::Suspended, _)) => "suspended".to_owned(),
        None => "none".to_owned(),
    }
}

fn window(ledger: &Ledger, number: u64) -> String {
    let offenders = ledger.windows.get(&number).map(|known| known.offenders.len());
    offenders.map_or_else(|| "closed".to_owned(), |count| format!("{count} offenders"))
}

fn dispute(ledger: &Ledger, id: u64) -> String {
    match ledger.disputes.get(&id).map(|known| &known.stage) {
        Some(Stage::Answer { .. }) => "waits for an answer".to_owned(),
        Some(Stage::Game { .. }) => "looks for the item".to_owned(),
        Some(Stage::Ladder { rung: Rung::Jury { .. }, .. }) => "before a jury".to_owned(),
        Some(Stage::Ladder { rung: Rung::Appeal { ruling, .. }, .. }) => {
            format!("{}, open to appeal", ruled(*ruling))
        }
        Some(Stage::Ladder { rung: Rung::Vote { ruling, .. }, .. }) => {
            format!("{}, unless the holders say otherwise", ruled(*ruling))
        }
        Some(Stage::Closed { ruling, .. }) => format!("closed: {}", ruled(*ruling)),
        None => "none".to_owned(),
    }
}

const fn ruled(ruling: Ruling) -> &'static str {
    match ruling {
        Ruling::Uphold => "upheld",
        Ruling::Overturn => "overturned",
        Ruling::Void => "void",
    }
}

fn result(ledger: &Ledger, task: TaskId) -> String {
    let Some(outcome) = ledger.outcomes.get(&task) else { return "none".to_owned() };
    let state = match outcome.state {
        OutcomeState::Provisional => "provisional",
        OutcomeState::Contested => "contested",
        OutcomeState::Final => "final",
        OutcomeState::Overturned => "overturned",
    };
    format!("{}, {state}", outcome.score)
}
