//! `probity sim power`: how many runs are needed.

use probity_simulations::lab::power::{Needed, Question, needed};
use probity_simulations::lab::stats::LEVEL;
use serde::Serialize;

use crate::cli::{Global, SimPower};
use crate::exit::{Code, Failure, OrFail};
use crate::output::{Table, show};

/// The answer, with what was asked.
#[derive(Serialize)]
struct Answer {
    schema: &'static str,
    level: f64,
    question: Question,
    needed: Needed,
}

pub(crate) fn run(global: &Global, arguments: &SimPower) -> Result<(), Failure> {
    let SimPower { sd, difference, power, correlation } = *arguments;
    let question = Question { deviation: sd, difference, power, correlation };
    let needed = needed(&question).or_fail(Code::Usage, "cannot tell how many runs are needed")?;
    let schema = "probity.sim-power/v1";
    show(global.output, &Answer { schema, level: LEVEL, question, needed }, text)
}

fn text(answer: &Answer) -> String {
    let Answer { level, question, needed, .. } = answer;
    let mut table = Table::new(&[">runs", "for"]);
    let mut row = |runs: u64, what: String| table.row(vec![runs.to_string(), what]);
    let (size, level, power) = (question.difference, level * 100.0, question.power * 100.0);
    row(needed.interval, format!("a mean whose {level:.0} % interval is no wider than ± {size}"));
    row(needed.arms, format!("each of two arms, to see a difference of {size} in {power:.0} %"));
    if let Some(pairs) = needed.pairs {
        row(pairs, "each of two arms with common random numbers, to see the same".to_owned());
    }
    table.text()
}
