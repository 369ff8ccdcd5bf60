//! Points that fill a cube evenly: the Sobol sequence, Latin hypercubes, and paths along axes.
//!
//! The sequence is that of Joe and Kuo (direction numbers `new-joe-kuo-6.21201`), in the order of
//! Antonov and Saleev, moved by one random exclusive-or for each dimension: the seed changes the
//! points, and every power of two of them still has its share in every box that the sequence
//! promises.
//!
//! # Not here
//! What the places in the cube mean.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use crate::lab::stats::{below, float_of, uniform};

/// The most dimensions.
pub const MAX_DIMENSIONS: usize = DIRECTIONS.len() + 1;

/// Bits of a coordinate.
const BITS: usize = 32;

/// For each dimension after the first: the polynomial's inner coefficients, then the first numbers.
const DIRECTIONS: [&[u32]; 31] = [
    &[0, 1],
    &[1, 1, 3],
    &[1, 1, 3, 1],
    &[2, 1, 1, 1],
    &[1, 1, 1, 3, 3],
    &[4, 1, 3, 5, 13],
    &[2, 1, 1, 5, 5, 17],
    &[4, 1, 1, 5, 5, 5],
    &[7, 1, 1, 7, 11, 19],
    &[11, 1, 1, 5, 1, 1],
    &[13, 1, 1, 1, 3, 11],
    &[14, 1, 3, 5, 5, 31],
    &[1, 1, 3, 3, 9, 7, 49],
    &[13, 1, 1, 1, 15, 21, 21],
    &[16, 1, 3, 1, 13, 27, 49],
    &[19, 1, 1, 1, 15, 7, 5],
    &[22, 1, 3, 1, 15, 13, 25],
    &[25, 1, 1, 5, 5, 19, 61],
    &[1, 1, 3, 7, 11, 23, 15, 103],
    &[4, 1, 3, 7, 13, 13, 15, 69],
    &[7, 1, 1, 3, 13, 7, 35, 63],
    &[8, 1, 3, 5, 9, 1, 25, 53],
    &[14, 1, 3, 1, 13, 9, 35, 107],
    &[19, 1, 3, 1, 5, 27, 61, 31],
    &[21, 1, 1, 5, 11, 19, 41, 61],
    &[28, 1, 3, 5, 3, 3, 13, 69],
    &[31, 1, 1, 7, 13, 1, 19, 1],
    &[32, 1, 3, 7, 5, 13, 19, 59],
    &[37, 1, 1, 3, 9, 25, 29, 41],
    &[41, 1, 3, 5, 13, 23, 1, 55],
    &[42, 1, 3, 7, 3, 13, 59, 17],
];

/// The sequence in some dimensions.
#[derive(Debug, Clone)]
pub struct Sobol {
    directions: Vec<[u32; BITS]>,
    shift: Vec<u32>,
}

impl Sobol {
    /// The sequence in so many dimensions, at most [`MAX_DIMENSIONS`], moved as the seed says.
    #[must_use]
    pub fn new(dimensions: usize, seed: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let shift = (0..dimensions).map(|_| random.next_u32()).collect();
        Self { shift, ..Self::plain(dimensions) }
    }

    /// The sequence where it starts: with the corner of the cube.
    #[must_use]
    pub fn plain(dimensions: usize) -> Self {
        let first = std::array::from_fn(|bit| 1 << (BITS - 1 - bit));
        let rest = DIRECTIONS.iter().map(|numbers| directions(numbers));
        let directions = std::iter::once(first).chain(rest).take(dimensions).collect();
        Self { directions, shift: vec![0; dimensions] }
    }

    /// The point with this number, each coordinate from 0 to below 1.
    #[must_use]
    pub fn point(&self, number: u64) -> Vec<f64> {
        let gray = number ^ (number >> 1);
        let coordinate = |(directions, shift): (&[u32; BITS], &u32)| {
            let bits = directions.iter().enumerate().filter(|(bit, _)| gray >> bit & 1 == 1);
            let mixed = bits.fold(*shift, |mixed, (_, direction)| mixed ^ direction);
            f64::from(mixed) / 4_294_967_296.0
        };
        self.directions.iter().zip(&self.shift).map(coordinate).collect()
    }
}

/// The direction numbers of one dimension by its recurrence.
fn directions(numbers: &[u32]) -> [u32; BITS] {
    let (coefficients, first) = numbers.split_first().unwrap_or((&0, &[]));
    let degree = first.len();
    let mut found: Vec<u32> = Vec::with_capacity(BITS);
    for bit in 0..BITS {
        let back = |by: usize| bit.checked_sub(by).and_then(|at| found.get(at)).copied();
        let direction = if let Some(number) = first.get(bit) {
            number << (BITS - 1 - bit)
        } else {
            let last = back(degree).unwrap_or(0);
            let inner = (1..degree).filter(|by| coefficients >> (degree - 1 - by) & 1 == 1);
            inner.fold(last ^ (last >> degree), |mixed, by| mixed ^ back(by).unwrap_or(0))
        };
        found.push(direction);
    }
    std::array::from_fn(|bit| found.get(bit).copied().unwrap_or(0))
}

/// A Latin hypercube: each of `samples` equal slices of each dimension holds one point.
#[derive(Debug, Clone)]
pub struct Latin {
    columns: Vec<Vec<f64>>,
}

impl Latin {
    /// A hypercube that follows from the seed.
    #[must_use]
    pub fn new(dimensions: usize, samples: usize, seed: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut column = || {
            let mut slices: Vec<usize> = (0..samples).collect();
            for last in (1..samples).rev() {
                slices.swap(last, below(&mut random, last + 1));
            }
            let place = |slice| (float_of(slice) + uniform(&mut random)) / float_of(samples);
            slices.into_iter().map(place).collect()
        };
        Self { columns: (0..dimensions).map(|_| column()).collect() }
    }

    /// The point with this number.
    #[must_use]
    pub fn point(&self, number: usize) -> Vec<f64> {
        self.columns.iter().filter_map(|column| column.get(number).copied()).collect()
    }
}

/// A path through the cube along its axes, for elementary effects (Morris): it starts on a grid of
/// `levels`, and each step moves one coordinate, in random order, by half of the levels.
#[derive(Debug, Clone)]
pub struct Trajectory {
    /// Where it starts.
    pub start: Vec<f64>,
    /// The coordinates in the order in which they move, each with its step.
    pub steps: Vec<(usize, f64)>,
}

impl Trajectory {
    /// The trajectory with this number. `levels` is even.
    #[must_use]
    pub fn new(dimensions: usize, levels: usize, seed: u64, number: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(number);
        let last = float_of(levels.saturating_sub(1)).max(1.0);
        let stride = float_of(levels) / 2.0 / last;
        let mut start = Vec::with_capacity(dimensions);
        let mut steps = Vec::with_capacity(dimensions);
        for coordinate in 0..dimensions {
            let at = float_of(below(&mut random, levels)) / last;
            start.push(at);
            steps.push((coordinate, if at + stride <= 1.0 + 1e-9 { stride } else { -stride }));
        }
        for last in (1..dimensions).rev() {
            steps.swap(last, below(&mut random, last + 1));
        }
        Self { start, steps }
    }

    /// Where it is after so many steps.
    #[must_use]
    pub fn point(&self, after: usize) -> Vec<f64> {
        let mut point = self.start.clone();
        for (coordinate, step) in self.steps.iter().take(after) {
            if let Some(at) = point.get_mut(*coordinate) {
                *at = (*at + step).clamp(0.0, 1.0);
            }
        }
        point
    }
}

/// A seed for one use, from the experiment's seed and a name.
#[must_use]
pub fn seed_for(seed: &[u8; 32], what: &str) -> u64 {
    let hash = blake3::keyed_hash(seed, what.as_bytes());
    let mut bytes = [0; 8];
    bytes.iter_mut().zip(hash.as_bytes()).for_each(|(byte, from)| *byte = *from);
    u64::from_le_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::stats::floor;

    /// The first points of three dimensions, as every implementation of the sequence has them.
    #[test]
    fn the_sequence_starts_as_it_is_published() {
        let sobol = Sobol::plain(3);
        let expected = [
            [0.0, 0.0, 0.0],
            [0.5, 0.5, 0.5],
            [0.75, 0.25, 0.25],
            [0.25, 0.75, 0.75],
            [0.375, 0.375, 0.625],
            [0.875, 0.875, 0.125],
        ];
        for (number, point) in (0..).zip(expected) {
            assert_eq!(sobol.point(number), point, "{number}");
        }
    }

    /// What the sequence promises of each dimension: among the first 2^k points, moved or not, each
    /// of 2^k equal slices has one.
    #[test]
    fn every_slice_of_every_dimension_has_its_point() {
        for sobol in [Sobol::plain(MAX_DIMENSIONS), Sobol::new(MAX_DIMENSIONS, 5)] {
            let points: Vec<Vec<f64>> = (0..256).map(|number| sobol.point(number)).collect();
            for dimension in 0..MAX_DIMENSIONS {
                let mut hit = [0u32; 256];
                points.iter().for_each(|point| hit[floor(point[dimension] * 256.0)] += 1);
                assert_eq!(hit, [1; 256], "dimension {dimension}");
            }
        }
        assert_ne!(Sobol::new(2, 5).point(3), Sobol::new(2, 6).point(3));
    }

    #[test]
    fn every_slice_of_a_hypercube_has_its_point() {
        let latin = Latin::new(4, 50, 9);
        for dimension in 0..4 {
            let mut hit = [0u32; 50];
            (0..50).for_each(|number| hit[floor(latin.point(number)[dimension] * 50.0)] += 1);
            assert_eq!(hit, [1; 50]);
        }
    }

    #[test]
    fn a_trajectory_moves_each_coordinate_once_and_stays_in_the_cube() {
        for number in 0..200 {
            let path = Trajectory::new(5, 4, 2, number);
            let mut moved = [0; 5];
            for step in 0..5 {
                let (before, after) = (path.point(step), path.point(step + 1));
                let changed: Vec<usize> = (0..5).filter(|at| before[*at] != after[*at]).collect();
                assert_eq!(changed, [path.steps[step].0]);
                moved[changed[0]] += 1;
                let size = (after[changed[0]] - before[changed[0]]).abs();
                assert!((size - 2.0 / 3.0).abs() < 1e-12, "{size}");
                assert!(after.iter().all(|at| (0.0..=1.0).contains(at)));
            }
            assert_eq!(moved, [1; 5]);
        }
    }
}
