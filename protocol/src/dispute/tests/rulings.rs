//! The spine: a false result is disputed, a jury overturns it, and everything follows.

use probity_primitives::{Amount, Score, Seats};

use super::arena::{Arena, finding, list, truth};
use crate::dispute::{DisputeError, Ruling, Stage as At};
use crate::event::{Event, TaskPhase};
use crate::task::{Correction, Counting, OutcomeState, Standing, VoidReason};

#[test]
fn thirty_one_seats_overturn_a_false_result_and_the_rest_is_counted_anew() {
    let mut arena = Arena::new(
        crate::task::Mode::Exact,
        |params| params.dispute.levels = list(vec![Seats(31), Seats(63), Seats(127)]),
        |members| {
            let liars: Vec<_> = members.iter().take(4).map(|member| member.operator).collect();
            (members.len() == 7).then_some(liars)
        },
    );
    let board = (arena.outcome().benchmark, arena.outcome().artifact);
    assert_eq!(arena.outcome().score, Score::from_micros(910_000));
    let before = arena.free(arena.challenger);
    let id = arena.accuse();
    assert_eq!(before.checked_sub(arena.free(arena.challenger)), Ok(arena.prices(50)));
    let (_, bench) = arena.bench(id);
    assert_eq!(crate::task::phases::total_seats(&bench.jurors), Seats(31));
    arena.vote_truly(id);

    // The ruling changes the result and the board at once, before it is final.
    assert_eq!(arena.outcome().score, Score::from_micros(900_000));
    let at = arena.stage.ctx.height;
    let from = Score::from_micros(910_000);
    assert_eq!(arena.outcome().corrected, Some(Correction { from, at }));
    assert_eq!(arena.stage.ledger.board.get(&board), Some(&arena.task));
    assert_eq!((arena.outcome().revealed, arena.outcome().operators), (Seats(3), 3));
    assert!(arena.stage.slashes().iter().all(|(_, code, _)| *code != "O6"));

    arena.let_stand();
    assert!(matches!(arena.dispute(id).stage, At::Closed { ruling: Ruling::Overturn, .. }));
    let convicted: Vec<_> = arena.stage.slashes().into_iter().filter(|s| s.1 == "O6").collect();
    assert_eq!(convicted.len(), arena.liars.len());
    for (liar, _, amount) in convicted {
        assert!(arena.liars.contains(&liar));
        assert_eq!(amount, arena.stage.seat_lock(arena.task, liar));
    }
    // The challenger has its bond back: nobody put anything up against it.
    assert_eq!(arena.free(arena.challenger), before);
    for member in &arena.outcome().members {
        let lied = arena.liars.contains(&member.operator);
        assert_eq!(member.counting == Counting::Excluded, lied);
        assert_eq!(member.standing == Some(Standing::Accepted), !lied || member.clean.is_some());
    }
    arena.stage.reach(arena.task, TaskPhase::Final);
    let outcome = arena.outcome();
    assert_eq!((outcome.state, outcome.score), (OutcomeState::Final, Score::from_micros(900_000)));
    for member in &outcome.members {
        assert_eq!(member.paid.is_zero(), arena.liars.contains(&member.operator));
    }
}

#[test]
fn the_challenger_gets_a_fifth_of_what_the_liars_lose() {
    let mut arena = Arena::captured();
    let before = arena.free(arena.challenger);
    let id = arena.accuse();
    arena.vote_truly(id);
    arena.let_stand();
    let lost: Vec<Amount> =
        arena.stage.slashes().iter().filter(|s| s.1 == "O6").map(|s| s.2).collect();
    let bounty = lost.iter().map(|amount| amount.mul_div_floor(1, 5).unwrap());
    let bounty = Amount::sum(bounty).unwrap();
    arena.stage.pass(arena.stage.ledger.params.get().slashing.delay_blocks);
    // All of the network's stake offended less than half: nothing is suspended.
    assert_eq!(arena.free(arena.challenger), before.checked_add(bounty).unwrap());
}

#[test]
fn a_captured_committee_is_replaced_by_one_of_twice_its_seats_and_one() {
    let mut arena = Arena::captured();
    let id = arena.accuse();
    arena.vote_truly(id);
    let row = (arena.outcome().benchmark, arena.outcome().artifact);
    // Nobody is left whose score could be taken, so nothing stands on the board.
    assert_eq!(arena.outcome().state, OutcomeState::Overturned);
    assert_eq!(arena.stage.ledger.board.get(&row), None);
    arena.let_stand();
    arena.stage.reach(arena.task, TaskPhase::Commit);
    let task = arena.stage.task(arena.task);
    assert_eq!((task.round, task.reopened, task.frozen.seats), (2, true, Seats(15)));
    assert!(arena.stage.ledger.outcomes.get(&arena.task).is_none());
    let reopened = |event: &Event| matches!(event, Event::TaskReopened { seats: Seats(15), .. });
    assert!(arena.stage.ctx.events.iter().any(reopened));
    // The liars are jailed, and the new committee is honest.
    let members = arena.stage.committee(arena.task);
    assert!(members.iter().all(|member| !arena.liars.contains(&member.operator)));
    let task = arena.task;
    arena.stage.play(task, |_| crate::task::tests::stage::WRONG.to_vec());
    arena.stage.reach(task, TaskPhase::Final);
    assert_eq!(arena.outcome().score, Score::from_micros(900_000));
}

#[test]
fn a_result_that_falls_twice_is_void_and_the_fee_comes_back() {
    let mut arena = Arena::captured();
    let id = arena.accuse();
    arena.vote_truly(id);
    arena.let_stand();
    let task = arena.task;
    arena.stage.reach(task, TaskPhase::Commit);
    let lie = super::arena::without(arena.lie);
    arena.liars = arena.stage.committee(task).iter().map(|member| member.operator).collect();
    arena.stage.play(task, |_| lie.clone());
    let requester = arena.stage.requester;
    let before = arena.free(requester);
    let id = arena.accuse();
    arena.vote_truly(id);
    arena.let_stand();
    arena.stage.reach(task, TaskPhase::Void);
    let void =
        |event: &Event| matches!(event, Event::TaskVoid { reason: VoidReason::Overturned, .. });
    assert!(arena.stage.ctx.events.iter().any(void));
    let back = arena.stage.task(task).request.fee;
    assert_eq!(arena.free(requester), before.checked_add(back).unwrap());
    assert_eq!(arena.stage.ledger.disputes.get(&id).unwrap().ruling(), Some(Ruling::Overturn));
}

#[test]
fn an_upheld_result_costs_the_challenger_its_bond_and_changes_nothing() {
    let mut arena = Arena::honest();
    let member = arena.outcome().members[0].operator;
    // The challenger claims that a right answer is wrong.
    let item = 50;
    let mut wrong = crate::task::tests::stage::WRONG.to_vec();
    wrong.push(item);
    let mine = arena.stage.transcript(arena.task, &wrong);
    let theirs = arena.true_transcript();
    let rival = arena.rival_of(member, &mine, Some((&theirs, item)));
    let before = arena.free(arena.challenger);
    let outcome = arena.outcome().clone();
    let id = arena.open(crate::dispute::message::Challenge::Aggregate(Box::new(rival))).unwrap();
    let evidence = finding(&[truth(item)]);
    arena.vote(id, |_| Some((Ruling::Uphold, evidence.clone())));
    arena.let_stand();
    assert_eq!(arena.ruling(id), Some(Ruling::Uphold));
    assert_eq!(before.checked_sub(arena.free(arena.challenger)), Ok(arena.prices(50)));
    assert_eq!(arena.outcome(), &outcome);
    assert_eq!(arena.stage.slashes(), []);
    // Five seats at a quarter of the seat price; the rest burns.
    let (staked, returned, jurors, burned) = arena.closed().unwrap();
    let fee = arena.prices(5).mul_div_floor(1, 4).unwrap();
    assert_eq!((staked, returned, jurors), (arena.prices(50), Amount::ZERO, fee));
    assert_eq!(staked.checked_sub(fee), Ok(burned));
}

#[test]
fn a_jury_that_does_not_vote_is_drawn_again_and_then_nothing_is_wrong() {
    let mut arena = Arena::captured();
    let before = arena.free(arena.challenger);
    let id = arena.accuse();
    arena.vote(id, |_| None);
    let (_, bench) = arena.bench(id);
    assert_eq!(bench.draw, 2);
    arena.vote(id, |_| None);
    arena.let_stand();
    assert_eq!(arena.ruling(id), Some(Ruling::Void));
    // The bond comes back whole, since no juror earned anything of it; the silent ones pay double.
    assert_eq!(arena.free(arena.challenger), before);
    assert!(arena.stage.slashes().iter().all(|(_, code, _)| *code == "O8"));
    assert!(!arena.stage.slashes().is_empty());
    assert_eq!(arena.outcome().state, OutcomeState::Provisional);
}

#[test]
fn a_juror_that_commits_and_never_reveals_pays_double_and_the_others_rule() {
    let mut arena = Arena::captured();
    let id = arena.accuse();
    let rules = arena.stage.task(arena.task).frozen.dispute.clone();
    let (_, bench) = arena.bench(id);
    // The others have two thirds of the seats.
    let silent = *bench.jurors.iter().min_by_key(|juror| juror.seats).unwrap();
    let found = finding(&[truth(arena.lie)]);
    let ballots: Vec<_> = bench
        .jurors
        .iter()
        .map(|juror| arena.ballot(id, juror.operator, (Ruling::Overturn, found.clone())))
        .collect();
    ballots.iter().for_each(|ballot| arena.commit(ballot).unwrap());
    arena.stage.pass(rules.commit_blocks);
    for ballot in ballots.iter().filter(|ballot| ballot.operator != silent.operator) {
        arena.reveal(ballot).unwrap();
    }
    arena.stage.pass(rules.reveal_blocks);
    let silent_ballot = ballots.iter().find(|one| one.operator == silent.operator).unwrap();
    assert!(matches!(arena.reveal(silent_ballot), Err(DisputeError::Stage { .. })));
    arena.let_stand();
    assert_eq!(arena.ruling(id), Some(Ruling::Overturn));
    let lock = arena.stage.task(arena.task).frozen.seat_lock;
    let double = lock.checked_mul(silent.seats.0.into()).unwrap().mul_div_ceil(10, 100).unwrap();
    let incoherent: Vec<_> =
        arena.stage.slashes().into_iter().filter(|(_, code, _)| *code == "O8").collect();
    assert_eq!(incoherent, [(silent.operator, "O8", double)]);
}

#[test]
fn in_the_tie_zone_either_answer_is_accepted_and_nobody_is_at_fault() {
    let mut arena = Arena::captured();
    arena.stage.ledger.tasks.get_mut(&arena.task).unwrap().frozen.delta = 1;
    let lie = leaf(&arena);
    let before = arena.free(arena.challenger);
    let id = arena.accuse();
    let both = finding(&[truth(arena.lie), lie]);
    arena.vote(id, |_| Some((Ruling::Void, both.clone())));
    arena.let_stand();
    assert_eq!(arena.ruling(id), Some(Ruling::Void));
    assert_eq!(arena.stage.slashes(), []);
    let fee = arena.prices(5).mul_div_floor(1, 4).unwrap();
    assert_eq!(before.checked_sub(arena.free(arena.challenger)), Ok(fee));
}

fn leaf(arena: &Arena) -> crate::task::Opened {
    let transcript = arena.transcript(arena.liars[0]);
    let index = usize::try_from(arena.lie).unwrap();
    crate::task::Opened::of(&transcript.leaves()[index])
}
