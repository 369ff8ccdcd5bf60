//! Tables: ordered maps that clone in constant time and remember what changed.
//!
//! A [`Table`] is a persistent map, so that a snapshot of a whole ledger costs nothing and a
//! refused transition is undone by dropping it. It also keeps the set of keys written since the
//! last [`Table::drain_changes`], which is what a block adds to the state tree.
//!
//! [`tables!`](crate::tables) makes a ledger of tables, each with its tag in the state tree. There
//! is one for the rules of evaluation and one for those of governance; both write into one tree, so
//! their tags are disjoint (`docs/spec/20-blocks.md` lists them).
//!
//! # Invariants
//! - A key is in the changed set if and only if it was inserted, removed or lent mutably since.
//! - A table's tag is never reused for another table.

use std::sync::Arc;

use borsh::{BorshDeserialize, BorshSerialize};
use imbl::{OrdMap, OrdSet};

use crate::codec::{self, CodecError};

/// One state entry that changed: its key, and its new value unless it was removed.
pub type Change = (Vec<u8>, Option<Vec<u8>>);

/// The longest entry that a table reads back, in bytes.
pub const MAX_ENTRY_BYTES: usize = 1 << 20;

/// An ordered map from keys to values.
#[derive(Debug, Clone)]
pub struct Table<K: Ord, V> {
    map: OrdMap<K, V>,
    changed: OrdSet<K>,
}

impl<K: Ord + Clone, V: Clone> Default for Table<K, V> {
    fn default() -> Self {
        Self { map: OrdMap::new(), changed: OrdSet::new() }
    }
}

impl<K: Ord + Clone, V: Clone> Table<K, V> {
    /// The value under `key`.
    #[must_use]
    pub fn get(&self, key: &K) -> Option<&V> {
        self.map.get(key)
    }

    /// The value under `key`, to change.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let value = self.map.get_mut(key)?;
        self.changed.insert(key.clone());
        Some(value)
    }

    /// Whether there is a value under `key`.
    #[must_use]
    pub fn contains(&self, key: &K) -> bool {
        self.map.contains_key(key)
    }

    /// Puts `value` under `key`, in place of what was there.
    pub fn insert(&mut self, key: K, value: V) {
        self.changed.insert(key.clone());
        self.map.insert(key, value);
    }

    /// Takes away what is under `key`.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let value = self.map.remove(key)?;
        self.changed.insert(key.clone());
        Some(value)
    }

    /// The keys written since the last [`Self::drain_changes`], in ascending order.
    pub fn changed(&self) -> impl Iterator<Item = &K> {
        self.changed.iter()
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    /// All entries in ascending order of key.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.map.iter()
    }

    /// The entries within a range of keys, in ascending order.
    pub fn range<R: std::ops::RangeBounds<K>>(
        &self,
        range: R,
    ) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.map.range(range)
    }
}

impl<K, V> Table<K, V>
where
    K: Ord + Clone + BorshSerialize + BorshDeserialize,
    V: Clone + BorshSerialize + BorshDeserialize,
{
    /// The entries that changed since the last call, as bytes under the table's `tag`.
    pub fn drain_changes(&mut self, tag: u8, into: &mut Vec<Change>) {
        for key in std::mem::take(&mut self.changed) {
            let value = self.map.get(&key).map(codec::encode);
            into.push((state_key(tag, &key), value));
        }
    }

    /// All entries as bytes under the table's `tag`.
    pub fn entries(&self, tag: u8) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
        self.map.iter().map(move |(key, value)| (state_key(tag, key), codec::encode(value)))
    }

    /// Reads back one entry that [`Self::entries`] or [`Self::drain_changes`] gave, without the
    /// tag. It does not count as a change.
    ///
    /// # Errors
    /// [`CodecError`] for bytes that are not an entry of this table.
    pub fn load(&mut self, key: &[u8], value: &[u8]) -> Result<(), CodecError> {
        let key = codec::decode(key, MAX_ENTRY_BYTES)?;
        self.map.insert(key, codec::decode(value, MAX_ENTRY_BYTES)?);
        Ok(())
    }
}

/// A table of one entry, which can always be read and is part of the state from when it is first
/// written. Snapshots share it until one of them changes it.
#[derive(Debug, Clone, Default)]
pub struct Single<T> {
    value: Arc<T>,
    changed: bool,
    written: bool,
}

impl<T: Clone + BorshSerialize + BorshDeserialize> Single<T> {
    /// A single entry, which counts as changed.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self { value: Arc::new(value), changed: true, written: true }
    }

    /// The value.
    #[must_use]
    pub fn get(&self) -> &T {
        &self.value
    }

    /// The value, to change.
    pub fn get_mut(&mut self) -> &mut T {
        self.changed = true;
        self.written = true;
        Arc::make_mut(&mut self.value)
    }

    /// As [`Table::drain_changes`].
    pub fn drain_changes(&mut self, tag: u8, into: &mut Vec<Change>) {
        if std::mem::take(&mut self.changed) {
            into.push((vec![tag], Some(codec::encode(self.get()))));
        }
    }

    /// As [`Table::entries`]: none before it was written, because the state tree has none then.
    pub fn entries(&self, tag: u8) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
        self.written.then(|| (vec![tag], codec::encode(self.get()))).into_iter()
    }

    /// As [`Table::load`].
    ///
    /// # Errors
    /// [`CodecError`] for bytes that are not this entry.
    pub fn load(&mut self, _key: &[u8], value: &[u8]) -> Result<(), CodecError> {
        self.value = Arc::new(codec::decode(value, MAX_ENTRY_BYTES)?);
        self.written = true;
        Ok(())
    }
}

/// The bytes of a state key: the table's tag and the key's canonical bytes.
#[must_use]
pub fn state_key<K: BorshSerialize>(tag: u8, key: &K) -> Vec<u8> {
    let mut bytes = vec![tag];
    bytes.extend(codec::encode(key));
    bytes
}

/// Why stored bytes are not an entry of a ledger.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// A key of no bytes.
    #[error("a state key is empty")]
    EmptyKey,
    /// No table has this tag.
    #[error("no table has the tag {0:#04x}")]
    UnknownTag(u8),
    /// The entry does not belong to its table.
    #[error("an entry of the table {table} is damaged: {reason}")]
    Entry {
        /// The table's name.
        table: &'static str,
        /// What the decoder met.
        reason: CodecError,
    },
}

/// A ledger: named tables, each with its tag in the state tree, and an enum of those tags.
#[macro_export]
macro_rules! tables {
    (
        $(#[$ledger_doc:meta])* ledger $Ledger:ident;
        $(#[$tag_doc:meta])* tags $Tag:ident;
        $($(#[$doc:meta])* $field:ident: $table:ty = $tag:literal,)*
    ) => {
        $(#[$ledger_doc])*
        #[derive(Debug, Clone, Default)]
        pub struct $Ledger {
            $($(#[$doc])* pub $field: $table,)*
        }

        $(#[$tag_doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[expect(non_camel_case_types, reason = "named after the fields")]
        pub enum $Tag {
            $($(#[$doc])* $field,)*
        }

        impl $Tag {
            /// Every table.
            pub const ALL: &[Self] = &[$(Self::$field),*];

            /// The byte that the table's keys start with in the state tree.
            #[must_use]
            pub const fn byte(self) -> u8 {
                match self {
                    $(Self::$field => $tag,)*
                }
            }
        }

        impl $Ledger {
            /// Every entry written or removed since the last call, as state keys and values.
            pub fn drain_changes(&mut self) -> Vec<$crate::table::Change> {
                let mut changes = Vec::new();
                $(self.$field.drain_changes($tag, &mut changes);)*
                changes
            }

            /// Every entry, as state keys and values, in ascending order of tag.
            pub fn entries(&self) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
                std::iter::empty()$(.chain(self.$field.entries($tag)))*
            }

            /// Reads back one entry.
            ///
            /// # Errors
            /// [`LoadError`]($crate::table::LoadError) for an unknown tag or bytes that are not an
            /// entry of its table.
            pub fn load(
                &mut self,
                key: &[u8],
                value: &[u8],
            ) -> Result<(), $crate::table::LoadError> {
                use $crate::table::LoadError;
                let (tag, key) = key.split_first().ok_or(LoadError::EmptyKey)?;
                match *tag {
                    $($tag => self.$field.load(key, value).map_err(|reason| LoadError::Entry {
                        table: stringify!($field),
                        reason,
                    }),)*
                    other => Err(LoadError::UnknownTag(other)),
                }
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drained_change_is_the_newest_value_or_a_removal() {
        let mut table = Table::<u8, u16>::default();
        table.insert(1, 10);
        table.insert(2, 20);
        *table.get_mut(&1).unwrap() = 11;
        table.remove(&2);
        let mut changes = Vec::new();
        table.drain_changes(9, &mut changes);
        assert_eq!(changes, [(vec![9, 1], Some(vec![11, 0])), (vec![9, 2], None)]);
        changes.clear();
        table.drain_changes(9, &mut changes);
        assert!(changes.is_empty());
    }

    #[test]
    fn a_single_entry_is_listed_from_when_it_is_part_of_the_state() {
        let mut single = Single::<u16>::default();
        let mut changes = Vec::new();
        single.drain_changes(9, &mut changes);
        assert_eq!((changes.len(), single.entries(9).count()), (0, 0));
        *single.get_mut() = 3;
        assert_eq!(single.entries(9).collect::<Vec<_>>(), [(vec![9], vec![3, 0])]);
        let mut copy = Single::<u16>::default();
        copy.load(&[], &[3, 0]).unwrap();
        assert_eq!(copy.entries(9).count(), 1);
        assert_eq!(Single::new(5u16).entries(9).count(), 1);
    }

    #[test]
    fn snapshots_share_a_single_entry_until_one_changes_it() {
        let single = Single::new(vec![1u8]);
        let mut snapshot = single.clone();
        assert!(std::ptr::eq(single.get(), snapshot.get()));
        snapshot.get_mut().push(2);
        assert_eq!((single.get().as_slice(), snapshot.get().as_slice()), (&[1][..], &[1, 2][..]));
    }

    #[test]
    fn a_dropped_snapshot_leaves_no_trace() {
        let mut table = Table::<u8, u16>::default();
        table.insert(1, 10);
        table.drain_changes(9, &mut Vec::new());
        let mut snapshot = table.clone();
        snapshot.insert(1, 99);
        drop(snapshot);
        let mut changes = Vec::new();
        table.drain_changes(9, &mut changes);
        assert_eq!((table.get(&1), changes.len()), (Some(&10), 0));
    }

    #[test]
    fn entries_load_back_into_an_equal_table() {
        let mut table = Table::<u8, u16>::default();
        table.insert(1, 10);
        let mut copy = Table::<u8, u16>::default();
        for (key, value) in table.entries(9) {
            copy.load(&key[1..], &value).unwrap();
        }
        assert_eq!(copy.get(&1), Some(&10));
        assert!(copy.load(&[1, 2], &[0]).is_err());
    }
}
