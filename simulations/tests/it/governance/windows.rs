//! What holders do about a window in which most of the stake offended.

use probity_primitives::OperatorId;
use probity_protocol::slashing::SlashState;

use super::*;
use crate::evidence::equivocate;

/// Five of eight operators vote twice: more than half of the stake, so that their window waits for
/// the holders. Who they are, and the window's number.
fn suspended() -> (World, Vec<OperatorId>, u64) {
    let mut world = world();
    let slashing = world.ledger().params.get().slashing.clone();
    let blocks = slashing.window_blocks;
    // What is suspended at a window's end is what has not been shared out by then.
    world.pass(blocks - slashing.delay_blocks / 2).unwrap();
    let window = world.chain.height().0 / blocks;
    (0..5).for_each(|place| equivocate(&mut world, place));
    let offenders: Vec<OperatorId> = (0..5).map(|place| world.actors[place].id()).collect();
    world.pass((window + 1) * blocks - world.chain.height().0).unwrap();
    let states: Vec<SlashState> =
        world.ledger().slashes.iter().map(|(_, slash)| slash.state).collect();
    assert_eq!(states, [SlashState::Suspended; 5]);
    (world, offenders, window)
}

/// Lets the holders carry an action out that ends the suspension.
fn decide(world: &mut World, action: Action) {
    let id = submit(world, Track::Cancel, action);
    (0..4).for_each(|number| aye(world, number, id, 25_000));
    until(world, id, StageName::Enacted);
}

#[test]
fn a_preview_shows_what_becomes_of_a_suspended_window_and_its_slashes() {
    let (world, _, window) = suspended();
    let first = world.ledger().slashes.iter().next().unwrap();
    let (first, due) = (*first.0, first.1.due.0.max(world.chain.height().0 + 2));
    let reverted = facts(&world, Track::Cancel, &Action::RevertWindow { window });
    let mut given_back: Vec<String> =
        (first..first + 5).map(|slash| format!("slash {slash}: suspended -> none")).collect();
    given_back.push(format!("window {window}: 5 offenders -> closed"));
    assert_eq!(reverted, given_back);
    let resumed = facts(&world, Track::Cancel, &Action::ResumeWindow { window });
    let goes_on = format!("slash {first}: suspended -> shared out in block {due}");
    assert!(resumed.contains(&goes_on), "{resumed:?}");
    let more = resumed.iter().filter(|row| row.contains(": none -> shared out in block"));
    assert_eq!(more.count(), 5, "{resumed:?}");
}

fn bonded(world: &World, offenders: &[OperatorId]) -> Vec<Amount> {
    offenders.iter().map(|id| world.ledger().bonded(id)).collect()
}

#[test]
fn a_suspended_window_that_holders_resume_costs_what_it_would_have() {
    let (mut world, offenders, window) = suspended();
    let before = bonded(&world, &offenders);
    decide(&mut world, Action::ResumeWindow { window });
    // Beyond a third of the stake an offender loses all of it.
    assert!(before.iter().all(|bonded| !bonded.is_zero()), "{before:?}");
    assert!(bonded(&world, &offenders).iter().all(|bonded| bonded.is_zero()));
    assert!(!world.ledger().windows.contains(&window));
    world.pass(200).unwrap();
    assert!(world.ledger().slashes.is_empty(), "slashes are not shared out");
    let again = submission(Track::Cancel, Action::RevertWindow { window });
    let proposer = person(&world, 0);
    let refusal = refused(&mut world, &proposer, again);
    assert!(refusal.starts_with("governance.impossible.slash"), "{refusal}");
}

#[test]
fn a_suspended_window_that_holders_revert_gives_everything_back() {
    let (mut world, offenders, window) = suspended();
    decide(&mut world, Action::RevertWindow { window });
    let whole = tokens(20_000);
    let bonded = bonded(&world, &offenders);
    assert!(bonded.iter().all(|bonded| *bonded >= whole), "{bonded:?}");
    assert!(!world.ledger().windows.contains(&window));
    assert!(world.ledger().slashes.is_empty());
}

#[test]
fn a_window_that_is_not_suspended_is_neither_resumed_nor_reverted() {
    let mut world = world();
    world.pass(5).unwrap();
    equivocate(&mut world, 0);
    let window = *world.ledger().windows.iter().next().unwrap().0;
    for action in [Action::ResumeWindow { window }, Action::RevertWindow { window }] {
        let proposer = person(&world, 0);
        let refusal = refused(&mut world, &proposer, submission(Track::Cancel, action));
        assert!(refusal.starts_with("governance.impossible.slash"), "{refusal}");
    }
}
