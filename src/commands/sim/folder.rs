//! Files of experiments: reading scenarios, beginning them, putting parts together.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use probity_simulations::Scenario;
use probity_simulations::lab::gather::GatherError;
use probity_simulations::lab::plan::Folder;
use probity_simulations::lab::rows::RowsError;
use probity_simulations::lab::summary::Summary;
use probity_simulations::lab::{LabError, gather, report};
use serde::Serialize;

use crate::cli::{Example, Global, SimNew};
use crate::exit::{Code, Failure, OrFail};
use crate::output::{Table, say, show};

/// An experiment that has been put together.
#[derive(Serialize)]
struct Merged<'a> {
    schema: &'static str,
    folder: &'a Path,
    report: PathBuf,
    scenario: &'a str,
    runs: u64,
    points: u64,
    kpi: &'a str,
    numbers: Vec<Number<'a>>,
}

/// A number of the first point.
#[derive(Serialize)]
struct Number<'a> {
    name: &'a str,
    n: u64,
    mean: f64,
    low: f64,
    high: f64,
}

/// A file that was written.
#[derive(Serialize)]
struct Written<'a> {
    schema: &'static str,
    file: &'a Path,
}

pub(crate) fn new(global: &Global, arguments: &SimNew) -> Result<(), Failure> {
    let text = match arguments.like {
        Example::First => include_str!("../../../simulations/scenarios/first.toml"),
        Example::Default => include_str!("../../../simulations/scenarios/default.toml"),
    };
    let file = arguments.file.as_path();
    let what = format!("cannot write {}", file.display());
    let mut open = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(file)
        .or_fail(Code::Other, &what)
        .map_err(|failure| failure.hint("name a file that is not there yet"))?;
    open.write_all(text.as_bytes()).or_fail(Code::Other, &what)?;
    show(global.output, &Written { schema: "probity.sim-new/v1", file }, |written| {
        format!("wrote {0}\nnext: probity sim run {0}", written.file.display())
    })
}

pub(crate) fn merge(global: &Global, path: &Path) -> Result<(), Failure> {
    let folder = Folder::open(path).map_err(failed)?;
    let summary = finish(global, &folder)?;
    tell(global, &folder, &summary)
}

pub(crate) fn report(global: &Global, path: &Path) -> Result<(), Failure> {
    let folder = Folder::open(path).map_err(failed)?;
    report::draw(&folder).map_err(failed)?;
    let file = folder.file("report.html");
    show(global.output, &Written { schema: "probity.sim-report/v1", file: &file }, |written| {
        format!("wrote {}", written.file.display())
    })
}

/// Puts an experiment together and draws its report.
pub(crate) fn finish(global: &Global, folder: &Folder) -> Result<Summary, Failure> {
    let (summary, _) = gather::merge(folder).map_err(failed)?;
    report::draw(folder).map_err(failed)?;
    say(global, &format!("wrote {}", folder.file("report.html").display()));
    Ok(summary)
}

/// Shows what an experiment says.
pub(crate) fn tell(global: &Global, folder: &Folder, summary: &Summary) -> Result<(), Failure> {
    let first = summary.points.first();
    let numbers = first.into_iter().flat_map(|point| &point.numbers);
    let document = Merged {
        schema: "probity.sim-run/v1",
        folder: folder.path(),
        report: folder.file("report.html"),
        scenario: &summary.scenario,
        runs: summary.runs,
        points: summary.points_total,
        kpi: &summary.kpi,
        numbers: numbers
            .map(|number| Number {
                name: &number.name,
                n: number.mean.n,
                mean: number.mean.mean,
                low: number.mean.low,
                high: number.mean.high,
            })
            .collect(),
    };
    show(global.output, &document, |document| {
        let mut table = Table::new(&["number", ">mean", ">95 % interval", ">n"]);
        let zero = |number: &&Number<'_>| [number.mean, number.low, number.high] == [0.0; 3];
        let zeros = document.numbers.iter().filter(zero).count();
        for Number { name, n, mean, low, high } in document.numbers.iter().filter(|n| !zero(n)) {
            let interval = format!("{} .. {}", short(*low), short(*high));
            table.row(vec![(*name).to_owned(), short(*mean), interval, n.to_string()]);
        }
        let Merged { scenario, runs, points, .. } = document;
        let points =
            if *points > 1 { format!(" at {points} points; the first:") } else { String::new() };
        let left = if zeros > 0 {
            format!("  and {zeros} that are zero in every run\n")
        } else {
            String::new()
        };
        format!("{scenario}: {runs} runs{points}\n{}{left}", table.text())
    })
}

/// A number with four digits that count.
pub(crate) fn short(value: f64) -> String {
    if !value.is_finite() {
        return "-".to_owned();
    }
    let size = if value == 0.0 { 0 } else { int(value.abs().log10().floor()) };
    let places = usize::try_from(3_i32.saturating_sub(size)).unwrap_or(0).min(8);
    format!("{value:.places$}")
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "a decimal exponent has three digits, and the conversion saturates"
)]
const fn int(value: f64) -> i32 {
    value as i32
}

/// Reads a scenario.
pub(crate) fn scenario(path: &Path) -> Result<Scenario, Failure> {
    let text = std::fs::read_to_string(path)
        .or_fail(Code::Config, &format!("cannot read {}", path.display()))?;
    parse(&text, path)
}

/// Reads a scenario's text.
pub(crate) fn parse(text: &str, path: &Path) -> Result<Scenario, Failure> {
    Scenario::read(text, path).or_fail(Code::Config, "cannot use the scenario")
}

/// A failure of the laboratory with its code and what may be tried.
pub(crate) fn failed(error: LabError) -> Failure {
    let (code, hint) = match &error {
        LabError::Design(_) => (Code::Usage, None),
        LabError::Model(_) => (Code::Config, None),
        LabError::NoPlan(_) => (Code::Usage, Some("make one with `probity sim plan`")),
        LabError::OtherPlan(_) => (Code::Usage, Some("name another folder with --out")),
        LabError::Damaged { .. } | LabError::Schema(..) => (Code::Verification, None),
        LabError::Rows(RowsError::HasRuns { .. }) => (Code::Usage, Some("say --resume")),
        LabError::Rows(_) => (Code::Verification, None),
        LabError::Gather(GatherError::Missing { .. }) => {
            (Code::Verification, Some("see `probity sim status`, and run what is missing"))
        }
        LabError::Gather(GatherError::NoKpi { .. }) => (Code::Usage, None),
        LabError::Gather(_) => (Code::Verification, None),
        LabError::Stopped => (Code::Stopped, None),
        LabError::Io { .. } => {
            (Code::Other, Some("what has ended is kept: make room and say --resume"))
        }
        LabError::Json(_) | LabError::Table { .. } | LabError::Threads(_) => (Code::Other, None),
    };
    let failure = Failure::new(code, error);
    if let Some(hint) = hint { failure.hint(hint) } else { failure }
}

/// The folder of an experiment: named, or after the scenario.
pub(crate) fn place(out: Option<&Path>, scenario: &str) -> PathBuf {
    out.map_or_else(|| Path::new("out").join(scenario), Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_four_digits_that_count() {
        let shown = [0.0, 1.0, -12.3456, 1234.56, 98_765.4, 0.001_234_5, f64::NAN].map(short);
        assert_eq!(shown, ["0.000", "1.000", "-12.35", "1235", "98765", "0.001234", "-"]);
    }
}
