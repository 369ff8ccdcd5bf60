//! Genesis documents: what they give out, and what they are refused for.

use probity_primitives::{
    Address, Amount, BoundedString, BoundedVec, Bps, Keypair, Network, OperatorId,
};
use probity_protocol::Bucket;
use probity_runtime::genesis::MAX_GENESIS_BYTES;
use probity_runtime::{Chain, Genesis};
use probity_simulations::{World, WorldConfig};

fn document() -> Genesis {
    World::new(&WorldConfig { operators: 4, ..WorldConfig::default() }).unwrap().genesis
}

fn refusal(change: impl FnOnce(&mut Genesis)) -> String {
    let mut genesis = document();
    change(&mut genesis);
    let refused = Chain::genesis(&genesis).err().map(|error| error.to_string());
    refused.expect("the document is accepted")
}

fn check(change: impl FnOnce(&mut Genesis), expected: &str) {
    let refusal = refusal(change);
    assert!(refusal.contains(expected), "{refusal}");
}

#[test]
fn a_document_gives_out_exactly_what_it_says() {
    let genesis = document();
    let chain = Chain::genesis(&genesis).unwrap().chain;
    let ledger = chain.ledger();
    let balances = genesis.accounts.iter().map(|account| account.balance);
    let bonds = genesis.operators.iter().map(|operator| operator.bonded);
    let expected = Amount::sum(balances.chain(bonds)).unwrap();
    assert_eq!(ledger.total(), Ok(expected));
    assert_eq!(ledger.supply.get().genesis, expected);
    for operator in &genesis.operators {
        assert_eq!(ledger.balance(Bucket::Bonded(operator.id())), operator.bonded);
        assert!(chain.validators().get(&operator.id()).is_some());
    }
}

#[test]
fn each_part_of_a_document_is_checked_and_the_value_named() {
    let text = |text: &str| BoundedString::new(text).unwrap();
    check(|g| g.schema = BoundedString::new("other/v1").unwrap(), "the schema is \"other/v1\"");
    check(|g| g.chain_id = text_of("a b"), "\"a b\" is not 1 to 32 letters");
    check(|g| g.chain_id = text_of(""), "\"\" is not 1 to 32 letters");
    check(|g| g.token.decimals = 6, "with 6 decimals");
    check(|g| g.network = Network::Main, "is not an address of the Main network");
    check(|g| g.accounts = reversed(&g.accounts), "is out of order or there twice");
    check(|g| g.params.split.burn = Bps::new(501), "the parameters are refused");
    check(|g| operator(g, |o| o.commission = Bps::new(10_001)), "10001 bps");
    check(|g| operator(g, |o| o.bonded = Amount::from_units(1)), "has 0.000000001 bonded");
    check(|g| operator(g, |o| o.classes = list(&[0, 0])), "out of order or twice");
    check(|g| operator(g, |o| o.classes = list(&[7])), "takes the class 7, which there is not");
    check(|g| operator(g, |o| o.name = text("")), "the operator \"\"");
    check(|g| g.operators = BoundedVec::new(), "no operator has enough bonded");
    let twice = |g: &mut Genesis| {
        let first = g.operators[0].clone();
        operator(g, |o| o.key = first.key);
        let mut all = g.operators.clone().into_vec();
        all.push(first);
        g.operators = BoundedVec::from_vec(all).unwrap();
    };
    check(twice, "of another");
    let much = |g: &mut Genesis| {
        let mut all = g.accounts.clone().into_vec();
        all[0].balance = Amount::from_units(u128::MAX);
        g.accounts = BoundedVec::from_vec(all).unwrap();
    };
    check(much, "overflows");
}

#[test]
fn a_document_that_is_too_long_is_not_read() {
    let error = Genesis::from_json(&" ".repeat(MAX_GENESIS_BYTES + 1)).unwrap_err().to_string();
    assert!(error.contains("16777217 bytes, the limit is 16777216"), "{error}");
}

#[test]
fn every_field_changes_the_hash() {
    let original = document();
    let mut hashes = std::collections::BTreeSet::from([original.hash()]);
    let changes: [fn(&mut Genesis); 8] = [
        |g| g.chain_id = text_of("another"),
        |g| g.network = Network::Main,
        |g| g.time_ms += 1,
        |g| g.token.symbol = BoundedString::new("XYZ").unwrap(),
        |g| g.params.task.open_blocks += 1,
        |g| g.accounts = reversed(&g.accounts),
        |g| operator(g, |o| o.bonded = Amount::ZERO),
        |g| g.beacon_seed = probity_primitives::Hash::ZERO,
    ];
    for change in changes {
        let mut changed = original.clone();
        change(&mut changed);
        assert!(hashes.insert(changed.hash()));
    }
}

#[test]
fn an_operators_name_follows_from_its_owner_and_first_key() {
    let genesis = document();
    let operator = &genesis.operators[0];
    assert_eq!(operator.id(), OperatorId::of(&operator.owner, &operator.key));
    let other = Address::of(&Keypair::from_seed([9; 32]).public(), Network::Test);
    assert_ne!(operator.id(), OperatorId::of(&other, &operator.key));
}

fn text_of(text: &str) -> BoundedString<32> {
    BoundedString::new(text).unwrap()
}

fn list(classes: &[u16]) -> BoundedVec<u16, 16> {
    BoundedVec::from_vec(classes.to_vec()).unwrap()
}

fn reversed<T: Clone, const MAX: usize>(all: &BoundedVec<T, MAX>) -> BoundedVec<T, MAX> {
    BoundedVec::from_vec(all.iter().rev().cloned().collect()).unwrap()
}

fn operator(
    genesis: &mut Genesis,
    change: impl FnOnce(&mut probity_runtime::genesis::GenesisOperator),
) {
    let mut all = genesis.operators.clone().into_vec();
    change(all.last_mut().unwrap());
    genesis.operators = BoundedVec::from_vec(all).unwrap();
}
