//! `probity sim attack`: which attack pays, what it costs, and how sure that is.

use probity_simulations::lab::attack::{Effort, Found, Hunt, Method, SCHEMA, hunt};
use probity_simulations::lab::design::Spec;
use probity_simulations::lab::design::sequence::seed_for;
use probity_simulations::lab::network::field::Field;
use probity_simulations::lab::plan::{Folder, Plan};
use probity_simulations::lab::{Model, report};

use super::folder::{failed, place, scenario, short};
use super::shard::{bar, stop_when_told};
use crate::cli::{Global, MethodArg, SimAttack};
use crate::exit::{Code, Failure, OrFail};
use crate::output::{Table, say, show};

pub(crate) fn run(global: &Global, arguments: &SimAttack) -> Result<(), Failure> {
    let SimAttack { scenario: path, group, method, pilot, rounds, runs, seed, out, jobs } =
        arguments;
    let scenario = scenario(path)?;
    let seed = seed.clone().unwrap_or_else(|| scenario.seed.to_string());
    let plan = Plan::new(Model::name(&scenario), seed, Spec::single(*runs));
    let config = Model::text(&scenario).or_fail(Code::Config, "cannot keep the scenario")?;
    let field = Field::new(scenario, group.as_deref(), plan.key())
        .or_fail(Code::Usage, "nobody can attack")?;
    let method = match method {
        MethodArg::Grid => Method::Grid,
        MethodArg::Cma => Method::Cma,
        MethodArg::BestResponse => Method::BestResponse,
    };
    if *pilot == 0 || *runs < 2 {
        let said = "a choice is judged by at least 1 run, and reported from at least 2";
        return Err(Failure::new(Code::Usage, said));
    }
    let effort = Effort {
        method,
        pilot: *pilot,
        rounds: *rounds,
        replicates: *runs,
        seed: seed_for(&plan.key(), "search"),
        threads: *jobs,
    };
    let stop = stop_when_told()?;
    let bar = bar(global, "attacks");
    let mut told = |done: usize, of: usize| {
        bar.set_length(u64::try_from(of).unwrap_or(0));
        bar.set_position(u64::try_from(done).unwrap_or(0));
    };
    let ended = hunt(&field, effort, &stop, &mut told);
    bar.finish_and_clear();
    let (found, honest, runs) = ended.map_err(failed)?;
    let hunt = Hunt {
        schema: SCHEMA.to_owned(),
        scenario: plan.scenario.clone(),
        attacker: field.attacker(),
        unit: "costs of one evaluation, over the whole run".to_owned(),
        seed: plan.seed.clone(),
        method,
        runs,
        honest,
        found,
    };
    let folder = place(out.as_deref(), &format!("{}-attack", plan.scenario));
    let folder = Folder::create(&folder, &plan, &config).map_err(failed)?;
    let mut document =
        serde_json::to_string_pretty(&hunt).or_fail(Code::Other, "cannot write JSON")?;
    document.push('\n');
    folder.write("attack.json", document.as_bytes()).map_err(failed)?;
    report::draw(&folder).map_err(failed)?;
    say(global, &format!("wrote {}", folder.file("report.html").display()));
    show(global.output, &hunt, text)
}

fn text(hunt: &Hunt) -> String {
    let mut table =
        Table::new(&["attack", ">gain", ">95 % interval", ">cost", ">n", "at its best with"]);
    for Found { name, settings, gain, cost, .. } in &hunt.found {
        let settings: Vec<String> =
            settings.iter().map(|(name, value)| format!("{name} {value}")).collect();
        table.row(vec![
            name.clone(),
            short(gain.mean),
            format!("{} .. {}", short(gain.low), short(gain.high)),
            short(cost.mean),
            gain.n.to_string(),
            settings.join(", "),
        ]);
    }
    let Hunt { attacker, unit, honest, runs, .. } = hunt;
    format!(
        "{}\n\nattacker {attacker}\ngain over honest work with the same chance, in {unit}\n\
         honest work earns {} [{}, {}]; {runs} runs in all\n\n{}",
        report::verdict(hunt),
        short(honest.mean),
        short(honest.low),
        short(honest.high),
        table.text()
    )
}
