//! Tasks: one paid evaluation of one artifact on one benchmark, from request to payment.
//!
//! ```text
//! Open -> Commit -> Reveal -> Spot -> Provisional -> Final
//!           ^          |        |
//!           +--- no quorum -----+--> Void
//! ```
//!
//! Members act by messages ([`member`]); time acts at the end of a block ([`phases`]). What a
//! committee disagrees on goes to an item jury ([`jury`]); some results are evaluated once more by
//! others ([`audit`]); what was earned is paid in [`settlement`].
//!
//! # Invariants
//! - No reveal without its commit, no phase skipped, nothing after the end.
//! - The escrow of an ended task is empty, and its payments add up to its fee.
//!
//! Spec: `docs/spec/06-tasks.md`, `docs/spec/10-checks.md`, `docs/spec/11-payments.md`.

mod audit;
pub mod error;
pub mod jury;
pub mod member;
pub mod message;
pub(crate) mod panel;
pub mod phases;
pub mod request;
pub(crate) mod result;
mod settlement;
mod spot;
mod state;
mod sums;

pub use error::TaskError;
pub use settlement::{earns, seat_reward};
pub use state::{
    Audit, AuditEntry, AuditPhase, AuditTerms, Correction, Counting, Due, Frozen, Jury, JuryBallot,
    JuryPhase, Member, MemberOutcome, Mode, Opened, Outcome, OutcomeState, Phase, Request,
    Revealed, Standing, Submission, Task, VerdictOfItem, VoidReason,
};

#[cfg(test)]
pub(crate) mod tests;
