//! Random lives of a pool: money is conserved, and nobody gains by coming and going.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::staking::{give_back, take_stake};

/// One thing that happens to the pool.
#[derive(Debug, Clone, Copy)]
enum Step {
    Bond(u8, u64),
    Unbond(u8, Option<u64>),
    Withdraw(u8, u64),
    Reward(u64),
    SlashAndRevert(u64),
    Slash(u64),
    Epochs(u64),
}

fn amount() -> impl Strategy<Value = u64> {
    // From below the least amount to a hundred tokens, with odd units.
    prop_oneof![500_000_000..2_000_000_000u64, 1_000_000_000..100_000_000_000u64]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..2u8, amount()).prop_map(|(by, amount)| Step::Bond(by, amount)),
        3 => (0..2u8, prop::option::of(amount())).prop_map(|(by, amount)| Step::Unbond(by, amount)),
        2 => (0..2u8, 0..40u64).prop_map(|(by, epoch)| Step::Withdraw(by, epoch)),
        2 => amount().prop_map(Step::Reward),
        2 => amount().prop_map(Step::SlashAndRevert),
        1 => amount().prop_map(Step::Slash),
        1 => (1..20u64).prop_map(Step::Epochs),
    ]
}

/// Every balance and share of the world.
fn books(world: &World) -> Vec<(Vec<u8>, Vec<u8>)> {
    world.ledger.entries().collect()
}

/// Does one step. Refused steps are fine: they must leave no trace, which the books show.
fn take_step(world: &mut World, operator: OperatorId, step: Step) {
    let before = books(world);
    let refused = match step {
        Step::Bond(by, amount) => world.bond(by, operator, units(amount.into())).is_err(),
        Step::Unbond(by, amount) => {
            world.unbond(by, operator, amount.map(|amount| units(amount.into()))).is_err()
        }
        Step::Withdraw(by, epoch) => world.withdraw(by, operator, epoch).is_err(),
        Step::Reward(amount) => {
            world.reward(operator, units(amount.into()));
            false
        }
        Step::SlashAndRevert(amount) => {
            let (sources, funds) =
                take_stake(&mut world.ledger, &operator, units(amount.into()), Epoch(0)).unwrap();
            give_back(&mut world.ledger, &operator, &sources, funds).unwrap();
            let restored = books(world);
            assert_eq!(restored, before, "giving back restores");
            false
        }
        Step::Slash(amount) => {
            let (_, funds) =
                take_stake(&mut world.ledger, &operator, units(amount.into()), Epoch(0)).unwrap();
            world.ledger.put(Bucket::SlashPending(0), funds).unwrap();
            false
        }
        Step::Epochs(count) => {
            world.ctx.height = Height(world.ctx.height.0 + count * 14_400);
            false
        }
    };
    if refused {
        assert_eq!(books(world), before, "a refused step leaves no trace");
    }
}

/// What must hold after each step.
fn check(world: &World, operator: &OperatorId) {
    assert_eq!(world.ledger.total(), world.ledger.supply.get().expected());
    let pool = world.ledger.pool(operator);
    let held: u128 = world.ledger.delegations.iter().map(|(_, held)| held.shares).sum();
    assert_eq!(held, pool.shares, "the pool's shares are its delegators'");
    assert!(pool.shares > 0 || pool.value.is_zero(), "a pool without shares holds no money");
    for ((of, epoch), tranche) in world.ledger.tranches.iter() {
        let claims = world.ledger.claims.iter();
        let claimed: u128 = claims
            .filter(|((_, operator, at), _)| (operator, at) == (of, epoch))
            .map(|(_, claim)| claim.shares)
            .sum();
        assert_eq!(claimed, tranche.shares, "a tranche's shares are its claimants'");
    }
    for (bucket, _) in world.ledger.buckets.iter() {
        if let Bucket::Unbonding(of, epoch) = bucket {
            assert!(world.ledger.tranches.contains(&(*of, *epoch)), "no money without a tranche");
        }
    }
}

proptest! {
    #[test]
    fn money_is_conserved_and_shares_add_up(commission in 0..=10_000u16, steps in vec(step(), 1..60)) {
        let (mut world, operator) = World::with_operator(commission);
        for step in steps {
            take_step(&mut world, operator, step);
            check(&world, &operator);
        }
    }

    #[test]
    fn nobody_gains_by_coming_and_going(steps in vec(step(), 0..30), amount in amount()) {
        let (mut world, operator) = World::with_operator(1_000);
        for step in steps {
            take_step(&mut world, operator, step);
        }
        // Account 2 comes and goes at once; the others never lose by it.
        let others = [0, 1].map(|account| world.delegated(account, &operator));
        if world.bond(2, operator, units(amount.into())).is_ok() {
            let worth = world.delegated(2, &operator);
            prop_assert!(worth <= units(amount.into()));
            let epoch = world.ledger.epoch(&world.ctx);
            let before = world.ledger.leaving(&operator, epoch).value;
            world.unbond(2, operator, None).unwrap_or_else(|refusal| {
                // A tranche that a slash emptied is closed until the epoch ends.
                assert!(matches!(refusal, StakingError::WorthlessPool { .. }), "{refusal}");
            });
            let left = world.ledger.leaving(&operator, epoch).value.units() - before.units();
            prop_assert!(units(left) <= worth);
        }
        for (account, before) in [0, 1].into_iter().zip(others) {
            prop_assert!(world.delegated(account, &operator) >= before);
        }
    }
}
