use probity_primitives::Ppm;

use super::*;
use crate::event::Event;
use crate::staking::{Standing, jail, lock_seats, start_epoch, tombstone};
use crate::{pause, supply};

/// An operator of account 0 under key `100 + nth` with so many tokens behind it.
fn staked(world: &mut World, nth: u8, amount: u64) -> OperatorId {
    let operator = world.register(0, 100 + nth, 0).unwrap();
    if amount > 0 {
        world.bond(0, operator, tokens(amount)).unwrap();
    }
    operator
}

fn start(world: &mut World, epoch: u64) {
    world.at_epoch(epoch);
    start_epoch(&mut world.ledger, &mut world.ctx);
}

fn validators(world: &World) -> Vec<(OperatorId, u64)> {
    let set = world.ledger.validators.get();
    set.members.iter().map(|member| (member.operator, member.power)).collect()
}

fn drawn(world: &World) -> Vec<OperatorId> {
    world.ledger.snapshot.get().draws.iter().map(|draw| draw.operator).collect()
}

fn sorted<T: Ord>(mut list: Vec<T>) -> Vec<T> {
    list.sort();
    list
}

#[test]
fn the_operators_with_the_most_stake_decide() {
    let mut world = World::new();
    world.ledger.params.get_mut().staking.max_validators = 2;
    let stakes = [30, 10, 20];
    let ids: Vec<OperatorId> =
        (0..3u8).zip(stakes).map(|(nth, stake)| staked(&mut world, nth, stake)).collect();
    start(&mut world, 1);
    let power = |stake: u64| u64::try_from(tokens(stake).units()).unwrap();
    assert_eq!(validators(&world), sorted(vec![(ids[0], power(30)), (ids[2], power(20))]));
    assert!(matches!(
        world.ctx.events.last(),
        Some(Event::EpochStarted { epoch: 1, validators: 2, eligible: 0 })
    ));
}

#[test]
fn equal_stakes_are_taken_in_the_order_of_their_ids() {
    let mut world = World::new();
    world.ledger.params.get_mut().staking.max_validators = 2;
    let ids = sorted((0..4).map(|nth| staked(&mut world, nth, 10)).collect());
    start(&mut world, 1);
    let chosen: Vec<OperatorId> = validators(&world).into_iter().map(|(id, _)| id).collect();
    assert_eq!(chosen, ids[..2]);
}

#[test]
fn the_jailed_the_tombstoned_and_the_unbacked_do_not_decide() {
    let mut world = World::new();
    let ids: Vec<OperatorId> =
        (0..4u8).zip([50, 50, 0, 50]).map(|(nth, stake)| staked(&mut world, nth, stake)).collect();
    jail(&mut world.ledger, &mut world.ctx, &ids[0], 1_000_000).unwrap();
    tombstone(&mut world.ledger, &mut world.ctx, &ids[1]).unwrap();
    start(&mut world, 1);
    assert_eq!(validators(&world).len(), 1);
    assert_eq!(validators(&world)[0].0, ids[3]);
}

#[test]
fn an_old_set_stays_if_nobody_qualifies() {
    let mut world = World::new();
    let id = staked(&mut world, 0, 50);
    start(&mut world, 1);
    let before = world.ledger.validators.get().clone();
    world.ledger.operators.get_mut(&id).unwrap().standing = Standing::Tombstoned;
    start(&mut world, 2);
    assert_eq!(*world.ledger.validators.get(), before);
    assert_eq!(world.ledger.snapshot.get().epoch, Epoch(2));
    assert!(drawn(&world).is_empty());
}

#[test]
fn a_set_holds_its_keys_until_the_next_epoch() {
    let mut world = World::new();
    let id = staked(&mut world, 0, 50);
    start(&mut world, 1);
    world.ledger.operators.get_mut(&id).unwrap().key = key(150).public();
    assert_eq!(world.ledger.validators.get().get(&id).unwrap().key, key(100).public());
    start(&mut world, 2);
    assert_eq!(world.ledger.validators.get().get(&id).unwrap().key, key(150).public());
}

#[test]
fn whoever_can_back_a_seat_may_be_drawn() {
    let mut world = World::new();
    // A seat locks 333 * 3 tokens.
    let ids: Vec<OperatorId> = (0..4u8)
        .zip([999, 998, 999, 2_000])
        .map(|(nth, stake)| staked(&mut world, nth, stake))
        .collect();
    world.ledger.operators.get_mut(&ids[2]).unwrap().classes = BoundedVec::new();
    start(&mut world, 1);
    assert_eq!(drawn(&world), sorted(vec![ids[0], ids[3]]));
}

#[test]
fn what_is_locked_does_not_count_for_the_draw_and_counts_for_deciding() {
    let mut world = World::new();
    let id = staked(&mut world, 0, 2_500);
    lock_seats(&mut world.ledger, &id, tokens(999)).unwrap();
    start(&mut world, 1);
    assert_eq!(world.ledger.snapshot.get().draws[0].stake, tokens(1_501));
    assert_eq!(validators(&world), [(id, u64::try_from(tokens(2_500).units()).unwrap())]);
    lock_seats(&mut world.ledger, &id, tokens(999)).unwrap();
    start(&mut world, 2);
    assert!(drawn(&world).is_empty());
}

#[test]
fn an_epoch_begins_where_the_height_divides() {
    let mut world = World::new();
    for (height, begins) in [(0, true), (1, false), (14_399, false), (14_400, true)] {
        world.ctx.height = Height(height);
        assert_eq!(crate::staking::epoch::begins(&world.ledger, &world.ctx), begins, "{height}");
    }
}

#[test]
fn validators_are_paid_by_power_and_the_rest_stays_in_the_pool() {
    let mut world = World::new();
    let ids: Vec<OperatorId> =
        (0..3u8).zip([30, 10, 20]).map(|(nth, stake)| staked(&mut world, nth, stake)).collect();
    start(&mut world, 1);
    world.ledger.endow(Bucket::RewardPool, units(10_007)).unwrap();
    world.ledger.params.get_mut().supply.reward_share = Ppm::new(100_000);
    jail(&mut world.ledger, &mut world.ctx, &ids[2], 5).unwrap();
    let bonded =
        |world: &World| ids.iter().map(|id| world.ledger.bonded(id)).collect::<Vec<Amount>>();
    let before = bonded(&world);
    world.at_epoch(2);
    supply::end_epoch(&mut world.ledger, &mut world.ctx);
    let after = bonded(&world);
    let gains = after.iter().zip(before).map(|(after, before)| after.checked_sub(before).unwrap());
    // A tenth of 10 007 is 1 000: halves, sixths and thirds of it; the jailed one gets nothing.
    assert_eq!(gains.map(Amount::units).collect::<Vec<_>>(), [500, 166, 0]);
    assert_eq!(world.ledger.balance(Bucket::RewardPool), units(10_007 - 666));
    let paid = Event::ValidatorsPaid { validators: 2, amount: units(666) };
    assert!(world.ctx.events.contains(&paid));
    pause::set(&mut world.ledger, &mut world.ctx, 1).unwrap();
    supply::end_epoch(&mut world.ledger, &mut world.ctx);
    assert_eq!(world.ledger.balance(Bucket::RewardPool), units(10_007 - 666));
}
