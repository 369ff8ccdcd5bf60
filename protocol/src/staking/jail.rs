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

use probity_primitives::{Address, OperatorId};

use super::error::StakingError;
use super::message::Unjail;
use super::state::Standing;
use crate::event::Event;
use crate::ledger::{Context, Ledger};

/// Jails an operator for so many blocks from now on, unless it is jailed for longer or tombstoned.
///
/// # Errors
/// [`StakingError::UnknownOperator`]; [`StakingError::Bank`] past the last height.
pub fn jail(
    ledger: &mut Ledger,
    ctx: &mut Context,
    operator: &OperatorId,
    blocks: u64,
) -> Result<(), StakingError> {
    let until = ctx.height.checked_add(blocks)?;
    match ledger.operator(operator)?.standing {
        Standing::Tombstoned => return Ok(()),
        Standing::Jailed { until: known } if known >= until => return Ok(()),
        Standing::Jailed { .. } | Standing::Active => {}
    }
    ledger.operator_mut(operator)?.standing = Standing::Jailed { until };
    ctx.emit(Event::Jailed { operator: *operator, until });
    Ok(())
}

/// Bars an operator from all work, for ever. Those behind it may still leave.
///
/// # Errors
/// [`StakingError::UnknownOperator`].
pub fn tombstone(
    ledger: &mut Ledger,
    ctx: &mut Context,
    operator: &OperatorId,
) -> Result<(), StakingError> {
    if ledger.operator(operator)?.standing == Standing::Tombstoned {
        return Ok(());
    }
    ledger.operator_mut(operator)?.standing = Standing::Tombstoned;
    ctx.emit(Event::Tombstoned { operator: *operator });
    Ok(())
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
