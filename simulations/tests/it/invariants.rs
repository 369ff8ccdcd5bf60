//! Each invariant is able to fail: a state that breaks it by hand is named by its number.

use probity_primitives::{Amount, Height, Score, TaskId};
use probity_protocol::dispute::message::{Challenge, OpenDispute};
use probity_protocol::event::TaskPhase;
use probity_protocol::task::{Due, Mode, Outcome, Phase, Submission, Task};
use probity_protocol::{Bucket, Ledger};
use probity_runtime::{Message, invariants};
use probity_simulations::{Behaviour, World, WorldConfig};

/// A world with a task in a phase; where it is late enough, a member that did not reveal is
/// slashed.
fn world(phase: TaskPhase) -> (World, TaskId) {
    let mut world = World::new(&WorldConfig { seed: 5, ..WorldConfig::default() }).unwrap();
    let (benchmark, models) = world.publish(&[800_000]).unwrap();
    let person = world.people[0].clone();
    world.must(&person, World::request(benchmark, models[0], Mode::Exact)).unwrap();
    let task = world.newest_task().unwrap();
    world.run_until(task, 10, |now| now == TaskPhase::Commit).unwrap();
    let first = world.ledger().tasks.get(&task).unwrap().phase.committee()[0].operator;
    world.actors.iter_mut().find(|actor| actor.id() == first).unwrap().behaviour =
        Behaviour::Withhold;
    world.run_until(task, 300, |now| now == phase).unwrap();
    (world, task)
}

/// The number of the invariant that a change of a sound state breaks.
fn broken(phase: TaskPhase, change: impl FnOnce(&mut Ledger, TaskId)) -> u8 {
    let (world, task) = world(phase);
    let before = world.ledger().clone();
    assert_eq!(invariants::check(&before, Some(&before)), Ok(()));
    let mut after = before.clone();
    change(&mut after, task);
    invariants::check(&after, Some(&before)).unwrap_err().number
}

fn change_task(ledger: &mut Ledger, id: TaskId, change: impl FnOnce(&mut Task)) {
    change(ledger.tasks.get_mut(&id).unwrap());
}

fn change_outcome(ledger: &mut Ledger, id: TaskId, change: impl FnOnce(&mut Outcome)) {
    change(ledger.outcomes.get_mut(&id).unwrap());
}

#[test]
fn money_from_nowhere_breaks_the_first() {
    let more = |ledger: &mut Ledger, _| {
        let balance = ledger.balance(Bucket::Treasury).checked_add(Amount::from_units(1)).unwrap();
        ledger.buckets.insert(Bucket::Treasury, balance);
    };
    assert_eq!(broken(TaskPhase::Commit, more), 1);
    let empty = |ledger: &mut Ledger, _| {
        ledger.buckets.insert(Bucket::RewardPool, Amount::ZERO);
    };
    assert_eq!(broken(TaskPhase::Commit, empty), 1);
}

#[test]
fn minting_or_unburning_breaks_the_second() {
    let mint = |ledger: &mut Ledger, _| {
        ledger.supply.get_mut().minted = Amount::from_units(1);
        let balance = ledger.balance(Bucket::Treasury).checked_add(Amount::from_units(1)).unwrap();
        ledger.buckets.insert(Bucket::Treasury, balance);
    };
    assert_eq!(broken(TaskPhase::Commit, mint), 2);
    let forget = |ledger: &mut Ledger, _| ledger.counters.get_mut().tasks = 0;
    assert_eq!(broken(TaskPhase::Commit, forget), 2);
    let earn = |ledger: &mut Ledger, _| {
        let half = ledger.supply.get().burned.mul_div_ceil(1, 2).unwrap();
        ledger.issuance.get_mut().earned = half.checked_add(Amount::from_units(1)).unwrap();
    };
    assert_eq!(broken(TaskPhase::Final, earn), 2);
}

#[test]
fn a_stream_that_holds_more_or_less_than_it_has_to_breaks_the_first() {
    let leak = |ledger: &mut Ledger, _| {
        let (from, to) = (Bucket::Treasury, Bucket::Stream(7));
        ledger.transfer(from, to, Amount::from_units(1)).unwrap();
    };
    assert_eq!(broken(TaskPhase::Commit, leak), 1);
}

#[test]
fn a_lock_without_its_seat_breaks_the_third() {
    let unlock = |ledger: &mut Ledger, id: TaskId| {
        let member = ledger.tasks.get(&id).unwrap().phase.committee()[0].operator;
        ledger.operators.get_mut(&member).unwrap().seat_locks = Amount::ZERO;
    };
    assert_eq!(broken(TaskPhase::Commit, unlock), 3);
}

#[test]
fn an_escrow_that_is_not_the_fee_breaks_the_fourth() {
    let spend = |ledger: &mut Ledger, id: TaskId| {
        let (from, to) = (Bucket::TaskEscrow(id), Bucket::Treasury);
        ledger.transfer(from, to, Amount::from_units(1)).unwrap();
    };
    assert_eq!(broken(TaskPhase::Commit, spend), 4);
    let keep = |ledger: &mut Ledger, id: TaskId| {
        let (from, to) = (Bucket::Treasury, Bucket::TaskEscrow(id));
        ledger.transfer(from, to, Amount::from_units(1)).unwrap();
    };
    assert_eq!(broken(TaskPhase::Final, keep), 4);
}

#[test]
fn a_slash_or_share_that_does_not_add_up_breaks_the_fifth() {
    let dilute = |ledger: &mut Ledger, _| {
        let (key, _) = ledger.delegations.iter().next().map(|(k, d)| (*k, *d)).unwrap();
        ledger.delegations.get_mut(&key).unwrap().shares += 1;
    };
    assert_eq!(broken(TaskPhase::Commit, dilute), 5);
    let shrink = |ledger: &mut Ledger, _| {
        let id = ledger.slashes.iter().next().map(|(id, _)| *id).unwrap();
        ledger.slashes.get_mut(&id).unwrap().amount = Amount::from_units(1);
    };
    assert_eq!(broken(TaskPhase::Spot, shrink), 5);
    let lose = |ledger: &mut Ledger, _| {
        let id = ledger.slashes.iter().next().map(|(id, _)| *id).unwrap();
        ledger.slashes.remove(&id);
    };
    assert_eq!(broken(TaskPhase::Spot, lose), 5);
}

#[test]
fn a_score_outside_the_reveals_breaks_the_sixth() {
    let move_out = |ledger: &mut Ledger, id: TaskId| {
        change_outcome(ledger, id, |outcome| outcome.score = Score::from_micros(-1));
    };
    assert_eq!(broken(TaskPhase::Provisional, move_out), 6);
}

#[test]
fn a_step_out_of_turn_breaks_the_seventh() {
    let skip = |ledger: &mut Ledger, id: TaskId| {
        change_task(ledger, id, |task| {
            let committee = task.phase.committee().to_vec().try_into().unwrap();
            task.phase = Phase::Spot {
                committee,
                drawn: Default::default(),
                defence: Default::default(),
                quorum: true,
                until: Height(99),
            };
        });
    };
    assert_eq!(broken(TaskPhase::Commit, skip), 7);
    let reopen = |ledger: &mut Ledger, id: TaskId| {
        change_task(ledger, id, |task| task.requested = Height(1));
    };
    assert_eq!(broken(TaskPhase::Final, reopen), 7);
    let forget = |ledger: &mut Ledger, id: TaskId| {
        let due =
            ledger.schedule.iter().map(|(key, ())| *key).find(|(_, due)| *due == Due::Task(id));
        ledger.schedule.remove(&due.unwrap());
    };
    assert_eq!(broken(TaskPhase::Reveal, forget), 7);
}

#[test]
fn a_reveal_without_its_commitment_breaks_the_seventh() {
    let (mut world, task) = world(TaskPhase::Reveal);
    let committed = world.ledger().clone();
    world.act().unwrap();
    world.step().unwrap();
    let revealed = world.ledger().clone();
    assert_eq!(invariants::check(&revealed, Some(&committed)), Ok(()));
    let mut uncommitted = committed;
    let keys: Vec<_> = uncommitted.submissions.iter().map(|(key, _)| *key).collect();
    keys.iter().filter(|key| key.0 == task).for_each(|key| {
        uncommitted.submissions.remove(key);
    });
    let shown = |s: &Submission| matches!(s, Submission::Revealed { .. });
    assert!(revealed.submissions.iter().any(|(_, submission)| shown(submission)));
    assert_eq!(invariants::check(&revealed, Some(&uncommitted)).unwrap_err().number, 7);
}

#[test]
fn a_dispute_whose_money_or_end_is_wrong_breaks_the_fifth_or_the_eighth() {
    let (mut world, task) = world(TaskPhase::Provisional);
    let members = &world.ledger().outcomes.get(&task).unwrap().members;
    let member = members.iter().find(|one| one.score.is_some()).unwrap().operator;
    let challenge = Challenge::Withheld { member, item: 1 };
    let bond = Amount::from_tokens(1_000);
    let message = OpenDispute { task, round: 1, challenge, bond };
    let person = world.people[0].clone();
    world.must(&person, Message::OpenDispute(message)).unwrap();
    let good = world.ledger().clone();
    assert_eq!(invariants::check(&good, None), Ok(()));
    let broken = |change: &dyn Fn(&mut Ledger)| {
        let mut ledger = good.clone();
        change(&mut ledger);
        invariants::check(&ledger, None).unwrap_err().number
    };
    let spend = |ledger: &mut Ledger| {
        let one = Amount::from_units(1);
        ledger.transfer(Bucket::BondEscrow(0), Bucket::Treasury, one).unwrap();
    };
    assert_eq!(broken(&spend), 5);
    let forget = |ledger: &mut Ledger| {
        let due = ledger.disputes.get(&0).unwrap().due;
        ledger.schedule.remove(&(due, Due::Dispute(0)));
    };
    assert_eq!(broken(&forget), 8);
    let unlist = |ledger: &mut Ledger| {
        ledger.task_disputes.remove(&task);
    };
    assert_eq!(broken(&unlist), 8);
    let uncount = |ledger: &mut Ledger| {
        let accounts: Vec<_> = ledger.account_disputes.iter().map(|(key, _)| *key).collect();
        for account in accounts {
            ledger.account_disputes.remove(&account);
        }
    };
    assert_eq!(broken(&uncount), 8);
}

#[test]
fn parameters_that_make_cheating_pay_break_the_twelfth() {
    let cheap = |ledger: &mut Ledger, _| {
        ledger.params.get_mut().slashing.undefended = probity_primitives::Ppm::ONE;
    };
    assert_eq!(broken(TaskPhase::Commit, cheap), 12);
}
