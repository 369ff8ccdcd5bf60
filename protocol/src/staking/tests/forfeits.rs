use super::*;
use crate::slashing::Source;
use crate::staking::{give_back, lock_seats, slashable, take_stake};

/// An operator with 100 tokens bonded by account 0, and 10 of account 1 that left in each of
/// epochs 1 and 2. It is epoch 3.
fn leaving() -> (World, OperatorId) {
    let (mut world, operator) = World::with_operator(0);
    world.bond(0, operator, tokens(100)).unwrap();
    world.bond(1, operator, tokens(20)).unwrap();
    for epoch in [1, 2] {
        world.at_epoch(epoch);
        world.unbond(1, operator, Some(tokens(10))).unwrap();
    }
    world.at_epoch(3);
    (world, operator)
}

/// Takes stake into the bucket of slash 0, as slashing does.
fn take(
    world: &mut World,
    operator: OperatorId,
    amount: Amount,
    since: u64,
) -> (Vec<Source>, Amount) {
    let ledger = &mut world.ledger;
    let (sources, funds) = take_stake(ledger, &operator, amount, Epoch(since)).unwrap();
    let taken = funds.amount();
    ledger.put(Bucket::SlashPending(0), funds).unwrap();
    (sources, taken)
}

/// Gives all of slash 0 back.
fn revert(world: &mut World, operator: OperatorId, sources: &[Source]) {
    let all = world.ledger.balance(Bucket::SlashPending(0));
    let funds = world.ledger.take(Bucket::SlashPending(0), all).unwrap();
    give_back(&mut world.ledger, &operator, sources, funds).unwrap();
}

const fn source(tranche: Option<u64>, amount: Amount) -> Source {
    let tranche = match tranche {
        Some(epoch) => Some(Epoch(epoch)),
        None => None,
    };
    Source { tranche, amount }
}

#[test]
fn what_left_before_the_offence_does_not_answer_for_it() {
    let (world, operator) = leaving();
    let all = |since| slashable(&world.ledger, &operator, Epoch(since));
    let bonded = source(None, tokens(100));
    let (first, second) = (source(Some(1), tokens(10)), source(Some(2), tokens(10)));
    assert_eq!(all(1), [bonded, first, second]);
    assert_eq!(all(2), [bonded, second]);
    assert_eq!(all(3), [bonded]);
}

#[test]
fn the_bonded_pool_pays_first_and_nobody_more_than_there_is() {
    let (mut world, operator) = leaving();
    let (sources, taken) = take(&mut world, operator, tokens(105), 2);
    assert_eq!(sources, [source(None, tokens(100)), source(Some(2), tokens(5))]);
    assert_eq!(taken, tokens(105));
    let (rest, more) = take(&mut world, operator, tokens(1_000), 2);
    assert_eq!((rest, more), (vec![source(Some(2), tokens(5))], tokens(5)));
    let (none, nothing) = take(&mut world, operator, tokens(1), 2);
    assert_eq!((none, nothing), (vec![], Amount::ZERO));
    assert_eq!(world.ledger.leaving(&operator, Epoch(1)).value, tokens(10));
}

#[test]
fn a_slash_falls_on_all_in_proportion() {
    let (mut world, operator) = World::with_operator(0);
    world.bond(0, operator, tokens(100)).unwrap();
    world.bond(1, operator, tokens(300)).unwrap();
    take(&mut world, operator, tokens(40), 0);
    assert_eq!(world.delegated(0, &operator), tokens(90));
    assert_eq!(world.delegated(1, &operator), tokens(270));
}

#[test]
fn giving_back_restores_every_bucket() {
    let (mut world, operator) = leaving();
    let before = (world.ledger.pool(&operator), world.ledger.leaving(&operator, Epoch(2)));
    let (sources, _) = take(&mut world, operator, tokens(108), 1);
    revert(&mut world, operator, &sources);
    let after = (world.ledger.pool(&operator), world.ledger.leaving(&operator, Epoch(2)));
    assert_eq!(after, before);
    assert_eq!(world.ledger.total(), world.ledger.supply.get().expected());
}

#[test]
fn what_a_withdrawn_tranche_lost_comes_back_to_the_pool() {
    let (mut world, operator) = leaving();
    let (sources, _) = take(&mut world, operator, tokens(115), 1);
    world.at_epoch(40);
    // Epoch 1's tranche was emptied: its claim is withdrawn for nothing.
    world.withdraw(1, operator, 1).unwrap();
    world.withdraw(1, operator, 2).unwrap();
    revert(&mut world, operator, &sources);
    assert_eq!(world.ledger.bonded(&operator), tokens(115));
    assert_eq!(world.free(1), tokens(ENDOWMENT - 20 + 5));
    assert_eq!(world.ledger.total(), world.ledger.supply.get().expected());
}

#[test]
fn what_a_deserted_pool_lost_comes_back_to_the_owner() {
    let (mut world, operator) = World::with_operator(0);
    world.bond(1, operator, tokens(100)).unwrap();
    let (sources, _) = take(&mut world, operator, tokens(40), 0);
    world.unbond(1, operator, None).unwrap();
    revert(&mut world, operator, &sources);
    assert_eq!(world.ledger.bonded(&operator), Amount::ZERO);
    assert_eq!(world.free(0), tokens(ENDOWMENT + 40));
}

#[test]
fn an_emptied_pool_takes_no_bond_and_lets_nobody_leave_until_it_is_given_back() {
    let (mut world, operator) = World::with_operator(0);
    world.bond(0, operator, tokens(100)).unwrap();
    let (sources, _) = take(&mut world, operator, tokens(100), 0);
    let (value, shares) = (Amount::ZERO, tokens(100).units());
    let refusal = StakingError::WorthlessPool { operator, value, shares };
    assert_eq!(world.bond(1, operator, tokens(10)), Err(refusal.clone()));
    assert_eq!(world.unbond(0, operator, None), Err(refusal));
    revert(&mut world, operator, &sources);
    world.bond(1, operator, tokens(10)).unwrap();
    assert_eq!(world.delegated(0, &operator), tokens(100));
}

#[test]
fn after_a_slash_all_that_is_left_is_locked() {
    let (mut world, operator) = World::with_operator(0);
    world.bond(0, operator, tokens(1_000)).unwrap();
    lock_seats(&mut world.ledger, &operator, tokens(999)).unwrap();
    take(&mut world, operator, tokens(500), 0);
    assert_eq!(world.ledger.locked(&operator), tokens(500));
    assert_eq!(world.ledger.unlocked(&operator), Amount::ZERO);
}

#[test]
fn one_slash_takes_from_no_more_places_than_a_record_holds() {
    let (mut world, operator) = World::with_operator(0);
    world.bond(0, operator, tokens(500)).unwrap();
    world.bond(1, operator, tokens(500)).unwrap();
    for epoch in 0..70 {
        world.at_epoch(epoch);
        // Two accounts, since one has fewer parts on their way out.
        world.unbond(u8::from(epoch < 35), operator, Some(tokens(1))).unwrap();
    }
    let (sources, taken) = take(&mut world, operator, tokens(1_000), 0);
    assert_eq!((sources.len(), taken), (64, tokens(930 + 63)));
}
