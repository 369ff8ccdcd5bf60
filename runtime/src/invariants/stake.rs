//! 3 and 5: what stands behind operators.

use std::collections::BTreeMap;

use probity_primitives::{Amount, Epoch, OperatorId};
use probity_protocol::dispute::{Rung, Stage};
use probity_protocol::staking::epoch::MAX_TOTAL_POWER;
use probity_protocol::task::{AuditPhase, JuryPhase, Member, Task};
use probity_protocol::{Bucket, Ledger};

use super::{Violation, equal, exact, holds};

/// 3: what is locked is at most what is bonded, and the locks of an operator are those of its open
/// seats, in committees, juries and audits together.
pub(super) fn locks(ledger: &Ledger) -> Result<(), Violation> {
    let mut held: BTreeMap<OperatorId, Amount> = BTreeMap::new();
    for (id, task) in ledger.tasks.iter() {
        add(&mut held, task, task.phase.committee())?;
        if let Some(jury) = ledger.juries.get(id)
            && !matches!(jury.phase, JuryPhase::Done { .. })
        {
            add(&mut held, task, &jury.jurors)?;
        }
        if let Some(audit) = ledger.audits.get(id)
            && matches!(audit.phase, AuditPhase::Commit { .. } | AuditPhase::Reveal { .. })
        {
            add(&mut held, task, &audit.auditors)?;
        }
    }
    for (_, dispute) in ledger.disputes.iter() {
        if let Stage::Ladder { rung: Rung::Jury { bench }, .. } = &dispute.stage
            && let Some(task) = ledger.tasks.get(&dispute.task)
        {
            add(&mut held, task, &bench.jurors)?;
        }
    }
    for (id, operator) in ledger.operators.iter() {
        let expected = held.get(id).copied().unwrap_or_default();
        equal(3, || format!("the seat locks of {id}"), operator.seat_locks, expected)?;
        let (locked, bonded) = (ledger.locked(id), ledger.bonded(id));
        holds(
            3,
            locked <= bonded,
            || format!("what {id} has locked"),
            || locked.to_string(),
            "at most what is bonded",
        )?;
    }
    Ok(())
}

fn add(
    held: &mut BTreeMap<OperatorId, Amount>,
    task: &Task,
    members: &[Member],
) -> Result<(), Violation> {
    for member in members {
        let lock = task.frozen.seat_lock.checked_mul(u128::from(member.seats.0));
        let lock = exact(3, "a seat lock", lock)?;
        let sum = held.entry(member.operator).or_default();
        *sum = exact(3, "the sum of seat locks", sum.checked_add(lock))?;
    }
    Ok(())
}

/// 5: shares add up, a pool without shares holds no money, keys lead to their operators, and the
/// validators can decide.
pub(super) fn pools(ledger: &Ledger) -> Result<(), Violation> {
    let mut shares: BTreeMap<OperatorId, Amount> = BTreeMap::new();
    for ((_, operator), delegation) in ledger.delegations.iter() {
        let sum = shares.entry(*operator).or_default();
        let more = sum.checked_add(Amount::from_units(delegation.shares));
        *sum = exact(5, "the sum of delegations", more)?;
    }
    for (id, operator) in ledger.operators.iter() {
        let found = shares.get(id).copied().unwrap_or_default();
        let what = || format!("the shares in the pool of {id}");
        equal(5, what, found, Amount::from_units(operator.shares))?;
        holds(
            5,
            operator.shares > 0 || ledger.bonded(id).is_zero(),
            || format!("the pool of {id}, which has no shares,"),
            || ledger.bonded(id).to_string(),
            "empty",
        )?;
        holds(
            5,
            ledger.operator_keys.get(&operator.key) == Some(id),
            || format!("the operator of the key {}", operator.key),
            || format!("{:?}", ledger.operator_keys.get(&operator.key)),
            "the one that has it",
        )?;
    }
    tranches(ledger)?;
    let power = ledger.validators.get().total_power();
    holds(
        5,
        power > 0 && power <= MAX_TOTAL_POWER,
        || "the validators' power".to_owned(),
        || power.to_string(),
        "from 1 to 2^61 - 1",
    )
}

fn tranches(ledger: &Ledger) -> Result<(), Violation> {
    let mut claims: BTreeMap<(OperatorId, Epoch), Amount> = BTreeMap::new();
    for ((_, operator, epoch), claim) in ledger.claims.iter() {
        let sum = claims.entry((*operator, *epoch)).or_default();
        let more = sum.checked_add(Amount::from_units(claim.shares));
        *sum = exact(5, "the sum of claims", more)?;
    }
    for (key, tranche) in ledger.tranches.iter() {
        let found = claims.remove(key).unwrap_or_default();
        let what = || format!("the claims on what left {} in epoch {}", key.0, key.1);
        equal(5, what, found, Amount::from_units(tranche.shares))?;
    }
    for (bucket, amount) in ledger.buckets.iter() {
        if let Bucket::Unbonding(operator, epoch) = bucket {
            holds(
                5,
                ledger.tranches.contains(&(*operator, *epoch)),
                || format!("what left {operator} in epoch {epoch}, which nobody claims,"),
                || amount.to_string(),
                "empty",
            )?;
        }
    }
    let orphan = claims.keys().next().map(|(operator, _)| *operator);
    holds(
        5,
        orphan.is_none(),
        || "a claim without its tranche".to_owned(),
        || format!("{orphan:?}"),
        "none",
    )
}
