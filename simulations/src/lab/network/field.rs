//! Every strategy as an attack: the same operators with the same stake, told to do something else.
//!
//! One group of a scenario attacks. It is given each strategy in turn that is not simply honest
//! work, with the settings that this strategy knows; the rest of the world stays as it is. What the
//! attacker could gain outside (`gain`) and what is offered to it (`offer`) are the scenario's to
//! say and are not turned: an attack that chose its own prize would always pay.
//!
//! # Not here
//! Which settings are tried: [`crate::lab::attack`].

use std::path::Path;

use super::{NetworkError, run_key};
use crate::agents::Kind;
use crate::lab::LabError;
use crate::lab::attack::{Arena, Attack, Played};
use crate::lab::axis::{Axis, AxisError};
use crate::lab::model::Key;
use crate::run::run;
use crate::scenario::{Group, Scenario};

/// The ranges in which each setting of a strategy is tried.
const RANGES: [(&str, &str); 6] = [
    ("share", "0.02..1.0:log"),
    ("shift", "0.005..0.3:log"),
    ("skip", "0.05..0.9"),
    ("split", "2..8"),
    ("tokens", "100000..10000000:log"),
    ("per_epoch", "1..4"),
];

/// One group of a scenario, about to try everything.
#[derive(Debug, Clone)]
pub struct Field {
    scenario: Scenario,
    group: usize,
    seed: [u8; 32],
    attacks: Vec<Attack>,
}

/// Why there is nobody to attack.
#[derive(Debug, thiserror::Error)]
pub enum FieldError {
    /// No such group.
    #[error("there is no group `{name}`; there are {known}")]
    NoGroup {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// Nobody who is not honest.
    #[error("every group is honest: name the one that attacks with --group")]
    AllHonest,
    /// A range that is none.
    #[error(transparent)]
    Axis(#[from] AxisError),
}

impl Field {
    /// The named group of a scenario attacks, or the first that is not honest.
    ///
    /// # Errors
    /// If there is no such group.
    pub fn new(
        scenario: Scenario,
        group: Option<&str>,
        seed: [u8; 32],
    ) -> Result<Self, FieldError> {
        let groups = &scenario.groups;
        let place = match group {
            None => groups.iter().position(|group| !group.strategy.is_honest()),
            Some(name) => groups.iter().position(|group| group.name == name),
        };
        let group = place.ok_or_else(|| match group {
            None => FieldError::AllHonest,
            Some(name) => {
                let known: Vec<&str> = groups.iter().map(|group| group.name.as_str()).collect();
                FieldError::NoGroup { name: name.to_owned(), known: known.join(", ") }
            }
        })?;
        let mut field = Self { scenario, group, seed, attacks: Vec::new() };
        for kind in Kind::ALL {
            let attack = attack(kind)?;
            let middle: Vec<toml::Value> = attack.knobs.iter().map(|knob| knob.at(0.5)).collect();
            // What this scenario has no place for (a numeric lie where answers are labels, say) is
            // not tried.
            let fits = field.told(kind, &attack.knobs, &middle).is_ok();
            if kind != Kind::Honest && fits {
                field.attacks.push(attack);
            }
        }
        Ok(field)
    }

    /// Who attacks, in words.
    #[must_use]
    pub fn attacker(&self) -> String {
        let Some(group) = self.scenario.groups.get(self.group) else { return String::new() };
        let stake = |group: &Group| u64::from(group.count).saturating_mul(group.stake);
        let all: u64 = self.scenario.groups.iter().map(stake).sum();
        let part = stake(group).saturating_mul(1_000) / all.max(1);
        format!(
            "{}: {} operators of {} tokens, {}.{} % of the stake",
            group.name,
            group.count,
            group.stake,
            part / 10,
            part % 10
        )
    }

    /// The scenario with the attacker told to do this.
    fn told(
        &self,
        kind: Kind,
        knobs: &[Axis],
        values: &[toml::Value],
    ) -> Result<Scenario, NetworkError> {
        let mut scenario = Scenario { learning: None, ..self.scenario.clone() };
        if let Some(group) = scenario.groups.get_mut(self.group) {
            let takes = |name: &str| kind.takes().contains(&name);
            let (gain, offer) = (group.gain, group.offer);
            *group = Group {
                name: group.name.clone(),
                strategy: kind,
                count: group.count,
                stake: group.stake,
                budget: group.budget,
                share: None,
                shift: None,
                skip: None,
                gain: gain.filter(|_| takes("gain")),
                offer: offer.filter(|_| takes("offer")),
                split: None,
                tokens: None,
                per_epoch: None,
            };
            let whole =
                |value: &toml::Value| value.as_integer().and_then(|n| u32::try_from(n).ok());
            for (knob, value) in knobs.iter().zip(values) {
                match knob.path() {
                    "share" => group.share = value.as_float(),
                    "shift" => group.shift = value.as_float(),
                    "skip" => group.skip = value.as_float(),
                    "split" => group.split = whole(value),
                    "per_epoch" => group.per_epoch = whole(value),
                    "tokens" => {
                        group.tokens = value.as_integer().and_then(|n| u64::try_from(n).ok());
                    }
                    _ => {}
                }
            }
        }
        // Reading checks what a hand-made scenario may have wrong.
        Ok(Scenario::read(&scenario.resolved()?, Path::new(&scenario.name))?)
    }
}

/// A strategy with the ranges of what it can be told.
fn attack(kind: Kind) -> Result<Attack, AxisError> {
    let takes = RANGES.iter().filter(|(name, _)| kind.takes().contains(name));
    let knobs = takes.map(|(name, range)| format!("{name}={range}").parse());
    Ok(Attack { name: kind.name(), knobs: knobs.collect::<Result<_, _>>()? })
}

impl Arena for Field {
    fn attacks(&self) -> Vec<Attack> {
        self.attacks.clone()
    }

    fn play(
        &self,
        attack: Option<(&Attack, &[toml::Value])>,
        replicate: u64,
    ) -> Result<Played, LabError> {
        let (kind, knobs, values) = match attack {
            None => (Kind::Honest, &[][..], &[][..]),
            Some((attack, values)) => {
                let named = Kind::ALL.into_iter().find(|kind| kind.name() == attack.name);
                (named.unwrap_or(Kind::Honest), &attack.knobs[..], values)
            }
        };
        let scenario = self.told(kind, knobs, values).map_err(LabError::model)?;
        let key = run_key(Key { seed: self.seed, replicate });
        let outcome = run(&scenario, key, &mut |_| {}).map_err(LabError::model)?;
        let group = outcome.groups.get(self.group);
        Ok(group.map_or_else(Played::default, |group| Played {
            payoff: group.payoff,
            cost: group.worked + group.slashed,
        }))
    }
}
