//! What time does to referenda, at the end of each block.
//!
//! A referendum that is prepared takes a slot of its track or waits for one. In decision it passes
//! once both bars have been met without a break for the confirm period; falling below starts that
//! anew. A confirmation that has begun in time may end after the decision does. If the outcome
//! turns within the last extension's length, the decision lasts that much longer, once.
//!
//! # Invariants
//! - Nothing here looks at voters: a block looks at the decisions, whose number the slots bound,
//!   and at what is due.
//! - Every referendum ends: preparation and decision have ends, and a slot is free in bounded time.
//!
//! # Not here
//! Carrying out an action and moving deposits: both go out as [`Effect`]s.
//!
//! Spec: `docs/spec/14-governance.md`.

use probity_primitives::{Address, Amount, BoundedString, Height};

use crate::event::Event;
use crate::expiry;
use crate::ledger::{Context, Ledger};
use crate::referendum::{Referendum, ReferendumId, Stage};
use crate::tracks::Track;

/// The most due steps that one block does; the rest is done in the next ones.
pub const MAX_DUE: usize = 512;

/// What the runtime has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Give a deposit back.
    Return {
        /// Whose.
        referendum: ReferendumId,
        /// To whom.
        to: Address,
        /// How much.
        amount: Amount,
    },
    /// Burn a deposit.
    Burn {
        /// Whose.
        referendum: ReferendumId,
        /// How much.
        amount: Amount,
    },
    /// Carry out an action and say with [`enacted`] how it went.
    Enact {
        /// Whose.
        referendum: ReferendumId,
    },
}

/// Does what is due at the end of a block; gives what the runtime has to do, in order.
pub fn end_block(ledger: &mut Ledger, ctx: &mut Context) -> Vec<Effect> {
    let mut effects = Vec::new();
    for _ in 0..MAX_DUE {
        let next = ledger.schedule.iter().next().map(|(key, ())| *key);
        let Some((at, id)) = next.filter(|(at, _)| *at <= ctx.height) else { break };
        ledger.schedule.remove(&(at, id));
        prepared_or_approved(ledger, ctx, id, &mut effects);
    }
    let deciding: Vec<ReferendumId> = ledger.deciding.iter().map(|((_, id), ())| *id).collect();
    for id in deciding {
        effects.extend(decide(ledger, ctx, id));
    }
    for track in Track::ALL {
        fill_slots(ledger, ctx, track);
    }
    effects
}

/// Notes how carrying out an action went; gives what becomes of the deposit.
pub fn enacted(
    ledger: &mut Ledger,
    ctx: &mut Context,
    id: ReferendumId,
    outcome: Result<(), String>,
) -> Option<Effect> {
    let known = ledger.referenda.get(&id)?;
    let Stage::Approved { at: approved, .. } = known.stage else { return None };
    let at = ctx.height;
    let stage = match outcome {
        Ok(()) => Stage::Enacted { approved, at },
        Err(reason) => Stage::Failed { approved, at, why: clipped(&reason) },
    };
    close(ledger, ctx, id, stage)
}

/// Puts off what was to be carried out now; whether there is such a thing.
pub fn put_off(ledger: &mut Ledger, id: ReferendumId, until: Height) -> bool {
    let Some(known) = ledger.referenda.get_mut(&id) else { return false };
    let Stage::Approved { enact_at, .. } = &mut known.stage else { return false };
    let planned = std::mem::replace(enact_at, until);
    ledger.schedule.remove(&(planned, id));
    ledger.schedule.insert((until, id), ());
    true
}

/// As much of a text as has room.
#[must_use]
pub fn clipped<const MAX: usize>(text: &str) -> BoundedString<MAX> {
    let fits = |end: &usize| *end <= MAX;
    let ends = text.char_indices().map(|(at, c)| at.saturating_add(c.len_utf8()));
    let end = ends.take_while(fits).last().unwrap_or_default();
    BoundedString::new(text.get(..end).unwrap_or_default()).unwrap_or_default()
}

/// Ends a referendum; gives what becomes of its deposit. `None` if there is no such referendum.
pub(crate) fn close(
    ledger: &mut Ledger,
    ctx: &mut Context,
    id: ReferendumId,
    stage: Stage,
) -> Option<Effect> {
    let known = ledger.referenda.get_mut(&id)?;
    let (track, to, amount) = (known.track, known.proposer, known.deposit);
    let planned = match known.stage {
        Stage::Preparing { until } => Some(until),
        Stage::Approved { enact_at, .. } => Some(enact_at),
        Stage::Queued
        | Stage::Deciding { .. }
        | Stage::Enacted { .. }
        | Stage::Rejected { .. }
        | Stage::TimedOut { .. }
        | Stage::Vetoed { .. }
        | Stage::Cancelled { .. }
        | Stage::Failed { .. } => None,
    };
    let event = match &stage {
        Stage::Enacted { .. } => Event::ReferendumEnacted { referendum: id },
        Stage::Failed { why, .. } => Event::EnactmentFailed { referendum: id, reason: why.clone() },
        Stage::Preparing { .. }
        | Stage::Queued
        | Stage::Deciding { .. }
        | Stage::Approved { .. }
        | Stage::Rejected { .. }
        | Stage::TimedOut { .. }
        | Stage::Vetoed { .. }
        | Stage::Cancelled { .. } => {
            Event::ReferendumClosed { referendum: id, stage: stage.name() }
        }
    };
    let burns = matches!(stage, Stage::Vetoed { .. });
    let (snapshot, expires) = (known.snapshot, expiry::height(known, ctx.height));
    known.enter(stage, ctx.height);
    if let Some(at) = planned {
        ledger.schedule.remove(&(at, id));
    }
    ledger.queue.remove(&(track, id));
    ledger.deciding.remove(&(track, id));
    ledger.snapshots.remove(&(snapshot, id));
    ledger.expiries.insert((expires, id), ());
    ctx.emit(event);
    Some(if burns {
        Effect::Burn { referendum: id, amount }
    } else {
        Effect::Return { referendum: id, to, amount }
    })
}

fn prepared_or_approved(
    ledger: &mut Ledger,
    ctx: &mut Context,
    id: ReferendumId,
    effects: &mut Vec<Effect>,
) {
    let Some(known) = ledger.referenda.get_mut(&id) else { return };
    match known.stage {
        Stage::Preparing { .. } => {
            known.enter(Stage::Queued, ctx.height);
            ctx.emit(Event::ReferendumQueued { referendum: id });
        }
        Stage::Approved { .. } => effects.push(Effect::Enact { referendum: id }),
        Stage::Queued
        | Stage::Deciding { .. }
        | Stage::Enacted { .. }
        | Stage::Rejected { .. }
        | Stage::TimedOut { .. }
        | Stage::Vetoed { .. }
        | Stage::Cancelled { .. }
        | Stage::Failed { .. } => {}
    }
}

/// Gives free slots of a track to those that have waited longest, by number.
fn fill_slots(ledger: &mut Ledger, ctx: &mut Context, track: Track) {
    let slots = usize::try_from(ledger.params.get().track(track).slots).unwrap_or(usize::MAX);
    let free = slots.saturating_sub(ledger.decided_on(track).count());
    let is_queued = |id: &ReferendumId| {
        ledger.referenda.get(id).is_some_and(|known| known.stage == Stage::Queued)
    };
    let next: Vec<ReferendumId> = ledger.waiting(track).filter(is_queued).take(free).collect();
    for id in next {
        let Some(known) = ledger.referenda.get_mut(&id) else { continue };
        let since = ctx.height;
        // Periods are far shorter than the heights there are.
        let until = Height(since.0.saturating_add(known.frozen.rules.decide));
        let stage = Stage::Deciding { since, until, confirming: None, extended: false };
        known.enter(stage, ctx.height);
        ledger.queue.remove(&(track, id));
        ledger.deciding.insert((track, id), ());
        ctx.emit(Event::DecisionStarted { referendum: id, until });
    }
}

fn decide(ledger: &mut Ledger, ctx: &mut Context, id: ReferendumId) -> Option<Effect> {
    let known = ledger.referenda.get(&id)?;
    let Stage::Deciding { since, until, confirming, extended } = known.stage else { return None };
    let (now, passes) = (ctx.height, known.passes(ctx.height));
    let (confirm, extension) = (known.frozen.rules.confirm, known.frozen.extension);
    if passes && confirming.is_some_and(|from| now.since(from) >= confirm) {
        approve(ledger, ctx, id);
        return None;
    }
    let turned = passes != confirming.is_some();
    if now >= until && !passes {
        let stage = outcome(known, now);
        return close(ledger, ctx, id, stage);
    }
    if !turned {
        return None;
    }
    let late = !extended && now < until && until.since(now) <= extension;
    let confirming = passes.then_some(now);
    let (until, extended) =
        if late { (Height(now.0.saturating_add(extension)), true) } else { (until, extended) };
    let known = ledger.referenda.get_mut(&id)?;
    known.stage = Stage::Deciding { since, until, confirming, extended };
    ctx.emit(if passes {
        let until = Height(now.0.saturating_add(confirm));
        Event::ConfirmationStarted { referendum: id, until }
    } else {
        Event::ConfirmationBroken { referendum: id }
    });
    if late {
        ctx.emit(Event::DecisionExtended { referendum: id, until });
    }
    None
}

/// How a decision ends that did not pass.
fn outcome(known: &Referendum, at: Height) -> Stage {
    if !known.has_turnout() {
        Stage::TimedOut { at }
    } else if known.is_vetoed() {
        Stage::Vetoed { at }
    } else {
        Stage::Rejected { at }
    }
}

fn approve(ledger: &mut Ledger, ctx: &mut Context, id: ReferendumId) {
    let Some(known) = ledger.referenda.get_mut(&id) else { return };
    let at = ctx.height;
    // At least the next block: nothing takes effect in the block that decides it.
    let wait = known.frozen.rules.enact.max(1);
    let enact_at = Height(at.0.saturating_add(wait));
    let (track, snapshot) = (known.track, known.snapshot);
    known.enter(Stage::Approved { at, enact_at }, at);
    ledger.deciding.remove(&(track, id));
    ledger.snapshots.remove(&(snapshot, id));
    ledger.schedule.insert((enact_at, id), ());
    ctx.emit(Event::ReferendumApproved { referendum: id, enact_at });
}

#[cfg(test)]
mod tests;
