//! Item juries: who is convicted, who is cleared, and what jurors owe.

use probity_primitives::{Amount, OperatorId, Score, TaskId};

use super::stage::{Stage, WRONG};
use crate::event::{Event, TaskPhase};
use crate::task::{JuryPhase, Mode, OutcomeState, Standing};

/// A task in which the first member claims that nothing was wrong.
fn inflated() -> (Stage, TaskId, OperatorId) {
    let mut stage = Stage::new(12);
    let id = stage.request(Mode::Exact);
    stage.reach(id, TaskPhase::Commit);
    // One with a minority of the seats.
    let liar = stage.committee(id).iter().min_by_key(|m| m.seats).unwrap().operator;
    stage.play(id, |operator| if operator == liar { Vec::new() } else { WRONG.to_vec() });
    (stage, id, liar)
}

#[test]
fn an_inflated_score_is_flagged_fails_the_jury_and_is_slashed_while_the_others_are_paid() {
    let (mut stage, id, liar) = inflated();
    assert_eq!(stage.ledger.outcomes.get(&id).unwrap().score, Score::from_micros(900_000));
    assert_eq!(stage.standing(id, liar), Some(Standing::Flagged));
    stage.vote(id, |_| Some(WRONG.to_vec()));
    let tenth = stage.seat_lock(id, liar).mul_div_ceil(1, 10).unwrap();
    assert_eq!(stage.slashes(), [(liar, "O4", tenth)]);
    stage.reach(id, TaskPhase::Final);
    let outcome = stage.ledger.outcomes.get(&id).unwrap();
    assert_eq!(outcome.state, OutcomeState::Final);
    for member in &outcome.members {
        assert_eq!(member.paid.is_zero(), member.operator == liar, "{member:?}");
    }
}

#[test]
fn a_lone_truth_teller_is_paid_and_the_result_is_contested() {
    let mut stage = Stage::new(12);
    let id = stage.request(Mode::Exact);
    stage.reach(id, TaskPhase::Commit);
    let honest = stage.committee(id).iter().min_by_key(|m| m.seats).unwrap().operator;
    stage.play(id, |operator| if operator == honest { WRONG.to_vec() } else { Vec::new() });
    // The pool cannot pay for a dispute in its name: 50 seat prices.
    let pool = crate::bank::Bucket::AuditPool;
    let spare = stage.ledger.balance(pool).checked_sub(Amount::from_tokens(100)).unwrap();
    stage.ledger.transfer(pool, crate::bank::Bucket::Treasury, spare).unwrap();
    stage.vote(id, |_| Some(WRONG.to_vec()));
    let outcome = stage.ledger.outcomes.get(&id).unwrap();
    assert_eq!(outcome.state, OutcomeState::Contested);
    assert!(stage.slashes().iter().all(|(operator, _, _)| *operator != honest));
    stage.reach(id, TaskPhase::Final);
    let outcome = stage.ledger.outcomes.get(&id).unwrap();
    let member = outcome.members.iter().find(|m| m.operator == honest).unwrap();
    assert!(member.paid > Amount::ZERO);
    assert_eq!(outcome.state, OutcomeState::Contested);
}

#[test]
fn a_jury_is_drawn_outside_the_committee_where_there_are_enough() {
    let (stage, id, _) = inflated();
    let jury = stage.ledger.juries.get(&id).unwrap();
    let members = stage.committee(id);
    assert!(jury.outside);
    assert!(jury.jurors.iter().all(|j| members.iter().all(|m| m.operator != j.operator)));
}

#[test]
fn on_a_small_network_the_doubted_member_does_not_judge_itself() {
    let mut stage = Stage::new(4);
    let id = stage.request(Mode::Exact);
    stage.reach(id, TaskPhase::Commit);
    let liar = stage.committee(id).iter().min_by_key(|m| m.seats).unwrap().operator;
    stage.play(id, |operator| if operator == liar { Vec::new() } else { WRONG.to_vec() });
    let jury = stage.ledger.juries.get(&id).unwrap();
    assert!(!jury.outside);
    assert!(jury.jurors.iter().all(|juror| juror.operator != liar));
    assert_eq!(stage.ledger.outcomes.get(&id).unwrap().jury_outside, Some(false));
}

#[test]
fn jurors_against_the_ruling_pay_and_silent_ones_pay_double() {
    let (mut stage, id, _) = inflated();
    let jury = stage.ledger.juries.get(&id).unwrap().clone();
    let lightest = jury.jurors.iter().min_by_key(|j| j.seats).unwrap().operator;
    stage.vote(id, |juror| Some(if juror == lightest { Vec::new() } else { WRONG.to_vec() }));
    let lock = |stage: &Stage, juror: OperatorId| {
        let seats = jury.jurors.iter().find(|j| j.operator == juror).unwrap().seats;
        stage.task(id).frozen.seat_lock.checked_mul(seats.0.into()).unwrap()
    };
    let price = lock(&stage, lightest).mul_div_ceil(5, 100).unwrap();
    assert!(stage.slashes().contains(&(lightest, "O8", price)), "{:?}", stage.slashes());

    let (mut stage, id, _) = inflated();
    let silent = lightest;
    stage.vote(id, |juror| (juror != silent).then(|| WRONG.to_vec()));
    let price = price.checked_mul(2).unwrap();
    assert!(stage.slashes().contains(&(silent, "O8", price)), "{:?}", stage.slashes());
}

#[test]
fn a_jury_that_does_not_vote_is_drawn_again_and_then_convicts_nobody() {
    let (mut stage, id, liar) = inflated();
    stage.reach(id, TaskPhase::Final);
    let jury = stage.ledger.juries.get(&id).unwrap();
    assert_eq!((jury.draws, jury.phase), (2, JuryPhase::Done { quorum: false }));
    assert!(stage.slashes().iter().all(|(operator, code, _)| *operator != liar || *code == "O8"));
    let outcome = stage.ledger.outcomes.get(&id).unwrap();
    let member = outcome.members.iter().find(|m| m.operator == liar).unwrap();
    assert_eq!((member.clean, member.paid), (None, Amount::ZERO));
    assert!(stage.players.keys().all(|operator| stage.ledger.locked(operator).is_zero()));
}

#[test]
fn jurors_are_paid_out_of_the_audit_pool() {
    let (mut stage, id, _) = inflated();
    let before = stage.ledger.balance(crate::bank::Bucket::AuditPool);
    stage.vote(id, |_| Some(WRONG.to_vec()));
    let paid = before.checked_sub(stage.ledger.balance(crate::bank::Bucket::AuditPool)).unwrap();
    // Five seats at a quarter of three tokens.
    assert_eq!(paid, Amount::from_units(3_750_000_000));
    assert!(stage.ctx.events.iter().any(|e| matches!(e, Event::JuryRuled { convicted: 1, .. })));
}

/// A task in which a member lies at the item `lie` and leaves it out of what it opens; none unless
/// the item is among its defence and was not drawn for everyone.
fn hidden(lie: u32) -> Option<(Stage, TaskId, OperatorId)> {
    let mut stage = Stage::new(12);
    let id = stage.request(Mode::Exact);
    stage.reach(id, TaskPhase::Commit);
    let members = stage.committee(id);
    let liar = members.iter().min_by_key(|m| m.seats).unwrap().operator;
    let false_one: Vec<u32> = WRONG.into_iter().filter(|item| *item != lie).collect();
    let work = |stage: &Stage, operator| {
        stage.transcript(id, if operator == liar { &false_one } else { &WRONG })
    };
    stage.reveal_all(id, work);
    stage.reach(id, TaskPhase::Spot);
    for drawn in members.iter().filter(|drawn| drawn.operator != liar) {
        let transcript = work(&stage, drawn.operator);
        stage.open(id, drawn.operator, &transcript).unwrap();
    }
    let wanted = stage.wanted(id, liar);
    let common = stage.wanted(id, members.iter().find(|m| m.operator != liar).unwrap().operator);
    let transcript = work(&stage, liar);
    let shown: Vec<u32> = wanted.iter().copied().filter(|item| *item != lie).collect();
    stage.open_these(id, liar, &transcript, &shown).unwrap();
    (wanted.contains(&lie) && !common.contains(&lie)).then_some((stage, id, liar))
}

#[test]
fn a_flagged_member_that_leaves_out_its_false_leaves_is_not_cleared() {
    let (mut stage, id, liar) = WRONG.into_iter().find_map(hidden).unwrap();
    assert_eq!(stage.standing(id, liar), Some(Standing::Flagged));
    stage.reach(id, TaskPhase::Provisional);
    if stage.ledger.juries.get(&id).is_some() {
        stage.vote(id, |_| Some(WRONG.to_vec()));
    }
    stage.reach(id, TaskPhase::Final);
    let outcome = stage.ledger.outcomes.get(&id).unwrap();
    let member = outcome.members.iter().find(|m| m.operator == liar).unwrap();
    assert_eq!((member.paid, outcome.state), (Amount::ZERO, OutcomeState::Final));
    assert_eq!(stage.slashes().first().map(|s| s.1), Some("O3"));
}
