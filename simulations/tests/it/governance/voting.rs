//! Who may vote, with how much, and what becomes of it.

use probity_dao::Tally;
use probity_runtime::governance::message::RemoveVote;
use probity_runtime::message::Transfer;

use super::*;

fn open(world: &mut World) -> ReferendumId {
    submit(world, Track::Parameters, change("task.commit_blocks", "20", "25"))
}

fn tally(world: &World, id: ReferendumId) -> [u64; 5] {
    let Tally { ayes, nays, vetoes, support, turnout } = known(world, id).tally;
    [ayes.weight(), nays.weight(), vetoes.weight(), support, turnout]
        .map(|amount| u64::try_from(amount.units() / 1_000_000_000).unwrap())
}

#[test]
fn staked_tokens_vote_and_conviction_weighs_them() {
    let mut world = world();
    let id = open(&mut world);
    let (one, two) = (owner(&world, 0), owner(&world, 1));
    world.must(&one, ballot(id, whole(Side::Aye, Conviction::SixTimes, 25_000))).unwrap();
    world.must(&two, ballot(id, whole(Side::NayWithVeto, Conviction::Unlocked, 20_000))).unwrap();
    assert_eq!(tally(&world, id), [150_000, 2_000, 2_000, 25_000, 45_000]);
}

#[test]
fn a_vote_can_be_changed_and_taken_back() {
    let mut world = world();
    let id = open(&mut world);
    let one = owner(&world, 0);
    world.must(&one, ballot(id, whole(Side::Aye, Conviction::SixTimes, 25_000))).unwrap();
    let (aye, nay, abstain) = (tokens(100), tokens(50), tokens(30));
    world.must(&one, ballot(id, Ballot::Split { aye, nay, abstain })).unwrap();
    assert_eq!(tally(&world, id), [10, 5, 0, 130, 180]);
    world.must(&one, Message::RemoveVote(RemoveVote { referendum: id })).unwrap();
    assert_eq!(tally(&world, id), [0; 5]);
    let again = refused(&mut world, &one, Message::RemoveVote(RemoveVote { referendum: id }));
    assert!(again.starts_with("governance.vote.not_voted: "), "{again}");
}

#[test]
fn a_vote_with_more_than_was_held_or_of_nothing_is_refused_with_the_values() {
    let mut world = world();
    let id = open(&mut world);
    let one = owner(&world, 0);
    let much = refused(&mut world, &one, ballot(id, whole(Side::Aye, Conviction::Once, 30_001)));
    assert!(much.starts_with("governance.vote.too_much: 30001 is more than 29999.9"), "{much}");
    let nothing = refused(&mut world, &one, ballot(id, whole(Side::Aye, Conviction::Once, 0)));
    assert!(nothing.starts_with("governance.vote.nothing: "), "{nothing}");
    let none = ballot(ReferendumId(9), whole(Side::Aye, Conviction::Once, 1));
    let unknown = refused(&mut world, &one, none);
    assert_eq!(unknown, "governance.vote.unknown: there is no referendum 9");
}

#[test]
fn tokens_that_came_after_the_snapshot_do_not_vote() {
    let mut world = world();
    let id = open(&mut world);
    let (seller, buyer) = (owner(&world, 0), person(&world, 1));
    let transfer = Transfer { to: address(&buyer), amount: tokens(9_000) };
    world.must(&seller, Message::Transfer(transfer)).unwrap();
    let bought = ballot(id, whole(Side::Aye, Conviction::Once, 15_000));
    let refusal = refused(&mut world, &buyer, bought);
    assert!(refusal.contains("15000 is more than 10000: "), "{refusal}");
    // And those that left do not vote for the seller either.
    let sold = ballot(id, whole(Side::Aye, Conviction::Once, 22_000));
    let refusal = refused(&mut world, &seller, sold);
    assert!(refusal.contains("22000 is more than 20999.9"), "{refusal}");
}

#[test]
fn nobody_votes_in_the_block_of_the_submission_or_after_the_end() {
    let mut world = world();
    let (one, two) = (person(&world, 0), owner(&world, 1));
    let action = change("task.commit_blocks", "20", "25");
    world.queue(&one, submission(Track::Parameters, action)).unwrap();
    world.queue(&two, ballot(ReferendumId(0), whole(Side::Aye, Conviction::Once, 1))).unwrap();
    let receipts = world.step().unwrap();
    let refusal = format!("{:?}", receipts[1].outcome);
    assert!(refusal.contains("governance.vote.too_early"), "{refusal}");
    until(&mut world, ReferendumId(0), StageName::TimedOut);
    let late = ballot(ReferendumId(0), whole(Side::Aye, Conviction::Once, 1));
    let refusal = refused(&mut world, &two, late);
    assert!(refusal.starts_with("governance.vote.ended: "), "{refusal}");
}

#[test]
fn an_account_votes_on_a_bounded_number_of_referenda() {
    let mut world = world();
    let voter = owner(&world, 0);
    let limit = probity_dao::locks::MAX_VOTES;
    let mut ids = Vec::new();
    for number in 0..=limit {
        // Every submission is another call; the queue of one track alone would be full.
        let track = if number % 2 == 0 { Track::Root } else { Track::Parameters };
        let hash = probity_primitives::ContentHash::of_file(&number.to_le_bytes());
        let proposer = owner(&world, 1 + number % 7);
        let id = ReferendumId(world.chain.dao().counters.get().referenda);
        world.must(&proposer, submission(track, Action::Text { hash })).unwrap();
        ids.push(id);
    }
    let (last, first) = ids.split_last().unwrap();
    for id in first {
        world.must(&voter, ballot(*id, whole(Side::Nay, Conviction::Once, 1))).unwrap();
    }
    let vote = ballot(*last, whole(Side::Nay, Conviction::Once, 1));
    let refusal = refused(&mut world, &voter, vote.clone());
    assert!(refusal.contains("has 64 votes that are open or locked, which is the limit"));
    world.must(&voter, Message::RemoveVote(RemoveVote { referendum: first[0] })).unwrap();
    world.must(&voter, vote).unwrap();
}

#[test]
fn money_that_moves_in_the_block_of_a_vote_votes_with_whoever_held_it_before() {
    let mut world = world();
    let id = open(&mut world);
    world.pass(3).unwrap();
    let (seller, buyer) = (owner(&world, 0), person(&world, 1));
    let transfer = Transfer { to: address(&buyer), amount: tokens(9_000) };
    world.queue(&seller, Message::Transfer(transfer)).unwrap();
    let both = whole(Side::Aye, Conviction::Once, 15_000);
    world.queue(&buyer, ballot(id, both)).unwrap();
    world.queue(&seller, ballot(id, whole(Side::Aye, Conviction::Once, 25_000))).unwrap();
    let receipts = world.step().unwrap();
    assert!(receipts[0].outcome.is_ok());
    for receipt in &receipts[1..] {
        let outcome = format!("{:?}", receipt.outcome);
        assert!(outcome.contains("governance.vote.too_much"), "{outcome}");
    }
    assert_eq!(tally(&world, id), [0; 5]);
}
