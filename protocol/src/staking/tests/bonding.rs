use super::*;
use crate::staking::{PartError, jail, lock_seats, tombstone, unlock_seats};

#[test]
fn rewards_raise_what_each_share_is_worth_after_the_commission() {
    let (mut world, operator) = World::with_operator(1_000);
    world.bond(0, operator, tokens(100)).unwrap();
    world.bond(1, operator, tokens(300)).unwrap();
    world.reward(operator, tokens(40));
    // 4 to the owner's account, 36 to the pool: 9 for the owner's quarter, 27 for the rest.
    assert_eq!(world.free(0), tokens(ENDOWMENT - 100 + 4));
    assert_eq!(world.delegated(0, &operator), tokens(109));
    assert_eq!(world.delegated(1, &operator), tokens(327));
}

#[test]
fn a_reward_without_anyone_behind_the_operator_is_its_owners() {
    let (mut world, operator) = World::with_operator(1_000);
    world.reward(operator, tokens(40));
    assert_eq!(world.free(0), tokens(ENDOWMENT + 40));
    assert_eq!(world.ledger.bonded(&operator), Amount::ZERO);
}

#[test]
fn money_that_joins_later_buys_shares_at_their_worth() {
    let (mut world, operator) = World::with_operator(0);
    world.bond(0, operator, tokens(100)).unwrap();
    world.reward(operator, tokens(100));
    world.bond(1, operator, tokens(50)).unwrap();
    assert_eq!(world.ledger.pool(&operator).shares, tokens(125).units());
    assert_eq!(world.delegated(0, &operator), tokens(200));
    assert_eq!(world.delegated(1, &operator), tokens(50));
}

#[test]
fn a_bond_below_the_least_is_refused() {
    let (mut world, operator) = World::with_operator(0);
    let (amount, least) = (units(999_999_999), tokens(1));
    let error = world.bond(0, operator, amount).unwrap_err();
    assert_eq!(error, StakingError::BelowMinimum { amount, least });
    assert_eq!(error.to_string(), "0.999999999 is below the least amount of 1");
}

#[test]
fn a_bond_of_more_than_one_has_is_refused() {
    let (mut world, operator) = World::with_operator(0);
    let error = world.bond(0, operator, tokens(ENDOWMENT + 1)).unwrap_err();
    assert!(matches!(error, StakingError::Bank(_)), "{error}");
}

#[test]
fn a_tombstoned_operator_takes_no_bond_and_a_jailed_one_does() {
    let (mut world, operator) = World::with_operator(0);
    jail(&mut world.ledger, &mut world.ctx, &operator, 10).unwrap();
    world.bond(0, operator, tokens(10)).unwrap();
    tombstone(&mut world.ledger, &mut world.ctx, &operator).unwrap();
    assert_eq!(world.bond(0, operator, tokens(10)), Err(StakingError::Tombstoned(operator)));
    world.unbond(0, operator, None).unwrap();
}

#[test]
fn money_leaves_after_the_wait_and_not_before() {
    let (mut world, operator) = World::with_operator(0);
    world.bond(1, operator, tokens(100)).unwrap();
    world.at_epoch(3);
    world.unbond(1, operator, Some(tokens(40))).unwrap();
    assert_eq!(world.delegated(1, &operator), tokens(60));
    assert_eq!(world.ledger.leaving(&operator, Epoch(3)).value, tokens(40));
    // Epoch 3 ends at height 4 * 14400, and 28 days are 28 * 14400 blocks.
    let until = Height(32 * 14_400);
    world.ctx.height = Height(until.0 - 1);
    let now = world.ctx.height;
    let early = StakingError::Part(PartError::NotDue { operator, epoch: Epoch(3), until, now });
    assert_eq!(world.withdraw(1, operator, 3), Err(early));
    world.ctx.height = until;
    world.withdraw(1, operator, 3).unwrap();
    assert_eq!(world.free(1), tokens(ENDOWMENT - 60));
    assert!(world.ledger.tranches.is_empty() && world.ledger.claims.is_empty());
}

#[test]
fn what_left_is_withdrawn_once_and_by_whom_it_belongs_to() {
    let (mut world, operator) = World::with_operator(0);
    world.bond(1, operator, tokens(100)).unwrap();
    world.unbond(1, operator, None).unwrap();
    world.at_epoch(40);
    let none =
        |sender| StakingError::Part(PartError::NoClaim { operator, epoch: Epoch(0), sender });
    assert_eq!(world.withdraw(0, operator, 0), Err(none(account_of(0))));
    world.withdraw(1, operator, 0).unwrap();
    assert_eq!(world.withdraw(1, operator, 0), Err(none(account_of(1))));
}

#[test]
fn what_leaves_in_one_epoch_is_one_tranche() {
    let (mut world, operator) = World::with_operator(0);
    world.bond(0, operator, tokens(100)).unwrap();
    world.bond(1, operator, tokens(100)).unwrap();
    world.unbond(0, operator, Some(tokens(10))).unwrap();
    world.unbond(1, operator, Some(tokens(20))).unwrap();
    world.unbond(0, operator, Some(tokens(30))).unwrap();
    assert_eq!((world.ledger.tranches.len(), world.ledger.claims.len()), (1, 2));
    world.at_epoch(40);
    world.withdraw(0, operator, 0).unwrap();
    world.withdraw(1, operator, 0).unwrap();
    assert_eq!(world.free(0), tokens(ENDOWMENT - 60));
    assert_eq!(world.free(1), tokens(ENDOWMENT - 80));
}

#[test]
fn a_longer_wait_voted_in_meanwhile_holds_for_the_tranche_it_joins() {
    let (mut world, operator) = World::with_operator(0);
    world.bond(0, operator, tokens(100)).unwrap();
    world.unbond(0, operator, Some(tokens(10))).unwrap();
    world.ledger.params.get_mut().staking.unbond_blocks += 5;
    world.unbond(0, operator, Some(tokens(10))).unwrap();
    let tranche = world.ledger.tranches.get(&(operator, Epoch(0))).unwrap();
    assert_eq!(tranche.until, Height(29 * 14_400 + 5));
}

#[test]
fn more_than_one_has_does_not_leave() {
    let (mut world, operator) = World::with_operator(0);
    world.bond(0, operator, tokens(100)).unwrap();
    world.bond(1, operator, tokens(10)).unwrap();
    let refusal = |sender, available, wanted| StakingError::NotDelegated {
        operator,
        sender,
        available,
        wanted,
    };
    let wanted = tokens(11);
    let error = world.unbond(1, operator, Some(wanted)).unwrap_err();
    assert_eq!(error, refusal(account_of(1), tokens(10), wanted));
    let error = world.unbond(2, operator, None).unwrap_err();
    assert_eq!(error, refusal(account_of(2), Amount::ZERO, Amount::ZERO));
}

#[test]
fn neither_what_leaves_nor_what_stays_is_dust() {
    let (mut world, operator) = World::with_operator(0);
    world.bond(0, operator, tokens(10)).unwrap();
    let least = tokens(1);
    let error = world.unbond(0, operator, Some(units(5))).unwrap_err();
    assert_eq!(error, StakingError::BelowMinimum { amount: units(5), least });
    let error = world.unbond(0, operator, Some(units(9_500_000_000))).unwrap_err();
    assert_eq!(error, StakingError::LeavesTooLittle { left: units(500_000_000), least });
    world.unbond(0, operator, Some(tokens(10))).unwrap();
    assert_eq!(world.ledger.pool(&operator).shares, 0);
}

#[test]
fn what_open_seats_lock_does_not_leave_and_is_not_locked_twice() {
    let (mut world, operator) = World::with_operator(0);
    world.bond(0, operator, tokens(1_000)).unwrap();
    lock_seats(&mut world.ledger, &operator, tokens(999)).unwrap();
    let (unlocked, locked) = (tokens(1), tokens(999));
    let wanted = tokens(2);
    let refusal = StakingError::Locked { operator, wanted, unlocked, locked };
    assert_eq!(world.unbond(0, operator, Some(wanted)), Err(refusal.clone()));
    assert_eq!(lock_seats(&mut world.ledger, &operator, wanted), Err(refusal));
    unlock_seats(&mut world.ledger, &operator, tokens(999)).unwrap();
    world.unbond(0, operator, None).unwrap();
}

#[test]
fn a_seat_is_not_unlocked_twice() {
    let (mut world, operator) = World::with_operator(0);
    world.bond(0, operator, tokens(1_000)).unwrap();
    lock_seats(&mut world.ledger, &operator, tokens(999)).unwrap();
    unlock_seats(&mut world.ledger, &operator, tokens(999)).unwrap();
    let again = unlock_seats(&mut world.ledger, &operator, tokens(999)).unwrap_err();
    assert_eq!(again.to_string(), "999000000000 is more than the 0 there is");
}
