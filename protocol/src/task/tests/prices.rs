//! What offences cost together, how often, and for how long.

use probity_primitives::{Amount, Height, OperatorId};

use super::stage::Stage;
use crate::bank::Bucket;
use crate::event::Event;
use crate::slashing::{self, Offence, SlashState, Verdict};
use crate::staking::Standing;
use crate::task::Mode;

fn lock() -> Amount {
    Amount::from_tokens(1_000)
}

fn convict(stage: &mut Stage, operator: OperatorId, offence: Offence) {
    let task = stage.ledger.tasks.iter().next().map(|(id, _)| *id);
    let committed = stage.ctx.height;
    let verdict = Verdict { operator, offence, task, lock: lock(), committed, reporter: None };
    stage.attempt(|ledger, ctx| Ok(slashing::slash(ledger, ctx, verdict)?)).unwrap();
}

fn first(stage: &Stage) -> OperatorId {
    *stage.players.keys().next().unwrap()
}

fn lost(stage: &Stage, operator: OperatorId) -> Amount {
    Amount::from_tokens(50_000).checked_sub(stage.ledger.bonded(&operator)).unwrap()
}

#[test]
fn of_several_faults_in_one_task_the_largest_counts_in_whatever_order() {
    use Offence::{FalseResult, FalseTranscript, NoReveal, Undefended};
    let mut stage = Stage::new(10);
    stage.request(Mode::Exact);
    let operator = first(&stage);
    for (offence, percent) in [
        (NoReveal, 2),
        (FalseTranscript, 10),
        (Undefended, 10),
        (FalseTranscript, 10),
        (FalseResult, 100),
        (FalseTranscript, 100),
    ] {
        convict(&mut stage, operator, offence);
        assert_eq!(lost(&stage, operator), lock().mul_div_ceil(percent, 100).unwrap());
    }
}

#[test]
fn what_no_vote_and_a_vote_against_the_ruling_cost() {
    for (offence, percent) in [(Offence::IncoherentVote, 5), (Offence::NoVote, 10)] {
        let mut stage = Stage::new(10);
        let operator = first(&stage);
        convict(&mut stage, operator, offence);
        assert_eq!(lost(&stage, operator), lock().mul_div_ceil(percent, 100).unwrap());
        assert_eq!(stage.ledger.operators.get(&operator).unwrap().standing, Standing::Active);
        assert_eq!(stage.ledger.windows.iter().count(), 0);
    }
}

#[test]
fn a_second_false_result_bars_for_good() {
    let mut stage = Stage::new(10);
    let operator = first(&stage);
    let standing = |stage: &Stage| stage.ledger.operators.get(&operator).unwrap().standing;
    convict(&mut stage, operator, Offence::FalseResult);
    assert!(matches!(standing(&stage), Standing::Jailed { .. }));
    convict(&mut stage, operator, Offence::FalseResult);
    assert_eq!(standing(&stage), Standing::Tombstoned);
}

#[test]
fn each_jail_term_for_misses_is_twice_the_one_before_and_starts_a_new_count() {
    let mut stage = Stage::new(10);
    let operator = first(&stage);
    for blocks in [100, 200, 400] {
        for _ in 0..17 {
            let miss =
                |l: &mut _, c: &mut _| Ok(slashing::record_assignment(l, c, operator, true)?);
            stage.attempt(miss).unwrap();
        }
        let known = stage.ledger.operators.get(&operator).unwrap();
        assert_eq!(known.standing, Standing::Jailed { until: Height(blocks) });
        assert_eq!(known.misses.bits, 0);
    }
}

#[test]
fn faults_of_one_window_count_together_against_its_correlated_price() {
    let mut stage = Stage::new(10);
    stage.pass(1);
    let operator = first(&stage);
    // Two faults outside any task: two tenths of the lock, part of the nine percent of all.
    convict(&mut stage, operator, Offence::FalseTranscript);
    convict(&mut stage, operator, Offence::FalseTranscript);
    assert_eq!(lost(&stage, operator), Amount::from_tokens(200));
    stage.pass(140);
    assert_eq!(lost(&stage, operator), Amount::from_tokens(4_500));
    assert_eq!(stage.ledger.windows.iter().count(), 0);
}

#[test]
fn exactly_half_of_the_stake_is_a_cartel_and_not_a_bug() {
    let mut stage = Stage::new(10);
    stage.pass(1);
    let guilty: Vec<OperatorId> = stage.players.keys().copied().take(5).collect();
    guilty.iter().for_each(|operator| convict(&mut stage, *operator, Offence::FalseTranscript));
    stage.pass(140);
    assert!(stage.ctx.events.iter().any(|event| matches!(
        event,
        Event::WindowClosed { suspended: false, share_ppm: 500_000, .. }
    )));
    assert!(guilty.iter().all(|operator| stage.ledger.bonded(operator).is_zero()));
}

#[test]
fn a_suspended_slash_keeps_its_money_past_its_day() {
    let mut stage = Stage::new(10);
    stage.ledger.params.get_mut().slashing.delay_blocks = 200;
    stage.pass(1);
    let guilty: Vec<OperatorId> = stage.players.keys().copied().take(6).collect();
    guilty.iter().for_each(|operator| convict(&mut stage, *operator, Offence::FalseTranscript));
    stage.pass(300);
    let waiting: Vec<_> = stage.ledger.slashes.iter().map(|(id, s)| (*id, s.state)).collect();
    assert_eq!(waiting.len(), 6);
    for (id, state) in waiting {
        assert_eq!(state, SlashState::Suspended);
        let kept = stage.ledger.balance(Bucket::SlashPending(id));
        assert_eq!(kept, lock().mul_div_ceil(10, 100).unwrap());
    }
}

#[test]
fn a_reverted_slash_leaves_nothing_on_the_schedule() {
    let mut stage = Stage::new(10);
    let operator = first(&stage);
    convict(&mut stage, operator, Offence::NoVote);
    assert_eq!(stage.ledger.schedule.iter().count(), 1);
    stage.attempt(|ledger, ctx| Ok(slashing::revert(ledger, ctx, 0)?)).unwrap();
    assert_eq!(stage.ledger.schedule.iter().count(), 0);
    assert!(lost(&stage, operator).is_zero());
}
