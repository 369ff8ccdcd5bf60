//! Opening a dispute: who may, when, what it costs, and what is shown at once.
//!
//! Spec: `docs/spec/13-disputes.md`.

use probity_primitives::{Address, Amount, BoundedVec, Height, OperatorId, Score, TaskId};

use super::costs::bond_floor;
use super::error::DisputeError;
use super::game::{self, Next};
use super::ladder;
use super::locate::{self, Anchor, Found};
use super::message::{Challenge, OpenDispute, Rival};
use super::record;
use super::state::{Claim, Dispute, Funder, Game, Level, Pot, Stage};
use crate::bank::Bucket;
use crate::event::Event;
use crate::ledger::{Context, Ledger};
use crate::task::{Mode, Outcome, OutcomeState, Phase, Standing, Task, TaskError};

/// How many challenges of one result as a whole may fail.
pub(super) const MAX_FAILED: u8 = 3;

/// How a dispute begins.
#[expect(clippy::large_enum_variant, reason = "made once and taken apart at once")]
pub(super) enum Start {
    /// The member's leaf has to be opened.
    Answer(u32),
    /// The difference has to be found.
    Game(Game),
    /// A jury sits, or it is decided at once.
    Found(Found),
}

/// Opens a dispute and puts its bond into escrow.
///
/// # Errors
/// [`DisputeError`] with the value that is refused; the caller drops its snapshot.
pub fn open(
    ledger: &mut Ledger,
    ctx: &mut Context,
    sender: Address,
    message: &OpenDispute,
) -> Result<u64, DisputeError> {
    let OpenDispute { task: id, round, challenge, bond } = message;
    let task = disputable(ledger, *id, *round, ctx.height)?;
    let whole = matches!(challenge, Challenge::Aggregate(_));
    let challenger = Funder::Account(sender);
    within_limits(ledger, *id, &task, sender, whole)?;
    let needed = needed_bond(ledger, *id, &task, sender, whole)?;
    if *bond < needed {
        return Err(DisputeError::Bond { offered: *bond, needed });
    }
    let (claim, start) = examine(ledger, *id, &task, challenge, ctx.height)?;
    begin(ledger, ctx, Opening { id: *id, challenger, claim, bond: needed }, &task, start)
}

/// What the next dispute of an account on a task needs: the first level's bond, doubled for each
/// dispute that the account has open, and `dispute.repeat` times as much for each challenge of the
/// result that failed.
///
/// # Errors
/// [`probity_primitives::ArithmeticError`] for a bond that cannot be counted.
pub fn needed_bond(
    ledger: &Ledger,
    id: TaskId,
    task: &Task,
    account: Address,
    whole: bool,
) -> Result<Amount, DisputeError> {
    let (rules, price) = (&task.frozen.dispute, task.frozen.seat_price);
    let mut bond = bond_floor(rules, price)?;
    let open = ledger.account_disputes.get(&account).copied().unwrap_or_default();
    bond = bond.checked_mul(1u128.checked_shl(open).unwrap_or(u128::MAX))?;
    if whole {
        let failed = ledger.task_disputes.get(&id).map_or(0, |known| known.failed);
        for _ in 0..failed {
            bond = bond.checked_mul(u128::from(rules.repeat))?;
        }
    }
    Ok(bond)
}

/// What an account needs to dispute a result as a whole in the next block.
///
/// # Errors
/// [`DisputeError`] if it may not, with what is in the way.
pub fn bond_now(
    ledger: &Ledger,
    id: TaskId,
    account: Address,
    now: Height,
) -> Result<Amount, DisputeError> {
    let task = record::task(ledger, id)?;
    let task = disputable(ledger, id, task.round, now.checked_add(1)?)?;
    within_limits(ledger, id, &task, account, true)?;
    needed_bond(ledger, id, &task, account, true)
}

/// What was checked of a dispute before it begins.
pub(super) struct Opening {
    pub(super) id: TaskId,
    pub(super) challenger: Funder,
    pub(super) claim: Claim,
    pub(super) bond: Amount,
}

/// Enters a dispute in the books and takes its first step.
pub(super) fn begin(
    ledger: &mut Ledger,
    ctx: &mut Context,
    opening: Opening,
    task: &Task,
    start: Start,
) -> Result<u64, DisputeError> {
    let Opening { id: task_id, challenger, claim, bond } = opening;
    let counters = ledger.counters.get_mut();
    let id = counters.disputes;
    counters.disputes = id.saturating_add(1);
    ledger.transfer(challenger.bucket(), Bucket::BondEscrow(id), bond)?;
    let mut pot = Pot::default();
    pot.add(challenger, bond)?;
    let first = Level { challenger: pot, ..Level::default() };
    let until = ctx.height.checked_add(task.frozen.dispute.clock_blocks)?;
    let mut dispute = Dispute {
        task: task_id,
        round: task.round,
        challenger,
        claim,
        opened: ctx.height,
        due: until,
        answered: false,
        implicated: BoundedVec::new(),
        levels: BoundedVec::from_vec(vec![first])?,
        stage: Stage::Answer { item: 0, until },
    };
    record::enter(ledger, id, &dispute)?;
    let (member, whole) = (dispute.claim.member(), dispute.claim.is_aggregate());
    ctx.emit(Event::DisputeOpened { dispute: id, task: task_id, member, aggregate: whole, bond });
    match start {
        Start::Answer(item) => {
            dispute.stage = Stage::Answer { item, until };
            record::store(ledger, id, dispute, until);
        }
        Start::Game(game) => {
            let due = game.deadline()?;
            dispute.stage = Stage::Game { game };
            record::store(ledger, id, dispute, due);
        }
        Start::Found(found) => ladder::found(ledger, ctx, id, dispute, found)?,
    }
    Ok(id)
}

/// The task, if its result can be disputed now.
fn disputable(ledger: &Ledger, id: TaskId, round: u8, now: Height) -> Result<Task, DisputeError> {
    let task = record::task(ledger, id)?;
    let until = match &task.phase {
        Phase::Provisional { until, .. } => *until,
        Phase::Open { .. }
        | Phase::Commit { .. }
        | Phase::Reveal { .. }
        | Phase::Spot { .. }
        | Phase::Final { .. }
        | Phase::Void { .. } => Height(0),
    };
    if task.round != round || now > until {
        return Err(DisputeError::Late { task: id, round: task.round, until, now });
    }
    Ok(task)
}

fn within_limits(
    ledger: &Ledger,
    id: TaskId,
    task: &Task,
    sender: Address,
    whole: bool,
) -> Result<(), DisputeError> {
    let rules = &task.frozen.dispute;
    let known = ledger.task_disputes.get(&id).cloned().unwrap_or_default();
    let below = |what, open: u32, limit: u32| {
        if open < limit { Ok(()) } else { Err(DisputeError::TooMany { what, open, limit }) }
    };
    if whole {
        below("disputes about this result as a whole", u32::from(known.aggregate.is_some()), 1)?;
        let failed = u32::from(known.failed);
        below("failed disputes about this result as a whole", failed, u32::from(MAX_FAILED))?;
    }
    // One place is kept for a dispute about the result as a whole.
    let kept = u32::from(!whole && known.aggregate.is_none());
    let open = u32::try_from(known.open.len()).unwrap_or(u32::MAX);
    below("disputes on this task", open.saturating_add(kept), rules.max_per_task)?;
    let own = ledger.account_disputes.get(&sender).copied().unwrap_or_default();
    below("disputes of this account", own, rules.max_per_account)
}

/// Checks what a challenger shows.
fn examine(
    ledger: &Ledger,
    id: TaskId,
    task: &Task,
    challenge: &Challenge,
    now: Height,
) -> Result<(Claim, Start), DisputeError> {
    match challenge {
        Challenge::Transcript { member, item, claimed, stated } => {
            let shown = locate::revealed(ledger, id, *member)?;
            exists(task, *item)?;
            // Honest machines may differ at an item there, and without a zone no juror could say so.
            if task.request.mode == Mode::Tolerant && task.frozen.delta == 0 {
                let why = "in tolerant mode without a tie zone one item is no proof";
                return Err(TaskError::NoEvidence(why).into());
            }
            let anchor = Anchor { header: shown.header, root: shown.answers_root };
            let claim =
                Claim::Transcript { member: *member, item: *item, claimed: claimed.clone() };
            let Some(stated) = stated else { return Ok((claim, Start::Answer(*item))) };
            let sums = locate::sums(&task.frozen, anchor, stated, 1)?;
            if sums.last.index != *item {
                return Err(DisputeError::Misplaced { index: sums.last.index, wanted: *item });
            }
            let found = locate::item(&task.frozen, &sums, claimed);
            Ok((claim, Start::Found(found.ok_or(DisputeError::NoDifference { item: *item })?)))
        }
        Challenge::Withheld { member, item } => {
            locate::revealed(ledger, id, *member)?;
            exists(task, *item)?;
            Ok((Claim::Withheld { member: *member, item: *item }, Start::Answer(*item)))
        }
        Challenge::Aggregate(rival) => examine_rival(ledger, id, task, rival, now),
    }
}

fn examine_rival(
    ledger: &Ledger,
    id: TaskId,
    task: &Task,
    rival: &Rival,
    now: Height,
) -> Result<(Claim, Start), DisputeError> {
    let Rival { member, score, answers_root, engine, last, difference } = rival;
    let frozen = &task.frozen;
    let shown = locate::revealed(ledger, id, *member)?;
    contradicts(ledger, id, *member, *score)?;
    if !frozen.engines.is_empty() && !frozen.engines.contains(engine) {
        let why = "the benchmark does not accept this engine profile";
        return Err(TaskError::NoEvidence(why).into());
    }
    let (header, root) = (frozen.header(*engine), *answers_root);
    let mine = Anchor { header, root };
    let wanted = frozen.items.saturating_sub(1);
    if last.leaf.index != wanted {
        return Err(DisputeError::Misplaced { index: last.leaf.index, wanted });
    }
    locate::opens(frozen, mine, last)?;
    let folded = frozen.fold.score(last.leaf.prefix_sum, frozen.items);
    let (lowest, highest) = frozen.range;
    if folded != Some(*score) || *score < lowest || *score > highest {
        return Err(TaskError::Score { folded, stated: *score, range: frozen.range }.into());
    }
    let claim = Claim::Aggregate { member: *member, score: *score, root, header };
    let start = match difference {
        Some(difference) => {
            let theirs = Anchor { header: shown.header, root: shown.answers_root };
            let whole = shown.last.prefix_sum.abs_diff(last.leaf.prefix_sum);
            Start::Found(locate::difference(task, theirs, mine, difference, whole)?)
        }
        None => match game::begin(task, *shown.last, last.leaf.clone(), now) {
            Next::Play(game) => Start::Game(game),
            Next::Over(found) => Start::Found(found),
        },
    };
    Ok((claim, start))
}

/// Whether a score contradicts the result, and the member stands for it.
fn contradicts(
    ledger: &Ledger,
    id: TaskId,
    member: OperatorId,
    score: Score,
) -> Result<(), DisputeError> {
    let outcome: &Outcome =
        ledger.outcomes.get(&id).ok_or_else(|| DisputeError::not_member(member, id))?;
    let stands = outcome.members.iter().any(|known| {
        known.operator == member && known.standing == Some(Standing::Accepted) && known.counts()
    });
    if !stands || outcome.state == OutcomeState::Overturned {
        let what = format!("the task {id}, whose result is {:?}", outcome.state);
        let role = "accepted members";
        return Err(DisputeError::NotOne { operator: member, role, what });
    }
    let (result, tolerance) = (outcome.score, outcome.tolerance);
    if !outcome.differs(score) {
        return Err(DisputeError::Tolerated { score, result, tolerance });
    }
    Ok(())
}

fn exists(task: &Task, item: u32) -> Result<(), DisputeError> {
    let items = task.frozen.items;
    if item >= items {
        let (what, highest) = ("the disputed item", u128::from(items.saturating_sub(1)));
        let refused = TaskError::OutOfRange { what, value: item.into(), lowest: 0, highest };
        return Err(refused.into());
    }
    Ok(())
}
