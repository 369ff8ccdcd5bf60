//! Inequalities under which honest work pays and cheating does not.
//!
//! All are in seat prices `R`, with `c` the cost of an honest evaluation, `L4` and `L6` what a
//! false transcript and a false result cost a seat, `beta` the reporter's share (what a cheat gets
//! back by reporting itself), `a` the audit's probability, `V` the value at risk, `n` the seats and
//! `h` their majority. Every rounding goes against the set of parameters.
//!
//! | Inequality | Why |
//! |---|---|
//! | `R >= 1.2 c` | honest work pays |
//! | `a (R + (1 - beta) L4) >= 1.5 c` | skipping the work does not |
//! | no reveal >= undefended | hiding an outlier does not |
//! | `a >= V / (V + half * h)` | the audit keeps up with the value, up to its ceiling |
//! | `G_max(n, rho = 0.40, d = a) >= 2 V` | a cartel of two fifths of the stake loses |
//! | `2 half <= (1 - beta) L6` | a cartel that lies only when it sees a majority loses too |
//! | what is left of a bond >= two juries | on each level of the ladder, its juries are paid |
//! | tolerance cap <= 8 | a minority cannot widen the tolerance it shelters in |
//! | `2 lambda <= least burn per compute unit` | evaluating oneself to mint does not pay |
//!
//! Spec: `docs/spec/15-parameters.md`.

use probity_primitives::amount::mul_div;
use probity_primitives::{Amount, ArithmeticError, Bps, Ppm, Seats};

use super::ParamError;
use crate::dispute::{jury_cost, level_cost};
use crate::params::{Class, Params, SizeStep};

/// The whole of a ratio in parts per million.
const MILLION: u128 = 1_000_000;

/// The odds of a seat of the cartel against which committees are sized: 2 to 3, which is two
/// fifths of the stake.
const CARTEL_ODDS: (u128, u128) = (2, 3);

/// The largest cap of the tolerance, in declared noises.
const MAX_TOLERANCE: u32 = 8;

/// Why cheating would pay under a set of parameters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IncentiveError {
    /// Honest work does not pay.
    #[error("class {class}: a seat price of {price} is below 1.2 times the cost of {cost}")]
    SeatPrice {
        /// The class's number.
        class: u16,
        /// The price of a seat.
        price: Amount,
        /// What its work costs.
        cost: Amount,
    },
    /// Skipping the work pays.
    #[error("class {class}: skipping is expected to cost {expected}, below 1.5 times {cost}")]
    Skipping {
        /// The class's number.
        class: u16,
        /// What an audit is expected to cost a member who did no work.
        expected: Amount,
        /// What the work costs.
        cost: Amount,
    },
    /// Hiding an outlier is cheaper than showing it.
    #[error("not revealing costs {no_reveal}, less than the {undefended} of showing an outlier")]
    Hiding {
        /// The price of not revealing.
        no_reveal: Ppm,
        /// The price of an outlier that is not defended.
        undefended: Ppm,
    },
    /// The audit's ceiling is too low for the largest value of a step.
    #[error("{seats} seats at a value of {value}: audits are capped at {ceiling}, {wanted} needed")]
    AuditCeiling {
        /// The step's seats.
        seats: Seats,
        /// The step's largest value at risk, in seat prices.
        value: u64,
        /// The audit's ceiling.
        ceiling: Ppm,
        /// The probability that the value needs.
        wanted: u128,
    },
    /// The audit's formula assumes a dearer slash than there is.
    #[error("audits halve at a value of {half} a seat, the slash of {slash} allows half of it")]
    AuditHalf {
        /// The value at which the probability is one half, in seat prices a majority seat.
        half: u64,
        /// What a false result costs a seat beyond the bounty, in millionths of a seat price.
        slash: u128,
    },
    /// A cartel gains.
    #[error("{seats} seats at a value of {value}: a cartel gains from {gain} on, twice it needed")]
    Capture {
        /// The step's seats.
        seats: Seats,
        /// The step's largest value at risk, in seat prices.
        value: u64,
        /// The gain from which lying pays, in seat prices.
        gain: u128,
    },
    /// Evaluating oneself, so that money may be minted, pays.
    #[error("class {class}: a compute unit mints {lambda}, more than half of the {burn} it burns")]
    Minting {
        /// The class's number.
        class: u16,
        /// What a compute unit earns to be minted.
        lambda: Amount,
        /// What one burns at least, rounded down.
        burn: Amount,
    },
    /// A level's bond does not pay for its juries.
    #[error("level {level}: {left} of a bond is left for juries, two of them cost {juries}")]
    BondBelowJuries {
        /// The level.
        level: u8,
        /// What is left of the losers' money for juries, in units at the class's seat price.
        left: Amount,
        /// What a jury and its redraw cost.
        juries: Amount,
    },
    /// The tolerance's cap shelters a minority.
    #[error("a tolerance cap of {cap} is not between the {low} of the tolerance and {limit}")]
    ToleranceCap {
        /// The tolerance in declared noises.
        low: u32,
        /// Its cap.
        cap: u32,
        /// The largest cap.
        limit: u32,
    },
}

pub(super) fn check(params: &Params) -> Result<(), ParamError> {
    let (no_reveal, undefended) = (params.slashing.no_reveal, params.slashing.undefended);
    if no_reveal < undefended {
        return Err(IncentiveError::Hiding { no_reveal, undefended }.into());
    }
    let (low, cap) = (params.checks.tolerance_low, params.checks.tolerance_cap);
    if cap < low || cap > MAX_TOLERANCE {
        return Err(IncentiveError::ToleranceCap { low, cap, limit: MAX_TOLERANCE }.into());
    }
    for class in &params.classes {
        check_class(params, class)?;
        check_ladder(params, class)?;
    }
    let (half, slash) = (params.audit.half_value, slash_of_false_result(params)?);
    for step in &params.task.sizes {
        check_step(params, step, slash)?;
        for class in &params.classes {
            check_minting(params, class, step.seats)?;
        }
    }
    if u128::from(half).checked_mul(2_000_000).is_none_or(|twice| twice > slash) {
        return Err(IncentiveError::AuditHalf { half, slash }.into());
    }
    Ok(())
}

fn check_class(params: &Params, class: &Class) -> Result<(), ParamError> {
    let Class { id, seat_price: price, seat_cost: cost, .. } = *class;
    if price.checked_mul(10)? < cost.checked_mul(12)? {
        return Err(IncentiveError::SeatPrice { class: id, price, cost }.into());
    }
    let lock = price.checked_mul(params.task.seat_lock.into())?;
    let slash = keep(params).of_floor(params.slashing.transcript.of_floor(lock)?)?;
    let expected = params.audit.floor.of_floor(price.checked_add(slash)?)?;
    if expected.checked_mul(2)? < cost.checked_mul(3)? {
        return Err(IncentiveError::Skipping { class: id, expected, cost }.into());
    }
    Ok(())
}

/// `2 lambda <= burn / (n * units)` for a task of `n` seats at its least fee: all seats verified,
/// the audit's part of the fee left out.
fn check_minting(params: &Params, class: &Class, seats: Seats) -> Result<(), ParamError> {
    let (n, lambda) = (u128::from(seats.0), params.supply.lambda);
    let whole = u128::from(Bps::ONE.parts());
    let fee = class.seat_price.checked_mul(n)?;
    let fee = fee.mul_div_ceil(whole, params.split.evaluators.parts().into())?;
    let burned = params.split.burn.of_floor(fee)?;
    let units = Amount::from_units(n).checked_mul(class.compute_units.into())?.units();
    if lambda.checked_mul(units)?.checked_mul(2)? > burned {
        let burn = burned.mul_div_floor(1, units)?;
        return Err(IncentiveError::Minting { class: class.id, lambda, burn }.into());
    }
    Ok(())
}

/// What the losers of a level put up pays for its jury and a second draw, besides what winners and
/// a member that had to answer get of it.
fn check_ladder(params: &Params, class: &Class) -> Result<(), ParamError> {
    let rules = &params.dispute;
    let shared = rules.winner.parts().saturating_add(rules.defender.parts());
    let keep = Ppm::new(Ppm::ONE.parts().saturating_sub(shared));
    for (level, _) in (0u8..).zip(&rules.levels) {
        let bond = level_cost(rules, class.seat_price, level)?.checked_mul(2)?;
        let left = keep.of_floor(bond)?;
        let juries = jury_cost(rules, class.seat_price, level)?.checked_mul(2)?;
        if left < juries {
            return Err(IncentiveError::BondBelowJuries { level, left, juries }.into());
        }
    }
    Ok(())
}

fn check_step(params: &Params, step: &SizeStep, slash: u128) -> Result<(), ParamError> {
    let SizeStep { up_to: value, seats } = *step;
    let ceiling = params.audit.ceiling;
    let wanted = audit_wanted(params, value, seats)?;
    if wanted > ceiling.parts().into() {
        return Err(IncentiveError::AuditCeiling { seats, value, ceiling, wanted }.into());
    }
    let audit = wanted.max(params.audit.floor.parts().into());
    let gain = largest_gain(seats, audit, slash)?;
    if gain.is_some_and(|gain| gain < u128::from(value).saturating_mul(2)) {
        let gain = gain.unwrap_or_default();
        return Err(IncentiveError::Capture { seats, value, gain }.into());
    }
    Ok(())
}

/// `floor(V * 10^6 / (V + half * h))`: the probability that a value at risk needs, in parts per
/// million.
fn audit_wanted(params: &Params, value: u64, seats: Seats) -> Result<u128, ArithmeticError> {
    let half = Amount::from_units(params.audit.half_value.into()).checked_mul(majority(seats))?;
    let whole = half.checked_add(Amount::from_units(value.into()))?;
    mul_div(value.into(), MILLION, whole.units())
}

/// The gain from which lying pays a cartel of two fifths of the stake, in seat prices:
/// `(1 - beta) L6 * d * E(k | captured) / (1 - d)`. None if every lie is found.
///
/// This is the inequality of the derivation with nothing for lies that did not capture the
/// committee: those are found by other members' disputes, on which sizing does not rely.
fn largest_gain(seats: Seats, audit: u128, slash: u128) -> Result<Option<u128>, ArithmeticError> {
    let Some(missed) = MILLION.checked_sub(audit).filter(|missed| *missed > 0) else {
        return Ok(None);
    };
    let stake = mul_div(slash, seats_if_captured(seats)?, MILLION)?;
    Ok(Some(mul_div(stake, audit, missed)?.checked_div(MILLION).unwrap_or_default()))
}

/// The cartel's expected seats where it holds the majority, in millionths of a seat.
///
/// With `k` binomial, each weight follows from the one before by
/// `w(k + 1) / w(k) = (n - k) / (k + 1) * 2/3`, so that no power of a probability is needed: the
/// first weight is 2^96, and the sum of rounding errors is below 127 of that.
fn seats_if_captured(seats: Seats) -> Result<u128, ArithmeticError> {
    let (odds, against) = CARTEL_ODDS;
    let n = u128::from(seats.0);
    let mut weight = 1u128 << 96;
    let (mut weights, mut weighted) = (Amount::ZERO, Amount::ZERO);
    for k in majority(seats)..=n {
        let term = Amount::from_units(weight);
        weights = weights.checked_add(term)?;
        weighted = weighted.checked_add(term.checked_mul(k)?)?;
        let (left, next) = (n.saturating_sub(k), k.saturating_add(1));
        weight = mul_div(weight, left.saturating_mul(odds), next.saturating_mul(against))?;
    }
    mul_div(weighted.units(), MILLION, weights.units())
}

/// What a false result costs a seat beyond what its reporter gets, in millionths of a seat price.
fn slash_of_false_result(params: &Params) -> Result<u128, ArithmeticError> {
    let lock = Amount::from_units(params.task.seat_lock.into()).checked_mul(MILLION)?;
    Ok(keep(params).of_floor(params.slashing.false_result.of_floor(lock)?)?.units())
}

/// The part of a slash that its reporter does not get: 1 - beta.
fn keep(params: &Params) -> Ppm {
    Ppm::new(Ppm::ONE.parts().saturating_sub(params.slashing.reporter.parts()))
}

fn majority(seats: Seats) -> u128 {
    u128::from(seats.0 >> 1).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: `sum(k * C(n,k) * .4^k * .6^(n-k)) / sum(C(n,k) * .4^k * .6^(n-k))` over `k >= h`
    /// in double precision.
    #[test]
    fn the_expected_seats_of_a_capture_agree_with_floating_point() {
        let expected = [
            (7, 4_402_826),
            (15, 8_659_123),
            (31, 16_938_362),
            (63, 33_217_797),
            (127, 65_468_879),
        ];
        for (n, micros) in expected {
            assert_eq!(seats_if_captured(Seats(n)), Ok(micros), "{n} seats");
        }
    }
    /// Source: `266.4 * d * E / (1 - d)` in double precision, with `d = V / (V + 133 h)` cut to
    /// six decimals: 1653.54, 5962.08, 23325.15, 79010.40. Each is above twice its value at risk.
    #[test]
    fn the_largest_gain_of_each_default_step_agrees_with_floating_point() {
        let params = Params::default();
        let slash = slash_of_false_result(&params).unwrap();
        let gains: Vec<u128> = (params.task.sizes.iter())
            .map(|step| {
                let audit = audit_wanted(&params, step.up_to, step.seats).unwrap();
                largest_gain(step.seats, audit, slash).unwrap().unwrap()
            })
            .collect();
        assert_eq!((slash, gains), (266_400_000, vec![1_653, 5_962, 23_325, 79_010]));
    }

    #[test]
    fn a_lie_that_is_always_found_never_pays() {
        assert_eq!(largest_gain(Seats(7), MILLION, 266_400_000), Ok(None));
    }
}
