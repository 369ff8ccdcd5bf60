//! The draw: seats with replacement, in proportion to stake.
//!
//! A seat goes to an operator with the probability of its share of the stake, and a member weighs
//! as much as it has seats: drawing by stake *and* weighing by stake would square a whale's power,
//! and this way splitting an identity gains nothing.
//!
//! # Invariants
//! - The draw is a function of the snapshot, the seed and the locks; nobody else's messages enter.
//! - No operator is given a seat that its free stake cannot lock.
//!
//! Spec: `docs/spec/07-committee.md`.

use std::collections::BTreeMap;

use probity_primitives::{Amount, ArithmeticError, Domain, Hash, OperatorId, Seats};

use crate::staking::Draw;

/// How often a seat is drawn again before it is dropped.
pub const MAX_REDRAWS: u32 = 64;

/// An operator in a draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// Which operator.
    pub operator: OperatorId,
    /// What it is drawn by: its stake when the epoch began.
    pub stake: Amount,
    /// What it can still lock.
    pub free: Amount,
}

impl Candidate {
    /// A candidate out of an epoch's snapshot.
    #[must_use]
    pub const fn of(draw: &Draw, free: Amount) -> Self {
        Self { operator: draw.operator, stake: draw.stake, free }
    }
}

/// Draws `seats` seats, each of which locks `lock`; `candidates` in ascending order of operator.
///
/// A seat that falls to an operator without a free lock is drawn again, at most [`MAX_REDRAWS`]
/// times, and then dropped; so fewer seats than asked for may come back.
///
/// # Errors
/// [`ArithmeticError::Overflow`] if the stakes add up to more than can be counted.
pub fn draw(
    candidates: &[Candidate],
    seed: Hash,
    seats: Seats,
    lock: Amount,
) -> Result<BTreeMap<OperatorId, Seats>, ArithmeticError> {
    let mut ends = Vec::with_capacity(candidates.len());
    let mut total = Amount::ZERO;
    for candidate in candidates {
        total = total.checked_add(candidate.stake)?;
        ends.push(total.units());
    }
    let mut drawn: BTreeMap<OperatorId, Seats> = BTreeMap::new();
    if total.is_zero() {
        return Ok(drawn);
    }
    for seat in 0..seats.0 {
        for counter in 0..=MAX_REDRAWS {
            let Some(position) = position(seed, seat, counter, total.units()) else { continue };
            let index = ends.partition_point(|end| *end <= position);
            let Some(candidate) = candidates.get(index) else { continue };
            let held = drawn.get(&candidate.operator).copied().unwrap_or_default();
            let next = held.checked_add(1)?;
            if lock.checked_mul(u128::from(next.0))? > candidate.free {
                continue;
            }
            drawn.insert(candidate.operator, next);
            break;
        }
    }
    Ok(drawn)
}

/// The seed of a draw: bound to the task, the round and what is drawn.
#[must_use]
pub fn seed<T: borsh::BorshSerialize>(beacon: Hash, what: &T) -> Hash {
    Hash::of(Domain::Seed, &(beacon, what))
}

/// `count` distinct indices below `items`, ascending; all of them if there are no more.
#[must_use]
pub fn draw_items(seed: Hash, count: u32, items: u32) -> Vec<u32> {
    if count >= items {
        return (0..items).collect();
    }
    let mut drawn = std::collections::BTreeSet::new();
    // A fresh index is at least 1/items likely, so this ends; the bound keeps it a rule.
    for counter in 0..u64::from(count).saturating_mul(1_024) {
        if drawn.len() >= usize::try_from(count).unwrap_or(usize::MAX) {
            break;
        }
        let hash = Hash::of(Domain::Spot, &(seed, counter));
        if let Some(index) = below(hash.low_u128(), u128::from(items)) {
            drawn.insert(u32::try_from(index).unwrap_or_default());
        }
    }
    drawn.into_iter().collect()
}

/// Where in the summed stakes a seat falls; `None` for a value that would favour low positions.
fn position(seed: Hash, seat: u32, counter: u32, total: u128) -> Option<u128> {
    below(Hash::of(Domain::Seat, &(seed, seat, counter)).low_u128(), total)
}

/// A uniform value modulo `bound`, refused where the modulus would not be uniform.
fn below(value: u128, bound: u128) -> Option<u128> {
    // floor(2^128 / bound) * bound, without the 129th bit: 2^128 mod bound is (MAX mod bound + 1)
    // mod bound.
    let excess = u128::MAX.checked_rem(bound)?.checked_add(1)?.checked_rem(bound)?;
    if excess > 0 && value > u128::MAX.checked_sub(excess)? {
        return None;
    }
    value.checked_rem(bound)
}

#[cfg(test)]
mod tests {
    use super::*;
    use probity_primitives::{Address, Keypair, Network};

    fn candidates(stakes: &[u64]) -> Vec<Candidate> {
        let mut all: Vec<Candidate> = (0u8..)
            .zip(stakes)
            .map(|(byte, stake)| {
                let key = Keypair::from_seed([byte; 32]).public();
                let operator = OperatorId::of(&Address::of(&key, Network::Test), &key);
                let stake = Amount::from_tokens(*stake);
                Candidate { operator, stake, free: stake }
            })
            .collect();
        all.sort_by_key(|candidate| candidate.operator);
        all
    }

    fn beacon(n: u32) -> Hash {
        Hash::of(Domain::Beacon, &n)
    }

    #[test]
    fn seats_fall_in_proportion_to_stake() {
        let all = candidates(&[100, 200, 700]);
        let lock = Amount::from_units(1);
        let mut seats: BTreeMap<OperatorId, u32> = BTreeMap::new();
        for n in 0..400 {
            for (operator, won) in draw(&all, beacon(n), Seats(25), lock).unwrap() {
                *seats.entry(operator).or_default() += won.0;
            }
        }
        for candidate in &all {
            // 10_000 seats over 1_000 tokens: ten a token.
            let expected = u32::try_from(candidate.stake.units() / 100_000_000).unwrap();
            // Four standard deviations of Bin(10_000, p) are at most 200.
            assert!(seats[&candidate.operator].abs_diff(expected) < 200, "{seats:?}");
        }
    }

    #[test]
    fn the_last_unit_of_a_stake_is_its_owners_and_the_next_is_the_next_ones() {
        let mut all = candidates(&[1, 1]);
        for candidate in &mut all {
            candidate.stake = Amount::from_units(1);
        }
        let drawn = draw(&all, beacon(1), Seats(63), Amount::from_units(1)).unwrap();
        assert_eq!(drawn.len(), 2);
        assert!(drawn.values().all(|seats| seats.0 > 15), "{drawn:?}");
    }

    #[test]
    fn nobody_gets_a_seat_that_it_cannot_lock() {
        let mut all = candidates(&[100, 100]);
        all[0].free = Amount::from_tokens(2);
        let drawn = draw(&all, beacon(1), Seats(31), Amount::from_tokens(1)).unwrap();
        assert_eq!(drawn[&all[0].operator], Seats(2));
        assert_eq!(drawn[&all[1].operator], Seats(29));
    }

    #[test]
    fn a_seat_that_nobody_can_lock_is_dropped() {
        let all = candidates(&[1]);
        let drawn = draw(&all, beacon(1), Seats(7), Amount::from_tokens(1)).unwrap();
        assert_eq!(drawn[&all[0].operator], Seats(1));
        assert!(draw(&[], beacon(1), Seats(7), Amount::ZERO).unwrap().is_empty());
    }

    #[test]
    fn drawn_items_are_distinct_ascending_and_in_range() {
        let items = draw_items(beacon(1), 8, 10);
        assert_eq!(items.len(), 8);
        assert!(items.windows(2).all(|pair| pair[0] < pair[1]) && items[7] < 10);
        assert_eq!(draw_items(beacon(1), 8, 5), [0, 1, 2, 3, 4]);
        assert_ne!(draw_items(beacon(1), 8, 1_000), draw_items(beacon(2), 8, 1_000));
    }

    #[test]
    fn the_rejection_bound_is_the_largest_multiple() {
        // 2^128 mod 3 is 1: only the largest value is refused.
        assert_eq!(below(u128::MAX, 3), None);
        assert_eq!(below(u128::MAX - 1, 3), Some(2));
        assert_eq!(below(u128::MAX, 2), Some(1));
        assert_eq!(below(7, 0), None);
    }
}
