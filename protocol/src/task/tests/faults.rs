//! What members may not do, and what it costs.

use probity_primitives::{Address, Amount, Keypair, Network, OperatorId};

use super::stage::{Stage, WRONG};
use crate::bank::Bucket;
use crate::event::{Event, TaskPhase};
use crate::slashing;
use crate::staking;
use crate::task::message::{Commit, Statement, SubmitEvidence};
use crate::task::{Mode, TaskError, member};

/// A task in which one member of the committee does something else.
fn with_member(phase: TaskPhase) -> (Stage, probity_primitives::TaskId, OperatorId) {
    let mut stage = Stage::new(12);
    let id = stage.request(Mode::Exact);
    stage.reach(id, phase);
    let operator = stage.committee(id)[0].operator;
    (stage, id, operator)
}

#[test]
fn a_commitment_without_a_reveal_costs_two_percent_of_the_lock() {
    let (mut stage, id, silent) = with_member(TaskPhase::Commit);
    let work = stage.transcript(id, &WRONG);
    let members = stage.committee(id);
    for drawn in &members {
        stage.commit(id, drawn.operator, &work).unwrap();
    }
    stage.reach(id, TaskPhase::Reveal);
    let lock = stage.seat_lock(id, silent);
    for drawn in members.iter().filter(|drawn| drawn.operator != silent) {
        stage.reveal(id, drawn.operator, &work).unwrap();
    }
    stage.pass(8);
    assert_eq!(stage.slashes(), [(silent, "O2", lock.mul_div_ceil(2, 100).unwrap())]);
    assert_eq!(stage.ledger.operators.get(&silent).unwrap().misses.bits, 1);
}

#[test]
fn a_member_that_opens_nothing_is_at_fault_without_a_jury() {
    let (mut stage, id, silent) = with_member(TaskPhase::Commit);
    let work = stage.transcript(id, &WRONG);
    let members = stage.reveal_all(id, |_, _| work.clone());
    stage.reach(id, TaskPhase::Spot);
    for drawn in members.iter().filter(|drawn| drawn.operator != silent) {
        stage.open(id, drawn.operator, &work).unwrap();
    }
    stage.reach(id, TaskPhase::Provisional);
    let tenth = stage.seat_lock(id, silent).mul_div_ceil(1, 10).unwrap();
    assert_eq!(stage.slashes(), [(silent, "O4", tenth)]);
    assert!(stage.ledger.juries.get(&id).is_none());
    stage.reach(id, TaskPhase::Final);
    let outcome = stage.ledger.outcomes.get(&id).unwrap();
    let member = outcome.members.iter().find(|m| m.operator == silent).unwrap();
    assert_eq!((member.clean, member.paid), (Some(false), Amount::ZERO));
}

#[test]
fn a_second_commitment_is_refused() {
    let (mut stage, id, operator) = with_member(TaskPhase::Commit);
    let (first, second) = (stage.transcript(id, &WRONG), stage.transcript(id, &[]));
    stage.commit(id, operator, &first).unwrap();
    assert!(matches!(
        stage.commit(id, operator, &second),
        Err(TaskError::AlreadySent { what: "commitment", .. })
    ));
}

#[test]
fn a_commitment_of_one_who_was_not_drawn_is_refused() {
    let (mut stage, id, _) = with_member(TaskPhase::Commit);
    let members = stage.committee(id);
    let outsider = *stage
        .players
        .keys()
        .find(|operator| members.iter().all(|m| m.operator != **operator))
        .unwrap();
    let work = stage.transcript(id, &WRONG);
    assert!(matches!(stage.commit(id, outsider, &work), Err(TaskError::NotDrawn { .. })));
}

#[test]
fn nobody_acts_for_another_operator() {
    let (mut stage, id, operator) = with_member(TaskPhase::Commit);
    let attestation = stage.attest(id, operator, Statement::Commit(Default::default()));
    let thief = Address::of(&Keypair::from_seed([77; 32]).public(), Network::Test);
    let refused =
        stage.attempt(|ledger, ctx| member::commit(ledger, ctx, thief, &Commit { attestation }));
    assert_eq!(refused, Err(TaskError::NotActing { sender: thief, operator }));
}

#[test]
fn a_late_reveal_is_refused() {
    let (mut stage, id, operator) = with_member(TaskPhase::Commit);
    let work = stage.transcript(id, &WRONG);
    for drawn in stage.committee(id) {
        stage.commit(id, drawn.operator, &work).unwrap();
    }
    assert!(matches!(
        stage.reveal(id, operator, &work),
        Err(TaskError::WrongPhase { phase: TaskPhase::Commit, .. })
    ));
    stage.reach(id, TaskPhase::Reveal);
    for drawn in stage.committee(id).iter().skip(1) {
        stage.reveal(id, drawn.operator, &work).unwrap();
    }
    stage.reach(id, TaskPhase::Spot);
    assert!(matches!(
        stage.reveal(id, operator, &work),
        Err(TaskError::WrongPhase { phase: TaskPhase::Spot, .. })
    ));
}

#[test]
fn a_reveal_of_something_else_than_was_committed_is_refused() {
    let (mut stage, id, operator) = with_member(TaskPhase::Commit);
    let (work, other) = (stage.transcript(id, &WRONG), stage.transcript(id, &[]));
    stage.commit(id, operator, &work).unwrap();
    stage.reach(id, TaskPhase::Reveal);
    assert!(matches!(stage.reveal(id, operator, &other), Err(TaskError::Commitment { .. })));
}

#[test]
fn a_copied_commitment_cannot_be_opened_by_the_copier() {
    let (mut stage, id, author) = with_member(TaskPhase::Commit);
    let copier = stage.committee(id)[1].operator;
    let work = stage.transcript(id, &WRONG);
    let message = stage.reveal_message(id, author, &work);
    let stolen = message.committed.commitment(stage.ctx.chain, id, 1, author);
    let attestation = stage.attest(id, copier, Statement::Commit(stolen));
    let account = stage.players[&copier].account;
    stage
        .attempt(|ledger, ctx| member::commit(ledger, ctx, account, &Commit { attestation }))
        .unwrap();
    stage.reach(id, TaskPhase::Reveal);
    assert!(matches!(stage.reveal(id, copier, &work), Err(TaskError::Commitment { .. })));
}

#[test]
fn a_score_that_the_last_leaf_does_not_prove_is_refused() {
    let (mut stage, id, operator) = with_member(TaskPhase::Commit);
    let work = stage.transcript(id, &WRONG);
    let mut message = stage.reveal_message(id, operator, &work);
    message.committed.score = probity_primitives::Score::ONE;
    let bound = message.committed.commitment(stage.ctx.chain, id, 1, operator);
    let commit = Commit { attestation: stage.attest(id, operator, Statement::Commit(bound)) };
    let account = stage.players[&operator].account;
    stage.attempt(|ledger, ctx| member::commit(ledger, ctx, account, &commit)).unwrap();
    stage.reach(id, TaskPhase::Reveal);
    let stated = crate::task::message::Reveal::hash(
        &message.committed,
        message.engine,
        &message.last,
        message.transcript,
    );
    message.attestation = stage.attest(id, operator, Statement::Reveal(stated));
    let refused = stage.attempt(|ledger, ctx| member::reveal(ledger, ctx, account, &message));
    assert!(matches!(refused, Err(TaskError::Score { .. })), "{refused:?}");
}

#[test]
fn a_leaf_that_was_not_drawn_or_does_not_open_is_refused() {
    let mut stage = Stage::new(12);
    let id = stage.request(Mode::Exact);
    stage.reach(id, TaskPhase::Commit);
    let work = stage.transcript(id, &WRONG);
    let members = stage.reveal_all(id, |_, _| work.clone());
    stage.reach(id, TaskPhase::Spot);
    let operator = members[0].operator;
    let wanted = stage.wanted(id, operator);
    let other = (0..).find(|index| !wanted.contains(index)).unwrap();
    assert!(matches!(stage.open_these(id, operator, &work, &[other]), Err(TaskError::Unknown(_))));
    let forged = stage.transcript(id, &[]);
    assert!(matches!(stage.open_these(id, operator, &forged, &wanted), Err(TaskError::Opening(_))));
}

#[test]
fn two_different_commitments_cost_the_whole_lock_once_and_the_operator_is_barred() {
    let (mut stage, id, operator) = with_member(TaskPhase::Commit);
    let lock = stage.seat_lock(id, operator);
    let bonded = stage.ledger.bonded(&operator);
    let hash = |text: &str| probity_primitives::Hash::of(probity_primitives::Domain::Commit, text);
    let evidence = SubmitEvidence {
        first: stage.attest(id, operator, Statement::Commit(hash("a"))),
        second: stage.attest(id, operator, Statement::Commit(hash("b"))),
        key: stage.players[&operator].key.public(),
    };
    let reporter = stage.requester;
    let report = |stage: &mut Stage, evidence: &SubmitEvidence| {
        stage.attempt(|ledger, ctx| member::submit_evidence(ledger, ctx, reporter, evidence))
    };
    let same = SubmitEvidence { second: evidence.first, ..evidence };
    assert!(matches!(report(&mut stage, &same), Err(TaskError::NoEvidence(_))));
    report(&mut stage, &evidence).unwrap();
    let expected = lock.checked_add(bonded.mul_div_ceil(5, 100).unwrap()).unwrap();
    assert_eq!(stage.slashes(), [(operator, "O5", expected)]);
    let standing = stage.ledger.operators.get(&operator).unwrap().standing;
    assert_eq!(standing, staking::Standing::Tombstoned);
    assert!(report(&mut stage, &evidence).is_err());
    // Seven days later the reporter gets a fifth and the audit pool three tenths.
    let before = stage.ledger.balance(Bucket::Free(reporter));
    stage.pass(20);
    let bounty = stage.ledger.balance(Bucket::Free(reporter)).checked_sub(before).unwrap();
    assert_eq!(bounty, expected.mul_div_floor(1, 5).unwrap());
}

#[test]
fn a_reverted_slash_is_given_back_in_full() {
    let (mut stage, id, operator) = with_member(TaskPhase::Commit);
    let bonded = stage.ledger.bonded(&operator);
    let work = stage.transcript(id, &WRONG);
    for drawn in stage.committee(id) {
        stage.commit(id, drawn.operator, &work).unwrap();
    }
    stage.reach(id, TaskPhase::Reveal);
    for drawn in stage.committee(id).iter().skip(1) {
        stage.reveal(id, drawn.operator, &work).unwrap();
    }
    stage.pass(8);
    assert!(stage.ledger.bonded(&operator) < bonded);
    let slash = *stage.ledger.slashes.iter().next().unwrap().0;
    stage.attempt(|ledger, ctx| Ok(slashing::revert(ledger, ctx, slash)?)).unwrap();
    assert_eq!(stage.ledger.bonded(&operator), bonded);
    assert!(stage.ctx.events.iter().any(|e| matches!(e, Event::SlashReverted { .. })));
    stage.pass(40);
    assert_eq!(stage.ledger.bonded(&operator), bonded);
}

#[test]
fn missing_more_than_half_of_the_last_assignments_jails() {
    let (mut stage, _, operator) = with_member(TaskPhase::Commit);
    for _ in 0..16 {
        stage.attempt(|l, c| Ok(slashing::record_assignment(l, c, operator, true)?)).unwrap();
    }
    let standing = |stage: &Stage| stage.ledger.operators.get(&operator).unwrap().standing;
    assert_eq!(standing(&stage), staking::Standing::Active);
    stage.attempt(|l, c| Ok(slashing::record_assignment(l, c, operator, true)?)).unwrap();
    assert!(matches!(standing(&stage), staking::Standing::Jailed { .. }));
}
