//! Scenarios: a world, its people and their intentions, in one TOML file.
//!
//! Every key has a place and a default in the types below; a key that is not known is refused with
//! its file and line and the nearest key that is. [`Scenario::set`] changes one value by its path, so
//! that a sweep is a list of paths and values.
//!
//! # Invariants
//! - What [`Scenario::read`] gives can be run: stakes, counts, shares and parameters were checked.
//!
//! # Not here
//! What the strategies do: [`crate::agents`]. How a scenario is run: [`mod@crate::run`].

mod check;
mod error;
mod group;
mod learning;
mod place;
pub(crate) mod protocol;

use std::path::Path;

use probity_protocol::Params;
use probity_protocol::task::Mode;
use serde::{Deserialize, Serialize};

pub use error::ScenarioError;
pub use group::Group;
pub use learning::{Learning, Rule};
pub use protocol::Base;

use crate::world::Rigour;

/// A whole scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What reports call it.
    pub name: String,
    /// What it asks, and what to expect.
    #[serde(default)]
    pub about: String,
    /// The root seed of all chance.
    #[serde(default)]
    pub seed: u64,
    /// How many epochs have tasks requested; open ones are then seen to their end.
    #[serde(default = "ten")]
    pub epochs: u32,
    /// Whether signatures are computed.
    #[serde(default = "elided")]
    pub mode: Rigour,
    /// Which parameters the protocol begins with.
    #[serde(default)]
    pub base: Base,
    /// Parameters that differ from the base, by their names in `docs/spec/15-parameters.md`; money in
    /// base units.
    #[serde(default)]
    pub protocol: toml::Table,
    /// The synthetic benchmark.
    #[serde(default)]
    pub benchmark: Benchmark,
    /// How honest evaluations differ.
    #[serde(default)]
    pub noise: Noise,
    /// What is asked for.
    #[serde(default)]
    pub tasks: Tasks,
    /// Who can bend the beacon.
    #[serde(default)]
    pub beacon: Beacon,
    /// Which group chooses what it does, and how.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learning: Option<Learning>,
    /// The people.
    #[serde(rename = "group")]
    pub groups: Vec<Group>,
}

/// The synthetic benchmark.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Benchmark {
    /// What an item is answered with.
    pub answers: Answers,
    /// How many items there are.
    pub items: u32,
    /// The declared noise of a score; a score is between 0 and 1.
    pub sigma: f64,
    /// How far apart two honest numbers may lie.
    pub delta: f64,
}

/// What items are answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answers {
    /// One of ten labels, right or wrong.
    #[default]
    Labels,
    /// A number.
    Numbers,
}

/// How honest evaluations differ.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Noise {
    /// The distribution of an instrument's error, which moves all of a transcript's numbers alike.
    pub model: Model,
    /// The deviation of that error, in declared sigmas.
    pub scale: f64,
    /// The share of an evaluator's items whose answer flips.
    pub flips: f64,
    /// The share of tasks on which a faulty harness makes its users answer wrongly, all alike.
    pub bug: f64,
    /// The share of honest operators that run the faulty harness.
    pub bug_users: f64,
    /// The share of items that it spoils.
    pub bug_items: f64,
}

/// The distribution of an instrument's error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// Everyone finds the same.
    #[default]
    None,
    /// Gauss's.
    Gaussian,
    /// Laplace's.
    Laplace,
    /// Student's t with three degrees of freedom.
    StudentT3,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tasks {
    /// How many tasks an epoch; fractions add up.
    pub per_epoch: f64,
    /// Whether scores may differ.
    pub mode: Mode,
    /// What depends on a score, in seat prices; it decides the committee's size and the audit.
    pub value: u64,
    /// How many models take turns.
    pub models: u32,
    /// The score of a model that answers as it is.
    pub quality: f64,
    /// The deviation of an owner's public claim about its model.
    pub claim_noise: f64,
    /// What the work of a seat costs, private items included, in costs of one evaluation.
    pub work: f64,
    /// Whether honest operators dispute what they find wrong.
    pub challenged: bool,
}

/// Who can bend the beacon.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Beacon {
    /// How many blocks before a draw the group of the grinding strategy may withhold, one bit each.
    pub bits: u32,
}

impl Default for Benchmark {
    fn default() -> Self {
        Self { answers: Answers::Labels, items: 64, sigma: 0.002, delta: 0.016 }
    }
}

impl Default for Noise {
    fn default() -> Self {
        Self {
            model: Model::None,
            scale: 1.0,
            flips: 0.0,
            bug: 0.0,
            bug_users: 0.0,
            bug_items: 0.1,
        }
    }
}

impl Default for Tasks {
    fn default() -> Self {
        Self {
            per_epoch: 1.0,
            mode: Mode::Exact,
            value: 2_000,
            models: 4,
            quality: 0.8,
            claim_noise: 0.005,
            work: 1.125,
            challenged: true,
        }
    }
}

const fn ten() -> u32 {
    10
}

const fn elided() -> Rigour {
    Rigour::Elided
}

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    /// [`ScenarioError`] with the line of what cannot be run.
    pub fn read(text: &str, file: &Path) -> Result<Self, ScenarioError> {
        let scenario: Self = toml::from_str(text).map_err(|error| {
            let line = error.span().map(|span| place::line_of(text, span.start));
            let problem = error.message().lines().next().unwrap_or_default().to_owned();
            let nearest = error::suggestion(&problem);
            ScenarioError { file: file.to_owned(), line, problem, nearest }
        })?;
        scenario.check().map_err(|check::Fault { path, problem, nearest }| ScenarioError {
            file: file.to_owned(),
            line: place::line_of_key(text, &path),
            problem,
            nearest,
        })?;
        Ok(scenario)
    }

    /// Reads a scenario from JSON of the same shape, as programs in other languages write it.
    ///
    /// # Errors
    /// As [`Self::read`]; its problem names the path where that has one, and there are no lines.
    pub fn from_json(text: &str) -> Result<Self, ScenarioError> {
        let refuse = |problem: String, nearest| {
            let file = Path::new("config").to_owned();
            ScenarioError { file, line: None, problem, nearest }
        };
        let scenario: Self = serde_json::from_str(text).map_err(|error| {
            let problem = error.to_string();
            let nearest = error::suggestion(&problem);
            refuse(problem, nearest)
        })?;
        let checked = scenario.check();
        checked.map_err(|check::Fault { path, problem, nearest }| {
            refuse(format!("{path}: {problem}"), nearest)
        })?;
        Ok(scenario)
    }

    /// Changes one value: `tasks.per_epoch`, `protocol.task.seat_lock`, `group.cabal.stake`.
    ///
    /// # Errors
    /// [`ScenarioError`] that names the path for what cannot be run; the scenario is as it was.
    pub fn set(&mut self, path: &str, value: &toml::Value) -> Result<(), ScenarioError> {
        let refuse = |problem: String, nearest| ScenarioError {
            file: format!("set {path}").into(),
            line: None,
            problem,
            nearest,
        };
        let mut table =
            toml::Table::try_from(&*self).map_err(|error| refuse(error.to_string(), None))?;
        let parts: Vec<&str> = path.split('.').collect();
        put(&mut table, &parts, value).map_err(|(problem, nearest)| refuse(problem, nearest))?;
        let next: Self =
            toml::Value::Table(table).try_into().map_err(|error: toml::de::Error| {
                let problem = error.message().lines().next().unwrap_or_default().to_owned();
                let nearest = error::suggestion(&problem);
                refuse(problem, nearest)
            })?;
        next.check().map_err(|fault| refuse(fault.problem, fault.nearest))?;
        *self = next;
        Ok(())
    }

    /// The scenario with every default in its place, as a run directory keeps it.
    ///
    /// # Errors
    /// None in practice: everything in a scenario has a form in TOML.
    pub fn resolved(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
    }

    /// The parameters of the protocol.
    ///
    /// # Errors
    /// As [`Self::read`]; never for what it gave.
    pub fn params(&self) -> Result<Params, ScenarioError> {
        protocol::params(self.base, &self.protocol).map_err(|refusal| ScenarioError {
            file: self.name.clone().into(),
            line: None,
            problem: refusal.problem,
            nearest: refusal.nearest,
        })
    }
}

/// Puts a value at a path; groups are found by name or number.
fn put(
    table: &mut toml::Table,
    path: &[&str],
    value: &toml::Value,
) -> Result<(), (String, Option<String>)> {
    let [first, rest @ ..] = path else { return Err(("an empty path".to_owned(), None)) };
    if rest.is_empty() {
        table.insert((*first).to_owned(), value.clone());
        return Ok(());
    }
    match table.get_mut(*first) {
        Some(toml::Value::Table(inner)) => put(inner, rest, value),
        Some(toml::Value::Array(array)) => {
            let [which, rest @ ..] = rest else {
                return Err(("no group is named".to_owned(), None));
            };
            let names: Vec<String> = array.iter().filter_map(name_of).collect();
            let place = names.iter().position(|name| name == which).or_else(|| which.parse().ok());
            let inner =
                place.and_then(|place| array.get_mut(place)).and_then(toml::Value::as_table_mut);
            match inner {
                Some(inner) => put(inner, rest, value),
                None => {
                    let nearest = error::nearest(which, names.iter().map(String::as_str));
                    Err((format!("there is no {first} `{which}`"), nearest))
                }
            }
        }
        // A parameter that the scenario has not set yet.
        None => {
            let mut inner = toml::Table::new();
            put(&mut inner, rest, value)?;
            table.insert((*first).to_owned(), toml::Value::Table(inner));
            Ok(())
        }
        Some(other) => Err((format!("`{first}` is of type {}", other.type_str()), None)),
    }
}

fn name_of(value: &toml::Value) -> Option<String> {
    value.get("name")?.as_str().map(str::to_owned)
}
