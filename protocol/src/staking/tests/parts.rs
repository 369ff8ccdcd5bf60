use super::*;
use crate::staking::PartError;
use crate::staking::parts::{MAX_CLAIMS, MAX_OPERATORS};

#[test]
fn an_account_is_behind_a_bounded_number_of_operators() {
    let mut world = World::new();
    let most = u8::try_from(MAX_OPERATORS).unwrap();
    let operators: Vec<OperatorId> =
        (0..=most).map(|n| world.register(0, 100 + n, 0).unwrap()).collect();
    let (last, first) = operators.split_last().unwrap();
    for operator in first {
        world.bond(1, *operator, tokens(2)).unwrap();
    }
    let sender = account_of(1);
    let full = PartError::TooManyOperators { sender, limit: MAX_OPERATORS };
    assert_eq!(world.bond(1, *last, tokens(2)), Err(full.into()));
    // More behind one that the account is behind already, and a place that was freed.
    world.bond(1, first[0], tokens(2)).unwrap();
    world.unbond(1, first[0], None).unwrap();
    world.bond(1, *last, tokens(2)).unwrap();
    assert_eq!(world.ledger.stakes_of(sender).count(), MAX_OPERATORS);
    assert_eq!(world.ledger.stakes_of(account_of(2)).count(), 0);
}

#[test]
fn an_account_has_a_bounded_number_of_parts_on_their_way_out() {
    let (mut world, operator) = World::with_operator(0);
    world.bond(1, operator, tokens(1_000)).unwrap();
    let most = u64::try_from(MAX_CLAIMS).unwrap();
    for epoch in 0..most {
        world.at_epoch(epoch);
        world.unbond(1, operator, Some(tokens(2))).unwrap();
        world.unbond(1, operator, Some(tokens(1))).unwrap();
    }
    world.at_epoch(most);
    let full = PartError::TooManyClaims { sender: account_of(1), limit: MAX_CLAIMS };
    assert_eq!(world.unbond(1, operator, Some(tokens(2))), Err(full.into()));
    world.withdraw(1, operator, 0).unwrap();
    world.unbond(1, operator, Some(tokens(2))).unwrap();
}

#[test]
fn what_an_account_holds_is_what_it_may_spend_and_all_its_parts() {
    let (mut world, operator) = World::with_operator(0);
    let other = world.register(0, 101, 0).unwrap();
    for (operator, amount) in [(operator, 300), (other, 50)] {
        world.bond(1, operator, tokens(amount)).unwrap();
        world.bond(2, operator, tokens(amount)).unwrap();
    }
    assert_eq!(world.ledger.holdings(account_of(1)), Ok(tokens(ENDOWMENT)));
    world.unbond(1, operator, Some(tokens(100))).unwrap();
    assert_eq!(world.ledger.holdings(account_of(1)), Ok(tokens(ENDOWMENT)));
    world.reward(operator, tokens(40));
    // 200 of the 500 that stayed in the pool: two fifths of the reward.
    assert_eq!(world.ledger.holdings(account_of(1)), Ok(tokens(ENDOWMENT + 16)));
}
