//! What an experiment runs: something with settings that measures itself from a seed.
//!
//! The laboratory knows no world, no agent and no rule. It sets values by their path, runs, and
//! reads named numbers; so the same designs, intervals and searches serve a scenario of the network
//! and a formula whose answers are known, with which the laboratory itself is tested.
//!
//! # Invariants
//! - A model that is run twice with one [`Key`] measures the same, to the last bit.
//! - What it measures has the same names in the same order in every run of an experiment.

use std::error::Error;

/// What a run's chance follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// The experiment's seed.
    pub seed: [u8; 32],
    /// Which repetition it is: arms of an experiment share it, and with it their random numbers.
    pub replicate: u64,
}

/// What a run came to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Measured {
    /// Named numbers. A name `group.NAME.payoff` or `group.NAME.return` is about one group of
    /// agents.
    pub values: Vec<(String, f64)>,
    /// How far the chain came; 0 for a model without one.
    pub height: u64,
    /// The state's root at the end; empty for a model without one.
    pub root: String,
}

/// Hears of a run as it goes: how far it is, and named numbers that stay the same names.
pub type Watch<'a> = &'a mut dyn FnMut(u64, &[(&str, f64)]);

/// Something that can be run.
pub trait Model: Clone + Send + Sync {
    /// Why it cannot be set or run.
    type Error: Error + Send + Sync + 'static;

    /// What it is called.
    fn name(&self) -> String;

    /// All its settings as a document from which it can be read again.
    ///
    /// # Errors
    /// If they have no form as a document.
    fn text(&self) -> Result<String, Self::Error>;

    /// The number that charts are about if nobody names one; the first if none.
    fn headline(&self) -> Option<String> {
        None
    }

    /// Changes one setting.
    ///
    /// # Errors
    /// If there is no such setting, or it cannot have this value.
    fn set(&mut self, path: &str, value: &toml::Value) -> Result<(), Self::Error>;

    /// Runs it to its end.
    ///
    /// # Errors
    /// If its settings make no world, or the world breaks a rule.
    fn run(&self, key: Key, watch: Watch<'_>) -> Result<Measured, Self::Error>;
}
