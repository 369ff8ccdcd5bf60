//! Epochs: who may be drawn, and who decides blocks, from now until the next.
//!
//! Both are fixed at the first block of an epoch, the one whose height is divisible by the epoch's
//! length, so that a change of stake in the middle of one moves no draw and no vote.
//!
//! # Invariants
//! - A validator set is never empty: if nobody qualifies, the old one stays.
//! - No power is zero, and all together are at most 2^61 - 1, since the engine triples them.
//! - Both lists are in ascending order of operator.
//!
//! Starting an epoch cannot fail: a block that begins one must never be refused for it.
//!
//! Spec: `docs/spec/04-staking.md`, `docs/spec/07-committee.md`.

use std::cmp::Reverse;

use probity_primitives::{Amount, ArithmeticError, BoundedVec, OperatorId};

use super::state::{Draw, Operator, Snapshot, Standing, Validator, ValidatorSet};
use crate::event::Event;
use crate::ledger::{Context, Ledger};
use crate::params::Params;

/// The most power that a set may have.
pub const MAX_TOTAL_POWER: u64 = u64::MAX / 8;

/// The most validators that a set may have.
pub const MAX_VALIDATORS: usize = 512;

/// The most operators that a snapshot may hold; above that, those with the most stake are in it.
pub const MAX_DRAWS: usize = 4_096;

/// Whether an epoch begins at the context's height.
#[must_use]
pub fn begins(ledger: &Ledger, ctx: &Context) -> bool {
    ctx.height.0.checked_rem(ledger.params.get().staking.epoch_blocks) == Some(0)
}

/// Begins an epoch: takes the snapshot for its draws and chooses its validators.
pub fn start_epoch(ledger: &mut Ledger, ctx: &mut Context) {
    let epoch = ledger.epoch(ctx);
    let draws = eligible(ledger);
    let members = validators(ledger);
    if !members.is_empty() {
        *ledger.validators.get_mut() = ValidatorSet { members };
    }
    ctx.emit(Event::EpochStarted {
        epoch: epoch.0,
        validators: count(ledger.validators.get().members.len()),
        eligible: count(draws.len()),
    });
    *ledger.snapshot.get_mut() = Snapshot { epoch, draws };
}

fn eligible(ledger: &Ledger) -> BoundedVec<Draw, MAX_DRAWS> {
    let params = ledger.params.get();
    let mut draws: Vec<Draw> = active(ledger)
        .filter_map(|(id, operator)| {
            let stake = ledger.unlocked(id);
            let least = least_lock(params, operator)?;
            (stake >= least).then(|| Draw {
                operator: *id,
                stake,
                classes: operator.classes.clone(),
            })
        })
        .collect();
    draws.sort_by_key(|draw| (Reverse(draw.stake), draw.operator));
    draws.truncate(MAX_DRAWS);
    draws.sort_by_key(|draw| draw.operator);
    BoundedVec::from_vec(draws).unwrap_or_default()
}

fn validators(ledger: &Ledger) -> BoundedVec<Validator, MAX_VALIDATORS> {
    let staking = &ledger.params.get().staking;
    let mut stakes: Vec<(Amount, OperatorId, &Operator)> = active(ledger)
        .map(|(id, operator)| (ledger.bonded(id), *id, operator))
        .filter(|(bonded, ..)| *bonded >= staking.min_bond && !bonded.is_zero())
        .collect();
    stakes.sort_by_key(|(bonded, id, _)| (Reverse(*bonded), *id));
    let most = usize::try_from(staking.max_validators).unwrap_or(usize::MAX);
    stakes.truncate(most.min(MAX_VALIDATORS));
    stakes.sort_by_key(|(_, id, _)| *id);
    let powers = powers(&stakes.iter().map(|(bonded, ..)| *bonded).collect::<Vec<_>>());
    let members = stakes
        .into_iter()
        .zip(powers)
        .map(|((_, operator, known), power)| Validator {
            operator,
            key: known.key,
            vrf: known.vrf,
            power,
        })
        .collect();
    BoundedVec::from_vec(members).unwrap_or_default()
}

fn active(ledger: &Ledger) -> impl Iterator<Item = (&OperatorId, &Operator)> {
    ledger.operators.iter().filter(|(_, operator)| operator.standing == Standing::Active)
}

/// The least that one seat locks, over the classes of work that an operator takes. None if it
/// takes none.
fn least_lock(params: &Params, operator: &Operator) -> Option<Amount> {
    operator.classes.iter().filter_map(|class| params.seat_lock(*class).ok().flatten()).min()
}

impl Params {
    /// What one seat of a class locks; none for an unknown class.
    ///
    /// # Errors
    /// [`ArithmeticError::Overflow`] above 2^128 - 1 units, which [`Params::validate`] excludes.
    pub fn seat_lock(&self, class: u16) -> Result<Option<Amount>, ArithmeticError> {
        self.class(class)
            .map(|class| class.seat_price.checked_mul(self.task.seat_lock.into()))
            .transpose()
    }
}

/// Stakes as powers: divided by the smallest power of two under which all together are at most
/// [`MAX_TOTAL_POWER`], and at least 1 each.
fn powers(stakes: &[Amount]) -> Vec<u64> {
    (0..u128::BITS)
        .find_map(|shift| {
            let powers: Option<Vec<u64>> =
                stakes.iter().map(|stake| power(*stake, shift)).collect();
            powers.filter(|powers| total(powers).is_some_and(|total| total <= MAX_TOTAL_POWER))
        })
        .unwrap_or_default()
}

fn power(stake: Amount, shift: u32) -> Option<u64> {
    let scaled = stake.units().checked_shr(shift)?;
    u64::try_from(scaled.max(1)).ok()
}

fn total(powers: &[u64]) -> Option<u64> {
    powers.iter().try_fold(0u64, |sum, power| sum.checked_add(*power))
}

fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_stakes_are_their_own_power() {
        let stakes = [5, 7].map(Amount::from_units);
        assert_eq!(powers(&stakes), [5, 7]);
    }

    #[test]
    fn the_largest_stakes_keep_their_ratio_and_the_total_fits() {
        let stakes = [u128::MAX / 4, u128::MAX / 2, 1].map(Amount::from_units);
        let powers = powers(&stakes);
        assert!(total(&powers).unwrap() <= MAX_TOTAL_POWER);
        assert_eq!(powers[0], powers[1] / 2);
        assert_eq!(powers[2], 1);
    }

    #[test]
    fn as_little_as_possible_is_shifted_away() {
        let over = u128::from(MAX_TOTAL_POWER) + 2;
        assert_eq!(powers(&[Amount::from_units(over)]), [u64::try_from(over / 2).unwrap()]);
        let fits = u128::from(MAX_TOTAL_POWER);
        assert_eq!(powers(&[Amount::from_units(fits)]), [MAX_TOTAL_POWER]);
    }
}
