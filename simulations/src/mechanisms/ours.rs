//! Ours: committees by the protocol's draw, results by its aggregation, pay and slashes by its
//! prices.
//!
//! What is left to this file is who finds what. Spot items and the items of a defence are opened, and
//! hold a made-up answer with the probability that so many draws hit one. A result is disputed if an
//! audit doubts it, as likely as the parameters say, or if someone is flagged whose transcript holds;
//! a jury, drawn like everybody, lets it fall unless liars have the jury too. Then those who hold it
//! lose their lock, and a committee of twice the seats and one measures anew.
//!
//! # Not here
//! Juries that err, appeals, disputes by the public, jails, the correlated slash: see the worlds.

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

/// One task of a round.
struct Task<'a> {
    round: &'a Round<'a>,
    model: usize,
    candidates: &'a [Candidate],
    fee: Amount,
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

    /// Everybody as a candidate, in the order of draws.
    fn candidates(&mut self, stakes: &[f64]) -> Vec<Candidate> {
        for number in self.operators.len()..stakes.len() {
            let seed = Hash::of(Domain::Seed, &("evaluator", u64::try_from(number).ok()));
            let key = Keypair::from_seed(*seed.as_bytes()).public();
            self.operators.push(OperatorId::of(&Address::of(&key, Network::Test), &key));
        }
        let pairs = self.operators.iter().zip(stakes);
        let mut candidates: Vec<Candidate> = pairs
            .map(|(operator, stake)| {
                let stake = units(stake * STAKE);
                Candidate { operator: *operator, stake, free: stake }
            })
            .collect();
        candidates.sort_by_key(|candidate| candidate.operator);
        candidates
    }

    /// Draws seats, for a purpose, among everybody.
    fn draw(
        &self,
        task: &Task<'_>,
        purpose: &str,
        seats: u32,
    ) -> Result<Vec<Member>, CalculatorError> {
        let Task { round, model, candidates, .. } = task;
        let beacon = Hash::of(Domain::Beacon, &(round.seed, round.number));
        let seed = committee::seed(beacon, &(purpose, u64::try_from(*model).ok()));
        let drawn = committee::draw(candidates, seed, Seats(seats), Amount::from_units(1))?;
        let members = self.operators.iter().enumerate().filter_map(|(evaluator, operator)| {
            let seats = drawn.get(operator)?.0;
            let score = round.reports.get(evaluator).and_then(|row| row.get(*model))?;
            let made_up = round.made_up_by(evaluator, *model);
            Some(Member { evaluator, seats, score: Score::from_micros(*score), made_up })
        });
        Ok(members.collect())
    }

    /// One task to its end; gives its score. A result that falls is measured anew, once.
    fn task(
        &self,
        task: &Task<'_>,
        stream: &mut Stream,
        settlement: &mut Settlement,
    ) -> Result<Option<f64>, CalculatorError> {
        let mut seats = self.seats;
        for attempt in ["committee", "larger committee"] {
            let members = self.draw(task, attempt, seats)?;
            let Some(found) = self.aggregate(&members)? else { return Ok(None) };
            let audit = f64::from(self.params.audit.floor.parts()) / 1e6;
            let doubted = stream.happens(audit) || members.iter().any(|one| one.is_right(&found));
            if doubted && self.falls(task, &members, &found)? {
                self.punish(&members, &found, task, settlement)?;
                seats = seats * 2 + 1;
                continue;
            }
            self.pay(&members, &found, (task, seats), stream, settlement)?;
            return Ok(Some(crate::calculators::from_micros(found.median.micros())));
        }
        Ok(None)
    }

    fn aggregate(&self, members: &[Member]) -> Result<Option<Aggregate>, CalculatorError> {
        let scores: Vec<Weighted> =
            members.iter().map(|one| (one.score, Seats(one.seats))).collect();
        Ok(Aggregate::of(&scores, Mode::Tolerant, self.sigma, &self.params.checks)?)
    }

    /// Whether a jury finds a result to be false: liars hold the median, and not the jury.
    fn falls(
        &self,
        task: &Task<'_>,
        members: &[Member],
        found: &Aggregate,
    ) -> Result<bool, CalculatorError> {
        let lies = |members: &[Member]| {
            let liars = members.iter().filter(|one| one.made_up > 0.0);
            liars.map(|one| one.seats).sum::<u32>()
        };
        let all: u32 = members.iter().map(|one| one.seats).sum();
        let held = lies(members) * 2 > all
            && members.iter().any(|one| one.made_up > 0.0 && one.holds(found));
        if !held {
            return Ok(false);
        }
        let jury = self.draw(task, "jury", self.params.jury.seats.0)?;
        Ok(lies(&jury) * 2 <= self.params.jury.seats.0)
    }

    /// Those who hold a false result lose their whole lock.
    fn punish(
        &self,
        members: &[Member],
        found: &Aggregate,
        task: &Task<'_>,
        settlement: &mut Settlement,
    ) -> Result<(), CalculatorError> {
        let reward = self.reward(task.fee, self.seats)?;
        for liar in members.iter().filter(|one| one.made_up > 0.0 && one.holds(found)) {
            self.take(liar, Offence::FalseResult, reward, settlement)?;
        }
        Ok(())
    }

    fn reward(&self, fee: Amount, seats: u32) -> Result<Amount, CalculatorError> {
        Ok(seat_reward(fee, &self.params.split, Seats(seats))?)
    }

    fn take(
        &self,
        member: &Member,
        offence: Offence,
        reward: Amount,
        settlement: &mut Settlement,
    ) -> Result<(), CalculatorError> {
        let lock = reward.checked_mul(u128::from(self.params.task.seat_lock))?;
        let price = price_of_lock(&self.params.slashing, offence, lock)?;
        if let Some(lost) = settlement.lost.get_mut(member.evaluator) {
            *lost += f64::from(member.seats) * from_units(price) / STAKE;
        }
        Ok(())
    }

    /// Checks every member's openings, and pays whom a result that stands pays.
    fn pay(
        &self,
        members: &[Member],
        found: &Aggregate,
        (task, seats): (&Task<'_>, u32),
        stream: &mut Stream,
        settlement: &mut Settlement,
    ) -> Result<(), CalculatorError> {
        let checks = &self.params.checks;
        let reward = self.reward(task.fee, seats)?;
        for member in members {
            let standing = found.standing(member.score);
            let opened = match standing {
                Standing::Accepted => checks.spot_exact,
                Standing::Grey | Standing::Flagged => checks.spot_exact + checks.defence,
            };
            let hit = 1.0 - (1.0 - member.made_up).powi(i32::try_from(opened).unwrap_or(i32::MAX));
            let caught = stream.happens(hit);
            if caught {
                self.take(member, Offence::FalseTranscript, reward, settlement)?;
            }
            if earns(Some(standing), Some(!caught))
                && let Some(earned) = settlement.earned.get_mut(member.evaluator)
            {
                *earned += f64::from(member.seats) * from_units(reward) / (self.pay * STAKE);
            }
        }
        Ok(())
    }
}

impl Member {
    /// Whether it stands by a result.
    fn holds(&self, found: &Aggregate) -> bool {
        found.standing(self.score) == Standing::Accepted
    }

    /// Whether it is flagged with a transcript that holds, so that the result is disputed for it.
    fn is_right(&self, found: &Aggregate) -> bool {
        self.made_up == 0.0 && found.standing(self.score) == Standing::Flagged
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
        let candidates = self.candidates(round.stakes);
        for model in 0..models {
            let task = Task { round, model, candidates: &candidates, fee };
            let score = self.task(&task, &mut stream, &mut settlement)?;
            settlement.scores.push(score);
        }
        Ok(settlement)
    }
}
