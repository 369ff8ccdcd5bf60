//! Other rules from a height on: who lacks them makes and takes no block, who has them goes on.

use probity_primitives::{Amount, Height, Ppm};
use probity_protocol::Event as Fact;
use probity_protocol::upgrade::{Plan, Protocol};
use probity_runtime::chain::{BlockError, LoadError, Loader};
use probity_runtime::upgrade::{Migration, Missing, Rules, UpgradeError};
use probity_simulations::world::WorldError;
use probity_simulations::{World, WorldConfig};

/// The first block of version 1.
const HEIGHT: Height = Height(5);

const DEARER: &[Migration] = &[
    Migration {
        version: 1,
        run: |ledger| ledger.params.get_mut().fees.transfer = Amount::from_units(7),
    },
    Migration { version: 2, run: |ledger| ledger.params.get_mut().slashing.undefended = Ppm::ONE },
];

fn world(rules: Rules, version: u32) -> World {
    let planned = Some(Plan { version, height: HEIGHT });
    let protocol = Protocol { version: 0, planned };
    World::new(&WorldConfig { rules, protocol, ..WorldConfig::default() }).unwrap()
}

fn missing(error: &WorldError) -> Option<Missing> {
    let WorldError::Block(BlockError::Upgrade(UpgradeError::Missing(missing))) = error else {
        return None;
    };
    Some(*missing)
}

#[test]
fn no_block_is_made_or_taken_without_its_version() {
    let mut old = world(Rules::CURRENT.up_to(0), 1);
    old.pass(4).unwrap();
    let needed = Missing { version: 1, height: HEIGHT, newest: 0 };
    assert_eq!(old.chain.missing(), Some(needed));
    assert_eq!(missing(&old.step().unwrap_err()), Some(needed));
    let mut new = world(Rules::CURRENT, 1);
    new.pass(5).unwrap();
    let block = new.log[5].0.clone();
    let refused = old.chain.apply(&old.tree, block, &[]).unwrap_err();
    assert_eq!(missing(&refused.into()), Some(needed));
    assert_eq!(old.chain.height(), Height(4));
}

#[test]
fn a_newer_program_goes_on_from_the_same_state_to_the_same_roots() {
    let mut old = world(Rules::CURRENT.up_to(0), 1);
    old.pass(4).unwrap();
    let mut new = world(Rules::CURRENT, 1);
    new.pass(9).unwrap();
    let tip = old.chain.tip().clone();
    let mut loader = Loader::by(&old.genesis, Rules::CURRENT, tip).unwrap();
    for (key, value) in old.chain.state().entries() {
        loader.entry(&key, &value).unwrap();
    }
    old.chain = loader.finish().unwrap().0;
    old.pass(5).unwrap();
    assert_eq!(old.chain.tip(), new.chain.tip());
    assert_eq!(new.ledger().protocol.get(), &Protocol { version: 1, planned: None });
    let upgraded: Vec<Height> = (new.events.iter())
        .filter(|(_, event)| event.rule() == Some(&Fact::Upgraded { version: 1 }))
        .map(|(height, _)| *height)
        .collect();
    assert_eq!(upgraded, [HEIGHT]);
}

#[test]
fn an_older_program_does_not_load_a_newer_state() {
    let mut new = world(Rules::CURRENT, 1);
    new.pass(5).unwrap();
    let tip = new.chain.tip().clone();
    let mut loader = Loader::by(&new.genesis, Rules::CURRENT.up_to(0), tip).unwrap();
    for (key, value) in new.chain.state().entries() {
        loader.entry(&key, &value).unwrap();
    }
    let refused = loader.finish().err();
    assert_eq!(refused, Some(LoadError::Version { height: HEIGHT, found: 1, newest: 0 }));
}

#[test]
fn a_version_changes_parameters_at_its_first_block() {
    let rules = Rules { newest: 2, migrations: DEARER };
    let mut world = world(rules, 1);
    world.pass(4).unwrap();
    assert_ne!(world.ledger().params.get().fees.transfer, Amount::from_units(7));
    world.pass(1).unwrap();
    assert_eq!(world.ledger().params.get().fees.transfer, Amount::from_units(7));
}

#[test]
fn a_version_whose_parameters_break_an_inequality_never_begins() {
    let mut world = world(Rules { newest: 2, migrations: DEARER }, 2);
    world.pass(4).unwrap();
    let refused = world.step().unwrap_err().to_string();
    assert!(refused.starts_with("version 2 begins with parameters that are refused"), "{refused}");
    assert_eq!(world.chain.height(), Height(4));
}

#[test]
fn a_document_begins_with_a_version_that_is_there_and_plans_a_later_one() {
    let refused = |protocol| {
        let config = WorldConfig { protocol, ..WorldConfig::default() };
        World::new(&config).unwrap_err().to_string()
    };
    let newer = refused(Protocol { version: 9, planned: None });
    assert_eq!(newer, "the chain begins with version 9 of the rules, this program has up to 1");
    let plan = |version, height| Some(Plan { version, height: Height(height) });
    let none = refused(Protocol { version: 1, planned: plan(1, 5) });
    assert_eq!(none, "the planned version 1 at height 5 is no upgrade from 1 at 0");
    refused(Protocol { version: 0, planned: plan(1, 0) });
}
