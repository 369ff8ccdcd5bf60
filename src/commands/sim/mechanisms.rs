//! `probity sim mechanisms`: one scenario under our mechanism and under others.

use probity_simulations::mechanisms::arena::{self, Attack, Row, Scenario};
use serde::Serialize;

use super::calculators::{number, range};
use crate::cli::{AttackArg, Global, SimMechanisms};
use crate::exit::{Code, Failure, OrFail};
use crate::output::{Table, show};

#[derive(Serialize)]
struct Document {
    schema: &'static str,
    scenario: Scenario,
    mechanisms: Vec<Row>,
}

pub(crate) fn run(global: &Global, arguments: &SimMechanisms) -> Result<(), Failure> {
    let SimMechanisms { attack, rho, evaluators, models, epochs, runs, seed } = *arguments;
    let attack = match attack {
        AttackArg::None => Attack::None,
        AttackArg::Inflate => Attack::Inflate,
        AttackArg::Guess => Attack::Guess,
        AttackArg::Copy => Attack::Copy,
    };
    let scenario = Scenario { attack, rho, evaluators, models, epochs, runs, seed };
    let mechanisms = arena::compare(&scenario).or_fail(Code::Usage, "cannot compare mechanisms")?;
    let schema = "probity.sim-mechanisms/v1";
    show(global.output, &Document { schema, scenario, mechanisms }, text)
}

fn text(document: &Document) -> String {
    let heading = [
        "mechanism",
        ">error",
        ">undecided",
        ">honest return",
        "95 % interval",
        ">attacker return",
        "95 % interval",
        ">honest loss",
    ];
    let mut table = Table::new(&heading);
    for row in &document.mechanisms {
        table.row(vec![
            row.mechanism.to_owned(),
            number(row.error),
            number(row.undecided),
            number(row.honest_return),
            range(&row.honest_interval),
            number(row.attacker_return),
            range(&row.attacker_interval),
            number(row.honest_loss),
        ]);
    }
    let Scenario { attack, rho, evaluators, models, epochs, runs, .. } = &document.scenario;
    let of = format!(
        "attack {} with {rho:.4} of the stake; {evaluators} evaluators, {models} models, \
         {epochs} epochs, {runs} runs; a return of 1 is an even share of what an epoch pays",
        attack.name()
    );
    format!("{}{of}", table.text())
}
