//! 5, 7 and 8: the money of disputes, and that each has an end.

use std::collections::BTreeMap;

use probity_primitives::{Address, Amount};
use probity_protocol::dispute::{Dispute, Level, Rung, Stage};
use probity_protocol::task::Due;
use probity_protocol::{Bucket, Ledger};

use super::work::ended;
use super::{Violation, equal, exact, holds};

/// 5: a dispute's escrow is what its pots hold, and empty once it is closed; no escrow is without a
/// dispute.
pub(super) fn escrows(ledger: &Ledger) -> Result<(), Violation> {
    for (id, dispute) in ledger.disputes.iter() {
        let expected = exact(5, "what a dispute holds", held(dispute))?;
        let found = ledger.balance(Bucket::BondEscrow(*id));
        equal(5, || format!("the escrow of the dispute {id}"), found, expected)?;
    }
    for (bucket, amount) in ledger.buckets.iter() {
        if let Bucket::BondEscrow(id) = bucket {
            holds(
                5,
                ledger.disputes.contains(id),
                || format!("the escrow of {id}, which is no dispute,"),
                || amount.to_string(),
                "empty",
            )?;
        }
    }
    Ok(())
}

fn held(dispute: &Dispute) -> Result<Amount, probity_primitives::ArithmeticError> {
    let next = match &dispute.stage {
        Stage::Closed { .. } => return Ok(Amount::ZERO),
        Stage::Ladder { rung: Rung::Appeal { next, .. }, .. } => Some(next),
        Stage::Ladder { rung: Rung::Jury { .. } | Rung::Vote { .. }, .. }
        | Stage::Answer { .. }
        | Stage::Game { .. } => None,
    };
    let both = |level: &Level| level.challenger.sum()?.checked_add(level.defender.sum()?);
    Amount::sum(dispute.levels.iter().chain(next).map(both).collect::<Result<Vec<_>, _>>()?)
}

/// 8: an open dispute has exactly one planned end and is in the books of its task and its
/// challenger; a closed one is in none; a task that ended has none that is open.
pub(super) fn ends(ledger: &Ledger) -> Result<(), Violation> {
    let mut due: BTreeMap<u64, u32> = BTreeMap::new();
    for ((at, what), ()) in ledger.schedule.iter() {
        if let Due::Dispute(id) = what {
            let planned = ledger.disputes.get(id).is_some_and(|dispute| dispute.due == *at);
            let count = due.entry(*id).or_default();
            *count = count.saturating_add(if planned { 1 } else { 2 });
        }
    }
    let mut accounts: BTreeMap<Address, u32> = BTreeMap::new();
    for (id, dispute) in ledger.disputes.iter() {
        let open = !dispute.is_closed();
        let found = due.get(id).copied().unwrap_or_default();
        equal(8, || format!("the number of ends planned for {id}"), found, u32::from(open))?;
        let listed =
            ledger.task_disputes.get(&dispute.task).is_some_and(|known| known.open.contains(id));
        equal(8, || format!("whether the dispute {id} is listed as open"), listed, open)?;
        let task = ledger.tasks.get(&dispute.task);
        holds(
            8,
            !open || task.is_some_and(|task| !ended(task)),
            || format!("the task of the open dispute {id}"),
            || format!("{:?}", task.map(|task| task.phase.name())),
            "one that has not ended",
        )?;
        if let Some(account) = dispute.challenger.account().filter(|_| open) {
            let count = accounts.entry(account).or_default();
            *count = count.saturating_add(1);
        }
    }
    for (account, count) in ledger.account_disputes.iter() {
        let expected = accounts.remove(account).unwrap_or_default();
        equal(8, || format!("the open disputes of {account}"), *count, expected)?;
    }
    let orphan = accounts.keys().next();
    let what = || "an account whose disputes are not counted".to_owned();
    holds(8, orphan.is_none(), what, || format!("{orphan:?}"), "none")
}

/// 7: a closed dispute stays as it is, and an open one stays about the same thing.
pub(super) fn step(before: &Ledger, after: &Ledger) -> Result<(), Violation> {
    for (id, old) in before.disputes.iter() {
        let new = after.disputes.get(id);
        let follows = new.is_some_and(|new| {
            let same = (old.task, &old.claim, old.opened) == (new.task, &new.claim, new.opened);
            same && new.levels.len() >= old.levels.len() && (!old.is_closed() || new == old)
        });
        holds(
            7,
            follows,
            || format!("the step of the dispute {id}"),
            || format!("{:?}", new.map(|new| &new.stage)),
            "the same or a later stage, and nothing after the end",
        )?;
    }
    Ok(())
}
