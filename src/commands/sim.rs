//! `probity sim`: each verb has a file in `sim/`.

mod power;

use crate::cli::{Global, SimVerb};
use crate::exit::Failure;

pub(crate) fn run(global: &Global, verb: SimVerb) -> Result<(), Failure> {
    match verb {
        SimVerb::Power(arguments) => power::run(global, &arguments),
    }
}
