//! Audits: who is drawn, what they send, what they earn, and what a second score does.
#![expect(clippy::arithmetic_side_effects, reason = "the numbers of tests are small")]

use probity_primitives::{Amount, OperatorId, Ppm, Seats, TaskId};

use super::stage::Stage;
use crate::bank::Bucket;
use crate::event::{Event, TaskPhase};
use crate::staking::Standing;
use crate::task::audit::is_chosen;
use crate::task::{Audit, AuditPhase, Member, Mode, OutcomeState, TaskError};

/// A stage on which every result is audited.
fn stage(operators: u8) -> Stage {
    let mut stage = Stage::new(operators);
    let audit = &mut stage.ledger.params.get_mut().audit;
    (audit.floor, audit.ceiling) = (Ppm::ONE, Ppm::ONE);
    stage
}

/// A result on which all members agree, with these answers wrong, and its audit.
fn audited(stage: &mut Stage, wrong: &[u32]) -> (TaskId, Vec<Member>) {
    let id = stage.request(Mode::Exact);
    stage.play(id, |_| wrong.to_vec());
    let open = stage.ledger.params.get().task.open_blocks;
    stage.pass(open - 1);
    let planned = matches!(audit(stage, id).phase, AuditPhase::Planned { .. });
    assert!(planned, "the beacon's value is not awaited");
    stage.pass(1);
    let auditors = audit(stage, id).auditors.to_vec();
    (id, auditors)
}

fn audit(stage: &Stage, id: TaskId) -> &Audit {
    stage.ledger.audits.get(&id).unwrap()
}

fn end_of_phase(stage: &mut Stage, id: TaskId) {
    let now = audit(stage, id).phase;
    for _ in 0..100 {
        if audit(stage, id).phase != now {
            return;
        }
        stage.pass(1);
    }
    panic!("the audit stays in {now:?}");
}

/// Lets auditors commit and reveal, each with its own answers wrong.
fn work(
    stage: &mut Stage,
    id: TaskId,
    auditors: &[Member],
    wrong: impl Fn(OperatorId) -> Vec<u32>,
) {
    for auditor in auditors {
        let transcript = stage.transcript(id, &wrong(auditor.operator));
        stage.commit(id, auditor.operator, &transcript).unwrap();
    }
    end_of_phase(stage, id);
    for auditor in auditors {
        let transcript = stage.transcript(id, &wrong(auditor.operator));
        stage.reveal(id, auditor.operator, &transcript).unwrap();
    }
    end_of_phase(stage, id);
}

fn locked(stage: &Stage) -> Amount {
    Amount::sum(stage.ledger.operators.iter().map(|(_, operator)| operator.seat_locks)).unwrap()
}

#[test]
fn auditors_come_from_outside_evaluate_again_and_are_paid_by_the_pool() {
    let mut stage = stage(20);
    let (id, auditors) = audited(&mut stage, &[]);
    let committee = stage.committee(id);
    let seats: u32 = auditors.iter().map(|auditor| auditor.seats.0).sum();
    assert_eq!(seats, 5);
    assert!(auditors.iter().all(|one| committee.iter().all(|m| m.operator != one.operator)));
    let (pool, before) = (stage.ledger.balance(Bucket::AuditPool), locked(&stage));
    work(&mut stage, id, &auditors, |_| Vec::new());
    let done = AuditPhase::Done { agreed: Seats(5), differed: Seats(0) };
    assert_eq!(audit(&stage, id).phase, done);
    let paid = Amount::from_tokens(3 * 5);
    assert_eq!(stage.ledger.balance(Bucket::AuditPool), pool.checked_sub(paid).unwrap());
    assert!(locked(&stage) < before && stage.slashes().is_empty());
    stage.reach(id, TaskPhase::Final);
    assert_eq!(stage.ledger.outcomes.get(&id).unwrap().state, OutcomeState::Final);
    assert!(stage.ledger.audit_entries.is_empty());
    assert_eq!(locked(&stage), Amount::ZERO);
}

#[test]
fn a_lie_that_the_whole_committee_agrees_on_is_contested_by_one_auditor() {
    let mut stage = stage(20);
    // Nobody on the committee differs: no flag, no jury, nothing to see.
    let (id, auditors) = audited(&mut stage, &[5, 6, 7]);
    assert!(!stage.ledger.juries.contains(&id));
    let honest = auditors[0];
    let colludes = |operator| if operator == honest.operator { Vec::new() } else { vec![5, 6, 7] };
    work(&mut stage, id, &auditors, colludes);
    let AuditPhase::Done { differed, .. } = audit(&stage, id).phase else { panic!("not done") };
    assert_eq!(differed, honest.seats);
    assert_eq!(stage.ledger.outcomes.get(&id).unwrap().state, OutcomeState::Contested);
    let contested = Event::ResultContested { task: id, operator: honest.operator };
    assert!(stage.ctx.events.contains(&contested));
}

#[test]
fn an_auditor_that_hides_its_score_pays_and_a_silent_one_has_missed() {
    let mut stage = stage(20);
    let (id, auditors) = audited(&mut stage, &[]);
    assert!(auditors.len() >= 2, "one operator has all seats");
    let transcript = stage.transcript(id, &[]);
    stage.commit(id, auditors[0].operator, &transcript).unwrap();
    let (pool, bonded) =
        (stage.ledger.balance(Bucket::AuditPool), stage.ledger.bonded(&auditors[1].operator));
    end_of_phase(&mut stage, id);
    end_of_phase(&mut stage, id);
    let lock = stage.task(id).frozen.seat_lock;
    let lock = lock.checked_mul(auditors[0].seats.0.into()).unwrap();
    let price = lock.mul_div_ceil(2, 100).unwrap();
    assert_eq!(stage.slashes(), [(auditors[0].operator, "O2", price)]);
    let misses = |operator: &OperatorId| {
        stage.ledger.operators.get(operator).unwrap().misses.bits.count_ones()
    };
    assert_eq!((misses(&auditors[0].operator), misses(&auditors[1].operator)), (1, 1));
    assert_eq!(stage.ledger.bonded(&auditors[1].operator), bonded);
    assert_eq!(stage.ledger.balance(Bucket::AuditPool), pool);
    assert_eq!(stage.ledger.outcomes.get(&id).unwrap().state, OutcomeState::Provisional);
}

#[test]
fn only_auditors_commit_in_an_audit_once_and_reveal_in_their_turn() {
    let mut stage = stage(20);
    let (id, auditors) = audited(&mut stage, &[]);
    let transcript = stage.transcript(id, &[]);
    let member = stage.committee(id)[0].operator;
    let refused = stage.commit(id, member, &transcript);
    assert!(matches!(refused, Err(TaskError::NotDrawn { operator, .. }) if operator == member));
    let auditor = auditors[0].operator;
    let early = stage.reveal(id, auditor, &transcript);
    assert!(matches!(early, Err(TaskError::WrongPhase { .. })), "{early:?}");
    stage.commit(id, auditor, &transcript).unwrap();
    let twice = stage.commit(id, auditor, &transcript);
    assert!(matches!(twice, Err(TaskError::AlreadySent { .. })), "{twice:?}");
    end_of_phase(&mut stage, id);
    let other = stage.transcript(id, &[1]);
    let switched = stage.reveal(id, auditor, &other);
    assert!(matches!(switched, Err(TaskError::Commitment { .. })), "{switched:?}");
    stage.reveal(id, auditor, &transcript).unwrap();
    end_of_phase(&mut stage, id);
    let late = stage.commit(id, auditors[auditors.len() - 1].operator, &transcript);
    assert!(matches!(late, Err(TaskError::WrongPhase { .. })), "{late:?}");
}

#[test]
fn where_nobody_outside_may_work_nobody_audits_and_the_task_ends() {
    let mut stage = stage(10);
    let id = stage.request(Mode::Exact);
    stage.play(id, |_| Vec::new());
    let committee = stage.committee(id);
    let sits = |operator: &OperatorId| committee.iter().any(|member| member.operator == *operator);
    let outside: Vec<OperatorId> =
        stage.players.keys().filter(|operator| !sits(operator)).copied().collect();
    assert!(!outside.is_empty());
    for operator in outside {
        let known = stage.ledger.operators.get_mut(&operator).unwrap();
        known.standing = Standing::Tombstoned;
    }
    stage.reach(id, TaskPhase::Final);
    let none = Event::AuditDrawn { task: id, seats: Seats(0), operators: 0 };
    assert!(stage.ctx.events.contains(&none) && !stage.ledger.audits.contains(&id));
}

#[test]
fn a_task_does_not_end_before_its_audit() {
    let mut stage = stage(20);
    let windows = &mut stage.ledger.params.get_mut().task;
    (windows.commit_blocks, windows.commit_max) = (100, 100);
    let (id, auditors) = audited(&mut stage, &[]);
    stage.pass(90);
    assert_eq!(stage.phase(id), TaskPhase::Provisional);
    work(&mut stage, id, &auditors, |_| Vec::new());
    stage.pass(2);
    assert_eq!(stage.phase(id), TaskPhase::Final);
}

#[test]
fn results_are_audited_as_often_as_the_probability_says() {
    use probity_primitives::{Domain, Hash};
    let luck = |n: u32| Hash::of(Domain::Seed, &n).low_u128();
    for parts in [0u128, 50_000, 585_023, 1_000_000] {
        let chosen = (0..20_000u32).filter(|n| is_chosen(luck(*n), parts)).count();
        let chosen = u128::try_from(chosen).unwrap();
        let expected = parts * 20_000 / 1_000_000;
        // Within five deviations of a binomial of 20 000 draws: at most 354.
        assert!(chosen.abs_diff(expected) <= 354, "{chosen} for {expected}");
        assert!(parts != 0 || chosen == 0, "{chosen}");
    }
}

#[test]
fn an_audit_of_an_earlier_round_lets_go_of_its_auditors_and_another_is_drawn_in_time() {
    let mut stage = stage(20);
    let (id, auditors) = audited(&mut stage, &[]);
    let transcript = stage.transcript(id, &[]);
    stage.commit(id, auditors[0].operator, &transcript).unwrap();
    let seated = locked(&stage);
    let task = stage.task(id).clone();
    let (ledger, ctx) = (&mut stage.ledger, &stage.ctx);
    crate::task::audit::plan(ledger, ctx, id, &task).unwrap();
    assert!(locked(&stage) < seated && stage.ledger.audit_entries.is_empty());
    let due = stage.ctx.height.checked_add(task.frozen.windows.open_blocks).unwrap();
    assert_eq!(audit(&stage, id).phase, AuditPhase::Planned { at: due });
    stage.pass(task.frozen.windows.open_blocks);
    let AuditPhase::Commit { until } = audit(&stage, id).phase else { panic!("not drawn") };
    // The end that was planned for the abandoned one ends nothing.
    stage.pass(until.since(stage.ctx.height) - 1);
    assert_eq!(audit(&stage, id).phase, AuditPhase::Commit { until });
    stage.pass(1);
    assert!(matches!(audit(&stage, id).phase, AuditPhase::Reveal { .. }));
}
