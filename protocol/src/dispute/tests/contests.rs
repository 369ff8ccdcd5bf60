//! A flagged member that was right, or an auditor that found another score: the audit pool disputes
//! the result in its name.

use std::cmp::Reverse;

use probity_primitives::{OperatorId, Ppm};

use super::arena::{Arena, finding, truth, without};
use crate::bank::Bucket;
use crate::dispute::{Claim, Evidence, Funder, Ruling, Side, Stage as At};
use crate::event::TaskPhase;
use crate::params::Params;
use crate::task::OutcomeState;
use crate::task::tests::stage::WRONG;

fn always(params: &mut Params) {
    (params.audit.floor, params.audit.ceiling) = (Ppm::ONE, Ppm::ONE);
}

/// Audits a result; auditors have these answers wrong, by their place in the order of turns. Who
/// they are, in that order.
fn audit(arena: &mut Arena, wrong: impl Fn(usize) -> Vec<u32>) -> Vec<OperatorId> {
    let (task, stage) = (arena.task, &mut arena.stage);
    let phase = |stage: &crate::task::tests::stage::Stage| {
        stage.ledger.audits.get(&task).map(|audit| audit.phase)
    };
    let end_of_phase = |stage: &mut crate::task::tests::stage::Stage| {
        let now = phase(stage);
        let mut blocks = 0;
        while phase(stage) == now {
            stage.pass(1);
            blocks += 1;
            assert!(blocks < 100, "the audit stays in {now:?}");
        }
    };
    end_of_phase(stage);
    let mut auditors = stage.ledger.audits.get(&task).unwrap().auditors.to_vec();
    auditors.sort_by_key(|auditor| (Reverse(auditor.seats), auditor.operator));
    for (place, auditor) in auditors.iter().enumerate() {
        let transcript = stage.transcript(task, &wrong(place));
        stage.commit(task, auditor.operator, &transcript).unwrap();
    }
    end_of_phase(stage);
    for (place, auditor) in auditors.iter().enumerate() {
        let transcript = stage.transcript(task, &wrong(place));
        stage.reveal(task, auditor.operator, &transcript).unwrap();
    }
    end_of_phase(stage);
    auditors.iter().map(|auditor| auditor.operator).collect()
}

/// Both sides look for the item until a jury sits.
fn locate(arena: &mut Arena, id: u64, stated: &[u32], claimed: &[u32]) {
    let theirs = arena.stage.transcript(arena.task, stated);
    let mine = arena.stage.transcript(arena.task, claimed);
    while let At::Game { game } = &arena.dispute(id).stage {
        let of = if game.side() == Side::Defender { &theirs } else { &mine };
        arena.play(id, of).unwrap();
    }
}

#[test]
fn an_auditor_that_finds_another_score_disputes_the_result_at_the_audit_pools_cost() {
    let mut arena = Arena::captured_by(always);
    let (lie, task) = (arena.lie, arena.task);
    let auditors =
        audit(&mut arena, |place| if place == 0 { WRONG.to_vec() } else { without(lie) });
    let dispute = arena.dispute(0);
    assert_eq!(dispute.challenger, Funder::AuditPool);
    assert_eq!(dispute.claim.root(), Some(arena.true_transcript().answers_root()));
    assert_eq!(arena.stage.ledger.balance(Bucket::BondEscrow(0)), arena.prices(50));
    assert!(arena.stage.ledger.audit_entries.contains(&(task, auditors[0])));
    locate(&mut arena, 0, &without(lie), &WRONG);
    arena.vote_truly(0);
    assert_eq!(arena.outcome().state, OutcomeState::Overturned);
    arena.let_stand();
    assert_eq!(arena.ruling(0), Some(Ruling::Overturn));
    let mut paid: Vec<_> =
        arena.stage.slashes().iter().filter(|one| one.1 == "O6").map(|one| one.0).collect();
    paid.sort();
    let mut liars = arena.liars.clone();
    liars.sort();
    assert_eq!(paid, liars);
    assert!(arena.stage.ledger.audit_entries.is_empty());
}

#[test]
fn an_auditor_whose_transcript_is_false_pays_for_the_pools_bond_and_leaves_no_doubt() {
    let mut arena =
        Arena::new(crate::task::Mode::Exact, always, |members| (members.len() >= 4).then(Vec::new));
    let (lie, task) = (arena.lie, arena.task);
    let auditors =
        audit(&mut arena, |place| if place == 0 { without(lie) } else { WRONG.to_vec() });
    assert_eq!(arena.outcome().state, OutcomeState::Contested);
    locate(&mut arena, 0, &WRONG, &without(lie));
    let (_, bench) = arena.bench(0);
    assert!(bench.jurors.iter().all(|juror| juror.operator != auditors[0]), "judges itself");
    let evidence: Evidence = finding(&[truth(lie)]);
    arena.vote(0, |_| Some((Ruling::Uphold, evidence.clone())));
    assert_eq!(arena.stage.slashes(), [], "before the ruling is final");
    arena.let_stand();
    let slashes = arena.stage.slashes();
    assert_eq!(slashes.iter().map(|one| (one.0, one.1)).collect::<Vec<_>>(), [(auditors[0], "O4")]);
    assert_eq!(arena.outcome().state, OutcomeState::Provisional);
    arena.stage.reach(task, TaskPhase::Final);
    assert_eq!(arena.outcome().state, OutcomeState::Final);
}

#[test]
fn a_false_auditor_does_not_take_the_turn_of_an_honest_one() {
    let mut arena = Arena::captured_by(always);
    let lie = arena.lie;
    let nonsense = vec![0, 1];
    let auditors = audit(&mut arena, |place| match place {
        0 => nonsense.clone(),
        1 => WRONG.to_vec(),
        _ => without(lie),
    });
    let root = arena.stage.transcript(arena.task, &nonsense).answers_root();
    assert_eq!(arena.dispute(0).claim.root(), Some(root));
    // The liars defend their result in its first move, and the sham lets its clock run out.
    let theirs = arena.transcript(arena.liars[0]);
    arena.play(0, &theirs).unwrap();
    arena.stage.pass(arena.stage.task(arena.task).frozen.dispute.clock_blocks);
    assert_eq!(arena.ruling(0), Some(Ruling::Uphold));
    assert_eq!(arena.stage.slashes().first().map(|one| (one.0, one.1)), Some((auditors[0], "O4")));
    let Claim::Aggregate { root, .. } = arena.dispute(1).claim else { panic!("about a member") };
    assert_eq!(root, arena.true_transcript().answers_root());
    assert_eq!(arena.outcome().state, OutcomeState::Contested);
    locate(&mut arena, 1, &without(lie), &WRONG);
    arena.vote_truly(1);
    arena.let_stand();
    assert_eq!(arena.ruling(1), Some(Ruling::Overturn));
}

#[test]
fn an_audit_whose_pool_cannot_pay_a_bond_leaves_its_mark_and_no_trace() {
    let mut arena = Arena::captured_by(always);
    let (lie, task) = (arena.lie, arena.task);
    let spare = arena.stage.ledger.balance(Bucket::AuditPool).checked_sub(arena.prices(40));
    let (from, to) = (Bucket::AuditPool, Bucket::Treasury);
    arena.stage.ledger.transfer(from, to, spare.unwrap()).unwrap();
    audit(&mut arena, |place| if place == 0 { WRONG.to_vec() } else { without(lie) });
    assert!(arena.stage.ledger.disputes.is_empty());
    arena.stage.reach(task, TaskPhase::Final);
    assert_eq!(arena.outcome().state, OutcomeState::Contested);
    assert!(arena.stage.ledger.audit_entries.is_empty());
}

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
