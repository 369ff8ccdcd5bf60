//! The state tree, its proofs, and a chain that is replayed or loaded from its entries.

use probity_primitives::codec::{decode, encode};
use probity_primitives::table::state_key;
use probity_primitives::{Address, Hash, Height, Network};
use probity_protocol::bank::Account;
use probity_protocol::ledger::Tag;
use probity_protocol::task::Mode;
use probity_runtime::chain::LoadError;
use probity_runtime::hex_bytes::HexBytes;
use probity_runtime::proof::{self, StateProof};
use probity_runtime::tree::{self, MemoryTree};
use probity_runtime::{Chain, Genesis};
use probity_simulations::{World, WorldConfig};

/// A world in which a whole task has run.
fn lived() -> World {
    let mut world = World::new(&WorldConfig::default()).unwrap();
    let (benchmark, models) = world.publish(&[700_000]).unwrap();
    let person = world.people[0].clone();
    world.must(&person, World::request(benchmark, models[0], Mode::Exact)).unwrap();
    let task = world.newest_task().unwrap();
    world.finish(task, 300).unwrap();
    world
}

fn account_key(world: &World, person: usize) -> Vec<u8> {
    let address = Address::of(&world.people[person].public(), Network::Test);
    state_key(Tag::accounts.byte(), &address)
}

#[test]
fn replaying_the_log_gives_the_identical_roots() {
    let world = lived();
    let first = Chain::genesis(&world.genesis).unwrap();
    let mut tree = MemoryTree::new();
    tree.commit(&first.tree, true);
    let mut chain = first.chain;
    for (block, receipts) in &world.log[1..] {
        let verify = |tx: &probity_runtime::SignedTx| tx.clone().verify(chain.identity()).unwrap();
        let txs: Vec<_> = block.txs.iter().map(verify).collect();
        let executed = chain.apply(&tree, block.clone(), &txs).unwrap();
        assert_eq!(&executed.receipts, receipts);
        tree.commit(&executed.tree, true);
        chain = executed.chain;
    }
    assert_eq!(chain.tip(), world.chain.tip());
    assert!(tree.len() < world.tree.len(), "pruning removes nodes");
}

#[test]
fn a_chain_loads_from_its_entries_and_goes_on_alike() {
    let world = lived();
    let tip = world.chain.tip().clone();
    let loaded = Chain::load(&world.genesis, tip, world.chain.state().entries()).unwrap();
    assert_eq!(loaded.validators(), world.chain.validators());
    let mut continued = world.clone();
    continued.chain = loaded;
    continued.pass(15).unwrap();
    let mut original = world;
    original.pass(15).unwrap();
    assert_eq!(continued.chain.tip().state_root, original.chain.tip().state_root);
}

#[test]
fn damaged_entries_are_not_loaded() {
    let world = lived();
    let tip = world.chain.tip().clone();
    let load = |entries: Vec<(Vec<u8>, Vec<u8>)>| {
        Chain::load(&world.genesis, tip.clone(), entries).unwrap_err()
    };
    let mut missing: Vec<_> = world.chain.state().entries().collect();
    missing.pop();
    assert!(matches!(load(missing), LoadError::Root { .. }));
    let mut changed: Vec<_> = world.chain.state().entries().collect();
    let key = account_key(&world, 0);
    let place = changed.iter().position(|(k, _)| *k == key).unwrap();
    changed[place].1[0] ^= 1;
    assert!(matches!(load(changed), LoadError::Root { .. }));
    assert!(matches!(load(vec![(vec![0xee], vec![])]), LoadError::Entry(_)));
}

#[test]
fn a_store_of_another_chain_is_not_loaded() {
    let world = lived();
    let mut other: Genesis = world.genesis.clone();
    other.chain_id = probity_primitives::BoundedString::new("other").unwrap();
    let error = Chain::load(&other, world.chain.tip().clone(), world.chain.state().entries());
    assert!(matches!(error, Err(LoadError::Chain { .. })));
}

#[test]
fn an_entry_is_proven_at_every_height_that_is_kept() {
    let world = lived();
    let key = account_key(&world, 0);
    let mut values = std::collections::BTreeSet::new();
    for (block, _) in &world.log {
        let (height, root) = (block.header.height, block.header.state_root);
        assert_eq!(tree::root(&world.tree, height), Ok(root));
        let proof = proof::prove(&world.tree, &key, height).unwrap();
        proof.verify(root).unwrap();
        let account: Account = decode(proof.value.as_ref().unwrap(), 1_000).unwrap();
        values.insert(account.nonce);
    }
    let now = world.ledger().accounts.get(&Address::of(&world.people[0].public(), Network::Test));
    assert_eq!(values.last(), Some(&now.unwrap().nonce));
    assert!(values.len() > 2, "the account changed: {values:?}");
}

#[test]
fn an_absence_is_proven_and_a_presence_cannot_be_denied() {
    let world = lived();
    let (height, root) = (world.chain.height(), world.chain.tip().state_root);
    let nobody = state_key(Tag::accounts.byte(), &(1u8, [9u8; 20]));
    let absent = proof::prove(&world.tree, &nobody, height).unwrap();
    assert_eq!((&absent.value, absent.verify(root)), (&None, Ok(())));
    let mut denied = proof::prove(&world.tree, &account_key(&world, 0), height).unwrap();
    denied.value = None;
    assert!(denied.verify(root).is_err());
    let mut invented = absent;
    invented.value = Some(HexBytes::new(vec![1]).unwrap());
    assert!(invented.verify(root).is_err());
}

#[test]
fn a_forged_proof_is_refused_at_every_byte() {
    let world = lived();
    let (height, root) = (world.chain.height(), world.chain.tip().state_root);
    let good = proof::prove(&world.tree, &account_key(&world, 0), height).unwrap();
    let bytes = encode(&good);
    let at = bytes.len() - encode(&good.path).len() - encode(&good.height).len();
    for position in 0..bytes.len() {
        let mut forged = bytes.clone();
        forged[position] ^= 1;
        // The height is the asker's note: the root is what is proven against.
        let note = (at..at + 8).contains(&position);
        let verdict = decode::<StateProof>(&forged, bytes.len());
        let holds = verdict.is_ok_and(|proof| proof.verify(root).is_ok());
        assert_eq!(holds, note, "byte {position}");
    }
    assert!(good.verify(Hash::ZERO).is_err());
}

#[test]
fn an_empty_block_has_its_own_version() {
    let mut world = World::new(&WorldConfig::default()).unwrap();
    world.pass(3).unwrap();
    assert!(tree::root(&world.tree, Height(3)).is_ok());
    assert!(tree::root(&world.tree, Height(4)).is_err());
}

#[test]
fn a_genesis_document_reads_back_and_is_refused_with_an_unknown_field() {
    let world = World::new(&WorldConfig::default()).unwrap();
    let text = world.genesis.to_json();
    assert_eq!(Genesis::from_json(&text), Ok(world.genesis));
    let unknown = text.replacen("\"chain_id\"", "\"colour\": 1, \"chain_id\"", 1);
    let error = Genesis::from_json(&unknown).unwrap_err().to_string();
    assert!(error.contains("unknown field `colour`"), "{error}");
}
