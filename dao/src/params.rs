//! The numbers of governance itself, and the inequalities that they must keep.
//!
//! A genesis document states them, and the root track may change them through
//! [`Params::validate`]. Some bounds are in the code and not in the numbers: no vote can make a
//! network whose rules change overnight or whose supply a handful of voters decides.
//!
//! # Invariants
//! - [`Params::blocks_per_day`] is never changed by a vote: the floors that are counted in days
//!   would go down with it. The runtime refuses such a change.
//!
//! # Not here
//! Floors on the rules of evaluation (unbonding): the runtime, which knows both.
//!
//! Spec: `docs/spec/14-governance.md`.

mod defaults;
mod validate;

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::Ppm;
use serde::{Deserialize, Serialize};

use crate::tracks::{Track, TrackRules};
pub use validate::ParamError;

/// All numbers of governance. Periods are in blocks.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// What a day is on this network: the unit of the floors that no vote can lower.
    pub blocks_per_day: u64,
    /// One lock period of conviction.
    pub lock_period: u64,
    /// By how much a decision whose outcome turns late is extended, once.
    pub extension: u64,
    /// How long an identical call has to wait, and a parameter that was changed.
    pub cool_down: u64,
    /// The window over which spends of a track add up.
    pub spend_window: u64,
    /// The share of nay-with-veto among ayes and nays from which a deposit burns.
    pub veto: Ppm,
    /// Referenda of a track that may wait for a slot, those in preparation included.
    pub queue: u32,
    /// The most that a number may move on the parameters track, of itself.
    pub parameter_step: Ppm,
    /// What the small track may spend in a window, of the treasury.
    pub small_spend: Ppm,
    /// What the large track may spend in a window, of the treasury.
    pub large_spend: Ppm,
    /// What each track asks for.
    pub tracks: Tracks,
}

/// What each track asks for.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tracks {
    /// Versions of the protocol and any parameter.
    pub root: TrackRules,
    /// Minting.
    pub supply: TrackRules,
    /// Large spends.
    pub large_spend: TrackRules,
    /// Small spends.
    pub small_spend: TrackRules,
    /// Bounded changes of parameters.
    pub parameters: TrackRules,
    /// Rulings of disputes.
    pub dispute: TrackRules,
    /// Ending referenda and reverting slashes.
    pub cancel: TrackRules,
    /// Pausing payouts.
    pub pause: TrackRules,
}

impl Params {
    /// What a track asks for.
    #[must_use]
    pub const fn track(&self, track: Track) -> &TrackRules {
        let Tracks { root, supply, large_spend, small_spend, parameters, dispute, cancel, pause } =
            &self.tracks;
        match track {
            Track::Root => root,
            Track::Supply => supply,
            Track::LargeSpend => large_spend,
            Track::SmallSpend => small_spend,
            Track::Parameters => parameters,
            Track::Dispute => dispute,
            Track::Cancel => cancel,
            Track::Pause => pause,
        }
    }

    /// So many days in blocks.
    #[must_use]
    pub const fn days(&self, days: u64) -> u64 {
        self.blocks_per_day.saturating_mul(days)
    }
}
