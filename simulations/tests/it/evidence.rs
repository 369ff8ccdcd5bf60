//! Double votes and double proposals: what proves them, and what does not.

use probity_primitives::{Amount, BlockHash, Hash, Height, Keypair, OperatorId, Ppm};
use probity_protocol::slashing::Offence;
use probity_protocol::staking::Standing;
use probity_protocol::staking::message::{KeyUse, RotateOperatorKey};
use probity_runtime::Message;
use probity_runtime::evidence::{
    SignedStand, SignedVote, SubmitProposalEvidence, SubmitVoteEvidence,
};
use probity_runtime::receipt::Outcome;
use probity_simulations::{World, WorldConfig};

fn world() -> World {
    let mut world = World::new(&WorldConfig { operators: 4, ..WorldConfig::default() }).unwrap();
    world.pass(5).unwrap();
    world
}

fn block(byte: u8) -> Option<BlockHash> {
    Some(BlockHash(Hash::from_bytes([byte; 32])))
}

/// A precommit at height 3, round 0, by the first operator.
fn vote(world: &World, key: &Keypair, block: Option<BlockHash>) -> SignedVote {
    vote_at(world, key, block, Height(3), 0)
}

fn vote_at(
    world: &World,
    key: &Keypair,
    block: Option<BlockHash>,
    height: Height,
    round: u32,
) -> SignedVote {
    world.precommit((world.actors[0].id(), key), (height, round), block)
}

/// Lets an operator vote twice, and someone show it.
pub(crate) fn equivocate(world: &mut World, place: usize) {
    let (id, key) = (world.actors[place].id(), world.actors[place].key.clone());
    let both = [1, 2].map(|byte| world.precommit((id, &key), (Height(3), 0), block(byte)));
    assert_eq!(report(world, both[0], both[1]), Ok(()));
}

/// A proposal at height 3, round 1, by the first operator.
fn stand(world: &World, key: &Keypair, byte: u8, pol_round: Option<u32>) -> SignedStand {
    stand_at(world, key, byte, pol_round, Height(3))
}

fn stand_at(
    world: &World,
    key: &Keypair,
    byte: u8,
    pol_round: Option<u32>,
    height: Height,
) -> SignedStand {
    let block = BlockHash(Hash::from_bytes([byte; 32]));
    world.stand((world.actors[0].id(), key), (height, 1), pol_round, block)
}

/// What becomes of two votes that the first of the people reports.
fn report(world: &mut World, first: SignedVote, second: SignedVote) -> Result<(), String> {
    submit(world, Message::SubmitVoteEvidence(SubmitVoteEvidence { first, second }))
}

/// What becomes of two proposals that the first of the people reports.
fn report_stands(world: &mut World, first: SignedStand, second: SignedStand) -> Result<(), String> {
    submit(world, Message::SubmitProposalEvidence(SubmitProposalEvidence { first, second }))
}

fn submit(world: &mut World, message: Message) -> Result<(), String> {
    let reporter = world.people[0].clone();
    match world.send(&reporter, message).unwrap().outcome {
        Outcome::Ok => Ok(()),
        Outcome::Refused { code, .. } => Err(code),
    }
}

fn standing(world: &World, id: &OperatorId) -> Standing {
    world.ledger().operators.get(id).unwrap().standing
}

#[test]
fn two_votes_for_one_round_cost_a_share_of_the_stake_and_bar_the_validator_once() {
    let mut world = world();
    let (key, id) = (world.actors[0].key.clone(), world.actors[0].id());
    let bonded = world.ledger().bonded(&id);
    let (first, second) = (vote(&world, &key, block(1)), vote(&world, &key, None));
    assert_eq!(report(&mut world, first, second), Ok(()));
    let price = Ppm::new(50_000).of_ceil(bonded).unwrap();
    assert_eq!(world.ledger().bonded(&id), bonded.checked_sub(price).unwrap());
    assert_eq!(standing(&world, &id), Standing::Tombstoned);
    let slash = world.ledger().slashes.iter().next().unwrap().1.clone();
    assert_eq!((slash.offence, slash.amount), (Offence::Equivocation, price));
    assert_eq!(report(&mut world, first, second), Err("evidence.barred".into()));
    assert_eq!(world.ledger().slashes.len(), 1);
    world.pass(10).unwrap();
    assert_eq!(world.chain.validators().get(&id), None);
}

#[test]
fn votes_that_do_not_clash_or_do_not_hold_are_no_evidence() {
    let mut world = world();
    let key = world.actors[0].key.clone();
    let good = vote(&world, &key, block(1));
    let later = vote_at(&world, &key, block(2), Height(3), 1);
    let stranger = vote(&world, &Keypair::from_seed([9; 32]), block(2));
    let changed = SignedVote { block: block(3), ..good };
    let future = |byte| vote_at(&world, &key, block(byte), Height(99), 0);
    let future = (future(1), future(2));
    let cases = [
        (good, good, "evidence.no_clash"),
        (good, later, "evidence.unrelated"),
        (good, stranger, "evidence.signature.mismatch"),
        (changed, good, "evidence.signature.mismatch"),
        (future.0, future.1, "evidence.out_of_time"),
    ];
    for (first, second, code) in cases {
        assert_eq!(report(&mut world, first, second), Err(code.into()));
    }
    let id = world.actors[0].id();
    assert_eq!(standing(&world, &id), Standing::Active);
    assert!(world.ledger().slashes.is_empty());
}

#[test]
fn two_proposals_of_one_round_cost_what_two_votes_cost_and_both_together_no_more() {
    let mut world = world();
    let (key, id) = (world.actors[0].key.clone(), world.actors[0].id());
    let bonded = world.ledger().bonded(&id);
    let (first, second) = (stand(&world, &key, 1, None), stand(&world, &key, 2, None));
    assert_eq!(report_stands(&mut world, first, second), Ok(()));
    let price = Ppm::new(50_000).of_ceil(bonded).unwrap();
    assert_eq!(world.ledger().bonded(&id), bonded.checked_sub(price).unwrap());
    assert_eq!(standing(&world, &id), Standing::Tombstoned);
    assert_eq!(report_stands(&mut world, first, second), Err("evidence.barred".into()));
    let votes = (vote(&world, &key, block(1)), vote(&world, &key, block(2)));
    assert_eq!(report(&mut world, votes.0, votes.1), Err("evidence.barred".into()));
    assert_eq!(world.ledger().slashes.len(), 1);
}

#[test]
fn one_block_under_two_earlier_rounds_is_two_proposals() {
    let mut world = world();
    let key = world.actors[0].key.clone();
    let (first, second) = (stand(&world, &key, 1, None), stand(&world, &key, 1, Some(0)));
    assert_eq!(report_stands(&mut world, first, second), Ok(()));
}

#[test]
fn proposals_that_do_not_clash_or_do_not_hold_are_no_evidence() {
    let mut world = world();
    let (key, id) = (world.actors[0].key.clone(), world.actors[0].id());
    let good = stand(&world, &key, 1, None);
    let stranger = stand(&world, &Keypair::from_seed([9; 32]), 2, None);
    let other = stand(&world, &key, 2, None);
    let later = SignedStand { round: 2, ..other };
    let changed = SignedStand { pol_round: Some(0), ..other };
    let future = |byte| stand_at(&world, &key, byte, None, Height(99));
    let future = (future(1), future(2));
    let cases = [
        (good, good, "evidence.no_clash"),
        (good, later, "evidence.unrelated"),
        (good, stranger, "evidence.signature.mismatch"),
        (good, changed, "evidence.signature.mismatch"),
        (future.0, future.1, "evidence.out_of_time"),
    ];
    for (first, second, code) in cases {
        assert_eq!(report_stands(&mut world, first, second), Err(code.into()));
    }
    assert_eq!(standing(&world, &id), Standing::Active);
    assert!(world.ledger().slashes.is_empty());
}

/// A world in which the first operator has a new key, with the old one and the last height at which
/// it could vote.
fn rotated() -> (World, Keypair, Height) {
    let mut world = world();
    let (old, owner, operator) = {
        let actor = &world.actors[0];
        (actor.key.clone(), actor.owner.clone(), actor.id())
    };
    let key = Keypair::from_seed([7; 32]);
    let proof = KeyUse::Rotate(operator).agree(world.chain.genesis_hash(), &key);
    let rotation = RotateOperatorKey { operator, key: key.public(), proof };
    world.must(&owner, Message::RotateOperatorKey(rotation)).unwrap();
    world.actors[0].key = key.clone();
    let past = world.ledger().past_keys.get(&operator).unwrap().keys[0];
    assert_eq!(past.key, old.public());
    // Until the next epoch the validator still votes with the old key.
    world.pass(10).unwrap();
    assert!(past.votes_until < world.chain.height());
    assert_eq!(world.chain.validators().get(&operator).unwrap().key, key.public());
    (world, old, past.votes_until)
}

#[test]
fn a_retired_key_frames_nobody_for_what_came_after_it() {
    let (mut world, old, last) = rotated();
    let at = |world: &World, byte| vote_at(world, &old, block(byte), last.next().unwrap(), 0);
    let stolen = (at(&world, 1), at(&world, 2));
    let refusal = report(&mut world, stolen.0, stolen.1);
    assert_eq!(refusal, Err("evidence.signature.mismatch".into()));
    assert!(world.ledger().slashes.is_empty());
    let key = world.actors[0].key.clone();
    let own = (vote(&world, &key, block(1)), vote(&world, &key, block(2)));
    assert_eq!(report(&mut world, own.0, own.1), Ok(()));
}

#[test]
fn rotating_is_no_way_out_of_evidence() {
    let (mut world, old, last) = rotated();
    let at = |world: &World, byte| vote_at(world, &old, block(byte), last, 0);
    let own = (at(&world, 1), at(&world, 2));
    assert_eq!(report(&mut world, own.0, own.1), Ok(()));
    assert_eq!(standing(&world, &world.actors[0].id()), Standing::Tombstoned);
}

#[test]
fn evidence_older_than_the_wait_of_unbonding_does_not_count() {
    let mut config = WorldConfig { operators: 4, check: false, ..WorldConfig::default() };
    config.bonded = Amount::from_tokens(2_000);
    let mut world = World::new(&config).unwrap();
    let wait = world.ledger().params.get().staking.unbond_blocks;
    world.pass(wait + 4).unwrap();
    let key = world.actors[0].key.clone();
    let (first, second) = (vote(&world, &key, block(1)), vote(&world, &key, block(2)));
    assert_eq!(report(&mut world, first, second), Err("evidence.out_of_time".into()));
}
