//! How shares move: pure functions of shares and what the strategies earned.

/// The replicator's step: a share grows with what its operators have after the round, over the mean of
/// all. Of a strategy that nobody plays nothing is known, and its share stays as it is. Who has nothing
/// left dies out; a part of all chooses anew.
pub(super) fn replicate(
    shares: &[f64],
    earned: &[Option<f64>],
    fitness: f64,
    explore: f64,
) -> Vec<f64> {
    let has = |earned: f64| (fitness + earned).max(0.0);
    let known = || shares.iter().zip(earned).filter_map(|(share, one)| one.map(|e| (*share, e)));
    let weight: f64 = known().map(|(share, _)| share).sum();
    let mean = known().map(|(share, earned)| share * has(earned)).sum::<f64>() / weight;
    if mean.is_nan() || mean <= 0.0 {
        return shares.to_vec();
    }
    let grown: Vec<f64> = shares
        .iter()
        .zip(earned)
        .map(|(share, earned)| share * earned.map_or(1.0, |earned| has(earned) / mean))
        .collect();
    let all: f64 = grown.iter().sum();
    let equal = explore / float(shares.len());
    grown.into_iter().map(|share| share / all * (1.0 - explore) + equal).collect()
}

/// The best of what is known; the first of equals, and of nothing.
pub(super) fn best(earned: &[Option<f64>]) -> usize {
    let mut best = (0, f64::NEG_INFINITY);
    for (place, earned) in earned.iter().enumerate() {
        if let Some(earned) = earned
            && *earned > best.1
        {
            best = (place, *earned);
        }
    }
    best.0
}

/// The mean of all rounds after one more, in which everyone chose `answer`. What is believed at first
/// counts as one round.
pub(super) fn believe(shares: &[f64], answer: usize, round: u32) -> Vec<f64> {
    let rounds = f64::from(round) + 2.0;
    let chosen = |place: usize| if place == answer { 1.0 } else { 0.0 };
    shares
        .iter()
        .enumerate()
        .map(|(place, share)| share + (chosen(place) - share) / rounds)
        .collect()
}

/// So many operators by shares: each has the whole part of what is its due, and those with the largest
/// rest one more (the first of equals).
pub(super) fn apportion(shares: &[f64], count: u32) -> Vec<u32> {
    let due: Vec<f64> = shares.iter().map(|share| share * f64::from(count)).collect();
    let mut counts: Vec<u32> = due.iter().map(|due| whole(*due)).collect();
    let mut order: Vec<usize> = (0..counts.len()).collect();
    let rest = |place: usize| due.get(place).map_or(0.0, |due| due - due.floor());
    order.sort_by(|one, other| rest(*other).total_cmp(&rest(*one)));
    let given: u32 = counts.iter().sum();
    let left = usize::try_from(count.saturating_sub(given)).unwrap_or(0);
    for place in order.into_iter().take(left) {
        if let Some(count) = counts.get_mut(place) {
            *count = count.saturating_add(1);
        }
    }
    counts
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a part of a count of 32 bits, and the conversion saturates"
)]
const fn whole(value: f64) -> u32 {
    value as u32
}

fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(earned: &[f64]) -> Vec<Option<f64>> {
        earned.iter().map(|earned| Some(*earned)).collect()
    }

    /// What hawks and doves earn on average among so many hawks: a prize of 2, fights that cost 4.
    fn hawks_and_doves(shares: &[f64]) -> Vec<Option<f64>> {
        let hawks = shares[0];
        all(&[-hawks + 2.0 * (1.0 - hawks), 1.0 - hawks])
    }

    #[test]
    fn hawks_and_doves_come_to_one_half_by_either_rule() {
        let (mut replicators, mut belief) = (vec![0.9, 0.1], vec![0.9, 0.1]);
        for round in 0..2_000 {
            replicators = replicate(&replicators, &hawks_and_doves(&replicators), 5.0, 0.0);
            belief = believe(&belief, best(&hawks_and_doves(&belief)), round);
        }
        assert!((replicators[0] - 0.5).abs() < 1e-9, "{replicators:?}");
        assert!((belief[0] - 0.5).abs() < 2e-3, "{belief:?}");
    }

    #[test]
    fn a_share_grows_as_what_it_has_does_over_the_mean() {
        let grown = replicate(&[0.5, 0.25, 0.25], &all(&[1.0, 3.0, -9.0]), 1.0, 0.0);
        assert_eq!(grown, [0.5, 0.5, 0.0], "2, 4 and nothing, over a mean of 2");
    }

    #[test]
    fn a_strategy_that_nobody_plays_keeps_its_share_and_a_few_try_it() {
        let grown = replicate(&[0.75, 0.0, 0.25], &[Some(1.0), None, Some(1.0)], 1.0, 0.3);
        assert!((grown[1] - 0.1).abs() < 1e-12 && (grown.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        let unknown = replicate(&[0.5, 0.5], &[Some(3.0), None], 1.0, 0.0);
        assert_eq!(unknown, [0.5, 0.5]);
    }

    #[test]
    fn nothing_moves_where_all_have_lost_everything() {
        assert_eq!(replicate(&[0.5, 0.5], &all(&[-9.0, -9.0]), 1.0, 0.0), [0.5, 0.5]);
    }

    #[test]
    fn a_belief_is_the_mean_of_what_was_chosen() {
        let mut belief = vec![0.5, 0.5];
        for (round, answer) in [0, 1, 0].into_iter().enumerate() {
            belief = believe(&belief, answer, u32::try_from(round).unwrap());
        }
        assert!((belief[0] - 2.5 / 4.0).abs() < 1e-12);
        assert_eq!(best(&[Some(1.0), Some(1.0), None]), 0, "the first of equals");
    }

    #[test]
    fn operators_are_spread_to_the_last_one() {
        assert_eq!(apportion(&[0.5, 0.3, 0.2], 10), [5, 3, 2]);
        assert_eq!(apportion(&[1.0 / 3.0; 3], 10), [4, 3, 3]);
        assert_eq!(apportion(&[0.96, 0.04, 0.0], 12), [12, 0, 0]);
        for count in 0..40 {
            let spread = apportion(&[0.17, 0.41, 0.22, 0.2], count);
            assert_eq!(spread.iter().sum::<u32>(), count);
        }
    }
}
