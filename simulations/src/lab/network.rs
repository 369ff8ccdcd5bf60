//! The network as a model: a scenario is what is set and run.
//!
//! What a run measures are the scenario's own numbers by their names, what slashes took in all, and
//! of each group `group.NAME.payoff`, `.return`, `.per_seat`, `.worked`, `.slashed` and `.outside`:
//! money in costs of one evaluation, returns in millionths of what the group began with for each
//! epoch. The course of a run is in results, captured results and the payoff of each group.
//!
//! # Not here
//! Attacks: [`field`].

pub mod field;

use crate::lab::model::{Key, Measured, Model, Watch};
use crate::random::RunKey;
use crate::run::{EpochRow, GroupRow, Outcome, RunError, run};
use crate::scenario::{Scenario, ScenarioError};

/// Numbers that are there only if something happened; they are added up instead.
const SLASHED: &str = "slashed.";
/// Numbers of groups, which stand for themselves.
const GROUP: &str = "group.";

/// Why a scenario cannot be set or run.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// A setting that is refused.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// A run that broke.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A scenario without a form.
    #[error("cannot write the scenario: {0}")]
    Text(#[from] toml::ser::Error),
}

impl Model for Scenario {
    type Error = NetworkError;

    fn name(&self) -> String {
        self.name.clone()
    }

    fn text(&self) -> Result<String, NetworkError> {
        Ok(self.resolved()?)
    }

    fn headline(&self) -> Option<String> {
        let cheats = self.groups.iter().find(|group| !group.strategy.is_honest());
        let group = cheats.or_else(|| self.groups.first())?;
        Some(format!("group.{}.payoff", group.name))
    }

    fn set(&mut self, path: &str, value: &toml::Value) -> Result<(), NetworkError> {
        Ok(Self::set(self, path, value)?)
    }

    fn run(&self, key: Key, watch: Watch<'_>) -> Result<Measured, NetworkError> {
        let names: Vec<String> =
            self.groups.iter().map(|group| format!("payoff of {}", group.name)).collect();
        let outcome = run(self, run_key(key), &mut |row| {
            let EpochRow { epoch, results, captured, payoffs, height: _, root: _ } = row;
            let float = super::stats::float;
            let mut values = vec![("results", float(*results)), ("captured", float(*captured))];
            let payoffs = names.iter().zip(payoffs);
            values.extend(payoffs.map(|(name, payoff)| (name.as_str(), *payoff)));
            watch(u64::from(*epoch), &values);
        })?;
        Ok(measured(outcome))
    }
}

/// The key of a run of the network.
const fn run_key(key: Key) -> RunKey {
    RunKey { seed: key.seed, run: key.replicate }
}

fn measured(outcome: Outcome) -> Measured {
    let Outcome { kpis, groups, height, state_root, refusals: _ } = outcome;
    let slashed = kpis.iter().filter(|(name, _)| name.starts_with(SLASHED));
    let slashed = slashed.map(|(_, amount)| amount).sum();
    let plain = |name: &str| !name.starts_with(SLASHED) && !name.starts_with(GROUP);
    let mut values: Vec<(String, f64)> = kpis.into_iter().filter(|(name, _)| plain(name)).collect();
    values.push(("slashed".to_owned(), slashed));
    for group in &groups {
        let GroupRow { name, payoff, return_ppm, per_seat, worked, slashed, outside, .. } = group;
        let of_group = [
            ("payoff", payoff),
            ("return", return_ppm),
            ("per_seat", per_seat),
            ("worked", worked),
            ("slashed", slashed),
            ("outside", outside),
        ];
        values.extend(of_group.map(|(what, value)| (format!("group.{name}.{what}"), *value)));
    }
    Measured { values, height: height.0, root: state_root.to_string() }
}
