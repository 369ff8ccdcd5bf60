//! How far a referendum is from passing: its bars with what they ask for now and what is missing.

use probity_dao::{Bar, Referendum, Stage, TrackRules};
use probity_primitives::{Amount, ArithmeticError, Height, Ppm};
use serde::{Deserialize, Serialize};

/// Into how many parts the fall of a threshold is told.
const PARTS: u64 = 4;

/// How a referendum stands against its bars.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Convicted ayes among convicted ayes and nays.
    pub approval: BarView,
    /// Ayes and abstentions without conviction among all tokens at the snapshot.
    pub support: BarView,
    /// Nays with veto among convicted ayes and nays.
    pub veto: VetoView,
    /// Whether it is in decision and passes as things are.
    pub passes: bool,
    /// What the bars ask for over the decision period.
    pub falls: Vec<Fall>,
}

/// A bar, what there is, and what is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BarView {
    /// What counts towards it.
    pub have: Amount,
    /// What it is a share of.
    pub of: Amount,
    /// That share, rounded down.
    pub share: Ppm,
    /// The share that is asked for now.
    pub asked: Ppm,
    /// Whether more than that is asked for, and not as much.
    pub exceed: bool,
    /// Whether it is met.
    pub met: bool,
    /// How much more on its side would meet it, nothing else changing; none if no amount would.
    pub missing: Option<Amount>,
}

/// The share of nay-with-veto.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct VetoView {
    /// Convicted nays with veto.
    pub have: Amount,
    /// Convicted ayes and nays.
    pub of: Amount,
    /// That share, rounded down.
    pub share: Ppm,
    /// From which share the deposit burns.
    pub burns: Ppm,
    /// Whether it would burn.
    pub met: bool,
}

/// What the bars ask for at a point of the decision period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fall {
    /// So many blocks after the decision began.
    pub blocks: u64,
    /// In which block, once it has begun.
    pub at: Option<Height>,
    /// Of approval.
    pub approval: Ppm,
    /// Of support.
    pub support: Ppm,
}

impl Standing {
    /// How a referendum stands at a height; one that has ended, as it stood then.
    #[must_use]
    pub fn of(known: &Referendum, now: Height) -> Self {
        let TrackRules { decide, approval, support, .. } = known.frozen.rules;
        let began = began(known);
        let now = known.stage.decided().unwrap_or(now);
        let elapsed = began.map_or(0, |began| now.since(began));
        let tally = &known.tally;
        let cast = tally.cast().unwrap_or_default().weight();
        let ayes = Part { have: tally.ayes.weight(), of: cast, grows: true };
        let backing = Part { have: tally.support, of: known.frozen.supply, grows: false };
        let fall = |part: u64| {
            let blocks = decide.saturating_mul(part).checked_div(PARTS).unwrap_or_default();
            Fall {
                blocks,
                at: began.and_then(|began| began.checked_add(blocks).ok()),
                approval: approval.at(blocks, decide),
                support: support.at(blocks, decide),
            }
        };
        Self {
            approval: ayes.against(approval, elapsed, decide),
            support: backing.against(support, elapsed, decide),
            veto: VetoView {
                have: tally.vetoes.weight(),
                of: cast,
                share: share(tally.vetoes.weight(), cast),
                burns: known.frozen.veto,
                met: known.is_vetoed(),
            },
            passes: known.passes(now),
            falls: (0..=PARTS).map(fall).collect(),
        }
    }
}

/// When the decision began, if it has.
fn began(known: &Referendum) -> Option<Height> {
    if let Stage::Deciding { since, .. } = known.stage {
        return Some(since);
    }
    let deciding = probity_dao::StageName::Deciding;
    known.timeline.iter().find(|moment| moment.stage == deciding).map(|moment| moment.height)
}

/// A part of a whole, which may grow with it.
#[derive(Clone, Copy)]
struct Part {
    have: Amount,
    of: Amount,
    grows: bool,
}

impl Part {
    fn against(self, bar: Bar, elapsed: u64, decide: u64) -> BarView {
        let Self { have, of, .. } = self;
        let met = |more: Amount| self.is_met_with(more, bar, elapsed, decide).unwrap_or(false);
        let asked = bar.at(elapsed, decide);
        let is_met = met(Amount::ZERO);
        let missing = if is_met {
            Some(Amount::ZERO)
        } else {
            self.missing(bar, asked).ok().filter(|more| met(*more))
        };
        let exceed = matches!(bar, Bar::MoreThanHalf);
        BarView { have, of, share: share(have, of), asked, exceed, met: is_met, missing }
    }

    fn is_met_with(
        self,
        more: Amount,
        bar: Bar,
        elapsed: u64,
        decide: u64,
    ) -> Result<bool, ArithmeticError> {
        let Self { have, of, grows } = self;
        let of = if grows { of.checked_add(more)? } else { of };
        bar.is_met(have.checked_add(more)?, of, elapsed, decide)
    }

    /// The least `x` with which an unmet bar is met. Of a whole that grows, `have + x` has to reach
    /// the share `t` of `of + x`: `x >= (t * of - have) / (1 - t)`.
    fn missing(self, bar: Bar, asked: Ppm) -> Result<Amount, ArithmeticError> {
        let Self { have, of, grows } = self;
        let one = Amount::from_units(1);
        let more = match (bar, grows) {
            (Bar::AtLeast(_), false) => asked.of_ceil(of)?.checked_sub(have)?,
            (Bar::AtLeast(_), true) => {
                let whole = u128::from(Ppm::ONE.parts());
                let asked = u128::from(asked.parts());
                let wanted = of.checked_mul(asked)?;
                let lacks = wanted.checked_sub(have.checked_mul(whole)?).unwrap_or_default();
                lacks.mul_div_ceil(1, whole.saturating_sub(asked))?
            }
            (Bar::MoreThanHalf, false) => {
                of.mul_div_floor(1, 2)?.checked_add(one)?.checked_sub(have)?
            }
            (Bar::MoreThanHalf, true) => {
                let against = of.checked_sub(have)?;
                against.checked_sub(have).unwrap_or_default().checked_add(one)?
            }
        };
        Ok(more.max(one))
    }
}

fn share(have: Amount, of: Amount) -> Ppm {
    let parts = have.mul_div_floor(Ppm::ONE.parts().into(), of.units());
    let parts = parts.ok().and_then(|parts| u32::try_from(parts.units()).ok());
    Ppm::new(parts.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use probity_dao::Falling;
    use proptest::prelude::*;

    use super::*;

    fn bar() -> impl Strategy<Value = Bar> {
        let falling = (0..=1_000_000u32, 0..=1_000_000u32).prop_map(|(a, b)| {
            let (low, high) = (a.min(b), a.max(b));
            Bar::AtLeast(Falling::new(Ppm::new(high), Ppm::new(low)).unwrap())
        });
        prop_oneof![3 => falling, 1 => Just(Bar::MoreThanHalf)]
    }

    proptest! {
        #[test]
        fn what_is_missing_is_the_least_that_would_meet_the_bar(
            bar in bar(),
            have in 0..2_000u64,
            rest in 0..2_000u64,
            grows: bool,
            elapsed in 0..=10u64,
        ) {
            let amount = |units: u64| Amount::from_units(units.into());
            let of = amount(have.saturating_add(rest));
            let part = Part { have: amount(have), of, grows };
            let met = |more: Amount| part.is_met_with(more, bar, elapsed, 10).unwrap();
            match part.against(bar, elapsed, 10).missing {
                Some(more) => {
                    prop_assert!(met(more));
                    let less = more.checked_sub(amount(1));
                    prop_assert!(less.is_err() || !met(less.unwrap()));
                }
                None => prop_assert!([0, 1, 10_000_000].iter().all(|more| !met(amount(*more)))),
            }
        }
    }

    #[test]
    fn a_bar_of_nothing_has_no_share_and_asks_for_one_unit() {
        let nothing = Part { have: Amount::ZERO, of: Amount::ZERO, grows: true };
        let view = nothing.against(Bar::MoreThanHalf, 0, 1);
        assert_eq!((view.met, view.share), (false, Ppm::ZERO));
        assert_eq!(view.missing, Some(Amount::from_units(1)));
    }
}
