//! What all juries have in common: the draw, the quorum, and what a juror is made to pay.
//!
//! Item juries ([`super::jury`]) and the juries of disputes ([`crate::dispute`]) differ in size and
//! in what they are asked, not in how they are drawn.
//!
//! # Invariants
//! - Jurors are drawn by share of stake, and their seats lock stake like a member's.
//!
//! Spec: `docs/spec/10-checks.md`, `docs/spec/13-disputes.md`.

use std::collections::BTreeSet;

use probity_primitives::{
    Address, Amount, ArithmeticError, Hash, Height, OperatorId, Seats, TaskId,
};

use super::error::TaskError;
use super::phases::{candidates, lock};
use super::state::{Member, Task};
use crate::committee::{self, Candidate};
use crate::ledger::{Context, Ledger};
use crate::slashing::{self, Offence, Verdict};

/// How often a jury is drawn before its question stays open.
pub(crate) const MAX_DRAWS: u8 = 2;

/// How many seats are drawn, by what, and who may not have them.
pub(crate) struct Selection {
    /// The seats.
    pub(crate) seats: Seats,
    /// The seed of the draw.
    pub(crate) seed: Hash,
    /// Who may not sit where enough others are eligible.
    pub(crate) outside: BTreeSet<OperatorId>,
    /// Who may not sit in any case.
    pub(crate) doubted: BTreeSet<OperatorId>,
}

/// Draws jurors and locks their stake; and whether they come from outside.
pub(crate) fn seat(
    ledger: &mut Ledger,
    task: &Task,
    selection: &Selection,
) -> Result<(Vec<Member>, bool), TaskError> {
    let Selection { seats, seed, outside, doubted } = selection;
    let everyone = candidates(ledger, task.frozen.class);
    let without = |barred: &BTreeSet<OperatorId>| -> Vec<Candidate> {
        everyone.iter().filter(|one| !barred.contains(&one.operator)).copied().collect()
    };
    let mut bench = without(outside);
    let least = usize::try_from(task.frozen.jury.min_operators).unwrap_or(usize::MAX);
    let is_outside = bench.len() >= least;
    if !is_outside {
        bench = without(doubted);
    }
    let drawn = committee::draw(&bench, *seed, *seats, task.frozen.seat_lock)?;
    let jurors: Vec<Member> =
        drawn.into_iter().map(|(operator, seats)| Member { operator, seats }).collect();
    lock(ledger, &jurors, task)?;
    Ok((jurors, is_outside))
}

/// Whether so many revealed seats are two thirds of all.
pub(crate) fn has_quorum(all: Seats, shown: u64) -> bool {
    let all = u64::from(all.0);
    all > 0 && shown.saturating_mul(3) >= all.saturating_mul(2)
}

/// What someone with seats did wrong.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fault {
    /// What.
    pub(crate) offence: Offence,
    /// When, at the earliest.
    pub(crate) committed: Height,
    /// Who showed it, if someone did.
    pub(crate) reporter: Option<Address>,
}

/// Slashes a member or juror for a fault, by what its seats lock.
pub(crate) fn penalise(
    ledger: &mut Ledger,
    ctx: &mut Context,
    (id, task): (TaskId, &Task),
    member: &Member,
    fault: Fault,
) -> Result<(), TaskError> {
    let Fault { offence, committed, reporter } = fault;
    let lock = task.frozen.seat_lock.checked_mul(u128::from(member.seats.0))?;
    let operator = member.operator;
    let verdict = Verdict { operator, offence, task: Some(id), lock, committed, reporter };
    Ok(slashing::slash(ledger, ctx, verdict)?)
}

/// The fee of so many seats of a juror, where a seat earns a share of the seat price.
pub(crate) fn fee(
    task: &Task,
    share: probity_primitives::Ppm,
    seats: Seats,
) -> Result<Amount, ArithmeticError> {
    share.of_floor(task.frozen.seat_price.checked_mul(u128::from(seats.0))?)
}
