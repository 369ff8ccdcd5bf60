//! Item juries: other operators run only the items on which members differ.
//!
//! Jurors commit and reveal like members. An answer is right if jurors with more than half of the
//! revealed seats accept it; near a tie a juror accepts both. A member whose leaves are wrong at
//! too many items pays; a flagged member that was right at all of them is paid, and its result is
//! contested: the majority may be the one that is wrong.
//!
//! # Not here
//! Appeals and larger juries: [`crate::dispute`].
//!
//! Spec: `docs/spec/10-checks.md`.

use std::collections::BTreeSet;

use probity_primitives::transcript::Answer;
use probity_primitives::{Address, BoundedVec, OperatorId, Seats, TaskId};

use super::error::{Named, TaskError};
use super::member::acting;
use super::message::{JuryCommit, JuryReveal};
use super::panel::{self, Fault, MAX_DRAWS, Selection};
use super::phases::{by_operator, convict, total_seats, unlock};
use super::spot::{Opener, fault_threshold, openers};
use super::state::{
    Due, Jury, JuryBallot, JuryPhase, Member, Opened, OutcomeState, Phase, Standing, Task,
    VerdictOfItem,
};
use crate::bank::Bucket;
use crate::beacon::Beacon;
use crate::committee;
use crate::dispute;
use crate::event::Event;
use crate::ledger::{Context, Ledger};
use crate::slashing::{self, Offence};
use crate::staking;

/// Draws a jury for items on which members differ.
pub(super) fn summon(
    ledger: &mut Ledger,
    ctx: &mut Context,
    id: TaskId,
    task: &Task,
    items: Vec<u32>,
    openers: &[Opener],
) -> Result<(), TaskError> {
    let jury = Jury {
        draws: 0,
        jurors: BoundedVec::new(),
        outside: true,
        items: items.try_into()?,
        ruling: BoundedVec::new(),
        phase: JuryPhase::Done { quorum: false },
    };
    draw(ledger, ctx, id, task, jury, &doubted(task, openers))
}

/// The members that may not judge even where jurors are few: those outside the tolerance, and those
/// whose leaves differ from what most seats opened.
fn doubted(task: &Task, openers: &[Opener]) -> BTreeSet<OperatorId> {
    let doubts = |opener: &&Opener| {
        opener.standing != Some(Standing::Accepted) || differs(task, opener, openers)
    };
    openers.iter().filter(doubts).map(|opener| opener.member.operator).collect()
}

/// Binds a juror to its verdicts.
///
/// # Errors
/// [`TaskError`] with the value that is refused; the caller drops its snapshot.
pub fn jury_commit(
    ledger: &mut Ledger,
    _ctx: &mut Context,
    sender: Address,
    message: &JuryCommit,
) -> Result<(), TaskError> {
    let JuryCommit { operator, task, draw, commitment } = *message;
    acting(ledger, sender, operator)?;
    let jury = sitting(ledger, task, operator, draw)?;
    if !matches!(jury.phase, JuryPhase::Commit { .. }) {
        return Err(TaskError::Unknown(Named::Jury(task)));
    }
    if ledger.ballots.contains(&(task, operator)) {
        return Err(TaskError::AlreadySent { operator, task, what: "jury commitment" });
    }
    ledger.ballots.insert((task, operator), JuryBallot::Committed { commitment });
    Ok(())
}

/// Shows a juror's verdicts.
///
/// # Errors
/// [`TaskError`] with the value that is refused; the caller drops its snapshot.
pub fn jury_reveal(
    ledger: &mut Ledger,
    ctx: &mut Context,
    sender: Address,
    message: &JuryReveal,
) -> Result<(), TaskError> {
    let (operator, task) = (message.operator, message.task);
    acting(ledger, sender, operator)?;
    let jury = sitting(ledger, task, operator, message.draw)?;
    if !matches!(jury.phase, JuryPhase::Reveal { .. }) {
        return Err(TaskError::Unknown(Named::Jury(task)));
    }
    if message.verdicts.len() != jury.items.len() {
        let wanted = u128::try_from(jury.items.len()).unwrap_or(u128::MAX);
        return Err(TaskError::OutOfRange {
            what: "the number of verdicts",
            value: u128::try_from(message.verdicts.len()).unwrap_or(u128::MAX),
            lowest: wanted,
            highest: wanted,
        });
    }
    let hedged = message.verdicts.iter().find(|verdict| verdict.accepted.len() > 1);
    if let Some(hedged) = hedged.filter(|_| tie_free(ledger, task)) {
        let (value, highest) = (u128::try_from(hedged.accepted.len()).unwrap_or(u128::MAX), 1);
        let what = "the number of answers that a verdict accepts";
        return Err(TaskError::OutOfRange { what, value, lowest: 0, highest });
    }
    let committed = match ledger.ballots.get(&(task, operator)) {
        Some(JuryBallot::Committed { commitment }) => *commitment,
        Some(JuryBallot::Revealed { .. }) => {
            return Err(TaskError::AlreadySent { operator, task, what: "verdicts" });
        }
        None => return Err(TaskError::NotDrawn { operator, task }),
    };
    let shown = message.commitment(ctx.chain);
    if shown != committed {
        return Err(TaskError::Commitment { shown, committed });
    }
    let verdicts = message.verdicts.clone();
    ledger.ballots.insert((task, operator), JuryBallot::Revealed { verdicts });
    Ok(())
}

/// Whether the benchmark has no zone in which two answers are right: there nobody may hedge.
fn tie_free(ledger: &Ledger, id: TaskId) -> bool {
    ledger.tasks.get(&id).is_some_and(|task| task.frozen.delta == 0)
}

/// Ends a jury's phase.
pub(super) fn advance(ledger: &mut Ledger, ctx: &mut Context, id: TaskId) -> Result<(), TaskError> {
    let mut jury = ledger.juries.get(&id).cloned().ok_or(TaskError::Unknown(Named::Jury(id)))?;
    let task = ledger.tasks.get(&id).cloned().ok_or(TaskError::Unknown(Named::Task(id)))?;
    match jury.phase {
        JuryPhase::Commit { .. } => {
            let until = ctx.height.checked_add(task.frozen.jury.reveal_blocks)?;
            jury.phase = JuryPhase::Reveal { until };
            ledger.juries.insert(id, jury);
            ledger.schedule.insert((until, Due::Jury(id)), ());
            Ok(())
        }
        JuryPhase::Reveal { .. } => close(ledger, ctx, id, &task, jury),
        JuryPhase::Done { .. } => Ok(()),
    }
}

fn draw(
    ledger: &mut Ledger,
    ctx: &mut Context,
    id: TaskId,
    task: &Task,
    mut jury: Jury,
    doubted: &BTreeSet<OperatorId>,
) -> Result<(), TaskError> {
    jury.draws = jury.draws.saturating_add(1);
    let rules = &task.frozen.jury;
    let seed = committee::seed(ledger.beacon.get().value(), &(id, task.round, "jury", jury.draws));
    let outside = by_operator(task.phase.committee()).into_keys().collect();
    let selection = Selection { seats: rules.seats, seed, outside, doubted: doubted.clone() };
    let (jurors, outside) = panel::seat(ledger, task, &selection)?;
    jury.outside = outside;
    let items = u32::try_from(jury.items.len()).unwrap_or(u32::MAX);
    let seats = total_seats(&jurors);
    ctx.emit(Event::JuryDrawn { task: id, items, seats, outside });
    let until = ctx.height.checked_add(task.frozen.jury.commit_blocks)?;
    jury.jurors = jurors.try_into()?;
    jury.phase = JuryPhase::Commit { until };
    ledger.juries.insert(id, jury);
    ledger.schedule.insert((until, Due::Jury(id)), ());
    if let Some(outcome) = ledger.outcomes.get_mut(&id) {
        outcome.jury_outside = Some(outside);
    }
    Ok(())
}

type Ballots = Vec<(Member, Option<BoundedVec<VerdictOfItem, 128>>)>;

fn close(
    ledger: &mut Ledger,
    ctx: &mut Context,
    id: TaskId,
    task: &Task,
    mut jury: Jury,
) -> Result<(), TaskError> {
    let ballots: Ballots = jury
        .jurors
        .iter()
        .map(|juror| match ledger.ballots.remove(&(id, juror.operator)) {
            Some(JuryBallot::Revealed { verdicts }) => (*juror, Some(verdicts)),
            Some(JuryBallot::Committed { .. }) | None => (*juror, None),
        })
        .collect();
    let shown: u64 = ballots
        .iter()
        .filter(|(_, ballot)| ballot.is_some())
        .map(|(m, _)| u64::from(m.seats.0))
        .sum();
    let quorum = panel::has_quorum(total_seats(&jury.jurors), shown);
    if quorum {
        let ruling: Vec<Option<VerdictOfItem>> =
            (0..jury.items.len()).map(|place| rule(task, &ballots, place, shown)).collect();
        jury.ruling = ruling.try_into()?;
    }
    account_for_jurors(ledger, ctx, id, task, &jury, &ballots)?;
    unlock(ledger, &jury.jurors, task)?;
    if !quorum && jury.draws < MAX_DRAWS {
        let doubted = doubted(task, &openers(ledger, id, task));
        return draw(ledger, ctx, id, task, jury, &doubted);
    }
    jury.phase = JuryPhase::Done { quorum };
    let judged =
        if quorum { judge_members(ledger, ctx, id, task, &jury)? } else { Judged::default() };
    ledger.juries.insert(id, jury);
    ctx.emit(Event::JuryRuled { task: id, quorum, convicted: judged.convicted });
    for member in judged.right {
        dispute::contest(ledger, ctx, id, member)?;
    }
    Ok(())
}

/// What jurors with more than half of the revealed seats accept at one item, if anything.
fn rule(task: &Task, ballots: &Ballots, place: usize, shown: u64) -> Option<VerdictOfItem> {
    let verdicts: Vec<(&Member, &VerdictOfItem)> = ballots
        .iter()
        .filter_map(|(juror, ballot)| Some((juror, ballot.as_ref()?.get(place)?)))
        .collect();
    let support = |opened: &Opened| -> u64 {
        let accepting =
            verdicts.iter().filter(|(_, verdict)| verdict.accepts(opened, &task.frozen));
        accepting.map(|(juror, _)| u64::from(juror.seats.0)).sum()
    };
    let proposals: BTreeSet<Opened> = verdicts
        .iter()
        .flat_map(|(_, verdict)| {
            verdict.accepted.iter().map(|(answer, score)| Opened {
                item: verdict.item,
                prompt: verdict.prompt,
                answer: answer.clone(),
                score: *score,
            })
        })
        .collect();
    let mut carried: Vec<(u64, Opened)> = proposals
        .into_iter()
        .map(|opened| (support(&opened), opened))
        .filter(|(seats, _)| seats.saturating_mul(2) > shown)
        .collect();
    // The best supported first; equal support in order of content, the same on every node.
    carried.sort_by(|(a, left), (b, right)| b.cmp(a).then_with(|| left.cmp(right)));
    let (_, best) = carried.first()?.clone();
    let mut accepted: Vec<(Answer, i64)> = carried
        .into_iter()
        .filter(|(_, opened)| opened.item == best.item && opened.prompt == best.prompt)
        .map(|(_, opened)| (opened.answer, opened.score))
        .take(2)
        .collect();
    accepted.sort();
    Some(VerdictOfItem {
        item: best.item,
        prompt: best.prompt,
        accepted: accepted.try_into().ok()?,
    })
}

/// Pays jurors that voted, and slashes those that did not or voted against the ruling.
fn account_for_jurors(
    ledger: &mut Ledger,
    ctx: &mut Context,
    id: TaskId,
    task: &Task,
    jury: &Jury,
    ballots: &Ballots,
) -> Result<(), TaskError> {
    for (juror, ballot) in ballots {
        let offence = match ballot {
            None => Some(Offence::NoVote),
            Some(verdicts) => (!coherent(task, jury, verdicts)).then_some(Offence::IncoherentVote),
        };
        slashing::record_assignment(ledger, ctx, juror.operator, ballot.is_none())?;
        if let Some(offence) = offence {
            let fault = Fault { offence, committed: task.requested, reporter: None };
            panel::penalise(ledger, ctx, (id, task), juror, fault)?;
        } else {
            pay_juror(ledger, task, juror)?;
        }
    }
    Ok(())
}

fn coherent(task: &Task, jury: &Jury, verdicts: &[VerdictOfItem]) -> bool {
    jury.ruling.iter().zip(verdicts).all(|(ruling, verdict)| {
        ruling.as_ref().is_none_or(|ruling| {
            verdict.accepted.iter().any(|(answer, score)| {
                let opened = Opened {
                    item: verdict.item,
                    prompt: verdict.prompt,
                    answer: answer.clone(),
                    score: *score,
                };
                ruling.accepts(&opened, &task.frozen)
            })
        })
    })
}

fn pay_juror(ledger: &mut Ledger, task: &Task, juror: &Member) -> Result<(), TaskError> {
    let owed = panel::fee(task, task.frozen.jury.fee, juror.seats)?;
    let fee = owed.min(ledger.balance(Bucket::AuditPool));
    let funds = ledger.take(Bucket::AuditPool, fee)?;
    staking::reward(ledger, &juror.operator, funds)?;
    Ok(())
}

/// What a ruling found of the members.
#[derive(Default)]
struct Judged {
    /// How many are at fault.
    convicted: u32,
    /// Who was flagged and right at every item.
    right: Vec<OperatorId>,
}

/// Judges every member by the ruling.
fn judge_members(
    ledger: &mut Ledger,
    ctx: &mut Context,
    id: TaskId,
    task: &Task,
    jury: &Jury,
) -> Result<Judged, TaskError> {
    let mut judged = Judged::default();
    for opener in openers(ledger, id, task) {
        let operator = opener.member.operator;
        let pending = ledger.outcomes.get(&id).is_some_and(|outcome| {
            outcome.members.iter().any(|m| m.operator == operator && m.clean.is_none())
        });
        // Who did not defend answers for its false leaves all the same: else leaving one leaf
        // unopened would be the cheaper way out.
        let shirked = ledger
            .convictions
            .get(&(id, operator))
            .is_some_and(|earlier| earlier.offence == Offence::Undefended);
        if !pending && !shirked {
            continue;
        }
        let fault = is_at_fault(task, jury, &opener);
        if fault {
            judged.convicted = judged.convicted.saturating_add(1);
            convict(ledger, ctx, id, task, &opener.member, Offence::FalseTranscript)?;
            mark(ledger, id, &opener, true)?;
        } else if pending && (opener.standing != Some(Standing::Flagged) || is_ruled(jury, &opener))
        {
            mark(ledger, id, &opener, false)?;
            if opener.standing == Some(Standing::Flagged) {
                ctx.emit(Event::ResultContested { task: id, operator });
                judged.right.push(operator);
            }
        }
    }
    Ok(judged)
}

/// Whether the jury ruled on all that a member opened of its items: only then is it cleared.
fn is_ruled(jury: &Jury, opener: &Opener) -> bool {
    let mut rulings = jury.items.iter().zip(&jury.ruling);
    rulings.all(|(index, ruling)| ruling.is_some() || !opener.opened.contains_key(index))
}

fn is_at_fault(task: &Task, jury: &Jury, opener: &Opener) -> bool {
    let Phase::Provisional { drawn, .. } = &task.phase else { return false };
    // A leaf that was not opened is a mismatch, whatever the jury says of the others.
    let mut mismatches = opener.missing(drawn);
    for (index, ruling) in jury.items.iter().zip(&jury.ruling) {
        let Some(ruling) = ruling else { continue };
        if let Some(opened) = opener.opened.get(index)
            && !ruling.accepts(opened, &task.frozen)
        {
            mismatches = mismatches.saturating_add(1);
        }
    }
    let opened = u32::try_from(opener.opened.len()).unwrap_or(u32::MAX);
    mismatches >= fault_threshold(task, opener.standing, opened).max(1)
}

fn mark(ledger: &mut Ledger, id: TaskId, opener: &Opener, fault: bool) -> Result<(), TaskError> {
    let Some(outcome) = ledger.outcomes.get_mut(&id) else { return Ok(()) };
    let mut members = std::mem::take(&mut outcome.members).into_vec();
    if let Some(member) = members.iter_mut().find(|m| m.operator == opener.member.operator) {
        member.clean = Some(!fault);
    }
    outcome.members = members.try_into()?;
    if !fault && opener.standing == Some(Standing::Flagged) {
        outcome.state = OutcomeState::Contested;
    }
    Ok(())
}

/// Whether a member's leaves differ from what members with most seats opened.
fn differs(task: &Task, opener: &Opener, openers: &[Opener]) -> bool {
    let all: u64 = openers.iter().map(|other| u64::from(other.member.seats.0)).sum();
    opener.opened.iter().any(|(index, opened)| {
        let agreeing: u64 = openers
            .iter()
            .filter(|other| other.opened.get(index).is_some_and(|o| o.agrees(opened, &task.frozen)))
            .map(|other| u64::from(other.member.seats.0))
            .sum();
        agreeing.saturating_mul(2) <= all
    })
}

fn sitting(
    ledger: &Ledger,
    id: TaskId,
    operator: OperatorId,
    draw: u8,
) -> Result<&Jury, TaskError> {
    let jury = ledger.juries.get(&id).ok_or(TaskError::Unknown(Named::Jury(id)))?;
    let task = ledger.tasks.get(&id).ok_or(TaskError::Unknown(Named::Task(id)))?;
    if draw != jury.draws || !matches!(task.phase, Phase::Provisional { .. }) {
        return Err(TaskError::Unknown(Named::Jury(id)));
    }
    if jury.jurors.iter().any(|juror| juror.operator == operator && juror.seats > Seats(0)) {
        Ok(jury)
    } else {
        Err(TaskError::NotDrawn { operator, task: id })
    }
}
