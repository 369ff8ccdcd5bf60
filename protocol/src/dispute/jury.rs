//! A dispute's juries: drawn like item juries, larger on each level.
//!
//! Jurors come from outside the committee and the earlier juries of the same dispute; where too few
//! operators are left, everyone sits but those whom the dispute accuses and the challenger.
//!
//! # Invariants
//! - A jury that does not reach two thirds of its seats is drawn once more, then nothing is ruled.
//!
//! Spec: `docs/spec/13-disputes.md`.

use std::collections::BTreeSet;

use probity_primitives::{Address, BoundedVec, Hash, OperatorId, Seats};

use super::contested;
use super::error::DisputeError;
use super::ladder;
use super::record;
use super::settle;
use super::state::{Bench, Dispute, DisputeBallot, JurorVote, Question, Ruling, Rung, Stage};
use crate::beacon::Beacon;
use crate::committee;
use crate::event::Event;
use crate::ledger::{Context, Ledger};
use crate::slashing::{self, Offence};
use crate::task::panel::{self, Fault, MAX_DRAWS, Selection};
use crate::task::phases::{total_seats, unlock};
use crate::task::{JuryPhase, Member, Task};

/// Draws a jury of the dispute's present level.
pub(super) fn sit(
    ledger: &mut Ledger,
    ctx: &mut Context,
    id: u64,
    mut dispute: Dispute,
    question: Question,
    draw: u8,
) -> Result<(), DisputeError> {
    let task = record::task(ledger, dispute.task)?;
    let rules = &task.frozen.dispute;
    let level = dispute.level();
    let seats = rules.levels.get(usize::from(level)).copied().unwrap_or_default();
    let until = ctx.height.checked_add(rules.commit_blocks)?;
    let phase = JuryPhase::Commit { until };
    let mut bench = Bench { draw, jurors: BoundedVec::new(), outside: true, phase };
    // Whom the dispute accuses follows from its question.
    let rung = Rung::Jury { bench: bench.clone() };
    dispute.stage = Stage::Ladder { question: question.clone(), rung };
    let seed = committee::seed(ledger.beacon.get().value(), &("dispute", id, level, draw));
    let selection = selection(ledger, &task, &dispute, seats, seed);
    let (jurors, outside) = panel::seat(ledger, &task, &selection)?;
    let seats = total_seats(&jurors);
    ctx.emit(Event::DisputeJuryDrawn { dispute: id, level, draw, seats, outside });
    (bench.jurors, bench.outside) = (BoundedVec::from_vec(jurors)?, outside);
    dispute.stage = Stage::Ladder { question, rung: Rung::Jury { bench } };
    record::store(ledger, id, dispute, until);
    Ok(())
}

/// Ends a phase of a jury.
pub(super) fn advance(
    ledger: &mut Ledger,
    ctx: &mut Context,
    id: u64,
    mut dispute: Dispute,
    (question, mut bench): (Question, Bench),
) -> Result<(), DisputeError> {
    let task = record::task(ledger, dispute.task)?;
    match bench.phase {
        JuryPhase::Commit { .. } => {
            let until = ctx.height.checked_add(task.frozen.dispute.reveal_blocks)?;
            bench.phase = JuryPhase::Reveal { until };
            dispute.stage = Stage::Ladder { question, rung: Rung::Jury { bench } };
            record::store(ledger, id, dispute, until);
            Ok(())
        }
        JuryPhase::Reveal { .. } | JuryPhase::Done { .. } => {
            close(ledger, ctx, id, (&task, dispute), (question, &bench))
        }
    }
}

fn close(
    ledger: &mut Ledger,
    ctx: &mut Context,
    id: u64,
    (task, mut dispute): (&Task, Dispute),
    (question, bench): (Question, &Bench),
) -> Result<(), DisputeError> {
    let mut votes = Vec::new();
    for juror in &bench.jurors {
        let ballot = ledger.dispute_ballots.remove(&(id, juror.operator));
        let vote = match ballot {
            Some(DisputeBallot::Revealed { vote }) => Some(vote),
            Some(DisputeBallot::Committed { .. } | DisputeBallot::Leaked) | None => None,
        };
        slashing::record_assignment(ledger, ctx, juror.operator, vote.is_none())?;
        // A ballot that was let out has been paid for already, and more dearly.
        if vote.is_none() && ballot != Some(DisputeBallot::Leaked) {
            let fault =
                Fault { offence: Offence::NoVote, committed: dispute.opened, reporter: None };
            panel::penalise(ledger, ctx, (dispute.task, task), juror, fault)?;
        }
        votes.push(JurorVote { operator: juror.operator, seats: juror.seats, vote });
    }
    unlock(ledger, &bench.jurors, task)?;
    let shown = seats_of(&votes, |vote| vote.is_some());
    let quorum = panel::has_quorum(total_seats(&bench.jurors), shown);
    let ruling = if quorum { majority(&votes, shown) } else { None };
    let mut levels = std::mem::take(&mut dispute.levels).into_vec();
    if let Some(level) = levels.last_mut() {
        let mut all = std::mem::take(&mut level.votes).into_vec();
        all.extend(votes);
        level.votes = all.try_into()?;
    }
    dispute.levels = levels.try_into()?;
    if !quorum && bench.draw < MAX_DRAWS {
        return sit(ledger, ctx, id, dispute, question, bench.draw.saturating_add(1));
    }
    // Without a majority nothing is shown to be wrong.
    ladder::ruled(ledger, ctx, id, dispute, question, ruling.unwrap_or(Ruling::Void))
}

/// What more than half of the revealed seats vote for, if anything.
fn majority(votes: &[JurorVote], shown: u64) -> Option<Ruling> {
    [Ruling::Uphold, Ruling::Overturn, Ruling::Void]
        .into_iter()
        .find(|ruling| seats_of(votes, |vote| vote == Some(*ruling)).saturating_mul(2) > shown)
}

fn seats_of(votes: &[JurorVote], wanted: impl Fn(Option<Ruling>) -> bool) -> u64 {
    let wanted = votes.iter().filter(|one| wanted(one.vote));
    wanted.map(|one| u64::from(one.seats.0)).sum()
}

/// Who may sit.
fn selection(
    ledger: &Ledger,
    task: &Task,
    dispute: &Dispute,
    seats: Seats,
    seed: Hash,
) -> Selection {
    let account = dispute.challenger.account();
    let is_own = |operator: &OperatorId| {
        ledger.operators.get(operator).zip(account).is_some_and(|(known, account)| {
            known.owner == account || Address::of(&known.key, account.network()) == account
        })
    };
    let draws = ledger.snapshot.get().draws.iter().map(|draw| draw.operator);
    let challenger: BTreeSet<OperatorId> = draws.filter(is_own).collect();
    let mut doubted = settle::accused(ledger, task, dispute);
    doubted.extend(&challenger);
    doubted.extend(contested::speakers(ledger, dispute).iter().map(|auditor| auditor.operator));
    let mut outside: BTreeSet<OperatorId> = doubted.clone();
    outside.extend(task.phase.committee().iter().map(|member: &Member| member.operator));
    let earlier = dispute.levels.iter().flat_map(|level| &level.votes);
    outside.extend(earlier.map(|vote| vote.operator));
    Selection { seats, seed, outside, doubted }
}
