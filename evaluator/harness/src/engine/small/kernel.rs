//! The arithmetic of a convolution, in the vectors of the machine.
//!
//! A vector holds neighbours of one row of the result, a block eight of its planes. The windows of
//! a vector are copied side by side once and then multiplied with every block.

use pulp::{Arch, Simd, WithSimd};

use super::geometry::{Geometry, Padded, area};

/// How many planes of the result are summed at a time: as many sums as the multipliers of today's
/// processors need to be busy all the time.
pub(super) const BLOCK: usize = 8;

/// Images, weights and where the results go.
#[derive(Debug)]
pub(super) struct Convolve<'a> {
    pub(super) geometry: &'a Geometry,
    /// Image after image.
    pub(super) images: &'a [f32],
    /// Block after block, each tap's weights for the planes of the block side by side.
    pub(super) weights: &'a [[f32; BLOCK]],
    /// What is added to every number of a plane.
    pub(super) bias: &'a [[f32; BLOCK]],
    pub(super) results: &'a mut [f32],
}

/// Whether this machine has vectors with fused multiply-adds. Without them the same bits would
/// cost a call of a function for each product.
pub(super) fn is_fast_here() -> bool {
    lanes() >= 4
}

impl Convolve<'_> {
    pub(super) fn run(self) {
        Arch::new().dispatch(self);
    }
}

impl WithSimd for Convolve<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { geometry, images, weights, bias, results } = self;
        let [rows, columns] = geometry.result;
        let mut padded = Padded::new(geometry, S::F32_LANES);
        let offsets = padded.offsets(geometry);
        let mut windows = vec![simd.splat_f32s(0.0); offsets.len()];
        let image = geometry.channels * area(geometry.image);
        let result = geometry.outputs * area(geometry.result);
        for (image, result) in images.chunks_exact(image).zip(results.chunks_exact_mut(result)) {
            padded.fill(image);
            for row in 0..rows {
                for column in (0..columns).step_by(S::F32_LANES) {
                    let start = row * padded.pitch + column;
                    copy::<S>(&padded.numbers, start, &offsets, &mut windows);
                    let at = row * columns + column;
                    let place = at..at + (columns - column).min(S::F32_LANES);
                    let blocks = weights.chunks_exact(offsets.len()).zip(bias);
                    let planes = result.chunks_mut(BLOCK * rows * columns);
                    for ((weights, bias), planes) in blocks.zip(planes) {
                        let sums = sum(simd, &windows, weights);
                        for ((plane, sum), bias) in
                            planes.chunks_exact_mut(rows * columns).zip(sums).zip(bias)
                        {
                            let sum = simd.add_f32s(sum, simd.splat_f32s(*bias));
                            store(simd, plane.get_mut(place.clone()).unwrap_or_default(), sum);
                        }
                    }
                }
            }
        }
    }
}

/// The vectors of the windows that start at `start` and its neighbours.
#[inline(always)]
fn copy<S: Simd>(numbers: &[f32], start: usize, offsets: &[usize], windows: &mut [S::f32s]) {
    let from = numbers.get(start..).unwrap_or_default();
    for (window, offset) in windows.iter_mut().zip(offsets) {
        let vector = from.get(*offset..).and_then(|from| from.get(..S::F32_LANES));
        if let Some([vector]) = vector.map(|vector| S::as_simd_f32s(vector).0) {
            *window = *vector;
        }
    }
}

#[inline(always)]
fn sum<S: Simd>(simd: S, windows: &[S::f32s], weights: &[[f32; BLOCK]]) -> [S::f32s; BLOCK] {
    let mut sums = [simd.splat_f32s(0.0); BLOCK];
    for (window, weights) in windows.iter().zip(weights) {
        for (sum, weight) in sums.iter_mut().zip(weights) {
            *sum = simd.mul_add_f32s(*window, simd.splat_f32s(*weight), *sum);
        }
    }
    sums
}

/// At the end of a row a vector holds more than the row has places.
#[inline(always)]
fn store<S: Simd>(simd: S, row: &mut [f32], vector: S::f32s) {
    match S::as_mut_simd_f32s(row) {
        ([whole], []) => *whole = vector,
        (_, _) => simd.partial_store_f32s(row, vector),
    }
}

/// How many numbers a vector holds; 1 without vectors.
pub(super) fn lanes() -> usize {
    struct Lanes;
    impl WithSimd for Lanes {
        type Output = usize;

        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) -> usize {
            S::F32_LANES
        }
    }
    Arch::new().dispatch(Lanes)
}
