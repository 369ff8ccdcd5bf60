//! `probity sim`: each verb has a file in `sim/`.

mod bench;
mod calculators;
mod figures;
mod mechanisms;
mod power;
mod yuma;

use crate::cli::{Global, SimVerb};
use crate::exit::Failure;

pub(crate) fn run(global: &Global, verb: SimVerb) -> Result<(), Failure> {
    match verb {
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
