//! A whole tree at once: its root, and its nodes one after another.
//!
//! [`super::update`] adds to a tree that a store keeps, node by node. Whoever has all entries and
//! no tree - a node that starts, a snapshot that is checked or restored - sorts the leaves by where
//! they stand and builds from the bottom: each hash is computed once, and nothing but the leaves is
//! held in memory.
//!
//! # Invariants
//! - Root and nodes are, to the byte, those that [`super::update`] makes of the same entries in one
//!   version; a test with random entries holds the two together. The node's bytes are therefore
//!   written here by the layout of the tree library, whose types for them are private.
//!
//! Spec: `docs/spec/20-blocks.md`.

use borsh::BorshSerialize;
use jmt::SimpleHasher;
use jmt::proof::{INTERNAL_DOMAIN_SEPARATOR, LEAF_DOMAIN_SEPARATOR};
use probity_primitives::{Hash, Height, codec};

use super::{StateHasher, TreeUpdate, TreeValue, key_hash};

/// What stands where nothing is; the tree library's own.
const PLACEHOLDER: [u8; 32] = *b"SPARSE_MERKLE_PLACEHOLDER_HASH__";

/// A node's name: the version that wrote it, and the way to it from the root.
#[derive(BorshSerialize)]
struct NodeKey {
    version: u64,
    nibbles: u64,
    path: Vec<u8>,
}

#[derive(BorshSerialize)]
enum Node<'a> {
    Null,
    Internal { children: &'a [Option<Child>; 16], count: u64, leaves: u64 },
    Leaf(&'a Leaf),
}

#[derive(Clone, Copy, BorshSerialize)]
struct Child {
    hash: [u8; 32],
    version: u64,
    kind: Kind,
}

#[derive(Clone, Copy, BorshSerialize)]
enum Kind {
    Leaf,
    Internal { leaves: u64 },
}

/// One entry of the tree: where it stands, and the hash of its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, BorshSerialize)]
struct Leaf {
    key: [u8; 32],
    value: [u8; 32],
}

impl Leaf {
    fn hash(&self) -> [u8; 32] {
        let Self { key, value } = self;
        digest([LEAF_DOMAIN_SEPARATOR, key, value])
    }

    /// The four bits at a depth; none below the last.
    fn nibble(&self, depth: usize) -> usize {
        let byte = self.key.get(depth / 2).copied().unwrap_or_default();
        usize::from(if depth.is_multiple_of(2) { byte >> 4 } else { byte & 0x0f })
    }
}

/// The leaves of a whole tree.
#[derive(Debug, Clone, Default)]
pub struct Leaves {
    leaves: Vec<Leaf>,
}

impl<'a> FromIterator<(&'a [u8], &'a [u8])> for Leaves {
    /// The leaves of these entries, in any order; of two with one key the last counts.
    fn from_iter<I: IntoIterator<Item = (&'a [u8], &'a [u8])>>(entries: I) -> Self {
        let mut leaves = Self::default();
        for (key, value) in entries {
            leaves.push(key, value);
        }
        leaves
    }
}

impl Leaves {
    /// Adds an entry.
    pub fn push(&mut self, key: &[u8], value: &[u8]) {
        let key = *key_hash(key).as_bytes();
        self.leaves.push(Leaf { key, value: StateHasher::hash(value) });
    }

    /// How many leaves there are; of two with one key both count until they are sorted.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.leaves.len()
    }

    /// Whether there are no leaves.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.leaves.is_empty()
    }

    /// The root of the tree of these leaves, and the leaves in their order.
    #[must_use]
    pub fn rooted(mut self) -> (Self, Hash) {
        self.sort();
        let root = certain(self.walk(0, &mut |_, _, _| Ok(())));
        (self, root)
    }

    /// Hands out every node of the tree at `height`, encoded key and encoded node, and gives the
    /// root.
    ///
    /// # Errors
    /// Whatever `sink` refuses with; the rest is not built then.
    pub fn build<E>(
        mut self,
        height: Height,
        sink: &mut impl FnMut(Vec<u8>, Vec<u8>) -> Result<(), E>,
    ) -> Result<Hash, E> {
        self.sort();
        self.walk(height.0, &mut |key, depth, node| {
            let mut path: Vec<u8> = key.iter().take(depth.div_ceil(2)).copied().collect();
            if let Some(last) = path.last_mut().filter(|_| !depth.is_multiple_of(2)) {
                *last &= 0xf0;
            }
            let nibbles = u64::try_from(depth).unwrap_or(u64::MAX);
            let key = NodeKey { version: height.0, nibbles, path };
            sink(codec::encode(&key), codec::encode(node))
        })
    }

    fn sort(&mut self) {
        // Stable, so that the last of those with one key stays the last.
        self.leaves.sort_by_key(|leaf| leaf.key);
        self.leaves.reverse();
        self.leaves.dedup_by_key(|leaf| leaf.key);
        self.leaves.reverse();
    }

    fn walk<E, F>(&self, version: u64, sink: &mut F) -> Result<Hash, E>
    where
        F: FnMut(&[u8], usize, &Node<'_>) -> Result<(), E>,
    {
        let mut builder = Builder { version, sink };
        let root = match builder.subtree(&self.leaves, 0)? {
            Some(child) => child.hash,
            None => {
                (builder.sink)(&[], 0, &Node::Null)?;
                PLACEHOLDER
            }
        };
        Ok(Hash::from_bytes(root))
    }
}

struct Builder<'a, F> {
    version: u64,
    sink: &'a mut F,
}

impl<E, F: FnMut(&[u8], usize, &Node<'_>) -> Result<(), E>> Builder<'_, F> {
    /// Builds what stands below one way of `depth` nibbles: nothing, a leaf or a node.
    fn subtree(&mut self, leaves: &[Leaf], depth: usize) -> Result<Option<Child>, E> {
        let Some(first) = leaves.first() else { return Ok(None) };
        let version = self.version;
        if leaves.len() == 1 {
            (self.sink)(&first.key, depth, &Node::Leaf(first))?;
            return Ok(Some(Child { hash: first.hash(), version, kind: Kind::Leaf }));
        }
        let mut children = [None; 16];
        let mut rest = leaves;
        let mut count = 0u64;
        for (nibble, place) in children.iter_mut().enumerate() {
            let end = rest.partition_point(|leaf| leaf.nibble(depth) <= nibble);
            let (below, after) = rest.split_at_checked(end).unwrap_or((rest, &[]));
            rest = after;
            *place = self.subtree(below, depth.saturating_add(1))?;
            count = count.saturating_add(u64::from(place.is_some()));
        }
        let total = u64::try_from(leaves.len()).unwrap_or(u64::MAX);
        (self.sink)(
            &first.key,
            depth,
            &Node::Internal { children: &children, count, leaves: total },
        )?;
        let kind = Kind::Internal { leaves: total };
        Ok(Some(Child { hash: merkle(&children), version, kind }))
    }
}

/// The hash of some children: halves are hashed together, but one leaf alone stands for itself.
fn merkle(children: &[Option<Child>]) -> [u8; 32] {
    let mut there = children.iter().flatten();
    let Some(first) = there.next() else { return PLACEHOLDER };
    let alone = there.next().is_none();
    if children.len() == 1 || (alone && matches!(first.kind, Kind::Leaf)) {
        return first.hash;
    }
    let (left, right) = children.split_at(children.len() / 2);
    digest([INTERNAL_DOMAIN_SEPARATOR, &merkle(left), &merkle(right)])
}

/// What cannot fail has not failed.
fn certain<T>(result: Result<T, std::convert::Infallible>) -> T {
    match result {
        Ok(value) => value,
        Err(never) => match never {},
    }
}

fn digest(parts: [&[u8]; 3]) -> [u8; 32] {
    let mut hasher = StateHasher::new();
    for part in parts {
        SimpleHasher::update(&mut hasher, part);
    }
    hasher.finalize()
}

/// What a first version of these entries adds to an empty tree: what [`super::update`] gives.
#[must_use]
pub fn first(height: Height, entries: &[(Vec<u8>, Vec<u8>)]) -> TreeUpdate {
    let leaves: Leaves = entries.iter().map(|(key, value)| (&key[..], &value[..])).collect();
    let mut nodes = Vec::new();
    let root = certain(leaves.build(height, &mut |key, node| {
        nodes.push((key, node));
        Ok(())
    }));
    let values = entries.iter().map(|(key, value)| value_of(height, key, value)).collect();
    TreeUpdate { root, nodes, stale: Vec::new(), values }
}

/// The value of an entry as a version writes it beside the nodes.
#[must_use]
pub fn value_of(height: Height, key: &[u8], value: &[u8]) -> TreeValue {
    let bytes = codec::encode(&Some(value));
    TreeValue { key_hash: key_hash(key), version: height.0, bytes }
}

#[cfg(test)]
mod tests {
    use super::super::{MemoryTree, update};
    use super::*;
    use proptest::prelude::*;

    fn check(entries: &[(Vec<u8>, Vec<u8>)]) {
        let changes: Vec<_> =
            entries.iter().map(|(key, value)| (key.clone(), Some(value.clone()))).collect();
        let mut expected = update(&MemoryTree::new(), Height::ZERO, &changes).unwrap();
        let mut built = first(Height::ZERO, entries);
        for update in [&mut expected, &mut built] {
            update.nodes.sort();
            update.values.sort_by_key(|value| value.key_hash);
        }
        assert_eq!(built, expected);
        let leaves: Leaves = entries.iter().rev().map(|(k, v)| (&k[..], &v[..])).collect();
        assert_eq!(leaves.rooted().1, expected.root);
    }

    proptest! {
        #[test]
        fn a_tree_built_at_once_is_the_one_that_grows(
            entries in prop::collection::btree_map(
                prop::collection::vec(any::<u8>(), 1..40),
                prop::collection::vec(any::<u8>(), 0..40),
                0..400,
            ),
        ) {
            check(&entries.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_smallest_trees_are_alike_too() {
        for count in 0..40u16 {
            let entries: Vec<_> =
                (0..count).map(|n| (n.to_be_bytes().to_vec(), vec![7; 3])).collect();
            check(&entries);
        }
    }

    #[test]
    fn a_later_height_goes_on_from_a_tree_that_was_built_at_once() {
        let entry = |n: u32| (n.to_be_bytes().to_vec(), n.to_le_bytes().to_vec());
        let entries: Vec<_> = (0..500).map(entry).collect();
        let mut tree = MemoryTree::new();
        tree.commit(&first(Height(70), &entries), true);
        let changes = [(entry(3).0, None), (entry(900).0, Some(b"new".to_vec()))];
        let next = update(&tree, Height(71), &changes).unwrap();
        let mut after: Vec<_> = entries.into_iter().filter(|one| *one != entry(3)).collect();
        after.push((entry(900).0, b"new".to_vec()));
        assert_eq!(next.root, first(Height::ZERO, &after).root);
    }

    #[test]
    fn of_two_entries_with_one_key_the_last_counts() {
        let (one, two) = ((&b"k"[..], &b"1"[..]), (&b"k"[..], &b"2"[..]));
        let root = |entries: &[(&'static [u8], &'static [u8])]| {
            entries.iter().copied().collect::<Leaves>().rooted().1
        };
        assert_eq!(root(&[one, two]), root(&[two]));
        assert_ne!(root(&[one, two]), root(&[one]));
    }
}
