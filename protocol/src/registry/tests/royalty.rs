use super::*;
use crate::registry::message::ClaimRoyalty;

fn claimed(world: &mut World, by: u8, artifact: ArtifactId) -> Result<(), RegistryError> {
    let message = ClaimRoyalty { artifact };
    world.apply(|ledger, ctx| claim(ledger, ctx, account_of(by), &message))
}

/// What accounts 0, 1 and 2 gained since the beginning.
fn gains(world: &World) -> [u128; 3] {
    [0, 1, 2].map(|account| world.free(account).units() - tokens(1_000).units())
}

#[test]
fn each_ancestor_has_its_share_rounded_down_and_the_artifact_the_rest() {
    let mut world = World::new();
    let base = world.model(0, "base", &[]);
    let tuned = world.model(1, "tuned", &[(base, 1_234)]);
    let small = world.model(2, "small", &[(tuned, 567)]);
    world.pay(small, units(10_001));
    // floor(10001 * .1234) = 1234; floor(10001 * .0567) = 567.
    assert_eq!(world.due(base), units(1_234));
    assert_eq!(world.due(tuned), units(567));
    assert_eq!(world.due(small), units(8_200));
}

#[test]
fn an_owner_alone_takes_all() {
    let mut world = World::new();
    let artifact = world.model(0, "m", &[]);
    world.pay(artifact, units(77));
    claimed(&mut world, 0, artifact).unwrap();
    assert_eq!(gains(&world), [77, 0, 0]);
    assert_eq!(claimed(&mut world, 0, artifact), Err(RegistryError::NothingDue(artifact)));
}

#[test]
fn contributors_are_paid_by_weight_and_left_units_go_to_the_largest_remainders() {
    let mut world = World::new();
    let artifact = world.register(3, made_by("m", &[(0, 5), (1, 3), (2, 3)])).unwrap();
    world.pay(artifact, units(100));
    claimed(&mut world, 1, artifact).unwrap();
    // 500/11 = 45 r 5, 300/11 = 27 r 3 twice: one unit is left, and account 0's remainder wins.
    assert_eq!(gains(&world), [46, 27, 27]);
    assert_eq!(world.due(artifact), Amount::ZERO);
}

#[test]
fn equal_remainders_are_settled_by_account() {
    let mut world = World::new();
    let artifact = world.register(3, made_by("m", &[(0, 1), (1, 1), (2, 1)])).unwrap();
    world.pay(artifact, units(5));
    claimed(&mut world, 3, artifact).unwrap();
    let mut order = [0u8, 1, 2];
    order.sort_by_key(|account| account_of(*account));
    let gains = gains(&world);
    assert_eq!(order.map(|account| gains[usize::from(account)]), [2, 2, 1]);
}

#[test]
fn a_split_of_the_largest_amounts_does_not_overflow() {
    let mut world = World::new();
    let heavy = made_by("m", &[(0, u32::MAX), (1, u32::MAX), (2, 1)]);
    let artifact = world.register(3, heavy).unwrap();
    let whole = u128::MAX - world.ledger.total().unwrap().units();
    world.ledger.endow(Bucket::RoyaltyDue(artifact), units(whole)).unwrap();
    claimed(&mut world, 0, artifact).unwrap();
    assert_eq!(gains(&world).iter().sum::<u128>(), whole);
}

#[test]
fn a_stranger_does_not_ask() {
    let mut world = World::new();
    let artifact = world.register(0, made_by("m", &[(1, 1)])).unwrap();
    world.pay(artifact, units(10));
    let sender = account_of(2);
    let refusal = RegistryError::NotEntitled { artifact, sender };
    assert_eq!(claimed(&mut world, 2, artifact), Err(refusal));
    claimed(&mut world, 0, artifact).unwrap();
    assert_eq!(gains(&world), [0, 10, 0]);
}

#[test]
fn an_unknown_artifact_is_not_paid() {
    let mut world = World::new();
    let missing = ArtifactId(Hash::ZERO);
    let funds = world.ledger.take(Bucket::Free(account_of(3)), units(1)).unwrap();
    let refusal = pay_royalties(&mut world.ledger, missing, funds);
    assert_eq!(refusal, Err(RegistryError::UnknownArtifact(missing)));
}
