//! `probity sim yuma`: a file of cases under Yuma consensus.

use probity_simulations::mechanisms::yuma::vectors::{self, Report, VersionResult};

use crate::cli::{Global, SimYuma};
use crate::exit::{Code, Failure, OrFail};
use crate::output::{Table, show};

pub(crate) fn run(global: &Global, arguments: &SimYuma) -> Result<(), Failure> {
    let SimYuma { cases, tolerance, seed: _ } = arguments;
    let what = format!("cannot read {}", cases.display());
    let text = std::fs::read_to_string(cases).or_fail(Code::Usage, &what)?;
    let report = vectors::run(&text)
        .or_fail(Code::Config, &format!("cannot run the cases of {}", cases.display()))?;
    show(global.output, &report, table)?;
    within(&report, *tolerance)
}

/// Whether everything that the file expects came out.
fn within(report: &Report, tolerance: Option<f64>) -> Result<(), Failure> {
    let Some(tolerance) = tolerance else { return Ok(()) };
    let nothing = || Failure::new(Code::Verification, "the file expects nothing to compare with");
    let off = report.largest_difference().ok_or_else(nothing)?;
    if off <= tolerance {
        return Ok(());
    }
    let what = format!("the largest difference is {off:e}, the tolerance {tolerance:e}");
    Err(Failure::new(Code::Verification, what))
}

fn table(report: &Report) -> String {
    let mut table = Table::new(&["version", ">cases", ">compared", ">largest difference"]);
    for (name, version) in &report.versions {
        let VersionResult { cases, largest_difference, compared } = version;
        let off = largest_difference.map_or_else(|| "-".to_owned(), |off| format!("{off:.1e}"));
        table.row(vec![name.clone(), cases.len().to_string(), compared.to_string(), off]);
    }
    format!("{}{}", table.text(), report.source)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEDIANS: &str = r#"{ "source": "here", "vectors": [
        { "stake": [1.0], "score": [0.5], "majority": 0.5, "median": 0.25 } ] }"#;

    #[test]
    fn a_difference_beyond_the_tolerance_is_a_failure_and_without_one_none() {
        let report = vectors::run(MEDIANS).unwrap();
        assert!(within(&report, None).is_ok() && within(&report, Some(0.3)).is_ok());
        let failure = within(&report, Some(0.01)).unwrap_err();
        assert_eq!(failure.code(), Code::Verification);
        assert!(failure.message().starts_with("the largest difference is 2.5e-1,"), "{failure:?}");
        assert!(table(&report).contains("WEIGHTED_MEDIAN"));
    }

    #[test]
    fn a_file_that_expects_nothing_cannot_be_held_to_a_tolerance() {
        let report = vectors::run(r#"{ "vectors": [] }"#).unwrap();
        assert_eq!(within(&report, Some(1.0)).unwrap_err().code(), Code::Verification);
    }
}
