//! `probity sim sensitivity`: on which settings a result hangs.

use probity_simulations::lab::design::sequence::seed_for;
use probity_simulations::lab::design::{Kind, Spec};
use probity_simulations::lab::gather::merge;
use probity_simulations::lab::sensitivity::{
    Bounded, Effect, Effects, SCHEMA, Sensitivity, Share, morris, sobol,
};
use probity_simulations::lab::{axis::Axis, report};

use super::experiment::prepare;
use super::folder::{failed, scenario, short};
use super::shard;
use crate::cli::{Global, SensitivityArg, SimSensitivity};
use crate::exit::{Code, Failure, OrFail};
use crate::output::{Table, say, show};

pub(crate) fn run(global: &Global, arguments: &SimSensitivity) -> Result<(), Failure> {
    let SimSensitivity { scenario: path, params, method, samples, replicates, what, how } =
        arguments;
    let kind = match method {
        SensitivityArg::Morris => Kind::Morris,
        SensitivityArg::Sobol => Kind::Saltelli,
    };
    let spec =
        Spec { kind, axes: params.clone(), samples: Some(*samples), replicates: *replicates };
    let folder = prepare(&scenario(path)?, spec, what)?;
    shard::run(global, &folder, how)?;
    if how.shard.is_some() || how.shards.is_some() {
        return super::look::status(global, folder.path());
    }
    let (summary, means) = merge(&folder).map_err(failed)?;
    let plan = folder.plan().map_err(failed)?;
    let design = plan.design().map_err(failed)?;
    let paths: Vec<&str> = design.axes().iter().map(Axis::path).collect();
    let seed = seed_for(&plan.key(), "resamples");
    let effects = match method {
        SensitivityArg::Morris => {
            Effects::Morris(morris(&paths, &means, seed, |number| design.trajectory(number)))
        }
        SensitivityArg::Sobol => Effects::Sobol(sobol(&paths, &means, seed)),
    };
    let found = Sensitivity {
        schema: SCHEMA.to_owned(),
        kpi: summary.kpi,
        samples: *samples,
        runs: summary.runs,
        effects,
    };
    let mut document =
        serde_json::to_string_pretty(&found).or_fail(Code::Other, "cannot write JSON")?;
    document.push('\n');
    folder.write("sensitivity.json", document.as_bytes()).map_err(failed)?;
    report::draw(&folder).map_err(failed)?;
    say(global, &format!("wrote {}", folder.file("report.html").display()));
    show(global.output, &found, text)
}

fn text(found: &Sensitivity) -> String {
    let interval = |b: &Bounded| format!("{} .. {}", short(b.low), short(b.high));
    let table = match &found.effects {
        Effects::Sobol(shares) => {
            let mut table = Table::new(&[
                "setting",
                ">alone",
                ">95 % interval",
                ">with others",
                ">95 % interval",
            ]);
            for Share { path, first, total } in shares {
                let (alone, all) = (short(first.value), short(total.value));
                table.row(vec![path.clone(), alone, interval(first), all, interval(total)]);
            }
            table
        }
        Effects::Morris(effects) => {
            let mut table = Table::new(&[
                "setting",
                ">effect",
                ">95 % interval",
                ">size",
                ">95 % interval",
                ">deviation",
            ]);
            for Effect { path, mean, size, deviation } in effects {
                table.row(vec![
                    path.clone(),
                    short(mean.value),
                    interval(mean),
                    short(size.value),
                    interval(size),
                    short(*deviation),
                ]);
            }
            table
        }
    };
    let Sensitivity { kpi, runs, samples, .. } = found;
    format!("what moves {kpi}, from {runs} runs in {samples} samples\n{}", table.text())
}
