//! What a pause puts off, and what goes on.

use probity_primitives::{Amount, Height};

use super::stage::Stage;
use crate::bank::Bucket;
use crate::event::{Event, TaskPhase};
use crate::pause::{self, PauseError};
use crate::task::phases::MAX_DUE;
use crate::task::{Due, Mode};

fn pause(stage: &mut Stage, blocks: u64) -> Result<Height, PauseError> {
    pause::set(&mut stage.ledger, &mut stage.ctx, blocks)
}

#[test]
fn a_pause_that_is_too_long_or_too_soon_is_refused_with_both_values() {
    let mut stage = Stage::new(3);
    stage.pass(5);
    let refused = |stage: &mut Stage, blocks| pause(stage, blocks).unwrap_err().to_string();
    assert_eq!(refused(&mut stage, 71), "a pause of 71 blocks is not between 1 and 70");
    assert_eq!(refused(&mut stage, 0), "a pause of 0 blocks is not between 1 and 70");
    assert_eq!(pause(&mut stage, 10), Ok(Height(15)));
    stage.pass(299);
    let soon = "the last pause began at 5, the next may not before 305";
    assert_eq!(refused(&mut stage, 1), soon);
    stage.pass(1);
    assert_eq!(pause(&mut stage, 70), Ok(Height(375)));
}

#[test]
fn a_task_is_paid_after_the_pause_and_as_much_later() {
    let mut stage = Stage::new(10);
    let id = stage.request(Mode::Exact);
    stage.play(id, |_| Vec::new());
    let mut other = stage.ledger.clone();
    stage.pass(30);
    pause(&mut stage, 50).unwrap();
    let paid = |stage: &Stage| stage.ledger.balance(Bucket::TaskEscrow(id)).is_zero();
    stage.pass(49);
    assert!(!paid(&stage) && stage.phase(id) == TaskPhase::Provisional);
    let put_off = |event: &&Event| matches!(event, Event::PutOff { due: Due::Task(_), .. });
    assert_eq!(stage.ctx.events.iter().filter(put_off).count(), 1);
    stage.pass(10);
    // It was due 10 blocks into the pause, so it is 10 blocks after it.
    assert!(!paid(&stage));
    stage.pass(1);
    assert!(paid(&stage) && stage.phase(id) == TaskPhase::Final);
    // Without the pause, the same sums would have been paid.
    std::mem::swap(&mut stage.ledger, &mut other);
    stage.pass(40);
    let totals = |ledger: &crate::Ledger| {
        [Bucket::Treasury, Bucket::AuditPool].map(|pool| ledger.balance(pool))
    };
    assert_eq!(totals(&stage.ledger), totals(&other));
}

#[test]
fn a_fee_comes_back_after_the_pause() {
    let mut stage = Stage::new(0);
    let before = stage.ledger.balance(Bucket::Free(stage.requester));
    let id = stage.request(Mode::Exact);
    pause(&mut stage, 20).unwrap();
    stage.pass(20);
    assert!(stage.ledger.balance(Bucket::Free(stage.requester)) < before);
    stage.pass(2);
    assert_eq!(stage.phase(id), TaskPhase::Void);
    assert_eq!(stage.ledger.balance(Bucket::Free(stage.requester)), before);
}

#[test]
fn a_slash_is_shared_out_after_the_pause_and_can_be_reverted_until_then() {
    let mut stage = Stage::new(10);
    let id = stage.request(Mode::Exact);
    stage.reach(id, TaskPhase::Commit);
    let members = stage.committee(id);
    let work = stage.transcript(id, &[]);
    members.iter().for_each(|member| stage.commit(id, member.operator, &work).unwrap());
    stage.reach(id, TaskPhase::Reveal);
    let shy = members[0].operator;
    members[1..].iter().for_each(|member| stage.reveal(id, member.operator, &work).unwrap());
    stage.pass(8);
    let slash = stage.ledger.slashes.iter().next().map(|(number, _)| *number).unwrap();
    let bonded = stage.ledger.bonded(&shy);
    stage.pass(10);
    pause(&mut stage, 15).unwrap();
    stage.pass(15);
    assert!(stage.ledger.slashes.contains(&slash));
    let mut reverted = stage.ledger.clone();
    crate::slashing::revert(&mut reverted, &mut stage.ctx.clone(), slash).unwrap();
    assert!(reverted.bonded(&shy) > bonded);
    let forgotten = |(_, due): &(Height, Due)| *due == Due::Slash(slash);
    assert!(!reverted.schedule.iter().any(|(key, ())| forgotten(key)));
    stage.pass(10);
    assert!(!stage.ledger.slashes.contains(&slash));
    assert_eq!(stage.ledger.balance(Bucket::SlashPending(slash)), Amount::ZERO);
}

#[test]
fn a_crowd_that_came_due_in_a_pause_is_done_in_bounded_steps_a_block() {
    let mut stage = Stage::new(0);
    // Streams that are over cost a step each and change nothing.
    let crowd = 3 * MAX_DUE;
    for number in 0..u32::try_from(crowd).unwrap() {
        stage.ledger.schedule.insert((Height(5), Due::Stream(number)), ());
    }
    pause(&mut stage, 40).unwrap();
    stage.pass(39);
    assert_eq!(stage.ledger.schedule.iter().count(), crowd);
    // Put off by 40 blocks each, and done at 512 a block from there on.
    stage.pass(5);
    let mut left = crowd;
    for _ in 0..3 {
        stage.pass(1);
        left -= MAX_DUE;
        assert_eq!(stage.ledger.schedule.iter().count(), left);
    }
}
