//! `probity sim`: each verb has a file in `sim/`. The work is in `probity_simulations::lab`.

mod attack;
mod bench;
mod calculators;
mod experiment;
mod export;
mod figures;
mod folder;
mod look;
mod mechanisms;
mod power;
mod replay;
mod sensitivity;
mod shard;
mod yuma;

use crate::cli::{Global, SimVerb};
use crate::exit::Failure;

pub(crate) fn run(global: &Global, verb: SimVerb) -> Result<(), Failure> {
    match verb {
        SimVerb::New(arguments) => folder::new(global, &arguments),
        SimVerb::Run(arguments) => experiment::run(global, &arguments),
        SimVerb::Sweep(arguments) => experiment::sweep(global, &arguments),
        SimVerb::Plan(arguments) => experiment::plan(global, &arguments),
        SimVerb::Merge { folder } => folder::merge(global, &folder),
        SimVerb::Status { folder } => look::status(global, &folder),
        SimVerb::Compare { first, second } => look::compare(global, &first, &second),
        SimVerb::Attack(arguments) => attack::run(global, &arguments),
        SimVerb::Sensitivity(arguments) => sensitivity::run(global, &arguments),
        SimVerb::Report { folder } => folder::report(global, &folder),
        SimVerb::Replay(arguments) => replay::run(global, &arguments),
        SimVerb::Export(arguments) => export::run(global, &arguments),
        SimVerb::List { folder } => look::list(global, &folder),
        SimVerb::Power(arguments) => power::run(global, &arguments),
        SimVerb::Capture(arguments) => calculators::capture(global, &arguments),
        SimVerb::Penalties(arguments) => calculators::penalties(global, &arguments),
        SimVerb::Corr(arguments) => calculators::correlated(global, &arguments),
        SimVerb::Yuma(arguments) => yuma::run(global, &arguments),
        SimVerb::Mechanisms(arguments) => mechanisms::run(global, &arguments),
        SimVerb::Figures(arguments) => figures::run(global, &arguments),
        SimVerb::Bench(arguments) => bench::run(global, &arguments),
    }
}
