//! Supply: how money comes to be after genesis, and how it reaches the pools.
//!
//! A vote mints an amount once, into a stream: from then on it exists, has a bucket, and counts
//! against every cap. The stream is a matter of transfers alone: it flows evenly over its blocks
//! into treasury, audit pool and reward pool. So the caps are looked at in one place, the books
//! hold no promise of money that is not there yet, and a halted stream makes nothing uncertain.
//!
//! # Invariants
//! - Nothing mints but [`mint()`], and nothing beyond the least of the three [`caps()`].
//! - What verified work has earned to be minted is at most half of what its tasks burned.
//! - A stream's bucket holds what it has not released; an ended stream has none.
//!
//! # Not here
//! The vote (`probity_dao`, joined in the runtime). Who validates: [`crate::staking`].
//!
//! Spec: `docs/spec/16-supply.md`.

mod caps;
mod error;
mod rewards;
mod state;
mod stream;

pub(crate) use caps::credit;
pub use caps::{Caps, caps, open_books};
pub use error::SupplyError;
pub use rewards::end_epoch;
pub use state::{Issuance, MAX_STREAMS, Shares, Stream, Year};
pub use stream::mint;
pub(crate) use stream::release;

#[cfg(test)]
mod tests;
