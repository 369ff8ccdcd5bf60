//! What a dispute's jurors send: a commitment, then the vote with what it rests on.
//!
//! A vote follows from what was found: a juror states its evidence, and a vote that does not follow
//! from it is refused. A ballot that someone else can open before the reveals was let out: the juror
//! has made its vote a thing that can be bought.
//!
//! Spec: `docs/spec/13-disputes.md`.

use probity_primitives::{Address, OperatorId, Seats};

use super::error::DisputeError;
use super::message::{Ballot, DisputeCommit, DisputeReveal, ReportBallot};
use super::record;
use super::state::{Bench, Dispute, DisputeBallot, Evidence, Question, Rung, Stage};
use crate::event::Event;
use crate::ledger::{Context, Ledger};
use crate::slashing::Offence;
use crate::task::member::acting;
use crate::task::panel::{self, Fault};
use crate::task::{JuryPhase, Member, Task, TaskError};

/// Binds a juror to its vote.
///
/// # Errors
/// [`DisputeError`] with the value that is refused; the caller drops its snapshot.
pub fn commit(
    ledger: &mut Ledger,
    _ctx: &mut Context,
    sender: Address,
    message: &DisputeCommit,
) -> Result<(), DisputeError> {
    let DisputeCommit { operator, dispute, level, draw, commitment } = *message;
    acting(ledger, sender, operator)?;
    let seat = seat(ledger, dispute, operator, (level, draw))?;
    if !matches!(seat.phase, JuryPhase::Commit { .. }) {
        return Err(DisputeError::Stage { dispute, what: "commitments" });
    }
    if ledger.dispute_ballots.contains(&(dispute, operator)) {
        return Err(DisputeError::AlreadySent { operator, dispute, what: "commitment" });
    }
    ledger.dispute_ballots.insert((dispute, operator), DisputeBallot::Committed { commitment });
    Ok(())
}

/// Shows a juror's vote.
///
/// # Errors
/// [`DisputeError`] with the value that is refused; the caller drops its snapshot.
pub fn reveal(
    ledger: &mut Ledger,
    ctx: &mut Context,
    sender: Address,
    message: &DisputeReveal,
) -> Result<(), DisputeError> {
    let ballot = &message.ballot;
    let (operator, dispute) = (ballot.operator, ballot.dispute);
    acting(ledger, sender, operator)?;
    let seat = seat(ledger, dispute, operator, (ballot.level, ballot.draw))?;
    if !matches!(seat.phase, JuryPhase::Reveal { .. }) {
        return Err(DisputeError::Stage { dispute, what: "votes" });
    }
    opens(ledger, ctx, ballot)?;
    follows(&seat, ballot)?;
    let vote = ballot.vote;
    ledger.dispute_ballots.insert((dispute, operator), DisputeBallot::Revealed { vote });
    ctx.emit(Event::DisputeVoted { dispute, operator, vote });
    Ok(())
}

/// Takes a ballot that someone else can open before the reveals, and slashes its juror.
///
/// # Errors
/// [`DisputeError`] with the value that is refused; the caller drops its snapshot.
pub fn report_ballot(
    ledger: &mut Ledger,
    ctx: &mut Context,
    sender: Address,
    message: &ReportBallot,
) -> Result<(), DisputeError> {
    let ballot = &message.ballot;
    let (operator, dispute) = (ballot.operator, ballot.dispute);
    let seat = seat(ledger, dispute, operator, (ballot.level, ballot.draw))?;
    if !matches!(seat.phase, JuryPhase::Commit { .. }) {
        return Err(DisputeError::Stage { dispute, what: "ballots that were let out" });
    }
    opens(ledger, ctx, ballot)?;
    ledger.dispute_ballots.insert((dispute, operator), DisputeBallot::Leaked);
    ctx.emit(Event::BallotLeaked { dispute, operator });
    let member = Member { operator, seats: seat.seats };
    let fault = Fault {
        offence: Offence::FalseResult,
        committed: seat.dispute.opened,
        reporter: Some(sender),
    };
    Ok(panel::penalise(ledger, ctx, (seat.dispute.task, &seat.task), &member, fault)?)
}

/// A juror's seat in a jury that sits, with what its rules need.
struct Seat {
    dispute: Dispute,
    task: Task,
    question: Question,
    phase: JuryPhase,
    seats: Seats,
}

fn seat(
    ledger: &Ledger,
    id: u64,
    operator: OperatorId,
    (level, draw): (u8, u8),
) -> Result<Seat, DisputeError> {
    let dispute = record::dispute(ledger, id)?;
    let task = record::task(ledger, dispute.task)?;
    let Stage::Ladder { question, rung: Rung::Jury { bench } } = &dispute.stage else {
        return Err(DisputeError::Stage { dispute: id, what: "ballots" });
    };
    let Bench { draw: present, jurors, phase, .. } = bench;
    if (level, draw) != (dispute.level(), *present) {
        return Err(DisputeError::Stage { dispute: id, what: "ballots of another draw" });
    }
    let juror = jurors.iter().find(|juror| juror.operator == operator);
    let seats = juror.ok_or_else(|| DisputeError::not_juror(operator, id))?.seats;
    let (question, phase) = (question.clone(), *phase);
    Ok(Seat { dispute, task, question, phase, seats })
}

/// Checks that a ballot opens its juror's commitment.
fn opens(ledger: &Ledger, ctx: &Context, ballot: &Ballot) -> Result<(), DisputeError> {
    let (operator, dispute) = (ballot.operator, ballot.dispute);
    let committed = match ledger.dispute_ballots.get(&(dispute, operator)) {
        Some(DisputeBallot::Committed { commitment }) => *commitment,
        Some(DisputeBallot::Revealed { .. } | DisputeBallot::Leaked) => {
            return Err(DisputeError::AlreadySent { operator, dispute, what: "vote" });
        }
        None => return Err(DisputeError::not_juror(operator, dispute)),
    };
    let shown = ballot.commitment(ctx.chain);
    if shown != committed {
        return Err(DisputeError::Commitment { shown, committed });
    }
    Ok(())
}

/// Checks that a vote follows from its evidence, and that the evidence does not hedge.
fn follows(seat: &Seat, ballot: &Ballot) -> Result<(), DisputeError> {
    let frozen = &seat.task.frozen;
    if let Evidence::Item(verdict) = &ballot.evidence {
        let accepted = u128::try_from(verdict.accepted.len()).unwrap_or(u128::MAX);
        let highest = if frozen.delta == 0 { 1 } else { 2 };
        if accepted == 0 || accepted > highest {
            let what = "the number of answers that a verdict accepts";
            let refused = TaskError::OutOfRange { what, value: accepted, lowest: 1, highest };
            return Err(refused.into());
        }
    }
    let implied = seat.question.judge(&ballot.evidence, frozen);
    if implied != Some(ballot.vote) {
        return Err(DisputeError::Contradiction { vote: ballot.vote, implied });
    }
    Ok(())
}
