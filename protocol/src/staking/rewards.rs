//! Rewards: the owner's commission, and the rest to all who stand behind the operator.
//!
//! What goes into the pool raises what each share is worth. It is bonded from then on: a reward
//! backs the next task without anyone restaking it.
//!
//! Spec: `docs/spec/04-staking.md`.

use probity_primitives::{Funds, OperatorId};

use crate::bank::{BankError, Bucket};
use crate::ledger::Ledger;

/// Pays an operator and those behind it. The commission is rounded down, in favour of the pool; an
/// operator nobody stands behind keeps it all.
///
/// Operators are never removed; should one not be known, the treasury takes the money, so that it
/// has a bucket.
///
/// # Errors
/// [`BankError::Arithmetic`] above 2^128 - 1 units.
pub fn reward(
    ledger: &mut Ledger,
    operator: &OperatorId,
    mut reward: Funds,
) -> Result<(), BankError> {
    let Some(known) = ledger.operators.get(operator) else {
        return ledger.put(Bucket::Treasury, reward);
    };
    let owner = known.owner;
    let own = if known.shares == 0 {
        reward.amount()
    } else {
        known.commission.of_floor(reward.amount())?
    };
    let commission = reward.split(own)?;
    ledger.put(Bucket::Free(owner), commission)?;
    ledger.put(Bucket::Bonded(*operator), reward)
}
