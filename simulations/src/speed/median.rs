//! A weighted median without sorting what cannot be it.
//!
//! Scores are counted into sixty-four buckets by their leading bits; the sums tell in which bucket
//! half of the weight is reached, and only that one's scores are packed with their place into a
//! number each and sorted. Nothing is allocated. If all scores fall into one bucket all are sorted,
//! which is what the whole would have cost anyway.

const BUCKETS: usize = 64;

/// The least score at which half of the weight is reached; the least of all without weight.
#[must_use]
pub fn weighted_median<const N: usize>(scores: &[i32; N], weights: &[u64; N]) -> i32 {
    let (mut low, mut high) = (i32::MAX, i32::MIN);
    for score in scores {
        low = low.min(*score);
        high = high.max(*score);
    }
    let width = high.abs_diff(low);
    // The width's leading six bits, or all of it.
    let shift = (u32::BITS - width.leading_zeros()).saturating_sub(6);
    let mut sums = [0u64; BUCKETS];
    let mut all = 0u64;
    for (score, weight) in scores.iter().zip(weights) {
        if let Some(sum) = sums.get_mut(bucket(*score, low, shift)) {
            *sum += weight;
        }
        all += weight;
    }
    let (mut before, mut found) = (0u64, 0usize);
    for (number, sum) in sums.iter().enumerate() {
        if (before + sum) * 2 >= all {
            found = number;
            break;
        }
        before += sum;
    }
    let mut packed = [0u64; N];
    let mut count = 0usize;
    for (place, score) in (0u64..).zip(scores) {
        if bucket(*score, low, shift) == found {
            if let Some(slot) = packed.get_mut(count) {
                *slot = (u64::from(score.abs_diff(low)) << 32) | place;
            }
            count += 1;
        }
    }
    let candidates = packed.get_mut(..count).unwrap_or_default();
    candidates.sort_unstable();
    for candidate in candidates.iter() {
        let place = usize::try_from(candidate & u64::from(u32::MAX)).unwrap_or_default();
        before += weights.get(place).copied().unwrap_or_default();
        if before * 2 >= all {
            return scores.get(place).copied().unwrap_or_default();
        }
    }
    0
}

#[expect(clippy::as_conversions, reason = "six bits fit any index")]
const fn bucket(score: i32, low: i32, shift: u32) -> usize {
    (score.abs_diff(low) >> shift) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition, by sorting everything.
    fn sorted<const N: usize>(scores: &[i32; N], weights: &[u64; N]) -> i32 {
        let mut pairs: Vec<(i32, u64)> = scores.iter().copied().zip(*weights).collect();
        pairs.sort_unstable();
        let all: u64 = weights.iter().sum();
        let mut sum = 0;
        let reached = pairs.iter().find(|(_, weight)| {
            sum += weight;
            sum * 2 >= all
        });
        reached.map_or(0, |(score, _)| *score)
    }

    proptest! {
        #[test]
        fn it_is_what_sorting_everything_gives(
            scores in prop::array::uniform16(prop_oneof![-40..40, any::<i32>()]),
            weights in prop::array::uniform16(0..1_000u64),
        ) {
            prop_assert_eq!(weighted_median(&scores, &weights), sorted(&scores, &weights));
        }

        #[test]
        fn so_it_is_for_scores_close_together(
            scores in prop::array::uniform16(500_000..500_070i32),
            weights in prop::array::uniform16(1..9u64),
        ) {
            prop_assert_eq!(weighted_median(&scores, &weights), sorted(&scores, &weights));
        }
    }

    #[test]
    fn equal_scores_and_no_weight_by_hand() {
        assert_eq!(weighted_median(&[7; 4], &[1; 4]), 7);
        assert_eq!(weighted_median(&[1, 2, 3, 4], &[1, 1, 1, 1]), 2);
        assert_eq!(weighted_median(&[1, 2, 3, 4], &[1, 1, 1, 9]), 4);
        assert_eq!(weighted_median(&[i32::MIN, i32::MAX, 0], &[1, 1, 1]), 0);
    }
}
