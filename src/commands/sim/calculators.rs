//! `probity sim capture`, `penalties` and `corr`: one question, one answer.

use probity_simulations::calculators::capture::{self, Capture};
use probity_simulations::calculators::corr::{self, Correlated};
use probity_simulations::calculators::interval::Interval;
use probity_simulations::calculators::penalties::{self, Penalties};

use crate::cli::{Global, SimCapture, SimCorr, SimPenalties};
use crate::exit::{Code, Failure, OrFail};
use crate::output::{Table, show};

pub(crate) fn capture(global: &Global, arguments: &SimCapture) -> Result<(), Failure> {
    let SimCapture { n, rho, runs, seed } = *arguments;
    let question = capture::Question { n, rho, runs, seed };
    let answer = capture::capture(&question).or_fail(Code::Usage, "cannot count captures")?;
    show(global.output, &answer, capture_text)
}

pub(crate) fn penalties(global: &Global, arguments: &SimPenalties) -> Result<(), Failure> {
    let SimPenalties { n, noise, true_over_declared, runs, seed } = *arguments;
    let question = penalties::Question { n, noise, true_over_declared, runs, seed };
    let answer = penalties::penalties(&question).or_fail(Code::Usage, "cannot count penalties")?;
    show(global.output, &answer, penalties_text)
}

pub(crate) fn correlated(global: &Global, arguments: &SimCorr) -> Result<(), Failure> {
    let SimCorr { x, seed: _ } = *arguments;
    let answer = corr::correlated(x).or_fail(Code::Usage, "cannot tell the correlated slash")?;
    show(global.output, &answer, |answer| {
        let Correlated { x_ppm, corr_ppm, suspended, .. } = answer;
        let waits = if *suspended { "; the window waits for a vote" } else { "" };
        format!("{x_ppm} ppm of the stake offend: each loses {corr_ppm} ppm of its own{waits}")
    })
}

fn capture_text(answer: &Capture) -> String {
    let Capture { n, rho, majority, exact, simulated, interval, runs, .. } = answer;
    let mut table = Table::new(&["", ">probability", ""]);
    let mut row = |name: &str, share: f64, why: String| {
        table.row(vec![name.to_owned(), number(share), why]);
    };
    row("exact", *exact, format!("P(at least {majority} of {n} seats) with {rho:.6} of the stake"));
    row(
        "simulated",
        *simulated,
        format!("{runs} committees by the real draw, {}", range(interval)),
    );
    table.text()
}

fn penalties_text(answer: &Penalties) -> String {
    let mut table = Table::new(&["honest seats", ">share", "95 % interval"]);
    let mut row = |name: &str, share: f64, interval: &Interval| {
        table.row(vec![name.to_owned(), number(share), range(interval)]);
    };
    row("withheld", answer.withheld, &answer.withheld_interval);
    row("flagged", answer.flagged, &answer.flagged_interval);
    let Penalties { n, noise, true_over_declared, seats, .. } = answer;
    let of =
        format!("{seats} seats in committees of {n}; {noise} at {true_over_declared} declared");
    format!("{}{of}", table.text())
}

/// A probability in as many places as say something.
pub(super) fn number(share: f64) -> String {
    if share == 0.0 || share.abs() >= 0.001 {
        format!("{share:.6}")
    } else {
        format!("{share:.3e}")
    }
}

/// The ends of an interval.
pub(super) fn range(interval: &Interval) -> String {
    format!("{} to {}", number(interval.0), number(interval.1))
}
