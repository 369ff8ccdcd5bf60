//! Every invariant of the rules that a state, or a step from one state to the next, can show.
//!
//! [`check`] is called by property tests and simulations after every transition. It looks at whole
//! tables and belongs in no node's hot path. The numbers are those of the chapter; what a single
//! state cannot show (aggregation's properties, liveness, replay) is held by tests that the
//! chapter names.
//!
//! # Invariants
//! - A violation names the invariant, what was looked at, what was found and what was expected.
//!
//! Spec: `docs/spec/18-invariants.md`.

mod disputes;
mod governance;
mod money;
mod stake;
mod step;
mod work;

use std::fmt::Display;

use probity_protocol::Ledger;

use crate::state::State;

/// An invariant that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invariant {number} does not hold: {what} is {found}, expected {expected}")]
pub struct Violation {
    /// The invariant's number in the chapter.
    pub number: u8,
    /// What was looked at.
    pub what: String,
    /// What was found.
    pub found: String,
    /// What should be so.
    pub expected: String,
}

/// Checks a state, and the step that led to it if the state before is given.
///
/// # Errors
/// The first [`Violation`] in order of number.
pub fn check(ledger: &Ledger, previous: Option<&Ledger>) -> Result<(), Violation> {
    check_money(ledger, previous)?;
    stake::locks(ledger)?;
    work::escrows(ledger)?;
    if let Some(before) = previous {
        step::payments(before, ledger)?;
    }
    money::slashes(ledger)?;
    disputes::escrows(ledger)?;
    stake::pools(ledger)?;
    work::tasks(ledger)?;
    if let Some(before) = previous {
        step::tasks(before, ledger)?;
        step::counters(before, ledger)?;
    }
    disputes::ends(ledger)?;
    if let Some(before) = previous {
        disputes::step(before, ledger)?;
    }
    parameters(ledger)
}

/// Checks that money adds up, which is quick; [`check`] does it too.
///
/// # Errors
/// The first [`Violation`].
pub fn check_money(ledger: &Ledger, previous: Option<&Ledger>) -> Result<(), Violation> {
    money::sum(ledger)?;
    money::minted(ledger)?;
    previous.map_or(Ok(()), |before| step::supply(before, ledger))
}

/// Checks both sets of rules, as [`check`] does one.
///
/// # Errors
/// The first [`Violation`].
pub fn check_state(state: &State, previous: Option<&State>) -> Result<(), Violation> {
    check(&state.ledger, previous.map(|before| &before.ledger))?;
    governance::check(state, previous)
}

/// 12: the parameters keep their inequalities.
fn parameters(ledger: &Ledger) -> Result<(), Violation> {
    ledger.params.get().validate().map_err(|error| Violation {
        number: 12,
        what: "the parameters".to_owned(),
        found: error.to_string(),
        expected: "a set that validates".to_owned(),
    })
}

/// Holds that two values are equal.
fn equal<T: PartialEq + Display>(
    number: u8,
    what: impl FnOnce() -> String,
    found: T,
    expected: T,
) -> Result<(), Violation> {
    if found == expected {
        return Ok(());
    }
    let (found, expected) = (found.to_string(), expected.to_string());
    Err(Violation { number, what: what(), found, expected })
}

/// Holds that something is so.
fn holds(
    number: u8,
    so: bool,
    what: impl FnOnce() -> String,
    found: impl FnOnce() -> String,
    expected: &str,
) -> Result<(), Violation> {
    if so {
        return Ok(());
    }
    Err(Violation { number, what: what(), found: found(), expected: expected.to_owned() })
}

/// A computation that must not leave its range here.
fn exact<T, E: Display>(number: u8, what: &str, result: Result<T, E>) -> Result<T, Violation> {
    result.map_err(|error| Violation {
        number,
        what: what.to_owned(),
        found: error.to_string(),
        expected: "a number".to_owned(),
    })
}
