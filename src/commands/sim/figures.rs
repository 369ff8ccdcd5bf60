//! `probity sim figures`: the specification's figures, made anew.

use probity_simulations::figures::{self, Figure, Figures};

use super::calculators::{number, range};
use crate::cli::{Global, SimFigures};
use crate::exit::{Code, Failure, OrFail};
use crate::output::{Table, show};

pub(crate) fn run(global: &Global, arguments: &SimFigures) -> Result<(), Failure> {
    let SimFigures { scale, seed } = *arguments;
    let figures = figures::all(scale, seed).or_fail(Code::Usage, "cannot make the figures")?;
    show(global.output, &figures, text)?;
    let (agree, all) = (figures.agree, figures.figures.len());
    if agree == all {
        return Ok(());
    }
    Err(Failure::new(Code::Verification, format!("{agree} of {all} figures agree")))
}

fn text(document: &Figures) -> String {
    let heading = ["table", "figure", ">stated", ">found", "95 % interval", ""];
    let mut table = Table::new(&heading);
    for figure in &document.figures {
        let Figure { table: name, name: which, stated, found, interval, agrees, .. } = figure;
        let interval = interval.as_ref().map(range).unwrap_or_default();
        let verdict = if *agrees { "agrees" } else { "DIFFERS" };
        let cells = [name, which.as_str(), &number(*stated), &number(*found), &interval, verdict];
        table.row(cells.into_iter().map(str::to_owned).collect());
    }
    let (agree, all) = (document.agree, document.figures.len());
    format!("{}{agree} of {all} figures agree", table.text())
}
