//! What members state: signatures, engines, scores, and evidence that is none.

use probity_primitives::transcript::{Fold, Transcript};
use probity_primitives::{Amount, Domain, Hash, OperatorId, Score, TaskId};

use super::stage::{ITEMS, Stage, WRONG};
use crate::bank::Bucket;
use crate::event::TaskPhase;
use crate::staking::{self, message::Unbond};
use crate::task::message::{
    Attestation, Commit, ReportUnavailable, Reveal, Statement, SubmitEvidence,
};
use crate::task::{Mode, Phase, TaskError, VoidReason, member};

fn drawn(change: impl Fn(&mut Stage, TaskId)) -> (Stage, TaskId, OperatorId, Transcript) {
    let mut stage = Stage::new(12);
    let id = stage.request(Mode::Exact);
    change(&mut stage, id);
    stage.reach(id, TaskPhase::Commit);
    let operator = stage.committee(id)[0].operator;
    let work = stage.transcript(id, &WRONG);
    (stage, id, operator, work)
}

/// The same statement under another's signature.
fn forged(stage: &Stage, id: TaskId, honest: Attestation) -> Attestation {
    let other = stage.players.keys().find(|operator| **operator != honest.operator).unwrap();
    let Attestation { signature, .. } = stage.attest(id, *other, honest.statement);
    Attestation { signature, ..honest }
}

/// Commits to what a changed reveal shows, and shows it.
fn reveal(
    stage: &mut Stage,
    id: TaskId,
    operator: OperatorId,
    mut message: Reveal,
) -> Result<(), TaskError> {
    let bound = message.committed.commitment(stage.ctx.chain, id, 1, operator);
    let commit = Commit { attestation: stage.attest(id, operator, Statement::Commit(bound)) };
    let account = stage.players[&operator].account;
    stage.attempt(|ledger, ctx| member::commit(ledger, ctx, account, &commit)).unwrap();
    stage.reach(id, TaskPhase::Reveal);
    let Reveal { committed, engine, last, transcript, .. } = &message;
    let stated = Reveal::hash(committed, *engine, last, *transcript);
    message.attestation = stage.attest(id, operator, Statement::Reveal(stated));
    stage.attempt(|ledger, ctx| member::reveal(ledger, ctx, account, &message))
}

#[test]
fn a_commitment_under_anothers_signature_is_refused() {
    let (mut stage, id, operator, _) = drawn(|_, _| ());
    let honest = stage.attest(id, operator, Statement::Commit(Hash::ZERO));
    let commit = Commit { attestation: forged(&stage, id, honest) };
    let account = stage.players[&operator].account;
    let refused = stage.attempt(|ledger, ctx| member::commit(ledger, ctx, account, &commit));
    assert!(matches!(refused, Err(TaskError::Signature(_))), "{refused:?}");
}

#[test]
fn a_reveal_under_anothers_signature_or_of_something_else_is_refused() {
    let (mut stage, id, operator, work) = drawn(|_, _| ());
    stage.commit(id, operator, &work).unwrap();
    stage.reach(id, TaskPhase::Reveal);
    let account = stage.players[&operator].account;
    let honest = stage.reveal_message(id, operator, &work);
    let forgery = Reveal { attestation: forged(&stage, id, honest.attestation), ..honest.clone() };
    let refused = stage.attempt(|ledger, ctx| member::reveal(ledger, ctx, account, &forgery));
    assert!(matches!(refused, Err(TaskError::Signature(_))), "{refused:?}");
    let other = stage.attest(id, operator, Statement::Reveal(Hash::ZERO));
    let unsigned = Reveal { attestation: other, ..honest };
    let refused = stage.attempt(|ledger, ctx| member::reveal(ledger, ctx, account, &unsigned));
    assert!(matches!(refused, Err(TaskError::NoEvidence(_))), "{refused:?}");
}

#[test]
fn an_engine_that_the_benchmark_does_not_accept_is_refused() {
    let (mut stage, id, operator, work) = drawn(|stage, id| {
        let engine = Hash::of(Domain::EngineProfile, "another");
        let frozen = &mut stage.ledger.tasks.get_mut(&id).unwrap().frozen;
        frozen.engines = vec![engine].try_into().unwrap();
    });
    let message = stage.reveal_message(id, operator, &work);
    let refused = reveal(&mut stage, id, operator, message);
    assert!(matches!(refused, Err(TaskError::NoEvidence(_))), "{refused:?}");
}

#[test]
fn a_score_from_another_leaf_than_the_last_is_refused() {
    let (mut stage, id, operator, work) = drawn(|_, _| ());
    let mut message = stage.reveal_message(id, operator, &work);
    message.last = work.open(ITEMS - 2).unwrap();
    message.committed.score = Fold::Mean.score(message.last.leaf.prefix_sum, ITEMS).unwrap();
    let refused = reveal(&mut stage, id, operator, message);
    assert!(matches!(refused, Err(TaskError::Unknown(_))), "{refused:?}");
}

#[test]
fn a_score_outside_the_benchmarks_range_is_refused() {
    for range in [(950_000, 1_000_000), (0, 800_000)] {
        let (mut stage, id, operator, work) = drawn(|stage, id| {
            let (low, high) = (Score::from_micros(range.0), Score::from_micros(range.1));
            stage.ledger.tasks.get_mut(&id).unwrap().frozen.range = (low, high);
        });
        let message = stage.reveal_message(id, operator, &work);
        let refused = reveal(&mut stage, id, operator, message);
        assert!(matches!(refused, Err(TaskError::Score { .. })), "{refused:?}");
    }
}

#[test]
fn statements_of_two_rounds_or_under_a_foreign_key_are_no_evidence() {
    let (mut stage, id, operator, _) = drawn(|_, _| ());
    let key = &stage.players[&operator].key;
    let sign = |round, text: &str, key| {
        let statement = Statement::Commit(Hash::of(Domain::Commit, text));
        Attestation::sign(stage.ctx.chain, id, round, operator, statement, key)
    };
    let (first, later) = (sign(1, "a", key), sign(2, "b", key));
    let stranger = stage.players.iter().find(|(other, _)| **other != operator).unwrap().1;
    let (alien, another) = (sign(1, "a", &stranger.key), sign(1, "b", &stranger.key));
    let (own, foreign) = (key.public(), stranger.key.public());
    let second = sign(1, "b", key);
    let none = [
        SubmitEvidence { first, second: later, key: own },
        SubmitEvidence { first: alien, second: another, key: foreign },
        SubmitEvidence { first: alien, second, key: own },
        SubmitEvidence { first, second: another, key: own },
    ];
    let reporter = stage.requester;
    for evidence in none {
        let refused =
            stage.attempt(|ledger, ctx| member::submit_evidence(ledger, ctx, reporter, &evidence));
        assert!(matches!(refused, Err(TaskError::NoEvidence(_) | TaskError::Signature(_))));
    }
    assert_eq!(stage.slashes(), []);
}

#[test]
fn an_offender_that_reports_itself_gets_nothing_back() {
    let (mut stage, id, operator, _) = drawn(|_, _| ());
    let hash = |text: &str| Hash::of(Domain::Commit, text);
    let evidence = SubmitEvidence {
        first: stage.attest(id, operator, Statement::Reveal(hash("a"))),
        second: stage.attest(id, operator, Statement::Reveal(hash("b"))),
        key: stage.players[&operator].key.public(),
    };
    let owner = stage.ledger.operators.get(&operator).unwrap().owner;
    stage.attempt(|ledger, ctx| member::submit_evidence(ledger, ctx, owner, &evidence)).unwrap();
    let before = stage.ledger.balance(Bucket::Free(owner));
    stage.pass(25);
    assert_eq!(stage.ledger.balance(Bucket::Free(owner)), before);
}

#[test]
fn what_leaves_after_the_request_answers_for_the_task() {
    let (mut stage, id, silent, work) = drawn(|_, _| ());
    let owner = stage.ledger.operators.get(&silent).unwrap().owner;
    let message = Unbond { operator: silent, amount: Some(Amount::from_tokens(40_000)) };
    staking::unbond(&mut stage.ledger, &mut stage.ctx, owner, &message).unwrap();
    let members = stage.reveal_all(id, |_, _| work.clone());
    stage.reach(id, TaskPhase::Spot);
    for drawn in members.iter().filter(|drawn| drawn.operator != silent) {
        stage.open(id, drawn.operator, &work).unwrap();
    }
    stage.reach(id, TaskPhase::Provisional);
    let (_, window) = stage.ledger.windows.iter().next().unwrap();
    assert_eq!(window.answering, Amount::from_tokens(600_000));
    let stake: Vec<_> = window.offenders.iter().map(|o| (o.operator, o.answering)).collect();
    assert_eq!(stake, [(silent, Amount::from_tokens(50_000))]);
}

#[test]
fn a_task_that_nobody_is_left_for_in_its_second_round_sets_everyone_free_once() {
    let (mut stage, id, _, _) = drawn(|_, _| ());
    let everyone: Vec<OperatorId> = stage.players.keys().copied().collect();
    for operator in &everyone {
        staking::jail(&mut stage.ledger, &mut stage.ctx, operator, 1_000).unwrap();
    }
    stage.reach(id, TaskPhase::Void);
    assert!(matches!(stage.task(id).phase, Phase::Void { reason: VoidReason::NoCommittee, .. }));
    assert!(stage.ledger.operators.iter().all(|(_, known)| known.seat_locks.is_zero()));
    assert!(stage.ledger.balance(Bucket::TaskEscrow(id)).is_zero());
}

#[test]
fn what_is_sent_for_another_round_is_refused() {
    let (mut stage, id, operator, _) = drawn(|_, _| ());
    let account = stage.players[&operator].account;
    let message = ReportUnavailable { operator, task: id, round: 2 };
    let refused =
        stage.attempt(|ledger, ctx| member::report_unavailable(ledger, ctx, account, &message));
    assert!(matches!(refused, Err(TaskError::WrongPhase { round: 1, .. })), "{refused:?}");
}
