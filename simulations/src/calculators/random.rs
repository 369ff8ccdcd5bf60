//! Streams of chance that follow from a seed.
//!
//! Every stream has a name and a number of its own, so that one more draw in one place moves
//! nothing in another, and runs can be made in any order.

use probity_primitives::{Domain, Hash};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// Two to the power of 32.
const WORD: f64 = 4_294_967_296.0;

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub struct Stream {
    generator: ChaCha8Rng,
    spare: Option<f64>,
}

impl Stream {
    /// The stream `name` of run `run` under a seed.
    #[must_use]
    pub fn of(seed: u64, name: &str, run: u64) -> Self {
        let key = Hash::of(Domain::Seed, &(seed, name, run));
        Self { generator: ChaCha8Rng::from_seed(*key.as_bytes()), spare: None }
    }

    /// A uniform number of 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.generator.next_u64()
    }

    /// A uniform number, above 0 and below 1.
    pub fn share(&mut self) -> f64 {
        let high = f64::from(self.generator.next_u32());
        // Half a step off both ends: neither a logarithm of zero nor a full one.
        let low = f64::from(self.generator.next_u32() >> 12) * 4_096.0 + 2_048.0;
        (high + low / WORD) / WORD
    }

    /// Whether something of this probability happens.
    pub fn happens(&mut self, probability: f64) -> bool {
        self.share() < probability
    }

    /// A standard normal number.
    pub fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let radius = (-2.0 * self.share().ln()).sqrt();
        let (sine, cosine) = (std::f64::consts::TAU * self.share()).sin_cos();
        self.spare = Some(radius * sine);
        radius * cosine
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_follows_from_its_seed_name_and_run() {
        let first = |seed, name, run| Stream::of(seed, name, run).bits();
        assert_eq!(first(1, "a", 0), first(1, "a", 0));
        let others = [first(2, "a", 0), first(1, "b", 0), first(1, "a", 1)];
        assert!(others.iter().all(|other| *other != first(1, "a", 0)));
    }

    #[test]
    fn normal_numbers_have_mean_zero_and_deviation_one() {
        let mut stream = Stream::of(3, "normal", 0);
        let drawn: Vec<f64> = (0..20_000).map(|_| stream.normal()).collect();
        let mean = drawn.iter().sum::<f64>() / 20_000.0;
        let square = drawn.iter().map(|x| x * x).sum::<f64>() / 20_000.0;
        // Four standard errors: 4 / sqrt(20_000), and sqrt(2) times that for the square.
        assert!(mean.abs() < 0.0283 && (square - 1.0).abs() < 0.04, "{mean} {square}");
    }
}
