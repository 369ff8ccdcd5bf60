//! The reference model by which simulators are compared.
//!
//! A hundred validators measure ten models each epoch; three in ten of them inflate three models.
//! Each model's score is the stake-weighted median, who is within the tolerance shares the epoch's
//! reward in proportion to stake, and the liars' share of all stake after a thousand epochs is the
//! check value that every implementation must agree on. `simulations/peers/` has the same model for
//! other frameworks.
//!
//! Scores are integers, no step allocates, and no score is sorted that cannot be the median
//! ([`median`]). In [`Mode::Verified`] every validator commits to its scores and reveals them, and
//! the hashes are checked; [`Mode::Elided`] skips the hashes and nothing else, so that both have the
//! same check value to the last bit.
//!
//! # Not here
//! The protocol's rules: this measures what the machinery around rules may cost. A clock: whoever
//! measures has one.
//!
//! Spec: `docs/spec/19-figures.md`.

mod chance;
pub mod median;

use std::sync::LazyLock;

use probity_primitives::ContentHash;

use self::chance::{Fast, Quantiles};
use self::median::weighted_median;

/// How many validators there are, and how many of them lie.
pub const VALIDATORS: usize = 100;
/// The first so many lie.
pub const LIARS: usize = 30;
/// How many models there are.
pub const MODELS: usize = 10;
/// The first so many are inflated.
pub const INFLATED: usize = 3;
/// How many epochs a run has.
pub const EPOCHS: u32 = 1_000;

/// The standard deviation of a measurement, in micro-units.
pub const NOISE: i32 = 10_000;
/// What liars add.
pub const SHIFT: i32 = 30_000;
/// How far from the median is accepted.
pub const TOLERANCE: i32 = 25_000;
/// What each validator begins with.
pub const STAKE: u64 = 1_000_000_000;
/// What an epoch pays: a thousandth of what there was at first.
pub const REWARD: u64 = 100_000_000;

/// The score of model `j` is this much and `j` times [`STEP`].
const FIRST: i32 = 500_000;
const STEP: i32 = 30_000;

/// Whether commitments are hashed and checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// They are.
    Verified,
    /// They are taken on trust.
    Elided,
}

/// The same for every run: made once.
static ERRORS: LazyLock<Quantiles> = LazyLock::new(|| Quantiles::normal(NOISE));

/// One run.
struct Model {
    stakes: [u64; VALIDATORS],
    scores: [[i32; VALIDATORS]; MODELS],
    accepted: [u64; VALIDATORS],
    chance: Fast,
    /// A stream of its own, so that what is measured does not depend on the mode.
    salts: Fast,
    quantiles: &'static Quantiles,
}

/// Runs the model from a seed; gives the liars' share of all stake.
#[must_use]
pub fn run(seed: u64, epochs: u32, mode: Mode) -> f64 {
    let mut model = Model {
        stakes: [STAKE; VALIDATORS],
        scores: [[0; VALIDATORS]; MODELS],
        accepted: [0; VALIDATORS],
        chance: Fast::of(seed, "scores"),
        salts: Fast::of(seed, "salts"),
        quantiles: &ERRORS,
    };
    for epoch in 0..epochs {
        model.measure();
        match mode {
            Mode::Verified => model.verify(epoch),
            Mode::Elided => {}
        }
        model.judge();
        model.pay();
    }
    let liars: u64 = model.stakes.iter().take(LIARS).sum();
    let all: u64 = model.stakes.iter().sum();
    crate::calculators::interval::real(liars) / crate::calculators::interval::real(all)
}

/// How many steps of agents a run has.
#[must_use]
pub fn agent_steps(epochs: u32) -> u64 {
    u64::from(epochs).saturating_mul(100)
}

impl Model {
    fn measure(&mut self) {
        let mut truth = FIRST;
        for (number, scores) in self.scores.iter_mut().enumerate() {
            self.quantiles.fill(scores, truth, &mut self.chance);
            if number < INFLATED {
                scores.iter_mut().take(LIARS).for_each(|score| *score += SHIFT);
            }
            truth += STEP;
        }
    }

    /// Every validator commits, then every validator reveals; a reveal that does not fit its
    /// commitment leaves no score.
    fn verify(&mut self, epoch: u32) {
        let mut kept = [(ContentHash::default(), [0u64; 2]); VALIDATORS];
        let mut who = 0u32;
        for (place, kept) in kept.iter_mut().enumerate() {
            let salt = [self.salts.next(), self.salts.next()];
            *kept = (commitment(epoch, who, self.column(place), salt), salt);
            who += 1;
        }
        who = 0;
        for (place, (committed, salt)) in kept.iter().enumerate() {
            if commitment(epoch, who, self.column(place), *salt) != *committed {
                for scores in &mut self.scores {
                    scores.iter_mut().skip(place).take(1).for_each(|score| *score = i32::MIN);
                }
            }
            who += 1;
        }
    }

    fn column(&self, place: usize) -> [i32; MODELS] {
        let mut column = [0; MODELS];
        for (to, scores) in column.iter_mut().zip(&self.scores) {
            *to = scores.get(place).copied().unwrap_or_default();
        }
        column
    }

    fn judge(&mut self) {
        self.accepted = [0; VALIDATORS];
        for scores in &self.scores {
            let median = weighted_median(scores, &self.stakes);
            for (accepted, score) in self.accepted.iter_mut().zip(scores) {
                *accepted += u64::from(score.abs_diff(median) <= TOLERANCE.unsigned_abs());
            }
        }
    }

    /// What rounding leaves is paid to nobody.
    fn pay(&mut self) {
        let weighed = || self.stakes.iter().zip(&self.accepted).map(|(stake, count)| stake * count);
        let all: u64 = weighed().sum();
        // One division an epoch: a fixed-point rate for all.
        let Some(rate) = (u128::from(REWARD) << 40).checked_div(u128::from(all)) else { return };
        for (stake, accepted) in self.stakes.iter_mut().zip(&self.accepted) {
            let earned = (u128::from(*stake * accepted) * rate) >> 40;
            *stake += u64::try_from(earned).unwrap_or_default();
        }
    }
}

/// A hash over who, when, all scores and a salt: one block of the hash function.
fn commitment(epoch: u32, who: u32, scores: [i32; MODELS], salt: [u64; 2]) -> ContentHash {
    let mut bytes = [0u8; 64];
    let (words, salts) = bytes.split_at_mut(48);
    let (named, said) = words.split_at_mut(8);
    named
        .chunks_exact_mut(4)
        .zip([epoch, who])
        .for_each(|(to, n)| to.copy_from_slice(&n.to_le_bytes()));
    said.chunks_exact_mut(4).zip(scores).for_each(|(to, n)| to.copy_from_slice(&n.to_le_bytes()));
    salts.chunks_exact_mut(8).zip(salt).for_each(|(to, n)| to.copy_from_slice(&n.to_le_bytes()));
    ContentHash::of_file(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verified_and_elided_runs_agree_to_the_last_bit() {
        for seed in 0..3 {
            let (verified, elided) = (run(seed, 40, Mode::Verified), run(seed, 40, Mode::Elided));
            assert_eq!(verified.to_bits(), elided.to_bits());
        }
    }

    #[test]
    fn liars_lose_share_and_a_seed_is_a_run() {
        let share = run(1, 100, Mode::Elided);
        assert!((0.27..0.2999).contains(&share), "{share}");
        assert_eq!(share.to_bits(), run(1, 100, Mode::Elided).to_bits());
        assert_ne!(share.to_bits(), run(2, 100, Mode::Elided).to_bits());
        assert_eq!(run(1, 0, Mode::Elided), 0.3);
    }

    #[test]
    fn a_score_that_was_not_committed_to_has_another_hash() {
        let mut scores = [5; MODELS];
        let committed = commitment(1, 2, scores, [3, 4]);
        scores[9] += 1;
        let others = [
            commitment(1, 2, scores, [3, 4]),
            commitment(2, 2, [5; MODELS], [3, 4]),
            commitment(1, 3, [5; MODELS], [3, 4]),
            commitment(1, 2, [5; MODELS], [3, 5]),
        ];
        assert!(others.iter().all(|other| *other != committed));
    }
}
