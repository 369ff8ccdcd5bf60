//! `probity node export`: the money of a stopped node's state as a new genesis document.
//!
//! A genesis document knows accounts, operators with their owners' stake, and parameters. So money
//! is carried over where it has an owner: what stands behind an operator for somebody else, and
//! what is on its way out, becomes that account's balance. All else is left out and counted: money
//! of pools, escrow and treasury, artifacts, tasks, results, slashes, and the standing of operators.
//!
//! # Invariants
//! - Exported and left out add up to the supply: a test compares them.

use std::collections::BTreeMap;
use std::path::Path;

use probity_keys::lock::FolderLock;
use probity_node::replica::Replica;
use probity_node::store;
use probity_primitives::{Address, Amount, BoundedVec, Height};
use probity_protocol::ledger::Ledger;
use probity_protocol::upgrade::Protocol;
use probity_runtime::genesis::{GenesisAccount, GenesisOperator};
use probity_runtime::{Chain, Genesis};
use serde::Serialize;

use super::start::held;
use crate::cli::Global;
use crate::exit::{Code, Failure, OrFail};
use crate::home::{self, Home};
use crate::output;

/// What was exported.
#[derive(Debug, Serialize)]
struct Exported {
    schema: &'static str,
    height: Height,
    accounts: usize,
    operators: usize,
    /// What the document gives out.
    exported: Amount,
    /// What has no owner in a genesis document: pools, escrow, treasury.
    left_out: Amount,
    /// Operators that may not work now and are therefore not in the document.
    operators_left_out: usize,
    /// Artifacts, tasks and results are not carried over.
    artifacts_left_out: usize,
    tasks_left_out: usize,
}

pub(super) fn export(global: &Global, out: &Path, chain_id: &str) -> Result<(), Failure> {
    let home = Home::open(global, &[])?;
    let data = &home.place.data;
    let _lock = FolderLock::take(data).map_err(|error| held(&error, &home))?;
    let store = store::open(home.settings.store.kind, &data.join("store"))
        .or_fail(Code::Verification, "cannot open the store")?;
    let replica = Replica::open(store, &home.genesis, None, home.settings.mempool.limits())
        .or_fail(Code::Verification, "cannot read the chain")?;
    let (genesis, exported) = document(replica.chain(), &home.genesis, chain_id)?;
    Chain::genesis(&genesis).or_fail(Code::Config, "the state makes no genesis document")?;
    home::write_new(out, genesis.to_json().as_bytes())?;
    output::show(global.output, &exported, |exported| exported.text(out))
}

/// A document of what a state holds, and what it leaves out.
fn document(chain: &Chain, old: &Genesis, chain_id: &str) -> Result<(Genesis, Exported), Failure> {
    let ledger = chain.ledger();
    let (operators, operators_left_out) = operators(ledger)?;
    let accounts = accounts(ledger, &operators)?;
    let mut genesis = Genesis {
        chain_id: crate::demo::cast::text(chain_id)?,
        time_ms: chain.tip().time_ms,
        protocol: Protocol { version: ledger.protocol.get().version, planned: None },
        params: ledger.params.get().clone(),
        governance: chain.dao().params.get().clone(),
        accounts: BoundedVec::from_vec(accounts).or_fail(Code::Other, "too many accounts")?,
        operators: BoundedVec::from_vec(operators).or_fail(Code::Other, "too many operators")?,
        beacon_seed: chain.tip().state_root,
        ..old.clone()
    };
    genesis.beacon_seed = genesis.hash();
    let balances = genesis.accounts.iter().map(|account| account.balance);
    let bonds = genesis.operators.iter().map(|operator| operator.bonded);
    let sum = Amount::sum(balances.chain(bonds)).or_fail(Code::Other, "the sum")?;
    let supply = ledger.total().or_fail(Code::Other, "cannot add up the buckets")?;
    let exported = Exported {
        schema: "probity.export/v1",
        height: chain.height(),
        accounts: genesis.accounts.len(),
        operators: genesis.operators.len(),
        exported: sum,
        left_out: supply.checked_sub(sum).or_fail(Code::Other, "more than there is")?,
        operators_left_out,
        artifacts_left_out: ledger.artifacts.iter().count(),
        tasks_left_out: ledger.tasks.iter().count(),
    };
    Ok((genesis, exported))
}

/// The operators that may work and whose owner has enough behind them, and how many others.
fn operators(ledger: &Ledger) -> Result<(Vec<GenesisOperator>, usize), Failure> {
    let least = ledger.params.get().staking.min_bond;
    let mut kept = Vec::new();
    let mut others = 0;
    for (id, operator) in ledger.operators.iter() {
        let bonded = ledger.delegated(id, &operator.owner).or_fail(Code::Other, "a stake")?;
        let works = operator.standing == probity_protocol::staking::Standing::Active;
        if !works || bonded < least {
            others += 1;
            continue;
        }
        kept.push(GenesisOperator {
            owner: operator.owner,
            key: operator.key,
            vrf: operator.vrf,
            name: operator.name.clone(),
            commission: operator.commission,
            classes: operator.classes.clone(),
            bonded,
        });
    }
    Ok((kept, others))
}

/// What every account owns: its balance, its stake behind others, and what is on its way out.
fn accounts(
    ledger: &Ledger,
    operators: &[GenesisOperator],
) -> Result<Vec<GenesisAccount>, Failure> {
    let mut owned: BTreeMap<Address, Amount> = BTreeMap::new();
    let mut add = |address: Address, amount: Amount| -> Result<(), Failure> {
        let sum = owned.entry(address).or_insert(Amount::ZERO);
        *sum = sum.checked_add(amount).or_fail(Code::Other, "a balance")?;
        Ok(())
    };
    for (address, account) in ledger.accounts.iter() {
        add(*address, account.free)?;
    }
    for ((address, operator), delegation) in ledger.delegations.iter() {
        let own = |kept: &GenesisOperator| {
            kept.owner == *address
                && ledger.operators.get(operator).is_some_and(|known| known.key == kept.key)
        };
        if !operators.iter().any(own) {
            let value = ledger.pool(operator).value_of(delegation.shares);
            add(*address, value.or_fail(Code::Other, "a stake")?)?;
        }
    }
    for ((address, operator, epoch), claim) in ledger.claims.iter() {
        let value = ledger.leaving(operator, *epoch).value_of(claim.shares);
        add(*address, value.or_fail(Code::Other, "a claim")?)?;
    }
    let entries = owned.into_iter().filter(|(_, balance)| !balance.is_zero());
    Ok(entries.map(|(address, balance)| GenesisAccount { address, balance }).collect())
}

impl Exported {
    fn text(&self, out: &Path) -> String {
        let Self { height, accounts, operators, exported, left_out, .. } = self;
        format!(
            "wrote {}: the state at height {height} with {accounts} accounts and {operators} \
             operators, {exported} tokens\nleft out: {left_out} tokens of pools, escrow and \
             treasury; {} operators that may not work; {} artifacts; {} tasks and their results",
            out.display(),
            self.operators_left_out,
            self.artifacts_left_out,
            self.tasks_left_out,
        )
    }
}
