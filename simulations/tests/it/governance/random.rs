//! Random votes, delegations, transfers, stakes, slashes and time: after each of them every tally is
//! what a recount gives, nobody's power has counted twice, locks hold, and deposits lie where they
//! belong.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use probity_simulations::chaos::{self, Act};
use proptest::prelude::*;

use super::*;

/// A world with a vote on each of three tracks, in which power is delegated already.
static OPEN: LazyLock<World> = LazyLock::new(|| {
    let config = WorldConfig { seed: 14, operators: 5, ..WorldConfig::default() };
    let mut world = World::new(&config).unwrap();
    for (number, conviction) in [(1, Conviction::Once), (2, Conviction::Unlocked)] {
        let to = address(&owner(&world, 0));
        for track in [Track::Parameters, Track::Root] {
            let amount = tokens(20_000);
            let given = super::delegating::delegation(track, to, amount, conviction);
            world.must(&owner(&world, number), given).unwrap();
        }
    }
    // A task, so that its operators can equivocate and be slashed.
    let (benchmark, models) = world.publish(&[800_000]).unwrap();
    let request = World::request(benchmark, models[0], probity_protocol::task::Mode::Exact);
    world.must(&person(&world, 1), request).unwrap();
    submit(&mut world, Track::Parameters, change("task.commit_blocks", "20", "25"));
    let hash = probity_primitives::ContentHash::of_file(b"a text");
    submit(&mut world, Track::Root, Action::Text { hash });
    submit(&mut world, Track::Cancel, Action::CancelReferendum { referendum: ReferendumId(0) });
    aye(&mut world, 0, ReferendumId(0), 10_000);
    world
});

/// Kinds of acts: time, transfers, stakes, equivocation, and governance most of all.
fn kind() -> impl Strategy<Value = u8> {
    prop_oneof![
        2 => Just(2u8),
        2 => 5..7u8,
        2 => 7..12u8,
        1 => Just(21u8),
        9 => chaos::governance::KINDS,
    ]
}

proptest! {
    #[test]
    fn random_votes_and_delegations_always_tally_to_a_recount(
        acts in prop::collection::vec((kind(), any::<u64>()), 1..14),
    ) {
        let mut world = OPEN.clone();
        for (kind, seed) in acts {
            let act = Act { kind, seed };
            if let Err(error) = world.happen(act) {
                return Err(TestCaseError::fail(format!("{act:?}: {error}")));
            }
        }
    }
}

/// A longer life, in which referenda pass, fail and are enacted, and every message is carried out.
#[test]
fn long_random_votes_always_tally_to_a_recount() {
    let (mut done, mut stages) = (BTreeSet::new(), BTreeSet::new());
    for life in 0..3u64 {
        let mut world = OPEN.clone();
        for number in 0..160u64 {
            let seed = life * 1_000 + number;
            let span = u64::from(chaos::governance::KINDS.end - chaos::governance::KINDS.start);
            let kind = match number % 4 {
                0 => 2,
                1 => 5 + u8::try_from(seed % 7).unwrap(),
                _ => chaos::governance::KINDS.start + u8::try_from(seed / 4 % span).unwrap(),
            };
            world.happen(Act { kind, seed }).unwrap();
        }
        world.pass(150).unwrap();
        done.extend(world.carried_out.keys().copied());
        let ended = world.chain.dao().referenda.iter().map(|(_, known)| known.stage.name().name());
        stages.extend(ended);
    }
    for kind in ["submit_referendum", "cast_vote", "remove_vote", "delegate", "undelegate"] {
        assert!(done.contains(kind), "{kind} was never carried out: {done:?}");
    }
    assert!(stages.contains("enacted") && stages.len() > 3, "{stages:?}");
}
