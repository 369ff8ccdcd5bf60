//! Staking: who stands behind whom, and with how much.
//!
//! Anyone registers an operator, bonds to it, unbonds and withdraws. An operator's pool is shared
//! by shares: rewards raise what a share is worth and slashes lower it, so that no rule ever loops
//! over delegators.
//!
//! # Reading order
//! [`operators`] register and replace keys, [`past_keys`] says what a replaced one still proves;
//! [`bonding`] and [`unbonding`] move money in and out of a pool by the arithmetic of [`pool`];
//! [`parts`] are what one account has in all of them;
//! [`epoch`] chooses who is drawn and who decides; [`seats`], [`rewards`], [`mod@jail`] and
//! [`forfeits`] are what tasks and slashes do to an operator.
//!
//! # Invariants
//! - What is locked is never more than what is bonded.
//! - Money on its way out stays slashable for offences before it began to leave.
//!
//! Spec: `docs/spec/04-staking.md`.

pub mod bonding;
pub mod epoch;
pub mod error;
pub mod forfeits;
pub mod jail;
pub mod message;
pub mod operators;
pub mod parts;
pub mod past_keys;
pub mod pool;
pub mod rewards;
pub mod seats;
mod state;
#[cfg(test)]
mod tests;
pub mod unbonding;

pub use bonding::bond;
pub use epoch::start_epoch;
pub use error::{PartError, ProfileError, StakingError};
pub use forfeits::{answering, give_back, slashable, take_stake};
pub use jail::{jail, tombstone, unjail};
pub use operators::{edit, enrol, register, rotate_key};
pub use past_keys::{PastKey, PastKeys};
pub use pool::Pool;
pub use rewards::reward;
pub use seats::{lock_seats, unlock_seats};
pub use state::{
    Claim, Delegation, Draw, MissRecord, Operator, Snapshot, Standing, Tranche, Validator,
    ValidatorSet,
};
pub use unbonding::{unbond, withdraw};
