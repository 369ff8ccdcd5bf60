//! How much honest work keeps an honest majority's share under Yuma.
//!
//! Validators and servers fall into two sides by stake. The honest side gives the share `W_H` of its
//! weight to its own servers (the utility it sees there) and the rest to the others; a cabal gives
//! `W_C` to its own, as it likes. The honest share is retained if the side's emission, of validators
//! and servers together, is at least its stake, whatever `W_C` is.
//!
//! The network, its noise and what is varied are those of the documentation of Yuma's authors, whose
//! figures this reproduces within two points.
//!
//! Spec: `docs/spec/19-figures.md`.

use super::matrix::Matrix;
use super::yuma::{Clipping, Rule, Settings, Setup, Yuma};
use crate::calculators::error::{self, CalculatorError};
use crate::calculators::random::Stream;

/// A network of two sides.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Network {
    /// Nodes that weigh.
    pub validators: u32,
    /// Nodes that are weighed.
    pub servers: u32,
    /// The honest side's share of the stake, and of the nodes.
    pub honest: f64,
    /// How much validators differ in what they see, as a share of the mean weight.
    pub deviation: f64,
    /// How much stakes within a side differ.
    pub stake_deviation: f64,
    /// The share of the stake that makes a median.
    pub kappa: f64,
    /// How much of what exceeds the consensus is lost for bonds.
    pub bond_penalty: f64,
    /// The validators' share of the emission.
    pub validator_share: f64,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            validators: 64,
            servers: 448,
            honest: 0.6,
            deviation: 0.4,
            stake_deviation: 0.3,
            kappa: 0.5,
            bond_penalty: 1.0,
            validator_share: 0.5,
        }
    }
}

/// One drawn network.
#[derive(Debug, Clone)]
pub struct Drawn {
    network: Network,
    stakes: Vec<f32>,
    /// For each validator, its shares among the honest side's servers and among the others'.
    tastes: Vec<(Vec<f32>, Vec<f32>)>,
    honest: (usize, usize),
}

impl Network {
    /// Draws stakes and tastes.
    ///
    /// # Errors
    /// [`CalculatorError`] for a network without two sides.
    pub fn draw(self, seed: u64) -> Result<Drawn, CalculatorError> {
        error::count("validators", u64::from(self.validators), (2, 4_096))?;
        error::count("servers", u64::from(self.servers), (2, 4_096))?;
        error::number("the honest share", self.honest, (0.0, 1.0))?;
        let mut stream = Stream::of(seed, "retention", 0);
        let validators = split(self.honest, self.validators);
        let servers = split(self.honest, self.servers);
        let mut stakes = Vec::new();
        for (count, share) in [(validators.0, self.honest), (validators.1, 1.0 - self.honest)] {
            let side = shares(count, self.stake_deviation, &mut stream);
            stakes.extend(side.into_iter().map(|stake| super::single(share) * stake));
        }
        let taste = |_| {
            let own = shares(servers.0, self.deviation, &mut stream);
            (own, shares(servers.1, self.deviation, &mut stream))
        };
        let tastes = (0..self.validators).map(taste).collect();
        Ok(Drawn { network: self, stakes, tastes, honest: (validators.0, servers.0) })
    }
}

impl Drawn {
    /// The honest side's share of the emission of one epoch, at both sides' weights for their own.
    #[must_use]
    pub fn emission(&self, honest_weight: f64, cabal_weight: f64) -> f64 {
        let Network { kappa, bond_penalty, validator_share, .. } = self.network;
        let settings =
            Settings { kappa, bond_penalty, clipping: Clipping::Raw, ..Settings::default() };
        let row = |(number, (first, second)): (usize, &(Vec<f32>, Vec<f32>))| {
            let to_first = if number < self.honest.0 { honest_weight } else { 1.0 - cabal_weight };
            let to_first = super::single(to_first);
            let scaled = first.iter().map(|share| to_first * share);
            scaled.chain(second.iter().map(|share| (1.0 - to_first) * share)).collect()
        };
        let rows: Vec<Vec<f32>> = self.tastes.iter().enumerate().map(row).collect();
        let Some(weights) = Matrix::of(&rows) else { return 0.0 };
        let mut yuma = Yuma::new(Setup { rule: Rule::Yuma2, settings });
        let found = yuma.step(&weights, &self.stakes);
        let first =
            |all: &[f32], count| all.iter().take(count).copied().map(f64::from).sum::<f64>();
        validator_share * first(&found.dividends, self.honest.0)
            + (1.0 - validator_share) * first(&found.incentives, self.honest.1)
    }

    /// The least honest utility, in whole hundredths, from which on the share is retained against
    /// each of so many evenly spaced weights of the cabal; `None` if not even all of it does.
    #[must_use]
    pub fn needed(&self, cabal_steps: u32) -> Option<f64> {
        let steps = cabal_steps.max(1);
        let retained = |hundredths: &u32| {
            let honest = f64::from(*hundredths) / 100.0;
            // The last weights of the cabal are the most dangerous: from them to the first.
            (0..=steps).rev().all(|step| {
                let cabal = f64::from(step) / f64::from(steps);
                // A rounding error of single precision is no loss.
                self.emission(honest, cabal) >= self.network.honest - 1e-6
            })
        };
        let held = (0..=100).rev().take_while(retained).last();
        held.map(|hundredths| f64::from(hundredths) / 100.0)
    }
}

/// The honest side's nodes and the others; each side has at least one.
fn split(share: f64, count: u32) -> (usize, usize) {
    let honest = crate::calculators::micros((share * f64::from(count)).floor());
    let honest = u32::try_from(honest).unwrap_or_default().clamp(1, count.saturating_sub(1).max(1));
    let size = |count: u32| usize::try_from(count).unwrap_or_default();
    (size(honest), size(count.saturating_sub(honest)))
}

/// So many shares that add up to one, normal around their mean, none below zero.
fn shares(count: usize, deviation: f64, stream: &mut Stream) -> Vec<f32> {
    let drawn: Vec<f64> =
        (0..count).map(|_| (1.0 + deviation * stream.normal()).max(0.0)).collect();
    let sum: f64 = drawn.iter().sum();
    drawn.iter().map(|share| super::single(share / sum)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the known need, in hundredths, holds within two points: two above it the share is
    /// retained against every cabal, two below it some cabal gains.
    fn check(network: Network, known: u32) {
        let drawn = network.draw(1).unwrap();
        let gains = |hundredths: u32| {
            let honest = f64::from(hundredths) / 100.0;
            (0..=10).rev().any(|cabal| {
                drawn.emission(honest, f64::from(cabal) / 10.0) < network.honest - 1e-6
            })
        };
        assert!(!gains(known + 2), "{network:?}: {known} is not enough");
        assert!(gains(known - 2), "{network:?}: less than {known} is enough");
    }

    #[test]
    fn the_documented_honest_utility_retains_the_share_within_two_points() {
        let usual = Network::default();
        check(usual, 73);
        check(Network { deviation: 0.0, ..usual }, 60);
        check(Network { deviation: 0.2, ..usual }, 67);
        check(Network { bond_penalty: 0.0, ..usual }, 78);
        check(Network { bond_penalty: 0.5, ..usual }, 76);
        check(Network { validator_share: 0.0, ..usual }, 82);
        check(Network { validator_share: 0.25, ..usual }, 78);
    }

    #[test]
    fn the_search_finds_what_is_needed() {
        let small = Network { validators: 16, servers: 32, deviation: 0.0, ..Network::default() };
        let needed = small.draw(1).unwrap().needed(4).unwrap();
        assert!((0.55..0.70).contains(&needed), "{needed}");
        let weak = Network { kappa: 0.7, ..small };
        assert_eq!(weak.draw(1).unwrap().needed(4), None);
    }

    #[test]
    fn a_network_without_two_sides_is_refused() {
        let alone = Network { validators: 1, ..Network::default() };
        assert_eq!(alone.draw(1).unwrap_err().to_string(), "validators must be 2 to 4096, not 1");
    }
}
