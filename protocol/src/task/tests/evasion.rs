//! Ways out that offenders look for, and steps that must not get stuck.

use probity_primitives::transcript::Answer;
use probity_primitives::{
    Amount, Domain, Epoch, Hash, Height, OperatorId, Score, Seats, TaskId, codec,
};

use super::stage::{Stage, WRONG};
use crate::aggregation::Aggregate;
use crate::event::TaskPhase;
use crate::params::Params;
use crate::slashing::{self, Offence, Offender, SlashState, Verdict};
use crate::staking::{self, message::Unbond};
use crate::task::message::{JuryCommit, JuryReveal, Statement, SubmitEvidence};
use crate::task::{
    JuryPhase, Mode, OutcomeState, Standing, TaskError, VerdictOfItem, jury, member, phases,
};

fn guilty(operator: OperatorId, committed: Height) -> Verdict {
    Verdict {
        operator,
        offence: Offence::FalseTranscript,
        task: None,
        lock: Amount::from_tokens(1_000),
        committed,
        reporter: None,
    }
}

fn convict(stage: &mut Stage, operator: OperatorId, committed: Height) {
    let verdict = guilty(operator, committed);
    stage.attempt(|ledger, ctx| Ok(slashing::slash(ledger, ctx, verdict)?)).unwrap();
}

/// Takes so much of an operator's stake out of its pool.
fn leave(stage: &mut Stage, operator: OperatorId, tokens: u64) {
    let owner = stage.ledger.operators.get(&operator).unwrap().owner;
    let message = Unbond { operator, amount: Some(Amount::from_tokens(tokens)) };
    staking::unbond(&mut stage.ledger, &mut stage.ctx, owner, &message).unwrap();
}

/// Everything of an operator that a slash can still reach, of whatever epoch.
fn left(stage: &Stage, operator: OperatorId) -> Amount {
    staking::answering(&stage.ledger, &operator, Epoch(0)).unwrap()
}

#[test]
fn leaving_after_the_offence_makes_no_share_of_the_stake_smaller() {
    let mut stage = Stage::new(10);
    stage.pass(11);
    let cartel: Vec<OperatorId> = stage.players.keys().copied().take(4).collect();
    for operator in &cartel {
        leave(&mut stage, *operator, 49_000);
        convict(&mut stage, *operator, Height(11));
    }
    stage.pass(140);
    assert!(cartel.iter().all(|operator| left(&stage, *operator).is_zero()));
}

#[test]
fn a_window_reaches_what_left_after_the_offence_even_before_the_window_began() {
    let mut stage = Stage::new(10);
    stage.pass(125);
    let cartel: Vec<OperatorId> = stage.players.keys().copied().take(4).collect();
    cartel.iter().for_each(|operator| leave(&mut stage, *operator, 49_000));
    stage.pass(20);
    cartel.iter().for_each(|operator| convict(&mut stage, *operator, Height(125)));
    stage.pass(140);
    assert!(cartel.iter().all(|operator| left(&stage, *operator).is_zero()));
}

#[test]
fn a_window_does_not_reach_what_left_before_the_offence() {
    let mut stage = Stage::new(10);
    stage.pass(11);
    let cartel: Vec<OperatorId> = stage.players.keys().copied().take(4).collect();
    cartel.iter().for_each(|operator| leave(&mut stage, *operator, 10_000));
    stage.pass(20);
    cartel.iter().for_each(|operator| convict(&mut stage, *operator, Height(31)));
    stage.pass(140);
    for operator in &cartel {
        assert!(stage.ledger.bonded(operator).is_zero());
        assert_eq!(left(&stage, *operator), Amount::from_tokens(10_000));
    }
}

#[test]
fn a_suspended_window_does_not_hold_back_the_slashes_of_the_one_before() {
    let mut stage = Stage::new(10);
    stage.ledger.params.get_mut().slashing.delay_blocks = 200;
    let operators: Vec<OperatorId> = stage.players.keys().copied().take(6).collect();
    stage.pass(100);
    convict(&mut stage, operators[0], Height(100));
    stage.pass(60);
    operators.iter().for_each(|operator| convict(&mut stage, *operator, Height(160)));
    stage.pass(121);
    let states = |early: bool| {
        let slashes = stage.ledger.slashes.iter().map(|(_, slash)| slash);
        slashes
            .filter(|slash| slash.offence == Offence::FalseTranscript)
            .filter(|slash| (slash.recorded.0 < 140) == early)
            .map(|slash| slash.state)
            .collect::<Vec<_>>()
    };
    assert_eq!(states(true), [SlashState::Waiting]);
    assert_eq!(states(false), [SlashState::Suspended; 6]);
}

#[test]
fn a_crowd_of_offenders_without_stake_neither_blocks_nor_shelters_one_with_stake() {
    let mut stage = Stage::new(10);
    stage.pass(1);
    let crook = *stage.players.keys().next().unwrap();
    let first = *stage.players.keys().last().unwrap();
    convict(&mut stage, first, Height(1));
    let number = *stage.ledger.windows.iter().next().unwrap().0;
    let mut crowd: Vec<Offender> = (0..4_096u32)
        .map(|n| Offender {
            operator: stranger(crook, n),
            answering: Amount::from_tokens(1),
            committed: Height(1),
            immediate: Amount::ZERO,
        })
        .collect();
    crowd.sort_by_key(|offender| offender.operator);
    stage.ledger.windows.get_mut(&number).unwrap().offenders = crowd.try_into().unwrap();
    convict(&mut stage, crook, Height(1));
    let offenders = &stage.ledger.windows.get(&number).unwrap().offenders;
    assert_eq!(offenders.len(), 4_096);
    assert!(offenders.iter().any(|offender| offender.operator == crook));
}

/// An operator of the same network that nobody knows.
fn stranger(known: OperatorId, n: u32) -> OperatorId {
    let mut bytes = codec::encode(&known);
    let end = bytes.len();
    bytes[end.saturating_sub(4)..].copy_from_slice(&n.to_be_bytes());
    codec::decode(&bytes, end).unwrap()
}

pub(super) fn statements(stage: &Stage, id: TaskId, operator: OperatorId) -> SubmitEvidence {
    let hash = |text: &str| Hash::of(Domain::Commit, text);
    SubmitEvidence {
        first: stage.attest(id, operator, Statement::Commit(hash("a"))),
        second: stage.attest(id, operator, Statement::Commit(hash("b"))),
        key: stage.players[&operator].key.public(),
    }
}

#[test]
fn statements_made_up_for_many_tasks_are_punished_once() {
    let mut stage = Stage::new(12);
    let tasks = [stage.request(Mode::Exact), stage.request(Mode::Exact)];
    let operator = *stage.players.keys().next().unwrap();
    let reporter = stage.requester;
    let reports = tasks.map(|id| {
        let evidence = statements(&stage, id, operator);
        stage.attempt(|ledger, ctx| member::submit_evidence(ledger, ctx, reporter, &evidence))
    });
    assert!(matches!(reports, [Ok(()), Err(TaskError::AlreadySent { .. })]), "{reports:?}");
    // Not seated: a twentieth of what is bonded.
    assert_eq!(stage.slashes(), [(operator, "O5", Amount::from_tokens(2_500))]);
}

#[test]
fn evidence_counts_while_the_stake_of_the_time_cannot_have_left() {
    let mut stage = Stage::new(12);
    let id = stage.request(Mode::Exact);
    let operator = *stage.players.keys().next().unwrap();
    let (evidence, reporter) = (statements(&stage, id, operator), stage.requester);
    stage.pass(stage.ledger.params.get().staking.unbond_blocks);
    let report = |stage: &mut Stage| {
        stage.attempt(|ledger, ctx| member::submit_evidence(ledger, ctx, reporter, &evidence))
    };
    let last = (stage.ledger.clone(), stage.ctx.clone());
    assert_eq!(report(&mut stage), Ok(()));
    (stage.ledger, stage.ctx) = last;
    stage.pass(1);
    assert!(matches!(report(&mut stage), Err(TaskError::NoEvidence(_))));
}

#[test]
fn a_noise_beyond_all_scores_does_not_stop_a_task() {
    let scores = [(Score::ZERO, Seats(3))];
    let checks = Params::default().checks;
    let result = Aggregate::of(&scores, Mode::Tolerant, u64::MAX, &checks).unwrap().unwrap();
    assert_eq!(result.standing(Score::from_micros(i64::MAX)), Standing::Accepted);
}

/// A task whose first member claims that nothing was wrong, up to the openings; the others have
/// opened theirs.
fn contested(mode: Mode) -> (Stage, TaskId, OperatorId) {
    let mut stage = Stage::new(12);
    let id = stage.request(mode);
    stage.reach(id, TaskPhase::Commit);
    let members = stage.committee(id);
    let liar = members.iter().min_by_key(|m| m.seats).unwrap().operator;
    let honest = || members.iter().map(|m| m.operator).filter(|operator| *operator != liar);
    let (work, lie) = (stage.transcript(id, &WRONG), stage.transcript(id, &[]));
    stage.commit(id, liar, &lie).unwrap();
    honest().for_each(|operator| stage.commit(id, operator, &work).unwrap());
    stage.reach(id, TaskPhase::Reveal);
    stage.reveal(id, liar, &lie).unwrap();
    honest().for_each(|operator| stage.reveal(id, operator, &work).unwrap());
    stage.reach(id, TaskPhase::Spot);
    honest().for_each(|operator| stage.open(id, operator, &work).unwrap());
    (stage, id, liar)
}

#[test]
fn leaving_one_leaf_unopened_does_not_make_a_false_transcript_cheaper() {
    let (mut stage, id, liar) = contested(Mode::Exact);
    let lie = stage.transcript(id, &[]);
    let wanted = stage.wanted(id, liar);
    let common =
        stage.wanted(id, stage.committee(id).iter().find(|m| m.operator != liar).unwrap().operator);
    let kept =
        wanted.iter().copied().find(|index| !common.contains(index) && !WRONG.contains(index));
    let shown: Vec<u32> = wanted.iter().copied().filter(|index| Some(*index) != kept).collect();
    assert!(shown.iter().any(|index| WRONG.contains(index)), "no false leaf was drawn");
    stage.open_these(id, liar, &lie, &shown).unwrap();
    stage.reach(id, TaskPhase::Provisional);
    assert_eq!(stage.slashes().first().map(|s| s.1), Some("O3"));
    stage.vote(id, |_| Some(WRONG.to_vec()));
    let tenth = stage.seat_lock(id, liar).mul_div_ceil(1, 10).unwrap();
    let lost = stage.slashes().iter().filter(|s| s.0 == liar).map(|s| s.2).collect::<Vec<_>>();
    assert_eq!(Amount::sum(lost).unwrap(), tenth);
    assert!(matches!(
        stage.ledger.operators.get(&liar).unwrap().standing,
        staking::Standing::Jailed { .. }
    ));
    let outcome = stage.ledger.outcomes.get(&id).unwrap();
    assert_eq!(outcome.members.iter().find(|m| m.operator == liar).unwrap().clean, Some(false));
}

#[test]
fn a_flagged_member_on_whose_leaves_the_jury_could_not_rule_is_neither_paid_nor_cleared() {
    let (mut stage, id, liar) = contested(Mode::Exact);
    let lie = stage.transcript(id, &[]);
    stage.open(id, liar, &lie).unwrap();
    stage.reach(id, TaskPhase::Provisional);
    // Every juror finds something else at the false items: nothing is carried.
    let jurors = stage.ledger.juries.get(&id).unwrap().jurors.to_vec();
    let half: u32 = jurors.iter().map(|juror| juror.seats.0).sum::<u32>() / 2;
    assert!(jurors.iter().all(|juror| juror.seats.0 <= half), "one juror rules alone");
    split_vote(&mut stage, id);
    stage.reach(id, TaskPhase::Final);
    let outcome = stage.ledger.outcomes.get(&id).unwrap();
    let member = outcome.members.iter().find(|m| m.operator == liar).unwrap();
    assert_eq!(
        (member.clean, member.paid, outcome.state),
        (None, Amount::ZERO, OutcomeState::Final)
    );
}

/// A ballot in which a juror finds answers that nobody else finds.
fn odd_ballot(stage: &Stage, id: TaskId, juror: OperatorId, accepted: u32) -> JuryReveal {
    let jury = stage.ledger.juries.get(&id).unwrap();
    let tokens = |place: u32| {
        let found = vec![u32::from(codec::encode(&juror).last().copied().unwrap()), place];
        (Answer::Tokens(found.try_into().unwrap()), 0)
    };
    let verdict = |index: &u32| VerdictOfItem {
        item: Hash::of(Domain::Item, index),
        prompt: Hash::of(Domain::Prompt, index),
        accepted: (0..accepted).map(tokens).collect::<Vec<_>>().try_into().unwrap(),
    };
    let verdicts: Vec<VerdictOfItem> = jury.items.iter().map(verdict).collect();
    JuryReveal {
        operator: juror,
        task: id,
        draw: jury.draws,
        verdicts: verdicts.try_into().unwrap(),
        salt: Hash::ZERO,
    }
}

fn commit_ballot(stage: &mut Stage, ballot: &JuryReveal) {
    let account = stage.players[&ballot.operator].account;
    let commit = JuryCommit {
        operator: ballot.operator,
        task: ballot.task,
        draw: ballot.draw,
        commitment: ballot.commitment(stage.ctx.chain),
    };
    stage.attempt(|ledger, ctx| jury::jury_commit(ledger, ctx, account, &commit)).unwrap();
}

fn split_vote(stage: &mut Stage, id: TaskId) {
    let jurors = stage.ledger.juries.get(&id).unwrap().jurors.to_vec();
    let ballots: Vec<JuryReveal> =
        jurors.iter().map(|juror| odd_ballot(stage, id, juror.operator, 1)).collect();
    ballots.iter().for_each(|ballot| commit_ballot(stage, ballot));
    stage.pass(stage.ledger.params.get().jury.commit_blocks);
    for ballot in &ballots {
        let account = stage.players[&ballot.operator].account;
        stage.attempt(|ledger, ctx| jury::jury_reveal(ledger, ctx, account, ballot)).unwrap();
    }
    stage.pass(stage.ledger.params.get().jury.reveal_blocks);
}

#[test]
fn a_juror_that_accepts_two_answers_where_there_are_no_ties_is_refused() {
    let (mut stage, id, liar) = contested(Mode::Exact);
    let lie = stage.transcript(id, &[]);
    stage.open(id, liar, &lie).unwrap();
    stage.reach(id, TaskPhase::Provisional);
    let juror = stage.ledger.juries.get(&id).unwrap().jurors[0].operator;
    let ballot = odd_ballot(&stage, id, juror, 2);
    commit_ballot(&mut stage, &ballot);
    stage.pass(stage.ledger.params.get().jury.commit_blocks);
    let account = stage.players[&juror].account;
    let refused = stage.attempt(|ledger, ctx| jury::jury_reveal(ledger, ctx, account, &ballot));
    assert!(
        matches!(refused, Err(TaskError::OutOfRange { value: 2, highest: 1, .. })),
        "{refused:?}"
    );
}

#[test]
fn a_jury_that_is_late_does_not_keep_other_tasks_from_their_turn() {
    let (mut stage, id, liar) = contested(Mode::Exact);
    let lie = stage.transcript(id, &[]);
    stage.open(id, liar, &lie).unwrap();
    stage.reach(id, TaskPhase::Provisional);
    // The jury's own step was lost; its window is long over when the result is due.
    let mut jury = stage.ledger.juries.get(&id).unwrap().clone();
    jury.phase = JuryPhase::Reveal { until: Height(1) };
    stage.ledger.juries.insert(id, jury);
    let lost: Vec<_> = stage.ledger.schedule.iter().map(|(key, ())| *key).collect();
    for key in lost.iter().filter(|(_, due)| matches!(due, crate::task::Due::Jury(_))) {
        stage.ledger.schedule.remove(key);
    }
    stage.pass(60);
    let other = stage.request(Mode::Exact);
    stage.pass(4);
    assert_eq!(stage.phase(other), TaskPhase::Commit);
    let now = stage.ctx.height;
    phases::end_block(&mut stage.ledger, &mut stage.ctx);
    assert!(stage.ledger.schedule.iter().all(|((at, _), ())| *at > now));
}

#[test]
fn a_doubted_member_does_not_sit_in_the_second_jury_either() {
    // Four operators: the jury comes from inside. A heavy member differs at its leaves.
    let mut stage = Stage::new(4);
    stage.ledger.params.get_mut().checks.fault_tolerant = 5;
    let id = stage.request(Mode::Tolerant);
    stage.reach(id, TaskPhase::Commit);
    let odd = stage.committee(id).iter().min_by_key(|m| m.seats).unwrap().operator;
    // As many right answers as the others, at other items: within the tolerance, and doubted.
    let shifted: Vec<u32> = (0..10).collect();
    stage.play(id, |operator| if operator == odd { shifted.clone() } else { WRONG.to_vec() });
    assert_eq!(stage.standing(id, odd), Some(Standing::Accepted));
    for draws in 1..=2 {
        let jury = stage.ledger.juries.get(&id).unwrap();
        assert_eq!(jury.draws, draws);
        assert!(jury.jurors.iter().all(|juror| juror.operator != odd), "draw {draws}");
        stage.pass(16);
    }
}

#[test]
fn nothing_is_locked_and_nothing_waits_once_all_has_ended() {
    let (mut stage, id, _) = contested(Mode::Exact);
    stage.pass(400);
    assert_eq!(stage.phase(id), TaskPhase::Final);
    assert!(stage.ledger.operators.iter().all(|(_, known)| known.seat_locks.is_zero()));
    assert!(stage.ledger.schedule.iter().next().is_none());
    assert_eq!(stage.ledger.submissions.iter().count(), 0);
    assert_eq!(stage.ledger.ballots.iter().count(), 0);
}
