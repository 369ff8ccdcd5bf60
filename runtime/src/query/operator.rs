//! Operators and slashes.

use probity_primitives::{Amount, ArtifactId, Height, OperatorId, Seats, TaskId};
use probity_protocol::Ledger;
use probity_protocol::slashing::Slash;
use probity_protocol::staking::Operator;
use probity_protocol::task::{Outcome, OutcomeState};
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

/// What an operator was paid for its seats in one task. What it was paid for items as a juror, and
/// what slashes cost it, is not in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RewardView {
    /// The task.
    pub task: TaskId,
    /// The benchmark.
    pub benchmark: ArtifactId,
    /// What was evaluated.
    pub artifact: ArtifactId,
    /// The operator's seats.
    pub seats: Seats,
    /// Whether its openings passed; unknown while a jury sits.
    pub clean: Option<bool>,
    /// What it was paid, before the owner's commission was split off.
    pub paid: Amount,
    /// When the score was published.
    pub published: Height,
    /// How much the score can be relied on; what is not final is not paid yet.
    pub state: OutcomeState,
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

/// Slashes that wait, of one operator or of all, in the order they were recorded in.
#[must_use]
pub fn slashes(
    ledger: &Ledger,
    operator: Option<&OperatorId>,
    after: Option<u64>,
    limit: usize,
) -> Page<SlashView, u64> {
    page(ledger.slashes.range(following(after)), limit, |id, slash| {
        let code = slash.offence.code().to_owned();
        let wanted = operator.is_none_or(|operator| *operator == slash.operator);
        wanted.then(|| SlashView { id: *id, code, slash: slash.clone() })
    })
}

/// What an operator was paid for its seats, task by task.
#[must_use]
pub fn rewards(
    ledger: &Ledger,
    operator: &OperatorId,
    after: Option<TaskId>,
    limit: usize,
) -> Page<RewardView, TaskId> {
    page(ledger.outcomes.range(following(after)), limit, |task, outcome| {
        let Outcome { benchmark, artifact, members, published, state, .. } = outcome;
        let member = members.iter().find(|member| member.operator == *operator)?;
        Some(RewardView {
            task: *task,
            benchmark: *benchmark,
            artifact: *artifact,
            seats: member.seats,
            clean: member.clean,
            paid: member.paid,
            published: *published,
            state: *state,
        })
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
