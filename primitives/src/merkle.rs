//! Merkle trees over a transcript's leaves.
//!
//! node = H("NODE" | left | right); an odd node is promoted unchanged; the root binds the number
//! of leaves and the header: H("ROOT" | m | top | header). An opening shows that a leaf stands at
//! an index, in at most 32 steps.
//!
//! Spec: `docs/spec/08-transcript.md`.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use crate::bounded::BoundedVec;
use crate::hash::{Domain, Hash};

/// The largest number of steps from a leaf to the top.
pub const MAX_DEPTH: usize = 32;

/// Why an opening is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpeningError {
    /// There is no such leaf.
    #[error("there is no leaf {index} among {count}")]
    OutOfRange {
        /// The index that was opened.
        index: u32,
        /// The number of leaves.
        count: u32,
    },
    /// The path has another length than a tree of this size has at this index.
    #[error("the path of leaf {index} has {len} steps, which a tree of {count} leaves does not")]
    PathLength {
        /// The index that was opened.
        index: u32,
        /// The number of leaves.
        count: u32,
        /// The number of steps.
        len: usize,
    },
    /// The path leads to another root.
    #[error("the opening of leaf {index} leads to the root {reached}, not {expected}")]
    Root {
        /// The index that was opened.
        index: u32,
        /// Where the path leads.
        reached: Hash,
        /// The committed root.
        expected: Hash,
    },
}

/// The way from a leaf to the top: the sibling at each level that has one.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Path(BoundedVec<Hash, MAX_DEPTH>);

/// A tree with all its levels, to open leaves from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    /// From the leaves to the top.
    levels: Vec<Vec<Hash>>,
    count: u32,
}

impl Tree {
    /// The tree over leaf hashes; `None` above 2^32 - 1 leaves.
    #[must_use]
    pub fn new(leaves: Vec<Hash>) -> Option<Self> {
        let count = u32::try_from(leaves.len()).ok()?;
        let mut levels = vec![leaves];
        while let Some(last) = levels.last().filter(|level| level.len() > 1) {
            let next = last
                .chunks(2)
                .filter_map(|pair| match pair {
                    [left, right] => Some(join(left, right)),
                    [odd] => Some(*odd),
                    _ => None,
                })
                .collect();
            levels.push(next);
        }
        Some(Self { levels, count })
    }

    /// The root under `header`.
    #[must_use]
    pub fn root(&self, header: Hash) -> Hash {
        let top = self.levels.last().and_then(|level| level.first()).copied().unwrap_or_default();
        bind(self.count, top, header)
    }

    /// The path of leaf `index`, if there is one.
    #[must_use]
    pub fn path(&self, index: u32) -> Option<Path> {
        if index >= self.count {
            return None;
        }
        let mut path = BoundedVec::new();
        let mut position = usize::try_from(index).ok()?;
        for level in &self.levels {
            if let Some(sibling) = level.get(position ^ 1).filter(|_| level.len() > 1) {
                path.push(*sibling).ok()?;
            }
            position >>= 1;
        }
        Some(Path(path))
    }
}

impl Path {
    /// The siblings, from the leaf up.
    #[must_use]
    pub fn steps(&self) -> &[Hash] {
        &self.0
    }

    /// Checks that `leaf` stands at `index` of the `count` leaves under `root` and `header`.
    ///
    /// # Errors
    /// [`OpeningError`] with the index and what was expected.
    pub fn check(
        &self,
        leaf: Hash,
        index: u32,
        count: u32,
        header: Hash,
        root: Hash,
    ) -> Result<(), OpeningError> {
        if index >= count {
            return Err(OpeningError::OutOfRange { index, count });
        }
        let wrong_length = OpeningError::PathLength { index, count, len: self.0.len() };
        let mut steps = self.0.iter();
        let (mut node, mut position, mut width) = (leaf, index, count);
        while width > 1 {
            let alone = position & 1 == 0 && position.checked_add(1) == Some(width);
            if !alone {
                let sibling = steps.next().ok_or(wrong_length)?;
                node = if position & 1 == 0 { join(&node, sibling) } else { join(sibling, &node) };
            }
            position >>= 1;
            width = width.div_ceil(2);
        }
        if steps.next().is_some() {
            return Err(wrong_length);
        }
        let reached = bind(count, node, header);
        if reached == root {
            Ok(())
        } else {
            Err(OpeningError::Root { index, reached, expected: root })
        }
    }
}

fn join(left: &Hash, right: &Hash) -> Hash {
    Hash::of(Domain::Node, &(left, right))
}

fn bind(count: u32, top: Hash, header: Hash) -> Hash {
    Hash::of(Domain::Root, &(count, top, header))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(count: u8) -> Vec<Hash> {
        (0..count).map(|i| Hash::of_bytes(Domain::Leaf, &[i])).collect()
    }

    #[test]
    fn every_leaf_of_every_small_tree_opens_at_its_index_alone() {
        let header = Hash::of_bytes(Domain::TranscriptHeader, b"h");
        for count in 1..=33u8 {
            let leaves = leaves(count);
            let tree = Tree::new(leaves.clone()).unwrap();
            let root = tree.root(header);
            for (index, leaf) in (0u32..).zip(&leaves) {
                let path = tree.path(index).unwrap();
                assert_eq!(path.check(*leaf, index, count.into(), header, root), Ok(()));
                for other in (0..u32::from(count)).filter(|other| *other != index) {
                    assert!(path.check(*leaf, other, count.into(), header, root).is_err());
                }
            }
            assert_eq!(tree.path(count.into()), None);
        }
    }

    #[test]
    fn the_root_binds_the_count_and_the_header() {
        let (header, tree) = (Hash::ZERO, Tree::new(leaves(3)).unwrap());
        let leaf = leaves(3)[2];
        let path = tree.path(2).unwrap();
        let root = tree.root(header);
        let other = Hash::of_bytes(Domain::TranscriptHeader, b"other");
        assert!(path.check(leaf, 2, 3, other, root).is_err());
        assert!(path.check(leaf, 2, 4, header, root).is_err());
    }
}
