//! Appeals: who pays, how much, until when, and what comes of it.

use probity_primitives::Amount;

use super::arena::Arena;
use crate::dispute::{self, DisputeError, Ruling, Rung, Side, Stage as At};

/// A dispute that the first jury overturned.
fn overturned() -> (Arena, u64) {
    let mut arena = Arena::captured();
    let id = arena.accuse();
    arena.vote_truly(id);
    (arena, id)
}

#[test]
fn an_appeal_costs_the_side_that_lost_two_costs_of_the_next_level_and_the_other_one() {
    let (mut arena, id) = overturned();
    let (liar, friend) = (arena.friend(210, 1_000), arena.friend(211, 1_000));
    arena.fund(id, Side::Defender, liar, arena.prices(100)).unwrap();
    assert!(matches!(arena.dispute(id).stage, At::Ladder { rung: Rung::Appeal { .. }, .. }));
    arena.fund(id, Side::Challenger, friend, arena.prices(50)).unwrap();
    // Both have paid: nobody has to wait.
    let (_, bench) = arena.bench(id);
    assert_eq!((arena.dispute(id).level(), bench.draw), (1, 1));
    let first = &arena.dispute(id).levels[0].votes;
    assert!(bench.jurors.iter().all(|one| first.iter().all(|vote| vote.operator != one.operator)));
}

#[test]
fn an_appeal_that_fails_costs_those_who_paid_for_it_and_half_goes_to_those_who_paid_against_it() {
    let (mut arena, id) = overturned();
    let (liar, friend) = (arena.friend(210, 1_000), arena.friend(211, 1_000));
    let challenger = arena.free(arena.challenger);
    let before = (arena.free(liar), arena.free(friend));
    arena.fund(id, Side::Defender, liar, arena.prices(100)).unwrap();
    arena.fund(id, Side::Challenger, friend, arena.prices(50)).unwrap();
    arena.vote_truly(id);
    arena.let_stand();
    assert_eq!(arena.ruling(id), Some(Ruling::Overturn));
    // The bond of 50 and the contribution of 50 win half of 100, each in proportion.
    let gain = |now: Amount, then: Amount| now.checked_sub(then).unwrap();
    assert_eq!(gain(arena.free(arena.challenger), challenger), arena.prices(75));
    assert_eq!(gain(arena.free(friend), before.1), arena.prices(25));
    assert_eq!(before.0.checked_sub(arena.free(liar)), Ok(arena.prices(100)));
}

#[test]
fn many_pay_for_an_appeal_together_and_share_in_proportion() {
    let (mut arena, id) = overturned();
    let friends: Vec<_> = (0..4u8).map(|n| arena.friend(210 + n, 1_000)).collect();
    for (friend, part) in friends.iter().zip([40, 30, 20, 10]) {
        arena.fund(id, Side::Defender, *friend, arena.prices(part)).unwrap();
    }
    arena.let_stand();
    arena.vote_falsely(id);
    arena.let_stand();
    // The challenger's bond of 50 was all that the losers had put up: half of it is shared.
    assert_eq!(arena.ruling(id), Some(Ruling::Uphold));
    for (friend, part) in friends.iter().zip([40u128, 30, 20, 10]) {
        let share = arena.prices(25).mul_div_floor(part, 100).unwrap();
        let expected = Amount::from_tokens(1_000).checked_add(share).unwrap();
        assert_eq!(arena.free(*friend), expected);
    }
    // The result is what it was.
    assert_eq!(arena.outcome().corrected, None);
}

#[test]
fn an_appeal_that_is_not_paid_in_the_first_half_is_given_back_and_the_ruling_stands() {
    let (mut arena, id) = overturned();
    let liar = arena.friend(210, 1_000);
    let short = arena.prices(100).checked_sub(arena.prices(4)).unwrap();
    arena.fund(id, Side::Defender, liar, short).unwrap();
    let half = arena.stage.task(arena.task).frozen.dispute.appeal_blocks / 2;
    arena.stage.pass(half);
    arena.check_escrow();
    assert!(matches!(arena.dispute(id).stage, At::Closed { ruling: Ruling::Overturn, .. }));
    assert_eq!(arena.free(liar), Amount::from_tokens(1_000));
}

#[test]
fn truth_needs_no_money_for_the_next_level_to_sit() {
    let (mut arena, id) = overturned();
    let liar = arena.friend(210, 1_000);
    arena.fund(id, Side::Defender, liar, arena.prices(100)).unwrap();
    arena.let_stand();
    arena.vote_truly(id);
    arena.let_stand();
    assert_eq!(arena.ruling(id), Some(Ruling::Overturn));
    let (staked, returned, jurors, burned) = arena.closed().unwrap();
    // 50 and 100; the challenger gets 50 + 50; two juries of 5 and 7 seats; the rest burns.
    let fees = arena.prices(12).mul_div_floor(1, 4).unwrap();
    assert_eq!((staked, returned, jurors), (arena.prices(150), arena.prices(100), fees));
    assert_eq!(arena.prices(50).checked_sub(fees), Ok(burned));
}

#[test]
fn late_small_and_oversized_contributions_are_refused_with_values() {
    let (mut arena, id) = overturned();
    let liar = arena.friend(210, 10_000);
    let over = arena.prices(101);
    let (least, room) = (arena.prices(100).mul_div_ceil(1, 32).unwrap(), arena.prices(100));
    let refused = arena.fund(id, Side::Defender, liar, over);
    assert_eq!(refused, Err(DisputeError::Contribution { offered: over, least, room }));
    let small = least.checked_sub(Amount::from_units(1)).unwrap();
    let refused = arena.fund(id, Side::Defender, liar, small);
    assert_eq!(refused, Err(DisputeError::Contribution { offered: small, least, room }));
    let poor = arena.friend(212, 1);
    let refused = arena.fund(id, Side::Defender, poor, arena.prices(100));
    assert!(matches!(refused, Err(DisputeError::Task(_))), "{refused:?}");
    arena.fund(id, Side::Defender, liar, room).unwrap();
    let full = arena.fund(id, Side::Defender, liar, least);
    assert!(matches!(full, Err(DisputeError::Stage { .. })));
    // The side that won may pay in the second half too, the other one could not have.
    arena.stage.pass(arena.stage.task(arena.task).frozen.dispute.appeal_blocks / 2);
    arena.fund(id, Side::Challenger, liar, arena.prices(50)).unwrap();
    let sits = arena.fund(id, Side::Challenger, liar, least);
    assert!(matches!(sits, Err(DisputeError::Stage { .. })));
}

#[test]
fn jurors_of_a_level_that_was_overturned_pay_and_those_who_agree_with_the_last_do_not() {
    let mut arena = Arena::captured();
    let id = arena.accuse();
    arena.vote_falsely(id);
    let first: Vec<_> =
        arena.dispute(id).levels[0].votes.iter().map(|vote| vote.operator).collect();
    assert_eq!(arena.stage.slashes(), []);
    let challenger = arena.challenger;
    arena.fund(id, Side::Challenger, challenger, arena.prices(100)).unwrap();
    arena.let_stand();
    arena.vote_truly(id);
    arena.let_stand();
    let paid: Vec<_> = arena.stage.slashes().iter().filter(|s| s.1 == "O8").map(|s| s.0).collect();
    assert_eq!(paid, first);
    for juror in &first {
        let seats =
            arena.dispute(id).levels[0].votes.iter().find(|v| v.operator == *juror).unwrap();
        let lock = arena.stage.task(arena.task).frozen.seat_lock;
        let price = lock.checked_mul(seats.seats.0.into()).unwrap().mul_div_ceil(5, 100).unwrap();
        assert!(arena.stage.slashes().contains(&(*juror, "O8", price)));
    }
}

#[test]
fn a_ruling_that_is_reversed_gives_the_result_back_as_it_was() {
    let (mut arena, id) = overturned();
    let row = (arena.outcome().benchmark, arena.outcome().artifact);
    assert_eq!(arena.stage.ledger.board.get(&row), None);
    let liar = arena.friend(210, 1_000);
    arena.fund(id, Side::Defender, liar, arena.prices(100)).unwrap();
    arena.let_stand();
    arena.vote_falsely(id);
    assert_eq!(arena.outcome().state, crate::task::OutcomeState::Provisional);
    assert_eq!(arena.stage.ledger.board.get(&row), Some(&arena.task));
    assert_eq!(arena.outcome().corrected, None);
}

#[test]
fn the_ladder_ends_with_the_holders_and_without_their_vote_the_last_ruling_stands() {
    for voted in [Some(Ruling::Uphold), Some(Ruling::Void), None] {
        let (mut arena, id) = overturned();
        let liar = arena.friend(210, 10_000);
        for price in [100, 200, 400] {
            arena.fund(id, Side::Defender, liar, arena.prices(price)).unwrap();
            arena.let_stand();
            if price < 400 {
                arena.vote_truly(id);
            }
        }
        assert!(matches!(arena.dispute(id).stage, At::Ladder { rung: Rung::Vote { .. }, .. }));
        match voted {
            Some(ruling) => {
                arena.attempt(|ledger, ctx| dispute::rule_by_vote(ledger, ctx, id, ruling)).unwrap()
            }
            None => arena.stage.pass(arena.stage.task(arena.task).frozen.dispute.vote_blocks),
        }
        let expected = voted.unwrap_or(Ruling::Overturn);
        assert!(matches!(arena.dispute(id).stage, At::Closed { ruling, .. } if ruling == expected));
        let again =
            arena.attempt(|ledger, ctx| dispute::rule_by_vote(ledger, ctx, id, Ruling::Overturn));
        assert!(matches!(again, Err(DisputeError::Stage { .. })));
    }
}

#[test]
fn holders_do_not_rule_before_the_juries_have() {
    let (mut arena, id) = overturned();
    let early = arena.attempt(|ledger, ctx| dispute::rule_by_vote(ledger, ctx, id, Ruling::Uphold));
    assert!(matches!(early, Err(DisputeError::Stage { .. })));
    let unknown =
        arena.attempt(|ledger, ctx| dispute::rule_by_vote(ledger, ctx, 99, Ruling::Uphold));
    assert_eq!(unknown, Err(DisputeError::Unknown(99)));
}
