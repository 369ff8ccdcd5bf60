//! Who works honestly is never slashed, whatever everyone else does.

use probity_primitives::OperatorId;
use probity_protocol::Event as Fact;
use probity_protocol::task::Mode;
use probity_runtime::Event;
use probity_simulations::{Behaviour, World, WorldConfig};
use proptest::prelude::*;

const BEHAVIOURS: [Behaviour; 8] = [
    Behaviour::Honest,
    Behaviour::Inflate,
    Behaviour::Switch,
    Behaviour::Forge,
    Behaviour::Silent,
    Behaviour::Withhold,
    Behaviour::Conceal,
    Behaviour::Unable,
];

/// Runs one task to its end among operators that behave so; who was slashed.
fn slashed(seed: u64, behaviours: &[usize], mode: Mode) -> (World, Vec<OperatorId>) {
    let mut world = World::new(&WorldConfig { seed, ..WorldConfig::default() }).unwrap();
    let (benchmark, models) = world.publish(&[700_000]).unwrap();
    for (actor, behaviour) in world.actors.iter_mut().zip(behaviours) {
        actor.behaviour = BEHAVIOURS[*behaviour];
    }
    let person = world.people[0].clone();
    world.must(&person, World::request(benchmark, models[0], mode)).unwrap();
    let task = world.newest_task().unwrap();
    world.finish(task, 1_500).unwrap();
    let found = world.events.iter().filter_map(|(_, event)| {
        if let Event::Rule(Fact::Slashed { operator, .. }) = event { Some(*operator) } else { None }
    });
    let found = found.collect();
    (world, found)
}

proptest! {
    // A case is a whole task: fewer of them than of single transactions.
    #![proptest_config(ProptestConfig {
        cases: ProptestConfig::default().cases / 8,
        ..ProptestConfig::default()
    })]

    #[test]
    fn an_honest_operator_is_never_slashed_whatever_the_others_do(
        seed in 0..1_000u64,
        behaviours in prop::collection::vec(0..BEHAVIOURS.len(), 8),
        exact in any::<bool>(),
    ) {
        let mode = if exact { Mode::Exact } else { Mode::Tolerant };
        let (world, slashed) = slashed(seed, &behaviours, mode);
        for id in slashed {
            let behaviour = world.actor(&id).unwrap().behaviour;
            prop_assert_ne!(behaviour, Behaviour::Honest, "{:?} was slashed", id);
        }
    }
}
