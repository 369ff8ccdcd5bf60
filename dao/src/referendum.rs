//! Referenda: what is stored of each, from submission to its end.
//!
//! # Invariants
//! - What a referendum asks for was copied into it when it was submitted: no later change of
//!   parameters reaches it.
//! - Its snapshot is the state after the block before its submission.
//! - A stage that has ended never changes again.
//!
//! Spec: `docs/spec/14-governance.md`.

use std::fmt;
use std::str::FromStr;

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::{Address, Amount, BoundedString, BoundedVec, Height, Ppm};
use serde::{Deserialize, Serialize};

use crate::action::Action;
use crate::params::Params;
use crate::tally::Tally;
use crate::tracks::{Track, TrackRules};

/// A referendum's number, from 0.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Default,
    BorshSerialize,
    BorshDeserialize,
    Serialize,
    Deserialize,
)]
#[serde(transparent)]
pub struct ReferendumId(pub u64);

impl fmt::Display for ReferendumId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for ReferendumId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// A referendum.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Referendum {
    /// What kind it is.
    pub track: Track,
    /// Who submitted it and gets the deposit back.
    pub proposer: Address,
    /// What people call it.
    pub title: BoundedString<120>,
    /// What it does.
    pub action: Action,
    /// What was deposited.
    pub deposit: Amount,
    /// The block it was submitted in.
    pub submitted: Height,
    /// The height whose state says who may vote with how much.
    pub snapshot: Height,
    /// What was in force when it was submitted.
    pub frozen: Frozen,
    /// Where it stands.
    pub stage: Stage,
    /// The votes so far.
    pub tally: Tally,
    /// When it entered its stages, the newest last.
    pub timeline: BoundedVec<Moment, 8>,
}

/// What a referendum is decided by.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Frozen {
    /// What the track asked for.
    pub rules: TrackRules,
    /// The share of nay-with-veto from which the deposit burns.
    pub veto: Ppm,
    /// The late extension.
    pub extension: u64,
    /// One lock period of conviction.
    pub lock_period: u64,
    /// All tokens there were at the snapshot: support is a share of them.
    pub supply: Amount,
}

impl Frozen {
    /// What is in force for a track.
    #[must_use]
    pub fn of(params: &Params, track: Track, supply: Amount) -> Self {
        Self {
            rules: *params.track(track),
            veto: params.veto,
            extension: params.extension,
            lock_period: params.lock_period,
            supply,
        }
    }
}

/// Where a referendum stands; each variant holds only what exists then.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "stage")]
pub enum Stage {
    /// It can be read and voted on, and is not decided yet.
    Preparing {
        /// The height at which it asks for a slot.
        until: Height,
    },
    /// It is prepared and waits for a slot of its track.
    Queued,
    /// It is being decided.
    Deciding {
        /// When its thresholds began to fall.
        since: Height,
        /// When they end.
        until: Height,
        /// Since when it would pass without a break, if it would.
        confirming: Option<Height>,
        /// Whether its one extension was used.
        extended: bool,
    },
    /// It has passed and waits for its effect.
    Approved {
        /// When it passed.
        at: Height,
        /// When it takes effect.
        enact_at: Height,
    },
    /// It has taken effect.
    Enacted {
        /// When it passed.
        approved: Height,
        /// When it took effect.
        at: Height,
    },
    /// It had its turnout and did not pass.
    Rejected {
        /// When it ended.
        at: Height,
    },
    /// Too few voted.
    TimedOut {
        /// When it ended.
        at: Height,
    },
    /// Enough said that it should never have been asked.
    Vetoed {
        /// When it ended.
        at: Height,
    },
    /// Another vote ended it.
    Cancelled {
        /// When it ended.
        at: Height,
    },
    /// It had passed, and could not be carried out at its time.
    Failed {
        /// When it passed.
        approved: Height,
        /// When it was to take effect.
        at: Height,
        /// Why it could not.
        why: BoundedString<256>,
    },
}

/// The name of a stage.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[borsh(use_discriminant = false)]
pub enum StageName {
    /// In preparation.
    Preparing,
    /// Waiting for a slot.
    Queued,
    /// Being decided.
    Deciding,
    /// Passed.
    Approved,
    /// In effect.
    Enacted,
    /// Not passed.
    Rejected,
    /// Without turnout.
    TimedOut,
    /// Vetoed.
    Vetoed,
    /// Ended by another vote.
    Cancelled,
    /// Passed and impossible.
    Failed,
}

impl StageName {
    /// The name as JSON has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Preparing => "preparing",
            Self::Queued => "queued",
            Self::Deciding => "deciding",
            Self::Approved => "approved",
            Self::Enacted => "enacted",
            Self::Rejected => "rejected",
            Self::TimedOut => "timed_out",
            Self::Vetoed => "vetoed",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for StageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// When a stage was entered.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct Moment {
    /// The block.
    pub height: Height,
    /// The stage.
    pub stage: StageName,
}

impl Stage {
    /// Its name.
    #[must_use]
    pub const fn name(&self) -> StageName {
        match self {
            Self::Preparing { .. } => StageName::Preparing,
            Self::Queued => StageName::Queued,
            Self::Deciding { .. } => StageName::Deciding,
            Self::Approved { .. } => StageName::Approved,
            Self::Enacted { .. } => StageName::Enacted,
            Self::Rejected { .. } => StageName::Rejected,
            Self::TimedOut { .. } => StageName::TimedOut,
            Self::Vetoed { .. } => StageName::Vetoed,
            Self::Cancelled { .. } => StageName::Cancelled,
            Self::Failed { .. } => StageName::Failed,
        }
    }

    /// When the vote ended; none while it is open.
    #[must_use]
    pub const fn decided(&self) -> Option<Height> {
        match self {
            Self::Preparing { .. } | Self::Queued | Self::Deciding { .. } => None,
            Self::Approved { at, .. }
            | Self::Rejected { at }
            | Self::TimedOut { at }
            | Self::Vetoed { at }
            | Self::Cancelled { at } => Some(*at),
            Self::Enacted { approved, .. } | Self::Failed { approved, .. } => Some(*approved),
        }
    }

    /// When everything ended; none while something may still come of it.
    #[must_use]
    pub const fn ended(&self) -> Option<Height> {
        match self {
            Self::Preparing { .. }
            | Self::Queued
            | Self::Deciding { .. }
            | Self::Approved { .. } => None,
            Self::Enacted { at, .. }
            | Self::Rejected { at }
            | Self::TimedOut { at }
            | Self::Vetoed { at }
            | Self::Cancelled { at }
            | Self::Failed { at, .. } => Some(*at),
        }
    }

    /// Whether votes are taken.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.decided().is_none()
    }
}

impl Referendum {
    /// Enters a stage and notes when.
    pub(crate) fn enter(&mut self, stage: Stage, height: Height) {
        // A life has at most six stages, and the list has room for eight.
        let _full = self.timeline.push(Moment { height, stage: stage.name() });
        self.stage = stage;
    }

    /// Whether both bars are met now, and the veto is not.
    #[must_use]
    pub fn passes(&self, now: Height) -> bool {
        let Stage::Deciding { since, .. } = self.stage else { return false };
        let TrackRules { decide, approval, support, .. } = self.frozen.rules;
        let (tally, elapsed) = (&self.tally, now.since(since));
        // Shares of at most the whole are always representable.
        let met = |bar: crate::threshold::Bar, part, whole| {
            bar.is_met(part, whole, elapsed, decide).unwrap_or(false)
        };
        tally.cast().is_ok_and(|cast| met(approval, tally.ayes.weight(), cast.weight()))
            && met(support, tally.support, self.frozen.supply)
            && !self.is_vetoed()
    }

    /// Whether so many of the votes are nay-with-veto that the deposit would burn.
    #[must_use]
    pub fn is_vetoed(&self) -> bool {
        let least = self.tally.cast().and_then(|cast| self.frozen.veto.of_ceil(cast.weight()));
        least.is_ok_and(|least| !least.is_zero() && self.tally.vetoes.weight() >= least)
    }

    /// Whether as many took part as the support bar asks for at its end, whatever they said.
    #[must_use]
    pub fn has_turnout(&self) -> bool {
        let least = self.frozen.rules.support.low().of_ceil(self.frozen.supply);
        least.is_ok_and(|least| !least.is_zero() && self.tally.turnout >= least)
    }
}
