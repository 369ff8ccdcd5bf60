//! Windows that must fit into each other, in blocks.

use probity_primitives::{Amount, ArithmeticError, Height};

use super::ParamError;
use crate::params::Params;
use crate::staking::forfeits::MAX_SOURCES;

/// How often a jury is drawn for one question: once, and once more if it has no quorum.
const JURY_DRAWS: u128 = 2;

/// How many epochs, which are days on the main network, a dispute may take.
const LADDER_EPOCHS: u64 = 21;

/// Why windows do not fit into each other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// A window in which nothing can happen.
    #[error("{name} is a window of no blocks")]
    NoBlocks {
        /// Which parameter.
        name: &'static str,
    },
    /// The default commit window is not one that a request may name.
    #[error("a commit window of {default} blocks is not between {least} and {most}")]
    CommitOrder {
        /// The shortest.
        least: u64,
        /// The default.
        default: u64,
        /// The longest.
        most: u64,
    },
    /// A jury could still sit when the result is final.
    #[error("two juries take {juries} blocks, a result is provisional for {provisional}")]
    JuriesOutlastResult {
        /// How long a result is provisional.
        provisional: u64,
        /// How long two juries take.
        juries: u64,
    },
    /// A result is final before its audit is drawn.
    #[error("an audit is drawn after {open} blocks, a result is provisional for {provisional}")]
    AuditTooLate {
        /// When an audit is drawn.
        open: u64,
        /// How long a result is provisional.
        provisional: u64,
    },
    /// A dispute could take longer than anyone should wait.
    #[error("a dispute takes {ladder} blocks at most, the limit is {limit}: {epochs} epochs")]
    LadderTooLong {
        /// How long the longest ladder takes.
        ladder: u64,
        /// How long it may take.
        limit: u64,
        /// The limit in epochs.
        epochs: u64,
    },
    /// Stake could leave before its offence is settled.
    #[error("stake leaves after {unbond} blocks, an offence is settled after {ladder} + {window}")]
    UnbondTooShort {
        /// How long stake takes to leave.
        unbond: u64,
        /// From an offence to its ruling.
        ladder: u64,
        /// The correlation window.
        window: u64,
    },
    /// More tranches could be on their way out than one slash reaches.
    #[error("{tranches} epochs' stake can be on its way out, a slash reaches {limit}")]
    TooManyTranches {
        /// How many.
        tranches: u64,
        /// How many there may be.
        limit: u64,
    },
    /// A pause could keep a round from its end until stake has left.
    #[error(
        "stake leaves after {unbond} blocks, a paused round is settled after {round} + {pause}"
    )]
    PauseTooLong {
        /// How long stake takes to leave.
        unbond: u64,
        /// From an offence to the end of the correlation window.
        round: u64,
        /// The longest pause.
        pause: u64,
    },
    /// Payouts could be paused without end.
    #[error("a pause of {longest} blocks every {every} leaves less than half of the time to pay")]
    PauseTooOften {
        /// The longest pause.
        longest: u64,
        /// From one to the next.
        every: u64,
    },
    /// The longest jail term is past the last height.
    #[error("a jail term of {blocks} blocks, doubled {doublings} times, cannot be counted")]
    JailTerm {
        /// The first term.
        blocks: u64,
        /// How often it doubles.
        doublings: u32,
    },
}

pub(super) fn check(params: &Params) -> Result<(), ParamError> {
    some_blocks(params)?;
    let task = &params.task;
    let (least, default, most) = (task.commit_min, task.commit_blocks, task.commit_max);
    if least > default || default > most {
        return Err(WindowError::CommitOrder { least, default, most }.into());
    }
    let (provisional, juries) = (task.provisional_blocks, juries(params)?);
    if provisional < juries {
        return Err(WindowError::JuriesOutlastResult { provisional, juries }.into());
    }
    let open = task.open_blocks;
    if open >= provisional {
        return Err(WindowError::AuditTooLate { open, provisional }.into());
    }
    unbonding(params)?;
    pauses(params)?;
    let (ladder, epochs) = (disputes(params)?, LADDER_EPOCHS);
    let limit = params.staking.epoch_blocks.saturating_mul(epochs);
    if ladder > limit {
        return Err(WindowError::LadderTooLong { ladder, limit, epochs }.into());
    }
    jail(params)?;
    Ok(())
}

fn some_blocks(params: &Params) -> Result<(), WindowError> {
    let Params { task, jury, slashing, dispute, .. } = params;
    let windows = [
        ("task.open_blocks", task.open_blocks),
        ("task.commit_min", task.commit_min),
        ("task.reveal_blocks", task.reveal_blocks),
        ("task.spot_blocks", task.spot_blocks),
        ("jury.commit_blocks", jury.commit_blocks),
        ("jury.reveal_blocks", jury.reveal_blocks),
        ("dispute.commit_blocks", dispute.commit_blocks),
        ("dispute.reveal_blocks", dispute.reveal_blocks),
        // The side that lost has half of it.
        ("dispute.appeal_blocks / 2", dispute.appeal_blocks >> 1),
        ("dispute.clock_blocks", dispute.clock_blocks),
        ("dispute.vote_blocks", dispute.vote_blocks),
        ("slashing.delay_blocks", slashing.delay_blocks),
        ("slashing.window_blocks", slashing.window_blocks),
        ("slashing.jail_blocks", slashing.jail_blocks),
        ("pause.max_blocks", params.pause.max_blocks),
    ];
    match windows.into_iter().find(|(_, blocks)| *blocks == 0) {
        Some((name, _)) => Err(WindowError::NoBlocks { name }),
        None => Ok(()),
    }
}

/// How long the juries of one question take at most.
fn juries(params: &Params) -> Result<u64, ArithmeticError> {
    let once = Height(params.jury.commit_blocks).checked_add(params.jury.reveal_blocks)?;
    let all = Amount::from_units(once.0.into()).checked_mul(JURY_DRAWS)?.units();
    let overflow =
        ArithmeticError::Overflow { left: once.0.into(), operator: '*', right: JURY_DRAWS };
    u64::try_from(all).map_err(|_| overflow)
}

/// How long an audit may keep a result provisional: its draw, and its windows.
fn audit(params: &Params) -> Result<u64, ArithmeticError> {
    let task = &params.task;
    let windows = [task.commit_max, task.reveal_blocks];
    windows.into_iter().try_fold(Height(task.open_blocks), Height::checked_add).map(|end| end.0)
}

/// How long a dispute takes at most: both clocks, then two juries and an appeal on each level, then
/// the holders' vote.
fn disputes(params: &Params) -> Result<u64, ArithmeticError> {
    let rules = &params.dispute;
    let jury = Height(rules.commit_blocks).checked_add(rules.reveal_blocks)?.0;
    let mut end = Height(rules.clock_blocks).checked_add(rules.clock_blocks)?;
    for _ in &rules.levels {
        for _ in 0..JURY_DRAWS {
            end = end.checked_add(jury)?;
        }
        end = end.checked_add(rules.appeal_blocks)?;
    }
    Ok(end.checked_add(rules.vote_blocks)?.0)
}

/// How long it takes at most from the first block in which a member may offend to the ruling.
fn ladder(params: &Params) -> Result<u64, ArithmeticError> {
    let task = &params.task;
    let provisional = task.provisional_blocks.max(audit(params)?);
    let phases = [task.reveal_blocks, task.spot_blocks, provisional];
    let mut steps = phases.into_iter().chain([juries(params)?, disputes(params)?]);
    steps.try_fold(Height(task.commit_max), Height::checked_add).map(|end| end.0)
}

fn unbonding(params: &Params) -> Result<(), ParamError> {
    let (unbond, window) = (params.staking.unbond_blocks, params.slashing.window_blocks);
    let ladder = ladder(params)?;
    if unbond < Height(ladder).checked_add(window)?.0 {
        return Err(WindowError::UnbondTooShort { unbond, ladder, window }.into());
    }
    // A tranche is due `unbond` blocks after its epoch ends, so that besides the whole epochs in
    // that time the present one and a partial one have tranches; one source is the bonded pool.
    let whole = unbond.checked_div(params.staking.epoch_blocks).unwrap_or(u64::MAX);
    let tranches = whole.saturating_add(2);
    let limit = u64::try_from(MAX_SOURCES).unwrap_or(u64::MAX).saturating_sub(1);
    if tranches > limit {
        return Err(WindowError::TooManyTranches { tranches, limit }.into());
    }
    Ok(())
}

/// A pause puts off what ends a round without a result, and the slashes that come with that end;
/// it must not outlast the stake. Two pauses in a row must leave time to pay what was put off.
fn pauses(params: &Params) -> Result<(), ParamError> {
    let (longest, every) = (params.pause.max_blocks, params.pause.every_blocks);
    if longest.checked_mul(2).is_none_or(|twice| every < twice) {
        return Err(WindowError::PauseTooOften { longest, every }.into());
    }
    let (task, unbond) = (&params.task, params.staking.unbond_blocks);
    let steps = [task.reveal_blocks, task.spot_blocks, params.slashing.window_blocks];
    let round = steps.into_iter().try_fold(Height(task.commit_max), Height::checked_add)?;
    if unbond < round.checked_add(longest)?.0 {
        return Err(WindowError::PauseTooLong { unbond, round: round.0, pause: longest }.into());
    }
    Ok(())
}

fn jail(params: &Params) -> Result<(), WindowError> {
    let (blocks, doublings) = (params.slashing.jail_blocks, params.slashing.jail_doublings);
    let longest = 2u64.checked_pow(doublings).and_then(|times| blocks.checked_mul(times));
    longest.map(|_| ()).ok_or(WindowError::JailTerm { blocks, doublings })
}
