//! How disputes begin, and what is decided without a jury.

use probity_primitives::{Amount, OperatorId};

use super::arena::{Arena, finding, stretch, truth, without};
use crate::dispute::message::Challenge;
use crate::dispute::{Question, Ruling, Stage as At};
use crate::task::tests::stage::WRONG;
use crate::task::{Counting, Opened};

/// A dispute about one member's transcript at one item, with or without its leaf.
fn accuse_member(arena: &mut Arena, member: OperatorId, item: u32, shown: bool) -> u64 {
    let stated = shown.then(|| stretch(&arena.transcript(member), item));
    let challenge = Challenge::Transcript { member, item, claimed: truth(item), stated };
    arena.open(challenge).unwrap()
}

#[test]
fn one_opening_locates_the_item_on_which_two_transcripts_differ() {
    let mut arena = Arena::captured();
    let id = arena.accuse();
    let (question, _) = arena.bench(id);
    let stated = Opened { score: 1_000_000, ..truth(arena.lie) };
    let Question::Item { item, stated: found, claimed } = question else { panic!("a segment") };
    assert_eq!((item, found.score, claimed), (arena.lie, stated.score, truth(arena.lie)));
}

#[test]
fn a_member_whose_transcript_is_false_pays_a_tenth_and_its_score_no_longer_counts() {
    let mut arena = Arena::majority();
    let liar = arena.liars[0];
    let item = arena.lie;
    let id = accuse_member(&mut arena, liar, item, true);
    arena.vote_truly(id);
    arena.let_stand();
    let tenth = arena.stage.seat_lock(arena.task, liar).mul_div_ceil(1, 10).unwrap();
    assert!(arena.stage.slashes().contains(&(liar, "O4", tenth)), "{:?}", arena.stage.slashes());
    let of = |member: OperatorId| {
        arena.outcome().members.iter().find(|one| one.operator == member).unwrap().counting
    };
    assert_eq!(of(liar), Counting::Excluded);
    assert!(arena.liars[1..].iter().all(|other| of(*other) == Counting::Counted));
}

#[test]
fn a_leaf_that_is_not_published_is_opened_under_the_clock_by_whoever_has_it() {
    let mut arena = Arena::captured();
    let (liar, item) = (arena.liars[0], arena.lie);
    let id = accuse_member(&mut arena, liar, item, false);
    assert!(matches!(arena.dispute(id).stage, At::Answer { .. }));
    let stated = stretch(&arena.transcript(liar), item);
    arena.answer(id, stated).unwrap();
    arena.vote_truly(id);
    arena.let_stand();
    assert_eq!(arena.ruling(id), Some(Ruling::Overturn));
}

#[test]
fn who_does_not_open_in_time_has_lost() {
    let mut arena = Arena::captured();
    let (liar, item) = (arena.liars[0], arena.lie);
    let before = arena.free(arena.challenger);
    let id = accuse_member(&mut arena, liar, item, false);
    arena.stage.pass(arena.stage.task(arena.task).frozen.dispute.clock_blocks);
    assert!(matches!(arena.dispute(id).stage, At::Closed { ruling: Ruling::Overturn, .. }));
    assert_eq!(
        arena.stage.slashes().iter().map(|s| (s.0, s.1)).collect::<Vec<_>>(),
        [(liar, "O4")]
    );
    assert_eq!(arena.free(arena.challenger), before);
}

#[test]
fn a_transcript_that_is_shown_was_not_withheld_and_its_member_gets_a_tenth_of_the_bond() {
    let mut arena = Arena::honest();
    let member = arena.outcome().members[0].operator;
    let owner = arena.stage.ledger.operators.get(&member).unwrap().owner;
    let (before, owned) = (arena.free(arena.challenger), arena.free(owner));
    let id = arena.open(Challenge::Withheld { member, item: 7 }).unwrap();
    arena.answer(id, stretch(&arena.true_transcript(), 7)).unwrap();
    assert!(matches!(arena.dispute(id).stage, At::Closed { ruling: Ruling::Uphold, .. }));
    assert_eq!(before.checked_sub(arena.free(arena.challenger)), Ok(arena.prices(50)));
    assert_eq!(arena.free(owner).checked_sub(owned), Ok(arena.prices(5)));
    let (staked, returned, jurors, burned) = arena.closed().unwrap();
    assert_eq!((staked, returned), (arena.prices(50), arena.prices(5)));
    assert_eq!((jurors, burned), (Amount::ZERO, arena.prices(45)));
}

#[test]
fn a_withheld_transcript_is_a_false_one() {
    let mut arena = Arena::captured();
    let liar = arena.liars[0];
    let id = arena.open(Challenge::Withheld { member: liar, item: 0 }).unwrap();
    arena.stage.pass(arena.stage.task(arena.task).frozen.dispute.clock_blocks);
    assert_eq!(arena.ruling(id), Some(Ruling::Overturn));
    assert_eq!(arena.stage.slashes().first().map(|s| (s.0, s.1)), Some((liar, "O4")));
}

#[test]
fn a_true_leaf_that_is_disputed_is_upheld_by_a_jury() {
    let mut arena = Arena::honest();
    let member = arena.outcome().members[0].operator;
    let (item, stated) = (10, stretch(&arena.true_transcript(), 10));
    let claimed = Opened { score: 0, ..truth(item) };
    let challenge = Challenge::Transcript { member, item, claimed, stated: Some(stated) };
    let id = arena.open(challenge).unwrap();
    let evidence = finding(&[truth(item)]);
    arena.vote(id, |_| Some((Ruling::Uphold, evidence.clone())));
    arena.let_stand();
    assert_eq!(arena.ruling(id), Some(Ruling::Uphold));
    assert_eq!(arena.stage.slashes(), []);
}

#[test]
fn a_sum_that_does_not_follow_is_overturned_at_once() {
    let mut arena = Arena::majority();
    let liar = arena.liars[0];
    // A root over leaves of which one counts twice: nobody has to run anything to see it.
    let (root, forged) = super::games::forged(&arena, 50);
    super::games::swap_root(&mut arena, liar, root, &forged);
    let stated = Some(forged.stretch(50));
    let challenge = Challenge::Transcript { member: liar, item: 50, claimed: truth(50), stated };
    let id = arena.open(challenge).unwrap();
    assert!(matches!(arena.dispute(id).stage, At::Closed { ruling: Ruling::Overturn, .. }));
    assert_eq!(arena.stage.slashes().first().map(|s| (s.0, s.1)), Some((liar, "O4")));
}

#[test]
fn members_with_the_same_false_leaf_under_another_root_are_implicated() {
    let mut arena = Arena::captured();
    let (first, other) = (arena.liars[0], arena.liars[1]);
    // The other one lies at a second item too, so that its root is its own.
    let mut wrong = without(arena.lie);
    wrong.pop();
    let own = arena.stage.transcript(arena.task, &wrong);
    super::games::swap_transcript(&mut arena, other, &own);
    let id = arena.accuse();
    let opening = own.open(arena.lie).unwrap();
    let message = crate::dispute::message::ImplicateMember { dispute: id, member: other, opening };
    let sender = arena.challenger;
    arena.attempt(|ledger, ctx| crate::dispute::implicate(ledger, ctx, sender, &message)).unwrap();
    arena.vote_truly(id);
    arena.let_stand();
    let paid: Vec<_> = arena.stage.slashes().iter().filter(|s| s.1 == "O6").map(|s| s.0).collect();
    assert!(paid.contains(&first) && paid.contains(&other), "{paid:?}");
}

#[test]
fn who_shares_neither_the_root_nor_the_leaf_is_not_at_fault() {
    let mut arena = Arena::captured();
    let bystander = arena.liars[1];
    let honest = arena.stage.transcript(arena.task, &WRONG);
    super::games::swap_transcript(&mut arena, bystander, &honest);
    let id = arena.accuse();
    let opening = honest.open(arena.lie).unwrap();
    let message =
        crate::dispute::message::ImplicateMember { dispute: id, member: bystander, opening };
    let sender = arena.challenger;
    let refused =
        arena.attempt(|ledger, ctx| crate::dispute::implicate(ledger, ctx, sender, &message));
    assert!(matches!(refused, Err(crate::dispute::DisputeError::NotOne { .. })));
    arena.vote_truly(id);
    arena.let_stand();
    assert!(arena.stage.slashes().iter().all(|(operator, ..)| *operator != bystander));
}
