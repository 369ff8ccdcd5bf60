//! Voting power: what an account held at a snapshot, and what it holds now.
//!
//! All that an account holds counts: what it may spend, its parts of operators' pools and of what
//! is on its way out of them. What it held at a snapshot is read from the history that
//! `probity_dao` keeps while votes are open, which [`record`] writes when a block is sealed.
//!
//! # Invariants
//! - The powers of all accounts at one snapshot add up to no more than there was: each unit of
//!   money is in one bucket, and a share of a pool is rounded down.
//! - A reader asks with the state at the end of the block before: money that moved in this block
//!   has voted with whoever held it at the snapshot.
//!
//! Spec: `docs/spec/14-governance.md`; why so: `docs/adr/0011-snapshot-power.md`.

use std::collections::BTreeSet;

use probity_dao::history::{self, Holdings, Pool, PoolName};
use probity_dao::vote::Held;
use probity_primitives::{Address, Amount, ArithmeticError, BoundedVec, Height};
use probity_protocol::{Bucket, Ledger};

use crate::state::State;

/// What an account held at a snapshot and holds now. `before` is the state at the end of the block
/// before.
///
/// # Errors
/// [`ArithmeticError`] if it cannot be counted, which no supply reaches.
pub fn held(
    ledger: &Ledger,
    before: &State,
    account: Address,
    snapshot: Height,
) -> Result<Held, ArithmeticError> {
    Ok(Held { then: at(before, account, snapshot)?, now: ledger.holdings(account)? })
}

/// What an account held at a snapshot. `before` is the state at the end of the block before.
///
/// # Errors
/// As [`held`].
pub fn at(before: &State, account: Address, snapshot: Height) -> Result<Amount, ArithmeticError> {
    let present;
    let holdings = match history::at(&before.dao.past_holdings, &account, snapshot) {
        Some(past) => past,
        None => {
            present = holdings(&before.ledger, account);
            &present
        }
    };
    let Holdings { free, stakes, claims } = holdings;
    let part = |name: PoolName, shares: u128| {
        let past = history::at(&before.dao.past_pools, &name, snapshot);
        let Pool { value, shares: all } =
            past.copied().unwrap_or_else(|| pool(&before.ledger, name));
        probity_protocol::staking::Pool { value, shares: all }.value_of(shares)
    };
    let mut sum = *free;
    for (operator, shares) in stakes {
        sum = sum.checked_add(part(PoolName::Bonded(*operator), *shares)?)?;
    }
    for (operator, epoch, shares) in claims {
        sum = sum.checked_add(part(PoolName::Leaving(*operator, *epoch), *shares)?)?;
    }
    Ok(sum)
}

/// Writes down what a block has changed of what accounts and pools hold, as it was in `before`, the
/// state at the end of the block `height`.
pub fn record(state: &mut State, before: &State, height: Height) {
    state.dao.record_delegations(&before.dao, height);
    let Some(newest) = state.dao.newest_snapshot() else { return };
    for account in changed_accounts(&state.ledger) {
        history::record(&mut state.dao.past_holdings, account, height, newest, || {
            holdings(&before.ledger, account)
        });
    }
    for name in changed_pools(&state.ledger) {
        let past = pool(&before.ledger, name);
        if past != pool(&state.ledger, name) {
            history::record(&mut state.dao.past_pools, name, height, newest, || past);
        }
    }
}

fn changed_accounts(ledger: &Ledger) -> BTreeSet<Address> {
    let stakes = ledger.delegations.changed().map(|(account, _)| *account);
    let claims = ledger.claims.changed().map(|(account, ..)| *account);
    ledger.accounts.changed().copied().chain(stakes).chain(claims).collect()
}

fn changed_pools(ledger: &Ledger) -> BTreeSet<PoolName> {
    let buckets = ledger.buckets.changed().filter_map(|bucket| match bucket {
        Bucket::Bonded(operator) => Some(PoolName::Bonded(*operator)),
        Bucket::Unbonding(operator, epoch) => Some(PoolName::Leaving(*operator, *epoch)),
        Bucket::Free(_)
        | Bucket::TaskEscrow(_)
        | Bucket::SaleEscrow(_)
        | Bucket::SlashPending(_)
        | Bucket::RoyaltyDue(_)
        | Bucket::AuditPool
        | Bucket::RewardPool
        | Bucket::Treasury
        | Bucket::GovDeposit(_)
        | Bucket::Stream(_)
        | Bucket::BondEscrow(_) => None,
    });
    let operators = ledger.operators.changed().map(|operator| PoolName::Bonded(*operator));
    let tranches =
        ledger.tranches.changed().map(|(operator, epoch)| PoolName::Leaving(*operator, *epoch));
    buckets.chain(operators).chain(tranches).collect()
}

/// What an account holds, as history keeps it.
fn holdings(ledger: &Ledger, account: Address) -> Holdings {
    let stakes = ledger.stakes_of(account).map(|(operator, part)| (operator, part.shares));
    let claims =
        ledger.claims_of(account).map(|(operator, epoch, claim)| (operator, epoch, claim.shares));
    // Staking holds the numbers of both within the limits of these lists.
    Holdings {
        free: ledger.balance(Bucket::Free(account)),
        stakes: BoundedVec::from_vec(stakes.collect()).unwrap_or_default(),
        claims: BoundedVec::from_vec(claims.collect()).unwrap_or_default(),
    }
}

fn pool(ledger: &Ledger, name: PoolName) -> Pool {
    let pool = match name {
        PoolName::Bonded(operator) => ledger.pool(&operator),
        PoolName::Leaving(operator, epoch) => ledger.leaving(&operator, epoch),
    };
    Pool { value: pool.value, shares: pool.shares }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn history_has_room_for_all_that_staking_lets_an_account_have() {
        use probity_protocol::staking::parts;
        assert_eq!(parts::MAX_OPERATORS, history::MAX_STAKES);
        assert_eq!(parts::MAX_CLAIMS, history::MAX_CLAIMS);
    }
}
