//! How many runs are needed before a difference can be seen.
//!
//! A pilot of a few dozen runs shows how much a number varies from run to run. From that follows
//! how many runs an experiment needs so that its interval is as narrow as wished, or so that a
//! difference of a given size is found with a given power. Two arms that share their random numbers
//! are compared by the differences of pairs, whose spread is smaller by the arms' correlation.
//!
//! # Not here
//! The pilot itself; how the runs are made.

use serde::Serialize;

use super::stats::{LEVEL, float, floor, normal_quantile, student};

/// What is known and what is wished for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Question {
    /// The standard deviation of one run (or of one pair's difference).
    pub deviation: f64,
    /// The difference that should be seen.
    pub difference: f64,
    /// With what probability it should be seen.
    pub power: f64,
    /// How far the two arms move together from run to run, if each pair shares its random numbers.
    pub correlation: Option<f64>,
}

/// How many runs answer a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Needed {
    /// Runs until the interval of a single mean reaches no farther than the difference.
    pub interval: u64,
    /// Runs in each of two arms until their difference is found.
    pub arms: u64,
    /// Pairs with common random numbers until the difference is found; `None` without a
    /// correlation.
    pub pairs: Option<u64>,
}

/// Why a question has no answer.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum PowerError {
    /// A spread or difference that is none.
    #[error("{name} is {value}, and must be a number above 0")]
    NotPositive {
        /// What it is.
        name: &'static str,
        /// What was said.
        value: f64,
    },
    /// A power that is no probability.
    #[error("the power is {0}, and must lie between 0.5 and 1")]
    Power(f64),
    /// A correlation that is none.
    #[error("the correlation is {0}, and must lie between -1 and 1")]
    Correlation(f64),
    /// More runs than anyone makes.
    #[error("a difference of {difference} at a deviation of {deviation} needs over {limit} runs")]
    TooMany {
        /// The difference.
        difference: f64,
        /// The spread.
        deviation: f64,
        /// The most that is computed.
        limit: u64,
    },
}

/// The most runs that are an answer.
const MOST: u64 = 1_000_000_000;

/// How many runs are needed.
///
/// # Errors
/// If a number is not what it has to be, or the answer is beyond what anyone runs.
pub fn needed(question: &Question) -> Result<Needed, PowerError> {
    let Question { deviation, difference, power, correlation } = *question;
    for (name, value) in [("the deviation", deviation), ("the difference", difference)] {
        if !(value.is_finite() && value > 0.0) {
            return Err(PowerError::NotPositive { name, value });
        }
    }
    if !(0.5..1.0).contains(&power) {
        return Err(PowerError::Power(power));
    }
    if let Some(correlation) = correlation.filter(|value| !(-1.0..=1.0).contains(value)) {
        return Err(PowerError::Correlation(correlation));
    }
    let least = |spread: f64, power: f64| {
        least(spread / difference, normal_quantile(power)).ok_or(PowerError::TooMany {
            difference,
            deviation,
            limit: MOST,
        })
    };
    let pair = |rho: f64| deviation * (2.0 * (1.0 - rho)).sqrt();
    Ok(Needed {
        interval: least(deviation, 0.5)?,
        arms: least(pair(0.0), power)?,
        pairs: correlation.map(|rho| least(pair(rho), power)).transpose()?,
    })
}

/// The least count whose interval, and the margin for the power, fit into the difference: Student's
/// quantile depends on the count, so the count is found by steps from the normal's.
fn least(ratio: f64, margin: f64) -> Option<u64> {
    let runs = |quantile: f64| ((quantile + margin) * ratio).powi(2).ceil();
    let first = runs(normal_quantile(0.5 + LEVEL / 2.0));
    if first > float(MOST) {
        return None;
    }
    let mut n = u64::try_from(floor(first)).ok()?.max(2);
    while runs(student(n - 1)) > float(n) {
        n = n.checked_add(1)?;
    }
    Some(n)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(deviation: f64, difference: f64, correlation: Option<f64>) -> Needed {
        needed(&Question { deviation, difference, power: 0.8, correlation }).unwrap()
    }

    /// The textbook case of half a deviation at 80 %: 63 or 64 in each arm, 34 pairs if the spread
    /// of the differences is that of a run.
    #[test]
    fn half_a_deviation_needs_what_the_textbook_says() {
        let found = ask(1.0, 0.5, Some(0.5));
        assert!((63..=66).contains(&found.arms), "{found:?}");
        assert_eq!(found.pairs, Some(34));
        assert_eq!(found.interval, 18);
    }

    #[test]
    fn arms_that_move_together_need_fewer_runs() {
        let (some, much) = (ask(3.0, 0.5, Some(0.5)), ask(3.0, 0.5, Some(0.95)));
        assert!(some.pairs < Some(some.arms));
        assert!(much.pairs.unwrap() * 5 < some.pairs.unwrap(), "{some:?} {much:?}");
    }

    #[test]
    fn the_answer_is_the_least_that_is_enough() {
        for difference in [0.2, 0.7, 1.5, 10.0] {
            let n = ask(1.0, difference, None).interval;
            let half = |n: u64| student(n - 1) / float(n).sqrt();
            assert!(half(n) <= difference, "{n}");
            assert!(n == 2 || half(n - 1) > difference, "{n}");
        }
    }

    #[test]
    fn questions_without_an_answer_are_refused_with_their_values() {
        let base = Question { deviation: 1.0, difference: 1.0, power: 0.8, correlation: None };
        let refused = |question| needed(&question).unwrap_err().to_string();
        assert!(refused(Question { deviation: -1.0, ..base }).contains("-1"));
        assert!(refused(Question { difference: 0.0, ..base }).contains("the difference is 0"));
        assert!(refused(Question { power: 1.0, ..base }).contains("power is 1"));
        assert!(refused(Question { correlation: Some(2.0), ..base }).contains("is 2"));
        assert!(refused(Question { difference: 1e-9, ..base }).contains("runs"));
    }
}
