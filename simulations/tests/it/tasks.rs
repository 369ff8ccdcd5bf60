//! Tasks from request to payment, with honest, lying, silent and clumsy operators.

use probity_primitives::{Amount, OperatorId, Score, TaskId};
use probity_protocol::event::TaskPhase;
use probity_protocol::slashing::Offence;
use probity_protocol::task::{Mode, OutcomeState, Phase, VoidReason};
use probity_simulations::{Behaviour, Sheet, World, WorldConfig};

/// More blocks than any task of the development parameters takes.
const BLOCKS: u64 = 300;

fn world(seed: u64) -> World {
    World::new(&WorldConfig { seed, ..WorldConfig::default() }).unwrap()
}

/// A world with one model of quality 0.8, and a task to evaluate it that is in its commit phase.
fn requested(seed: u64) -> (World, TaskId, Sheet) {
    let mut world = world(seed);
    let (benchmark, models) = world.publish(&[800_000]).unwrap();
    let person = world.people[0].clone();
    world.must(&person, World::request(benchmark, models[0], Mode::Exact)).unwrap();
    let task = world.newest_task().unwrap();
    world.run_until(task, 10, |phase| phase == TaskPhase::Commit).unwrap();
    let sheet = world.sheets[0].1;
    (world, task, sheet)
}

fn members(world: &World, task: TaskId) -> Vec<OperatorId> {
    let committee = world.ledger().tasks.get(&task).unwrap().phase.committee();
    committee.iter().map(|member| member.operator).collect()
}

fn behave(world: &mut World, who: &[OperatorId], behaviour: Behaviour) {
    for actor in &mut world.actors {
        if who.contains(&actor.id()) {
            actor.behaviour = behaviour;
        }
    }
}

fn honest_score(world: &World, task: TaskId, sheet: &Sheet) -> Score {
    let frozen = &world.ledger().tasks.get(&task).unwrap().frozen;
    let right = (0..frozen.items).filter(|index| sheet.record(*index).score > 0).count();
    Score::from_micros(i64::try_from(right).unwrap() * 1_000_000 / i64::from(frozen.items))
}

fn slashed(world: &World) -> Vec<(OperatorId, Offence)> {
    world.ledger().slashes.iter().map(|(_, slash)| (slash.operator, slash.offence)).collect()
}

#[test]
fn honest_operators_reach_the_exact_score_and_are_paid_and_nobody_is_slashed() {
    for seed in 1..=5 {
        let (mut world, task, sheet) = requested(seed);
        assert_eq!(world.finish(task, BLOCKS).unwrap(), TaskPhase::Final);
        let outcome = world.ledger().outcomes.get(&task).unwrap();
        assert_eq!(outcome.score, honest_score(&world, task, &sheet));
        assert_eq!((outcome.dispersion, outcome.state), (0, OutcomeState::Final));
        assert!(outcome.members.iter().all(|member| member.paid > Amount::ZERO));
        assert!(slashed(&world).is_empty());
    }
}

#[test]
fn a_member_that_inflates_its_score_is_flagged_convicted_and_not_paid() {
    let (mut world, task, sheet) = requested(3);
    let liar = members(&world, task)[0];
    behave(&mut world, &[liar], Behaviour::Inflate);
    assert_eq!(world.finish(task, BLOCKS).unwrap(), TaskPhase::Final);
    let outcome = world.ledger().outcomes.get(&task).unwrap().clone();
    assert_eq!(outcome.score, honest_score(&world, task, &sheet));
    for member in &outcome.members {
        assert_eq!(member.paid.is_zero(), member.operator == liar, "{member:?}");
    }
    let convictions: Vec<_> = world.ledger().convictions.iter().map(|(key, _)| *key).collect();
    assert_eq!(convictions, [(task, liar)]);
}

#[test]
fn a_member_that_withholds_its_reveal_pays_the_least_price() {
    let (mut world, task, _) = requested(4);
    let clumsy = members(&world, task)[0];
    behave(&mut world, &[clumsy], Behaviour::Withhold);
    world
        .run_until(task, BLOCKS, |phase| phase != TaskPhase::Commit && phase != TaskPhase::Reveal)
        .unwrap();
    assert_eq!(slashed(&world), [(clumsy, Offence::NoReveal)]);
    world.finish(task, BLOCKS).unwrap();
}

#[test]
fn a_member_that_reveals_something_else_than_it_committed_to_has_revealed_nothing() {
    let (mut world, task, sheet) = requested(4);
    let switching = members(&world, task)[0];
    behave(&mut world, &[switching], Behaviour::Switch);
    assert_eq!(world.finish(task, BLOCKS).unwrap(), TaskPhase::Final);
    let outcome = world.ledger().outcomes.get(&task).unwrap();
    assert_eq!(outcome.score, honest_score(&world, task, &sheet));
    let member = outcome.members.iter().find(|member| member.operator == switching);
    assert!(member.is_none_or(|member| member.score.is_none() && member.paid.is_zero()));
    let convictions: Vec<_> = world.ledger().convictions.iter().map(|(key, _)| *key).collect();
    assert_eq!(convictions, [(task, switching)]);
}

#[test]
fn a_liar_that_opens_honest_leaves_has_opened_nothing() {
    let (mut world, task, sheet) = requested(5);
    let forging = members(&world, task)[0];
    behave(&mut world, &[forging], Behaviour::Forge);
    assert_eq!(world.finish(task, BLOCKS).unwrap(), TaskPhase::Final);
    let outcome = world.ledger().outcomes.get(&task).unwrap();
    assert_eq!(outcome.score, honest_score(&world, task, &sheet));
    let convictions: Vec<_> = world.ledger().convictions.iter().map(|(key, _)| *key).collect();
    assert_eq!(convictions, [(task, forging)]);
}

#[test]
fn a_member_that_does_not_open_its_leaves_is_convicted() {
    let (mut world, task, _) = requested(5);
    let hiding = members(&world, task)[0];
    behave(&mut world, &[hiding], Behaviour::Conceal);
    world.run_until(task, BLOCKS, |phase| phase == TaskPhase::Provisional).unwrap();
    assert_eq!(slashed(&world), [(hiding, Offence::FalseTranscript)]);
    assert_eq!(world.finish(task, BLOCKS).unwrap(), TaskPhase::Final);
}

#[test]
fn a_committee_that_cannot_fetch_ends_void_and_the_requester_gets_everything_back() {
    let (mut world, task, _) = requested(6);
    let everyone: Vec<_> = world.actors.iter().map(probity_simulations::Actor::id).collect();
    behave(&mut world, &everyone, Behaviour::Unable);
    let requester = world.ledger().tasks.get(&task).unwrap().request.requester;
    let before = world.ledger().accounts.get(&requester).unwrap().free;
    let fee = world.ledger().tasks.get(&task).unwrap().request.fee;
    assert_eq!(world.finish(task, BLOCKS).unwrap(), TaskPhase::Void);
    let phase = &world.ledger().tasks.get(&task).unwrap().phase;
    assert!(matches!(phase, Phase::Void { reason: VoidReason::Unavailable, .. }), "{phase:?}");
    let after = world.ledger().accounts.get(&requester).unwrap().free;
    assert_eq!(after, before.checked_add(fee).unwrap());
    assert!(slashed(&world).is_empty());
}

#[test]
fn silent_committees_end_void_after_the_last_round() {
    let (mut world, task, _) = requested(7);
    let everyone: Vec<_> = world.actors.iter().map(probity_simulations::Actor::id).collect();
    behave(&mut world, &everyone, Behaviour::Silent);
    assert_eq!(world.finish(task, BLOCKS).unwrap(), TaskPhase::Void);
    assert_eq!(world.ledger().tasks.get(&task).unwrap().round, 2);
}

#[test]
fn the_same_seed_gives_the_same_roots_and_another_seed_does_not() {
    let run = |seed| {
        let (mut world, task, _) = requested(seed);
        world.finish(task, BLOCKS).unwrap();
        // A proof of a VRF output is randomised, its output is not: compare states, not headers.
        world.chain.tip().state_root
    };
    assert_eq!(run(8), run(8));
    assert_ne!(run(8), run(9));
}
