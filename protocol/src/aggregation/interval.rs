//! The 95 % interval over items, for a score that is a mean of right and wrong.
//!
//! Wilson's score interval in integers, rounded outwards: the same on every node. It says how far another sample of items could have moved the score; it says
//! nothing of the spread between evaluators.

use probity_primitives::Score;

/// The square of the 97.5 % quantile of the standard normal distribution, in millionths.
const Z_SQUARED: u128 = 3_841_459;
const MILLION: u128 = 1_000_000;

/// Wilson's 95 % interval for a share `score` of `items` items.
///
/// `None` for a score outside `[0, 1]` or without items.
#[must_use]
pub fn wilson(score: Score, items: u32) -> Option<(Score, Score)> {
    let share = u128::try_from(score.micros()).ok().filter(|share| *share <= MILLION)?;
    let items = Some(u128::from(items)).filter(|items| *items > 0)?;
    // With N items and a share S in millionths, both sides of the textbook formula are multiplied
    // by N * 10^6, so that only the square root is inexact.
    let scale = items.checked_mul(MILLION)?.checked_add(Z_SQUARED)?;
    let centre = share.checked_mul(items)?.checked_add(Z_SQUARED.checked_div(2)?)?;
    let rest = MILLION.checked_sub(share)?;
    let spread = items
        .checked_mul(share)?
        .checked_mul(rest)?
        .checked_add(Z_SQUARED.checked_mul(MILLION)?.checked_div(4)?)?;
    let half = Z_SQUARED.checked_mul(spread)?.div_ceil(MILLION).isqrt().checked_add(1)?;
    let low = centre.saturating_sub(half).checked_mul(MILLION)?.checked_div(scale)?;
    let high = centre.checked_add(half)?.checked_mul(MILLION)?.div_ceil(scale).min(MILLION);
    let score = |micros: u128| i64::try_from(micros).ok().map(Score::from_micros);
    Some((score(low)?, score(high)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(micros: i64, items: u32) -> (i64, i64) {
        let (low, high) = wilson(Score::from_micros(micros), items).unwrap();
        (low.micros(), high.micros())
    }

    #[test]
    fn the_interval_is_the_textbook_one() {
        // In double precision the formula gives (0.965198, 0.988465) for 585 of 597 and
        // (0.017876, 0.404150) for 1 of 10.
        let (low, high) = interval(979_899, 597);
        assert!(low.abs_diff(965_198) <= 3 && high.abs_diff(988_465) <= 3, "{low} {high}");
        let (low, high) = interval(100_000, 10);
        assert!(low.abs_diff(17_876) <= 3 && high.abs_diff(404_150) <= 3, "{low} {high}");
    }

    #[test]
    fn the_interval_of_a_perfect_score_ends_at_one_and_starts_below() {
        let (low, high) = interval(1_000_000, 597);
        assert!(low < 1_000_000 && low > 990_000);
        assert_eq!(high, 1_000_000);
    }

    #[test]
    fn a_score_that_is_no_share_has_no_interval() {
        assert_eq!(wilson(Score::from_micros(1_000_001), 10), None);
        assert_eq!(wilson(Score::from_micros(-1), 10), None);
        assert_eq!(wilson(Score::ZERO, 0), None);
    }
}
