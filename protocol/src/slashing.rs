//! Slashing: what provable faults cost, and where the money goes.
//!
//! A fault's price leaves the operator's pool at once and waits in its own bucket, so that a won
//! appeal can give it back in full; then a fifth goes to the reporter, three tenths to the audit
//! pool, and half burns. Offenders of one window are counted together: isolated mistakes are
//! cheap, cartels lose everything.
//!
//! # Invariants
//! - A slash never exceeds what was bonded or unbonding; reverting restores exactly.
//! - One operator's faults in one task cost the largest of them, not their sum.
//! - Nobody on a committee earns from another member's slash.
//!
//! Spec: `docs/spec/12-slashing.md`.

mod correlation;
mod rules;
mod state;

pub use correlation::{close_window, correlated_ppm, resume_window, revert_window};
pub use rules::{SlashError, Verdict, price_of_lock, record_assignment, revert, settle, slash};
pub use state::{Conviction, Offence, Offender, Slash, SlashState, Source, Window};
