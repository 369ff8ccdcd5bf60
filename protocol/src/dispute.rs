//! Disputes: anyone may put up money and say that a provisional result is wrong.
//!
//! ```text
//! open -> answer or game -> jury 31 -> appeal -> jury 63 -> appeal -> jury 127 -> appeal -> vote
//! ```
//!
//! A dispute is brought down to one item, or to one short segment where scores may differ
//! ([`locate`], [`game`]); a jury runs just that ([`jury`]); its ruling changes the result at once
//! and may be appealed ([`appeal`]) up a ladder of larger juries to the holders' vote ([`ladder`]).
//! Who was false pays ([`settle`]), and the money that was put up is shared out to the unit
//! ([`payout`]).
//!
//! # Invariants
//! - A dispute's escrow is what its open pots hold, and empty when it is closed.
//! - Every open dispute has exactly one planned end, and ends within a bounded number of blocks.
//! - A task is not settled while a dispute about it is open.
//!
//! # Not here
//! How the holders vote: they call [`rule_by_vote`]. What item juries do by themselves:
//! [`crate::task::jury`].
//!
//! Spec: `docs/spec/13-disputes.md`.

mod appeal;
mod ballot;
mod contested;
mod costs;
pub mod error;
mod game;
mod jury;
mod ladder;
mod locate;
pub mod message;
mod open;
mod payout;
mod record;
mod respond;
mod settle;
mod state;

pub use appeal::fund_appeal;
pub use ballot::{commit, report_ballot, reveal};
pub use costs::{bond_floor, jury_cost, level_cost};
pub use error::DisputeError;
pub use ladder::rule_by_vote;
pub use locate::SEGMENT;
pub use open::{bond_now, needed_bond, open};
pub use respond::{answer, implicate, play};
pub use settle::accused;
pub use state::{
    Bench, Claim, Dispute, DisputeBallot, Evidence, Funder, Game, JurorVote, Level, Low, MAX_OPEN,
    Pot, Question, Ruling, Rung, Side, Stage, Stake, TaskDisputes, Turn,
};

pub(crate) use contested::{contest, contest_as_auditor};
pub(crate) use ladder::advance;
pub(crate) use record::{forget_round, open_until};

#[cfg(test)]
mod tests;
