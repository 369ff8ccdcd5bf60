//! Minting, and the even flow of what was minted.
//!
//! A stream releases what has come due once an epoch and at its end: `floor(amount * passed /
//! blocks)` less what it released before, so that no number of releases gains or loses a unit.

use probity_primitives::{Amount, Height};

use super::caps::{caps, turn_year};
use super::error::SupplyError;
use super::state::{MAX_STREAMS, Shares, Stream};
use crate::bank::Bucket;
use crate::event::Event;
use crate::ledger::{Context, Ledger};
use crate::task::Due;

/// Mints an amount into a stream. Whoever calls it has a vote behind it; gives the stream's number.
///
/// # Errors
/// [`SupplyError`], beyond a cap with the three figures; the caller drops its snapshot.
pub fn mint(ledger: &mut Ledger, ctx: &mut Context, amount: Amount) -> Result<u32, SupplyError> {
    if amount.is_zero() {
        return Err(SupplyError::Nothing);
    }
    let caps = caps(ledger, ctx.height);
    if amount > caps.least() {
        return Err(SupplyError::BeyondCap { amount, caps });
    }
    let (open, limit) = (ledger.issuance.get().streams.len(), MAX_STREAMS);
    if open >= limit {
        return Err(SupplyError::TooManyStreams { open, limit });
    }
    turn_year(ledger, ctx);
    let params = &ledger.params.get().supply;
    let shares = Shares { audit_pool: params.audit_pool, reward_pool: params.reward_pool };
    let blocks = params.stream_blocks;
    let issuance = ledger.issuance.get_mut();
    let id = issuance.next_stream;
    let began = ctx.height;
    issuance.next_stream = id.saturating_add(1);
    issuance.year.minted = issuance.year.minted.checked_add(amount)?;
    issuance.minted_from_compute = issuance.minted_from_compute.checked_add(amount)?;
    let released = Amount::ZERO;
    issuance.streams.push(Stream { id, amount, released, began, blocks, shares })?;
    ledger.mint(Bucket::Stream(id), amount)?;
    let until = began.checked_add(blocks)?;
    plan(ledger, began, until, id)?;
    ctx.emit(Event::Minted { stream: id, amount, until });
    Ok(id)
}

/// Releases what has come due of a stream. A stream that is late releases all of it at once.
pub(crate) fn release(ledger: &mut Ledger, ctx: &mut Context, id: u32) -> Result<(), SupplyError> {
    let known = ledger.issuance.get().streams.iter().find(|stream| stream.id == id).copied();
    let Some(stream) = known else { return Ok(()) };
    let passed = ctx.height.since(stream.began).min(stream.blocks);
    let due = stream.amount.mul_div_floor(passed.into(), stream.blocks.into())?;
    let amount = due.checked_sub(stream.released)?;
    let audit_pool = stream.shares.audit_pool.of_floor(amount)?;
    let reward_pool = stream.shares.reward_pool.of_floor(amount)?;
    let treasury = amount.checked_sub(audit_pool)?.checked_sub(reward_pool)?;
    let from = Bucket::Stream(id);
    ledger.transfer(from, Bucket::AuditPool, audit_pool)?;
    ledger.transfer(from, Bucket::RewardPool, reward_pool)?;
    ledger.transfer(from, Bucket::Treasury, treasury)?;
    let ended = passed == stream.blocks;
    let issuance = ledger.issuance.get_mut();
    let mut streams = std::mem::take(&mut issuance.streams).into_vec();
    if ended {
        streams.retain(|other| other.id != id);
    } else if let Some(stream) = streams.iter_mut().find(|other| other.id == id) {
        stream.released = due;
    }
    issuance.streams = streams.try_into()?;
    ctx.emit(Event::StreamReleased { stream: id, audit_pool, reward_pool, treasury, ended });
    if !ended {
        let until = stream.began.checked_add(stream.blocks)?;
        plan(ledger, ctx.height, until, id)?;
    }
    Ok(())
}

/// Plans a stream's next release: an epoch on, or at its end.
fn plan(ledger: &mut Ledger, now: Height, until: Height, id: u32) -> Result<(), SupplyError> {
    let next = now.checked_add(ledger.params.get().staking.epoch_blocks)?;
    ledger.schedule.insert((next.min(until), Due::Stream(id)), ());
    Ok(())
}
