//! What votes do to supply, versions and payouts.

use probity_protocol::Bucket;
use probity_protocol::supply::caps;
use probity_protocol::task::Mode;

use super::*;

/// Lets most owners vote aye, and time pass until it is enacted.
fn pass(world: &mut World, id: ReferendumId) {
    (0..7).for_each(|number| aye(world, number, id, 25_000));
    until(world, id, StageName::Enacted);
}

#[test]
fn a_mint_beyond_a_cap_is_refused_when_it_is_submitted_and_one_within_flows() {
    let mut world = world();
    let proposer = person(&world, 0);
    let much = submission(Track::Supply, Action::Mint { amount: tokens(1) });
    let refusal = refused(&mut world, &proposer, much);
    assert!(refusal.starts_with("governance.impossible.supply"), "{refusal}");
    // Work that was verified and paid for lets something be minted.
    let (benchmark, models) = world.publish(&[800_000]).unwrap();
    world.must(&proposer, World::request(benchmark, models[0], Mode::Exact)).unwrap();
    let task = world.newest_task().unwrap();
    world.finish(task, 400).unwrap();
    let amount = caps(world.ledger(), world.chain.height()).least();
    assert!(!amount.is_zero(), "nothing may be minted");
    let id = submit(&mut world, Track::Supply, Action::Mint { amount });
    pass(&mut world, id);
    assert_eq!(world.ledger().supply.get().minted, amount);
    // The proposer has its deposit back and nothing of what was minted.
    let held = world.ledger().holdings(address(&proposer)).unwrap();
    assert!(held < tokens(10_000), "{held}");
}

#[test]
fn an_upgrade_is_planned_by_one_vote_and_given_up_by_another() {
    let mut world = world();
    let height = probity_primitives::Height(world.chain.height().0 + 1_000);
    let version = world.ledger().protocol.get().version + 1;
    let id = submit(&mut world, Track::Root, Action::Upgrade { version, height });
    pass(&mut world, id);
    let planned = world.ledger().protocol.get().planned.unwrap();
    assert_eq!((planned.version, planned.height), (version, height));
    let other = Action::CancelUpgrade { version: version + 1 };
    let proposer = person(&world, 0);
    let refusal = refused(&mut world, &proposer, submission(Track::Cancel, other));
    assert!(refusal.contains("is planned and not"), "{refusal}");
    let id = submit(&mut world, Track::Cancel, Action::CancelUpgrade { version });
    pass(&mut world, id);
    assert_eq!(world.ledger().protocol.get().planned, None);
}

#[test]
fn a_pause_begins_within_a_few_blocks_of_its_vote() {
    let mut world = world();
    let id = submit(&mut world, Track::Pause, Action::Pause { blocks: 10 });
    let asked = world.chain.height();
    // Seven percent of all tokens, all of them aye: a pause has to be quick.
    aye(&mut world, 0, id, 25_000);
    until(&mut world, id, StageName::Enacted);
    assert!(world.chain.height().since(asked) < 20);
    let until = probity_protocol::pause::until(world.ledger(), world.chain.height());
    assert!(until.is_some());
    let proposer = person(&world, 0);
    let soon = submission(Track::Pause, Action::Pause { blocks: 9 });
    let refusal = refused(&mut world, &proposer, soon);
    assert!(refusal.starts_with("governance.impossible.pause"), "{refusal}");
}

#[test]
fn a_spend_that_comes_due_in_a_pause_is_made_after_it_and_as_much_later() {
    let mut world = world();
    world.publish(&[1, 2, 3]).unwrap();
    let (to, amount) = (address(&person(&world, 1)), Amount::from_units(1_000));
    let spend = submit(&mut world, Track::SmallSpend, Action::Spend { to, amount });
    (0..4).for_each(|number| aye(&mut world, number, spend, 25_000));
    until(&mut world, spend, StageName::Approved);
    let probity_dao::Stage::Approved { enact_at, .. } = known(&world, spend).stage else {
        panic!()
    };
    let pause = submit(&mut world, Track::Pause, Action::Pause { blocks: 30 });
    aye(&mut world, 0, pause, 25_000);
    until(&mut world, pause, StageName::Enacted);
    let over = probity_protocol::pause::until(world.ledger(), world.chain.height()).unwrap();
    assert!(world.chain.height() < enact_at && enact_at < over, "nothing comes due in the pause");
    let held = world.ledger().balance(Bucket::Free(to));
    while world.chain.height() < over {
        assert_eq!(stage(&world, spend), StageName::Approved);
        assert_eq!(world.ledger().balance(Bucket::Free(to)), held);
        world.pass(1).unwrap();
    }
    until(&mut world, spend, StageName::Enacted);
    let paid = held.checked_add(amount).unwrap();
    assert_eq!(world.ledger().balance(Bucket::Free(to)), paid);
    assert_eq!(world.chain.height().since(enact_at), 30);
}
