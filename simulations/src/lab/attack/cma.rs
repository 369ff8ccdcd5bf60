//! CMA-ES: a search in a cube that needs no slopes and bears noise (Hansen 2016, the tutorial's
//! defaults).
//!
//! It draws a handful of points around where it is, learns from the better half where to go and
//! along which directions to draw next, and does so for a given number of rounds. Points outside
//! the cube are moved to its wall before they are judged.
//!
//! # Not here
//! What is searched for.

#![expect(
    clippy::indexing_slicing,
    clippy::needless_range_loop,
    reason = "vectors and matrices of one size, made here, written as in the tutorial"
)]

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::lab::stats::{float_of, floor, uniform};

/// A search that is under way.
#[derive(Debug)]
pub struct Cma {
    random: ChaCha8Rng,
    mean: Vec<f64>,
    sigma: f64,
    covariance: Vec<Vec<f64>>,
    path_c: Vec<f64>,
    path_s: Vec<f64>,
    weights: Vec<f64>,
    effective: f64,
    population: usize,
    rounds: u32,
}

impl Cma {
    /// A search that begins here, in a cube of as many dimensions.
    #[must_use]
    pub fn new(start: &[f64], seed: u64) -> Self {
        let n = start.len();
        let population = 4 + floor(3.0 * float_of(n.max(1)).ln());
        let half = population / 2;
        let raw: Vec<f64> =
            (0..half).map(|i| (float_of(half) + 0.5).ln() - float_of(i + 1).ln()).collect();
        let sum: f64 = raw.iter().sum();
        let weights: Vec<f64> = raw.iter().map(|weight| weight / sum).collect();
        let effective = 1.0 / weights.iter().map(|weight| weight * weight).sum::<f64>();
        Self {
            random: ChaCha8Rng::seed_from_u64(seed),
            mean: start.to_vec(),
            sigma: 0.3,
            covariance: identity(n),
            path_c: vec![0.0; n],
            path_s: vec![0.0; n],
            weights,
            effective,
            population,
            rounds: 0,
        }
    }

    /// The next points to judge.
    pub fn ask(&mut self) -> Vec<Vec<f64>> {
        let (axes, lengths) = eigen(&self.covariance);
        let n = self.mean.len();
        (0..self.population)
            .map(|_| {
                let drawn: Vec<f64> =
                    lengths.iter().map(|l| l * normal(&mut self.random)).collect();
                let along = |row: usize| (0..n).map(|k| axes[row][k] * drawn[k]).sum::<f64>();
                (0..n)
                    .map(|row| (self.mean[row] + self.sigma * along(row)).clamp(0.0, 1.0))
                    .collect()
            })
            .collect()
    }

    /// Learns from judged points; more is better.
    pub fn tell(&mut self, mut judged: Vec<(Vec<f64>, f64)>) {
        let n = self.mean.len();
        let dimensions = float_of(n.max(1));
        judged.sort_by(|(_, one), (_, other)| other.total_cmp(one));
        self.rounds = self.rounds.saturating_add(1);
        let steps: Vec<Vec<f64>> = judged
            .iter()
            .take(self.weights.len())
            .map(|(point, _)| (0..n).map(|i| (point[i] - self.mean[i]) / self.sigma).collect())
            .collect();
        let mix =
            |i: usize| steps.iter().zip(&self.weights).map(|(step, w)| w * step[i]).sum::<f64>();
        let step: Vec<f64> = (0..n).map(mix).collect();

        let mu = self.effective;
        let c_s = (mu + 2.0) / (dimensions + mu + 5.0);
        let damping = 1.0 + c_s + 2.0 * (((mu - 1.0) / (dimensions + 1.0)).sqrt() - 1.0).max(0.0);
        let c_c = (4.0 + mu / dimensions) / (dimensions + 4.0 + 2.0 * mu / dimensions);
        let c_1 = 2.0 / ((dimensions + 1.3).powi(2) + mu);
        let c_mu = (1.0 - c_1)
            .min(2.0 * (mu - 2.0 + 1.0 / mu) / ((dimensions + 2.0).powi(2) + mu))
            .max(0.0);
        let expected = dimensions.sqrt()
            * (1.0 - 1.0 / (4.0 * dimensions) + 1.0 / (21.0 * dimensions * dimensions));

        let (axes, lengths) = eigen(&self.covariance);
        let white: Vec<f64> = (0..n)
            .map(|k| (0..n).map(|row| axes[row][k] * step[row]).sum::<f64>() / lengths[k])
            .collect();
        for i in 0..n {
            let back = (0..n).map(|k| axes[i][k] * white[k]).sum::<f64>();
            self.path_s[i] = (1.0 - c_s) * self.path_s[i] + (c_s * (2.0 - c_s) * mu).sqrt() * back;
        }
        let length = self.path_s.iter().map(|x| x * x).sum::<f64>().sqrt();
        let settled = (1.0 - (1.0 - c_s).powf(2.0 * f64::from(self.rounds))).sqrt();
        let moving = length / settled < (1.4 + 2.0 / (dimensions + 1.0)) * expected;
        let pull = if moving { (c_c * (2.0 - c_c) * mu).sqrt() } else { 0.0 };
        for i in 0..n {
            self.path_c[i] = (1.0 - c_c) * self.path_c[i] + pull * step[i];
        }
        let kept = if moving { 0.0 } else { c_1 * c_c * (2.0 - c_c) };
        for i in 0..n {
            for j in 0..n {
                let rank_mu: f64 =
                    steps.iter().zip(&self.weights).map(|(step, w)| w * step[i] * step[j]).sum();
                self.covariance[i][j] = (1.0 - c_1 - c_mu + kept) * self.covariance[i][j]
                    + c_1 * self.path_c[i] * self.path_c[j]
                    + c_mu * rank_mu;
            }
        }
        for i in 0..n {
            self.mean[i] = (self.mean[i] + self.sigma * step[i]).clamp(0.0, 1.0);
        }
        self.sigma *= ((c_s / damping) * (length / expected - 1.0)).exp();
        self.sigma = self.sigma.clamp(1e-6, 1.0);
    }
}

fn identity(n: usize) -> Vec<Vec<f64>> {
    (0..n).map(|i| (0..n).map(|j| if i == j { 1.0 } else { 0.0 }).collect()).collect()
}

/// The axes of a symmetric matrix, as columns, and the root of its value along each (Jacobi).
fn eigen(matrix: &[Vec<f64>]) -> (Vec<Vec<f64>>, Vec<f64>) {
    let n = matrix.len();
    let (mut a, mut axes) = (matrix.to_vec(), identity(n));
    for _ in 0..60 {
        let off: f64 =
            (0..n).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| a[i][j].abs()).sum();
        if off < 1e-14 {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                if a[p][q].abs() < 1e-300 {
                    continue;
                }
                let theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
                let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
                let t = if theta == 0.0 { 1.0 } else { t };
                let c = 1.0 / (t * t + 1.0).sqrt();
                let s = t * c;
                for row in &mut a {
                    (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
                }
                for k in 0..n {
                    (a[p][k], a[q][k]) = (c * a[p][k] - s * a[q][k], s * a[p][k] + c * a[q][k]);
                }
                for row in &mut axes {
                    (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
                }
            }
        }
    }
    let lengths = (0..n).map(|i| a[i][i].max(1e-20).sqrt()).collect();
    (axes, lengths)
}

/// A draw of the standard normal distribution (Box and Muller).
fn normal(random: &mut ChaCha8Rng) -> f64 {
    let radius = (-2.0 * (1.0 - uniform(random)).ln()).sqrt();
    radius * (std::f64::consts::TAU * uniform(random)).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(start: &[f64], rounds: usize, judge: impl Fn(&[f64]) -> f64) -> Vec<f64> {
        let mut cma = Cma::new(start, 4);
        for _ in 0..rounds {
            let judged = cma.ask().into_iter().map(|point| (judge(&point), point));
            let judged = judged.map(|(value, point)| (point, value)).collect();
            cma.tell(judged);
        }
        cma.mean
    }

    #[test]
    fn the_top_of_a_hill_is_found() {
        let top = [0.2, 0.7, 0.5, 0.9];
        let hill = |x: &[f64]| -x.iter().zip(top).map(|(x, top)| (x - top).powi(2)).sum::<f64>();
        for (found, top) in search(&[0.5; 4], 80, hill).iter().zip(top) {
            assert!((found - top).abs() < 1e-3, "{found} {top}");
        }
    }

    /// A bent narrow valley, which needs the directions to be learnt.
    #[test]
    fn the_end_of_a_bent_valley_is_found() {
        let valley = |x: &[f64]| {
            let (a, b) = (4.0 * x[0] - 2.0, 4.0 * x[1] - 2.0);
            -((1.0 - a).powi(2) + 100.0 * (b - a * a).powi(2))
        };
        let found = search(&[0.2, 0.8], 150, valley);
        assert!((found[0] - 0.75).abs() < 0.01 && (found[1] - 0.75).abs() < 0.01, "{found:?}");
    }

    #[test]
    fn a_top_at_a_wall_is_found_at_the_wall() {
        let found = search(&[0.5, 0.5], 60, |x| x[0] - (x[1] - 0.25).powi(2));
        assert!(found[0] > 0.99 && (found[1] - 0.25).abs() < 0.02, "{found:?}");
    }

    #[test]
    fn a_matrix_is_made_up_again_of_its_axes() {
        let matrix = vec![vec![4.0, 1.0, 0.5], vec![1.0, 3.0, -0.2], vec![0.5, -0.2, 1.0]];
        let (axes, lengths) = eigen(&matrix);
        for i in 0..3 {
            for j in 0..3 {
                let sum: f64 =
                    (0..3).map(|k| axes[i][k] * lengths[k] * lengths[k] * axes[j][k]).sum();
                assert!((sum - matrix[i][j]).abs() < 1e-9, "{i} {j}: {sum}");
            }
        }
    }
}
