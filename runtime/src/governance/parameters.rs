//! Changes of parameters: from their places in JSON to two sets of parameters that validate.
//!
//! A parameter is named by its place in the JSON form of all parameters, so that every one there
//! will ever be can be changed without new code. Numbers of governance stand under `governance`.
//! A change says what it takes to be in force; with anything else in force it is refused, when it
//! is submitted and when it would take effect.
//!
//! # Invariants
//! - What comes out keeps every inequality, and the floors that no vote can lower.
//! - Values are compared as JSON values and never as text, whose order of fields may differ.
//! - What heights are divided by (a day, an epoch, a correlation window) never changes: what is
//!   stored under such a number would be found under another, and floors in days would move.
//!
//! Spec: `docs/spec/14-governance.md`.

use probity_dao::action::{Change, Path, Value as Text};
use probity_dao::{Params as DaoParams, Track, TrackRules};
use probity_primitives::{Amount, Height, Ppm};
use probity_protocol::Params;
use serde_json::Value;

use crate::state::State;
use crate::text::percent;

/// Where the numbers of governance stand among all parameters.
const GOVERNANCE: &str = "governance";

/// Money takes this long to leave at least, in days: no vote lets stake out before its bill.
pub const LEAST_UNBOND_DAYS: u64 = 21;

/// Why parameters are not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// There is no such parameter.
    #[error("there is no parameter {0:?}")]
    Unknown(Path),
    /// A value that cannot be read.
    #[error("the {which} of {path} is no JSON value: {reason}")]
    Malformed {
        /// Which parameter.
        path: Path,
        /// Before or after.
        which: &'static str,
        /// What was met.
        reason: String,
    },
    /// Something else is in force.
    #[error("{path} is {found} and not {stated}")]
    Stale {
        /// Which parameter.
        path: Path,
        /// What the change takes to be in force.
        stated: Text,
        /// What is.
        found: String,
    },
    /// The values are not of the parameter's type.
    #[error("the values are no parameters: {0}")]
    Type(String),
    /// What heights are divided by to number things.
    #[error("{0} cannot be changed: what is stored is counted in it")]
    Unit(&'static str),
    /// Stake could leave before its bill.
    #[error("stake would leave after {unbond} blocks, at least {least} (21 days)")]
    Unbond {
        /// How long it would take to leave.
        unbond: u64,
        /// The least it may be.
        least: u64,
    },
    /// Holders could not rule on a dispute while it waits for them.
    #[error("a ruling takes up to {takes} blocks, a dispute waits {waits} for it")]
    Ruling {
        /// Decision, confirmation and enactment on the dispute track.
        takes: u64,
        /// How long a dispute waits for its holders.
        waits: u64,
    },
    /// The parameters track changes numbers alone.
    #[error("{0} is not a number of evaluation: only the root track changes it")]
    RootOnly(Path),
    /// The parameters track changes numbers in steps.
    #[error("{path} from {before} to {after} is more than {} of it: only the root track may", percent(*step))]
    Step {
        /// Which parameter.
        path: Path,
        /// Its value.
        before: u128,
        /// What it would be.
        after: u128,
        /// The most that it may move.
        step: Ppm,
    },
    /// The parameter was changed not long ago.
    #[error("{path} was changed at height {changed}: not again before {until}, now is {now}")]
    CoolingDown {
        /// Which parameter.
        path: Path,
        /// When it was changed.
        changed: Height,
        /// From when on it may be changed again.
        until: Height,
        /// The present height.
        now: Height,
    },
    /// The rules of evaluation refuse the outcome.
    #[error("the parameters would be refused: {0}")]
    Rules(#[from] probity_protocol::params::ParamError),
    /// The rules of governance do.
    #[error("the numbers of governance would be refused: {0}")]
    Governance(#[from] probity_dao::params::ParamError),
}

/// Changes the parameters in force.
///
/// # Errors
/// [`ParameterError`]; the caller drops its snapshot.
pub fn change(
    state: &mut State,
    now: Height,
    track: Track,
    changes: &[Change],
) -> Result<(), ParameterError> {
    let (rules, dao) = (state.ledger.params.get(), state.dao.params.get());
    let mut all = tree(rules, dao)?;
    for Change { path, before, after } in changes {
        let place = at(&mut all, path).ok_or_else(|| ParameterError::Unknown(path.clone()))?;
        let read = |which, text: &Text| {
            serde_json::from_str::<Value>(text).map_err(|error| ParameterError::Malformed {
                path: path.clone(),
                which,
                reason: error.to_string(),
            })
        };
        let (stated, next) = (read("before", before)?, read("after", after)?);
        if *place != stated {
            let found = place.to_string();
            return Err(ParameterError::Stale {
                path: path.clone(),
                stated: before.clone(),
                found,
            });
        }
        if track == Track::Parameters {
            check_bounded(state, now, path, place, &next)?;
        }
        *place = next;
    }
    let (rules, dao) = split(all, changes)?;
    check_floors(state, &rules, &dao)?;
    *state.ledger.params.get_mut() = rules;
    *state.dao.params.get_mut() = dao;
    if track == Track::Parameters {
        for Change { path, .. } in changes {
            state.dao.changed.insert(path.clone(), now);
        }
    }
    Ok(())
}

/// The value of a parameter, as changes state it.
#[must_use]
pub fn value(rules: &Params, dao: &DaoParams, path: &str) -> Option<String> {
    let mut all = tree(rules, dao).ok()?;
    at(&mut all, path).map(|place| place.to_string())
}

/// Every number that a change can name, with its value, in the order of their places.
#[must_use]
pub fn list(rules: &Params, dao: &DaoParams) -> Vec<(String, String)> {
    let mut leaves = Vec::new();
    let mut open: Vec<(String, Value)> =
        tree(rules, dao).map(|all| vec![(String::new(), all)]).unwrap_or_default();
    while let Some((path, value)) = open.pop() {
        let below = |name: &str| {
            if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
        };
        match value {
            Value::Object(fields) => {
                open.extend(fields.into_iter().map(|(name, value)| (below(&name), value)));
            }
            Value::Array(entries) => {
                let numbered = entries.into_iter().enumerate();
                open.extend(numbered.map(|(place, value)| (below(&place.to_string()), value)));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                leaves.push((path, value.to_string()));
            }
        }
    }
    leaves.sort();
    leaves
}

/// Checks what no vote can lower.
///
/// # Errors
/// [`ParameterError`] for the first that does not hold.
pub fn check_floors(state: &State, rules: &Params, dao: &DaoParams) -> Result<(), ParameterError> {
    rules.validate()?;
    dao.validate()?;
    let (old, day) = (state.ledger.params.get(), state.dao.params.get().blocks_per_day);
    let units = [
        ("governance.blocks_per_day", day, dao.blocks_per_day),
        ("staking.epoch_blocks", old.staking.epoch_blocks, rules.staking.epoch_blocks),
        ("slashing.window_blocks", old.slashing.window_blocks, rules.slashing.window_blocks),
    ];
    if let Some((name, ..)) = units.into_iter().find(|(_, old, new)| old != new) {
        return Err(ParameterError::Unit(name));
    }
    let (unbond, least) = (rules.staking.unbond_blocks, dao.days(LEAST_UNBOND_DAYS));
    if unbond < least {
        return Err(ParameterError::Unbond { unbond, least });
    }
    let TrackRules { decide, confirm, enact, .. } = dao.tracks.dispute;
    let takes = decide.saturating_add(confirm).saturating_add(enact);
    let waits = rules.dispute.vote_blocks;
    if takes >= waits {
        return Err(ParameterError::Ruling { takes, waits });
    }
    Ok(())
}

/// All parameters as one JSON value.
fn tree(rules: &Params, dao: &DaoParams) -> Result<Value, ParameterError> {
    let of_type = |error: serde_json::Error| ParameterError::Type(error.to_string());
    let mut all = serde_json::to_value(rules).map_err(of_type)?;
    let dao = serde_json::to_value(dao).map_err(of_type)?;
    if let Value::Object(groups) = &mut all {
        groups.insert(GOVERNANCE.to_owned(), dao);
    }
    Ok(all)
}

/// The value at a place: names of fields and numbers of entries, with points between them.
fn at<'a>(all: &'a mut Value, path: &str) -> Option<&'a mut Value> {
    path.split('.').try_fold(all, |value, name| match value {
        Value::Object(fields) => fields.get_mut(name),
        Value::Array(entries) => entries.get_mut(name.parse::<usize>().ok()?),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    })
}

/// Both sets of parameters out of one JSON value, which has to be the one that they give.
fn split(mut all: Value, changes: &[Change]) -> Result<(Params, DaoParams), ParameterError> {
    let of_type = |error: serde_json::Error| ParameterError::Type(error.to_string());
    let asked = all.clone();
    let dao = match &mut all {
        Value::Object(groups) => groups.remove(GOVERNANCE).unwrap_or_default(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Value::Null
        }
    };
    let rules: Params = serde_json::from_value(all).map_err(of_type)?;
    let dao: DaoParams = serde_json::from_value(dao).map_err(of_type)?;
    let mut given = tree(&rules, &dao)?;
    let mut asked = asked;
    for Change { path, after, .. } in changes {
        // "+5" reads as 5: what is shown before the vote is what will be in force, to the letter.
        if at(&mut given, path) != at(&mut asked, path) {
            return Err(ParameterError::Type(format!("{after} is not how {path} is written")));
        }
    }
    Ok((rules, dao))
}

/// What the parameters track may do: a number of the rules of evaluation, a step, after a while.
fn check_bounded(
    state: &State,
    now: Height,
    path: &Path,
    before: &Value,
    after: &Value,
) -> Result<(), ParameterError> {
    let root_only = || ParameterError::RootOnly(path.clone());
    if path.split('.').next() == Some(GOVERNANCE) {
        return Err(root_only());
    }
    let (old, new) = number(before).zip(number(after)).ok_or_else(root_only)?;
    let params = state.dao.params.get();
    let step = params.parameter_step;
    // A share of at most the whole is always representable.
    let most = step.of_floor(Amount::from_units(old)).unwrap_or_default();
    if old.abs_diff(new) > most.units() {
        return Err(ParameterError::Step { path: path.clone(), before: old, after: new, step });
    }
    if let Some(changed) = state.dao.changed.get(path).copied() {
        let until = Height(changed.0.saturating_add(params.cool_down));
        if now < until {
            return Err(ParameterError::CoolingDown { path: path.clone(), changed, until, now });
        }
    }
    Ok(())
}

/// A number: as such, or as the text that amounts are.
fn number(value: &Value) -> Option<u128> {
    match value {
        Value::Number(number) => number.as_u64().map(u128::from),
        Value::String(text) => text.parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_networks_numbers_keep_what_no_vote_lowers_and_rule_in_time() {
        let main = (Params::default(), DaoParams::default());
        let short = (Params::development(), DaoParams::development());
        for (rules, dao) in [main, short] {
            let mut state = State::default();
            *state.ledger.params.get_mut() = rules.clone();
            *state.dao.params.get_mut() = dao.clone();
            assert_eq!(check_floors(&state, &rules, &dao), Ok(()));
            let mut slow = dao.clone();
            slow.tracks.dispute.enact = rules.dispute.vote_blocks;
            let refused = check_floors(&state, &rules, &slow);
            assert!(matches!(refused, Err(ParameterError::Ruling { .. })), "{refused:?}");
        }
    }
}
