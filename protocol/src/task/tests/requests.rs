//! What may be asked for, and where each part of a fee ends.

use probity_primitives::{Amount, OperatorId, TaskId};

use super::stage::{Stage, WRONG};
use crate::bank::Bucket;
use crate::event::{Event, TaskPhase};
use crate::registry::ArtifactStatus;
use crate::task::message::RequestTask;
use crate::task::{Mode, Standing, TaskError, request, spot};

/// A second request like the first, but for fee and value at risk.
fn ask(stage: &mut Stage, like: TaskId, fee: Amount, value: Amount) -> Result<TaskId, TaskError> {
    let known = stage.task(like).request.clone();
    let message = RequestTask {
        benchmark: known.benchmark,
        artifact: known.artifact,
        mode: known.mode,
        fee,
        value_at_risk: value,
        commit_blocks: None,
    };
    stage.attempt(|ledger, ctx| request::request_task(ledger, ctx, known.requester, &message))
}

#[test]
fn a_fee_at_the_floor_and_a_value_at_the_limit_are_taken_and_no_more() {
    let mut stage = Stage::new(12);
    let id = stage.request(Mode::Exact);
    // The largest committee is for 750 seat prices of 3 tokens.
    let (most, unit) = (Amount::from_tokens(2_250), Amount::from_units(1));
    let params = stage.ledger.params.get();
    let floor = request::fee_floor(params, &stage.task(id).frozen, most).unwrap();
    ask(&mut stage, id, floor, most).unwrap();
    let less = floor.checked_sub(unit).unwrap();
    assert!(matches!(ask(&mut stage, id, less, most), Err(TaskError::FeeTooLow { .. })));
    let (fee, more) = (Amount::from_tokens(100), most.checked_add(unit).unwrap());
    assert!(matches!(ask(&mut stage, id, fee, more), Err(TaskError::OutOfRange { .. })));
}

#[test]
fn no_more_tasks_are_open_at_once_than_there_may_be() {
    let mut stage = Stage::new(12);
    stage.ledger.params.get_mut().task.max_open = 2;
    let id = stage.request(Mode::Exact);
    let fee = Amount::from_tokens(100);
    ask(&mut stage, id, fee, fee).unwrap();
    assert!(matches!(ask(&mut stage, id, fee, fee), Err(TaskError::OutOfRange { value: 2, .. })));
}

#[test]
fn a_withdrawn_model_is_not_evaluated_and_a_task_under_way_goes_on() {
    let mut stage = Stage::new(12);
    let id = stage.request(Mode::Exact);
    let model = stage.task(id).request.artifact;
    stage.ledger.artifacts.get_mut(&model).unwrap().status = ArtifactStatus::Withdrawn;
    let fee = Amount::from_tokens(100);
    assert!(matches!(ask(&mut stage, id, fee, fee), Err(TaskError::Unfit { .. })));
    stage.play(id, |_| WRONG.to_vec());
    stage.reach(id, TaskPhase::Final);
    assert_eq!(stage.slashes(), []);
}

/// Takes a task to its openings, in which `silent` takes no part.
fn without_openings_of(stage: &mut Stage, id: TaskId, silent: OperatorId) {
    let work = stage.transcript(id, &WRONG);
    let members = stage.reveal_all(id, |_, _| work.clone());
    stage.pass(8);
    if stage.phase(id) == TaskPhase::Spot {
        for drawn in members.iter().filter(|drawn| drawn.operator != silent) {
            stage.open(id, drawn.operator, &work).unwrap();
        }
    }
}

#[test]
fn what_a_member_did_not_earn_goes_to_the_audit_pool() {
    let mut stage = Stage::new(12);
    let id = stage.request(Mode::Exact);
    stage.reach(id, TaskPhase::Commit);
    let silent = stage.committee(id)[0];
    let pool = stage.ledger.balance(Bucket::AuditPool);
    without_openings_of(&mut stage, id, silent.operator);
    // Before the slash is shared out, of which the pool gets its part too.
    stage.ledger.params.get_mut().slashing.delay_blocks = 1_000;
    stage.reach(id, TaskPhase::Final);
    let gained = stage.ledger.balance(Bucket::AuditPool).checked_sub(pool).unwrap();
    let per_seat = Amount::from_units(60_000_000_000 / 7);
    let unearned = per_seat.checked_mul(silent.seats.0.into()).unwrap();
    assert_eq!(gained, Amount::from_tokens(8).checked_add(unearned).unwrap());
}

#[test]
fn without_a_quorum_only_those_whose_openings_passed_are_paid() {
    let mut stage = Stage::new(2);
    let id = stage.request(Mode::Exact);
    stage.reach(id, TaskPhase::Commit);
    let silent = stage.committee(id)[0].operator;
    without_openings_of(&mut stage, id, silent);
    stage.reach(id, TaskPhase::Commit);
    without_openings_of(&mut stage, id, silent);
    stage.reach(id, TaskPhase::Void);
    let paid: Vec<OperatorId> = stage
        .ctx
        .events
        .iter()
        .filter_map(|event| {
            let Event::SeatsPaid { operator, .. } = event else { return None };
            Some(*operator)
        })
        .collect();
    assert!(paid.len() == 1 && paid[0] != silent, "{paid:?}");
    assert_eq!(stage.slashes().first().map(|s| (s.0, s.1)), Some((silent, "O4")));
}

#[test]
fn a_result_waits_for_its_jury() {
    let mut stage = Stage::new(12);
    let id = stage.request(Mode::Exact);
    stage.ledger.tasks.get_mut(&id).unwrap().frozen.windows.provisional_blocks = 1;
    stage.reach(id, TaskPhase::Commit);
    let liar = stage.committee(id).iter().min_by_key(|m| m.seats).unwrap().operator;
    stage.play(id, |operator| if operator == liar { Vec::new() } else { WRONG.to_vec() });
    stage.vote(id, |_| Some(WRONG.to_vec()));
    stage.pass(2);
    assert_eq!(stage.phase(id), TaskPhase::Final);
    let outcome = stage.ledger.outcomes.get(&id).unwrap();
    assert_eq!(outcome.members.iter().find(|m| m.operator == liar).unwrap().clean, Some(false));
}

#[test]
fn an_accepted_member_whose_jury_did_not_vote_is_paid() {
    let mut stage = Stage::new(12);
    let id = stage.request(Mode::Tolerant);
    stage.reach(id, TaskPhase::Commit);
    let odd = stage.committee(id).iter().min_by_key(|m| m.seats).unwrap().operator;
    let other: Vec<u32> = (0..10).collect();
    stage.play(id, |operator| if operator == odd { other.clone() } else { WRONG.to_vec() });
    stage.reach(id, TaskPhase::Final);
    let outcome = stage.ledger.outcomes.get(&id).unwrap();
    let member = outcome.members.iter().find(|m| m.operator == odd).unwrap();
    assert_eq!((member.clean, member.standing), (None, Some(Standing::Accepted)));
    assert!(member.paid > Amount::ZERO);
}

#[test]
fn one_more_mismatch_than_the_allowance_is_a_fault_outside_the_tolerance() {
    let mut stage = Stage::new(4);
    let (exact, tolerant) = (stage.request(Mode::Exact), stage.request(Mode::Tolerant));
    let threshold = |id, standing| spot::fault_threshold(stage.task(id), standing, 32);
    assert_eq!(threshold(exact, Some(Standing::Flagged)), 1);
    assert_eq!(threshold(tolerant, Some(Standing::Accepted)), 5);
    assert_eq!(threshold(tolerant, Some(Standing::Grey)), 5);
    assert_eq!(spot::fault_threshold(stage.task(tolerant), Some(Standing::Flagged), 100), 8);
}
