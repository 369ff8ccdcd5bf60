//! A flagged member that was right at every opened item: the result is disputed in its name.
//!
//! The audit pool puts up the bond, so that a lone truth-teller needs no money; the member's own
//! transcript stands against one that stands for the result.
//!
//! Spec: `docs/spec/10-checks.md`, `docs/spec/13-disputes.md`.

use std::cmp::Reverse;

use probity_primitives::{OperatorId, TaskId};

use super::costs::bond_floor;
use super::error::DisputeError;
use super::game::{self, Next};
use super::locate;
use super::open::{self, MAX_FAILED, Opening, Start};
use super::record;
use super::state::{Claim, Funder};
use crate::bank::Bucket;
use crate::ledger::{Context, Ledger};
use crate::task::{Outcome, OutcomeState, Standing, TaskError};

/// Opens a dispute about a result at the audit pool's cost, unless one is open, too many have
/// failed, or the pool cannot pay; whether it did.
pub(crate) fn contest(
    ledger: &mut Ledger,
    ctx: &mut Context,
    id: TaskId,
    member: OperatorId,
) -> Result<bool, TaskError> {
    match dispute(ledger, ctx, id, member) {
        Ok(opened) => Ok(opened),
        Err(DisputeError::Task(error)) => Err(error),
        // What cannot be disputed stays contested: nothing was written before that was known.
        Err(_) => Ok(false),
    }
}

fn dispute(
    ledger: &mut Ledger,
    ctx: &mut Context,
    id: TaskId,
    member: OperatorId,
) -> Result<bool, DisputeError> {
    let task = record::task(ledger, id)?;
    let known = ledger.task_disputes.get(&id).cloned().unwrap_or_default();
    let bond = bond_floor(&task.frozen.dispute, task.frozen.seat_price)?;
    let may = known.aggregate.is_none()
        && known.failed < MAX_FAILED
        && ledger.balance(Bucket::AuditPool) >= bond;
    let Some(stands) = ledger.outcomes.get(&id).filter(|_| may).and_then(representative) else {
        return Ok(false);
    };
    let (mine, theirs) =
        (locate::revealed(ledger, id, member)?, locate::revealed(ledger, id, stands)?);
    let claim = Claim::Aggregate {
        member: stands,
        score: mine.score,
        root: mine.answers_root,
        header: mine.header,
    };
    let start = match game::begin(&task, *theirs.last, *mine.last, ctx.height) {
        Next::Play(game) => Start::Game(game),
        Next::Over(found) => Start::Found(found),
    };
    let opening = Opening { id, challenger: Funder::AuditPool, claim, bond };
    open::begin(ledger, ctx, opening, &task, start)?;
    Ok(true)
}

/// The member whose transcript stands for the result: accepted, with the most seats.
fn representative(outcome: &Outcome) -> Option<OperatorId> {
    if outcome.state == OutcomeState::Overturned {
        return None;
    }
    let accepted = outcome
        .members
        .iter()
        .filter(|member| member.standing == Some(Standing::Accepted) && member.counts());
    accepted.min_by_key(|member| (Reverse(member.seats), member.operator)).map(|one| one.operator)
}
