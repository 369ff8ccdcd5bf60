//! How juries come to rulings, and to none.

use probity_primitives::transcript::Answer;
use probity_primitives::{Domain, Hash, OperatorId, TaskId};

use super::stage::{Stage, WRONG};
use crate::event::TaskPhase;
use crate::task::message::{JuryCommit, JuryReveal};
use crate::task::{
    Jury, JuryPhase, Member, Mode, OutcomeState, Standing, TaskError, VerdictOfItem, jury,
};

fn sitting(stage: &Stage, id: TaskId) -> Jury {
    stage.ledger.juries.get(&id).unwrap().clone()
}

/// What is right at an item, and what the liar claims.
fn right(index: u32) -> (Answer, i64) {
    if WRONG.contains(&index) {
        (Answer::Label(index.saturating_add(1)), 0)
    } else {
        claimed(index)
    }
}

fn claimed(index: u32) -> (Answer, i64) {
    (Answer::Label(index), 1_000_000)
}

fn odd(index: u32) -> (Answer, i64) {
    (Answer::Label(index.saturating_add(7_000)), 0)
}

fn ballot(
    stage: &Stage,
    id: TaskId,
    operator: OperatorId,
    found: &dyn Fn(u32) -> Vec<(Answer, i64)>,
) -> JuryReveal {
    let jury = sitting(stage, id);
    let verdict = |index: &u32| VerdictOfItem {
        item: Hash::of(Domain::Item, index),
        prompt: Hash::of(Domain::Prompt, index),
        accepted: found(*index).try_into().unwrap(),
    };
    let verdicts: Vec<VerdictOfItem> = jury.items.iter().map(verdict).collect();
    let verdicts = verdicts.try_into().unwrap();
    JuryReveal { operator, task: id, draw: jury.draws, verdicts, salt: Hash::ZERO }
}

fn commit(stage: &mut Stage, ballot: &JuryReveal) -> Result<(), TaskError> {
    let account = stage.players[&ballot.operator].account;
    let commitment = ballot.commitment(stage.ctx.chain);
    let JuryReveal { operator, task, draw, .. } = *ballot;
    let commit = JuryCommit { operator, task, draw, commitment };
    stage.attempt(|ledger, ctx| jury::jury_commit(ledger, ctx, account, &commit))
}

fn show(stage: &mut Stage, ballot: &JuryReveal) -> Result<(), TaskError> {
    let account = stage.players[&ballot.operator].account;
    stage.attempt(|ledger, ctx| jury::jury_reveal(ledger, ctx, account, ballot))
}

fn vote(stage: &mut Stage, ballots: &[JuryReveal]) {
    ballots.iter().for_each(|ballot| commit(stage, ballot).unwrap());
    stage.pass(stage.ledger.params.get().jury.commit_blocks);
    ballots.iter().for_each(|ballot| show(stage, ballot).unwrap());
    stage.pass(stage.ledger.params.get().jury.reveal_blocks);
}

/// A task in which a member claims that nothing was wrong, and its jury; `delta` is the
/// benchmark's.
fn accused(delta: u64, change: impl Fn(&mut Stage, TaskId)) -> (Stage, TaskId, OperatorId) {
    let mut stage = Stage::new(12);
    let id = stage.request(Mode::Exact);
    stage.ledger.tasks.get_mut(&id).unwrap().frozen.delta = delta;
    stage.reach(id, TaskPhase::Commit);
    change(&mut stage, id);
    let liar = stage.committee(id).iter().min_by_key(|m| m.seats).unwrap().operator;
    stage.play(id, |operator| if operator == liar { Vec::new() } else { WRONG.to_vec() });
    (stage, id, liar)
}

/// Members that have so many seats together, and the others.
fn split(members: &[Member], wanted: u32) -> Option<(Vec<OperatorId>, Vec<Member>)> {
    let Some((first, rest)) = members.split_first() else {
        return (wanted == 0).then(Default::default);
    };
    let with = wanted.checked_sub(first.seats.0).and_then(|left| split(rest, left));
    if let Some((chosen, others)) = with {
        return Some(([vec![first.operator], chosen].concat(), others));
    }
    let (chosen, others) = split(rest, wanted)?;
    Some((chosen, [vec![*first], others].concat()))
}

#[test]
fn three_of_five_seats_are_no_jury() {
    let (mut stage, id, _) = accused(0, |_, _| ());
    let (voting, _) = split(&sitting(&stage, id).jurors, 3).unwrap();
    let ballots: Vec<_> =
        voting.iter().map(|juror| ballot(&stage, id, *juror, &|i| vec![right(i)])).collect();
    vote(&mut stage, &ballots);
    let jury = sitting(&stage, id);
    assert_eq!(jury.draws, 2);
    assert!(matches!(jury.phase, JuryPhase::Commit { .. }));
}

#[test]
fn half_of_the_revealed_seats_carry_nothing() {
    let (mut stage, id, liar) = accused(0, |_, _| ());
    let (voting, others) = split(&sitting(&stage, id).jurors, 2).unwrap();
    let (against, _) = split(&others, 2).unwrap();
    let mut ballots: Vec<_> =
        voting.iter().map(|juror| ballot(&stage, id, *juror, &|i| vec![right(i)])).collect();
    ballots.extend(against.iter().map(|juror| ballot(&stage, id, *juror, &|i| vec![odd(i)])));
    vote(&mut stage, &ballots);
    let jury = sitting(&stage, id);
    assert_eq!(jury.phase, JuryPhase::Done { quorum: true });
    assert!(jury.ruling.iter().all(Option::is_none));
    assert!(stage.slashes().iter().all(|(operator, ..)| *operator != liar));
}

#[test]
fn as_many_outsiders_as_a_jury_needs_are_enough_and_one_less_is_not() {
    for (more, outside) in [(0, true), (1, false)] {
        let (stage, id, _) = accused(0, |stage, id| {
            let outsiders = stage.players.len().saturating_sub(stage.committee(id).len());
            let least = u32::try_from(outsiders).unwrap().saturating_add(more);
            stage.ledger.tasks.get_mut(&id).unwrap().frozen.jury.min_operators = least;
        });
        assert_eq!(sitting(&stage, id).outside, outside);
    }
}

#[test]
fn a_juror_shows_what_it_committed_to_once_and_in_the_present_draw() {
    let (mut stage, id, _) = accused(0, |_, _| ());
    let juror = sitting(&stage, id).jurors[0].operator;
    let honest = ballot(&stage, id, juror, &|i| vec![right(i)]);
    let early = JuryReveal { draw: 0, ..honest.clone() };
    assert!(matches!(commit(&mut stage, &early), Err(TaskError::Unknown(_))));
    commit(&mut stage, &honest).unwrap();
    assert!(matches!(commit(&mut stage, &honest), Err(TaskError::AlreadySent { .. })));
    assert!(matches!(show(&mut stage, &honest), Err(TaskError::Unknown(_))));
    stage.pass(stage.ledger.params.get().jury.commit_blocks);
    let other = ballot(&stage, id, juror, &|i| vec![odd(i)]);
    assert!(matches!(show(&mut stage, &other), Err(TaskError::Commitment { .. })));
    show(&mut stage, &honest).unwrap();
    assert!(matches!(show(&mut stage, &honest), Err(TaskError::AlreadySent { .. })));
}

#[test]
fn a_silent_juror_has_missed_an_assignment_and_a_voting_one_has_not() {
    let (mut stage, id, _) = accused(0, |_, _| ());
    let jurors = sitting(&stage, id).jurors;
    let silent = jurors.iter().min_by_key(|juror| juror.seats).unwrap().operator;
    let voting = jurors.iter().map(|juror| juror.operator).filter(|juror| *juror != silent);
    let ballots: Vec<_> =
        voting.map(|juror| ballot(&stage, id, juror, &|i| vec![right(i)])).collect();
    vote(&mut stage, &ballots);
    let missed = |operator| stage.ledger.operators.get(&operator).unwrap().misses.bits & 1 == 1;
    assert!(missed(silent));
    assert!(ballots.iter().all(|ballot| !missed(ballot.operator)));
}

#[test]
fn in_the_tie_zone_both_answers_stand() {
    let (mut stage, id, liar) = accused(1, |_, _| ());
    let jurors = sitting(&stage, id).jurors;
    let both = |index| {
        let mut both = vec![right(index), claimed(index)];
        both.sort();
        both.dedup();
        both
    };
    let ballots: Vec<_> =
        jurors.iter().map(|juror| ballot(&stage, id, juror.operator, &both)).collect();
    vote(&mut stage, &ballots);
    assert_eq!(stage.slashes(), []);
    let outcome = stage.ledger.outcomes.get(&id).unwrap();
    assert_eq!(outcome.state, OutcomeState::Contested);
    assert_eq!(outcome.members.iter().find(|m| m.operator == liar).unwrap().clean, Some(true));
}

#[test]
fn an_unopened_leaf_counts_together_with_the_mismatches() {
    let mut stage = Stage::new(12);
    let id = stage.request(Mode::Tolerant);
    stage.reach(id, TaskPhase::Commit);
    let members = stage.committee(id);
    let crook = members.iter().min_by_key(|m| m.seats).unwrap().operator;
    // As many wrong answers as the others have, at other items.
    let lie: Vec<u32> = (40..50).collect();
    let differs = |index: &u32| lie.contains(index) != WRONG.contains(index);
    let work = |stage: &Stage, operator| {
        if operator == crook { stage.transcript(id, &lie) } else { stage.transcript(id, &WRONG) }
    };
    stage.reveal_all(id, work);
    stage.reach(id, TaskPhase::Spot);
    assert_eq!(stage.standing(id, crook), Some(Standing::Accepted));
    let wanted = stage.wanted(id, crook);
    let hidden = *wanted.iter().find(|index| !differs(index)).unwrap();
    let mismatches = u32::try_from(wanted.iter().filter(|index| differs(index)).count()).unwrap();
    assert!(mismatches > 0);
    let checks = &mut stage.ledger.tasks.get_mut(&id).unwrap().frozen.checks;
    checks.fault_tolerant = mismatches.saturating_add(1);
    for drawn in &members {
        let transcript = work(&stage, drawn.operator);
        let shown = wanted.iter().copied();
        let shown: Vec<u32> =
            shown.filter(|index| drawn.operator != crook || *index != hidden).collect();
        stage.open_these(id, drawn.operator, &transcript, &shown).unwrap();
    }
    stage.reach(id, TaskPhase::Provisional);
    assert_eq!(stage.slashes(), []);
    stage.vote(id, |_| Some(WRONG.to_vec()));
    assert_eq!(stage.slashes().first().map(|s| (s.0, s.1)), Some((crook, "O4")));
}
