//! The network as a model: a scenario is what is set and run.
//!
//! What a run measures are the scenario's own numbers by their names, what slashes took in all, and
//! of each group `group.NAME.payoff`, `.return`, `.per_seat`, `.worked`, `.slashed` and `.outside`:
//! money in costs of one evaluation, returns in millionths of what the group began with for each
//! epoch. The course of a run is in results, captured results and the payoff of each group. Where a
//! group learns, it is measured as `learning.STRATEGY.share` and `.payoff` (for an operator in a round)
//! instead, and the course is in shares by round.
//!
//! # Not here
//! Attacks: [`field`].

pub mod field;

use crate::lab::model::{Key, Measured, Model, Watch};
use crate::learning::{self, Learned};
use crate::random::RunKey;
use crate::run::{EpochRow, GroupRow, Outcome, RunError, run};
use crate::scenario::{Learning, Scenario, ScenarioError};

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
        if let Some(learning) = &self.learning {
            return learning::names(learning).first().map(|name| format!("learning.{name}.share"));
        }
        let cheats = self.groups.iter().find(|group| !group.strategy.is_honest());
        let group = cheats.or_else(|| self.groups.first())?;
        Some(format!("group.{}.payoff", group.name))
    }

    fn set(&mut self, path: &str, value: &toml::Value) -> Result<(), NetworkError> {
        Ok(Self::set(self, path, value)?)
    }

    fn run(&self, key: Key, watch: Watch<'_>) -> Result<Measured, NetworkError> {
        if let Some(learning) = &self.learning {
            return learn(self, learning, key, watch);
        }
        let names: Vec<String> =
            self.groups.iter().map(|group| format!("payoff of {}", group.name)).collect();
        let outcome = run(self, run_key(key), &mut |row| {
            let EpochRow { epoch, results, captured, payoffs, height: _ } = row;
            let float = super::stats::float;
            let mut values = vec![("results", float(*results)), ("captured", float(*captured))];
            let payoffs = names.iter().zip(payoffs);
            values.extend(payoffs.map(|(name, payoff)| (name.as_str(), *payoff)));
            watch(u64::from(*epoch), &values);
        })?;
        Ok(measured(outcome))
    }
}

/// A run in which a group learns: its shares, and what they came to; of the last world, what is not
/// about that group.
fn learn(
    scenario: &Scenario,
    learning: &Learning,
    key: Key,
    watch: Watch<'_>,
) -> Result<Measured, NetworkError> {
    let names = learning::names(learning);
    let series: Vec<String> = names.iter().map(|name| format!("share of {name}")).collect();
    let mut told = |round: u32, shares: &[f64]| {
        let values: Vec<(&str, f64)> =
            series.iter().map(String::as_str).zip(shares.iter().copied()).collect();
        watch(u64::from(round), &values);
    };
    let learned = learning::learn(scenario, learning, run_key(key), &mut told)?;
    let Learned { shares, payoffs, regret, mut last } = learned;
    let mut values = vec![("learning.regret".to_owned(), regret)];
    for ((name, share), payoff) in names.iter().zip(shares).zip(payoffs) {
        values.push((format!("learning.{name}.share"), share));
        values.push((format!("learning.{name}.payoff"), payoff));
    }
    last.groups.retain(|group| scenario.groups.iter().any(|known| known.name == group.name));
    let measured = measured(last);
    values.extend(measured.values);
    Ok(Measured { values, ..measured })
}

/// The key of a run of the network.
#[must_use]
pub const fn run_key(key: Key) -> RunKey {
    RunKey { seed: key.seed, run: key.replicate }
}

fn measured(outcome: Outcome) -> Measured {
    let Outcome { kpis, groups, height, state_root, transactions: _, refusals: _ } = outcome;
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
