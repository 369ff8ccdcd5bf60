//! How each version keeps bonds, and what they pay.

use super::super::matrix::Matrix;
use super::super::single;
use super::GUARD;
use super::settings::{Liquid, Mode, Rule, Settings};

/// Everything that the bonds of an epoch depend on.
pub(super) struct Situation<'a> {
    pub(super) settings: &'a Settings,
    /// Rows of shares.
    pub(super) weights: &'a Matrix,
    /// The weights that are clipped.
    pub(super) said: &'a Matrix,
    pub(super) clipped: &'a Matrix,
    /// Shares of all stake.
    pub(super) stakes: &'a [f32],
    pub(super) consensus: &'a [f32],
    /// The consensus of the epoch before, if there was one.
    pub(super) before: Option<&'a [f32]>,
    /// The bonds of the epoch before.
    pub(super) old: Option<&'a Matrix>,
}

impl Situation<'_> {
    /// The bonds after this epoch, and what each validator earns by them.
    pub(super) fn next(&self, rule: Rule, incentives: &[f32]) -> (Matrix, Vec<f32>) {
        match rule {
            Rule::Yuma1 => {
                let bonds = self.averaged(self.instant(GUARD), 1.0).shares_of_columns(GUARD);
                let earned = bonds.times(incentives);
                (bonds, earned)
            }
            Rule::Yuma2 | Rule::Yuma2B => {
                let bonds = self.averaged(self.instant(0.0), self.settings.alpha());
                let earned = bonds.times(incentives);
                (bonds, earned)
            }
            Rule::Yuma2C => {
                let bonds = self.bought();
                let earned = bonds.shares_of_columns(GUARD).times(incentives);
                (bonds, earned)
            }
            Rule::Yuma3 => {
                let bonds = self.relative();
                let shares = bonds.shares_of_columns(GUARD).times(incentives);
                let earned = shares.iter().zip(self.stakes).map(|(share, stake)| stake * share);
                (bonds, earned.collect())
            }
        }
    }

    /// Shares of weighted stake; what exceeds the consensus counts less.
    fn instant(&self, guard: f32) -> Matrix {
        let (keep, lose) =
            (single(1.0 - self.settings.bond_penalty), single(self.settings.bond_penalty));
        let counted = self.said.with(self.clipped, |said, clipped| keep * said + lose * clipped);
        counted.by_row(self.stakes, |weight, stake| stake * weight).shares_of_columns(guard)
    }

    fn averaged(&self, new: Matrix, alpha: f64) -> Matrix {
        let Some(old) = self.old else { return new };
        if let Some(alphas) = self.liquid(old, |liquid, at| self.now(liquid, at)) {
            let fresh = new.with(&alphas, |bond, alpha| alpha * bond);
            let kept = old.with(&alphas, |bond, alpha| (1.0 - alpha) * bond);
            return fresh.with(&kept, |fresh, kept| fresh + kept);
        }
        let (alpha, rest) = (single(alpha), single(1.0 - alpha));
        new.with(old, |new, old| alpha * new + rest * old)
    }

    /// Version 2C: a validator has a capacity in proportion to its stake.
    fn bought(&self) -> Matrix {
        let whole = single(2.0_f64.powi(64));
        let (alpha, kept) =
            (single(self.settings.capacity_alpha), single(1.0 - self.settings.decay_rate));
        let nothing = Matrix::zeros_like(self.weights);
        let old = self.old.unwrap_or(&nothing);
        let room = old.by_row(self.stakes, |bond, stake| {
            let capacity = stake * whole;
            (alpha * capacity).min((capacity - bond).max(0.0))
        });
        let purchase = room.with(self.weights, |room, weight| room * weight);
        let grown = old.with(&purchase, |bond, purchase| kept * bond + purchase);
        grown.by_row(self.stakes, |bond, stake| bond.min(stake * whole))
    }

    /// Version 3: each pair has bonds of its own, which move toward one by the weight.
    fn relative(&self) -> Matrix {
        let nothing = Matrix::zeros_like(self.weights);
        let old = self.old.unwrap_or(&nothing);
        let fixed = single(self.settings.alpha());
        let alphas = self
            .liquid(old, |liquid, at| self.by_mode(liquid, at))
            .unwrap_or_else(|| nothing.map(|_| fixed));
        let decayed = old.with(&alphas, |bond, alpha| bond * (1.0 - alpha));
        let wanted = self.weights.with(&alphas, |weight, alpha| alpha * weight);
        let room = decayed.map(|bond| (1.0 - bond).max(0.0));
        let purchase = wanted.with(&room, f32::min);
        decayed.with(&purchase, |bond, purchase| (bond + purchase).min(1.0))
    }

    /// The alpha of every pair, if liquid alpha is on and there is a consensus to look back at.
    fn liquid(&self, old: &Matrix, consensus: impl Fn(&Liquid, usize) -> f32) -> Option<Matrix> {
        let liquid = self.settings.liquid?;
        self.before?;
        let compared: Vec<f32> =
            (0..self.consensus.len()).map(|server| consensus(&liquid, server)).collect();
        let over = self.weights.by_column(&compared, |weight, c| (weight - c).clamp(0.0, 1.0));
        let below = old.with(self.weights, |bond, weight| (bond - weight).clamp(0.0, 1.0));
        let buying = self.weights.with(old, |weight, bond| if weight >= bond { 1.0 } else { 0.0 });
        let distance = over.with(&buying, |over, buying| over * buying);
        let rest = below.with(&buying, |below, buying| below * (1.0 - buying));
        let (low, high) = (single(liquid.low), single(liquid.high));
        let (steepness, span) = (single(liquid.steepness), single(liquid.high - liquid.low));
        let curve = |distance: f32| {
            let sigmoid = 1.0 / (1.0 + (-steepness * (distance - 0.5)).exp());
            (low + sigmoid * span).clamp(low, high)
        };
        Some(distance.with(&rest, |distance, rest| curve(distance + rest)))
    }

    fn now(&self, _: &Liquid, server: usize) -> f32 {
        self.consensus.get(server).copied().unwrap_or_default()
    }

    fn by_mode(&self, liquid: &Liquid, server: usize) -> f32 {
        let now = self.consensus.get(server).copied().unwrap_or_default();
        let before = self.before.and_then(|all| all.get(server)).copied().unwrap_or_default();
        match liquid.mode {
            Mode::Current => now,
            Mode::Previous => before,
            Mode::Mixed => now.max(before),
        }
    }
}
