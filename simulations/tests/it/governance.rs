//! Referenda through the real chain, with every invariant checked after every block.

mod attacks;
mod bad;
mod broken;
mod delegating;
mod enacting;
mod locking;
mod powers;
mod random;
mod voting;
mod windows;

use probity_dao::action::Change;
use probity_dao::{Action, Ballot, Conviction, Referendum, ReferendumId, Side, StageName, Track};
use probity_primitives::{Address, Amount, BoundedString, BoundedVec, Keypair};
use probity_runtime::Message;
use probity_runtime::governance::message::{CastVote, SubmitReferendum};
use probity_simulations::actor::NETWORK;
use probity_simulations::{World, WorldConfig, WorldError};

fn tokens(tokens: u64) -> Amount {
    Amount::from_tokens(tokens)
}

fn text<const MAX: usize>(text: &str) -> BoundedString<MAX> {
    BoundedString::new(text).unwrap()
}

fn address(key: &Keypair) -> Address {
    Address::of(&key.public(), NETWORK)
}

/// Eight operators' owners with 30 000 tokens each, most of them bonded, and people with 10 000.
fn world() -> World {
    World::new(&WorldConfig { seed: 14, ..WorldConfig::default() }).unwrap()
}

fn owner(world: &World, number: usize) -> Keypair {
    world.actors[number].owner.clone()
}

fn person(world: &World, number: usize) -> Keypair {
    world.people[number].clone()
}

fn change(path: &str, before: &str, after: &str) -> Action {
    let change = Change { path: text(path), before: text(before), after: text(after) };
    Action::ChangeParameters { changes: BoundedVec::from_vec(vec![change]).unwrap() }
}

fn submission(track: Track, action: Action) -> Message {
    Message::SubmitReferendum(SubmitReferendum { track, title: text("a referendum"), action })
}

/// Submits an action for the first person; gives its number.
fn submit(world: &mut World, track: Track, action: Action) -> ReferendumId {
    let number = world.chain.dao().counters.get().referenda;
    world.must(&person(world, 0), submission(track, action)).unwrap();
    ReferendumId(number)
}

fn whole(side: Side, conviction: Conviction, amount: u64) -> Ballot {
    Ballot::Whole { side, conviction, amount: tokens(amount) }
}

fn ballot(referendum: ReferendumId, ballot: Ballot) -> Message {
    Message::CastVote(CastVote { referendum, ballot })
}

/// Lets an owner vote aye, once convicted.
fn aye(world: &mut World, number: usize, id: ReferendumId, amount: u64) {
    let message = ballot(id, whole(Side::Aye, Conviction::Once, amount));
    world.must(&owner(world, number), message).unwrap();
}

/// What a preview shows besides parameters, money and referenda.
pub(crate) fn facts(world: &World, track: Track, action: &Action) -> Vec<String> {
    let preview = world.chain.preview(track, address(&world.people[0]), action);
    assert_eq!(preview.refused, None);
    let rows = preview.facts.iter();
    rows.map(|row| format!("{}: {} -> {}", row.path, row.before, row.after)).collect()
}

fn known(world: &World, id: ReferendumId) -> Referendum {
    world.chain.dao().referenda.get(&id).unwrap().clone()
}

fn stage(world: &World, id: ReferendumId) -> StageName {
    known(world, id).stage.name()
}

/// Passes blocks until a referendum is at a stage.
fn until(world: &mut World, id: ReferendumId, wanted: StageName) {
    for _ in 0..2_000 {
        if stage(world, id) == wanted {
            return;
        }
        world.pass(1).unwrap();
    }
    panic!("referendum {id} is {} and not {wanted}", stage(world, id));
}

/// The refusal's text.
fn refused(world: &mut World, key: &Keypair, message: Message) -> String {
    match world.must(key, message) {
        Err(WorldError::Refused { code, message }) => format!("{code}: {message}"),
        other => panic!("carried out: {other:?}"),
    }
}
