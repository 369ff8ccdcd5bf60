//! A dense matrix: a row for each validator, a column for each server.

/// Rows of single-precision numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    width: usize,
    cells: Vec<f32>,
}

impl Matrix {
    /// Out of rows; `None` if they are not equally long.
    #[must_use]
    pub fn of(rows: &[Vec<f32>]) -> Option<Self> {
        let width = rows.first().map_or(0, Vec::len);
        let even = rows.iter().all(|row| row.len() == width);
        even.then(|| Self { width, cells: rows.concat() })
    }

    /// All zeros, in the shape of another.
    #[must_use]
    pub fn zeros_like(other: &Self) -> Self {
        Self { width: other.width, cells: vec![0.0; other.cells.len()] }
    }

    /// How many columns there are.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.width
    }

    /// The rows.
    pub fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.cells.chunks(self.width.max(1))
    }

    /// One column.
    pub fn column(&self, at: usize) -> impl Iterator<Item = f32> {
        self.cells.iter().skip(at).step_by(self.width.max(1)).copied()
    }

    /// Makes one column zero.
    pub fn clear_column(&mut self, at: usize) {
        let width = self.width.max(1);
        self.cells.iter_mut().skip(at).step_by(width).for_each(|cell| *cell = 0.0);
    }

    /// The sum of each column.
    #[must_use]
    pub fn column_sums(&self) -> Vec<f32> {
        let mut sums = vec![0.0; self.width];
        for row in self.rows() {
            sums.iter_mut().zip(row).for_each(|(sum, cell)| *sum += cell);
        }
        sums
    }

    /// Each row's cells, with something that belongs to the row.
    #[must_use]
    pub fn by_row(&self, beside: &[f32], of: impl Fn(f32, f32) -> f32) -> Self {
        let cells = self.rows().zip(beside).flat_map(|(row, with)| row.iter().map(|c| (*c, *with)));
        Self { width: self.width, cells: cells.map(|(cell, with)| of(cell, with)).collect() }
    }

    /// Each cell with something that belongs to its column.
    #[must_use]
    pub fn by_column(&self, above: &[f32], of: impl Fn(f32, f32) -> f32) -> Self {
        let cells = self.rows().flat_map(|row| row.iter().zip(above));
        Self { width: self.width, cells: cells.map(|(cell, with)| of(*cell, *with)).collect() }
    }

    /// Each cell with that of another matrix of the same shape.
    #[must_use]
    pub fn with(&self, other: &Self, of: impl Fn(f32, f32) -> f32) -> Self {
        let cells = self.cells.iter().zip(&other.cells).map(|(a, b)| of(*a, *b)).collect();
        Self { width: self.width, cells }
    }

    /// Each cell by itself.
    #[must_use]
    pub fn map(&self, of: impl Fn(f32) -> f32) -> Self {
        Self { width: self.width, cells: self.cells.iter().map(|cell| of(*cell)).collect() }
    }

    /// Each column over its sum plus `guard`; a column without a sum is zero.
    #[must_use]
    pub fn shares_of_columns(&self, guard: f32) -> Self {
        let sums = self.column_sums();
        self.by_column(&sums, |cell, sum| finite(cell / (sum + guard)))
    }

    /// The sum over columns of each row's cells times the column's factor.
    #[must_use]
    pub fn times(&self, factors: &[f32]) -> Vec<f32> {
        self.rows().map(|row| row.iter().zip(factors).map(|(a, b)| a * b).sum()).collect()
    }

    /// The rows as lists.
    #[must_use]
    pub fn to_rows(&self) -> Vec<Vec<f32>> {
        self.rows().map(<[f32]>::to_vec).collect()
    }
}

/// Nothing over nothing is nothing.
pub(super) const fn finite(x: f32) -> f32 {
    if x.is_nan() { 0.0 } else { x }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_rows_and_shares_by_hand() {
        let m = Matrix::of(&[vec![1.0, 2.0], vec![3.0, 0.0]]).unwrap();
        assert_eq!(m.column(1).collect::<Vec<_>>(), [2.0, 0.0]);
        assert_eq!(m.column_sums(), [4.0, 2.0]);
        assert_eq!(m.times(&[1.0, 10.0]), [21.0, 3.0]);
        assert_eq!(m.shares_of_columns(0.0).to_rows(), [[0.25, 1.0], [0.75, 0.0]]);
        assert_eq!(m.by_row(&[2.0, 3.0], |c, r| c * r).to_rows(), [[2.0, 4.0], [9.0, 0.0]]);
        let mut cleared = m.clone();
        cleared.clear_column(0);
        assert_eq!(cleared.column(0).sum::<f32>(), 0.0);
        assert_eq!(cleared.shares_of_columns(0.0).column_sums(), [0.0, 1.0]);
        assert_eq!(Matrix::of(&[vec![1.0], vec![]]), None);
    }
}
