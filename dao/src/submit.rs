//! Submitting a referendum, and ending one by another's vote.
//!
//! # Invariants
//! - A track's queue is bounded: what is in preparation has its place in it, so that nothing is
//!   turned away later.
//! - Of each call at most one referendum is open, and after it ends the same call waits for the
//!   cool-down and costs twice the deposit.
//!
//! # Not here
//! Moving the deposit, and whether the action is possible in the present state: the runtime.
//!
//! Spec: `docs/spec/14-governance.md`.

use probity_primitives::{Address, Amount, BoundedString, BoundedVec, Height};

use crate::action::Action;
use crate::clock::Effect;
use crate::error::SubmitError;
use crate::event::Event;
use crate::ledger::{Context, Ledger};
use crate::referendum::{Frozen, Moment, Referendum, ReferendumId, Stage, StageName};
use crate::tally::Tally;
use crate::tracks::{Deposit, Track};

/// What is submitted, and what the runtime knows of the state.
#[derive(Debug, Clone)]
pub struct Opening {
    /// Who submits it.
    pub proposer: Address,
    /// On which track.
    pub track: Track,
    /// What people call it.
    pub title: BoundedString<120>,
    /// What it does.
    pub action: Action,
    /// The bond of the dispute that it decides, if it decides one.
    pub bond: Option<Amount>,
    /// All tokens there are at the end of the block before.
    pub supply: Amount,
    /// The height of the block before.
    pub snapshot: Height,
}

/// Submits a referendum; gives its number and its deposit.
///
/// # Errors
/// [`SubmitError`]; the caller drops its snapshot.
pub fn submit(
    ledger: &mut Ledger,
    ctx: &mut Context,
    opening: Opening,
) -> Result<(ReferendumId, Amount), SubmitError> {
    let Opening { proposer, track, title, action, bond, supply, snapshot } = opening;
    check_title(&title)?;
    action.check(track)?;
    check_queue(ledger, track)?;
    let call = action.hash();
    let again = check_call(ledger, ctx.height, ledger.calls.get(&call).copied())?;
    let frozen = Frozen::of(ledger.params.get(), track, supply);
    let once = match frozen.rules.deposit {
        Deposit::Fixed(amount) => amount,
        Deposit::DisputeBond => bond.ok_or(SubmitError::NoBond { track })?,
    };
    let deposit = if again { once.checked_mul(2)? } else { once };
    let number = ledger.counters.get().referenda;
    let id = ReferendumId(number);
    ledger.counters.get_mut().referenda = Height(number).checked_add(1)?.0;
    let until = ctx.height.checked_add(frozen.rules.prepare)?;
    let moment = Moment { height: ctx.height, stage: StageName::Preparing };
    let timeline = BoundedVec::from_vec(vec![moment]).unwrap_or_default();
    let referendum = Referendum {
        track,
        proposer,
        title,
        action,
        deposit,
        submitted: ctx.height,
        snapshot,
        frozen,
        stage: Stage::Preparing { until },
        tally: Tally::default(),
        timeline,
    };
    ledger.referenda.insert(id, referendum);
    ledger.schedule.insert((until, id), ());
    ledger.snapshots.insert((snapshot, id), ());
    ledger.queue.insert((track, id), ());
    ledger.calls.insert(call, id);
    ctx.emit(Event::ReferendumSubmitted { referendum: id, track, proposer, deposit, until });
    Ok((id, deposit))
}

/// Ends a referendum that has not taken effect; gives what becomes of its deposit.
///
/// # Errors
/// [`SubmitError::Unknown`], [`SubmitError::Over`].
pub fn cancel(
    ledger: &mut Ledger,
    ctx: &mut Context,
    id: ReferendumId,
) -> Result<Effect, SubmitError> {
    check_cancel(ledger, id)?;
    crate::clock::close(ledger, ctx, id, Stage::Cancelled { at: ctx.height })
        .ok_or(SubmitError::Unknown { referendum: id })
}

/// Whether a referendum can still be cancelled.
///
/// # Errors
/// As [`cancel`].
pub fn check_cancel(ledger: &Ledger, id: ReferendumId) -> Result<(), SubmitError> {
    let known = ledger.referenda.get(&id).ok_or(SubmitError::Unknown { referendum: id })?;
    if known.stage.ended().is_some() {
        return Err(SubmitError::Over { referendum: id, stage: known.stage.name() });
    }
    Ok(())
}

fn check_title(title: &str) -> Result<(), SubmitError> {
    if title.is_empty() || title.trim() != title || title.chars().any(char::is_control) {
        return Err(SubmitError::Title(title.to_owned()));
    }
    Ok(())
}

fn check_queue(ledger: &Ledger, track: Track) -> Result<(), SubmitError> {
    let limit = usize::try_from(ledger.params.get().queue).unwrap_or(usize::MAX);
    let waiting = ledger.waiting(track).count();
    if waiting >= limit {
        return Err(SubmitError::QueueFull { track, waiting, limit });
    }
    Ok(())
}

/// Whether the call was made before; refused if that one is open or has ended too lately.
fn check_call(
    ledger: &Ledger,
    now: Height,
    earlier: Option<ReferendumId>,
) -> Result<bool, SubmitError> {
    let Some(referendum) = earlier else { return Ok(false) };
    let Some(known) = ledger.referenda.get(&referendum) else { return Ok(false) };
    let Some(ended) = known.stage.ended() else {
        return Err(SubmitError::SameCallOpen { referendum, stage: known.stage.name() });
    };
    let until = ended.checked_add(ledger.params.get().cool_down)?;
    if now < until {
        return Err(SubmitError::CoolingDown { referendum, until, now });
    }
    Ok(true)
}

impl Ledger {
    /// The referenda of a track that are in preparation or wait for a slot, by number.
    pub fn waiting(&self, track: Track) -> impl Iterator<Item = ReferendumId> {
        let (first, last) = (ReferendumId(0), ReferendumId(u64::MAX));
        self.queue.range((track, first)..=(track, last)).map(|((_, id), ())| *id)
    }

    /// The referenda of a track that are being decided, by number.
    pub fn decided_on(&self, track: Track) -> impl Iterator<Item = ReferendumId> {
        let (first, last) = (ReferendumId(0), ReferendumId(u64::MAX));
        self.deciding.range((track, first)..=(track, last)).map(|((_, id), ())| *id)
    }
}
