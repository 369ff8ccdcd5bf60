//! The pause: payouts that follow from time wait, while everything else goes on.
//!
//! It is for the hours in which a bug that drains money is found and not yet mended. While it runs,
//! what would pay is put off by as many blocks as the pause has: nothing is lost, and what was due
//! one after the other stays so, instead of all coming due in one block.
//!
//! # Invariants
//! - A pause is at most `pause.max_blocks` long, and the next begins no sooner than
//!   `pause.every_blocks` after it.
//! - The end of a task, a slash's settlement, a stream's release, the validators' reward and
//!   spending by vote are put off. Nothing else is.
//!
//! # Not here
//! Juries, their fees and the correlation window: a ruling that came late could find that the stake
//! it is about has left. Who may pause: `probity_dao`.
//!
//! Spec: `docs/spec/16-supply.md`.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::{ArithmeticError, Height};
use serde::{Deserialize, Serialize};

use crate::event::Event;
use crate::ledger::{Context, Ledger};

/// The newest pause; over, running, or none yet.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    BorshSerialize,
    BorshDeserialize,
    Serialize,
    Deserialize,
)]
pub struct Pause {
    /// The block that began it, if there ever was one.
    pub began: Option<Height>,
    /// The first block that pays again.
    pub until: Height,
}

/// Why payouts are not paused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PauseError {
    /// It would last too long, or no time at all.
    #[error("a pause of {blocks} blocks is not between 1 and {most}")]
    Length {
        /// How many blocks were asked for.
        blocks: u64,
        /// The most there may be.
        most: u64,
    },
    /// The last one is too recent.
    #[error("the last pause began at {began}, the next may not before {next}")]
    TooSoon {
        /// When the last one began.
        began: Height,
        /// When the next may begin.
        next: Height,
    },
    /// A number leaves its range.
    #[error(transparent)]
    Arithmetic(#[from] ArithmeticError),
}

/// Payouts wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("payouts are paused until {until}")]
pub struct Paused {
    /// The first block that pays again.
    pub until: Height,
}

/// Halts payouts for so many blocks, from this one on. Whoever calls it has a vote behind it.
///
/// # Errors
/// [`PauseError`] with what was asked for and what may be.
pub fn set(ledger: &mut Ledger, ctx: &mut Context, blocks: u64) -> Result<Height, PauseError> {
    let params = &ledger.params.get().pause;
    let most = params.max_blocks;
    if blocks == 0 || blocks > most {
        return Err(PauseError::Length { blocks, most });
    }
    if let Some(began) = ledger.pause.get().began {
        let next = began.checked_add(params.every_blocks)?;
        if ctx.height < next {
            return Err(PauseError::TooSoon { began, next });
        }
    }
    let until = ctx.height.checked_add(blocks)?;
    *ledger.pause.get_mut() = Pause { began: Some(ctx.height), until };
    ctx.emit(Event::PayoutsPaused { until });
    Ok(until)
}

/// The first block that pays again, if payouts wait at this height.
#[must_use]
pub fn until(ledger: &Ledger, height: Height) -> Option<Height> {
    let Pause { began, until } = *ledger.pause.get();
    (began.is_some() && height < until).then_some(until)
}

/// Refuses a payout while payouts wait.
///
/// # Errors
/// [`Paused`], with the first block that pays again.
pub fn check(ledger: &Ledger, height: Height) -> Result<(), Paused> {
    until(ledger, height).map_or(Ok(()), |until| Err(Paused { until }))
}

/// When a payout that was due at `at` is due after the pause: as much later as the pause is long,
/// and never before its end.
///
/// # Errors
/// [`ArithmeticError`] for a height that cannot be counted.
pub fn put_off(ledger: &Ledger, at: Height) -> Result<Height, ArithmeticError> {
    let Pause { began, until } = *ledger.pause.get();
    let length = until.since(began.unwrap_or(until));
    Ok(at.checked_add(length)?.max(until))
}
