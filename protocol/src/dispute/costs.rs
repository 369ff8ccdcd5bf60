//! What each level of the ladder costs.
//!
//! A level costs half of the challenger's first bond, doubled for each level below it, and at least
//! what its jury earns. A challenger puts up two such costs, and so does the side that appeals; the
//! other side may put up one.
//!
//! Spec: `docs/spec/13-disputes.md`.

use probity_primitives::{Amount, ArithmeticError};

use crate::params::Disputes;

/// What the jury of a level earns if all of its seats vote as the final ruling says; nothing for the
/// holders' vote.
///
/// # Errors
/// [`ArithmeticError`] for a price that cannot be counted.
pub fn jury_cost(
    rules: &Disputes,
    seat_price: Amount,
    level: u8,
) -> Result<Amount, ArithmeticError> {
    let seats = rules.levels.get(usize::from(level)).map_or(0, |seats| seats.0);
    rules.fee.of_ceil(seat_price.checked_mul(u128::from(seats))?)
}

/// What a level costs: `max(bond / 2 * 2^level, its jury)`, rounded up.
///
/// # Errors
/// [`ArithmeticError`] for a price that cannot be counted.
pub fn level_cost(
    rules: &Disputes,
    seat_price: Amount,
    level: u8,
) -> Result<Amount, ArithmeticError> {
    let whole = seat_price.checked_mul(u128::from(rules.bond))?;
    let doubled = whole.checked_mul(1u128.checked_shl(u32::from(level)).unwrap_or(u128::MAX))?;
    Ok(doubled.mul_div_ceil(1, 2)?.max(jury_cost(rules, seat_price, level)?))
}

/// The bond of a first challenge: two costs of the first level.
///
/// # Errors
/// [`ArithmeticError`] for a price that cannot be counted.
pub fn bond_floor(rules: &Disputes, seat_price: Amount) -> Result<Amount, ArithmeticError> {
    level_cost(rules, seat_price, 0)?.checked_mul(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::Params;

    #[test]
    fn the_costs_of_each_level_are_the_specified_ones() {
        let (rules, price) = (Params::default().dispute, Amount::from_tokens(4));
        // In seat prices of 4 tokens: juries 7.75, 15.75, 31.75, none; levels 25, 50, 100, 200.
        let juries = [31u64, 63, 127, 0].map(Amount::from_tokens);
        let levels = [100u64, 200, 400, 800].map(Amount::from_tokens);
        for level in 0..4u8 {
            let at = usize::from(level);
            assert_eq!(jury_cost(&rules, price, level), Ok(juries[at]), "level {level}");
            assert_eq!(level_cost(&rules, price, level), Ok(levels[at]), "level {level}");
        }
        assert_eq!(bond_floor(&rules, price), Ok(Amount::from_tokens(200)));
    }

    #[test]
    fn a_level_never_costs_less_than_its_jury() {
        let mut rules = Params::default().dispute;
        rules.bond = 2;
        let price = Amount::from_tokens(4);
        assert_eq!(level_cost(&rules, price, 2), Ok(Amount::from_tokens(127)));
        assert_eq!(bond_floor(&rules, price), Ok(Amount::from_tokens(62)));
    }
}
