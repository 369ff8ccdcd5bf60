//! Accounts, and the sum of all money.

use probity_primitives::{Address, Amount, Epoch, Height, OperatorId};
use probity_protocol::staking::Delegation;
use probity_protocol::supply::{self, Caps, Stream};
use probity_protocol::{Bucket, Ledger};
use serde::{Deserialize, Serialize};

/// An account and what it has in operators' pools.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountView {
    /// The account.
    pub address: Address,
    /// What it may spend.
    pub free: Amount,
    /// The nonce that its next transaction must carry.
    pub nonce: u64,
    /// What it has bonded.
    pub bonded: Vec<DelegationView>,
    /// What it has on the way out.
    pub leaving: Vec<LeavingView>,
}

/// A part of an operator's pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DelegationView {
    /// The operator.
    pub operator: OperatorId,
    /// The shares, a number of up to 39 digits as text.
    pub shares: Amount,
    /// What they are worth.
    pub value: Amount,
}

/// Money on its way out of an operator's pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeavingView {
    /// The operator.
    pub operator: OperatorId,
    /// The epoch in which it began to leave.
    pub epoch: Epoch,
    /// What it is worth.
    pub value: Amount,
    /// The height from which it can be withdrawn.
    pub until: Height,
}

/// All money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupplyView {
    /// Given out by the genesis document.
    pub genesis: Amount,
    /// Minted since.
    pub minted: Amount,
    /// Burned since.
    pub burned: Amount,
    /// What the buckets must add up to.
    pub expected: Amount,
    /// What they add up to, counted one by one.
    pub sum: Amount,
    /// The audit pool.
    pub audit_pool: Amount,
    /// The reward pool.
    pub reward_pool: Amount,
    /// The treasury.
    pub treasury: Amount,
    /// Minted, and not yet released to the pools.
    pub streaming: Amount,
    /// What a vote may mint now, by each of the three caps.
    pub caps: Caps,
    /// The streams that flow.
    pub streams: Vec<Stream>,
}

/// An account. One that nobody has used yet is empty, not missing.
#[must_use]
pub fn account(ledger: &Ledger, address: &Address) -> AccountView {
    let known = ledger.accounts.get(address).copied().unwrap_or_default();
    let bonded = ledger.stakes_of(*address).map(|(operator, Delegation { shares })| {
        let value = ledger.pool(&operator).value_of(shares).unwrap_or_default();
        DelegationView { operator, shares: Amount::from_units(shares), value }
    });
    let leaving = ledger.claims_of(*address).map(|(operator, epoch, claim)| LeavingView {
        operator,
        epoch,
        value: ledger.leaving(&operator, epoch).value_of(claim.shares).unwrap_or_default(),
        until: ledger.tranches.get(&(operator, epoch)).map(|t| t.until).unwrap_or_default(),
    });
    AccountView {
        address: *address,
        free: known.free,
        nonce: known.nonce,
        bonded: bonded.collect(),
        leaving: leaving.collect(),
    }
}

/// All money, and whether it adds up; the caps are those of the block after `height`.
#[must_use]
pub fn supply(ledger: &Ledger, height: Height) -> SupplyView {
    let supply = ledger.supply.get();
    let streams = ledger.issuance.get().streams.to_vec();
    let streaming = streams.iter().map(|stream| ledger.balance(Bucket::Stream(stream.id)));
    SupplyView {
        genesis: supply.genesis,
        minted: supply.minted,
        burned: supply.burned,
        expected: supply.expected().unwrap_or_default(),
        sum: ledger.total().unwrap_or_default(),
        audit_pool: ledger.balance(Bucket::AuditPool),
        reward_pool: ledger.balance(Bucket::RewardPool),
        treasury: ledger.balance(Bucket::Treasury),
        streaming: Amount::sum(streaming).unwrap_or_default(),
        caps: supply::caps(ledger, height.next().unwrap_or(height)),
        streams,
    }
}
