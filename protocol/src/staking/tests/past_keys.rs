//! What a replaced key still proves, and for how long.

use probity_primitives::{Hash, Height, OperatorId, PublicKey};

use super::{World, account_of, key};
use crate::staking::message::{KeyUse, RotateOperatorKey};
use crate::staking::past_keys::MAX_PAST_KEYS;
use crate::staking::{ProfileError, StakingError, rotate_key};

const EPOCH: u64 = 100;
const WAIT: u64 = 1_000;

/// An operator in epochs of 100 blocks, with a wait of 1 000 for what leaves.
fn world() -> (World, OperatorId) {
    let (mut world, operator) = World::with_operator(1_000);
    let staking = &mut world.ledger.params.get_mut().staking;
    (staking.epoch_blocks, staking.unbond_blocks) = (EPOCH, WAIT);
    (world, operator)
}

fn rotate(world: &mut World, operator: OperatorId, to: u8, at: u64) -> Result<(), StakingError> {
    world.ctx.height = Height(at);
    let proof = KeyUse::Rotate(operator).agree(Hash::ZERO, &key(to));
    let message = RotateOperatorKey { operator, key: key(to).public(), proof };
    world.apply(|ledger, ctx| rotate_key(ledger, ctx, account_of(0), &message))
}

fn votes(world: &World, operator: OperatorId, seed: u8, height: u64) -> bool {
    let public: PublicKey = key(seed).public();
    world.ledger.voting_keys(&operator, Height(height)).any(|found| found == public)
}

#[test]
fn a_replaced_key_proves_votes_up_to_the_end_of_its_epoch_and_none_after_it() {
    for (rotated, last) in [(150, 200), (199, 200), (200, 200), (201, 300)] {
        let (mut world, operator) = world();
        rotate(&mut world, operator, 101, rotated).unwrap();
        for height in [1, rotated, last] {
            assert!(votes(&world, operator, 100, height), "{rotated} {height}");
        }
        assert!(!votes(&world, operator, 100, last + 1), "{rotated}");
        assert!(votes(&world, operator, 101, last + 1), "the present key always counts");
    }
}

#[test]
fn a_replaced_key_proves_no_statement_about_a_task_that_came_after_it() {
    let (mut world, operator) = world();
    rotate(&mut world, operator, 101, 150).unwrap();
    let states = |seed: u8, requested: u64| {
        world.ledger.could_state(&operator, &key(seed).public(), Height(requested))
    };
    assert!(states(100, 149));
    assert!(!states(100, 150), "in the block of its replacement it acts no more");
    assert!(!states(100, 151));
    assert!(states(101, 149) && states(101, 151));
    assert!(!states(99, 149), "a key that never was the operator's");
}

#[test]
fn rotating_often_forgets_no_key_that_still_proves_something() {
    let (mut world, operator) = world();
    let most = u8::try_from(MAX_PAST_KEYS).unwrap();
    for step in 0..most {
        rotate(&mut world, operator, 101 + step, 150 + u64::from(step)).unwrap();
    }
    let refused = rotate(&mut world, operator, 150, 160).unwrap_err();
    let expected = ProfileError::TooManyRotations { most: MAX_PAST_KEYS };
    assert_eq!(refused, StakingError::Profile(expected));
    assert!((0..most).all(|step| votes(&world, operator, 100 + step, 150)));
    // All of them could vote until height 200, so up to 1 200 they may prove something.
    rotate(&mut world, operator, 150, 200 + WAIT).unwrap_err();
    rotate(&mut world, operator, 150, 201 + WAIT).unwrap();
    assert!(!votes(&world, operator, 100, 150), "nothing it signed can cost anything now");
    assert_eq!(world.ledger.past_keys.get(&operator).unwrap().keys.len(), 1);
}
