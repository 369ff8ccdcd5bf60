//! Answers to a dispute: leaves that are opened, whoever opens them.
//!
//! Spec: `docs/spec/13-disputes.md`.

use probity_primitives::Address;

use super::error::DisputeError;
use super::game::{self, Next};
use super::ladder;
use super::locate::{self, Anchor, Found};
use super::message::{AnswerDispute, ImplicateMember, PlayDispute};
use super::record;
use super::settle;
use super::state::{Claim, Dispute, Question, Ruling, Side, Stage};
use crate::event::Event;
use crate::ledger::{Context, Ledger};
use crate::task::Opened;

/// Opens the leaf that a member is asked for.
///
/// # Errors
/// [`DisputeError`] with the value that is refused; the caller drops its snapshot.
pub fn answer(
    ledger: &mut Ledger,
    ctx: &mut Context,
    _sender: Address,
    message: &AnswerDispute,
) -> Result<(), DisputeError> {
    let (id, mut dispute) = (message.dispute, record::dispute(ledger, message.dispute)?);
    let Stage::Answer { item, .. } = dispute.stage else {
        return Err(DisputeError::Stage { dispute: id, what: "an answer" });
    };
    let task = record::task(ledger, dispute.task)?;
    let anchor = anchor(ledger, &dispute, Side::Defender)?;
    let sums = locate::sums(&task.frozen, anchor, &message.stated, 1)?;
    if sums.last.index != item {
        return Err(DisputeError::Misplaced { index: sums.last.index, wanted: item });
    }
    // A transcript that is shown is not withheld, and what agrees is not false: both are upheld,
    // unless the leaf contradicts the one before it.
    let claimed = match &dispute.claim {
        Claim::Transcript { claimed, .. } => claimed.clone(),
        Claim::Withheld { .. } | Claim::Aggregate { .. } => Opened::of(sums.last),
    };
    let found = locate::item(&task.frozen, &sums, &claimed);
    dispute.answered = true;
    ctx.emit(Event::DisputeAnswered { dispute: id, item });
    ladder::found(ledger, ctx, id, dispute, found.unwrap_or(Found::Ruled(Ruling::Uphold)))
}

/// Makes the move of the side whose turn it is.
///
/// # Errors
/// [`DisputeError`] with the value that is refused; the caller drops its snapshot.
pub fn play(
    ledger: &mut Ledger,
    ctx: &mut Context,
    _sender: Address,
    message: &PlayDispute,
) -> Result<(), DisputeError> {
    let (id, mut dispute) = (message.dispute, record::dispute(ledger, message.dispute)?);
    let Stage::Game { game } = dispute.stage.clone() else {
        return Err(DisputeError::Stage { dispute: id, what: "a move" });
    };
    let task = record::task(ledger, dispute.task)?;
    let (side, opening, wanted) = (game.side(), &message.opening, game.middle());
    if opening.leaf.index != wanted {
        return Err(DisputeError::Misplaced { index: opening.leaf.index, wanted });
    }
    locate::opens(&task.frozen, anchor(ledger, &dispute, side)?, opening)?;
    dispute.answered |= side == Side::Defender;
    ctx.emit(Event::DisputeAnswered { dispute: id, item: wanted });
    match game::play(&task, game, opening.leaf.clone(), ctx.height) {
        Next::Play(game) => {
            let due = game.deadline()?;
            dispute.stage = Stage::Game { game };
            record::store(ledger, id, dispute, due);
            Ok(())
        }
        Next::Over(found) => ladder::found(ledger, ctx, id, dispute, found),
    }
}

/// Shows that another member's leaf holds what is in dispute.
///
/// # Errors
/// [`DisputeError`] with the value that is refused; the caller drops its snapshot.
pub fn implicate(
    ledger: &mut Ledger,
    ctx: &mut Context,
    _sender: Address,
    message: &ImplicateMember,
) -> Result<(), DisputeError> {
    let ImplicateMember { dispute: id, member, opening } = message;
    let mut dispute = record::dispute(ledger, *id)?;
    let (Stage::Ladder { question: Question::Item { item, stated, .. }, .. }, true) =
        (&dispute.stage, dispute.claim.is_aggregate())
    else {
        return Err(DisputeError::Stage { dispute: *id, what: "other members' leaves" });
    };
    let task = record::task(ledger, dispute.task)?;
    let shown = locate::revealed(ledger, dispute.task, *member)?;
    if settle::accused(ledger, &task, &dispute).contains(member) {
        let what = "leaf";
        return Err(DisputeError::AlreadySent { operator: *member, dispute: *id, what });
    }
    if opening.leaf.index != *item {
        return Err(DisputeError::Misplaced { index: opening.leaf.index, wanted: *item });
    }
    let anchor = Anchor { header: shown.header, root: shown.answers_root };
    locate::opens(&task.frozen, anchor, opening)?;
    if Opened::of(&opening.leaf) != *stated {
        return Err(DisputeError::NotOne {
            operator: *member,
            role: "members whose leaf is in dispute",
            what: format!("the dispute {id}"),
        });
    }
    let mut implicated = std::mem::take(&mut dispute.implicated).into_vec();
    implicated.push(*member);
    dispute.implicated = implicated.try_into()?;
    ctx.emit(Event::MemberImplicated { dispute: *id, member: *member });
    let id = *id;
    ledger.disputes.insert(id, dispute.clone());
    settle::recount(ledger, ctx, &dispute)
}

/// The root that a side's leaves are opened under.
fn anchor(ledger: &Ledger, dispute: &Dispute, side: Side) -> Result<Anchor, DisputeError> {
    if let (Side::Challenger, Claim::Aggregate { root, header, .. }) = (side, &dispute.claim) {
        return Ok(Anchor { header: *header, root: *root });
    }
    let shown = locate::revealed(ledger, dispute.task, dispute.claim.member())?;
    Ok(Anchor { header: shown.header, root: shown.answers_root })
}
