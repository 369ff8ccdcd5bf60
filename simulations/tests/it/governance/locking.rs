//! Tokens that voted stay where they are until their time.

use probity_protocol::staking::message::{Bond, Unbond};
use probity_runtime::governance::message::{Delegate, RemoveVote, Undelegate};
use probity_runtime::message::Transfer;

use super::*;

/// Money for someone who is not there.
fn send(amount: u64) -> Message {
    let to = address(&probity_simulations::actor::person(14, "elsewhere", 0));
    Message::Transfer(Transfer { to, amount: tokens(amount) })
}

fn open(world: &mut World) -> ReferendumId {
    submit(world, Track::Parameters, change("task.commit_blocks", "20", "25"))
}

#[test]
fn voted_tokens_do_not_leave_and_the_refusal_says_how_much_and_why() {
    let mut world = world();
    let id = open(&mut world);
    let voter = owner(&world, 0);
    world.must(&voter, ballot(id, whole(Side::Aye, Conviction::Once, 25_000))).unwrap();
    world.must(&voter, send(4_000)).unwrap();
    let refusal = refused(&mut world, &voter, send(2_000));
    assert!(refusal.starts_with("governance.locked: "), "{refusal}");
    assert!(refusal.contains("25000 of it is locked by the vote on referendum 0"), "{refusal}");
    // The same tokens stake, unbond and vote elsewhere: they do not leave the account.
    let operator = world.actors[3].id();
    world.must(&voter, Message::Bond(Bond { operator, amount: tokens(3_000) })).unwrap();
    world.must(&voter, Message::Unbond(Unbond { operator, amount: None })).unwrap();
    let hash = probity_primitives::ContentHash::of_file(b"a text");
    let other = submit(&mut world, Track::Root, Action::Text { hash });
    world.must(&voter, ballot(other, whole(Side::Nay, Conviction::Twice, 25_000))).unwrap();
    // Taken back while they are open, votes hold nothing.
    for referendum in [id, other] {
        world.must(&voter, Message::RemoveVote(RemoveVote { referendum })).unwrap();
    }
    world.must(&voter, send(2_000)).unwrap();
}

#[test]
fn a_lock_lasts_for_the_periods_of_its_conviction_and_ends_by_itself() {
    let mut world = world();
    let id = open(&mut world);
    let voter = owner(&world, 0);
    world.must(&voter, ballot(id, whole(Side::Nay, Conviction::Twice, 29_000))).unwrap();
    until(&mut world, id, StageName::Rejected);
    let ended = known(&world, id).stage.ended().unwrap();
    let period = world.chain.dao().params.get().lock_period;
    let end = ended.0 + 2 * period;
    while world.chain.height().0 + 2 < end {
        world.pass(1).unwrap();
    }
    let refusal = refused(&mut world, &voter, send(2_000));
    assert!(refusal.contains(&format!("until height {end}")), "{refusal}");
    world.must(&voter, send(2_000)).unwrap();
}

#[test]
fn delegated_tokens_are_locked_and_for_a_period_at_least_after_they_were_taken_back() {
    let mut world = world();
    let giver = owner(&world, 1);
    let to = address(&owner(&world, 0));
    let (track, conviction) = (Track::Root, Conviction::Unlocked);
    let given = Delegate { track, to, amount: tokens(29_000), conviction };
    world.must(&giver, Message::Delegate(given)).unwrap();
    let refusal = refused(&mut world, &giver, send(2_000));
    assert!(refusal.contains("by the delegation on the root track until it ends"), "{refusal}");
    world.must(&giver, Message::Undelegate(Undelegate { track })).unwrap();
    let refusal = refused(&mut world, &giver, send(2_000));
    assert!(refusal.contains("by a delegation that was taken back until height"), "{refusal}");
    world.pass(world.chain.dao().params.get().lock_period).unwrap();
    world.must(&giver, send(2_000)).unwrap();
}
