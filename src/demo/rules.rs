//! The numbers of the demonstration's network: every window short, every inequality kept.
//!
//! A day of governance has four blocks, so that four weeks of deciding pass within half a minute
//! and each period keeps its proportion to the others. Bars, shares and multipliers are those of
//! the main network.

use probity_dao::tracks::Deposit;
use probity_primitives::{Amount, BoundedVec, Seats};
use probity_protocol::Params;
use probity_protocol::params::SizeStep;

use super::cast::{VALIDATORS, list};
use crate::exit::Failure;

/// Blocks in a day of governance.
const DAY: u64 = 4;
/// How much cheaper a deposit is than on the main network.
const CHEAPER: u128 = 1_000;

/// The numbers of evaluation.
pub(super) fn evaluation() -> Result<Params, Failure> {
    let mut params = Params::development();
    params.staking.max_validators = u32::try_from(VALIDATORS).unwrap_or(u32::MAX);
    // What little depends on is evaluated by 7 seats, the rest by 9.
    params.task.sizes = sizes(&[(40, 7), (750, 9)])?;
    // A person, or a program that stands for one, has eight blocks to pay for an appeal.
    params.dispute.appeal_blocks = 16;
    // Longer than the dispute track takes with a day of four blocks.
    params.dispute.vote_blocks = 40;
    // A window of slashes ends while somebody still watches.
    params.slashing.window_blocks = 40;
    Ok(params)
}

/// The numbers of governance.
pub(super) fn governance() -> probity_dao::Params {
    let mut params = probity_dao::Params::with_day(DAY);
    let tracks = &mut params.tracks;
    for rules in [
        &mut tracks.root,
        &mut tracks.supply,
        &mut tracks.large_spend,
        &mut tracks.small_spend,
        &mut tracks.parameters,
        &mut tracks.dispute,
        &mut tracks.cancel,
        &mut tracks.pause,
    ] {
        if let Deposit::Fixed(amount) = rules.deposit {
            let units = amount.units().checked_div(CHEAPER).unwrap_or_default();
            rules.deposit = Deposit::Fixed(Amount::from_units(units));
        }
    }
    params
}

fn sizes(steps: &[(u64, u32)]) -> Result<BoundedVec<SizeStep, 8>, Failure> {
    let step = |(up_to, seats): &(u64, u32)| SizeStep { up_to: *up_to, seats: Seats(*seats) };
    list(steps.iter().map(step).collect())
}
