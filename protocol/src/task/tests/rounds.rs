//! Rounds that go well, and rounds that find too few.

use probity_primitives::{Amount, Score};

use super::stage::{Stage, WRONG};
use crate::bank::Bucket;
use crate::event::{Event, TaskPhase};
use crate::task::message::ReportUnavailable;
use crate::task::{Mode, OutcomeState, Phase, Standing, TaskError, VoidReason, member};

#[test]
fn honest_members_are_paid_and_the_score_is_exact() {
    let mut stage = Stage::new(12);
    let id = stage.request(Mode::Exact);
    stage.play(id, |_| WRONG.to_vec());
    stage.reach(id, TaskPhase::Final);
    let outcome = stage.ledger.outcomes.get(&id).unwrap();
    assert_eq!(outcome.score, Score::from_micros(900_000));
    assert_eq!((outcome.state, outcome.dispersion, outcome.tolerance), (OutcomeState::Final, 0, 0));
    // floor(0.6 * 100 tokens / 7 seats) a seat.
    let per_seat = Amount::from_units(60_000_000_000 / 7);
    for member in &outcome.members {
        assert_eq!(member.standing, Some(Standing::Accepted));
        assert_eq!(member.paid, per_seat.checked_mul(member.seats.0.into()).unwrap());
    }
    assert_eq!(stage.slashes(), []);
}

#[test]
fn the_payments_of_a_task_add_up_to_its_fee() {
    let mut stage = Stage::new(12);
    let before = stage.ledger.supply.get().burned;
    let treasury = stage.ledger.balance(Bucket::Treasury);
    let pool = stage.ledger.balance(Bucket::AuditPool);
    let id = stage.request(Mode::Exact);
    assert_eq!(stage.ledger.balance(Bucket::TaskEscrow(id)), Amount::from_tokens(100));
    stage.play(id, |_| WRONG.to_vec());
    stage.reach(id, TaskPhase::Final);
    assert!(stage.ledger.balance(Bucket::TaskEscrow(id)).is_zero());
    let burned = stage.ledger.supply.get().burned.checked_sub(before).unwrap();
    assert_eq!(burned, Amount::from_tokens(5));
    let royalty = stage.ledger.balance(Bucket::RoyaltyDue(stage.task(id).request.benchmark));
    assert_eq!(royalty, Amount::from_tokens(20));
    let audit = stage.ledger.balance(Bucket::AuditPool).checked_sub(pool).unwrap();
    assert_eq!(audit, Amount::from_tokens(8));
    let kept = stage.ledger.balance(Bucket::Treasury).checked_sub(treasury).unwrap();
    let rounding = Amount::from_units(60_000_000_000 % 7);
    assert_eq!(kept, Amount::from_tokens(7).checked_add(rounding).unwrap());
}

#[test]
fn locks_are_free_again_when_a_task_ends() {
    let mut stage = Stage::new(12);
    let id = stage.request(Mode::Exact);
    stage.reach(id, TaskPhase::Commit);
    let locked: Amount =
        Amount::sum(stage.players.keys().map(|operator| stage.ledger.locked(operator))).unwrap();
    assert_eq!(locked, stage.task(id).frozen.seat_lock.checked_mul(7).unwrap());
    stage.play(id, |_| WRONG.to_vec());
    stage.reach(id, TaskPhase::Final);
    assert!(stage.players.keys().all(|operator| stage.ledger.locked(operator).is_zero()));
    assert_eq!(stage.ledger.counters.get().open_tasks, 0);
}

#[test]
fn a_task_that_nobody_works_on_is_drawn_again_and_then_void_with_the_fee_refunded() {
    let mut stage = Stage::new(12);
    let before = stage.ledger.balance(Bucket::Free(stage.requester));
    let id = stage.request(Mode::Exact);
    stage.reach(id, TaskPhase::Void);
    assert_eq!(stage.task(id).round, 2);
    assert!(matches!(stage.task(id).phase, Phase::Void { reason: VoidReason::NoQuorum, .. }));
    assert_eq!(stage.ledger.balance(Bucket::Free(stage.requester)), before);
    assert_eq!(stage.slashes(), []);
    assert!(stage.ledger.operators.iter().any(|(_, known)| known.misses.bits > 0));
}

#[test]
fn reports_by_more_than_a_third_of_the_seats_end_the_round_without_penalty() {
    let mut stage = Stage::new(12);
    let id = stage.request(Mode::Exact);
    for _ in 0..2 {
        stage.reach(id, TaskPhase::Commit);
        let round = stage.task(id).round;
        for drawn in stage.committee(id) {
            let account = stage.players[&drawn.operator].account;
            let message = ReportUnavailable { operator: drawn.operator, task: id, round };
            stage
                .attempt(|ledger, ctx| member::report_unavailable(ledger, ctx, account, &message))
                .unwrap();
        }
        stage.pass(20);
    }
    assert!(matches!(stage.task(id).phase, Phase::Void { reason: VoidReason::Unavailable, .. }));
    assert!(stage.ledger.operators.iter().all(|(_, known)| known.misses.bits == 0));
}

#[test]
fn without_operators_there_is_no_committee_and_the_fee_comes_back() {
    let mut stage = Stage::new(0);
    let before = stage.ledger.balance(Bucket::Free(stage.requester));
    let id = stage.request(Mode::Exact);
    stage.reach(id, TaskPhase::Void);
    assert!(matches!(stage.task(id).phase, Phase::Void { reason: VoidReason::NoCommittee, .. }));
    assert_eq!(stage.ledger.balance(Bucket::Free(stage.requester)), before);
}

#[test]
fn too_few_operators_are_no_quorum_and_those_who_worked_get_the_seat_price() {
    let mut stage = Stage::new(2);
    let id = stage.request(Mode::Exact);
    for _ in 0..2 {
        stage.reach(id, TaskPhase::Commit);
        let work = stage.transcript(id, &WRONG);
        stage.reveal_all(id, |_, _| work.clone());
        stage.pass(8);
    }
    assert_eq!(stage.phase(id), TaskPhase::Spot);
    let work = stage.transcript(id, &WRONG);
    for drawn in stage.committee(id) {
        stage.open(id, drawn.operator, &work).unwrap();
    }
    stage.reach(id, TaskPhase::Void);
    let amount = |event: &Event| {
        let Event::SeatsPaid { amount, .. } = event else { return None };
        Some(*amount)
    };
    let paid = Amount::sum(stage.ctx.events.iter().filter_map(amount)).unwrap();
    assert_eq!(paid, stage.task(id).frozen.seat_price.checked_mul(7).unwrap());
}

#[test]
fn a_tolerant_task_accepts_scores_within_the_declared_noise() {
    let mut stage = Stage::new(12);
    let id = stage.request(Mode::Tolerant);
    let odd = *stage.players.keys().next().unwrap();
    stage.play(id, |operator| if operator == odd { WRONG[1..].to_vec() } else { WRONG.to_vec() });
    // One item of a hundred is ten sigmas: beyond the cap of eight.
    let outcome = stage.ledger.outcomes.get(&id).unwrap();
    assert_eq!(outcome.tolerance, 4_000);
    for member in &outcome.members {
        let expected = if member.operator == odd { Standing::Flagged } else { Standing::Accepted };
        assert_eq!(member.standing, Some(expected));
    }
}

#[test]
fn a_fee_below_the_floor_is_refused_with_the_floor() {
    let mut stage = Stage::new(12);
    let id = stage.request(Mode::Exact);
    let request = &stage.task(id).request;
    let message = crate::task::message::RequestTask {
        benchmark: request.benchmark,
        artifact: request.artifact,
        mode: Mode::Exact,
        fee: Amount::from_tokens(35),
        value_at_risk: Amount::from_tokens(100),
        commit_blocks: None,
    };
    let requester = stage.requester;
    let refused = stage.attempt(|ledger, ctx| {
        crate::task::request::request_task(ledger, ctx, requester, &message)
    });
    // Seven seats of 3 tokens at 6000 bps are 35; the audit's share comes on top.
    assert!(
        matches!(refused, Err(TaskError::FeeTooLow { floor, seats: 7, .. }) if floor > Amount::from_tokens(35))
    );
}
