//! A stale copier under Yuma: what it earns who repeats the consensus of some epochs ago.
//!
//! Servers drift in quality; honest validators measure each of them with an error of 5 %; the copier
//! sets the newest consensus that is public, which is older by the reveal lag. Bonds average over
//! ten epochs. Where nothing moves the copier earns more than the honest do, since an average has
//! less noise than a measurement: hiding weights for a while helps only against copying a market
//! that moves.
//!
//! Spec: `docs/spec/19-figures.md`.

use super::matrix::Matrix;
use super::yuma::{Clipping, Rule, Settings, Setup, Yuma};
use crate::calculators::error::{self, CalculatorError};
use crate::calculators::interval::Mean;
use crate::calculators::random::Stream;

/// A market and its copier.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Market {
    /// Validators; the first is the copier.
    pub validators: usize,
    /// Servers.
    pub servers: usize,
    /// How much a server's quality moves in an epoch, as a standard deviation of its logarithm.
    pub drift: f64,
    /// How much of its distance from the mean a server's quality loses in an epoch.
    pub reversion: f64,
    /// How far an honest measurement is off, as a share.
    pub noise: f64,
    /// What stays of old bonds in an epoch.
    pub bond_moving_avg: f64,
    /// Epochs that count.
    pub epochs: u32,
    /// Epochs before them, while bonds form.
    pub settling: u32,
}

impl Default for Market {
    fn default() -> Self {
        Self {
            validators: 16,
            servers: 64,
            drift: 0.05,
            reversion: 0.001,
            noise: 0.05,
            bond_moving_avg: 0.9,
            epochs: 100,
            settling: 60,
        }
    }
}

/// A copier's market: what it has seen, and the rules that pay it.
struct Copy {
    yuma: Yuma,
    seen: Vec<Vec<f32>>,
    lag: usize,
    ratio: Mean,
}

impl Market {
    /// The copier's dividend over that of an honest validator of the same stake, on average, for
    /// each reveal lag in epochs and so many runs. All lags see the same market.
    ///
    /// # Errors
    /// [`CalculatorError`] for a market without honest validators, servers or epochs.
    pub fn ratios(
        &self,
        lags: &[usize],
        runs: u32,
        seed: u64,
    ) -> Result<Vec<f64>, CalculatorError> {
        let size = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        error::count("validators", size(self.validators), (2, 4_096))?;
        error::count("servers", size(self.servers), (1, 4_096))?;
        error::count("epochs", u64::from(self.epochs), (1, 1_000_000))?;
        error::number("the drift", self.drift, (0.0, 10.0))?;
        error::number("the noise", self.noise, (0.0, 10.0))?;
        let settings = Settings {
            bond_moving_avg: self.bond_moving_avg,
            clipping: Clipping::Raw,
            ..Settings::default()
        };
        let setup = Setup { rule: Rule::Yuma2, settings };
        error::count("--runs", u64::from(runs), (1, 100_000))?;
        let mut sums: Vec<Mean> = lags.iter().map(|_| Mean::default()).collect();
        for run in 0..runs {
            let mut stream = Stream::of(seed, "copier", u64::from(run));
            let fresh = |lag| Copy {
                yuma: Yuma::new(setup),
                seen: Vec::new(),
                lag,
                ratio: Mean::default(),
            };
            let mut copies: Vec<Copy> = lags.iter().copied().map(fresh).collect();
            self.play(&mut copies, &mut stream);
            sums.iter_mut().zip(&copies).for_each(|(sum, copy)| sum.add(copy.ratio.value()));
        }
        Ok(sums.iter().map(Mean::value).collect())
    }

    fn play(&self, copies: &mut [Copy], stream: &mut Stream) {
        let stakes = vec![1.0; self.validators];
        let mut quality = vec![0.0_f64; self.servers];
        for epoch in 0..self.settling.saturating_add(self.epochs) {
            for server in &mut quality {
                *server += self.drift * stream.normal() - self.reversion * *server;
            }
            let honest: Vec<Vec<f32>> =
                (1..self.validators).map(|_| self.measure(&quality, stream)).collect();
            for copy in copies.iter_mut() {
                copy.epoch(&honest, &stakes, epoch >= self.settling);
            }
        }
    }

    fn measure(&self, quality: &[f64], stream: &mut Stream) -> Vec<f32> {
        let measured = quality.iter().map(|server| {
            let error = 1.0 + self.noise * stream.normal();
            super::single((server.exp() * error).max(0.0))
        });
        measured.collect()
    }
}

impl Copy {
    fn epoch(&mut self, honest: &[Vec<f32>], stakes: &[f32], counts: bool) {
        // The last consensus is always public; a lag hides that many more.
        let public = self.seen.len().checked_sub(self.lag + 1);
        let known = public.and_then(|at| self.seen.get(at)).or(self.seen.first());
        let copied = known.or(honest.first()).cloned().unwrap_or_default();
        let rows: Vec<Vec<f32>> = std::iter::once(copied).chain(honest.iter().cloned()).collect();
        let Some(weights) = Matrix::of(&rows) else { return };
        let found = self.yuma.step(&weights, stakes);
        self.seen.push(found.consensus);
        if !counts {
            return;
        }
        if let Some((copier, others)) = found.dividends.split_first() {
            let sum: f64 = others.iter().copied().map(f64::from).sum();
            let count = f64::from(u32::try_from(others.len()).unwrap_or(u32::MAX));
            self.ratio.add(f64::from(*copier) * count / sum);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::{COPIER, LAGS};

    #[test]
    fn a_copier_earns_what_the_known_table_says_within_two_percent() {
        let scale = u32::try_from(crate::calculators::runs(1)).unwrap();
        for (drift, known) in COPIER {
            // A market that drifts far has a few large servers, and differs more from run to run:
            // its longest lags need the many runs of a scaled test.
            let (runs, lags) = if drift < 0.2 {
                (scale, vec![0, 3, 5])
            } else if scale == 1 {
                (2, vec![0, 1, 3])
            } else {
                (6 * scale, (0..LAGS.len()).collect())
            };
            let chosen: Vec<usize> = lags.iter().map(|lag| LAGS[*lag]).collect();
            let found = Market { drift, ..Market::default() }.ratios(&chosen, runs, 1).unwrap();
            for (lag, found) in lags.iter().zip(&found) {
                let off = (found / known[*lag] - 1.0).abs();
                assert!(
                    off < 0.02,
                    "drift {drift} lag {}: {found}, not {}",
                    LAGS[*lag],
                    known[*lag]
                );
            }
        }
    }

    #[test]
    fn where_nothing_moves_no_lag_makes_copying_lose() {
        let still = Market { drift: 0.0, epochs: 40, ..Market::default() };
        let found = still.ratios(&[0, 16], 1, 3).unwrap();
        assert!(found.iter().all(|ratio| *ratio > 1.005), "{found:?}");
    }

    #[test]
    fn a_market_without_honest_validators_is_refused() {
        let alone = Market { validators: 1, ..Market::default() };
        let refused = alone.ratios(&[0], 1, 1).unwrap_err().to_string();
        assert_eq!(refused, "validators must be 2 to 4096, not 1");
    }
}
