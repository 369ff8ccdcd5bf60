//! Ours: committees by the protocol's draw, results by its aggregation, pay and slashes by its
//! prices.
//!
//! What is left to this file is who finds what: spot items and the items of a defence are opened,
//! and hold a made-up answer with the probability that so many draws hit one; an audit, as likely as
//! the parameters say, finds every made-up answer, and a result that it proves false costs those who
//! hold its majority their whole lock.
//!
//! # Not here
//! Juries that may err, disputes by the public, jails and the correlated slash: see the worlds.

use probity_primitives::{
    Address, Amount, Domain, Hash, Keypair, Network, OperatorId, Score, Seats,
};
use probity_protocol::aggregation::{Aggregate, Weighted};
use probity_protocol::committee::{self, Candidate};
use probity_protocol::params::Params;
use probity_protocol::slashing::{Offence, price_of_lock};
use probity_protocol::task::{Mode, Standing, earns, seat_reward};

use super::round::{Mechanism, Round, Settlement};
use crate::calculators::CalculatorError;
use crate::calculators::random::Stream;
use crate::calculators::seats::{from_units, units};

/// All stake, and what an epoch pays, in base units.
const STAKE: f64 = 1e15;

/// Committees of drawn seats.
#[derive(Debug, Clone)]
pub struct Ours {
    params: Params,
    /// The seats of a committee.
    seats: u32,
    /// The declared noise in micro-units.
    sigma: u64,
    /// What an epoch pays, as a share of all stake.
    pay: f64,
    operators: Vec<OperatorId>,
}

/// A member's part in a task.
struct Member {
    evaluator: usize,
    seats: u32,
    score: Score,
    made_up: f64,
}

impl Ours {
    /// With the default parameters.
    #[must_use]
    pub fn new(seats: u32, sigma: u64, pay: f64) -> Self {
        Self { params: Params::default(), seats, sigma, pay, operators: Vec::new() }
    }

    fn committee(
        &mut self,
        round: &Round<'_>,
        model: usize,
    ) -> Result<Vec<Member>, CalculatorError> {
        for number in self.operators.len()..round.stakes.len() {
            let seed = Hash::of(Domain::Seed, &("evaluator", u64::try_from(number).ok()));
            let key = Keypair::from_seed(*seed.as_bytes()).public();
            self.operators.push(OperatorId::of(&Address::of(&key, Network::Test), &key));
        }
        let pairs = self.operators.iter().zip(round.stakes);
        let mut candidates: Vec<Candidate> = pairs
            .map(|(operator, stake)| {
                let stake = units(stake * STAKE);
                Candidate { operator: *operator, stake, free: stake }
            })
            .collect();
        candidates.sort_by_key(|candidate| candidate.operator);
        let beacon = Hash::of(Domain::Beacon, &(round.seed, round.number));
        let seed = committee::seed(beacon, &u64::try_from(model).ok());
        let drawn = committee::draw(&candidates, seed, Seats(self.seats), Amount::from_units(1))?;
        let members = self.operators.iter().enumerate().filter_map(|(evaluator, operator)| {
            let seats = drawn.get(operator)?.0;
            let score = round.reports.get(evaluator).and_then(|row| row.get(model))?;
            let made_up = round.made_up_by(evaluator, model);
            Some(Member { evaluator, seats, score: Score::from_micros(*score), made_up })
        });
        Ok(members.collect())
    }

    /// Judges and pays one task; gives its score.
    fn task(
        &self,
        members: &[Member],
        fee: Amount,
        stream: &mut Stream,
        settlement: &mut Settlement,
    ) -> Result<Option<f64>, CalculatorError> {
        let scores: Vec<Weighted> =
            members.iter().map(|one| (one.score, Seats(one.seats))).collect();
        let checks = &self.params.checks;
        let Some(found) = Aggregate::of(&scores, Mode::Tolerant, self.sigma, checks)? else {
            return Ok(None);
        };
        let audited = stream.happens(f64::from(self.params.audit.floor.parts()) / 1e6);
        let liars = members.iter().filter(|one| one.made_up > 0.0 && one.score == found.median);
        let majority = liars.map(|one| one.seats).sum::<u32>() * 2 > self.seats;
        let reward = seat_reward(fee, &self.params.split, Seats(self.seats))?;
        for member in members {
            let standing = found.standing(member.score);
            let opened = match standing {
                Standing::Accepted => checks.spot_exact,
                Standing::Grey | Standing::Flagged => checks.spot_exact + checks.defence,
            };
            let hit = 1.0 - (1.0 - member.made_up).powi(i32::try_from(opened).unwrap_or(i32::MAX));
            let caught = stream.happens(hit) || (audited && member.made_up > 0.0);
            let seats = f64::from(member.seats);
            if earns(Some(standing), Some(!caught))
                && let Some(earned) = settlement.earned.get_mut(member.evaluator)
            {
                *earned += seats * from_units(reward) / (self.pay * STAKE);
            }
            if caught && let Some(lost) = settlement.lost.get_mut(member.evaluator) {
                let held = member.score == found.median && majority && audited;
                let offence = if held { Offence::FalseResult } else { Offence::FalseTranscript };
                let lock = reward.checked_mul(u128::from(self.params.task.seat_lock))?;
                let price = price_of_lock(&self.params.slashing, offence, lock)?;
                *lost += seats * from_units(price) / STAKE;
            }
        }
        Ok(Some(crate::calculators::from_micros(found.median.micros())))
    }
}

impl Mechanism for Ours {
    fn name(&self) -> &'static str {
        "probity"
    }

    fn settle(&mut self, round: &Round<'_>) -> Result<Settlement, CalculatorError> {
        let (count, models) = (round.stakes.len(), round.models());
        let mut settlement =
            Settlement { scores: Vec::new(), earned: vec![0.0; count], lost: vec![0.0; count] };
        let tasks = f64::from(u32::try_from(models).unwrap_or(u32::MAX).max(1));
        // What seats can earn at most is what the epoch pays: the rest of a fee comes on top.
        let share = u128::from(self.params.split.evaluators.parts());
        let fee = units(self.pay * STAKE / tasks).mul_div_floor(10_000, share)?;
        let mut stream = Stream::of(round.seed, "findings", round.number);
        for model in 0..models {
            let members = self.committee(round, model)?;
            let score = self.task(&members, fee, &mut stream, &mut settlement)?;
            settlement.scores.push(score);
        }
        Ok(settlement)
    }
}
