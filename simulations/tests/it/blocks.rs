//! Blocks and transactions that must be refused, and what a refusal leaves.

use probity_primitives::vrf::VrfProofBytes;
use probity_primitives::{
    Address, Amount, BlockHash, BoundedString, BoundedVec, Hash, Height, Keypair, Network,
};
use probity_protocol::Bucket;
use probity_runtime::chain::BlockError;
use probity_runtime::message::Transfer;
use probity_runtime::receipt::Outcome;
use probity_runtime::tx::{MAX_NONCE_GAP, MAX_TX_BYTES, TxError};
use probity_runtime::{Block, Executed, Header, Message, SignedTx, VerifiedTx};
use probity_simulations::{World, WorldConfig};

fn world() -> World {
    let mut world = World::new(&WorldConfig { operators: 4, ..WorldConfig::default() }).unwrap();
    world.pass(2).unwrap();
    world
}

fn pay(world: &World, amount: Amount) -> Message {
    let to = Address::of(&world.people[1].public(), Network::Test);
    Message::Transfer(Transfer { to, amount })
}

fn transfer(world: &World) -> SignedTx {
    world.sign(&world.people[0], pay(world, Amount::from_tokens(1)))
}

fn verify(world: &World, tx: SignedTx) -> Result<VerifiedTx, TxError> {
    tx.verify(world.chain.identity())
}

/// A valid next block with one transfer, made by whoever's turn the test says.
fn block(world: &World) -> (Executed, Vec<VerifiedTx>) {
    let txs = vec![verify(world, transfer(world)).unwrap()];
    let proposer = world.chain.validators().iter().next().unwrap().operator;
    let proof = world.actor(&proposer).unwrap().vrf.prove(&world.chain.beacon_input());
    let time = world.chain.tip().time_ms + 1;
    let made = world.chain.propose(&world.tree, proposer, proof, time, txs.clone()).unwrap();
    assert_eq!(made.receipts.len(), 1);
    (made, txs)
}

fn refusal(change: impl FnOnce(&mut Header, &World)) -> BlockError {
    let world = world();
    let (made, txs) = block(&world);
    let mut block = made.block;
    change(&mut block.header, &world);
    world.chain.apply(&world.tree, block, &txs).unwrap_err()
}

#[test]
fn every_field_of_a_header_is_checked() {
    let zero = Hash::ZERO;
    let chain = refusal(|h, _| h.chain_id = BoundedString::new("other").unwrap());
    assert!(matches!(chain, BlockError::Chain { .. }), "{chain}");
    assert_eq!(
        refusal(|h, _| h.height = Height(9)),
        BlockError::Height { found: Height(9), expected: Height(3) }
    );
    let named = |error: BlockError| {
        let BlockError::Hash { what, found, .. } = error else { panic!("{error}") };
        (what, found)
    };
    assert_eq!(named(refusal(|h, _| h.parent = BlockHash(zero))), ("parent", zero));
    assert_eq!(named(refusal(|h, _| h.txs = zero)), ("transaction list", zero));
    assert_eq!(named(refusal(|h, _| h.state_root = zero)), ("state root", zero));
    assert_eq!(named(refusal(|h, _| h.validators = zero)), ("validators", zero));
    assert_eq!(named(refusal(|h, _| h.next_validators = zero)), ("next validators", zero));
    let time = refusal(|h, world| h.time_ms = world.chain.tip().time_ms);
    assert!(matches!(time, BlockError::Time { .. }), "{time}");
    let vrf = refusal(|h, _| h.vrf = VrfProofBytes::from_bytes([1; 96]));
    assert!(matches!(vrf, BlockError::Vrf(_)), "{vrf}");
}

#[test]
fn a_proposer_without_a_vote_is_refused() {
    let stranger = probity_simulations::Actor::new(99, 0).unwrap().id();
    assert_eq!(refusal(|h, _| h.proposer = stranger), BlockError::NotValidator(stranger));
}

#[test]
fn another_validators_contribution_is_refused() {
    let error = refusal(|h, world| {
        h.proposer = world.chain.validators().iter().nth(1).unwrap().operator;
    });
    assert!(matches!(error, BlockError::Vrf(_)), "{error}");
}

#[test]
fn a_block_with_an_invalid_transaction_is_refused_whole() {
    let world = world();
    let (made, txs) = block(&world);
    let twice = vec![txs[0].clone(), txs[0].clone()];
    let signed = twice.iter().map(|tx| tx.signed().clone()).collect();
    let list = probity_runtime::block::tx_list_hash(twice.iter().map(VerifiedTx::hash));
    let header = Header { txs: list, ..made.block.header };
    let block = Block { header, txs: BoundedVec::from_vec(signed).unwrap() };
    let error = world.chain.apply(&world.tree, block, &twice).unwrap_err();
    let stale = matches!(
        error,
        BlockError::Tx { index: 1, reason: TxError::StaleNonce { nonce: 0, expected: 1, .. } }
    );
    assert!(stale, "{error}");
}

#[test]
fn transactions_that_are_not_the_blocks_are_refused() {
    let world = world();
    let (made, _) = block(&world);
    let other = verify(&world, world.sign(&world.people[1], pay(&world, Amount::from_units(1))));
    let error = world.chain.apply(&world.tree, made.block.clone(), &[other.unwrap()]);
    assert_eq!(error.unwrap_err(), BlockError::OtherTxs);
    let none = world.chain.apply(&world.tree, made.block, &[]).unwrap_err();
    assert_eq!(none, BlockError::OtherTxs);
}

#[test]
fn a_proposer_leaves_out_what_cannot_stand() {
    let world = world();
    let good = verify(&world, transfer(&world)).unwrap();
    let mut expired = transfer(&world).body;
    expired.expiry = Height(1);
    let expired = expired.sign(world.chain.genesis_hash(), &world.people[0]);
    let expired = verify(&world, expired).unwrap();
    let proposer = world.chain.validators().iter().next().unwrap().operator;
    let proof = world.actor(&proposer).unwrap().vrf.prove(&world.chain.beacon_input());
    let time = world.chain.tip().time_ms + 1;
    let candidates = [expired, good.clone(), good.clone()];
    let made = world.chain.propose(&world.tree, proposer, proof, time, candidates).unwrap();
    assert_eq!(made.receipts.iter().map(|r| r.tx).collect::<Vec<_>>(), [good.hash()]);
}

#[test]
fn a_refused_message_keeps_its_fee_and_nonce_and_nothing_else() {
    let mut world = world();
    let rich = Amount::from_tokens(1_000_000);
    let sender = world.people[0].clone();
    let address = Address::of(&sender.public(), Network::Test);
    let before = *world.ledger().accounts.get(&address).unwrap();
    let treasury = world.ledger().balance(Bucket::Treasury);
    let message = pay(&world, rich);
    let receipt = world.send(&sender, message).unwrap();
    let Outcome::Refused { code, message } = receipt.outcome else { panic!("carried out") };
    assert_eq!(code, "account.bank.insufficient");
    assert!(message.contains("which is less than 1000000"), "{message}");
    assert!(receipt.events.is_empty());
    let after = world.ledger().accounts.get(&address).unwrap();
    assert_eq!(after.nonce, before.nonce + 1);
    assert_eq!(after.free, before.free.checked_sub(receipt.fee).unwrap());
    let paid = world.ledger().balance(Bucket::Treasury).checked_sub(treasury).unwrap();
    assert_eq!(paid, receipt.fee);
}

#[test]
fn the_fixed_fee_is_charged_and_not_the_most_that_was_offered() {
    let mut world = world();
    let tx = transfer(&world);
    let bytes = u128::try_from(tx.encode().len()).unwrap();
    let (sender, message) = (world.people[0].clone(), tx.body.message.clone());
    let receipt = world.send(&sender, message).unwrap();
    let fees = &world.ledger().params.get().fees;
    let size = fees.per_byte.checked_mul(bytes).unwrap();
    assert_eq!(receipt.fee, fees.transfer.checked_add(size).unwrap());
    assert!(receipt.outcome.is_ok());
}

#[test]
fn a_dry_run_says_what_would_happen_and_changes_nothing() {
    let world = world();
    let root = world.chain.tip().state_root;
    let good = world.chain.dry_run(&verify(&world, transfer(&world)).unwrap());
    assert!(good.outcome.is_ok() && good.height == Height(3) && good.events.len() == 1);
    let poor = world.sign(&Keypair::from_seed([77; 32]), pay(&world, Amount::from_units(1)));
    let receipt = world.chain.dry_run(&verify(&world, poor).unwrap());
    let Outcome::Refused { code, .. } = receipt.outcome else { panic!("carried out") };
    assert_eq!((code.as_str(), receipt.fee), ("tx.underfunded", Amount::ZERO));
    assert_eq!(world.chain.tip().state_root, root);
}

/// What becomes of a transfer whose body was changed before it was signed.
fn sent(change: impl FnOnce(&mut probity_runtime::TxBody)) -> Result<(), TxError> {
    let world = world();
    let mut body = transfer(&world).body;
    change(&mut body);
    let tx = body.sign(world.chain.genesis_hash(), &world.people[0]);
    world.chain.check(&verify(&world, tx)?)
}

fn code(result: Result<(), TxError>) -> (&'static str, bool) {
    let error = result.unwrap_err();
    (error.code(), error.retryable())
}

#[test]
fn a_transaction_is_refused_for_each_reason_with_its_code() {
    assert_eq!(sent(|_| ()), Ok(()));
    assert_eq!(code(sent(|b| b.expiry = Height(2))), ("tx.expired", false));
    assert_eq!(code(sent(|b| b.fee = Amount::from_units(5))), ("tx.fee_too_low", false));
    let other = BoundedString::new("other").unwrap();
    assert_eq!(code(sent(|b| b.chain = other)), ("tx.wrong_chain", false));
    let stranger = Keypair::from_seed([5; 32]).public();
    let main = Address::of(&stranger, Network::Main);
    assert_eq!(code(sent(|b| b.sender = main)), ("tx.wrong_network", false));
    let test = Address::of(&stranger, Network::Test);
    assert_eq!(code(sent(|b| b.sender = test)), ("tx.wrong_key", false));
    assert_eq!(code(sent(|b| b.nonce = MAX_NONCE_GAP + 1)), ("tx.future_nonce", true));
    assert_eq!(sent(|b| b.nonce = MAX_NONCE_GAP), Ok(()));
}

#[test]
fn a_replayed_transaction_is_stale() {
    let mut world = world();
    let tx = transfer(&world);
    let sender = world.people[0].clone();
    world.send(&sender, tx.body.message.clone()).unwrap();
    let replayed = verify(&world, tx).unwrap();
    assert_eq!(code(world.chain.check(&replayed)), ("tx.stale_nonce", false));
}

#[test]
fn a_signature_of_another_genesis_or_body_is_refused() {
    let world = world();
    let good = transfer(&world);
    let elsewhere = good.body.clone().sign(Hash::ZERO, &world.people[0]);
    assert_eq!(verify(&world, elsewhere).unwrap_err().code(), "tx.bad_signature");
    let mut changed = good;
    changed.body.fee = Amount::from_tokens(99);
    assert_eq!(verify(&world, changed).unwrap_err().code(), "tx.bad_signature");
}

#[test]
fn bytes_that_are_not_a_transaction_or_too_many_are_refused() {
    let oversized = SignedTx::decode(&vec![0; MAX_TX_BYTES + 1]).unwrap_err();
    assert_eq!(oversized, TxError::Oversized { len: MAX_TX_BYTES + 1, limit: MAX_TX_BYTES });
    assert_eq!(SignedTx::decode(&[1, 2, 3]).unwrap_err().code(), "tx.malformed");
    let mut bytes = transfer(&world()).encode();
    bytes.push(0);
    assert_eq!(SignedTx::decode(&bytes).unwrap_err().code(), "tx.malformed");
}
