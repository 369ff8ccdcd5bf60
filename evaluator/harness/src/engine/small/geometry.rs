//! Where the numbers of a convolution lie.

/// A convolution of two spatial axes with steps of one; rows stand before columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Geometry {
    /// Planes of an image.
    pub(super) channels: usize,
    /// The sides of an image.
    pub(super) image: [usize; 2],
    /// The sides of the window that is moved over it.
    pub(super) window: [usize; 2],
    /// Zeros above and left of an image.
    pub(super) before: [usize; 2],
    /// Planes of a result.
    pub(super) outputs: usize,
    /// The sides of a result.
    pub(super) result: [usize; 2],
}

impl Geometry {
    /// How many products make one number of the result.
    pub(super) fn taps(&self) -> usize {
        self.channels * area(self.window)
    }

    /// How many products make the result, or the most that can be said.
    pub(super) fn products(&self) -> usize {
        let Self { channels, image: _, window: [high, wide], before: _, outputs, result } = *self;
        let [rows, columns] = result;
        [high, wide, outputs, rows, columns].into_iter().fold(channels, usize::saturating_mul)
    }
}

/// The size of a plane.
pub(super) fn area([rows, columns]: [usize; 2]) -> usize {
    rows * columns
}

/// An image among zeros, so that a window that reaches over its border needs no question, and a
/// vector that starts in a row ends in it.
#[derive(Debug)]
pub(super) struct Padded {
    pub(super) numbers: Vec<f32>,
    /// From one row to the next.
    pub(super) pitch: usize,
    plane: usize,
    first: usize,
    wide: usize,
    high: usize,
}

impl Padded {
    /// Zeros for images that are read in vectors of `lanes` numbers.
    pub(super) fn new(geometry: &Geometry, lanes: usize) -> Self {
        let [high, wide] = geometry.image;
        let ([top, left], [rows, columns]) = (geometry.before, geometry.result);
        let [window_rows, window_columns] = geometry.window;
        let reach = columns.next_multiple_of(lanes) + window_columns - 1;
        let pitch = reach.max(left + wide);
        let plane = (rows + window_rows - 1).max(top + high) * pitch;
        let numbers = vec![0.0; geometry.channels * plane];
        Self { numbers, pitch, plane, first: top * pitch + left, wide, high }
    }

    /// Puts `image` in the place of the last one.
    pub(super) fn fill(&mut self, image: &[f32]) {
        let planes = self.numbers.chunks_exact_mut(self.plane);
        for (to, from) in planes.zip(image.chunks_exact(self.wide * self.high)) {
            let rows = to.get_mut(self.first..).unwrap_or_default().chunks_mut(self.pitch);
            for (to, from) in rows.zip(from.chunks_exact(self.wide)) {
                to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
            }
        }
    }

    /// Where each tap of a window lies, counted from the window's start.
    pub(super) fn offsets(&self, geometry: &Geometry) -> Vec<usize> {
        let [rows, columns] = geometry.window;
        let mut offsets = Vec::with_capacity(geometry.taps());
        for channel in 0..geometry.channels {
            for row in 0..rows {
                let start = channel * self.plane + row * self.pitch;
                offsets.extend(start..start + columns);
            }
        }
        offsets
    }
}
