//! What was written, and the database behind the journal does not have yet.
//!
//! There are two layers. What is written goes into the younger one; when the database is to have
//! it, the layer as a whole becomes the older one and stays until the database has made it durable.
//! Readers look at the younger layer, the older one and the database, in this order.
//!
//! # Invariants
//! - A layer is forgotten after the database has all of it, so a reader that finds nothing here
//!   finds the newest value there.
//! - A removal is kept as such: it hides what the database still has.
//!
//! # Not here
//! When the database gets a layer, and how much may wait: [`super::journaled`].
//!
//! Spec: `docs/spec/28-snapshots.md`.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::{Batch, Entries, Entry, MAX_KEY_BYTES, Store, StoreError, within};

/// Changes by their keys: a new value, or none for a removal.
pub(super) type Layer = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// What the database does not have yet.
#[derive(Debug, Default)]
pub(super) struct Recent(RwLock<Layers>);

#[derive(Debug, Default)]
struct Layers {
    young: Layer,
    /// How many bytes were written into the younger layer, also over each other.
    bytes: usize,
    old: Arc<Layer>,
}

impl Layers {
    fn get(&self, key: &[u8]) -> Option<&Option<Vec<u8>>> {
        self.young.get(key).or_else(|| self.old.get(key))
    }
}

impl Recent {
    fn read(&self) -> RwLockReadGuard<'_, Layers> {
        // Whoever panicked with it left whole entries.
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> RwLockWriteGuard<'_, Layers> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in what was written, and says how many bytes the younger layer has taken in.
    pub(super) fn add(&self, batch: Batch) -> usize {
        let mut layers = self.lock();
        for (key, value) in batch.into_changes() {
            let len = key.len().saturating_add(value.as_ref().map_or(0, Vec::len));
            layers.bytes = layers.bytes.saturating_add(len);
            layers.young.insert(key, value);
        }
        layers.bytes
    }

    /// Makes the younger layer the older one, for the database. The one before it is forgotten:
    /// the database has it.
    pub(super) fn age(&self) -> Arc<Layer> {
        let mut layers = self.lock();
        layers.bytes = 0;
        layers.old = Arc::new(std::mem::take(&mut layers.young));
        Arc::clone(&layers.old)
    }

    /// Forgets the older layer: the database has it.
    pub(super) fn forget(&self) {
        self.lock().old = Arc::default();
    }

    /// The value of `key` over what `database` has.
    pub(super) fn get(
        &self,
        database: &impl Store,
        key: &[u8],
    ) -> Result<Option<Vec<u8>>, StoreError> {
        if let Some(recent) = self.read().get(key) {
            return Ok(recent.clone());
        }
        database.get(key)
    }

    /// The entries whose keys begin with `prefix` and are less than `below`, over what `database`
    /// has. What is here of them is copied: whoever wants few says so by `below`.
    pub(super) fn scan<'a>(
        &self,
        database: &'a impl Store,
        prefix: &[u8],
        below: Option<&[u8]>,
    ) -> Result<Entries<'a>, StoreError> {
        let layers = self.read();
        let mut recent = Layer::new();
        for layer in [layers.old.as_ref(), &layers.young] {
            let among = from(layer, prefix).take_while(|(key, _)| within(key, prefix, below));
            recent.extend(among.map(|(key, value)| (key.clone(), value.clone())));
        }
        drop(layers);
        let database = database.scan(prefix, below)?;
        Ok(if recent.is_empty() { database } else { merged(database, recent) })
    }

    /// The entry with the greatest key that begins with `prefix` and is at most `key`, over what
    /// `database` has.
    pub(super) fn last_at_or_before(
        &self,
        database: &impl Store,
        prefix: &[u8],
        key: &[u8],
    ) -> Result<Option<Entry>, StoreError> {
        let layers = self.read();
        let recent = last(&layers, prefix, key);
        let mut highest = key.to_vec();
        loop {
            let found = database.last_at_or_before(prefix, &highest)?;
            match found {
                Some((key, _)) if layers.get(&key).is_some_and(Option::is_none) => {
                    let Some(before) = before(key) else { return Ok(recent) };
                    highest = before;
                }
                Some(found) => {
                    return Ok(Some(match recent {
                        Some(recent) if recent.0 >= found.0 => recent,
                        Some(_) | None => found,
                    }));
                }
                None => return Ok(recent),
            }
        }
    }
}

fn from<'a>(
    layer: &'a Layer,
    first: &[u8],
) -> impl Iterator<Item = (&'a Vec<u8>, &'a Option<Vec<u8>>)> {
    layer.range::<[u8], _>((Bound::Included(first), Bound::Unbounded))
}

/// The last entry of the layers that begins with `prefix`, is at most `key` and is not removed.
fn last(layers: &Layers, prefix: &[u8], key: &[u8]) -> Option<Entry> {
    if key < prefix {
        return None;
    }
    let range = (Bound::Included(prefix), Bound::Included(key));
    let last = |layer: &Layer| {
        let mut within = layer.range::<[u8], _>(range).rev();
        let there = within.find(|(key, _)| {
            key.starts_with(prefix) && layers.get(key).is_some_and(Option::is_some)
        });
        there.map(|(key, _)| key.clone())
    };
    let key = last(&layers.young).max(last(&layers.old))?;
    let value = layers.get(&key)?.clone()?;
    Some((key, value))
}

/// The greatest key that a store may have and that is less than `key`; none before the empty key.
fn before(mut key: Vec<u8>) -> Option<Vec<u8>> {
    let last = key.pop()?;
    if let Some(less) = last.checked_sub(1) {
        key.push(less);
        key.resize(MAX_KEY_BYTES.max(key.len()), u8::MAX);
    }
    Some(key)
}

/// Entries of a database with newer ones over them.
fn merged(database: Entries<'_>, recent: Layer) -> Entries<'_> {
    let (mut database, mut recent) = (database.peekable(), recent.into_iter().peekable());
    let next = move || loop {
        let Some((newer, _)) = recent.peek() else { return database.next() };
        match database.peek() {
            Some(Ok((key, _))) if key < newer => return database.next(),
            Some(Ok((key, _))) if key == newer => drop(database.next()),
            Some(Err(_)) => return database.next(),
            Some(Ok(_)) | None => {
                if let (key, Some(value)) = recent.next()? {
                    return Some(Ok((key, value)));
                }
            }
        }
    };
    Box::new(std::iter::from_fn(next))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::super::MemoryStore;
    use super::*;

    #[test]
    fn nothing_lies_between_a_key_and_the_one_before_it() {
        assert_eq!(before(vec![]), None);
        assert_eq!(before(vec![7, 0]), Some(vec![7]));
        let before = before(vec![7, 1]).unwrap();
        assert_eq!(before.len(), MAX_KEY_BYTES);
        assert!(before < vec![7, 1] && before > vec![7, 0, 0xff, 0xff]);
    }

    /// What happens to a store: a change of a key, and now and then the database gets a layer.
    #[derive(Debug, Clone)]
    enum Step {
        Write(Vec<(Vec<u8>, Option<u8>)>),
        Age,
        Forget,
    }

    fn key() -> impl Strategy<Value = Vec<u8>> {
        vec(prop_oneof![Just(0u8), Just(1), Just(255)], 0..4)
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => vec((key(), any::<Option<u8>>()), 1..6).prop_map(Step::Write),
            1 => Just(Step::Age),
            1 => Just(Step::Forget),
        ]
    }

    fn batch(changes: &[(Vec<u8>, Option<u8>)]) -> Batch {
        let mut batch = Batch::new();
        for (key, value) in changes {
            match value {
                Some(value) => batch.put(key.clone(), [*value]),
                None => batch.delete(key.clone()),
            }
        }
        batch
    }

    /// Gives the database the younger layer, and forgets it at once or with the next step.
    fn age(recent: &Recent, database: &MemoryStore) {
        let changes = (*recent.age()).clone();
        database.write(Batch { changes }).unwrap();
    }

    proptest! {
        #[test]
        fn layers_over_a_database_read_like_one_store(
            steps in vec(step(), 1..40),
            prefix in key(),
            asked in key(),
        ) {
            let (recent, database) = (Recent::default(), MemoryStore::new());
            let whole = MemoryStore::new();
            for step in &steps {
                match step {
                    Step::Write(changes) => {
                        recent.add(batch(changes));
                        whole.write(batch(changes)).unwrap();
                    }
                    Step::Age => age(&recent, &database),
                    Step::Forget => recent.forget(),
                }
                let at: Vec<u8> = prefix.iter().chain(&asked).copied().collect();
                prop_assert_eq!(recent.get(&database, &at).unwrap(), whole.get(&at).unwrap());
                let entries = |scan: Entries<'_>| scan.map(Result::unwrap).collect::<Vec<_>>();
                for below in [None, Some(at.as_slice())] {
                    prop_assert_eq!(
                        entries(recent.scan(&database, &prefix, below).unwrap()),
                        entries(whole.scan(&prefix, below).unwrap())
                    );
                }
                prop_assert_eq!(
                    recent.last_at_or_before(&database, &prefix, &at).unwrap(),
                    whole.last_at_or_before(&prefix, &at).unwrap()
                );
            }
        }
    }
}
