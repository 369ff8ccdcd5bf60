//! Other mechanisms, each in the form in which it is known.
//!
//! They pay by what is said and never open a transcript.

use super::matrix::Matrix;
use super::round::{Mechanism, Round, Settlement};
use super::yuma::{Rule, Setup, Yuma};
use crate::calculators::{CalculatorError, from_micros};

/// Yuma consensus: scores are weights, dividends are what is earned.
#[derive(Debug, Clone)]
pub struct Agreement {
    name: &'static str,
    yuma: Yuma,
}

impl Agreement {
    /// A version, with or without liquid alpha.
    #[must_use]
    pub fn of(rule: Rule, liquid: bool) -> Self {
        let name = match (rule, liquid) {
            (Rule::Yuma1, _) => "yuma 1",
            (Rule::Yuma2, _) => "yuma 2",
            (Rule::Yuma2B, _) => "yuma 2b",
            (Rule::Yuma2C, _) => "yuma 2c",
            (Rule::Yuma3, false) => "yuma 3",
            (Rule::Yuma3, true) => "yuma 3, liquid alpha",
        };
        Self { name, yuma: Yuma::new(Setup::of(rule, liquid)) }
    }
}

impl Mechanism for Agreement {
    fn name(&self) -> &'static str {
        self.name
    }

    fn settle(&mut self, round: &Round<'_>) -> Result<Settlement, CalculatorError> {
        let weight = |score: &i64| super::single(from_micros((*score).max(0)));
        let rows: Vec<Vec<f32>> =
            round.reports.iter().map(|row| row.iter().map(weight).collect()).collect();
        let stakes: Vec<f32> = round.stakes.iter().copied().map(super::single).collect();
        let empty = || Settlement {
            scores: vec![None; round.models()],
            earned: vec![0.0; stakes.len()],
            lost: vec![0.0; stakes.len()],
        };
        let Some(weights) = Matrix::of(&rows) else { return Ok(empty()) };
        let epoch = self.yuma.step(&weights, &stakes);
        let wide = |all: &[f32]| all.iter().copied().map(f64::from).collect::<Vec<_>>();
        let scores = wide(&epoch.consensus).into_iter().map(|c| (c > 0.0).then_some(c));
        Ok(Settlement { scores: scores.collect(), earned: wide(&epoch.dividends), ..empty() })
    }
}

/// The stake-weighted mean; everybody earns by stake.
#[derive(Debug, Clone, Copy)]
pub struct PlainMean;

impl Mechanism for PlainMean {
    fn name(&self) -> &'static str {
        "plain mean"
    }

    fn settle(&mut self, round: &Round<'_>) -> Result<Settlement, CalculatorError> {
        let mean = |model| round.of_model(model).map(|(score, stake)| from_micros(score) * stake);
        let scores = (0..round.models()).map(|model| Some(mean(model).sum())).collect();
        let lost = vec![0.0; round.stakes.len()];
        Ok(Settlement { scores, earned: round.stakes.to_vec(), lost })
    }
}

/// The stake-weighted median; who is farther from it than so many deviations loses stake, which goes
/// to the others.
#[derive(Debug, Clone, Copy)]
pub struct MedianSlash {
    /// How many times 1.4826 the median distance is too far.
    pub deviations: f64,
    /// The share of its stake that an outlier loses for each model, over the number of models.
    pub slash: f64,
}

impl Default for MedianSlash {
    fn default() -> Self {
        Self { deviations: 3.0, slash: 0.02 }
    }
}

impl Mechanism for MedianSlash {
    fn name(&self) -> &'static str {
        "median, outliers slashed"
    }

    fn settle(&mut self, round: &Round<'_>) -> Result<Settlement, CalculatorError> {
        let mut tally = Tally::new(round);
        let mut scores = Vec::new();
        for model in 0..round.models() {
            let said: Vec<(f64, f64)> =
                round.of_model(model).map(|(score, stake)| (from_micros(score), stake)).collect();
            let median = weighted_median(said.clone());
            let distances = said.iter().map(|(score, stake)| ((score - median).abs(), *stake));
            let limit = self.deviations * 1.4826 * weighted_median(distances.collect());
            tally.count(said.iter().map(|(score, _)| (score - median).abs() <= limit), self.slash);
            scores.push(Some(median));
        }
        Ok(tally.settle(scores))
    }
}

/// A vote on rounded scores: the mode is the result if more than half of the stake is behind it;
/// everybody earns by stake, and who voted otherwise loses a little to those who did not.
#[derive(Debug, Clone, Copy)]
pub struct Vote {
    /// The width of what counts as one answer, in micro-units.
    pub width: i64,
    /// The share of its stake that a wrong vote costs, over the number of models.
    pub slash: f64,
}

impl Default for Vote {
    fn default() -> Self {
        Self { width: 16_000, slash: 0.001 }
    }
}

impl Mechanism for Vote {
    fn name(&self) -> &'static str {
        "stake vote"
    }

    fn settle(&mut self, round: &Round<'_>) -> Result<Settlement, CalculatorError> {
        let mut tally = Tally::new(round);
        let mut scores = Vec::new();
        let width = self.width.max(1);
        for model in 0..round.models() {
            let votes: Vec<(i64, f64)> = round
                .of_model(model)
                .map(|(score, stake)| (score.div_euclid(width), stake))
                .collect();
            let mut behind = std::collections::BTreeMap::new();
            for (vote, stake) in &votes {
                *behind.entry(*vote).or_insert(0.0) += stake;
            }
            let most = behind.iter().max_by(|a, b| a.1.total_cmp(b.1));
            let passed = most.filter(|(_, stake)| **stake > 0.5).map(|(vote, _)| *vote);
            // Nobody is wrong where nothing was decided.
            let right = votes.iter().map(|(vote, _)| passed.is_none_or(|passed| passed == *vote));
            tally.count(right, self.slash);
            let middle = |vote: i64| from_micros(vote * width + width / 2);
            scores.push(passed.map(middle));
        }
        Ok(tally.settle(scores))
    }
}

/// Who was right, and what those who were not lose to those who were.
struct Tally<'a> {
    stakes: &'a [f64],
    models: f64,
    earned: Vec<f64>,
    lost: Vec<f64>,
}

impl<'a> Tally<'a> {
    fn new(round: &Round<'a>) -> Self {
        let count = round.stakes.len();
        let models = f64::from(u32::try_from(round.models()).unwrap_or(u32::MAX).max(1));
        let earned = round.stakes.to_vec();
        Self { stakes: round.stakes, models, earned, lost: vec![0.0; count] }
    }

    fn count(&mut self, right: impl Iterator<Item = bool>, slash: f64) {
        let right: Vec<bool> = right.collect();
        let price = slash / self.models;
        let pairs = || right.iter().zip(self.stakes);
        let taken: f64 = pairs().filter(|(right, _)| !**right).map(|(_, s)| s * price).sum();
        let holding: f64 = pairs().filter(|(right, _)| **right).map(|(_, stake)| stake).sum();
        for ((right, stake), lost) in pairs().zip(&mut self.lost) {
            // A negative loss: a share of what the others lost.
            *lost +=
                if *right { -taken * stake / holding.max(f64::EPSILON) } else { stake * price };
        }
    }

    fn settle(self, scores: Vec<Option<f64>>) -> Settlement {
        Settlement { scores, earned: self.earned, lost: self.lost }
    }
}

/// The value at which half of the stake is reached.
fn weighted_median(mut pairs: Vec<(f64, f64)>) -> f64 {
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let all: f64 = pairs.iter().map(|(_, stake)| stake).sum();
    let mut sum = 0.0;
    let reached = pairs.iter().find(|(_, stake)| {
        sum += stake;
        sum * 2.0 >= all
    });
    reached.map_or(0.0, |(value, _)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settle(mechanism: &mut dyn Mechanism, reports: &[i64], stakes: &[f64]) -> Settlement {
        let reports: Vec<Vec<i64>> = reports.iter().map(|score| vec![*score]).collect();
        let made_up = vec![vec![0.0]; stakes.len()];
        let round = Round { number: 0, seed: 1, stakes, reports: &reports, made_up: &made_up };
        mechanism.settle(&round).unwrap()
    }

    #[test]
    fn the_mean_follows_every_liar_and_pays_all_by_stake() {
        let found = settle(&mut PlainMean, &[100, 100, 500], &[0.4, 0.35, 0.25]);
        assert!((found.scores[0].unwrap() - 200.0).abs() < 1e-9);
        assert_eq!((found.earned, found.lost), (vec![0.4, 0.35, 0.25], vec![0.0; 3]));
    }

    #[test]
    fn an_outlier_pays_the_others_and_nothing_is_lost_on_the_way() {
        let reports = [100, 102, 98, 104, 900];
        let found = settle(&mut MedianSlash::default(), &reports, &[0.2; 5]);
        assert_eq!(found.scores, [Some(102.0)]);
        assert!(found.lost[4] > 0.0 && found.lost[0] < 0.0);
        assert!(found.lost.iter().sum::<f64>().abs() < 1e-12, "{:?}", found.lost);
    }

    #[test]
    fn a_vote_without_a_majority_decides_nothing_and_costs_nobody() {
        let mut vote = Vote { width: 10, slash: 0.01 };
        let split = settle(&mut vote, &[1, 11, 21], &[0.4, 0.3, 0.3]);
        assert_eq!((split.scores, split.lost), (vec![None], vec![0.0; 3]));
        let passed = settle(&mut vote, &[1, 2, 21], &[0.4, 0.3, 0.3]);
        assert_eq!(passed.scores, [Some(5.0)]);
        assert!(passed.lost[2] > 0.0 && passed.lost.iter().sum::<f64>().abs() < 1e-12);
    }

    #[test]
    fn under_yuma_who_disagrees_earns_less_than_its_stake() {
        let reports = vec![vec![500, 500], vec![500, 500], vec![900, 100]];
        let made_up = vec![vec![0.0; 2]; 3];
        let stakes = [0.4, 0.35, 0.25];
        for (rule, liquid) in [(Rule::Yuma2, false), (Rule::Yuma3, false), (Rule::Yuma3, true)] {
            let mut yuma = Agreement::of(rule, liquid);
            let round =
                Round { number: 0, seed: 1, stakes: &stakes, reports: &reports, made_up: &made_up };
            let found = yuma.settle(&round).unwrap();
            assert!(found.earned[0] > 0.3999, "{}: {:?}", yuma.name(), found.earned);
            assert!((found.earned.iter().sum::<f64>() - 1.0).abs() < 1e-3);
        }
    }
}
