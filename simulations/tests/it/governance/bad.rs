//! What is oversized, underfunded, double or too late costs its sender a fee and nothing else.

use probity_dao::SubmitError;
use probity_primitives::Height;
use probity_protocol::Bucket;
use probity_runtime::message::Transfer;

use super::*;

/// The refusal of a message that changed nothing but its sender's money, by the fee.
#[track_caller]
fn costs_a_fee_alone(world: &mut World, key: &Keypair, message: Message) -> String {
    let (account, dao) = (Bucket::Free(address(key)), world.chain.dao().clone());
    let before = world.ledger().balance(account);
    let receipt = world.send(key, message).unwrap();
    assert_eq!(before.checked_sub(receipt.fee), Ok(world.ledger().balance(account)));
    let after = world.chain.dao();
    assert_eq!(after.counters.get(), dao.counters.get());
    for id in (0..dao.counters.get().referenda).map(ReferendumId) {
        let [now, then] = [after, &dao].map(|dao| dao.referenda.get(&id).unwrap());
        assert_eq!((&now.tally, now.deposit), (&then.tally, then.deposit));
    }
    let probity_runtime::receipt::Outcome::Refused { code, message } = receipt.outcome else {
        panic!("it was carried out");
    };
    format!("{code}: {message}")
}

fn asking(track: Track, about: u8) -> Message {
    let hash = probity_primitives::ContentHash::of_file(&[about]);
    submission(track, Action::Text { hash })
}

#[test]
fn a_title_that_nobody_could_read_is_refused() {
    let mut world = world();
    let proposer = person(&world, 0);
    for title in ["", " spaces before", "and after ", "two\nlines"] {
        let (track, action) = (Track::Root, change("task.commit_blocks", "20", "25"));
        let message = SubmitReferendum { track, title: text(title), action };
        let message = Message::SubmitReferendum(message);
        let refusal = costs_a_fee_alone(&mut world, &proposer, message);
        assert!(refusal.starts_with("governance.submit.title: "), "{refusal}");
    }
}

#[test]
fn a_proposal_whose_deposit_is_not_there_is_refused() {
    let mut world = world();
    let (poor, other) = (person(&world, 0), address(&person(&world, 1)));
    let amount = tokens(9_901);
    world.must(&poor, Message::Transfer(Transfer { to: other, amount })).unwrap();
    let refusal = costs_a_fee_alone(&mut world, &poor, asking(Track::Parameters, 1));
    assert!(refusal.starts_with("governance.deposit.insufficient: the deposit: "), "{refusal}");
    assert!(refusal.contains("98.99"), "what is there: {refusal}");
    assert_eq!(world.ledger().balance(Bucket::GovDeposit(0)), Amount::ZERO);
}

#[test]
fn a_track_that_is_full_refuses_and_every_deposit_comes_back() {
    let mut config = WorldConfig { seed: 14, ..WorldConfig::default() };
    config.governance.queue = 3;
    let mut world = World::new(&config).unwrap();
    let proposer = person(&world, 0);
    let free = |world: &World| world.ledger().balance(Bucket::Free(address(&proposer)));
    let before = free(&world);
    let mut fees = Amount::ZERO;
    for about in 0..3 {
        let fee = world.must(&proposer, asking(Track::Root, about)).unwrap().fee;
        fees = fees.checked_add(fee).unwrap();
    }
    let late = person(&world, 1);
    let refusal = costs_a_fee_alone(&mut world, &late, asking(Track::Root, 3));
    let (track, waiting, limit) = (Track::Root, 3, 3);
    let full = SubmitError::QueueFull { track, waiting, limit };
    assert_eq!(refusal, format!("governance.submit.queue_full: {full}"));
    // A full track fills no other, and has room again when its first one is decided on.
    world.must(&late, asking(Track::Parameters, 4)).unwrap();
    until(&mut world, ReferendumId(0), StageName::Deciding);
    world.must(&late, asking(Track::Root, 3)).unwrap();
    for id in (0..3).map(ReferendumId) {
        until(&mut world, id, StageName::TimedOut);
    }
    assert_eq!(before.checked_sub(fees), Ok(free(&world)));
}

#[test]
fn a_split_vote_that_cannot_be_counted_is_refused() {
    let mut world = world();
    let id = submit(&mut world, Track::Parameters, change("task.commit_blocks", "20", "25"));
    let most = Amount::from_units(u128::MAX);
    let split = Ballot::Split { aye: most, nay: most, abstain: Amount::ZERO };
    let voter = owner(&world, 0);
    let refusal = costs_a_fee_alone(&mut world, &voter, ballot(id, split));
    assert!(refusal.starts_with("governance.vote.arithmetic.overflow: "), "{refusal}");
    let whole = Ballot::Whole { side: Side::Aye, conviction: Conviction::SixTimes, amount: most };
    let refusal = costs_a_fee_alone(&mut world, &voter, ballot(id, whole));
    assert!(refusal.starts_with("governance.vote.too_much: "), "{refusal}");
}

/// Why a referendum that passed had no effect; its deposit is back.
#[track_caller]
fn failed(world: &mut World, id: ReferendumId) -> String {
    until(world, id, StageName::Failed);
    assert_eq!(world.ledger().balance(Bucket::GovDeposit(id.0)), Amount::ZERO);
    let probity_dao::Stage::Failed { why, .. } = known(world, id).stage else { unreachable!() };
    why.to_string()
}

#[test]
fn of_two_spends_that_only_fit_alone_the_second_fails_and_spends_nothing() {
    let mut world = world();
    world.publish(&[1, 2, 3]).unwrap();
    let (to, other) = (address(&person(&world, 1)), address(&person(&world, 2)));
    let treasury = world.ledger().balance(Bucket::Treasury).units();
    let amount = Amount::from_units(treasury / 5);
    let first = submit(&mut world, Track::LargeSpend, Action::Spend { to, amount });
    let second = submit(&mut world, Track::LargeSpend, Action::Spend { to: other, amount });
    for number in 0..5 {
        aye(&mut world, number, first, 25_000);
        aye(&mut world, number, second, 25_000);
    }
    until(&mut world, first, StageName::Enacted);
    let had = world.ledger().balance(Bucket::Free(other));
    let why = failed(&mut world, second);
    assert!(why.contains("that the large_spend track may still spend"), "{why}");
    assert_eq!(world.ledger().balance(Bucket::Free(other)), had);
}

#[test]
fn an_upgrade_whose_height_went_by_while_it_was_voted_on_fails() {
    let mut world = world();
    let version = world.ledger().protocol.get().version + 1;
    let height = Height(world.chain.height().0 + 50);
    let id = submit(&mut world, Track::Root, Action::Upgrade { version, height });
    (0..7).for_each(|number| aye(&mut world, number, id, 25_000));
    let why = failed(&mut world, id);
    assert!(why.starts_with(&format!("an upgrade at height {height} comes too late")), "{why}");
    assert_eq!(world.ledger().protocol.get().planned, None);
}

#[test]
fn what_ended_by_itself_is_not_cancelled_any_more() {
    let mut world = world();
    world.publish(&[1]).unwrap();
    let (to, amount) = (address(&person(&world, 1)), Amount::from_units(1));
    let target = submit(&mut world, Track::SmallSpend, Action::Spend { to, amount });
    until(&mut world, target, StageName::Deciding);
    let probity_dao::Stage::Deciding { until: end, .. } = known(&world, target).stage else {
        unreachable!()
    };
    let rules = world.chain.dao().params.get().tracks.cancel;
    world.pass(end.0 - world.chain.height().0 - rules.confirm - 3).unwrap();
    let cancel = submit(&mut world, Track::Cancel, Action::CancelReferendum { referendum: target });
    (0..7).for_each(|number| aye(&mut world, number, cancel, 20_000));
    let why = failed(&mut world, cancel);
    assert_eq!(why, format!("referendum {target} is timed_out: nothing is left to cancel"));
}
