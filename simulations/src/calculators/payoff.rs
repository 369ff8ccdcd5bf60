//! What a seat earns for a task, by how its evaluator behaves.
//!
//! Every task is judged by the protocol's own aggregation, its spot items are the protocol's own
//! draw, and it pays and slashes by the protocol's own prices. All money is in units of c, the cost
//! of one honest evaluation of the core items; private items cost an eighth of that besides.
//!
//! # Not here
//! Disputes, jails, and what offenders of one window lose together: one task is looked at by itself.
//!
//! Spec: `docs/spec/19-figures.md`.

use probity_primitives::{Amount, Domain, Hash, Score, Seats};
use probity_protocol::aggregation::{Aggregate, Weighted};
use probity_protocol::committee::draw_items;
use probity_protocol::params::Params;
use probity_protocol::slashing::{Offence, price_of_lock};
use probity_protocol::task::{Mode, Standing, earns, seat_reward};
use serde::Serialize;

use super::error::{self, CalculatorError};
use super::interval::{Interval, Mean};
use super::micros;
use super::random::Stream;
use super::seats::Groups;

/// How an evaluator behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Evaluates all items.
    Honest,
    /// Reports the public claim and evaluates nothing.
    Guess,
    /// Leaves items out and makes their answers up.
    Skip,
    /// Evaluates, commits, and now and then does not reveal.
    Withhold,
    /// Shares one evaluation with the other seats of the pool.
    Pool,
}

/// What a table is made for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Terms {
    /// A committee's seats.
    pub n: u32,
    /// Whether spot items are opened.
    pub spot: bool,
    /// The probability that a task is audited.
    pub audit: f64,
    /// The share of items that [`Strategy::Skip`] leaves out.
    pub skipped: f64,
    /// How often [`Strategy::Withhold`] does not reveal.
    pub hidden: f64,
    /// How far the public claim is from the truth, as a standard deviation in micro-units.
    pub claim_noise: f64,
    /// The declared noise, which is also the true one, in micro-units.
    pub sigma: u32,
}

/// What one strategy earned.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// Which.
    pub strategy: Strategy,
    /// The mean for a seat and a task, in c.
    pub payoff: f64,
    /// Its 95 % interval.
    pub interval: Interval,
    /// How many seats it had.
    pub seats: u64,
}

/// The population of the specification's table: four fifths are honest.
pub const MIXED: [(Strategy, f64); 5] = [
    (Strategy::Honest, 0.80),
    (Strategy::Guess, 0.05),
    (Strategy::Skip, 0.05),
    (Strategy::Withhold, 0.05),
    (Strategy::Pool, 0.05),
];

/// A pool that holds three seats in ten.
pub const POOLED: [(Strategy, f64); 2] = [(Strategy::Honest, 0.70), (Strategy::Pool, 0.30)];

/// What R, c and the lock are, in c.
const REWARD: u64 = 1_500;
const LOCK: u64 = 500_000;
const PRIVATE: f64 = 0.125;
/// A thousandth of c, as money.
const MILLI: u128 = 1_000_000;

/// The items of the benchmark.
const ITEMS: u32 = 1_000;
const TRUTH: i64 = 700_000;

impl Default for Terms {
    fn default() -> Self {
        Self {
            n: 15,
            spot: true,
            audit: 0.05,
            skipped: 0.3,
            hidden: 0.1,
            claim_noise: 5_000.0,
            sigma: 2_000,
        }
    }
}

/// A seat of one task.
#[derive(Debug, Clone, Copy)]
struct Seat {
    strategy: Strategy,
    score: i64,
    /// The share of its answers that it made up, and where they begin.
    made_up: (f64, u32),
    shown: bool,
    cost: f64,
}

/// What each strategy of a population earns.
///
/// # Errors
/// [`CalculatorError`] for no seats, no runs, or shares that are none.
pub fn payoffs(
    population: &[(Strategy, f64)],
    terms: &Terms,
    runs: u64,
    seed: u64,
) -> Result<Vec<Row>, CalculatorError> {
    error::count("the committee's seats", u64::from(terms.n), (1, 10_000))?;
    error::count("--runs", runs, (1, 1_000_000_000))?;
    error::number("the audit's probability", terms.audit, (0.0, 1.0))?;
    let shares: Vec<f64> = population.iter().map(|(_, share)| *share).collect();
    error::number("the shares' sum", shares.iter().sum(), (0.0, 1.0 + 1e-9))?;
    let (groups, params) = (Groups::of(&shares), Params::default());
    let mut earned: Vec<Mean> = population.iter().map(|_| Mean::default()).collect();
    for run in 0..runs {
        let mut stream = Stream::of(seed, "payoff", run);
        let drawn = groups.draw(seed, run, terms.n)?;
        let counts: Vec<(Strategy, u32)> = population
            .iter()
            .zip(&drawn)
            .map(|((strategy, _), seats)| (*strategy, *seats))
            .collect();
        let seats = work(&counts, terms, &mut stream);
        for (seat, payoff) in judge(&seats, terms, &params, (seed, run), &mut stream)? {
            let place = population.iter().position(|(strategy, _)| *strategy == seat.strategy);
            if let Some(mean) = place.and_then(|place| earned.get_mut(place)) {
                mean.add(payoff);
            }
        }
    }
    let rows = population.iter().zip(&earned).map(|((strategy, _), mean)| Row {
        strategy: *strategy,
        payoff: mean.value(),
        interval: Interval::of_mean(mean),
        seats: mean.count(),
    });
    Ok(rows.collect())
}

/// What the seats of a committee do.
fn work(counts: &[(Strategy, u32)], terms: &Terms, stream: &mut Stream) -> Vec<Seat> {
    let measured = |stream: &mut Stream| TRUTH + micros(stream.normal() * f64::from(terms.sigma));
    let claim = TRUTH + micros(stream.normal() * terms.claim_noise);
    let pooled = measured(stream);
    let mut seats = Vec::new();
    for (strategy, count) in counts {
        for _ in 0..*count {
            let whole = 1.0 + PRIVATE;
            let honest = Seat {
                strategy: *strategy,
                score: TRUTH,
                made_up: (0.0, 0),
                shown: true,
                cost: whole,
            };
            seats.push(match strategy {
                Strategy::Honest => Seat { score: measured(stream), ..honest },
                Strategy::Guess => Seat { score: claim, made_up: (1.0, 0), cost: 0.0, ..honest },
                Strategy::Skip => Seat {
                    score: measured(stream),
                    made_up: (terms.skipped, offset(stream)),
                    cost: (1.0 - terms.skipped) * whole,
                    ..honest
                },
                Strategy::Withhold => {
                    Seat { score: measured(stream), shown: !stream.happens(terms.hidden), ..honest }
                }
                Strategy::Pool => {
                    Seat { score: pooled, cost: 1.0 / f64::from(*count) + PRIVATE, ..honest }
                }
            });
        }
    }
    seats
}

/// What each seat is left with.
fn judge(
    seats: &[Seat],
    terms: &Terms,
    params: &Params,
    (seed, run): (u64, u64),
    stream: &mut Stream,
) -> Result<Vec<(Seat, f64)>, CalculatorError> {
    let shown = seats.iter().filter(|seat| seat.shown);
    let scores: Vec<Weighted> =
        shown.map(|seat| (Score::from_micros(seat.score), Seats(1))).collect();
    let sigma = u64::from(terms.sigma);
    let aggregate = Aggregate::of(&scores, Mode::Tolerant, sigma, &params.checks)?;
    let fee = Amount::from_units(u128::from(REWARD) * MILLI * u128::from(terms.n));
    let fee = fee.mul_div_ceil(10_000, u128::from(params.split.evaluators.parts()))?;
    let reward = in_c(seat_reward(fee, &params.split, Seats(terms.n))?);
    let lock = Amount::from_units(u128::from(LOCK) * MILLI);
    let price = |offence| price_of_lock(&params.slashing, offence, lock).map(in_c);
    let (false_transcript, no_reveal) =
        (price(Offence::FalseTranscript)?, price(Offence::NoReveal)?);
    let spot = Hash::of(Domain::Spot, &(seed, run));
    let items = draw_items(spot, params.checks.spot_exact, ITEMS);
    let audited = stream.happens(terms.audit);
    let mut left = Vec::with_capacity(seats.len());
    for seat in seats {
        if !seat.shown {
            left.push((*seat, -seat.cost - no_reveal));
            continue;
        }
        let wrong = items.iter().filter(|item| seat.made_up_item(**item)).count();
        let wrong = u32::try_from(wrong).unwrap_or(u32::MAX);
        let caught =
            (terms.spot && wrong >= params.checks.fault_exact) || (audited && seat.made_up.0 > 0.0);
        let standing: Option<Standing> =
            aggregate.map(|found| found.standing(Score::from_micros(seat.score)));
        let earned = if earns(standing, Some(!caught)) { reward } else { 0.0 };
        let lost = if caught { false_transcript } else { 0.0 };
        left.push((*seat, earned - lost - seat.cost));
    }
    Ok(left)
}

impl Seat {
    /// Whether it made the answer to an item up.
    fn made_up_item(&self, item: u32) -> bool {
        let (share, begin) = self.made_up;
        f64::from(item.wrapping_add(begin) % ITEMS) < share * f64::from(ITEMS)
    }
}

/// Where a seat's made-up answers begin.
fn offset(stream: &mut Stream) -> u32 {
    u32::try_from(stream.bits() % u64::from(ITEMS)).unwrap_or_default()
}

/// An amount in c.
fn in_c(amount: Amount) -> f64 {
    let milli = amount.units() / (MILLI / 1_000);
    f64::from(u32::try_from(milli).unwrap_or(u32::MAX)) / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(population: &[(Strategy, f64)], terms: Terms) -> Vec<Row> {
        payoffs(population, &terms, crate::calculators::runs(2_500), 1).unwrap()
    }

    /// Known payoffs with what one seat and task may lie off them by chance.
    fn check(rows: &[Row], known: &[(Strategy, f64)]) {
        for (strategy, expected) in known {
            let row = rows.iter().find(|row| row.strategy == *strategy).unwrap();
            let error = (row.interval.1 - row.interval.0) / 3.92;
            // The known figures are themselves from a simulation, of about as many seats.
            let off = (row.payoff - expected).abs();
            assert!(off < 4.0 * error + 0.02, "{strategy:?}: {} not {expected}", row.payoff);
        }
    }

    #[test]
    fn with_spot_checks_only_honest_work_and_pooled_work_pay() {
        let rows = table(&MIXED, Terms::default());
        let known = [
            (Strategy::Honest, 0.375),
            (Strategy::Guess, -50.0),
            (Strategy::Skip, -48.0),
            (Strategy::Withhold, -0.78),
        ];
        check(&rows, &known);
    }

    #[test]
    fn audits_alone_deter_at_five_percent_and_at_two_they_do_not() {
        let five = table(&MIXED, Terms { spot: false, ..Terms::default() });
        let known = [
            (Strategy::Honest, 0.375),
            (Strategy::Guess, -1.17),
            (Strategy::Skip, -1.79),
            (Strategy::Withhold, -0.72),
        ];
        check(&five, &known);
        let two = table(&MIXED, Terms { spot: false, audit: 0.02, ..Terms::default() });
        let known = [
            (Strategy::Honest, 0.375),
            (Strategy::Guess, 0.38),
            (Strategy::Skip, -0.24),
            (Strategy::Withhold, -0.77),
        ];
        check(&two, &known);
    }

    #[test]
    fn a_pool_with_three_seats_in_ten_earns_three_times_as_much() {
        check(&table(&POOLED, Terms::default()), &[(Strategy::Pool, 1.155)]);
    }

    #[test]
    fn a_population_of_more_than_all_is_refused() {
        let many = [(Strategy::Honest, 0.9), (Strategy::Guess, 0.2)];
        let refused = payoffs(&many, &Terms::default(), 1, 1).unwrap_err().to_string();
        assert!(refused.starts_with("the shares' sum must be 0 to 1"), "{refused}");
    }
}
