//! Whoever evaluates itself so that money may be minted loses, however much of it reaches it.
#![expect(clippy::arithmetic_side_effects, reason = "the numbers of tests are small")]

use probity_primitives::Amount;

use super::stage::Stage;
use crate::bank::Bucket;
use crate::event::TaskPhase;
use crate::params::Params;
use crate::supply;
use crate::task::{Mode, request};

/// The least fee of a task at which nothing is at risk.
fn least_fee(stage: &mut Stage) -> Amount {
    let before = stage.ledger.clone();
    let id = stage.request_for(Mode::Exact, Amount::from_tokens(100), Amount::ZERO);
    let frozen = stage.task(id).frozen.clone();
    stage.ledger = before;
    request::fee_floor(stage.ledger.params.get(), &frozen, Amount::ZERO).unwrap()
}

/// What a circle that owns everything gains by one task, in units: it is the requester, owns the
/// whole committee and the benchmark, wins the vote that mints all that the task has earned, and
/// has whatever reaches treasury and pools. So what burns is all it loses, and what is minted all it
/// gains: no real circle does as well.
fn gain_of_a_circle(lambda: Amount) -> i128 {
    let mut stage = Stage::new(10);
    stage.ledger.params.get_mut().supply.lambda = lambda;
    // Others' work must not pay for the circle's, nor a cap of all supply hide what it earned.
    supply::open_books(&mut stage.ledger);
    let before = stage.ledger.total().unwrap();
    let floor = least_fee(&mut stage);
    let id = stage.request_for(Mode::Exact, floor, Amount::ZERO);
    stage.play(id, |_| Vec::new());
    stage.reach(id, TaskPhase::Final);
    let earned = supply::caps(&stage.ledger, stage.ctx.height).compute;
    let stream = supply::mint(&mut stage.ledger, &mut stage.ctx, earned).unwrap();
    stage.pass(stage.ledger.params.get().supply.stream_blocks);
    assert_eq!(stage.ledger.balance(Bucket::Stream(stream)), Amount::ZERO);
    let after = stage.ledger.total().unwrap();
    i128::try_from(after.units()).unwrap() - i128::try_from(before.units()).unwrap()
}

/// The largest lambda that the inequalities let pass, found by halving.
fn largest_lambda() -> Amount {
    let passes = |units: u128| {
        let mut params = Params::development();
        params.supply.lambda = Amount::from_units(units);
        params.validate().is_ok()
    };
    let (mut low, mut high) = (0, Amount::from_tokens(10).units());
    while low < high {
        let middle = (low + high).div_ceil(2);
        if passes(middle) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    Amount::from_units(low)
}

#[test]
fn a_requester_that_owns_the_whole_committee_loses_at_the_default_and_at_the_bound() {
    let default = gain_of_a_circle(Params::development().supply.lambda);
    let bound = gain_of_a_circle(largest_lambda());
    assert!(default < 0, "a circle gains {default} units at the default");
    assert!(bound < 0, "a circle gains {bound} units at the largest lambda that validates");
    assert!(default < bound);
}

#[test]
fn above_the_bound_and_its_margin_a_circle_would_win() {
    let twice_the_burn = largest_lambda().checked_mul(4).unwrap();
    assert!(gain_of_a_circle(twice_the_burn) > 0);
}
