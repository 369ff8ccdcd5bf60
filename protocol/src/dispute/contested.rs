//! Results that are disputed in the audit pool's name: by a flagged member that was right at every
//! opened item, or by an auditor that found another score.
//!
//! The audit pool puts up the bond, so that a lone truth-teller needs no money; its own transcript
//! stands against one that stands for the result. One dispute about a result is open at a time, so
//! auditors take turns, those with the most seats first: what each revealed is kept until its turn
//! is over.
//!
//! # Invariants
//! - An auditor spends the pool's money once, and answers for it: if the result is upheld against
//!   its transcript, that transcript was false.
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
use super::state::{Claim, Dispute, Funder, Ruling};
use crate::bank::Bucket;
use crate::ledger::{Context, Ledger};
use crate::slashing::Offence;
use crate::task::panel::{self, Fault};
use crate::task::{
    AuditEntry, AuditPhase, Member, MemberOutcome, Outcome, OutcomeState, Revealed, Standing, Task,
    TaskError,
};

/// Opens a dispute about a result in a member's name, unless one is open, too many have failed, or
/// the pool cannot pay; whether it did.
pub(crate) fn contest(
    ledger: &mut Ledger,
    ctx: &mut Context,
    id: TaskId,
    member: OperatorId,
) -> Result<bool, TaskError> {
    let mine = locate::revealed(ledger, id, member);
    tolerate(mine.and_then(|mine| dispute(ledger, ctx, id, &mine)))
}

/// The same in the name of the auditor whose turn it is, if the result still contradicts one.
pub(crate) fn contest_as_auditor(
    ledger: &mut Ledger,
    ctx: &mut Context,
    id: TaskId,
) -> Result<bool, TaskError> {
    let doubts = kept(ledger, id).into_iter().filter(|(_, shown)| {
        ledger.outcomes.get(&id).is_some_and(|outcome| outcome.differs(shown.score))
    });
    let first = doubts.min_by_key(|(auditor, _)| (Reverse(auditor.seats), auditor.operator));
    let Some((_, mine)) = first else { return Ok(false) };
    tolerate(dispute(ledger, ctx, id, &mine))
}

/// What cannot be disputed stays contested: nothing was written before that was known.
fn tolerate(opened: Result<bool, DisputeError>) -> Result<bool, TaskError> {
    match opened {
        Ok(opened) => Ok(opened),
        Err(DisputeError::Task(error)) => Err(error),
        Err(_) => Ok(false),
    }
}

fn dispute(
    ledger: &mut Ledger,
    ctx: &mut Context,
    id: TaskId,
    mine: &Revealed,
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
    let theirs = locate::revealed(ledger, id, stands)?;
    let claim = Claim::Aggregate {
        member: stands,
        score: mine.score,
        root: mine.answers_root,
        header: mine.header,
    };
    let start = match game::begin(&task, *theirs.last, (*mine.last).clone(), ctx.height) {
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

/// The auditors in whose name the audit pool disputes a result: those whose transcript it is.
pub(super) fn speakers(ledger: &Ledger, dispute: &Dispute) -> Vec<Member> {
    let Claim::Aggregate { root, header, .. } = &dispute.claim else { return Vec::new() };
    if dispute.challenger != Funder::AuditPool {
        return Vec::new();
    }
    let own = |shown: &Revealed| shown.answers_root == *root && shown.header == *header;
    let kept = kept(ledger, dispute.task).into_iter();
    kept.filter(|(_, shown)| own(shown)).map(|(auditor, _)| auditor).collect()
}

/// Makes auditors pay against whose transcript a result was upheld.
pub(super) fn convict(
    ledger: &mut Ledger,
    ctx: &mut Context,
    task: &Task,
    dispute: &Dispute,
) -> Result<(), DisputeError> {
    for auditor in speakers(ledger, dispute) {
        let (offence, committed) = (Offence::FalseTranscript, task.requested);
        let fault = Fault { offence, committed, reporter: None };
        panel::penalise(ledger, ctx, (dispute.task, task), &auditor, fault)?;
    }
    Ok(())
}

/// Ends the turn of the auditors in whose name a dispute was, and begins that of the next one.
pub(super) fn next_turn(
    ledger: &mut Ledger,
    ctx: &mut Context,
    dispute: &Dispute,
    ruling: Ruling,
) -> Result<(), DisputeError> {
    let (id, spoke) = (dispute.task, speakers(ledger, dispute));
    for auditor in &spoke {
        ledger.audit_entries.remove(&(id, auditor.operator));
    }
    if !dispute.claim.is_aggregate() || contest_as_auditor(ledger, ctx, id)? {
        return Ok(());
    }
    // Doubts that a jury has answered are none; a result that others still doubt stays contested.
    let answered = ruling == Ruling::Uphold && !spoke.is_empty() && kept(ledger, id).is_empty();
    if let Some(outcome) = ledger.outcomes.get_mut(&id).filter(|_| answered)
        && outcome.state == OutcomeState::Contested
        && !outcome.members.iter().any(MemberOutcome::is_right_outlier)
    {
        outcome.state = OutcomeState::Provisional;
    }
    Ok(())
}

/// Forgets what auditors of a round that is over have revealed.
pub(super) fn forget(ledger: &mut Ledger, id: TaskId) {
    for (auditor, _) in kept(ledger, id) {
        ledger.audit_entries.remove(&(id, auditor.operator));
    }
}

/// What is kept of auditors whose audit is over: their scores contradicted the result.
fn kept(ledger: &Ledger, id: TaskId) -> Vec<(Member, Revealed)> {
    let audit = ledger.audits.get(&id);
    let done = audit.filter(|audit| matches!(audit.phase, AuditPhase::Done { .. }));
    let auditors = done.map(|audit| audit.auditors.to_vec()).unwrap_or_default();
    let entry = |auditor: Member| match ledger.audit_entries.get(&(id, auditor.operator))? {
        AuditEntry::Revealed { revealed } => Some((auditor, revealed.clone())),
        AuditEntry::Committed { .. } => None,
    };
    auditors.into_iter().filter_map(entry).collect()
}
