//! The eight tracks: what kinds of referendum there are, and what each asks for.
//!
//! The more a track can do, the more it costs, the longer it takes and the more agreement it
//! needs; what can only undo (cancel, pause) is quick. Periods are in blocks of six seconds.
//!
//! # Invariants
//! - Tracks that change rules, supply or treasury in the large enact two days or more after the
//!   decision.
//! - A confirm period is shorter than the decision period it lies in.
//!
//! # Not here
//! What a track may do: [`crate::action`]. The limits of it that depend on the state (share of the
//! treasury, size of a parameter change): the runtime, which enacts. What is in force now:
//! [`crate::params`], which begin with what is said here.
//!
//! Spec: `docs/spec/14-governance.md`.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::Amount;
use serde::{Deserialize, Serialize};

use crate::threshold::{Bar, Falling};

const MINUTE: u64 = 10;
const HOUR: u64 = 600;
const DAY: u64 = 14_400;

/// A kind of referendum.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    BorshSerialize,
    BorshDeserialize,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[borsh(use_discriminant = false)]
pub enum Track {
    /// A protocol version at a height, or any parameter.
    Root,
    /// Minting within its cap.
    Supply,
    /// Spending more than a hundredth of the treasury.
    LargeSpend,
    /// Spending at most a thousandth of the treasury in 30 days.
    SmallSpend,
    /// A bounded change of a parameter.
    Parameters,
    /// The last word on a dispute: uphold, overturn or void.
    Dispute,
    /// Ending a referendum, or giving back slashes that wait.
    Cancel,
    /// Halting payouts for at most seven days.
    Pause,
}

/// What it costs to open a referendum, until it ends.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Deposit {
    /// So much.
    Fixed(Amount),
    /// As much as the bond of the dispute it decides.
    DisputeBond,
}

/// What a track asks for.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct TrackRules {
    /// The deposit.
    pub deposit: Deposit,
    /// How many of the track's referenda may be in decision at once; others queue.
    pub slots: u32,
    /// Blocks between submission and decision.
    pub prepare: u64,
    /// Blocks of the decision period, over which thresholds fall.
    pub decide: u64,
    /// Blocks for which both bars have to hold without a break.
    pub confirm: u64,
    /// Blocks between the decision and its effect.
    pub enact: u64,
    /// The bar for convicted ayes among convicted ayes and nays.
    pub approval: Bar,
    /// The bar for unconvicted ayes and abstentions among the whole supply.
    pub support: Bar,
}

impl std::fmt::Display for Track {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

impl Track {
    /// Every track, in the order of its number.
    pub const ALL: [Self; 8] = [
        Self::Root,
        Self::Supply,
        Self::LargeSpend,
        Self::SmallSpend,
        Self::Parameters,
        Self::Dispute,
        Self::Cancel,
        Self::Pause,
    ];

    /// The track's name, as JSON has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Supply => "supply",
            Self::LargeSpend => "large_spend",
            Self::SmallSpend => "small_spend",
            Self::Parameters => "parameters",
            Self::Dispute => "dispute",
            Self::Cancel => "cancel",
            Self::Pause => "pause",
        }
    }

    /// The track's number.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Root => 0,
            Self::Supply => 1,
            Self::LargeSpend => 2,
            Self::SmallSpend => 3,
            Self::Parameters => 4,
            Self::Dispute => 5,
            Self::Cancel => 6,
            Self::Pause => 7,
        }
    }

    /// What the track asks for by default, on a network of six-second blocks.
    #[must_use]
    pub const fn rules(self) -> TrackRules {
        match self {
            Self::Root => {
                let periods = [DAY, 28 * DAY, 2 * DAY, 7 * DAY];
                rules(fixed(100_000), 1, periods, falling(80, 60), falling(40, 10))
            }
            Self::Supply => {
                let periods = [DAY, 28 * DAY, 7 * DAY, 7 * DAY];
                rules(fixed(100_000), 1, periods, falling(75, 60), falling(40, 15))
            }
            Self::LargeSpend => {
                let periods = [6 * HOUR, 21 * DAY, 4 * DAY, 2 * DAY];
                rules(fixed(25_000), 2, periods, falling(66, 55), falling(25, 5))
            }
            Self::SmallSpend => {
                let periods = [HOUR, 7 * DAY, DAY, DAY];
                rules(fixed(1_000), 10, periods, falling(60, 50), falling(5, 1))
            }
            Self::Parameters => {
                let periods = [6 * HOUR, 14 * DAY, 2 * DAY, 2 * DAY];
                rules(fixed(10_000), 5, periods, falling(66, 55), falling(25, 5))
            }
            Self::Dispute => {
                let periods = [0, 7 * DAY, DAY, DAY];
                rules(Deposit::DisputeBond, 20, periods, Bar::MoreThanHalf, falling(3, 3))
            }
            Self::Cancel => {
                let periods = [0, 3 * DAY, 6 * HOUR, 10 * MINUTE];
                rules(fixed(5_000), 50, periods, falling(60, 50), falling(10, 2))
            }
            Self::Pause => {
                let periods = [0, DAY, HOUR, 0];
                rules(fixed(20_000), 1, periods, falling(75, 75), falling(5, 5))
            }
        }
    }
}

/// The periods are prepare, decide, confirm and enact, as in the columns of the rules' table.
const fn rules(
    deposit: Deposit,
    slots: u32,
    [prepare, decide, confirm, enact]: [u64; 4],
    approval: Bar,
    support: Bar,
) -> TrackRules {
    TrackRules { deposit, slots, prepare, decide, confirm, enact, approval, support }
}

const fn fixed(tokens: u64) -> Deposit {
    Deposit::Fixed(Amount::from_tokens(tokens))
}

const fn falling(high: u8, low: u8) -> Bar {
    Bar::AtLeast(Falling::percent(high, low))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bar in parts per million on a day of the decision.
    fn asked(bar: Bar, day: u64, decide: u64) -> u32 {
        match bar {
            Bar::AtLeast(falling) => falling.at_ceil(day.saturating_mul(DAY), decide).parts(),
            Bar::MoreThanHalf => 500_001,
        }
    }

    #[test]
    fn approval_and_support_have_the_specified_values_on_fixed_days() {
        let vectors = [
            (Track::Root, 14, 700_000, 250_000),
            (Track::Supply, 14, 675_000, 275_000),
            (Track::LargeSpend, 7, 623_334, 183_334),
            (Track::SmallSpend, 7, 500_000, 10_000),
            (Track::Parameters, 7, 605_000, 150_000),
            (Track::Dispute, 3, 500_001, 30_000),
            (Track::Cancel, 1, 566_667, 73_334),
            (Track::Pause, 1, 750_000, 50_000),
        ];
        for (track, day, approval, support) in vectors {
            let rules = track.rules();
            assert_eq!(asked(rules.approval, day, rules.decide), approval, "{track:?}");
            assert_eq!(asked(rules.support, day, rules.decide), support, "{track:?}");
        }
    }

    #[test]
    fn deposits_and_slots_are_the_specified_ones() {
        let tokens = |track: Track| match track.rules().deposit {
            Deposit::Fixed(amount) => Some(amount.units() / 1_000_000_000),
            Deposit::DisputeBond => None,
        };
        let deposits = Track::ALL.map(tokens);
        let expected = [100_000, 100_000, 25_000, 1_000, 10_000, 0, 5_000, 20_000];
        assert_eq!(deposits.map(Option::unwrap_or_default), expected);
        assert_eq!(deposits[5], None);
        assert_eq!(Track::ALL.map(|track| track.rules().slots), [1, 1, 2, 10, 5, 20, 50, 1]);
    }

    #[test]
    fn what_changes_rules_supply_or_treasury_takes_effect_two_days_later_or_more() {
        for track in [Track::Root, Track::Supply, Track::LargeSpend] {
            assert!(track.rules().enact >= 2 * DAY, "{track:?}");
        }
    }

    #[test]
    fn a_confirm_period_fits_into_its_decision_period() {
        for track in Track::ALL {
            let rules = track.rules();
            assert!(0 < rules.confirm && rules.confirm < rules.decide, "{track:?}");
        }
    }

    #[test]
    fn tracks_are_numbered_in_order() {
        let numbers: Vec<u8> = Track::ALL.iter().map(|track| track.number()).collect();
        assert_eq!(numbers, (0..8).collect::<Vec<u8>>());
    }
}
