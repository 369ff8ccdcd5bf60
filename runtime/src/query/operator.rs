//! Operators and slashes.

use probity_primitives::{Amount, OperatorId};
use probity_protocol::Ledger;
use probity_protocol::slashing::Slash;
use probity_protocol::staking::Operator;
use serde::{Deserialize, Serialize};

use super::{Page, following, page};

/// An operator and what stands behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorView {
    /// The operator's identifier.
    pub id: OperatorId,
    /// What is bonded behind it.
    pub bonded: Amount,
    /// What its open seats hold fast.
    pub locked: Amount,
    /// Its voting power in this epoch; zero if it does not decide blocks.
    pub power: u64,
    /// Whether it can be drawn in this epoch.
    pub drawable: bool,
    /// All that is stored of it.
    pub operator: Operator,
}

/// A slash that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlashView {
    /// Its number.
    pub id: u64,
    /// The offence's code in the slash schedule.
    pub code: String,
    /// All that is stored of it.
    pub slash: Slash,
}

/// An operator, if there is one.
#[must_use]
pub fn operator(ledger: &Ledger, id: &OperatorId) -> Option<OperatorView> {
    Some(view(ledger, id, ledger.operators.get(id)?))
}

/// Operators in ascending order of identifier.
#[must_use]
pub fn operators(
    ledger: &Ledger,
    after: Option<OperatorId>,
    limit: usize,
) -> Page<OperatorView, OperatorId> {
    page(ledger.operators.range(following(after)), limit, |id, known| Some(view(ledger, id, known)))
}

/// Slashes that wait, in the order they were recorded in.
#[must_use]
pub fn slashes(ledger: &Ledger, after: Option<u64>, limit: usize) -> Page<SlashView, u64> {
    page(ledger.slashes.range(following(after)), limit, |id, slash| {
        Some(SlashView { id: *id, code: slash.offence.code().to_owned(), slash: slash.clone() })
    })
}

fn view(ledger: &Ledger, id: &OperatorId, known: &Operator) -> OperatorView {
    let draws = &ledger.snapshot.get().draws;
    OperatorView {
        id: *id,
        bonded: ledger.bonded(id),
        locked: ledger.locked(id),
        power: ledger.validators.get().get(id).map_or(0, |validator| validator.power),
        drawable: draws.binary_search_by_key(id, |draw| draw.operator).is_ok(),
        operator: known.clone(),
    }
}
