//! Jail and tombstone: who may not work for a while, and who never again.
//!
//! A jailed operator keeps the seats it has; it is drawn for no others and leaves the validator
//! set with the next epoch. It returns when its term is over and its owner asks, so that an
//! operator whose machine is still broken does not walk into the next fault.
//!
//! # Invariants
//! - A term is never shortened by another.
//! - Nothing follows a tombstone.
//!
//! Spec: `docs/spec/04-staking.md`, `docs/spec/12-slashing.md`.

use probity_primitives::{Address, Height, OperatorId};

use super::error::StakingError;
use super::message::Unjail;
use super::state::Standing;
use crate::event::Event;
use crate::ledger::{Context, Ledger};

/// Jails an operator for so many blocks from now on, unless it is jailed for longer or tombstoned.
pub fn jail(ledger: &mut Ledger, ctx: &mut Context, operator: OperatorId, blocks: u64) {
    let until = Height(ctx.height.0.saturating_add(blocks));
    let Some(known) = ledger.operators.get_mut(&operator) else { return };
    match known.standing {
        Standing::Tombstoned => return,
        Standing::Jailed { until: served } if served >= until => return,
        Standing::Jailed { .. } | Standing::Active => {}
    }
    known.standing = Standing::Jailed { until };
    ctx.emit(Event::Jailed { operator, until });
}

/// Bars an operator from all work, for ever. Those behind it may still leave.
pub fn tombstone(ledger: &mut Ledger, ctx: &mut Context, operator: OperatorId) {
    let Some(known) = ledger.operators.get_mut(&operator) else { return };
    if known.standing != Standing::Tombstoned {
        known.standing = Standing::Tombstoned;
        ctx.emit(Event::Tombstoned { operator });
    }
}

/// Ends a jail term that has been served.
///
/// # Errors
/// [`StakingError::NotOwner`], [`StakingError::NotJailed`], [`StakingError::StillJailed`],
/// [`StakingError::Tombstoned`].
pub fn unjail(
    ledger: &mut Ledger,
    ctx: &mut Context,
    sender: Address,
    message: &Unjail,
) -> Result<(), StakingError> {
    let Unjail { operator } = *message;
    let now = ctx.height;
    match ledger.owned(&operator, sender)?.standing {
        Standing::Active => return Err(StakingError::NotJailed(operator)),
        Standing::Tombstoned => return Err(StakingError::Tombstoned(operator)),
        Standing::Jailed { until } if now < until => {
            return Err(StakingError::StillJailed { operator, until, now });
        }
        Standing::Jailed { .. } => {}
    }
    ledger.operator_mut(&operator)?.standing = Standing::Active;
    ctx.emit(Event::Unjailed { operator });
    Ok(())
}
