//! Chance: independent streams of one seed, and samplers that give the same bits everywhere.
//!
//! A stream's key is H(root seed, run, name, numbers), so that what one agent draws does not depend on
//! who else drew before: two arms of an experiment share all the noise that they can share.
//!
//! The samplers compare and divide integers and call no function of the mathematical library, whose
//! last bits differ between machines. Gaussian and exponential numbers are sampled *exactly*, up to
//! words of 64 bits, by the methods of Karney ("Sampling exactly from the normal distribution", 2016)
//! and von Neumann (1951): no table, no series, no rounding but the last one.
//!
//! # Invariants
//! - The same key gives the same numbers on every machine, in debug and release.

use probity_primitives::{Domain, Hash};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// One, in the fixed point of the samplers.
pub const ONE: i128 = 1 << 32;

/// Which run of which experiment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunKey {
    /// The root seed.
    pub seed: [u8; 32],
    /// The run's number: arms with equal numbers share their chance.
    pub run: u64,
}

impl RunKey {
    /// The key of a run of a seed that is a number.
    #[must_use]
    pub fn of(seed: u64, run: u64) -> Self {
        Self { seed: *Hash::of(Domain::Seed, &("root", seed)).as_bytes(), run }
    }

    /// The stream with a name and numbers.
    #[must_use]
    pub fn stream(&self, name: &str, numbers: (u64, u64)) -> Stream {
        let key = Hash::of(Domain::Seed, &(self.seed, self.run, name, numbers));
        Stream(ChaCha8Rng::from_seed(*key.as_bytes()))
    }

    /// A number for a world of this run.
    #[must_use]
    pub fn world(&self) -> u64 {
        self.stream("world", (0, 0)).word()
    }
}

/// A stream of chance.
#[derive(Debug, Clone)]
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// 64 random bits.
    pub fn word(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below a limit; zero below zero. The bias of the multiplication is below 2^-32 for
    /// limits of 32 bits.
    pub fn below(&mut self, limit: u32) -> u32 {
        let wide = u128::from(self.word()).saturating_mul(u128::from(limit)) >> 64;
        u32::try_from(wide).unwrap_or_default()
    }

    /// Whether something happens that does with a probability in parts per million.
    pub fn chance(&mut self, ppm: u32) -> bool {
        self.below(1_000_000) < ppm
    }

    /// A Gaussian number of mean 0 and deviation 1, times [`ONE`].
    pub fn gaussian(&mut self) -> i128 {
        loop {
            let mut k = 0u32;
            while self.half_exponential() {
                k = k.saturating_add(1);
            }
            let trials = k.saturating_mul(k.saturating_sub(1));
            if !(0..trials).all(|_| self.half_exponential()) {
                continue;
            }
            let x = self.word();
            if (0..=k).all(|_| self.parabola(k, x)) {
                let size = (i128::from(k) << 32).saturating_add(i128::from(x >> 32));
                return self.signed(size);
            }
        }
    }

    /// An exponential number of mean 1, times [`ONE`].
    pub fn exponential(&mut self) -> i128 {
        let mut whole = 0i128;
        loop {
            let first = self.word();
            let (mut last, mut odd) = (first, true);
            loop {
                let next = self.word();
                if next >= last {
                    break;
                }
                (last, odd) = (next, !odd);
            }
            if odd {
                return (whole << 32).saturating_add(i128::from(first >> 32));
            }
            whole = whole.saturating_add(1);
        }
    }

    /// A number of Laplace's distribution of mean 0 and deviation 1, times [`ONE`].
    pub fn laplace(&mut self) -> i128 {
        // The deviation of the two-sided exponential is the root of two: 3_037_000_500 / 2^32.
        let size = self.exponential().saturating_mul(3_037_000_500) >> 32;
        self.signed(size)
    }

    /// A number of Student's t with three degrees of freedom, scaled to deviation 1, times [`ONE`].
    ///
    /// `t / sqrt 3 = z / sqrt(a^2 + b^2 + c^2)` of four Gaussian numbers.
    pub fn student3(&mut self) -> i128 {
        let z = self.gaussian();
        let squares: i128 = (0..3).map(|_| self.gaussian()).map(|g| g.saturating_mul(g)).sum();
        let root = squares.isqrt().max(1);
        z.saturating_mul(ONE).checked_div(root).unwrap_or_default()
    }

    fn signed(&mut self, size: i128) -> i128 {
        if self.word() & 1 == 0 { size } else { size.saturating_neg() }
    }

    /// True with the probability exp(-1/2): the longest falling run of uniforms below one half is
    /// even that often.
    fn half_exponential(&mut self) -> bool {
        let mut last = 1u64 << 63;
        let mut even = true;
        loop {
            let next = self.word();
            if next >= last {
                return even;
            }
            (last, even) = (next, !even);
        }
    }

    /// True with the probability exp(-x (2 k + x) / (2 k + 2)) for a fraction `x`.
    fn parabola(&mut self, k: u32, x: u64) -> bool {
        let (twice, mut last, mut even) = (u128::from(k) << 1, x, true);
        let wanted = (twice << 64).saturating_add(u128::from(x));
        loop {
            let next = self.word();
            if next >= last {
                return even;
            }
            let luck = u128::from(self.word()).saturating_mul(twice.saturating_add(2));
            if luck >= wanted {
                return even;
            }
            (last, even) = (next, !even);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The share of `n` draws beyond each bound, in parts per million, and the mean square.
    fn tails(draw: impl Fn(&mut Stream) -> i128, bounds: [i128; 3]) -> ([u64; 3], i128) {
        let mut stream = RunKey::of(7, 0).stream("tails", (0, 0));
        let n = 100_000u32;
        let (mut beyond, mut square) = ([0u64; 3], 0i128);
        for _ in 0..n {
            let size = draw(&mut stream).abs();
            square += (size * size) >> 32;
            for (count, bound) in beyond.iter_mut().zip(bounds) {
                *count += u64::from(size * 10 > bound * ONE);
            }
        }
        (beyond.map(|count| count * 1_000_000 / u64::from(n)), square / i128::from(n))
    }

    #[test]
    fn gaussian_tails_are_those_of_the_normal_distribution() {
        // P(|z| > 1, 2, 3) = .317311, .045500, .002700; four standard errors of 10^5 draws.
        let ([one, two, three], square) = tails(Stream::gaussian, [10, 20, 30]);
        assert!(one.abs_diff(317_311) < 5_900, "{one}");
        assert!(two.abs_diff(45_500) < 2_700, "{two}");
        assert!(three.abs_diff(2_700) < 660, "{three}");
        assert!((square - ONE).abs() < ONE / 50, "{square}");
    }

    #[test]
    fn laplace_tails_are_those_of_a_deviation_of_one() {
        // P(|x| > t) = exp(-sqrt(2) t): .243117 at 1, .059106 at 2, .014370 at 3.
        let ([one, two, three], square) = tails(Stream::laplace, [10, 20, 30]);
        assert!(one.abs_diff(243_117) < 5_500, "{one}");
        assert!(two.abs_diff(59_106) < 3_000, "{two}");
        assert!(three.abs_diff(14_370) < 1_600, "{three}");
        assert!((square - ONE).abs() < ONE / 25, "{square}");
    }

    #[test]
    fn student_tails_are_those_of_three_degrees_of_freedom() {
        // P(|t3| > t sqrt(3)): .181690 at 1, .040518 at 2, .013847 at 3.
        let ([one, two, three], _) = tails(Stream::student3, [10, 20, 30]);
        assert!(one.abs_diff(181_690) < 5_000, "{one}");
        assert!(two.abs_diff(40_518) < 2_600, "{two}");
        assert!(three.abs_diff(13_847) < 1_600, "{three}");
    }

    #[test]
    fn a_stream_is_its_keys_and_does_not_hang_on_others() {
        let key = RunKey::of(1, 2);
        let draw = |name, numbers| key.stream(name, numbers).gaussian();
        assert_eq!(draw("noise", (1, 2)), draw("noise", (1, 2)));
        assert_ne!(draw("noise", (1, 2)), draw("noise", (2, 1)));
        assert_ne!(draw("noise", (1, 2)), draw("luck", (1, 2)));
        // Pinned: another machine or build must draw the same.
        assert_eq!(RunKey::of(1, 0).stream("pin", (0, 0)).gaussian(), PINNED);
    }

    const PINNED: i128 = 3_122_464_226;
}
