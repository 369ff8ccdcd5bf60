//! Places for what costs a server as long as it lasts: connections, requests that are worked on,
//! and streams.
//!
//! # Invariants
//! - No more places are taken at once than there are, and a caller has no more than its part.
//! - An eighth of the places is kept for programs on this machine: however many come from
//!   elsewhere, an evaluator reaches its own node.
//! - A place is free again once whoever had it is gone; a caller without a place costs nothing.
//!
//! # Not here
//! Who a caller is: [`crate::caller`]. How often one may ask: [`crate::rate`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::caller::Caller;

/// The part of all places that is kept for this machine: one in so many.
const KEPT: usize = 8;

/// How many places there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// All of them.
    pub all: usize,
    /// How many one caller from elsewhere has at most.
    pub each: usize,
    /// How many one address of this machine has at most.
    pub local: usize,
}

impl Capacity {
    /// So many places, of which one caller from elsewhere has a part, and this machine any number.
    #[must_use]
    pub const fn new(all: usize, each: usize) -> Self {
        Self { all, each, local: all }
    }

    const fn of(&self, caller: Caller) -> usize {
        if caller.is_local() { self.local } else { self.each }
    }

    const fn strangers(&self) -> usize {
        self.all.saturating_sub(self.all / KEPT)
    }
}

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// All that may be taken are.
    All,
    /// The caller has its part already.
    Caller,
}

impl Full {
    /// A word for it, as counters have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Caller => "address",
        }
    }
}

/// Places of one kind.
#[derive(Debug, Clone)]
pub(crate) struct Places(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    capacity: Capacity,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    strangers: usize,
    callers: HashMap<Caller, usize>,
}

/// A place that somebody has.
#[derive(Debug)]
pub(crate) struct Place {
    places: Places,
    caller: Caller,
}

impl Places {
    pub(crate) fn new(capacity: Capacity) -> Self {
        Self(Arc::new(Inner { capacity, taken: Mutex::default() }))
    }

    /// Takes a place for a caller.
    ///
    /// # Errors
    /// [`Full`] if it cannot have one now.
    pub(crate) fn take(&self, caller: Caller) -> Result<Place, Full> {
        let Inner { capacity, taken } = &*self.0;
        let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
        let has = taken.callers.get(&caller).copied().unwrap_or(0);
        let crowded = !caller.is_local() && taken.strangers >= capacity.strangers();
        if taken.all >= capacity.all || crowded {
            return Err(Full::All);
        }
        if has >= capacity.of(caller) {
            return Err(Full::Caller);
        }
        taken.all = taken.all.saturating_add(1);
        if !caller.is_local() {
            taken.strangers = taken.strangers.saturating_add(1);
        }
        taken.callers.insert(caller, has.saturating_add(1));
        Ok(Place { places: self.clone(), caller })
    }

    fn give_back(&self, caller: Caller) {
        let mut taken = self.0.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all = taken.all.saturating_sub(1);
        if !caller.is_local() {
            taken.strangers = taken.strangers.saturating_sub(1);
        }
        match taken.callers.get_mut(&caller) {
            Some(has) if *has > 1 => *has = has.saturating_sub(1),
            _ => drop(taken.callers.remove(&caller)),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.give_back(self.caller);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(address: &str) -> Caller {
        Caller::of(address.parse().unwrap(), &axum::http::HeaderMap::new())
    }

    #[test]
    fn a_caller_has_its_part_and_others_have_theirs() {
        let places = Places::new(Capacity::new(16, 2));
        let (one, other) = (caller("203.0.113.1"), caller("203.0.113.2"));
        let first = places.take(one).unwrap();
        let _second = places.take(one).unwrap();
        assert_eq!(places.take(one).unwrap_err(), Full::Caller);
        let _theirs = places.take(other).unwrap();
        drop(first);
        let _again = places.take(one).unwrap();
    }

    #[test]
    fn a_crowd_from_elsewhere_leaves_places_to_this_machine() {
        let places = Places::new(Capacity::new(16, 1));
        let strangers = (0..14).map(|number| caller(&format!("203.0.113.{number}")));
        let crowd: Vec<Place> = strangers.map(|one| places.take(one).unwrap()).collect();
        assert_eq!(places.take(caller("203.0.113.99")).unwrap_err(), Full::All);
        let own = [caller("127.0.0.1"), caller("127.0.0.1")].map(|one| places.take(one).unwrap());
        assert_eq!(places.take(caller("127.0.0.1")).unwrap_err(), Full::All);
        drop(crowd);
        drop(own);
        let taken = places.0.taken.lock().unwrap();
        assert_eq!((taken.all, taken.strangers, taken.callers.len()), (0, 0, 0));
    }

    #[test]
    fn this_machine_has_a_part_of_its_own_where_it_is_said_so() {
        let places = Places::new(Capacity { local: 1, ..Capacity::new(16, 4) });
        let _first = places.take(caller("127.0.0.1")).unwrap();
        assert_eq!(places.take(caller("127.0.0.1")).unwrap_err(), Full::Caller);
        let _other = places.take(caller("127.0.0.2")).unwrap();
    }
}
