//! What the rules need to run at all: numbers within the limits of types and lists.

use probity_primitives::{Amount, Bps, Ppm, Seats};

use super::ParamError;
use crate::dispute::MAX_OPEN;
use crate::params::{Disputes, Params, Slashing};
use crate::staking::epoch::MAX_VALIDATORS;

/// The most seats of a committee or jury.
pub const MAX_SEATS: u32 = 127;

/// The most leaves that one message may open.
const MAX_OPENINGS: u32 = 64;

/// The most items drawn for everyone: each is opened with its predecessor.
const MAX_DRAWN: u32 = 32;

/// The most by which a bond grows with a challenge that failed.
const MAX_REPEAT: u32 = 1_000;

/// The most rounds of a task.
const MAX_ROUNDS: u32 = 8;

/// The epochs of a year.
const YEAR_EPOCHS: u128 = 365;

/// The most blocks that a stream flows over: some years' worth, so that heights can be added up.
const MAX_STREAM: u128 = 1 << 32;

/// Why the rules cannot run on a set of parameters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StructureError {
    /// A number outside its limits.
    #[error("{name} is {value}, not between {lowest} and {highest}")]
    OutOfRange {
        /// Which parameter.
        name: &'static str,
        /// Its value.
        value: u128,
        /// The least it may be.
        lowest: u128,
        /// The most it may be.
        highest: u128,
    },
    /// A share above the whole.
    #[error("{name} is {parts} of {whole}, more than the whole")]
    NotShare {
        /// Which parameter.
        name: &'static str,
        /// Its parts.
        parts: u32,
        /// The parts of the whole.
        whole: u32,
    },
    /// A committee that could be split in two halves.
    #[error("{name} of {seats} seats has no majority in a tie: seats must be odd")]
    EvenSeats {
        /// Which parameter.
        name: &'static str,
        /// Its seats.
        seats: Seats,
    },
    /// A list that must ascend and does not.
    #[error("{name} does not ascend at entry {position}")]
    NotAscending {
        /// Which list.
        name: &'static str,
        /// The first entry that is not above the one before it.
        position: usize,
    },
    /// A list that must not be empty.
    #[error("{name} is empty")]
    Empty {
        /// Which list.
        name: &'static str,
    },
    /// A fee that is not split exactly.
    #[error("the fee split adds up to {sum} bps, not to {whole}", whole = Bps::ONE)]
    FeeSplit {
        /// What it adds up to.
        sum: u32,
    },
    /// More than a slash is shared out.
    #[error("the reporter's {reporter} and the audit pool's {audit_pool} are more than the slash")]
    SlashShares {
        /// The reporter's share.
        reporter: Ppm,
        /// The audit pool's share.
        audit_pool: Ppm,
    },
    /// More than is minted is shared out.
    #[error("the audit pool's {audit_pool} and the reward pool's {reward_pool} are more than all")]
    MintShares {
        /// The audit pool's share.
        audit_pool: Bps,
        /// The reward pool's share.
        reward_pool: Bps,
    },
    /// More than the losers of a dispute put up is shared out.
    #[error("the winners' {winner} and the defender's {defender} are more than the bond")]
    BondShares {
        /// The winners' share.
        winner: Ppm,
        /// The share of a member that had to answer.
        defender: Ppm,
    },
    /// The committee is smaller than its quorum.
    #[error("a committee of {seats} seats cannot seat the {min_operators} operators of a quorum")]
    QuorumAboveSeats {
        /// The committee's seats.
        seats: Seats,
        /// The fewest operators.
        min_operators: u32,
    },
}

pub(super) fn check(params: &Params) -> Result<(), ParamError> {
    staking(params)?;
    sizes(params)?;
    checks(params)?;
    disputes(&params.dispute)?;
    shares(params)?;
    classes(params)?;
    supply(params)
}

fn staking(params: &Params) -> Result<(), StructureError> {
    let (staking, most) = (&params.staking, u128::MAX);
    let validators = u128::try_from(MAX_VALIDATORS).unwrap_or(u128::MAX);
    within("staking.epoch_blocks", staking.epoch_blocks.into(), 1, u64::MAX.into())?;
    within("staking.max_validators", staking.max_validators.into(), 1, validators)?;
    within("staking.min_bond", staking.min_bond.units(), 1, most)?;
    bps("staking.commission_step", staking.commission_step)
}

fn sizes(params: &Params) -> Result<(), StructureError> {
    let task = &params.task;
    within("task.max_rounds", task.max_rounds.into(), 1, MAX_ROUNDS.into())?;
    within("task.min_operators", task.min_operators.into(), 1, MAX_SEATS.into())?;
    within("task.seat_lock", task.seat_lock.into(), 1, u32::MAX.into())?;
    within("task.max_open", task.max_open.into(), 1, u32::MAX.into())?;
    ascending("task.sizes", task.sizes.iter().map(|step| step.up_to))?;
    ascending("task.sizes", task.sizes.iter().map(|step| step.seats))?;
    for step in &task.sizes {
        odd("task.sizes", step.seats)?;
        if step.seats.0 < task.min_operators {
            let (seats, min_operators) = (step.seats, task.min_operators);
            return Err(StructureError::QuorumAboveSeats { seats, min_operators });
        }
    }
    odd("jury.seats", params.jury.seats)?;
    odd("audit.seats", params.audit.seats)?;
    within("jury.min_operators", params.jury.min_operators.into(), 1, MAX_SEATS.into())?;
    within("audit.half_value", params.audit.half_value.into(), 1, u64::MAX.into())
}

fn checks(params: &Params) -> Result<(), StructureError> {
    let checks = &params.checks;
    within("checks.spot_exact", checks.spot_exact.into(), 1, MAX_DRAWN.into())?;
    within("checks.spot_tolerant", checks.spot_tolerant.into(), 1, MAX_OPENINGS.into())?;
    within("checks.defence", checks.defence.into(), 1, MAX_OPENINGS.into())?;
    within("checks.fault_exact", checks.fault_exact.into(), 1, checks.spot_exact.into())?;
    within("checks.fault_tolerant", checks.fault_tolerant.into(), 1, checks.spot_tolerant.into())?;
    within("checks.tolerance_low", checks.tolerance_low.into(), 1, u32::MAX.into())?;
    within("slashing.miss_limit", params.slashing.miss_limit.into(), 0, 32)?;
    within("slashing.jail_doublings", params.slashing.jail_doublings.into(), 0, 32)
}

fn disputes(rules: &Disputes) -> Result<(), StructureError> {
    ascending("dispute.levels", rules.levels.iter().copied())?;
    rules.levels.iter().try_for_each(|seats| odd("dispute.levels", *seats))?;
    within("dispute.bond", rules.bond.into(), 1, u32::MAX.into())?;
    within("dispute.repeat", rules.repeat.into(), 1, MAX_REPEAT.into())?;
    let most = u128::try_from(MAX_OPEN).unwrap_or(u128::MAX);
    within("dispute.max_per_task", rules.max_per_task.into(), 1, most)?;
    // Each open dispute doubles the next bond.
    within("dispute.max_per_account", rules.max_per_account.into(), 1, most)?;
    ppm("dispute.fee", rules.fee)?;
    let (winner, defender) = (rules.winner, rules.defender);
    if winner.parts().saturating_add(defender.parts()) > Ppm::ONE.parts() {
        return Err(StructureError::BondShares { winner, defender });
    }
    Ok(())
}

fn shares(params: &Params) -> Result<(), StructureError> {
    let split = &params.split;
    let parts = [split.evaluators, split.royalties, split.audit_pool, split.treasury, split.burn];
    let sum = parts.iter().fold(0u32, |sum, part| sum.saturating_add(part.parts().into()));
    if sum != u32::from(Bps::ONE.parts()) {
        return Err(StructureError::FeeSplit { sum });
    }
    within("split.evaluators", split.evaluators.parts().into(), 1, Bps::ONE.parts().into())?;
    ppm("checks.flip_rate", params.checks.flip_rate)?;
    ppm("jury.fee", params.jury.fee)?;
    ppm("audit.private_share", params.audit.private_share)?;
    ppm("audit.ceiling", params.audit.ceiling)?;
    let (floor, ceiling) = (params.audit.floor.parts(), params.audit.ceiling.parts());
    within("audit.floor", floor.into(), 1, ceiling.into())?;
    slash_shares(&params.slashing)
}

fn slash_shares(slashing: &Slashing) -> Result<(), StructureError> {
    ppm("slashing.no_reveal", slashing.no_reveal)?;
    ppm("slashing.undefended", slashing.undefended)?;
    ppm("slashing.transcript", slashing.transcript)?;
    ppm("slashing.equivocation", slashing.equivocation)?;
    ppm("slashing.equivocation_bonded", slashing.equivocation_bonded)?;
    ppm("slashing.false_result", slashing.false_result)?;
    ppm("slashing.reporter", slashing.reporter)?;
    ppm("slashing.audit_pool", slashing.audit_pool)?;
    // A juror who does not vote loses twice the share of one who votes against the ruling.
    within("slashing.incoherent", slashing.incoherent.parts().into(), 0, 500_000)?;
    let (reporter, audit_pool) = (slashing.reporter, slashing.audit_pool);
    if reporter.parts().saturating_add(audit_pool.parts()) > Ppm::ONE.parts() {
        return Err(StructureError::SlashShares { reporter, audit_pool });
    }
    Ok(())
}

fn classes(params: &Params) -> Result<(), StructureError> {
    ascending("classes", params.classes.iter().map(|class| class.id))?;
    // So many seat prices, in so many base units, still fit: V is at most 2^64 seat prices.
    let highest = u128::from(u64::MAX);
    for class in &params.classes {
        within("classes.seat_price", class.seat_price.units(), 1, highest)?;
        within("classes.seat_cost", class.seat_cost.units(), 1, highest)?;
    }
    Ok(())
}

/// The yearly cap is one of at least 365 epochs: a shorter year would be a larger cap.
fn supply(params: &Params) -> Result<(), ParamError> {
    let (supply, epoch) = (&params.supply, params.staking.epoch_blocks);
    let year = Amount::from_units(epoch.into()).checked_mul(YEAR_EPOCHS)?.units();
    within("supply.year_blocks", supply.year_blocks.into(), year, u64::MAX.into())?;
    within("supply.stream_blocks", supply.stream_blocks.into(), epoch.into(), MAX_STREAM)?;
    ppm("supply.reward_share", supply.reward_share)?;
    let (audit_pool, reward_pool) = (supply.audit_pool, supply.reward_pool);
    let whole = u32::from(Bps::ONE.parts());
    if u32::from(audit_pool.parts()).saturating_add(reward_pool.parts().into()) > whole {
        return Err(StructureError::MintShares { audit_pool, reward_pool }.into());
    }
    Ok(())
}

fn within(
    name: &'static str,
    value: u128,
    lowest: u128,
    highest: u128,
) -> Result<(), StructureError> {
    if value < lowest || value > highest {
        return Err(StructureError::OutOfRange { name, value, lowest, highest });
    }
    Ok(())
}

fn ppm(name: &'static str, share: Ppm) -> Result<(), StructureError> {
    if share.is_share() {
        return Ok(());
    }
    Err(StructureError::NotShare { name, parts: share.parts(), whole: Ppm::ONE.parts() })
}

fn bps(name: &'static str, share: Bps) -> Result<(), StructureError> {
    if share.is_share() {
        return Ok(());
    }
    let (parts, whole) = (share.parts().into(), Bps::ONE.parts().into());
    Err(StructureError::NotShare { name, parts, whole })
}

fn odd(name: &'static str, seats: Seats) -> Result<(), StructureError> {
    within(name, seats.0.into(), 1, MAX_SEATS.into())?;
    if seats.0 & 1 == 0 {
        return Err(StructureError::EvenSeats { name, seats });
    }
    Ok(())
}

fn ascending<T: PartialOrd>(
    name: &'static str,
    list: impl Iterator<Item = T>,
) -> Result<(), StructureError> {
    let mut previous = None;
    for (position, entry) in list.enumerate() {
        if previous.as_ref().is_some_and(|previous| *previous >= entry) {
            return Err(StructureError::NotAscending { name, position });
        }
        previous = Some(entry);
    }
    previous.map(|_| ()).ok_or(StructureError::Empty { name })
}
