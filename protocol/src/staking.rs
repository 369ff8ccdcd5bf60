//! Staking: who stands behind whom, and with how much.
//!
//! Anyone registers an operator, bonds to it, unbonds and withdraws. An operator's pool is shared
//! by shares: rewards raise what a share is worth and slashes lower it, so that no rule ever loops
//! over delegators.
//!
//! # Invariants
//! - What is locked is never more than what is bonded.
//! - Money on its way out stays slashable for offences before it began to leave.
//!
//! Spec: `docs/spec/04-staking.md`.

mod state;

pub use state::{
    Claim, Delegation, Draw, MissRecord, Operator, Snapshot, Standing, Tranche, Validator,
    ValidatorSet,
};
