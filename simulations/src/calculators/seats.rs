//! Committees for a calculator: groups of operators, drawn by the protocol's own draw.
//!
//! A group is one operator here. That changes nothing: seats are drawn with replacement and in
//! proportion to stake, so that splitting a stake leaves its seats as they are.

use probity_primitives::{Address, Amount, Domain, Hash, Keypair, Network, OperatorId, Seats};
use probity_protocol::committee::{self, Candidate};

use super::error::CalculatorError;

/// All stake together, in base units: fine enough that a share of it is exact to 1 in 10^15.
const STAKE: f64 = 1e15;

/// Groups that a committee is drawn from.
#[derive(Debug, Clone)]
pub struct Groups {
    candidates: Vec<Candidate>,
    order: Vec<OperatorId>,
}

impl Groups {
    /// Groups with these shares of the stake; what they leave belongs to a last group.
    #[must_use]
    pub fn of(shares: &[f64]) -> Self {
        let rest = (1.0 - shares.iter().sum::<f64>()).max(0.0);
        let stakes = shares.iter().copied().chain([rest]).map(|share| units(share * STAKE));
        let candidates: Vec<Candidate> = (0u8..)
            .zip(stakes)
            .map(|(number, stake)| {
                let key = Keypair::from_seed([number; 32]).public();
                let operator = OperatorId::of(&Address::of(&key, Network::Test), &key);
                // No seat is ever dropped for want of a lock: who runs dry is another question.
                Candidate { operator, stake, free: Amount::from_units(u128::from(u64::MAX)) }
            })
            .collect();
        let order = candidates.iter().map(|candidate| candidate.operator).collect();
        let mut sorted = candidates;
        sorted.sort_by_key(|candidate| candidate.operator);
        Self { candidates: sorted, order }
    }

    /// Draws one committee: the seats of each group, in the order in which they were named.
    ///
    /// # Errors
    /// [`CalculatorError::Arithmetic`] never: the stakes are far below what can be counted.
    pub fn draw(&self, seed: u64, run: u64, seats: u32) -> Result<Vec<u32>, CalculatorError> {
        let beacon = Hash::of(Domain::Beacon, &(seed, run));
        let seed = committee::seed(beacon, &run);
        let lock = Amount::from_units(1);
        let drawn = committee::draw(&self.candidates, seed, Seats(seats), lock)?;
        let held = |operator| drawn.get(operator).copied().unwrap_or_default().0;
        Ok(self.order.iter().map(held).collect())
    }
}

/// So many base units, rounded.
#[expect(clippy::as_conversions, reason = "a share of 10^15, rounded; the conversion saturates")]
pub(crate) fn units(stake: f64) -> Amount {
    Amount::from_units(stake.round() as u128)
}

/// An amount as a float.
#[expect(clippy::as_conversions, reason = "amounts of calculators are below 2^53 units")]
pub(crate) fn from_units(amount: Amount) -> f64 {
    amount.units() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_keep_their_order_and_all_seats_are_given() {
        let groups = Groups::of(&[0.0, 1.0]);
        assert_eq!(groups.draw(1, 0, 15).unwrap(), [0, 15, 0]);
        let groups = Groups::of(&[0.7, 0.1]);
        let mut seats = [0u32; 3];
        for run in 0..200 {
            let drawn = groups.draw(1, run, 15).unwrap();
            assert_eq!(drawn.iter().sum::<u32>(), 15);
            seats.iter_mut().zip(drawn).for_each(|(sum, drawn)| *sum += drawn);
        }
        // 3_000 seats; four standard errors are at most 101.
        assert!(seats[0].abs_diff(2_100) < 101 && seats[1].abs_diff(300) < 66, "{seats:?}");
    }
}
