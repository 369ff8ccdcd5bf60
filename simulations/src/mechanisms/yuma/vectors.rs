//! Files of cases that other implementations have run: read, run, compared.
//!
//! Three forms are known by their keys: `versions` and `cases` (the simulation package's cases under
//! several versions), `tests` (the chain's own tests of version 3) and `vectors` (its weighted
//! median). A file may carry what is expected; then the answer says how far off it is.
//!
//! Spec: `docs/spec/19-figures.md`.

mod cases;
mod chain;
mod error;
mod file;

use std::collections::BTreeMap;

use serde::Serialize;

pub use error::VectorError;

/// What one case gives under one version; rows are epochs.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct CaseResult {
    /// The case.
    pub name: String,
    /// The validators, in the order of every row.
    pub validators: Vec<String>,
    /// What each validator earns for 1000 units of its stake.
    pub dividends_per_1000_tao: Vec<Vec<f64>>,
    /// Each validator's share of what validators earn.
    pub dividends_normalized: Vec<Vec<f32>>,
    /// Each server's consensus weight.
    pub consensus: Vec<Vec<f32>>,
    /// Each server's share of what servers earn.
    pub incentives: Vec<Vec<f32>>,
    /// The bonds, a row for each validator.
    pub bonds: Vec<Vec<Vec<f32>>>,
    /// The sum over epochs of what each validator earns for 1000 units of its stake.
    pub total_dividends: Vec<f64>,
    /// Epochs in which no server had a consensus weight, so that nobody earned.
    pub undefined_consensus_epochs: Vec<usize>,
}

/// Every case under one version.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VersionResult {
    /// The cases, in the order of the file.
    pub cases: Vec<CaseResult>,
    /// The largest difference of a dividend (normalised, and for 1000 units) from what the file
    /// expects; absent where it expects nothing.
    pub largest_difference: Option<f64>,
    /// How many numbers were compared.
    pub compared: u64,
}

/// The answer for a file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The schema of this document.
    pub schema: &'static str,
    /// Where the file says that it comes from.
    pub source: String,
    /// What each version gives.
    pub versions: BTreeMap<String, VersionResult>,
}

/// The document's schema.
const SCHEMA: &str = "probity.sim-yuma/v1";

impl Report {
    /// The largest difference from what the file expects, of any version.
    #[must_use]
    pub fn largest_difference(&self) -> Option<f64> {
        self.versions.values().filter_map(|version| version.largest_difference).reduce(f64::max)
    }
}

/// Reads a file of cases, and runs them.
///
/// # Errors
/// [`VectorError`], with the case and the epoch where that is known.
pub fn run(text: &str) -> Result<Report, VectorError> {
    let document: serde_json::Value = serde_json::from_str(text)?;
    let has = |key: &str| document.get(key).is_some();
    let source = document.get("source").and_then(serde_json::Value::as_str).unwrap_or_default();
    let source = source.to_owned();
    let versions = if has("versions") && has("cases") {
        cases::run(&serde_json::from_value(document)?)?
    } else if has("tests") {
        chain::run_tests(&serde_json::from_value(document)?)?
    } else if has("vectors") {
        chain::run_medians(&serde_json::from_value(document)?)?
    } else {
        return Err(VectorError::UnknownForm);
    };
    Ok(Report { schema: SCHEMA, source, versions })
}

/// The largest difference of two tables, and how many numbers they have in common.
fn difference(found: &[Vec<f64>], expected: &[Vec<f64>]) -> (f64, u64) {
    let mut largest = (0.0_f64, 0_u64);
    for (found, expected) in found.iter().flatten().zip(expected.iter().flatten()) {
        let off = (found - expected).abs();
        // What is not a number is as far off as can be.
        largest.0 = if off.is_nan() { f64::INFINITY } else { largest.0.max(off) };
        largest.1 += 1;
    }
    largest
}

fn wide(rows: &[Vec<f32>]) -> Vec<Vec<f64>> {
    rows.iter().map(|row| row.iter().copied().map(f64::from).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKAGE: &str = include_str!("../../../vectors/yuma_b0.99.json");
    const CHAIN: &str = include_str!("../../../vectors/subtensor_yuma3.json");
    const MEDIAN: &str = include_str!("../../../vectors/subtensor_weighted_median.json");

    #[test]
    fn the_packages_cases_agree_to_five_places() {
        let report = run(PACKAGE).unwrap();
        assert_eq!(report.versions.len(), 3);
        for (name, version) in &report.versions {
            // 11 cases, 40 epochs, 3 validators, two kinds of dividend.
            assert_eq!((version.cases.len(), version.compared), (11, 2 * 40 * 33), "{name}");
            let off = version.largest_difference.unwrap();
            assert!(off < 1e-5, "{name}: {off}");
        }
    }

    #[test]
    fn consensus_incentives_and_bonds_agree_too() {
        let report = run(PACKAGE).unwrap();
        let file: serde_json::Value = serde_json::from_str(PACKAGE).unwrap();
        for (version, result) in &report.versions {
            let cases = file["cases"].as_array().unwrap().iter().zip(&result.cases);
            for (case, found) in cases {
                let expected = &case["expected"][version];
                let table = |key: &str| serde_json::from_value(expected[key].clone()).unwrap();
                let consensus: Vec<Vec<f64>> = table("consensus");
                let incentives: Vec<Vec<f64>> = table("incentives");
                assert!(difference(&wide(&found.consensus), &consensus).0 < 1e-6, "{version}");
                assert!(difference(&wide(&found.incentives), &incentives).0 < 1e-5, "{version}");
                let bonds: Vec<Vec<Vec<f64>>> =
                    serde_json::from_value(expected["bonds"].clone()).unwrap();
                for (found, expected) in found.bonds.iter().zip(&bonds) {
                    assert!(difference(&wide(found), expected).0 < 1e-5, "{version}");
                }
            }
        }
    }

    #[test]
    fn the_chains_own_tests_agree_to_three_places() {
        let report = run(CHAIN).unwrap();
        let version = &report.versions["YUMA3"];
        assert_eq!(version.cases.len(), 7);
        // 43 epochs of three validators and their bonds to two or three servers.
        assert_eq!(version.compared, 43 * 3 + (5 * 6 + 7) * 6 + 6 * 9);
        let off = version.largest_difference.unwrap();
        assert!(off < 1e-3, "{off}");
    }

    #[test]
    fn the_chains_weighted_medians_agree_exactly() {
        let report = run(MEDIAN).unwrap();
        let version = &report.versions["WEIGHTED_MEDIAN"];
        assert_eq!((version.compared, version.largest_difference), (6, Some(0.0)));
    }

    #[test]
    fn a_number_that_is_off_is_noticed() {
        let wrong = PACKAGE.replacen("0.799999237", "0.699999237", 1);
        assert!(run(&wrong).unwrap().largest_difference().unwrap() > 0.09);
    }

    #[test]
    fn a_file_that_is_no_file_of_cases_is_refused() {
        assert_eq!(
            run("{}").unwrap_err().to_string(),
            "no file of cases: it has neither versions and cases, nor tests, nor vectors"
        );
        assert!(run("{").unwrap_err().to_string().starts_with("not JSON of the known form: "));
        let strange = PACKAGE.replace("\"YUMA2\"", "\"YUMA9\"");
        assert_eq!(run(&strange).unwrap_err().to_string(), "no version is called YUMA9");
        let gap = PACKAGE.replacen("\"from\":0,\"to\":0", "\"from\":1,\"to\":1", 1);
        let refused = run(&gap).map(|_| ()).unwrap_err().to_string();
        assert!(refused.contains("Case 1"), "{refused}");
    }
}
