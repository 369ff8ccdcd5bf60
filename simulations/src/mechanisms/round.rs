//! What every mechanism is given, and what it answers.

use crate::calculators::CalculatorError;

/// One epoch: everybody's stake and what everybody says of every model.
#[derive(Debug, Clone)]
pub struct Round<'a> {
    /// Which epoch.
    pub number: u64,
    /// What draws follow from.
    pub seed: u64,
    /// Each evaluator's share of all stake.
    pub stakes: &'a [f64],
    /// For each evaluator the score of each model, in micro-units.
    pub reports: &'a [Vec<i64>],
    /// For each evaluator and model the share of answers that it made up: what is there to be found
    /// by whoever opens a transcript, and of no use to a mechanism that does not.
    pub made_up: &'a [Vec<f64>],
}

/// What a mechanism makes of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Settlement {
    /// Each model's score: in micro-units, or in any unit that is the same for all models; `None`
    /// where there is no result.
    pub scores: Vec<Option<f64>>,
    /// Each evaluator's share of what the epoch pays.
    pub earned: Vec<f64>,
    /// The share of all stake that each evaluator loses.
    pub lost: Vec<f64>,
}

/// A way to make scores and earnings out of reports.
pub trait Mechanism {
    /// Its name.
    fn name(&self) -> &'static str;

    /// One epoch.
    ///
    /// # Errors
    /// [`CalculatorError`] where a rule's arithmetic refuses.
    fn settle(&mut self, round: &Round<'_>) -> Result<Settlement, CalculatorError>;
}

impl Round<'_> {
    /// How many models there are.
    #[must_use]
    pub fn models(&self) -> usize {
        self.reports.first().map_or(0, Vec::len)
    }

    /// What everybody says of one model, with the stake behind it.
    pub fn of_model(&self, model: usize) -> impl Iterator<Item = (i64, f64)> {
        let said = self.reports.iter().map(move |row| row.get(model).copied().unwrap_or_default());
        said.zip(self.stakes.iter().copied())
    }

    /// The share of answers that an evaluator made up for one model.
    #[must_use]
    pub fn made_up_by(&self, evaluator: usize, model: usize) -> f64 {
        let row = self.made_up.get(evaluator);
        row.and_then(|row| row.get(model)).copied().unwrap_or_default()
    }
}
