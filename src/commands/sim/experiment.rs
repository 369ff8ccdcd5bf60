//! `probity sim run`, `sweep` and `plan`.

use std::path::Path;

use probity_simulations::Scenario;
use probity_simulations::lab::Model;
use probity_simulations::lab::design::{Kind, Spec};
use probity_simulations::lab::plan::{Folder, Plan};
use probity_simulations::lab::rows::Shard;
use serde::Serialize;

use super::folder::{failed, finish, place, scenario, tell};
use super::shard;
use crate::cli::{DesignArg, Global, SimHow, SimRun, SimSweep, SimWhat};
use crate::exit::{Code, Failure, OrFail};
use crate::output::{say, show};

/// How many runs a scenario gets if nobody says.
const RUNS: u64 = 32;

/// An experiment before its first run.
#[derive(Serialize)]
struct Planned<'a> {
    schema: &'static str,
    folder: &'a Path,
    points: u64,
    replicates: u64,
    runs: u64,
    design: String,
}

pub(crate) fn run(global: &Global, arguments: &SimRun) -> Result<(), Failure> {
    let SimRun { scenario: path, runs, what, how } = arguments;
    if path.is_dir() {
        if runs.is_some() || what.seed.is_some() || what.kpi.is_some() || what.epochs {
            let said = "an experiment that was planned is run as its plan says";
            return Err(Failure::new(Code::Usage, said).hint("plan another with `sim plan`"));
        }
        let folder = Folder::open(path).map_err(failed)?;
        return carry_out(global, &folder, how);
    }
    let scenario = scenario(path)?;
    let folder = prepare(&scenario, Spec::single(runs.unwrap_or(RUNS)), what)?;
    carry_out(global, &folder, how)
}

pub(crate) fn sweep(global: &Global, arguments: &SimSweep) -> Result<(), Failure> {
    let scenario = scenario(&arguments.scenario)?;
    let folder = prepare(&scenario, spec(arguments), &arguments.what)?;
    carry_out(global, &folder, &arguments.how)
}

pub(crate) fn plan(global: &Global, arguments: &SimSweep) -> Result<(), Failure> {
    let scenario = scenario(&arguments.scenario)?;
    let folder = prepare(&scenario, spec(arguments), &arguments.what)?;
    let (plan, config) = (folder.plan().map_err(failed)?, folder.config().map_err(failed)?);
    let design = plan.design().map_err(failed)?;
    let planned = Planned {
        schema: "probity.sim-planned/v1",
        folder: folder.path(),
        points: design.points(),
        replicates: design.replicates(),
        runs: design.runs(),
        design: plan.hash(&config),
    };
    show(global.output, &planned, |planned| {
        let Planned { folder, points, replicates, runs, design, .. } = planned;
        let folder = folder.display();
        format!(
            "{points} points, {replicates} runs each, {runs} in all\ndesign {design}\n\
             next: probity sim run {folder} --shard 1/4   (to 4/4, anywhere)\n\
             then: probity sim merge {folder}"
        )
    })
}

/// Runs a part of an experiment, and puts it together if that was all of it.
pub(crate) fn carry_out(global: &Global, folder: &Folder, how: &SimHow) -> Result<(), Failure> {
    let ended = shard::run(global, folder, how)?;
    if shard::which(how, |name| std::env::var(name).ok())? != Shard::WHOLE {
        say(global, &format!("{} runs are in {}", ended.done, folder.path().display()));
        return super::look::status(global, folder.path());
    }
    let summary = finish(global, folder)?;
    tell(global, folder, &summary)
}

/// Writes the plan of an experiment, once every one of its settings has been tried.
pub(crate) fn prepare(scenario: &Scenario, spec: Spec, what: &SimWhat) -> Result<Folder, Failure> {
    let seed = what.seed.clone().unwrap_or_else(|| scenario.seed.to_string());
    let mut plan = Plan::new(Model::name(scenario), seed, spec);
    plan.kpi = what.kpi.clone().or_else(|| scenario.headline());
    plan.epochs = what.epochs;
    let design = plan.design().map_err(failed)?;
    // A value that a scenario refuses is found before the first run and not after a night.
    for point in [0, design.points().saturating_sub(1)] {
        let mut tried = scenario.clone();
        for (axis, value) in design.axes().iter().zip(design.values(point)) {
            Model::set(&mut tried, axis.path(), &value).or_fail(Code::Config, "cannot vary")?;
        }
    }
    let config = Model::text(scenario).or_fail(Code::Config, "cannot keep the scenario")?;
    let path = place(what.out.as_deref(), &plan.scenario);
    Folder::create(&path, &plan, &config).map_err(failed)
}

fn spec(arguments: &SimSweep) -> Spec {
    let kind = match arguments.design {
        DesignArg::Grid => Kind::Grid,
        DesignArg::Zip => Kind::Zip,
        DesignArg::Latin => Kind::Latin,
        DesignArg::Sobol => Kind::Sobol,
        DesignArg::Saltelli => Kind::Saltelli,
        DesignArg::Morris => Kind::Morris,
    };
    let SimSweep { params, samples, replicates, .. } = arguments;
    Spec { kind, axes: params.clone(), samples: *samples, replicates: *replicates }
}
