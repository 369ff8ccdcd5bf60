//! Random sequences of valid and invalid transactions: every invariant holds after each.
//!
//! `PROPTEST_CASES=10000` runs more of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use probity_protocol::event::TaskPhase;
use probity_protocol::task::Mode;
use probity_simulations::chaos::Act;
use probity_simulations::{Behaviour, Keep, Rigour, World, WorldConfig};
use proptest::prelude::*;

/// How many acts a case has at most.
const ACTS: usize = 24;

/// Worlds in every phase of a task's life, one with a liar, to begin from.
static WORLDS: LazyLock<Vec<World>> = LazyLock::new(|| {
    let phases = [
        TaskPhase::Open,
        TaskPhase::Commit,
        TaskPhase::Reveal,
        TaskPhase::Spot,
        TaskPhase::Provisional,
        TaskPhase::Final,
    ];
    let calm = phases.iter().map(|phase| begun(Behaviour::Honest, *phase));
    let stormy = phases[3..].iter().map(|phase| begun(Behaviour::Inflate, *phase));
    calm.chain(stormy).chain([disputed(true), disputed(false)]).collect()
});

/// A captured committee whose result is in dispute: a jury sits, or both sides look for the item.
fn disputed(shown: bool) -> World {
    let mut world = World::new(&WorldConfig { seed: 12, ..WorldConfig::default() }).unwrap();
    let (benchmark, models) = world.publish(&[800_000]).unwrap();
    let person = world.people[0].clone();
    world.must(&person, World::request(benchmark, models[0], Mode::Exact)).unwrap();
    let task = world.newest_task().unwrap();
    world.run_until(task, 10, |now| now == TaskPhase::Commit).unwrap();
    let members = world.ledger().tasks.get(&task).unwrap().phase.committee().to_vec();
    for actor in &mut world.actors {
        if members.iter().any(|member| member.operator == actor.id()) {
            actor.behaviour = Behaviour::Inflate;
        }
    }
    world.run_until(task, 300, |now| now == TaskPhase::Provisional).unwrap();
    let message = world.challenge(task, shown).unwrap().unwrap();
    world.must(&world.people[1].clone(), message).unwrap();
    world
}

fn begun(behaviour: Behaviour, phase: TaskPhase) -> World {
    let mut world = World::new(&WorldConfig { seed: 11, ..WorldConfig::default() }).unwrap();
    let (benchmark, models) = world.publish(&[800_000, 600_000]).unwrap();
    let person = world.people[0].clone();
    world.must(&person, World::request(benchmark, models[0], Mode::Exact)).unwrap();
    let task = world.newest_task().unwrap();
    if phase != TaskPhase::Open {
        world.run_until(task, 10, |now| now == TaskPhase::Commit).unwrap();
        let first = world.ledger().tasks.get(&task).unwrap().phase.committee()[0].operator;
        for actor in &mut world.actors {
            if actor.id() == first {
                actor.behaviour = behaviour;
            }
        }
        world.run_until(task, 300, |now| now == phase).unwrap();
    }
    world
}

proptest! {
    #[test]
    fn every_invariant_holds_after_every_transaction(
        start in 0..11usize,
        acts in prop::collection::vec((any::<u8>(), any::<u64>()), 1..ACTS),
    ) {
        let mut world = WORLDS[start].clone();
        for (kind, seed) in acts {
            let act = Act { kind, seed };
            if let Err(error) = world.happen(act) {
                return Err(TestCaseError::fail(format!("{act:?}: {error}")));
            }
        }
    }
}

/// Longer lives, so that windows close and slashes are shared out; together they carry out every
/// kind of message, so that the property above is not about refusals alone.
#[test]
fn long_random_lives_keep_every_invariant_and_end_every_task() {
    let mut done = BTreeSet::new();
    for (life, start) in (0u64..).zip(WORLDS.iter()) {
        let mut world = start.clone();
        // A dispute that is to be decided must not be decided by the clock before anyone acts.
        let acts = if world.ledger().disputes.is_empty() { 200 } else { 10 };
        for number in 0..acts {
            let seed = life * 1_000 + number;
            let kind = u8::try_from((seed * 7_919) % 251).unwrap();
            world.happen(Act { kind, seed }).unwrap();
        }
        for actor in &mut world.actors {
            actor.behaviour = Behaviour::Honest;
        }
        for number in 0..1_500u64 {
            if world.ledger().counters.get().open_tasks == 0 {
                break;
            }
            world.act().unwrap();
            world.step().unwrap();
            // While honest jurors bring disputes to an end, others appeal and peek at ballots.
            let kind = if number % 2 == 0 { 34 } else { 35 };
            world.happen(Act { kind, seed: life * 1_000 + number }).unwrap();
        }
        assert_eq!(world.ledger().counters.get().open_tasks, 0);
        if life == 0 {
            world.pass(600).unwrap();
            (0..20).for_each(|seed| world.happen(Act { kind: 11, seed }).unwrap());
        }
        done.extend(world.carried_out.keys().copied());
    }
    let missing: Vec<_> = KINDS_OF_MESSAGES.iter().filter(|kind| !done.contains(*kind)).collect();
    assert!(missing.is_empty(), "never carried out: {missing:?}");
}

/// Every kind of message that chaos sends.
const KINDS_OF_MESSAGES: [&str; 29] = [
    "transfer",
    "register_operator",
    "rotate_operator_key",
    "bond",
    "unbond",
    "withdraw",
    "unjail",
    "register_artifact",
    "transfer_artifact",
    "offer_sale",
    "buy_artifact",
    "withdraw_artifact",
    "advance_state",
    "claim_royalty",
    "request_task",
    "commit",
    "reveal",
    "report_unavailable",
    "post_openings",
    "jury_commit",
    "jury_reveal",
    "submit_evidence",
    "open_dispute",
    "answer_dispute",
    "play_dispute",
    "dispute_commit",
    "dispute_reveal",
    "report_ballot",
    "fund_appeal",
];

/// How many steps a life has, and how many lives there are: `PROBITY_LIFE_STEPS=10000` for long ones.
fn life() -> (u64, u64) {
    let number = |name: &str, usual| {
        std::env::var(name).ok().and_then(|given| given.parse().ok()).unwrap_or(usual)
    };
    (number("PROBITY_LIFE_STEPS", 300), number("PROBITY_LIVES", 2))
}

/// The number of the first life: `PROBITY_LIFE=7` begins with the eighth.
fn first_life() -> u64 {
    std::env::var("PROBITY_LIFE").ok().and_then(|given| given.parse().ok()).unwrap_or_default()
}

/// A world that has enough for a long life: an artifact of each kind, and money for fees.
fn newborn(seed: u64, steps: u64, rigour: Rigour) -> World {
    let config = WorldConfig {
        seed,
        balance: probity_primitives::Amount::from_tokens(1_000_000),
        thorough: (steps / 500).max(1),
        keep: Keep::Newest,
        rigour,
        ..WorldConfig::default()
    };
    let mut world = World::new(&config).unwrap();
    world.publish(&[800_000, 600_000]).unwrap();
    world
}

/// The kinds that lives send besides: those of governance, and what takes a rare state or luck.
const KINDS_OF_LIVES: [&str; 10] = [
    "edit_operator",
    "submit_vote_evidence",
    "submit_proposal_evidence",
    "submit_referendum",
    "cast_vote",
    "remove_vote",
    "delegate",
    "undelegate",
    "trim_delegation",
    "implicate_member",
];

/// How many steps carry out every kind of message.
const LONG: u64 = 10_000;

/// A life: money adds up after every block, every other invariant after every few, and in the end
/// every task and dispute ends.
fn lived(seed: u64, steps: u64, rigour: Rigour) -> World {
    let mut world = newborn(70 + seed, steps, rigour);
    for number in 0..steps {
        let lived = world.live(seed * 1_000_000 + number);
        assert!(lived.is_ok(), "life {seed}, step {number}: {lived:?}");
    }
    world.heal();
    for _ in 0..1_500 {
        if world.ledger().counters.get().open_tasks == 0 {
            break;
        }
        world.act().unwrap();
        world.step().unwrap();
    }
    assert_eq!(world.ledger().counters.get().open_tasks, 0, "life {seed}");
    assert!(world.ledger().disputes.iter().all(|(_, known)| known.is_closed()));
    tell(seed, &world);
    world
}

/// The kinds of messages that a life is to carry out and did not.
fn missed(world: &World) -> Vec<&'static str> {
    let kinds = KINDS_OF_MESSAGES.into_iter().chain(KINDS_OF_LIVES);
    kinds.filter(|kind| !world.carried_out.contains_key(kind)).collect()
}

/// Lives in which what happens next is drawn by what the state has.
#[test]
fn lives_drawn_by_their_present_state_keep_every_invariant_and_come_to_an_end() {
    let (steps, lives) = life();
    let (mut done, mut stages) = (BTreeSet::new(), BTreeSet::new());
    for seed in first_life()..first_life() + lives {
        let world = lived(seed, steps, Rigour::Verified);
        let missing = missed(&world);
        assert!(steps < LONG || missing.is_empty(), "life {seed} never carried out {missing:?}");
        done.extend(world.carried_out.keys().copied());
        stages
            .extend(world.chain.dao().referenda.iter().map(|(_, known)| known.stage.name().name()));
    }
    println!("{} kinds of messages carried out: {done:?}; referenda ended {stages:?}", done.len());
    // What short lives reach too; without it the lives would be about refusals.
    for kind in ["request_task", "reveal", "open_dispute", "cast_vote", "bond", "delegate"] {
        assert!(done.contains(kind), "{kind} was never carried out: {done:?}");
    }
    assert!(stages.contains("enacted"), "{stages:?}");
}

/// One life is long enough for all of the rules: no kind of message is refused throughout. Its blocks
/// are rehearsed, which leads to the same states in a fraction of the time.
#[test]
fn a_life_of_ten_thousand_steps_carries_out_every_kind_of_message() {
    let missing = missed(&lived(2, LONG, Rigour::Elided));
    assert!(missing.is_empty(), "never carried out: {missing:?}");
}

/// What a life was about, for whoever runs long ones.
fn tell(seed: u64, world: &World) {
    let mut actions: BTreeMap<String, usize> = BTreeMap::new();
    for (_, known) in world.chain.dao().referenda.iter() {
        let action = serde_json::to_value(&known.action).unwrap();
        let name = action.as_object().unwrap().keys().next().unwrap().clone();
        *actions.entry(format!("{name} {}", known.stage.name())).or_default() += 1;
    }
    let mut ends: BTreeMap<String, usize> = BTreeMap::new();
    for (_, known) in world.ledger().disputes.iter() {
        *ends.entry(format!("{:?} at level {}", known.ruling(), known.level())).or_default() += 1;
    }
    println!("life {seed}: height {}", world.chain.height());
    println!("  carried out: {:?}", world.carried_out);
    println!("  disputes: {ends:?}");
    println!("  referenda: {actions:?}");
}
