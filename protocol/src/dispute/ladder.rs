//! The ladder: from a question through rulings and appeals to the end, which always comes.
//!
//! ```text
//! jury 31 -> appeal -> jury 63 -> appeal -> jury 127 -> appeal -> vote -> closed
//! ```
//!
//! A ruling changes the result at once. It is final if nobody pays for an appeal in time; the
//! last one is final if the holders do not vote.
//!
//! Spec: `docs/spec/13-disputes.md`.

use super::appeal;
use super::contested;
use super::error::DisputeError;
use super::game;
use super::jury;
use super::locate::Found;
use super::payout;
use super::record;
use super::settle;
use super::state::{Dispute, Level, Question, Ruling, Rung, Stage};
use crate::event::Event;
use crate::ledger::{Context, Ledger};

/// The holders' ruling on a dispute that waits for one.
///
/// # Errors
/// [`DisputeError::Unknown`] for no such dispute, [`DisputeError::Stage`] for one that waits for
/// nothing or no longer.
pub fn rule_by_vote(
    ledger: &mut Ledger,
    ctx: &mut Context,
    id: u64,
    ruling: Ruling,
) -> Result<(), DisputeError> {
    let mut dispute = record::dispute(ledger, id)?;
    let Stage::Ladder { rung: Rung::Vote { .. }, .. } = &dispute.stage else {
        return Err(DisputeError::Stage { dispute: id, what: "a ruling of the holders" });
    };
    note(&mut dispute, ruling)?;
    let level = dispute.level();
    ctx.emit(Event::DisputeRuled { dispute: id, task: dispute.task, level, ruling });
    conclude(ledger, ctx, id, dispute, ruling)
}

/// What follows from what was located.
pub(super) fn found(
    ledger: &mut Ledger,
    ctx: &mut Context,
    id: u64,
    dispute: Dispute,
    found: Found,
) -> Result<(), DisputeError> {
    match found {
        Found::Asked(question) => {
            ctx.emit(Event::DisputeLocated { dispute: id, items: question.items() });
            jury::sit(ledger, ctx, id, dispute, question, 1)
        }
        Found::Ruled(ruling) => conclude(ledger, ctx, id, dispute, ruling),
    }
}

/// Writes a jury's ruling down, lets the result follow it, and opens the appeal.
pub(super) fn ruled(
    ledger: &mut Ledger,
    ctx: &mut Context,
    id: u64,
    mut dispute: Dispute,
    question: Question,
    ruling: Ruling,
) -> Result<(), DisputeError> {
    let task = record::task(ledger, dispute.task)?;
    note(&mut dispute, ruling)?;
    let level = dispute.level();
    ctx.emit(Event::DisputeRuled { dispute: id, task: dispute.task, level, ruling });
    let window = task.frozen.dispute.appeal_blocks;
    let half = ctx.height.checked_add(window >> 1)?;
    let until = ctx.height.checked_add(window)?;
    let rung = Rung::Appeal { ruling, next: Level::default(), half, until };
    dispute.stage = Stage::Ladder { question, rung };
    record::store(ledger, id, dispute.clone(), half);
    settle::recount(ledger, ctx, &dispute)
}

/// Goes one level up, with what was paid for it.
pub(super) fn escalate(
    ledger: &mut Ledger,
    ctx: &mut Context,
    id: u64,
    mut dispute: Dispute,
    (question, ruling, next): (Question, Ruling, Level),
) -> Result<(), DisputeError> {
    let task = record::task(ledger, dispute.task)?;
    let rules = &task.frozen.dispute;
    let mut levels = std::mem::take(&mut dispute.levels).into_vec();
    levels.push(next);
    let level = levels.len().saturating_sub(1);
    dispute.levels = levels.try_into()?;
    ctx.emit(Event::DisputeAppealed { dispute: id, level: dispute.level() });
    if level < rules.levels.len() {
        return jury::sit(ledger, ctx, id, dispute, question, 1);
    }
    let until = ctx.height.checked_add(rules.vote_blocks)?;
    dispute.stage = Stage::Ladder { question, rung: Rung::Vote { ruling, until } };
    record::store(ledger, id, dispute, until);
    Ok(())
}

/// Ends a dispute: who was false pays, the money is shared out, and the result follows.
pub(super) fn conclude(
    ledger: &mut Ledger,
    ctx: &mut Context,
    id: u64,
    dispute: Dispute,
    ruling: Ruling,
) -> Result<(), DisputeError> {
    let task = record::task(ledger, dispute.task)?;
    settle::punish(ledger, ctx, &task, &dispute, ruling)?;
    let shared = payout::share_out(ledger, id, &task, &dispute, ruling)?;
    let at = ctx.height;
    record::shut(ledger, id, dispute.clone(), ruling, at)?;
    ctx.emit(Event::DisputeClosed {
        dispute: id,
        task: dispute.task,
        ruling,
        staked: shared.staked,
        returned: shared.returned,
        jurors: shared.jurors,
        burned: shared.burned,
    });
    settle::recount(ledger, ctx, &dispute)?;
    settle::extend(ledger, at, &dispute, ruling)?;
    contested::next_turn(ledger, ctx, &dispute, ruling)
}

/// Ends what is due of a dispute.
pub(crate) fn advance(ledger: &mut Ledger, ctx: &mut Context, id: u64) -> Result<(), DisputeError> {
    let dispute = record::dispute(ledger, id)?;
    match dispute.stage.clone() {
        // The member's leaves are withheld.
        Stage::Answer { .. } => conclude(ledger, ctx, id, dispute, Ruling::Overturn),
        Stage::Game { game } => conclude(ledger, ctx, id, dispute, game::timeout(&game)),
        Stage::Ladder { question, rung } => match rung {
            Rung::Jury { bench } => jury::advance(ledger, ctx, id, dispute, (question, bench)),
            Rung::Appeal { ruling, next, until, .. } => {
                appeal::advance(ledger, ctx, id, dispute, (question, ruling, next, until))
            }
            Rung::Vote { ruling, .. } => conclude(ledger, ctx, id, dispute, ruling),
        },
        Stage::Closed { .. } => Ok(()),
    }
}

/// Writes the ruling of the present level down.
fn note(dispute: &mut Dispute, ruling: Ruling) -> Result<(), DisputeError> {
    let mut levels = std::mem::take(&mut dispute.levels).into_vec();
    if let Some(level) = levels.last_mut() {
        level.ruling = Some(ruling);
    }
    dispute.levels = levels.try_into()?;
    Ok(())
}
