//! 2, 4 and 7: what a step may change.

use probity_primitives::Amount;
use probity_protocol::event::TaskPhase;
use probity_protocol::task::{Frozen, Submission, Task};
use probity_protocol::{Bucket, Ledger};

use super::work::ended;
use super::{Violation, equal, exact, holds};

/// 2: supply counters only grow, and what is minted was earned before it was minted and lies in a
/// stream of this step.
pub(super) fn supply(before: &Ledger, after: &Ledger) -> Result<(), Violation> {
    let (old, new) = (before.supply.get(), after.supply.get());
    equal(2, || "what genesis gave out".to_owned(), new.genesis, old.genesis)?;
    let (first, next) = (before.issuance.get(), after.issuance.get());
    let streams = next.streams.iter().filter(|stream| stream.id >= first.next_stream);
    let begun = exact(2, "the new streams", Amount::sum(streams.map(|stream| stream.amount)))?;
    let minted = exact(2, "what was minted", old.minted.checked_add(begun))?;
    equal(2, || "what was minted".to_owned(), new.minted, minted)?;
    holds(
        2,
        next.earned >= first.earned,
        || "what verified work has earned to be minted".to_owned(),
        || next.earned.to_string(),
        "no less than before",
    )?;
    holds(
        2,
        new.burned >= old.burned,
        || "what was burned".to_owned(),
        || new.burned.to_string(),
        "no less than before",
    )
}

/// 7: no phase is skipped, no round goes back, nothing changes after the end, and only a
/// commitment is followed by a reveal.
pub(super) fn tasks(before: &Ledger, after: &Ledger) -> Result<(), Violation> {
    for (id, old) in before.tasks.iter() {
        let new = after.tasks.get(id);
        holds(
            7,
            new.is_some_and(|new| may_follow(old, new)),
            || format!("the step of the task {id} from {:?}", place(old)),
            || format!("to {:?}", new.map(place)),
            "to the same or the next phase or round",
        )?;
    }
    for (id, new) in after.tasks.iter() {
        holds(
            7,
            before.tasks.contains(id) || place(new) == (1, TaskPhase::Open),
            || format!("the first phase of the task {id}"),
            || format!("{:?}", place(new)),
            "open, in round 1",
        )?;
    }
    submissions(before, after)
}

fn submissions(before: &Ledger, after: &Ledger) -> Result<(), Violation> {
    for (key, new) in after.submissions.iter() {
        let old = before.submissions.get(key);
        let round = |ledger: &Ledger| ledger.tasks.get(&key.0).map(|task| task.round);
        let (old, same_round) = (old, round(before) == round(after));
        let follows = match (old, new) {
            (
                Some(Submission::Committed { commitment: a }),
                Submission::Committed { commitment: b },
            ) => a == b || !same_round,
            (
                Some(Submission::Revealed { revealed: a, .. }),
                Submission::Revealed { revealed: b, .. },
            ) => a == b,
            (Some(Submission::Committed { .. }), Submission::Revealed { .. }) => same_round,
            (None | Some(Submission::Unavailable), Submission::Revealed { .. }) => false,
            (
                Some(Submission::Unavailable | Submission::Revealed { .. }),
                Submission::Committed { .. },
            )
            | (
                Some(Submission::Committed { .. } | Submission::Revealed { .. }),
                Submission::Unavailable,
            ) => !same_round,
            (None, Submission::Committed { .. } | Submission::Unavailable)
            | (Some(Submission::Unavailable), Submission::Unavailable) => true,
        };
        holds(
            7,
            follows,
            || format!("what {} sent to {}", key.1, key.0),
            || format!("{new:?} after {old:?}"),
            "a commitment once, then its reveal",
        )?;
    }
    Ok(())
}

/// What is numbered or counted never goes back, and registrations stay.
pub(super) fn counters(before: &Ledger, after: &Ledger) -> Result<(), Violation> {
    let (old, new) = (before.counters.get(), after.counters.get());
    let counts = [
        ("tasks requested", u128::from(old.tasks), u128::from(new.tasks)),
        ("disputes opened", u128::from(old.disputes), u128::from(new.disputes)),
        ("slashes recorded", u128::from(old.slashes), u128::from(new.slashes)),
        ("compute units", old.compute_units, new.compute_units),
    ];
    for (what, old, new) in counts {
        let grown = || "no less than before";
        holds(2, new >= old, || format!("the count of {what}"), || new.to_string(), grown())?;
    }
    for (id, _) in before.artifacts.iter() {
        let kept = after.artifacts.contains(id);
        equal(2, || format!("whether the artifact {id} is there"), kept, true)?;
    }
    for (address, old) in before.accounts.iter() {
        let new = after.accounts.get(address).map(|known| known.nonce).unwrap_or_default();
        holds(
            2,
            new >= old.nonce,
            || format!("the nonce of {address}"),
            || new.to_string(),
            "no less than before",
        )?;
    }
    Ok(())
}

/// 4: a task that becomes final burns its share of the fee and leaves the royalties to be claimed.
pub(super) fn payments(before: &Ledger, after: &Ledger) -> Result<(), Violation> {
    let mut burned = before.supply.get().burned;
    for (id, task) in after.tasks.iter() {
        let was_final = before.tasks.get(id).is_some_and(ended);
        if was_final || task.phase.name() != TaskPhase::Final {
            continue;
        }
        let (fee, split) = (task.request.fee, &task.frozen.split);
        let share = exact(4, "the burned share", split.burn.of_floor(fee))?;
        burned = exact(4, "what is burned", burned.checked_add(share))?;
        let royalties = exact(4, "the royalties", split.royalties.of_floor(fee))?;
        let benchmark = task.request.benchmark;
        let ancestors = after.artifacts.get(&benchmark).map(|known| known.ancestors.iter());
        let sharing = ancestors.into_iter().flatten().map(|ancestor| ancestor.id);
        let dues = sharing.chain([benchmark]).map(|id| after.balance(Bucket::RoyaltyDue(id)));
        let due = exact(4, "royalties that are due", Amount::sum(dues))?;
        holds(
            4,
            due >= royalties,
            || format!("the royalties due to the benchmark of {id} and its ancestors"),
            || due.to_string(),
            "at least the royalty share of the fee",
        )?;
    }
    let found = after.supply.get().burned;
    holds(
        4,
        found >= burned,
        || "what was burned when tasks became final".to_owned(),
        || found.to_string(),
        "at least their burned shares",
    )
}

fn place(task: &Task) -> (u8, TaskPhase) {
    (task.round, task.phase.name())
}

fn may_follow(old: &Task, new: &Task) -> bool {
    if ended(old) {
        return old == new;
    }
    let same = (&old.request, old.requested) == (&new.request, new.requested);
    // A result that fell is measured anew by a larger committee, once; nothing else is unfrozen.
    let reopens = !old.reopened && new.reopened;
    let frozen = Frozen { seats: new.frozen.seats, ..old.frozen.clone() };
    let kept = frozen == new.frozen && (reopens || old.frozen.seats == new.frozen.seats);
    if !same || !kept || (old.reopened && !new.reopened) {
        return false;
    }
    let next_round = old.round.checked_add(1) == Some(new.round);
    match (old.phase.name(), new.phase.name()) {
        (a, b) if a == b && old.round == new.round => true,
        (TaskPhase::Commit | TaskPhase::Reveal, TaskPhase::Commit) => next_round,
        (TaskPhase::Commit | TaskPhase::Reveal, TaskPhase::Void) => {
            old.round == new.round || next_round
        }
        (TaskPhase::Open, TaskPhase::Commit | TaskPhase::Void)
        | (TaskPhase::Commit, TaskPhase::Reveal)
        | (TaskPhase::Reveal, TaskPhase::Spot)
        | (TaskPhase::Spot, TaskPhase::Provisional | TaskPhase::Void)
        | (TaskPhase::Provisional, TaskPhase::Final) => old.round == new.round,
        (TaskPhase::Provisional, TaskPhase::Commit) => next_round && reopens,
        (TaskPhase::Provisional, TaskPhase::Void) => {
            (next_round && reopens) || (old.round == new.round && old.reopened)
        }
        _ => false,
    }
}
