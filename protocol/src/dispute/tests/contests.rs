//! A flagged member that was right: the audit pool disputes the result in its name.

use super::arena::Arena;
use crate::bank::Bucket;
use crate::dispute::{Funder, Ruling, Side, Stage as At};
use crate::event::TaskPhase;
use crate::task::OutcomeState;
use crate::task::tests::stage::WRONG;

#[test]
fn a_contested_result_is_disputed_at_the_audit_pools_cost() {
    let mut arena = Arena::majority();
    let task = arena.task;
    arena.stage.vote(task, |_| Some(WRONG.to_vec()));
    assert_eq!(arena.outcome().state, OutcomeState::Contested);
    assert_eq!(arena.dispute(0).challenger, Funder::AuditPool);
    assert_eq!(arena.stage.ledger.balance(Bucket::BondEscrow(0)), arena.prices(50));
    // The member's own transcript stands against the majority's: the sides look for the item.
    let (mine, theirs) = (arena.true_transcript(), arena.transcript(arena.liars[0]));
    while let At::Game { game } = &arena.dispute(0).stage {
        let of = if game.side() == Side::Defender { &theirs } else { &mine };
        arena.play(0, of).unwrap();
    }
    let pool = arena.stage.ledger.balance(Bucket::AuditPool);
    arena.vote_truly(0);
    arena.let_stand();
    assert_eq!(arena.ruling(0), Some(Ruling::Overturn));
    let now = arena.stage.ledger.balance(Bucket::AuditPool);
    // The bond comes back, and the pool pays the jury that nobody else pays.
    let fees = arena.prices(5).mul_div_floor(1, 4).unwrap();
    assert!(now.checked_sub(pool).unwrap() >= arena.prices(50).checked_sub(fees).unwrap());
    assert_eq!(arena.outcome().score.micros(), 900_000);
    let paid: Vec<_> = arena.stage.slashes().iter().filter(|s| s.1 == "O6").map(|s| s.0).collect();
    let mut liars = arena.liars.clone();
    liars.sort();
    assert_eq!(paid, liars);
    arena.stage.reach(task, TaskPhase::Final);
    for member in &arena.outcome().members {
        assert_eq!(member.paid.is_zero(), arena.liars.contains(&member.operator), "{member:?}");
    }
}

#[test]
fn a_pool_that_cannot_pay_leaves_the_result_contested() {
    let mut arena = Arena::majority();
    let task = arena.task;
    let spare = arena.stage.ledger.balance(Bucket::AuditPool).checked_sub(arena.prices(40));
    let (from, to) = (Bucket::AuditPool, Bucket::Treasury);
    arena.stage.ledger.transfer(from, to, spare.unwrap()).unwrap();
    arena.stage.vote(task, |_| Some(WRONG.to_vec()));
    assert_eq!(arena.outcome().state, OutcomeState::Contested);
    assert!(arena.stage.ledger.disputes.is_empty());
}
