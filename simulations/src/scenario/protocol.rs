//! The protocol's parameters in a scenario: a base, and what differs from it.

use probity_primitives::Seats;
use probity_protocol::Params;
use serde::{Deserialize, Serialize};

use super::error::nearest;

/// Which parameters a scenario begins from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Base {
    /// The main network's prices, slashes, checks and committee sizes; windows and ladder as short
    /// as the rules allow, since simulated agents need no time to work.
    #[default]
    Short,
    /// A development network's.
    Development,
    /// The main network's, its windows too: an epoch of 14 400 blocks.
    Default,
}

/// A parameter that cannot be set.
pub(super) struct Refusal {
    /// Its path.
    pub(super) path: String,
    /// What is wrong.
    pub(super) problem: String,
    /// The nearest parameter.
    pub(super) nearest: Option<String>,
}

/// The parameters of a base.
pub(super) fn base(base: Base) -> Params {
    match base {
        Base::Short => short(),
        Base::Development => Params::development(),
        Base::Default => Params::default(),
    }
}

/// The base with a scenario's own values in it, checked as a genesis document's are.
pub(super) fn params(from: Base, overrides: &toml::Table) -> Result<Params, Refusal> {
    let refuse = |problem: String| Refusal { path: String::new(), problem, nearest: None };
    let mut values =
        toml::Table::try_from(base(from)).map_err(|error| refuse(error.to_string()))?;
    merge(&mut values, overrides, "")?;
    let params: Params = toml::Value::Table(values)
        .try_into()
        .map_err(|error: toml::de::Error| refuse(error.message().to_owned()))?;
    params.validate().map_err(|error| refuse(error.to_string()))?;
    Ok(params)
}

fn merge(into: &mut toml::Table, from: &toml::Table, path: &str) -> Result<(), Refusal> {
    for (key, value) in from {
        let here = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let nearest = nearest(key, into.keys().map(String::as_str));
        let Some(known) = into.get_mut(key) else {
            let problem = format!("there is no parameter `{here}`");
            return Err(Refusal { path: here, problem, nearest });
        };
        match (known, value) {
            (toml::Value::Table(known), toml::Value::Table(value)) => merge(known, value, &here)?,
            // Money is text in a genesis document, since TOML's integers end at 2^63.
            (known @ toml::Value::String(_), toml::Value::Integer(units)) => {
                *known = toml::Value::String(units.to_string());
            }
            (known, value) if known.same_type(value) => *known = value.clone(),
            (known, value) => {
                let (wanted, given) = (known.type_str(), value.type_str());
                let problem = format!("`{here}` is of type {wanted}, not {given}");
                return Err(Refusal { path: here, problem, nearest: None });
            }
        }
    }
    Ok(())
}

/// What a scenario has to say so that its parameters are these. From [`Base::Short`], windows stay as
/// short as they are there.
pub(crate) fn differing(from: Base, params: &Params) -> Result<toml::Table, toml::ser::Error> {
    let table = |params: &Params| toml::Table::try_from(params);
    let (wanted, full) = (table(params)?, table(&Params::default())?);
    Ok(difference(&wanted, &table(&base(from))?, (from == Base::Short).then_some(&full)))
}

/// The entries of `wanted` that `from` does not have, but for those in which `from` is not as `full`.
fn difference(wanted: &toml::Table, from: &toml::Table, full: Option<&toml::Table>) -> toml::Table {
    let mut found = toml::Table::new();
    for (key, value) in wanted {
        let (mine, whole) = (from.get(key), full.and_then(|full| full.get(key)));
        if let (toml::Value::Table(value), Some(toml::Value::Table(mine))) = (value, mine) {
            let inner = difference(value, mine, whole.and_then(toml::Value::as_table));
            if !inner.is_empty() {
                found.insert(key.clone(), toml::Value::Table(inner));
            }
        } else if mine != Some(value) && (full.is_none() || mine == whole) {
            found.insert(key.clone(), value.clone());
        }
    }
    found
}

/// The main network's numbers in the shortest windows in which every strategy can still see what it
/// wants to see before it acts: two blocks each.
fn short() -> Params {
    let full = Params::default();
    let mut params = Params::development();
    params.task = full.task;
    params.task.open_blocks = 1;
    params.task.commit_blocks = 2;
    params.task.commit_min = 2;
    params.task.commit_max = 10;
    params.task.reveal_blocks = 2;
    params.task.spot_blocks = 2;
    params.task.provisional_blocks = 12;
    params.jury.seats = full.jury.seats;
    params.jury.commit_blocks = 2;
    params.jury.reveal_blocks = 1;
    params.dispute = full.dispute;
    params.dispute.levels = vec![Seats(31), Seats(63), Seats(127)].try_into().unwrap_or_default();
    params.dispute.commit_blocks = 2;
    params.dispute.reveal_blocks = 1;
    params.dispute.appeal_blocks = 4;
    params.dispute.clock_blocks = 8;
    params.dispute.vote_blocks = 56;
    params
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_from_a_base_makes_the_parameters_of_it() {
        let mut wanted = Params::default();
        wanted.task.seat_lock = 444;
        wanted.slashing.delay_blocks += 1;
        for from in [Base::Development, Base::Default] {
            let table = differing(from, &wanted).unwrap();
            assert!(params(from, &table).is_ok_and(|made| made == wanted), "{from:?}");
        }
        let short = differing(Base::Short, &wanted).unwrap();
        assert_eq!(short["task"]["seat_lock"].as_integer(), Some(444));
        assert!(short["task"].get("commit_blocks").is_none(), "windows stay short");
    }

    #[test]
    fn every_base_keeps_the_inequalities() {
        for from in [Base::Short, Base::Development, Base::Default] {
            assert_eq!(base(from).validate(), Ok(()), "{from:?}");
        }
    }
}
