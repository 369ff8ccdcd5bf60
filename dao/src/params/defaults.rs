//! The main network's numbers, and the same in the short days of a development network.

use probity_primitives::{Amount, Ppm};

use super::{Params, Tracks};
use crate::tracks::{Deposit, Track, TrackRules};

/// Blocks in a day of six-second blocks.
const DAY: u64 = 14_400;

/// Blocks in a day of a development network.
const SHORT_DAY: u64 = 20;

/// How much cheaper a deposit is on a development network.
const CHEAPER: u128 = 100;

impl Default for Params {
    fn default() -> Self {
        Self::with_day(DAY)
    }
}

impl Params {
    /// The default numbers on a network with so many blocks a day: every period in proportion,
    /// rounded up, so that none becomes nothing.
    #[must_use]
    pub fn with_day(blocks_per_day: u64) -> Self {
        let scale = |blocks: u64| scaled(blocks, blocks_per_day);
        let rules = |track: Track| {
            let TrackRules { deposit, slots, prepare, decide, confirm, enact, approval, support } =
                track.rules();
            let (prepare, decide) = (scale(prepare), scale(decide));
            let (confirm, enact) = (scale(confirm), scale(enact));
            TrackRules { deposit, slots, prepare, decide, confirm, enact, approval, support }
        };
        Self {
            blocks_per_day,
            lock_period: scale(DAY.saturating_mul(7)),
            extension: scale(DAY),
            cool_down: scale(DAY.saturating_mul(30)),
            spend_window: scale(DAY.saturating_mul(30)),
            veto: Ppm::new(334_000),
            queue: 32,
            parameter_step: Ppm::new(250_000),
            small_spend: Ppm::new(1_000),
            large_spend: Ppm::new(250_000),
            tracks: Tracks {
                root: rules(Track::Root),
                supply: rules(Track::Supply),
                large_spend: rules(Track::LargeSpend),
                small_spend: rules(Track::SmallSpend),
                parameters: rules(Track::Parameters),
                dispute: rules(Track::Dispute),
                cancel: rules(Track::Cancel),
                pause: rules(Track::Pause),
            },
        }
    }

    /// The numbers of a development network: a day has 20 blocks, as for the rules of evaluation,
    /// and deposits are a hundredth.
    #[must_use]
    pub fn development() -> Self {
        let mut params = Self::with_day(SHORT_DAY);
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
        // A dispute of a development network waits no longer than two days for its holders.
        let dispute = &mut tracks.dispute;
        (dispute.decide, dispute.confirm, dispute.enact) = (20, 8, 4);
        params
    }
}

/// A period of six-second blocks in the blocks of another network, rounded up.
fn scaled(blocks: u64, blocks_per_day: u64) -> u64 {
    let product = u128::from(blocks).saturating_mul(u128::from(blocks_per_day));
    u64::try_from(product.div_ceil(u128::from(DAY))).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_and_the_development_network_keep_every_inequality() {
        assert_eq!(Params::default().validate(), Ok(()));
        assert_eq!(Params::development().validate(), Ok(()));
    }

    #[test]
    fn a_short_day_shortens_every_period_in_proportion_and_none_to_nothing() {
        let params = Params::development();
        let blocks = |track| {
            let rules = params.track(track);
            [rules.prepare, rules.decide, rules.confirm, rules.enact]
        };
        assert_eq!(blocks(Track::Root), [20, 560, 40, 140]);
        assert_eq!(blocks(Track::Cancel), [0, 60, 5, 1]);
        assert_eq!(blocks(Track::Dispute), [0, 20, 8, 4]);
        assert_eq!((params.lock_period, params.extension), (140, 20));
        let main = Params::default();
        for track in Track::ALL {
            assert_eq!(*main.track(track), track.rules(), "{track}");
        }
    }
}
