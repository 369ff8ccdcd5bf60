use super::*;
use crate::staking::message::Unjail;
use crate::staking::{Standing, jail, tombstone, unjail};

fn ask(world: &mut World, by: u8, operator: OperatorId) -> Result<(), StakingError> {
    world.apply(|ledger, ctx| unjail(ledger, ctx, account_of(by), &Unjail { operator }))
}

fn standing(world: &World, operator: &OperatorId) -> Standing {
    world.ledger.operator(operator).unwrap().standing
}

#[test]
fn a_term_is_never_shortened() {
    let (mut world, operator) = World::with_operator(0);
    jail(&mut world.ledger, &mut world.ctx, &operator, 100).unwrap();
    jail(&mut world.ledger, &mut world.ctx, &operator, 10).unwrap();
    assert_eq!(standing(&world, &operator), Standing::Jailed { until: Height(101) });
    jail(&mut world.ledger, &mut world.ctx, &operator, 200).unwrap();
    assert_eq!(standing(&world, &operator), Standing::Jailed { until: Height(201) });
}

#[test]
fn an_operator_returns_when_its_term_is_over_and_its_owner_asks() {
    let (mut world, operator) = World::with_operator(0);
    assert_eq!(ask(&mut world, 0, operator), Err(StakingError::NotJailed(operator)));
    jail(&mut world.ledger, &mut world.ctx, &operator, 100).unwrap();
    world.ctx.height = Height(100);
    let early = StakingError::StillJailed { operator, until: Height(101), now: Height(100) };
    assert_eq!(ask(&mut world, 0, operator), Err(early));
    world.ctx.height = Height(101);
    assert!(matches!(ask(&mut world, 1, operator), Err(StakingError::NotOwner { .. })));
    ask(&mut world, 0, operator).unwrap();
    assert_eq!(standing(&world, &operator), Standing::Active);
}

#[test]
fn nothing_follows_a_tombstone() {
    let (mut world, operator) = World::with_operator(0);
    tombstone(&mut world.ledger, &mut world.ctx, &operator).unwrap();
    jail(&mut world.ledger, &mut world.ctx, &operator, 1).unwrap();
    assert_eq!(standing(&world, &operator), Standing::Tombstoned);
    world.ctx.height = Height(1_000);
    assert_eq!(ask(&mut world, 0, operator), Err(StakingError::Tombstoned(operator)));
}
