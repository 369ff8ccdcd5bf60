//! What passed is carried out, or dropped whole and said so.

use probity_primitives::Height;
use probity_protocol::Bucket;

use super::*;

#[test]
fn a_parameter_change_passes_and_takes_effect_at_its_height() {
    let mut world = world();
    let id = submit(&mut world, Track::Parameters, change("task.commit_blocks", "20", "25"));
    assert_eq!(world.ledger().balance(Bucket::GovDeposit(id.0)), tokens(100));
    until(&mut world, id, StageName::Deciding);
    (0..4).for_each(|number| aye(&mut world, number, id, 25_000));
    until(&mut world, id, StageName::Approved);
    assert_eq!(world.ledger().params.get().task.commit_blocks, 20);
    let before = world.ledger().balance(Bucket::Free(address(&person(&world, 0))));
    until(&mut world, id, StageName::Enacted);
    assert_eq!(world.ledger().params.get().task.commit_blocks, 25);
    let after = world.ledger().balance(Bucket::Free(address(&person(&world, 0))));
    assert_eq!(after, before.checked_add(tokens(100)).unwrap());
    assert_eq!(world.ledger().balance(Bucket::GovDeposit(id.0)), Amount::ZERO);
}

#[test]
fn what_cannot_be_carried_out_at_its_time_fails_whole_and_returns_its_deposit() {
    let mut world = world();
    let first = submit(&mut world, Track::Parameters, change("task.commit_blocks", "20", "25"));
    let other = [("task.commit_blocks", "20", "24"), ("task.open_blocks", "2", "3")].map(
        |(path, before, after)| Change {
            path: text(path),
            before: text(before),
            after: text(after),
        },
    );
    let changes = BoundedVec::from_vec(other.to_vec()).unwrap();
    let late = submit(&mut world, Track::Root, Action::ChangeParameters { changes });
    for number in 0..5 {
        aye(&mut world, number, first, 25_000);
        aye(&mut world, number, late, 25_000);
    }
    until(&mut world, first, StageName::Enacted);
    until(&mut world, late, StageName::Failed);
    let probity_dao::Stage::Failed { why, .. } = known(&world, late).stage else { panic!() };
    assert_eq!(why.as_str(), "task.commit_blocks is 25 and not 20");
    let params = world.ledger().params.get();
    assert_eq!((params.task.commit_blocks, params.task.open_blocks), (25, 2));
    assert_eq!(world.ledger().balance(Bucket::GovDeposit(late.0)), Amount::ZERO);
    let free = world.ledger().balance(Bucket::Free(address(&person(&world, 0))));
    assert!(free > tokens(9_999), "both deposits are back: {free}");
}

/// Why an action cannot be submitted.
#[track_caller]
fn impossible(world: &mut World, track: Track, action: Action, expected: &str) {
    let proposer = person(world, 0);
    let refusal = refused(world, &proposer, submission(track, action));
    assert!(refusal.contains(expected), "{refusal}");
}

/// Several changes at once, in ascending order of path.
fn changes(all: &[(&str, &str, &str)]) -> Action {
    let changes = all.iter().map(|(path, before, after)| Change {
        path: text(path),
        before: text(before),
        after: text(after),
    });
    Action::ChangeParameters { changes: BoundedVec::from_vec(changes.collect()).unwrap() }
}

#[test]
fn no_vote_lowers_a_floor_or_changes_a_unit_of_time() {
    let mut world = world();
    let early = changes(&[
        ("dispute.clock_blocks", "10", "5"),
        ("dispute.vote_blocks", "56", "10"),
        ("staking.unbond_blocks", "560", "400"),
        ("task.commit_max", "60", "20"),
    ]);
    impossible(&mut world, Track::Root, early, "leave after 400 blocks, at least 420 (21 days)");
    let refused = |path| format!("{path} cannot be changed: what is stored is counted in it");
    for (path, before, after) in
        [("governance.blocks_per_day", "20", "10"), ("slashing.window_blocks", "140", "139")]
    {
        impossible(&mut world, Track::Root, change(path, before, after), &refused(path));
    }
    // With the year that has to have so many epochs.
    let epochs =
        changes(&[("staking.epoch_blocks", "10", "20"), ("supply.year_blocks", "3650", "7300")]);
    impossible(&mut world, Track::Root, epochs, &refused("staking.epoch_blocks"));
    let hasty = change("governance.tracks.root.enact", "140", "39");
    impossible(&mut world, Track::Root, hasty, "the root track enacts after 39 blocks");
    let cheating = change("slashing.undefended", "20000", "30000");
    impossible(&mut world, Track::Root, cheating, "the parameters would be refused");
}

#[test]
fn the_parameters_track_moves_numbers_of_evaluation_in_steps_and_not_too_often() {
    let mut world = world();
    let track = Track::Parameters;
    let root = "only the root track";
    impossible(&mut world, track, change("governance.queue", "32", "33"), root);
    impossible(
        &mut world,
        track,
        change("task.sizes", "[{\"seats\":7,\"up_to\":750}]", "[]"),
        root,
    );
    let far = change("task.commit_blocks", "20", "26");
    impossible(&mut world, track, far, "from 20 to 26 is more than 25 % of it");
    impossible(&mut world, track, change("task.colour", "1", "2"), "no parameter \"task.colour\"");
    impossible(&mut world, track, change("task.commit_blocks", "21", "22"), "is 20 and not 21");
    let padded = change("fees.transfer", "\"1000000\"", "\"+1000001\"");
    impossible(&mut world, track, padded, "is not how fees.transfer is written");
    let id = submit(&mut world, track, change("task.commit_blocks", "20", "25"));
    (0..4).for_each(|number| aye(&mut world, number, id, 25_000));
    until(&mut world, id, StageName::Enacted);
    let again = change("task.commit_blocks", "25", "20");
    impossible(&mut world, track, again, "was changed at height");
}

#[test]
fn a_cancelled_referendum_has_no_effect_and_its_deposit_comes_back() {
    let mut world = world();
    let id = submit(&mut world, Track::Root, change("task.commit_blocks", "20", "50"));
    (0..5).for_each(|number| aye(&mut world, number, id, 25_000));
    until(&mut world, id, StageName::Approved);
    let action = Action::CancelReferendum { referendum: id };
    let cancel = submit(&mut world, Track::Cancel, action.clone());
    (0..4).for_each(|number| aye(&mut world, number, cancel, 25_000));
    until(&mut world, cancel, StageName::Enacted);
    assert_eq!(stage(&world, id), StageName::Cancelled);
    world.pass(200).unwrap();
    assert_eq!(world.ledger().params.get().task.commit_blocks, 20);
    let again = world.chain.preview(Track::Root, address(&person(&world, 0)), &action);
    let over = "referendum 0 is cancelled: nothing is left to cancel";
    assert_eq!(again.refused.as_deref(), Some(over));
}

#[test]
fn a_vetoed_referendum_burns_its_deposit() {
    let mut world = world();
    let id = submit(&mut world, Track::Parameters, change("task.commit_blocks", "20", "25"));
    (0..2).for_each(|number| aye(&mut world, number, id, 25_000));
    let veto = ballot(id, whole(Side::NayWithVeto, Conviction::Once, 26_000));
    world.must(&owner(&world, 2), veto).unwrap();
    let burned = world.ledger().supply.get().burned;
    until(&mut world, id, StageName::Vetoed);
    let more = world.ledger().supply.get().burned.checked_sub(burned).unwrap();
    assert_eq!(more, tokens(100));
}

#[test]
fn a_preview_shows_the_effect_and_the_refusal_before_anyone_votes() {
    let mut world = world();
    world.publish(&[1, 2, 3]).unwrap();
    let proposer = address(&person(&world, 0));
    let preview =
        world.chain.preview(Track::Parameters, proposer, &change("task.commit_blocks", "20", "25"));
    assert_eq!(preview.refused, None);
    let shown = &preview.parameters[0];
    let found = (shown.path.as_str(), shown.before.as_str(), shown.after.as_str());
    assert_eq!(found, ("task.commit_blocks", "20", "25"));
    let (to, amount) = (address(&person(&world, 1)), Amount::from_units(1_000));
    let preview = world.chain.preview(Track::LargeSpend, proposer, &Action::Spend { to, amount });
    let treasury = world.ledger().balance(Bucket::Treasury);
    let after = treasury.checked_sub(amount).unwrap();
    assert!(
        preview.balances.iter().any(|one| {
            (one.bucket, one.before, one.after) == (Bucket::Treasury, treasury, after)
        })
    );
    let much = Action::Spend { to, amount: treasury };
    let refused = world.chain.preview(Track::LargeSpend, proposer, &much).refused.unwrap();
    assert!(refused.contains("that the large_spend track may still spend"), "{refused}");
    assert_eq!(world.ledger().balance(Bucket::Treasury), treasury);
}

#[test]
fn a_preview_shows_what_a_pause_and_an_upgrade_would_change() {
    let mut world = world();
    world.pass(4).unwrap();
    assert_eq!(
        facts(&world, Track::Pause, &Action::Pause { blocks: 10 }),
        ["payouts: go on -> paused until block 15"]
    );
    let upgrade = Action::Upgrade { version: 2, height: Height(500) };
    assert_eq!(
        facts(&world, Track::Root, &upgrade),
        ["protocol: version 1 -> version 1, version 2 from block 500"]
    );
    let id = submit(&mut world, Track::Root, upgrade);
    (0..5).for_each(|number| aye(&mut world, number, id, 25_000));
    world.pass(1).unwrap();
    assert_eq!(facts(&world, Track::Root, &Action::Text { hash: Default::default() }), [""; 0]);
    until(&mut world, id, StageName::Enacted);
    assert_eq!(
        facts(&world, Track::Cancel, &Action::CancelUpgrade { version: 2 }),
        ["protocol: version 1, version 2 from block 500 -> version 1"]
    );
    assert_eq!(world.ledger().protocol.get().planned.map(|plan| plan.version), Some(2));
}
