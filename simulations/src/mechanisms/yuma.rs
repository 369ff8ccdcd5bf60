//! Yuma consensus: validators weigh servers, and earn by bonds to those that others weigh too.
//!
//! The rules of the versions that are in use or were proposed, in single precision and in the order
//! of operations of their reference, since the truncation of the consensus to 1/65535 turns a
//! rounding error into a whole step. Written from the published rules and held by vectors of two
//! implementations that are not ours.
//!
//! # Reading order
//! [`settings`] are the numbers, [`bonds`] how each version keeps bonds; an [`Epoch`] is what
//! one step gives. [`vectors`] reads and runs files of cases.
//!
//! # Not here
//! Emission of servers, registration, pruning: a validator's share of the dividends is the end.
//!
//! Spec: `docs/spec/19-figures.md`.

mod bonds;
mod settings;
pub mod vectors;

pub use settings::{Clipping, Liquid, Mode, Rule, Settings, Setup};

use super::matrix::{Matrix, finite};

/// What keeps a sum from being zero.
pub(super) const GUARD: f32 = 1e-6;

/// What the consensus is truncated to.
const STEPS: f32 = 65_535.0;

/// The state between epochs, and the rules by which it moves.
#[derive(Debug, Clone)]
pub struct Yuma {
    setup: Setup,
    bonds: Option<Matrix>,
    consensus: Option<Vec<f32>>,
    weights: Option<Matrix>,
}

/// What one epoch gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Epoch {
    /// The consensus weight of each server.
    pub consensus: Vec<f32>,
    /// Each server's share of what servers earn.
    pub incentives: Vec<f32>,
    /// The bonds after it.
    pub bonds: Matrix,
    /// Each validator's share of what validators earn.
    pub dividends: Vec<f32>,
}

impl Yuma {
    /// A network without history.
    #[must_use]
    pub const fn new(setup: Setup) -> Self {
        Self { setup, bonds: None, consensus: None, weights: None }
    }

    /// As after one epoch in which nobody had set weights: there is a consensus to look back at.
    #[must_use]
    pub fn after_an_empty_epoch(setup: Setup, servers: usize) -> Self {
        Self { consensus: Some(vec![0.0; servers]), ..Self::new(setup) }
    }

    /// Forgets all bonds to a server, in the versions that do so when its place changes hands.
    pub fn reset(&mut self, server: usize) {
        let forgets = match self.setup.rule {
            Rule::Yuma2C | Rule::Yuma3 => true,
            Rule::Yuma1 | Rule::Yuma2 | Rule::Yuma2B => false,
        };
        if let Some(bonds) = self.bonds.as_mut().filter(|_| forgets) {
            bonds.clear_column(server);
        }
    }

    /// One epoch; as many rows of weights as there are stakes.
    pub fn step(&mut self, weights: &Matrix, stakes: &[f32]) -> Epoch {
        let settings = &self.setup.settings;
        let sums: Vec<f32> = weights.rows().map(|row| row.iter().sum::<f32>() + GUARD).collect();
        let weights = weights.by_row(&sums, |weight, sum| weight / sum);
        let all: f32 = stakes.iter().sum();
        let stakes: Vec<f32> = stakes.iter().map(|stake| finite(stake / all)).collect();
        let medians = medians(&weights, &stakes, settings.kappa());
        let consensus = match settings.clipping {
            Clipping::Normalised => normalised(&medians),
            Clipping::Raw => medians,
        };
        // Version 2B looks at what was said an epoch ago.
        let said = match self.setup.rule {
            Rule::Yuma2B => self.weights.as_ref().unwrap_or(&weights),
            Rule::Yuma1 | Rule::Yuma2 | Rule::Yuma2C | Rule::Yuma3 => &weights,
        };
        let clipped = said.by_column(&consensus, f32::min);
        let ranks = clipped.by_row(&stakes, |weight, stake| weight * stake).column_sums();
        let incentives = incentives(&ranks, settings.winner_takes_all);
        let situation = bonds::Situation {
            settings,
            weights: &weights,
            said,
            clipped: &clipped,
            stakes: &stakes,
            consensus: &consensus,
            before: self.consensus.as_deref(),
            old: self.bonds.as_ref(),
        };
        let (bonds, dividends) = situation.next(self.setup.rule, &incentives);
        let sum = dividends.iter().sum::<f32>() + GUARD;
        let dividends = dividends.iter().map(|dividend| dividend / sum).collect();
        self.bonds = Some(bonds.clone());
        self.consensus = Some(consensus.clone());
        self.weights = Some(weights);
        Epoch { consensus, incentives, bonds, dividends }
    }
}

/// For each server the largest weight that validators with a share `kappa` of the stake, and no
/// fewer, give at least.
fn medians(weights: &Matrix, stakes: &[f32], kappa: f32) -> Vec<f32> {
    let mut sorted: Vec<(f32, f32)> = Vec::with_capacity(stakes.len());
    let median = |server| {
        sorted.clear();
        sorted.extend(weights.column(server).zip(stakes.iter().copied()));
        sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut sum = 0.0;
        let reached = sorted.iter().find(|(_, stake)| {
            sum += stake;
            sum >= kappa
        });
        reached.map_or(0.0, |(weight, _)| *weight)
    };
    (0..weights.width()).map(median).collect()
}

/// Shares of the sum, truncated to whole steps; all zero where no server has a median.
fn normalised(medians: &[f32]) -> Vec<f32> {
    let sum: f32 = medians.iter().sum();
    medians.iter().map(|median| finite((median / sum * STEPS).trunc() / STEPS)).collect()
}

fn incentives(ranks: &[f32], winner_takes_all: bool) -> Vec<f32> {
    if winner_takes_all {
        let best = ranks.iter().copied().fold(0.0, f32::max);
        let won: Vec<f32> =
            ranks.iter().map(|rank| if *rank == best && best > 0.0 { 1.0 } else { 0.0 }).collect();
        let ties: f32 = won.iter().sum();
        return won.iter().map(|won| finite(won / ties)).collect();
    }
    let sum: f32 = ranks.iter().sum();
    ranks.iter().map(|rank| finite(rank / sum)).collect()
}

/// The smallest score whose cumulative stake, from the smallest on, exceeds `1 - majority`; zero
/// without stake. The median that the chain of Yuma's authors uses.
#[must_use]
pub fn weighted_median(stakes: &[f32], scores: &[f32], majority: f32) -> f32 {
    let mut sorted: Vec<(f32, f32)> =
        scores.iter().copied().zip(stakes.iter().copied()).filter(|(_, s)| *s > 0.0).collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let all: f32 = stakes.iter().sum();
    let mut sum = 0.0;
    let reached = sorted.iter().find(|(_, stake)| {
        sum += stake;
        sum > (1.0 - majority) * all
    });
    reached.map_or(0.0, |(score, _)| *score)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_needs_the_share_and_no_more() {
        let weights = Matrix::of(&[vec![0.3], vec![0.6], vec![0.9]]).unwrap();
        assert_eq!(medians(&weights, &[0.5, 0.25, 0.25], 0.5), [0.6]);
        assert_eq!(medians(&weights, &[0.5, 0.25, 0.25], 0.51), [0.3]);
        assert_eq!(medians(&weights, &[0.1, 0.1, 0.1], 0.5), [0.0]);
    }

    #[test]
    fn without_any_consensus_nobody_earns() {
        assert_eq!(normalised(&[0.0, 0.0]), [0.0, 0.0]);
        let weights = Matrix::of(&[vec![1.0, 0.0], vec![0.0, 1.0], vec![0.0, 0.0]]).unwrap();
        for rule in Rule::ALL {
            let mut yuma = Yuma::new(Setup::of(rule, false));
            let epoch = yuma.step(&weights, &[0.4, 0.4, 0.2]);
            assert_eq!(epoch.dividends, [0.0; 3], "{rule:?}");
        }
    }

    #[test]
    fn the_winner_takes_all_and_equals_share() {
        assert_eq!(incentives(&[0.2, 0.5, 0.3], true), [0.0, 1.0, 0.0]);
        assert_eq!(incentives(&[0.4, 0.4, 0.2], true), [0.5, 0.5, 0.0]);
        assert_eq!(incentives(&[0.0, 0.0], true), [0.0, 0.0]);
        assert_eq!(incentives(&[1.0, 3.0], false), [0.25, 0.75]);
    }

    #[test]
    fn a_reset_forgets_one_servers_bonds_where_the_version_does_so() {
        let weights = Matrix::of(&[vec![0.5, 0.5], vec![0.5, 0.5]]).unwrap();
        for rule in Rule::ALL {
            let mut yuma = Yuma::new(Setup::of(rule, false));
            yuma.step(&weights, &[0.5, 0.5]);
            yuma.reset(0);
            let left: f32 = yuma.bonds.unwrap().column(0).sum();
            assert_eq!(left == 0.0, matches!(rule, Rule::Yuma2C | Rule::Yuma3), "{rule:?}");
        }
    }
}
