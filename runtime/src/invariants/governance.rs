//! 2, 11 and 12 of governance: deposits, tallies, delegations and locks, counted one by one.
//!
//! What blocks keep as running sums is counted here from the votes and the delegations that stand.
//!
//! Spec: `docs/spec/14-governance.md`.

use std::collections::{BTreeMap, BTreeSet};

use probity_dao::history;
use probity_dao::{Delegation, Ledger, Power, Referendum, ReferendumId, Stage, Tally, Track};
use probity_primitives::{Address, Amount, Height};
use probity_protocol::Bucket;

use super::{Violation, equal, exact, holds};
use crate::governance::power;
use crate::state::State;

/// More than any message of a test costs.
const MOST_FEE: Amount = Amount::from_tokens(1);

pub(super) fn check(state: &State, previous: Option<&State>) -> Result<(), Violation> {
    deposits(state)?;
    received(&state.dao)?;
    for (id, referendum) in state.dao.referenda.iter() {
        if referendum.stage.is_open() {
            tally(state, *id, referendum)?;
        }
        places(&state.dao, *id, referendum)?;
    }
    kept(&state.dao)?;
    if let Some(before) = previous {
        steps(&before.dao, &state.dao)?;
        locks(before, state)?;
    }
    numbers(state)
}

/// 11: a deposit lies in its bucket while its referendum is not over, and no longer.
fn deposits(state: &State) -> Result<(), Violation> {
    for (id, referendum) in state.dao.referenda.iter() {
        let held = referendum.stage.ended().is_none();
        let expected = if held { referendum.deposit } else { Amount::ZERO };
        let what = || format!("the deposit of referendum {id}");
        equal(11, what, state.ledger.balance(Bucket::GovDeposit(id.0)), expected)?;
    }
    let known = |number: &u64| state.dao.referenda.contains(&ReferendumId(*number));
    for (bucket, amount) in state.ledger.buckets.iter() {
        if let Bucket::GovDeposit(number) = bucket {
            let what = || format!("the deposit {number}, of no referendum,");
            holds(11, known(number), what, || amount.to_string(), "empty")?;
        }
    }
    Ok(())
}

/// 11: what an account has received is what others have given it.
fn received(dao: &Ledger) -> Result<(), Violation> {
    let mut given: BTreeMap<(Address, Track), Power> = BTreeMap::new();
    for ((_, track), delegation) in dao.delegations.iter() {
        let power = exact(11, "a delegation", delegation.power())?;
        let sum = given.entry((delegation.to, *track)).or_default();
        *sum = exact(11, "the sum of delegations", sum.checked_add(power))?;
    }
    let found: BTreeMap<_, _> = dao.received.iter().map(|(key, power)| (*key, *power)).collect();
    holds(
        11,
        found == given,
        || "what accounts have received".to_owned(),
        || format!("{found:?}"),
        "the sum of what others have given",
    )
}

/// 11: a running tally is what a recount gives, no vote has more than its voter held at the
/// snapshot, and no tokens count twice.
fn tally(state: &State, id: ReferendumId, referendum: &Referendum) -> Result<(), Violation> {
    let dao = &state.dao;
    let votes: BTreeMap<Address, _> =
        dao.votes.iter().filter(|((of, _), _)| *of == id).map(|((_, who), v)| (*who, *v)).collect();
    let given = delegations_at(dao, referendum.track, referendum.snapshot);
    let mut sum = Tally::default();
    let mut counted: BTreeMap<Address, Amount> = BTreeMap::new();
    for (account, vote) in &votes {
        let mut carried = Power::NONE;
        for (giver, delegation) in &given {
            let silent = !votes.contains_key(giver) && vote.ballot.side().is_some();
            if delegation.to == *account && silent {
                let power = exact(11, "a delegation", delegation.power())?;
                carried = exact(11, "what a vote carries", carried.checked_add(power))?;
                counted.insert(*giver, delegation.amount);
            }
        }
        let what = || format!("what the vote of {account} on referendum {id} carries");
        holds(11, vote.carried == carried, what, || format!("{:?}", vote.carried), "a recount")?;
        let bound = dao.voters.get(account).is_some_and(|voter| voter.votes.contains(&id));
        equal(11, || format!("whether the vote of {account} on {id} is locked"), bound, true)?;
        sum = exact(11, "a tally", sum.with(&vote.ballot, carried))?;
        let tokens = exact(11, "the tokens of a vote", vote.ballot.tokens())?;
        counted.insert(*account, tokens);
        let then = exact(11, "power", power::at(state, *account, referendum.snapshot))?;
        holds(
            11,
            tokens <= then,
            || format!("the vote of {account} on referendum {id}"),
            || tokens.to_string(),
            "no more than it held at the snapshot",
        )?;
    }
    let what = || format!("the tally of referendum {id}");
    holds(11, sum == referendum.tally, what, || format!("{:?}", referendum.tally), "a recount")?;
    let all = exact(11, "all that was counted", Amount::sum(counted.into_values()))?;
    equal(11, || format!("the turnout of referendum {id}"), referendum.tally.turnout, all)
}

/// Who had given what to whom on a track at a snapshot, of the state at the end of a block.
fn delegations_at(dao: &Ledger, track: Track, snapshot: Height) -> Vec<(Address, Delegation)> {
    let now = dao.delegations.iter().map(|(key, _)| *key);
    let past = dao.past_delegations.iter().map(|((key, _), _)| *key);
    let givers: BTreeSet<(Address, Track)> = now.chain(past).filter(|key| key.1 == track).collect();
    givers
        .into_iter()
        .filter_map(|key| {
            let past = history::at(&dao.past_delegations, &key, snapshot);
            let given = past.copied().unwrap_or_else(|| dao.delegations.get(&key).copied());
            Some((key.0, given?))
        })
        .collect()
}

/// 7: a referendum is in exactly the lists that its stage belongs to.
fn places(dao: &Ledger, id: ReferendumId, referendum: &Referendum) -> Result<(), Violation> {
    let Referendum { track, snapshot, stage, .. } = referendum;
    let planned = match stage {
        Stage::Preparing { until } => Some(*until),
        Stage::Approved { enact_at, .. } => Some(*enact_at),
        Stage::Queued
        | Stage::Deciding { .. }
        | Stage::Enacted { .. }
        | Stage::Rejected { .. }
        | Stage::TimedOut { .. }
        | Stage::Vetoed { .. }
        | Stage::Cancelled { .. }
        | Stage::Failed { .. } => None,
    };
    let waits = matches!(stage, Stage::Preparing { .. } | Stage::Queued);
    let lists = [
        ("queue", dao.queue.contains(&(*track, id)), waits),
        ("slots", dao.deciding.contains(&(*track, id)), matches!(stage, Stage::Deciding { .. })),
        ("snapshots", dao.snapshots.contains(&(*snapshot, id)), stage.is_open()),
        ("schedule", dao.schedule.iter().any(|((_, of), ())| *of == id), planned.is_some()),
    ];
    for (list, found, expected) in lists {
        let what = || format!("whether referendum {id}, {}, is in the {list}", stage.name());
        equal(7, what, found, expected)?;
    }
    Ok(())
}

/// 7: a vote is on a referendum that has not ended, or on one whose votes will be let go.
fn kept(dao: &Ledger) -> Result<(), Violation> {
    let leaving: BTreeSet<ReferendumId> = dao.expiries.iter().map(|((_, id), ())| *id).collect();
    let counts = |id: &ReferendumId| {
        dao.referenda.get(id).is_some_and(|known| known.stage.ended().is_none())
    };
    for ((id, account), _) in dao.votes.iter() {
        let fits = counts(id) || leaving.contains(id);
        equal(7, || format!("whether the vote of {account} on {id} is still of use"), fits, true)?;
    }
    Ok(())
}

/// 7: an end is an end, and what a referendum is decided by never changes.
fn steps(before: &Ledger, after: &Ledger) -> Result<(), Violation> {
    for (id, old) in before.referenda.iter() {
        let same = after.referenda.get(id).is_some_and(|new| {
            let kept = (&old.frozen, &old.action, old.snapshot, old.deposit)
                == (&new.frozen, &new.action, new.snapshot, new.deposit);
            kept && (old.stage.ended().is_none() || old == new)
        });
        let what = || format!("whether referendum {id} is what it was");
        equal(7, what, same, true)?;
    }
    for ((_, id), ()) in after.snapshots.iter() {
        let known = after.referenda.get(id);
        let earlier = known.is_some_and(|known| known.snapshot < known.submitted);
        equal(11, || format!("whether {id} counts what was before it"), earlier, true)?;
    }
    Ok(())
}

/// 12: the numbers of governance keep their inequalities.
fn numbers(state: &State) -> Result<(), Violation> {
    state.dao.params.get().validate().map_err(|error| Violation {
        number: 12,
        what: "the numbers of governance".to_owned(),
        found: error.to_string(),
        expected: "a set that validates".to_owned(),
    })?;
    Ok(())
}

/// 11: what voted and is still locked stays, whatever its holder does; fees and slashes apart.
fn locks(before: &State, after: &State) -> Result<(), Violation> {
    if after.ledger.slashes.iter().any(|(id, _)| !before.ledger.slashes.contains(id)) {
        return Ok(());
    }
    let given = before.dao.delegations.iter().map(|((account, _), _)| *account);
    let voted = before.dao.voters.iter().map(|(account, _)| *account);
    let bound: BTreeSet<Address> = voted.chain(given).collect();
    for account in bound {
        // Locks that hold for ever are those whose end is not known yet.
        let open = after.dao.largest_lock(account, Height(u64::MAX));
        let locked = open.map(|lock| lock.amount).unwrap_or_default();
        let held = |state: &State| exact(11, "holdings", state.ledger.holdings(account));
        let nonce =
            |state: &State| state.ledger.accounts.get(&account).map_or(0, |known| known.nonce);
        let sent = nonce(after).saturating_sub(nonce(before));
        let fees = exact(11, "fees", MOST_FEE.checked_mul(sent.into()))?;
        let least = locked.min(held(before)?).checked_sub(fees).unwrap_or_default();
        let left = held(after)?;
        holds(
            11,
            left >= least,
            || format!("what {account} holds"),
            || left.to_string(),
            "no less than what open votes and delegations lock of it",
        )?;
    }
    Ok(())
}
