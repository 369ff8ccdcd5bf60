//! What is late, double, too small, too large, or somebody else's is refused, with values.

use probity_primitives::{Amount, Hash, Height, Score, TaskId};

use super::arena::{Arena, finding, stretch, truth};
use crate::bank::Bucket;
use crate::dispute::message::{Challenge, DisputeCommit, ReportBallot};
use crate::dispute::{self, DisputeError, Evidence, Ruling};
use crate::event::TaskPhase;
use crate::task::{Mode, Opened, Phase, TaskError};

fn withheld(arena: &Arena, item: u32) -> Challenge {
    Challenge::Withheld { member: arena.outcome().members[0].operator, item }
}

#[test]
fn a_dispute_is_refused_before_the_result_and_after_its_time() {
    let mut arena = Arena::honest();
    let challenge = withheld(&arena, 1);
    arena.stage.reach(arena.task, TaskPhase::Final);
    assert!(matches!(arena.open(challenge.clone()), Err(DisputeError::Late { .. })));
    arena.task = arena.stage.request(Mode::Exact);
    assert!(matches!(arena.open(challenge.clone()), Err(DisputeError::Late { .. })));
    let mut message = arena.message(challenge);
    message.task = TaskId::default();
    let sender = arena.challenger;
    let refused = arena.attempt(|ledger, ctx| dispute::open(ledger, ctx, sender, &message));
    assert!(matches!(refused, Err(DisputeError::Task(_))), "{refused:?}");
}

#[test]
fn a_bond_that_is_too_small_or_not_there_is_refused() {
    let mut arena = Arena::honest();
    let mut message = arena.message(withheld(&arena, 1));
    let needed = arena.prices(50);
    message.bond = needed.checked_sub(Amount::from_units(1)).unwrap();
    let (offered, sender) = (message.bond, arena.challenger);
    let refused = arena.attempt(|ledger, ctx| dispute::open(ledger, ctx, sender, &message));
    assert_eq!(refused, Err(DisputeError::Bond { offered, needed }));
    let poor = arena.friend(213, 1);
    message.bond = needed;
    let refused = arena.attempt(|ledger, ctx| dispute::open(ledger, ctx, poor, &message));
    assert!(matches!(refused, Err(DisputeError::Task(_))), "{refused:?}");
    assert!(arena.stage.ledger.disputes.is_empty());
    assert_eq!(arena.stage.ledger.balance(Bucket::BondEscrow(0)), Amount::ZERO);
}

#[test]
fn of_a_bond_that_is_too_large_only_what_is_needed_is_taken() {
    let mut arena = Arena::honest();
    let needed = arena.prices(50);
    let mut message = arena.message(withheld(&arena, 1));
    message.bond = Amount::from_units(u128::MAX);
    let sender = arena.challenger;
    let had = arena.stage.ledger.balance(Bucket::Free(sender));
    arena.attempt(|ledger, ctx| dispute::open(ledger, ctx, sender, &message)).unwrap();
    assert_eq!(arena.stage.ledger.balance(Bucket::BondEscrow(0)), needed);
    let left = arena.stage.ledger.balance(Bucket::Free(sender));
    assert_eq!(left, had.checked_sub(needed).unwrap());
}

#[test]
fn deposits_double_with_each_open_dispute_of_an_account_up_to_its_limit() {
    let mut arena = Arena::honest();
    let mut before = arena.free(arena.challenger);
    for times in [50, 100, 200, 400] {
        arena.open(withheld(&arena, 1)).unwrap();
        let now = arena.free(arena.challenger);
        assert_eq!(before.checked_sub(now), Ok(arena.prices(times)));
        before = now;
    }
    let refused = arena.open(withheld(&arena, 1));
    let what = "disputes of this account";
    assert_eq!(refused, Err(DisputeError::TooMany { what, open: 4, limit: 4 }));
}

#[test]
fn a_task_takes_so_many_disputes_and_keeps_a_place_for_one_about_its_result() {
    let mut arena = Arena::captured();
    for n in 0..7u8 {
        arena.challenger = arena.friend(220 + n, 1_000);
        arena.open(withheld(&arena, 1)).unwrap();
    }
    arena.challenger = arena.friend(230, 1_000);
    let what = "disputes on this task";
    let full = Err(DisputeError::TooMany { what, open: 8, limit: 8 });
    assert_eq!(arena.open(withheld(&arena, 1)), full);
    let id = arena.accuse();
    assert_eq!(arena.dispute(id).level(), 0);
    arena.challenger = arena.friend(231, 1_000);
    let rival = arena.rival(arena.liars[0], true);
    let what = "disputes about this result as a whole";
    let second = arena.open(Challenge::Aggregate(Box::new(rival)));
    assert_eq!(second, Err(DisputeError::TooMany { what, open: 1, limit: 1 }));
}

#[test]
fn a_second_challenge_of_a_result_costs_four_times_as_much_and_finds_the_time_it_needs() {
    let mut arena = Arena::captured();
    let id = arena.accuse();
    arena.vote_falsely(id);
    arena.let_stand();
    assert_eq!(arena.ruling(id), Some(Ruling::Uphold));
    // A sham challenge must not be what kept a better one out.
    let Phase::Provisional { until, .. } = arena.stage.task(arena.task).phase else {
        panic!("not provisional")
    };
    let now = arena.stage.ctx.height;
    assert!(until > Height(now.0 + 4), "{until} {now}");
    for times in [200, 800] {
        let before = arena.free(arena.challenger);
        let id = arena.accuse();
        assert_eq!(before.checked_sub(arena.free(arena.challenger)), Ok(arena.prices(times)));
        arena.vote_falsely(id);
        arena.let_stand();
    }
    let rival = arena.rival(arena.liars[0], true);
    let what = "failed disputes about this result as a whole";
    let fourth = arena.open(Challenge::Aggregate(Box::new(rival)));
    let spent = Err(DisputeError::TooMany { what, open: 3, limit: 3 });
    assert!(fourth == spent || matches!(fourth, Err(DisputeError::Late { .. })), "{fourth:?}");
    arena.stage.reach(arena.task, TaskPhase::Final);
}

#[test]
fn a_score_within_the_tolerance_contradicts_nothing() {
    let mut arena = Arena::honest();
    let member = arena.outcome().members[0].operator;
    let rival = arena.rival(member, true);
    let refused = arena.open(Challenge::Aggregate(Box::new(rival)));
    assert!(matches!(refused, Err(DisputeError::Tolerated { tolerance: 0, .. })), "{refused:?}");
}

#[test]
fn leaves_that_do_not_differ_locate_nothing() {
    let mut arena = Arena::captured();
    let (liar, item) = (arena.liars[0], 50);
    let theirs = arena.transcript(liar);
    let rival = arena.rival_of(liar, &arena.true_transcript(), Some((&theirs, item)));
    let refused = arena.open(Challenge::Aggregate(Box::new(rival)));
    assert_eq!(refused, Err(DisputeError::NoDifference { item }));
    let about = |at| Challenge::Transcript {
        member: liar,
        item,
        claimed: truth(item),
        stated: Some(stretch(&theirs, at)),
    };
    assert_eq!(arena.open(about(item)), Err(DisputeError::NoDifference { item }));
    let misplaced = DisputeError::Misplaced { index: 51, wanted: item };
    assert_eq!(arena.open(about(51)), Err(misplaced));
}

#[test]
fn foreign_leaves_and_foreign_members_are_refused() {
    let mut arena = Arena::captured();
    let (liar, item) = (arena.liars[0], arena.lie);
    let mine = arena.true_transcript();
    let rival = arena.rival_of(liar, &mine, Some((&mine, item)));
    let refused = arena.open(Challenge::Aggregate(Box::new(rival)));
    assert!(matches!(refused, Err(DisputeError::Task(_))), "{refused:?}");
    let members: Vec<_> = arena.outcome().members.iter().map(|one| one.operator).collect();
    let stranger = *arena.stage.players.keys().find(|id| !members.contains(id)).unwrap();
    let refused = arena.open(Challenge::Withheld { member: stranger, item });
    assert!(matches!(refused, Err(DisputeError::NotOne { .. })), "{refused:?}");
    let refused = arena.open(withheld(&arena, 100));
    let what = "the disputed item";
    let beyond = TaskError::OutOfRange { what, value: 100, lowest: 0, highest: 99 };
    assert_eq!(refused, Err(DisputeError::Task(beyond)));
    let mut rival = arena.rival(liar, true);
    rival.score = Score::from_micros(1);
    let refused = arena.open(Challenge::Aggregate(Box::new(rival)));
    assert!(matches!(refused, Err(DisputeError::Task(_))), "{refused:?}");
}

#[test]
fn one_item_is_no_proof_in_tolerant_mode_without_a_tie_zone() {
    let mut arena = Arena::captured();
    let (member, item) = (arena.liars[0], arena.lie);
    arena.stage.ledger.tasks.get_mut(&arena.task).unwrap().request.mode = Mode::Tolerant;
    let stated = Some(stretch(&arena.transcript(member), item));
    let challenge = Challenge::Transcript { member, item, claimed: truth(item), stated };
    let refused = arena.open(challenge.clone());
    assert!(matches!(refused, Err(DisputeError::Task(_))), "{refused:?}");
    arena.stage.ledger.tasks.get_mut(&arena.task).unwrap().frozen.delta = 1;
    assert_eq!(arena.open(challenge), Ok(0));
}

#[test]
fn a_juror_shows_what_it_committed_to_once_and_only_what_follows_from_its_evidence() {
    let mut arena = Arena::captured();
    let id = arena.accuse();
    let (_, bench) = arena.bench(id);
    assert!(bench.jurors.len() >= 3);
    let found = finding(&[truth(arena.lie)]);
    let honest = arena.ballot(id, bench.jurors[0].operator, (Ruling::Overturn, found.clone()));
    assert!(matches!(arena.reveal(&honest), Err(DisputeError::Stage { .. })));
    let mut early = honest.clone();
    early.draw = 2;
    assert!(matches!(arena.commit(&early), Err(DisputeError::Stage { .. })));
    arena.commit(&honest).unwrap();
    assert!(matches!(arena.commit(&honest), Err(DisputeError::AlreadySent { .. })));
    let bought = arena.ballot(id, bench.jurors[1].operator, (Ruling::Uphold, found));
    arena.commit(&bought).unwrap();
    let hedge = finding(&[truth(arena.lie), Opened { score: 1, ..truth(arena.lie) }]);
    let hedged = arena.ballot(id, bench.jurors[2].operator, (Ruling::Overturn, hedge));
    arena.commit(&hedged).unwrap();
    arena.stage.pass(arena.stage.task(arena.task).frozen.dispute.commit_blocks);
    let mut other = honest.clone();
    (other.vote, other.evidence) = (Ruling::Void, Evidence::Nothing);
    assert!(matches!(arena.reveal(&other), Err(DisputeError::Commitment { .. })));
    arena.reveal(&honest).unwrap();
    assert!(matches!(arena.reveal(&honest), Err(DisputeError::AlreadySent { .. })));
    let (vote, implied) = (Ruling::Uphold, Some(Ruling::Overturn));
    assert_eq!(arena.reveal(&bought), Err(DisputeError::Contradiction { vote, implied }));
    assert!(matches!(arena.reveal(&hedged), Err(DisputeError::Task(_))));
}

#[test]
fn only_jurors_vote_and_only_with_their_own_key() {
    let mut arena = Arena::captured();
    let id = arena.accuse();
    let (_, bench) = arena.bench(id);
    let found = (Ruling::Overturn, finding(&[truth(arena.lie)]));
    let sits = |operator| bench.jurors.iter().any(|one| one.operator == operator);
    let outsider = *arena.stage.players.keys().find(|id| !sits(**id)).unwrap();
    let ballot = arena.ballot(id, outsider, found.clone());
    assert!(matches!(arena.commit(&ballot), Err(DisputeError::NotOne { .. })));
    let ballot = arena.ballot(id, bench.jurors[0].operator, found);
    let commitment = ballot.commitment(arena.stage.ctx.chain);
    let message =
        DisputeCommit { operator: ballot.operator, dispute: id, level: 0, draw: 1, commitment };
    let thief = arena.stage.players[&outsider].account;
    let refused = arena.attempt(|ledger, ctx| dispute::commit(ledger, ctx, thief, &message));
    assert!(matches!(refused, Err(DisputeError::Task(_))));
}

#[test]
fn a_juror_whose_vote_someone_else_knows_before_the_reveals_loses_its_lock_and_its_vote() {
    let mut arena = Arena::captured();
    let id = arena.accuse();
    let juror = arena.bench(id).1.jurors[0];
    let sold = arena.ballot(id, juror.operator, (Ruling::Overturn, finding(&[truth(arena.lie)])));
    let (message, reporter) = (ReportBallot { ballot: sold.clone() }, arena.friend(210, 0));
    let report = |arena: &mut Arena, message: &ReportBallot| {
        arena.attempt(|ledger, ctx| dispute::report_ballot(ledger, ctx, reporter, message))
    };
    assert!(matches!(report(&mut arena, &message), Err(DisputeError::NotOne { .. })));
    arena.commit(&sold).unwrap();
    let mut guess = message.clone();
    guess.ballot.salt = Hash::from_bytes([1; 32]);
    assert!(matches!(report(&mut arena, &guess), Err(DisputeError::Commitment { .. })));
    report(&mut arena, &message).unwrap();
    let lock = arena.stage.task(arena.task).frozen.seat_lock;
    let lock = lock.checked_mul(juror.seats.0.into()).unwrap();
    assert_eq!(arena.stage.slashes(), [(juror.operator, "O6", lock)]);
    assert!(matches!(report(&mut arena, &message), Err(DisputeError::AlreadySent { .. })));
    arena.stage.pass(arena.stage.task(arena.task).frozen.dispute.commit_blocks);
    assert!(matches!(arena.reveal(&sold), Err(DisputeError::AlreadySent { .. })));
    // From now on everyone shows theirs, and knowing one proves nothing.
    assert!(matches!(report(&mut arena, &message), Err(DisputeError::Stage { .. })));
}
