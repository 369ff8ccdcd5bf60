//! What may be minted: three figures, of which the least counts.

use std::fmt;

use probity_primitives::{Amount, ArithmeticError, Height, Ppm};
use serde::{Deserialize, Serialize};

use super::state::Year;
use crate::ledger::{Context, Ledger};

/// What a year may add to the supply that it began with. In the code and not among the parameters:
/// whoever wins a vote must not be able to win the printing press with it.
const YEARLY: Ppm = Ppm::new(50_000);

/// The three figures of a supply vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caps {
    /// 5 % of the supply at the year's start, less what this year has minted.
    pub year: Amount,
    /// What verified work has earned to be minted, less what was minted against it.
    pub compute: Amount,
    /// What genesis gave out, less what was ever minted.
    pub ever: Amount,
}

impl Caps {
    /// The most that may be minted now.
    #[must_use]
    pub fn least(&self) -> Amount {
        let Self { year, compute, ever } = *self;
        year.min(compute).min(ever)
    }
}

impl fmt::Display for Caps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, compute, ever } = self;
        write!(f, "{year} of this year's, {compute} of verified work's, {ever} of all time's")
    }
}

/// What may be minted at a height. A figure that is used up, or that a changed parameter put below
/// what was minted already, is zero.
#[must_use]
pub fn caps(ledger: &Ledger, height: Height) -> Caps {
    let (supply, issuance) = (ledger.supply.get(), ledger.issuance.get());
    let left = |most: Result<Amount, ArithmeticError>, used: Amount| {
        most.and_then(|most| most.checked_sub(used)).unwrap_or_default()
    };
    let year = year_at(ledger, height);
    Caps {
        year: left(YEARLY.of_floor(year.supply), year.minted),
        compute: left(Ok(issuance.earned), issuance.minted_from_compute),
        ever: left(Ok(supply.genesis), supply.minted),
    }
}

/// Begins the first year, once genesis has given out everything.
pub fn open_books(ledger: &mut Ledger) {
    let supply = ledger.supply.get().expected().unwrap_or_default();
    ledger.issuance.get_mut().year = Year { began: Height::ZERO, supply, minted: Amount::ZERO };
}

/// Begins a year where one begins.
pub(super) fn turn_year(ledger: &mut Ledger, ctx: &Context) {
    let year = year_at(ledger, ctx.height);
    if year != ledger.issuance.get().year {
        ledger.issuance.get_mut().year = year;
    }
}

/// Counts the compute units of a task's verified seats towards what may be minted.
pub(crate) fn credit(
    ledger: &mut Ledger,
    units: u128,
    per_unit: Amount,
) -> Result<(), ArithmeticError> {
    let counters = ledger.counters.get_mut();
    counters.compute_units = counters.compute_units.saturating_add(units);
    let earned = per_unit.checked_mul(units)?;
    if !earned.is_zero() {
        let issuance = ledger.issuance.get_mut();
        issuance.earned = issuance.earned.checked_add(earned)?;
    }
    Ok(())
}

/// The year that a height lies in: the one that is written down, or a new one if that is over.
fn year_at(ledger: &Ledger, height: Height) -> Year {
    let year = ledger.issuance.get().year;
    if height.since(year.began) < ledger.params.get().supply.year_blocks {
        return year;
    }
    let supply = ledger.supply.get().expected().unwrap_or_default();
    Year { began: height, supply, minted: Amount::ZERO }
}
