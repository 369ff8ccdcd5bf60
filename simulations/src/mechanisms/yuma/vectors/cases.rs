//! The simulation package's cases, under each version that a file names.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::super::{Liquid, Mode, Rule, Setup, Yuma};
use super::error::VectorError;
use super::file::{Case, Cases, Span};
use super::{CaseResult, VersionResult, difference, wide};
use crate::mechanisms::matrix::Matrix;

/// The most epochs of one case.
const MAX_EPOCHS: usize = 100_000;

/// A stake, in thousands of units, below which there is no dividend to speak of.
const LEAST_STAKE: f64 = 1e-6;

/// What the file says about money.
#[derive(Debug, Clone, Copy)]
struct Emission {
    total: f64,
    validators: f64,
    stake: f64,
}

pub(super) fn run(file: &Cases) -> Result<BTreeMap<String, VersionResult>, VectorError> {
    let mut versions = BTreeMap::new();
    for (name, entry) in &file.versions {
        let mut result = VersionResult { cases: Vec::new(), largest_difference: None, compared: 0 };
        for case in &file.cases {
            let layers = [&file.simulation, &entry.params, &case.config_overrides];
            let (setup, emission) = configured(name, &case.name, layers)?;
            let found = run_case(case, setup, emission)?;
            compare(&mut result, case, name, &found);
            result.cases.push(found);
        }
        versions.insert(name.clone(), result);
    }
    Ok(versions)
}

fn run_case(case: &Case, setup: Setup, emission: Emission) -> Result<CaseResult, VectorError> {
    let (name, limit) = (case.name.clone(), MAX_EPOCHS);
    if case.epochs > limit {
        return Err(VectorError::TooLong { case: name, epochs: case.epochs, limit });
    }
    let mut yuma = Yuma::new(setup);
    let mut result =
        CaseResult { name, validators: case.validators.clone(), ..CaseResult::default() };
    result.total_dividends = vec![0.0; case.validators.len()];
    for epoch in 0..case.epochs {
        let weights = weights(case, epoch)?;
        let stakes = stakes(case, epoch)?;
        if let Some(server) = case.reset_server_index.filter(|_| case.reset_bonds)
            && case.reset_epoch == Some(epoch)
        {
            yuma.reset(server);
        }
        let found = yuma.step(&weights, stakes);
        if found.consensus.iter().all(|weight| *weight == 0.0) {
            result.undefined_consensus_epochs.push(epoch);
        }
        let earned = per_thousand(&found.dividends, stakes, emission);
        result.total_dividends.iter_mut().zip(&earned).for_each(|(sum, earned)| *sum += earned);
        result.dividends_per_1000_tao.push(earned);
        result.dividends_normalized.push(found.dividends);
        result.consensus.push(found.consensus);
        result.incentives.push(found.incentives);
        result.bonds.push(found.bonds.to_rows());
    }
    Ok(result)
}

fn per_thousand(dividends: &[f32], stakes: &[f32], emission: Emission) -> Vec<f64> {
    let pairs = dividends.iter().zip(stakes);
    let earned = pairs.map(|(dividend, stake)| {
        let units = f64::from(*stake) * emission.stake / 1_000.0;
        let emitted = emission.validators * f64::from(*dividend) * emission.total;
        if units > LEAST_STAKE { emitted / units } else { 0.0 }
    });
    earned.collect()
}

fn compare(result: &mut VersionResult, case: &Case, version: &str, found: &CaseResult) {
    let Some(expected) = case.expected.get(version) else { return };
    // What nothing can be said about, by the file itself, is left out on both sides.
    let defined = |rows: &[Vec<f64>]| -> Vec<Vec<f64>> {
        let rows = rows.iter().enumerate();
        let kept = rows.filter(|(epoch, _)| !case.undefined_consensus_epochs.contains(epoch));
        kept.map(|(_, row)| row.clone()).collect()
    };
    for (found, expected) in [
        (&wide(&found.dividends_normalized), &expected.dividends_normalized),
        (&found.dividends_per_1000_tao, &expected.dividends_per_1000_tao),
    ] {
        let (off, compared) = difference(&defined(found), &defined(expected));
        if compared > 0 {
            result.largest_difference = Some(result.largest_difference.unwrap_or(0.0).max(off));
            result.compared += compared;
        }
    }
}

fn at<'a, T>(
    spans: &'a [Span<T>],
    case: &Case,
    what: &'static str,
    epoch: usize,
) -> Result<&'a T, VectorError> {
    let found = spans.iter().find(|span| (span.from..=span.to).contains(&epoch));
    let missing = || VectorError::Missing { case: case.name.clone(), what, epoch };
    found.map(|span| &span.value).ok_or_else(missing)
}

fn weights(case: &Case, epoch: usize) -> Result<Matrix, VectorError> {
    let rows = at(&case.weights, case, "weights", epoch)?;
    let validators = case.validators.len();
    let shape =
        || VectorError::Shape { case: case.name.clone(), what: "weights", epoch, validators };
    rows.iter().try_for_each(|row| not_negative(case, "weights", epoch, row))?;
    Matrix::of(rows).filter(|_| rows.len() == validators).ok_or_else(shape)
}

fn stakes(case: &Case, epoch: usize) -> Result<&[f32], VectorError> {
    let stakes = at(&case.stakes, case, "stakes", epoch)?;
    let validators = case.validators.len();
    if stakes.len() != validators {
        let case = case.name.clone();
        return Err(VectorError::Shape { case, what: "stakes", epoch, validators });
    }
    not_negative(case, "stakes", epoch, stakes)?;
    Ok(stakes)
}

fn not_negative(
    case: &Case,
    what: &'static str,
    epoch: usize,
    values: &[f32],
) -> Result<(), VectorError> {
    match values.iter().find(|value| !(value.is_finite() && **value >= 0.0)) {
        Some(value) => {
            let (case, value) = (case.name.clone(), *value);
            Err(VectorError::Negative { case, what, epoch, value })
        }
        None => Ok(()),
    }
}

/// The settings of a version in a case: the file's, the version's, the case's, each over the one
/// before. What nothing here knows is refused unless it is null.
fn configured(
    version: &str,
    case: &str,
    layers: [&Map<String, Value>; 3],
) -> Result<(Setup, Emission), VectorError> {
    let rule =
        Rule::named(version).ok_or_else(|| VectorError::UnknownVersion(version.to_owned()))?;
    let mut setup = Setup::of(rule, false);
    let mut liquid = (false, Liquid::DEFAULT);
    let mut emission = Emission { total: 100.0, validators: 0.41, stake: 1_000_000.0 };
    let place = format!("{version}, {case}");
    let entries = layers.into_iter().flatten().filter(|(_, value)| !value.is_null());
    for (key, value) in entries {
        let bad = || VectorError::BadSetting {
            place: place.clone(),
            key: key.clone(),
            value: value.to_string(),
        };
        let number = || value.as_f64().filter(|number| number.is_finite()).ok_or_else(bad);
        let flag = || value.as_bool().ok_or_else(bad);
        let settings = &mut setup.settings;
        match key.as_str() {
            "kappa" => settings.kappa = number()?,
            "bond_penalty" => settings.bond_penalty = number()?,
            "bond_moving_avg" => settings.bond_moving_avg = number()?,
            "decay_rate" => settings.decay_rate = number()?,
            "capacity_alpha" => settings.capacity_alpha = number()?,
            "winner_takes_all" => settings.winner_takes_all = flag()?,
            "liquid_alpha" => liquid.0 = flag()?,
            "alpha_low" => liquid.1.low = number()?,
            "alpha_high" => liquid.1.high = number()?,
            "alpha_sigmoid_steepness" => liquid.1.steepness = number()?,
            "liquid_alpha_consensus_mode" => liquid.1.mode = mode(value).ok_or_else(bad)?,
            "total_epoch_emission" => emission.total = number()?,
            "validator_emission_ratio" => emission.validators = number()?,
            "total_subnet_stake" => emission.stake = number()?,
            // The precision of a bisection that later versions replaced by sorting.
            "consensus_precision" => {}
            _ => {
                let (key, value) = (key.clone(), value.to_string());
                return Err(VectorError::UnknownSetting { place, key, value });
            }
        }
    }
    if liquid.1.low > liquid.1.high {
        let value = liquid.1.low.to_string();
        return Err(VectorError::BadSetting { place, key: "alpha_low".to_owned(), value });
    }
    setup.settings.liquid = liquid.0.then_some(liquid.1);
    Ok((setup, emission))
}

fn mode(value: &Value) -> Option<Mode> {
    match value.as_str()? {
        "CURRENT" => Some(Mode::Current),
        "PREVIOUS" => Some(Mode::Previous),
        "MIXED" => Some(Mode::Mixed),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layers(case: &str) -> Result<(Setup, Emission), VectorError> {
        let empty = Map::new();
        let case: Map<String, Value> = serde_json::from_str(case).unwrap();
        configured("YUMA3_LIQUID", "a case", [&empty, &empty, &case])
    }

    #[test]
    fn a_case_overrides_what_its_version_and_file_say() {
        let set = layers(r#"{"liquid_alpha": true, "alpha_high": 0.9, "override_x": null}"#);
        let liquid = set.unwrap().0.settings.liquid.unwrap();
        assert_eq!((liquid.low, liquid.high), (0.1, 0.9));
        assert_eq!(layers("{}").unwrap().0.settings.liquid, None);
        assert!(layers(r#"{"winner_takes_all": true}"#).unwrap().0.settings.winner_takes_all);
    }

    #[test]
    fn a_setting_that_is_not_known_or_of_the_wrong_kind_is_refused() {
        let refused = |text| layers(text).map(|_| ()).unwrap_err().to_string();
        assert_eq!(
            refused(r#"{"kapa": 1}"#),
            "YUMA3_LIQUID, a case sets kapa to 1, which is not known here"
        );
        assert_eq!(refused(r#"{"kappa": "a"}"#), "YUMA3_LIQUID, a case: kappa cannot be \"a\"");
        assert!(refused(r#"{"alpha_low": 0.5}"#).contains("alpha_low cannot be 0.5"));
    }
}
