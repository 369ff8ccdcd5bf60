//! Attacks on governances that happened, and what answers them here. Where a number answers, the
//! test runs the attack twice: it fails, and with that number taken away it succeeds.

use probity_dao::{Bar, Falling};
use probity_primitives::{Domain, Hash, Ppm};
use probity_protocol::Bucket;
use probity_protocol::task::message as task;
use probity_runtime::message::Transfer;

use super::*;

/// A world with other numbers of governance.
fn with(change: impl FnOnce(&mut probity_dao::Params)) -> World {
    let mut config = WorldConfig { seed: 14, ..WorldConfig::default() };
    change(&mut config.governance);
    World::new(&config).unwrap()
}

fn flat(percent: u32) -> Bar {
    let share = Ppm::new(percent * 10_000);
    Bar::AtLeast(Falling::new(share, share).unwrap())
}

/// An operator signs two commitments for one task, which costs a part of all it has bonded.
pub(super) fn equivocate(world: &mut World, number: usize) {
    let (benchmark, models) = world.publish(&[800_000]).unwrap();
    let request = World::request(benchmark, models[0], probity_protocol::task::Mode::Exact);
    world.must(&person(world, 0), request).unwrap();
    let (chain, id) = (world.chain.genesis_hash(), world.newest_task().unwrap());
    let actor = world.actors[number].clone();
    let state = |hash: Hash| {
        let statement = task::Statement::Commit(hash);
        task::Attestation::sign(chain, id, 1, actor.id(), statement, &actor.key)
    };
    let message = task::SubmitEvidence {
        first: state(Hash::ZERO),
        second: state(Hash::of(Domain::Seed, &1)),
        key: actor.key.public(),
    };
    let reporter = owner(world, 4);
    world.must(&reporter, Message::SubmitEvidence(message)).unwrap();
}

/// Beanstalk, April 2022: two thirds of the votes, lent for one transaction, emptied it. Here a
/// lender gives its tokens for one block; they were not the attacker's at the snapshot.
#[test]
fn tokens_that_were_lent_for_a_block_have_no_vote() {
    let mut world = world();
    let (attacker, lender) = (person(&world, 0), owner(&world, 0));
    let loan = |from: &Keypair, to: &Keypair, world: &mut World, amount| {
        let transfer = Transfer { to: address(to), amount: tokens(amount) };
        world.must(from, Message::Transfer(transfer)).unwrap();
    };
    loan(&lender, &attacker, &mut world, 9_000);
    let id = submit(&mut world, Track::Parameters, change("task.commit_blocks", "20", "25"));
    // Submitted after the loan, the loan counts; it then has to stay for as long as the vote lasts.
    world.must(&attacker, ballot(id, whole(Side::Aye, Conviction::Once, 18_000))).unwrap();
    let back = Transfer { to: address(&lender), amount: tokens(9_000) };
    let refusal = refused(&mut world, &attacker, Message::Transfer(back));
    assert!(refusal.starts_with("governance.locked: "), "{refusal}");
    // Lent after the submission, it does not count at all.
    let other = submit(&mut world, Track::Parameters, change("task.commit_blocks", "20", "24"));
    let second = owner(&world, 1);
    loan(&second, &attacker, &mut world, 9_000);
    let lent = ballot(other, whole(Side::Aye, Conviction::Once, 20_000));
    let refusal = refused(&mut world, &attacker, lent);
    assert!(refusal.starts_with("governance.vote.too_much: "), "{refusal}");
    // And nothing takes effect in the block that decides it, or in the days that follow.
    let rules = world.chain.dao().params.get().tracks.parameters;
    assert!(rules.confirm + rules.enact > 2 * world.chain.dao().params.get().blocks_per_day);
}

/// What 17 % of all tokens do alone on the root track; gives where it ends.
fn grab_by_few(mut world: World) -> StageName {
    let id = submit(&mut world, Track::Root, change("governance.queue", "32", "33"));
    (0..2).for_each(|number| aye(&mut world, number, id, 29_000));
    until(&mut world, id, StageName::Deciding);
    for _ in 0..1_000 {
        if known(&world, id).stage.decided().is_some() {
            break;
        }
        world.pass(1).unwrap();
    }
    stage(&world, id)
}

/// Build Finance, February 2022: few voted, and whoever did took the minting key.
#[test]
fn a_few_voters_among_many_silent_ones_do_not_change_the_rules() {
    let strict = |params: &mut probity_dao::Params| params.tracks.root.support = flat(20);
    assert_eq!(grab_by_few(with(strict)), StageName::TimedOut);
    let lax = |params: &mut probity_dao::Params| params.tracks.root.support = flat(5);
    assert_eq!(grab_by_few(with(lax)), StageName::Approved);
}

/// Pays half of the treasury to the attacker with a bare majority; gives the refusal, if any.
fn grab_treasury(world: &mut World, amount: Amount) -> Option<String> {
    let to = address(&person(world, 0));
    let message = submission(Track::LargeSpend, Action::Spend { to, amount });
    match world.must(&person(world, 0), message) {
        Ok(_) => None,
        Err(error) => Some(error.to_string()),
    }
}

/// Lets more vote against a referendum than for it, until it is rejected.
fn reject(world: &mut World, id: ReferendumId) {
    aye(world, 0, id, 20_000);
    let nay = ballot(id, whole(Side::Nay, Conviction::Once, 25_000));
    world.must(&owner(world, 1), nay).unwrap();
    until(world, id, StageName::Rejected);
}

/// Compound 289, July 2024: a bare majority, at the third try, granted itself a large part of the
/// treasury. Here a spend has a cap, a failed one waits and costs twice, and others can cancel it.
#[test]
fn a_treasury_is_not_emptied_by_one_vote_nor_by_trying_again() {
    let mut world = world();
    world.publish(&[1, 2, 3]).unwrap();
    let treasury = world.ledger().balance(Bucket::Treasury).units();
    let refusal = grab_treasury(&mut world, Amount::from_units(treasury / 2)).unwrap();
    assert!(refusal.contains("that the large_spend track may still spend"), "{refusal}");
    // A quarter is within the cap; it fails, and the same again has to wait.
    let quarter = Amount::from_units(treasury / 4);
    assert_eq!(grab_treasury(&mut world, quarter), None);
    let id = ReferendumId(0);
    let open = grab_treasury(&mut world, quarter).unwrap();
    assert!(open.contains("asks for the same and is preparing"), "{open}");
    reject(&mut world, id);
    let soon = grab_treasury(&mut world, quarter).unwrap();
    assert!(soon.contains("not again before height"), "{soon}");
    world.pass(world.chain.dao().params.get().cool_down).unwrap();
    assert_eq!(grab_treasury(&mut world, quarter), None);
    let (first, again) = (known(&world, id).deposit, known(&world, ReferendumId(1)).deposit);
    assert_eq!(again, first.checked_mul(2).unwrap());
    // Without the wait, whoever grabs only has to go on asking.
    let mut hasty = with(|params| params.cool_down = 1);
    hasty.publish(&[1, 2, 3]).unwrap();
    assert_eq!(grab_treasury(&mut hasty, quarter), None);
    reject(&mut hasty, id);
    hasty.pass(1).unwrap();
    assert_eq!(grab_treasury(&mut hasty, quarter), None);
    // Without the cap, half of it is one vote away.
    let mut open = with(|params| params.large_spend = Ppm::new(500_000));
    open.publish(&[1, 2, 3]).unwrap();
    let treasury = open.ledger().balance(Bucket::Treasury).units();
    assert_eq!(grab_treasury(&mut open, Amount::from_units(treasury / 2)), None);
}

/// Votes nay, then aye with far more in the decision's last block; gives whether others, who are
/// awake within the extension or the confirm period, still turn it.
fn late_swing(mut world: World) -> StageName {
    let id = submit(&mut world, Track::Parameters, change("task.commit_blocks", "20", "25"));
    until(&mut world, id, StageName::Deciding);
    aye(&mut world, 0, id, 10_000);
    let nay = ballot(id, whole(Side::Nay, Conviction::Once, 15_000));
    world.must(&owner(&world, 1), nay).unwrap();
    let probity_dao::Stage::Deciding { until: end, .. } = known(&world, id).stage else {
        panic!("not deciding");
    };
    while world.chain.height().0 + 3 < end.0 {
        world.pass(1).unwrap();
    }
    (2..4).for_each(|number| aye(&mut world, number, id, 25_000));
    // Whoever is surprised answers half a day later.
    let day = world.chain.dao().params.get().blocks_per_day;
    world.pass(day / 2).unwrap();
    if known(&world, id).stage.decided().is_none() {
        for number in 4..8 {
            let nay = ballot(id, whole(Side::Nay, Conviction::Twice, 25_000));
            world.must(&owner(&world, number), nay).unwrap();
        }
        while known(&world, id).stage.decided().is_none() {
            world.pass(1).unwrap();
        }
    }
    stage(&world, id)
}

/// The last-minute vote: whoever votes last decides, if nobody can answer.
#[test]
fn a_vote_in_the_last_minute_can_be_answered() {
    assert_eq!(late_swing(world()), StageName::Rejected);
    let hasty = |params: &mut probity_dao::Params| {
        params.tracks.parameters.confirm = 1;
        params.extension = 1;
    };
    assert_eq!(late_swing(with(hasty)), StageName::Approved);
}
