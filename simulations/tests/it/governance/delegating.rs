//! Delegated power follows the delegate's vote, and never counts twice.

use probity_runtime::governance::message::{Delegate, RemoveVote, TrimDelegation, Undelegate};

use super::*;

/// The message that gives power.
pub(super) fn delegation(
    track: Track,
    to: Address,
    amount: Amount,
    conviction: Conviction,
) -> Message {
    Message::Delegate(Delegate { track, to, amount, conviction })
}

fn give(world: &mut World, from: usize, to: usize, amount: u64, conviction: Conviction) {
    let to = address(&owner(world, to));
    let (track, amount) = (Track::Parameters, tokens(amount));
    let message = Message::Delegate(Delegate { track, to, amount, conviction });
    world.must(&owner(world, from), message).unwrap();
}

fn open(world: &mut World) -> ReferendumId {
    submit(world, Track::Parameters, change("task.commit_blocks", "20", "25"))
}

fn vote(world: &mut World, number: usize, id: ReferendumId, side: Side, amount: u64) {
    let message = ballot(id, whole(side, Conviction::Once, amount));
    world.must(&owner(world, number), message).unwrap();
}

/// Convicted ayes and nays, and the tokens that took part, in tokens.
fn sums(world: &World, id: ReferendumId) -> [u64; 3] {
    let tally = known(world, id).tally;
    [tally.ayes.weight(), tally.nays.weight(), tally.turnout]
        .map(|amount| u64::try_from(amount.units() / 1_000_000_000).unwrap())
}

#[test]
fn delegated_power_follows_the_delegates_vote_with_its_own_conviction() {
    let mut world = world();
    give(&mut world, 1, 0, 20_000, Conviction::Twice);
    give(&mut world, 2, 0, 10_000, Conviction::Unlocked);
    let id = open(&mut world);
    vote(&mut world, 0, id, Side::Aye, 5_000);
    assert_eq!(sums(&world, id), [5_000 + 40_000 + 1_000, 0, 35_000]);
}

#[test]
fn voting_oneself_overrides_before_and_after_the_delegate() {
    for giver_first in [true, false] {
        let mut world = world();
        give(&mut world, 1, 0, 20_000, Conviction::Once);
        give(&mut world, 2, 0, 10_000, Conviction::Once);
        let id = open(&mut world);
        if giver_first {
            vote(&mut world, 1, id, Side::Nay, 25_000);
            vote(&mut world, 0, id, Side::Aye, 5_000);
        } else {
            vote(&mut world, 0, id, Side::Aye, 5_000);
            vote(&mut world, 1, id, Side::Nay, 25_000);
        }
        assert_eq!(sums(&world, id), [15_000, 25_000, 40_000], "giver first: {giver_first}");
        // Taken back, it counts with the delegate again.
        let back = Message::RemoveVote(RemoveVote { referendum: id });
        world.must(&owner(&world, 1), back).unwrap();
        assert_eq!(sums(&world, id), [35_000, 0, 35_000]);
    }
}

#[test]
fn what_was_delegated_after_the_snapshot_counts_with_its_owner_alone() {
    let mut world = world();
    let id = open(&mut world);
    give(&mut world, 1, 0, 20_000, Conviction::Once);
    vote(&mut world, 0, id, Side::Aye, 5_000);
    vote(&mut world, 1, id, Side::Aye, 25_000);
    assert_eq!(sums(&world, id), [30_000, 0, 30_000]);
}

#[test]
fn what_was_taken_back_after_the_snapshot_still_counts_once() {
    let mut world = world();
    give(&mut world, 1, 0, 20_000, Conviction::Once);
    let id = open(&mut world);
    let back = Message::Undelegate(Undelegate { track: Track::Parameters });
    world.must(&owner(&world, 1), back.clone()).unwrap();
    vote(&mut world, 0, id, Side::Aye, 5_000);
    assert_eq!(sums(&world, id), [25_000, 0, 25_000]);
    vote(&mut world, 1, id, Side::Nay, 20_000);
    assert_eq!(sums(&world, id), [5_000, 20_000, 25_000]);
    let giver = owner(&world, 1);
    let refusal = refused(&mut world, &giver, back);
    assert!(refusal.starts_with("governance.delegation.not_delegated: "), "{refusal}");
}

#[test]
fn power_is_not_passed_on_and_a_split_vote_carries_none() {
    let mut world = world();
    give(&mut world, 2, 1, 10_000, Conviction::Once);
    give(&mut world, 1, 0, 20_000, Conviction::Once);
    let id = open(&mut world);
    vote(&mut world, 0, id, Side::Aye, 5_000);
    assert_eq!(sums(&world, id), [25_000, 0, 25_000]);
    vote(&mut world, 1, id, Side::Nay, 20_000);
    assert_eq!(sums(&world, id), [5_000, 30_000, 35_000]);
    let (aye, nay, abstain) = (tokens(10), tokens(10), tokens(0));
    let split = ballot(id, Ballot::Split { aye, nay, abstain });
    world.must(&owner(&world, 1), split).unwrap();
    assert_eq!(sums(&world, id), [5_001, 1, 5_020]);
}

#[test]
fn a_delegation_is_one_on_a_track_to_another_and_of_what_is_held() {
    let mut world = world();
    let giver = owner(&world, 1);
    let message = |to: Address, amount| {
        let (track, conviction) = (Track::Parameters, Conviction::Once);
        Message::Delegate(Delegate { track, to, amount: tokens(amount), conviction })
    };
    let other = address(&owner(&world, 0));
    let own = refused(&mut world, &giver, message(address(&giver), 1));
    assert!(own.starts_with("governance.delegation.to_oneself: "), "{own}");
    let much = refused(&mut world, &giver, message(other, 30_001));
    assert!(much.starts_with("governance.delegation.too_much: 30001 is more"), "{much}");
    let none = refused(&mut world, &giver, message(other, 0));
    assert!(none.starts_with("governance.delegation.nothing: "), "{none}");
    world.must(&giver, message(other, 1)).unwrap();
    let twice = refused(&mut world, &giver, message(other, 1));
    assert!(twice.contains("has delegated 1 on the parameters track to"), "{twice}");
}

#[test]
fn a_delegation_is_lowered_to_what_a_slash_left() {
    let mut world = world();
    give(&mut world, 1, 0, 29_000, Conviction::Once);
    let (account, track) = (address(&owner(&world, 1)), Track::Parameters);
    let trim = Message::TrimDelegation(TrimDelegation { account, track });
    let anyone = owner(&world, 3);
    let covered = refused(&mut world, &anyone, trim.clone());
    assert!(covered.contains("there is nothing to lower"), "{covered}");
    // The operator behind which most of it is equivocates and loses 5 % of what is bonded.
    super::attacks::equivocate(&mut world, 1);
    world.must(&anyone, trim).unwrap();
    let delegation = *world.chain.dao().delegations.get(&(account, track)).unwrap();
    assert_eq!(delegation.amount, world.ledger().holdings(account).unwrap());
    assert!(delegation.amount < tokens(29_000));
}
