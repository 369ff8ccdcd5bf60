//! Each inequality is broken by hand, one at a time, from parameters that keep them all.

use probity_primitives::{Amount, BoundedVec, Bps, Ppm, Seats};

use super::*;
use crate::params::{Class, SizeStep};

/// The default parameters with one change are refused with a message that holds `words`.
fn refused(words: &str, change: impl FnOnce(&mut Params)) {
    let mut params = Params::default();
    change(&mut params);
    let error = params.validate().unwrap_err().to_string();
    assert!(error.contains(words), "{error:?} does not hold {words:?}");
}

fn class(params: &mut Params, change: impl FnOnce(&mut Class)) {
    let mut class = params.classes[0];
    change(&mut class);
    params.classes = BoundedVec::from_vec(vec![class]).unwrap();
}

fn sizes(params: &mut Params, sizes: &[(u64, u32)]) {
    let steps = sizes.iter().map(|(up_to, seats)| SizeStep { up_to: *up_to, seats: Seats(*seats) });
    params.task.sizes = BoundedVec::from_vec(steps.collect()).unwrap();
}

#[test]
fn the_defaults_keep_every_inequality() {
    assert_eq!(Params::default().validate(), Ok(()));
}

#[test]
fn the_development_network_keeps_every_inequality() {
    assert_eq!(Params::development().validate(), Ok(()));
}

#[test]
fn a_number_outside_its_limits_is_refused() {
    refused("staking.epoch_blocks is 0", |p| p.staking.epoch_blocks = 0);
    refused("staking.max_validators is 513", |p| p.staking.max_validators = 513);
    refused("staking.max_validators is 0", |p| p.staking.max_validators = 0);
    refused("staking.min_bond is 0", |p| p.staking.min_bond = Amount::ZERO);
    refused("task.max_rounds is 0", |p| p.task.max_rounds = 0);
    refused("task.max_open is 0", |p| p.task.max_open = 0);
    refused("task.seat_lock is 0", |p| p.task.seat_lock = 0);
    refused("task.min_operators is 0", |p| p.task.min_operators = 0);
    refused("checks.spot_exact is 65", |p| p.checks.spot_exact = 65);
    refused("checks.spot_tolerant is 0", |p| p.checks.spot_tolerant = 0);
    refused("checks.defence is 65", |p| p.checks.defence = 65);
    refused("checks.fault_exact is 9, not between 1 and 8", |p| p.checks.fault_exact = 9);
    refused("checks.fault_tolerant is 0", |p| p.checks.fault_tolerant = 0);
    refused("slashing.miss_limit is 33", |p| p.slashing.miss_limit = 33);
    refused("jury.seats is 129", |p| p.jury.seats = Seats(129));
    refused("jury.min_operators is 0", |p| p.jury.min_operators = 0);
    refused("audit.floor is 950000, not between 1 and 900000", |p| {
        p.audit.floor = Ppm::new(950_000);
    });
    refused("split.evaluators is 0", |p| {
        (p.split.evaluators, p.split.treasury) = (Bps::ZERO, Bps::new(6_700));
    });
    refused("classes.seat_price is 0", |p| class(p, |c| c.seat_price = Amount::ZERO));
    refused("classes.seat_cost is 0", |p| class(p, |c| c.seat_cost = Amount::ZERO));
}

#[test]
fn a_share_above_the_whole_is_refused() {
    let above = Ppm::new(1_000_001);
    refused("staking.commission_step is 10001", |p| p.staking.commission_step = Bps::new(10_001));
    refused("checks.flip_rate", |p| p.checks.flip_rate = above);
    refused("jury.fee", |p| p.jury.fee = above);
    refused("audit.private_share", |p| p.audit.private_share = above);
    refused("audit.ceiling", |p| p.audit.ceiling = above);
    refused("slashing.no_reveal", |p| p.slashing.no_reveal = above);
    refused("slashing.undefended", |p| p.slashing.undefended = above);
    refused("slashing.transcript", |p| p.slashing.transcript = above);
    refused("slashing.equivocation is", |p| p.slashing.equivocation = above);
    refused("slashing.equivocation_bonded", |p| p.slashing.equivocation_bonded = above);
    refused("slashing.false_result", |p| p.slashing.false_result = above);
    refused("slashing.incoherent", |p| p.slashing.incoherent = Ppm::new(500_001));
}

#[test]
fn a_slash_is_not_shared_out_twice() {
    refused("are more than the slash", |p| p.slashing.audit_pool = Ppm::new(800_001));
}

#[test]
fn the_fee_split_adds_up_to_the_fee() {
    refused("adds up to 10001 bps", |p| p.split.burn = Bps::new(501));
    refused("adds up to 9999 bps", |p| p.split.royalties = Bps::new(1_999));
}

#[test]
fn committee_sizes_ascend_are_odd_and_seat_a_quorum() {
    refused("task.sizes is empty", |p| sizes(p, &[]));
    refused("does not ascend at entry 1", |p| sizes(p, &[(750, 7), (750, 15)]));
    refused("does not ascend at entry 1", |p| sizes(p, &[(750, 7), (2_750, 7)]));
    refused("8 seats has no majority", |p| sizes(p, &[(750, 8)]));
    refused("task.sizes is 129", |p| sizes(p, &[(750, 129)]));
    refused("seat the 9 operators", |p| p.task.min_operators = 9);
}

#[test]
fn classes_ascend_and_there_is_one() {
    refused("classes is empty", |p| p.classes = BoundedVec::new());
    refused("classes does not ascend at entry 1", |p| {
        p.classes = BoundedVec::from_vec(vec![p.classes[0]; 2]).unwrap();
    });
}

#[test]
fn a_window_of_no_blocks_is_refused() {
    refused("task.open_blocks", |p| p.task.open_blocks = 0);
    refused("task.commit_min", |p| p.task.commit_min = 0);
    refused("task.reveal_blocks", |p| p.task.reveal_blocks = 0);
    refused("task.spot_blocks", |p| p.task.spot_blocks = 0);
    refused("jury.commit_blocks", |p| p.jury.commit_blocks = 0);
    refused("jury.reveal_blocks", |p| p.jury.reveal_blocks = 0);
    refused("slashing.delay_blocks", |p| p.slashing.delay_blocks = 0);
    refused("slashing.window_blocks", |p| p.slashing.window_blocks = 0);
    refused("slashing.jail_blocks", |p| p.slashing.jail_blocks = 0);
}

#[test]
fn the_default_commit_window_is_one_that_may_be_named() {
    refused("600 blocks is not between 601", |p| p.task.commit_min = 601);
    refused("not between 100 and 599", |p| p.task.commit_max = 599);
}

#[test]
fn a_result_is_provisional_while_its_juries_may_sit() {
    refused("two juries take 9600", |p| p.task.provisional_blocks = 9_599);
    refused("drawn after 14400 blocks", |p| p.task.open_blocks = 14_400);
}

#[test]
fn stake_cannot_leave_before_its_offence_is_settled() {
    // 14400 commit + 200 reveal + 200 spot + 14610 provisional, for as long as an audit may take,
    // + 9600 juries, 208800 for a dispute, and 100800 for the window.
    refused("after 348609 blocks", |p| p.staking.unbond_blocks = 348_609);
    let mut params = Params::default();
    params.staking.unbond_blocks = 348_610;
    params.pause.max_blocks = 24_000;
    assert_eq!(params.validate(), Ok(()));
}

#[test]
fn a_dispute_ends_within_three_weeks() {
    // Two clocks of 7200; on three levels two juries of 4800 and an appeal of 7200; the vote.
    refused("a dispute takes 302401 blocks at most, the limit is 302400: 21 epochs", |p| {
        p.dispute.vote_blocks = 237_601;
        p.staking.unbond_blocks = 500_000;
    });
    let mut params = Params::default();
    params.dispute.vote_blocks = 144_000;
    assert_eq!(params.validate(), Ok(()));
}

#[test]
fn what_is_left_of_a_bond_pays_for_two_juries_on_each_level() {
    // 40 % of 39 seat prices of 3 tokens, against two juries of 31 * 0.75.
    refused("level 0: 46.199868 of a bond is left for juries, two of them cost 46.5", |p| {
        (p.dispute.bond, p.dispute.winner) = (38, Ppm::new(494_738));
    });
    // 30 % of 200, against two juries of 127 * 0.75, where the lower levels are small.
    refused("level 2: 180 of a bond is left for juries, two of them cost 190.5", |p| {
        p.dispute.levels = BoundedVec::from_vec([7, 9, 127].map(Seats).to_vec()).unwrap();
        p.dispute.winner = Ppm::new(600_000);
    });
}

#[test]
fn the_ladders_levels_ascend_are_odd_and_its_shares_are_no_more_than_the_bond() {
    let levels = |seats: &[u32]| {
        BoundedVec::from_vec(seats.iter().map(|seats| Seats(*seats)).collect()).unwrap()
    };
    refused("dispute.levels is empty", |p| p.dispute.levels = levels(&[]));
    refused("dispute.levels does not ascend at entry 1", |p| p.dispute.levels = levels(&[31, 31]));
    refused("dispute.levels of 30 seats", |p| p.dispute.levels = levels(&[30]));
    refused("dispute.bond is 0", |p| p.dispute.bond = 0);
    refused("dispute.repeat is 0", |p| p.dispute.repeat = 0);
    refused("dispute.max_per_task is 17", |p| p.dispute.max_per_task = 17);
    refused("dispute.max_per_account is 0", |p| p.dispute.max_per_account = 0);
    refused("dispute.fee", |p| p.dispute.fee = Ppm::new(1_000_001));
    refused("are more than the bond", |p| p.dispute.defender = Ppm::new(500_001));
    refused("dispute.appeal_blocks / 2", |p| p.dispute.appeal_blocks = 1);
    refused("dispute.clock_blocks", |p| p.dispute.clock_blocks = 0);
    refused("dispute.commit_blocks", |p| p.dispute.commit_blocks = 0);
    refused("dispute.reveal_blocks", |p| p.dispute.reveal_blocks = 0);
    refused("dispute.vote_blocks", |p| p.dispute.vote_blocks = 0);
}

#[test]
fn one_slash_reaches_every_live_tranche() {
    refused("a slash reaches 63", |p| p.staking.epoch_blocks = 6_000);
}

#[test]
fn the_longest_jail_term_can_be_counted() {
    refused("doubled 32 times", |p| {
        (p.slashing.jail_doublings, p.slashing.jail_blocks) = (32, 1 << 32);
    });
}

#[test]
fn honest_work_pays() {
    refused("below 1.2 times", |p| class(p, |c| c.seat_cost = Amount::from_units(2_500_000_001)));
}

#[test]
fn skipping_the_work_does_not_pay() {
    // 0.05 * (3 + 0.8 * 0.1 * 999) = 4.146, and 1.5 * 2 = 3: a floor of 3.6 % is too low.
    refused("skipping is expected to cost", |p| p.audit.floor = Ppm::new(36_000));
    refused("skipping is expected to cost", |p| p.slashing.transcript = Ppm::new(70_000));
}

#[test]
fn hiding_an_outlier_is_not_cheaper_than_showing_it() {
    refused("not revealing costs 19999 ppm", |p| p.slashing.no_reveal = Ppm::new(19_999));
}

#[test]
fn audits_keep_up_with_the_value_at_risk() {
    refused("audits are capped at 899000 ppm", |p| p.audit.ceiling = Ppm::new(899_000));
    refused("audits halve at a value of 134", |p| p.audit.half_value = 134);
    refused("audits halve", |p| p.slashing.reporter = Ppm::new(210_000));
    refused("audits halve", |p| p.task.seat_lock = 332);
}

#[test]
fn a_cartel_of_two_fifths_loses() {
    // 266.4 / 160 * 4.4028 / 4 = 1.83 times the value.
    refused("7 seats at a value of 750: a cartel gains from 1374", |p| p.audit.half_value = 160);
    // 0.8 * 0.9 * 333 * 4.4028 * 0.585023 / 0.414977 = 1488.
    refused("a cartel gains from 1488", |p| p.slashing.false_result = Ppm::new(900_000));
    refused("capped at 900000 ppm, 903832 needed", |p| sizes(p, &[(750, 7), (40_000, 63)]));
}

#[test]
fn minting_stays_below_half_of_what_work_burns() {
    // 7 seats at 3 tokens: a fee of 35 burns 1.75, which is 0.25 a seat of one compute unit.
    let lambda = |units: u128| move |p: &mut Params| p.supply.lambda = Amount::from_units(units);
    let mut most = Params::default();
    lambda(125_000_000)(&mut most);
    assert_eq!(most.validate(), Ok(()));
    refused("a compute unit mints 0.125000001, more than half of the 0.25", lambda(125_000_001));
    refused("mints 0.1, more than half of the 0.125 it burns", |p| {
        class(p, |c| c.compute_units = 2);
    });
    refused("mints 0.1, more than half of the 0.1995", |p| {
        (p.split.burn, p.split.treasury) = (Bps::new(399), Bps::new(801));
    });
}

#[test]
fn what_is_minted_is_shared_out_once_and_a_year_is_not_shortened() {
    refused("the audit pool's 6001 bps and the reward pool's 4000 bps", |p| {
        p.supply.audit_pool = Bps::new(6_001);
    });
    refused("supply.year_blocks is 5255999, not between 5256000", |p| {
        p.supply.year_blocks = 5_255_999;
    });
    refused("supply.stream_blocks is 14399", |p| p.supply.stream_blocks = 14_399);
    refused("supply.reward_share", |p| p.supply.reward_share = Ppm::new(1_000_001));
}

#[test]
fn a_pause_outlasts_neither_the_stake_nor_the_time_to_pay() {
    refused("a pause of 216001 blocks every 432000", |p| p.pause.max_blocks = 216_001);
    // 14400 commit + 200 reveal + 200 spot + 100800 window, and a block more than 403200 leave.
    refused("settled after 115600 + 287601", |p| {
        (p.pause.max_blocks, p.pause.every_blocks) = (287_601, 600_000);
    });
    refused("pause.max_blocks is a window of no blocks", |p| p.pause.max_blocks = 0);
}

#[test]
fn the_tolerance_has_a_cap() {
    refused("a tolerance cap of 9", |p| p.checks.tolerance_cap = 9);
    refused("a tolerance cap of 3", |p| p.checks.tolerance_cap = 3);
}
