//! The inequalities of governance.

use probity_primitives::Ppm;

use super::Params;
use crate::threshold::ThresholdError;
use crate::tracks::{Deposit, Track, TrackRules};

/// The most decisions of one track at once: all of them are looked at in each block.
const MAX_SLOTS: u32 = 64;

/// The most referenda of one track that may wait.
const MAX_QUEUE: u32 = 256;

/// The longest period, in days: what is counted from it stays far from the end of heights.
const MAX_DAYS: u64 = 3_650;

/// The least days between decision and effect on the tracks that change rules, supply or treasury
/// in the large: whoever disagrees can see it coming.
const LEAST_ENACT_DAYS: u64 = 2;

/// The least support that minting and changes of any rule ever need, of all supply.
const LEAST_SUPPORT: Ppm = Ppm::new(50_000);

/// A majority.
const HALF: Ppm = Ppm::new(500_000);

/// Why numbers of governance are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParamError {
    /// A number outside its limits.
    #[error("{name} is {value}, not between {lowest} and {highest}")]
    OutOfRange {
        /// Which number.
        name: &'static str,
        /// Its value.
        value: u128,
        /// The least it may be.
        lowest: u128,
        /// The most it may be.
        highest: u128,
    },
    /// As above, of one track.
    #[error("{name} of the {track} track is {value}, not between {lowest} and {highest}")]
    TrackOutOfRange {
        /// Which track.
        track: Track,
        /// Which number.
        name: &'static str,
        /// Its value.
        value: u128,
        /// The least it may be.
        lowest: u128,
        /// The most it may be.
        highest: u128,
    },
    /// Bounds that are no threshold.
    #[error("the {name} of the {track} track: {reason}")]
    Threshold {
        /// Which track.
        track: Track,
        /// Approval or support.
        name: &'static str,
        /// What is wrong.
        reason: ThresholdError,
    },
    /// What has to hold for a while cannot within the decision.
    #[error("the {track} track confirms for {confirm} blocks, its decision has {decide}")]
    ConfirmOutlastsDecision {
        /// Which track.
        track: Track,
        /// The confirm period.
        confirm: u64,
        /// The decision period.
        decide: u64,
    },
    /// A late extension that is longer than the decision.
    #[error("an extension of {extension} blocks, the {track} track decides for {decide}")]
    ExtensionOutlastsDecision {
        /// Which track.
        track: Track,
        /// The extension.
        extension: u64,
        /// The decision period.
        decide: u64,
    },
    /// An effect that nobody could see coming.
    #[error("the {track} track enacts after {enact} blocks, at least {least} (2 days)")]
    EnactsTooSoon {
        /// Which track.
        track: Track,
        /// Its enactment period.
        enact: u64,
        /// The least it may be.
        least: u64,
    },
    /// A minority could win.
    #[error("the approval of the {track} track falls to {low}, below {HALF}")]
    NoMajority {
        /// Which track.
        track: Track,
        /// Where its approval ends.
        low: Ppm,
    },
    /// A handful could win.
    #[error("the support of the {track} track falls to {low}, below {LEAST_SUPPORT}")]
    SupportTooLow {
        /// Which track.
        track: Track,
        /// Where its support ends.
        low: Ppm,
    },
    /// The small track could spend more than the large one.
    #[error("small spends of {small} are above large spends of {large}")]
    SpendOrder {
        /// What the small track may spend.
        small: Ppm,
        /// What the large track may spend.
        large: Ppm,
    },
}

impl Params {
    /// Checks all inequalities.
    ///
    /// # Errors
    /// [`ParamError`] for the first that does not hold, with both of its sides.
    pub fn validate(&self) -> Result<(), ParamError> {
        let most = u128::from(self.days(MAX_DAYS));
        within("blocks_per_day", self.blocks_per_day.into(), 1, 1_000_000)?;
        within("lock_period", self.lock_period.into(), 1, most)?;
        within("extension", self.extension.into(), 1, most)?;
        within("cool_down", self.cool_down.into(), 1, most)?;
        within("spend_window", self.spend_window.into(), 1, most)?;
        within("queue", self.queue.into(), 1, MAX_QUEUE.into())?;
        within("veto", self.veto.parts().into(), 250_000, 500_000)?;
        within("parameter_step", self.parameter_step.parts().into(), 1, 500_000)?;
        within("large_spend", self.large_spend.parts().into(), 1, 500_000)?;
        within("small_spend", self.small_spend.parts().into(), 1, 10_000)?;
        let (small, large) = (self.small_spend, self.large_spend);
        if small > large {
            return Err(ParamError::SpendOrder { small, large });
        }
        Track::ALL.into_iter().try_for_each(|track| self.validate_track(track))
    }

    fn validate_track(&self, track: Track) -> Result<(), ParamError> {
        let TrackRules { deposit, slots, prepare, decide, confirm, enact, approval, support } =
            *self.track(track);
        let most = u128::from(self.days(MAX_DAYS));
        let in_range = |name, value: u128, lowest, highest| {
            within(name, value, lowest, highest).map_err(|_| ParamError::TrackOutOfRange {
                track,
                name,
                value,
                lowest,
                highest,
            })
        };
        if let Deposit::Fixed(amount) = deposit {
            in_range("deposit", amount.units(), 1, u128::from(u64::MAX))?;
        }
        in_range("slots", slots.into(), 1, MAX_SLOTS.into())?;
        in_range("prepare", prepare.into(), 0, most)?;
        in_range("decide", decide.into(), 1, most)?;
        in_range("confirm", confirm.into(), 1, most)?;
        in_range("enact", enact.into(), 0, most)?;
        for (name, bar) in [("approval", approval), ("support", support)] {
            bar.check().map_err(|reason| ParamError::Threshold { track, name, reason })?;
        }
        if confirm >= decide {
            return Err(ParamError::ConfirmOutlastsDecision { track, confirm, decide });
        }
        let extension = self.extension;
        if extension > decide {
            return Err(ParamError::ExtensionOutlastsDecision { track, extension, decide });
        }
        if approval.low() < HALF {
            return Err(ParamError::NoMajority { track, low: approval.low() });
        }
        let least = self.days(LEAST_ENACT_DAYS);
        if matches!(track, Track::Root | Track::Supply | Track::LargeSpend) && enact < least {
            return Err(ParamError::EnactsTooSoon { track, enact, least });
        }
        if matches!(track, Track::Root | Track::Supply) && support.low() < LEAST_SUPPORT {
            return Err(ParamError::SupportTooLow { track, low: support.low() });
        }
        Ok(())
    }
}

fn within(name: &'static str, value: u128, lowest: u128, highest: u128) -> Result<(), ParamError> {
    if value < lowest || value > highest {
        return Err(ParamError::OutOfRange { name, value, lowest, highest });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::threshold::{Bar, Falling};

    #[track_caller]
    fn check(change: impl FnOnce(&mut Params), expected: &str) {
        let mut params = Params::default();
        change(&mut params);
        let refusal = params.validate().unwrap_err().to_string();
        assert!(refusal.contains(expected), "{refusal}");
    }

    #[test]
    fn a_number_of_governance_outside_its_limits_is_refused() {
        check(|p| p.lock_period = 0, "lock_period is 0, not between 1 and");
        check(|p| p.queue = 257, "queue is 257, not between 1 and 256");
        check(|p| p.veto = Ppm::new(600_000), "veto is 600000, not between 250000 and 500000");
        check(|p| p.tracks.cancel.slots = 65, "slots of the cancel track is 65, not between 1");
        check(|p| p.tracks.root.decide = u64::MAX, "decide of the root track is");
        check(|p| p.tracks.pause.deposit = Deposit::Fixed(Default::default()), "deposit of the");
    }

    #[test]
    fn small_spends_are_no_larger_than_large_ones() {
        let change = |p: &mut Params| {
            p.small_spend = Ppm::new(9_000);
            p.large_spend = Ppm::new(8_000);
        };
        check(change, "small spends of 9000 ppm are above large spends of 8000 ppm");
    }

    #[test]
    fn a_confirm_period_or_an_extension_outside_its_decision_is_refused() {
        check(|p| p.tracks.root.confirm = p.tracks.root.decide, "confirms for 403200 blocks");
        check(|p| p.extension = 14_401, "an extension of 14401 blocks, the pause track decides");
    }

    #[test]
    fn enactment_in_less_than_two_days_is_refused_on_the_tracks_that_change_most() {
        check(|p| p.tracks.root.enact = 28_799, "enacts after 28799 blocks, at least 28800");
        check(|p| p.tracks.supply.enact = 0, "the supply track enacts after 0 blocks");
        check(|p| p.tracks.large_spend.enact = 1, "the large_spend track enacts after 1 blocks");
    }

    #[test]
    fn neither_a_minority_nor_a_handful_can_ever_win() {
        let low = |high, low| Bar::AtLeast(Falling::new(Ppm::new(high), Ppm::new(low)).unwrap());
        check(|p| p.tracks.cancel.approval = low(600_000, 499_999), "falls to 499999 ppm, below");
        check(|p| p.tracks.supply.support = low(400_000, 49_999), "falls to 49999 ppm, below");
        check(|p| p.tracks.root.support = low(400_000, 0), "support of the root track");
    }

    #[test]
    fn bounds_that_rise_are_refused_when_they_were_read() {
        let json = serde_json::json!({"at_least": {"high": 1, "low": 2}});
        let rising: Bar = serde_json::from_value(json).unwrap();
        check(|p| p.tracks.root.support = rising, "a threshold from 1 ppm to 2 ppm rises");
    }
}
