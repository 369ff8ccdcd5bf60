//! The shelf: transcripts that were written lately.
//!
//! Honest evaluators write the same transcript, and each writes it again whenever the chain asks for
//! a part of it. Of a million items that takes seconds each time, so a world keeps the last few.
//!
//! # Invariants
//! - What is taken from the shelf is what writing it again would give.
//! - At most [`PLACES`] transcripts are kept.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use probity_primitives::Hash;
use probity_primitives::transcript::{Transcript, TranscriptError};
use probity_protocol::task::Frozen;

use crate::sheet::{Sheet, header};

/// How many transcripts are kept: of two models a true one and false ones of two engines.
const PLACES: usize = 6;

/// One of them, with what it was written from.
#[derive(Debug, Clone)]
struct Written {
    sheet: Sheet,
    lies: bool,
    transcript: Arc<Transcript>,
}

/// The last few transcripts of a world.
#[derive(Debug, Default)]
pub(crate) struct Shelf(Mutex<VecDeque<Written>>);

impl Shelf {
    /// The transcript that [`Sheet::transcript`] writes.
    ///
    /// # Errors
    /// As [`Sheet::transcript`].
    pub(crate) fn transcript(
        &self,
        sheet: &Sheet,
        frozen: &Frozen,
        engine: Hash,
        lies: bool,
    ) -> Result<Arc<Transcript>, TranscriptError> {
        let wanted = header(frozen, engine);
        let same = |one: &&Written| {
            one.sheet == *sheet && one.lies == lies && *one.transcript.header() == wanted
        };
        let known = self.kept().iter().find(same).map(|one| Arc::clone(&one.transcript));
        if let Some(transcript) = known {
            return Ok(transcript);
        }
        let transcript = Arc::new(sheet.transcript(frozen, engine, lies)?);
        let mut kept = self.kept();
        if kept.len() >= PLACES {
            kept.pop_front();
        }
        kept.push_back(Written { sheet: *sheet, lies, transcript: Arc::clone(&transcript) });
        Ok(transcript)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, VecDeque<Written>> {
        // A list of whole transcripts is whole wherever its holder stopped.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clone for Shelf {
    fn clone(&self) -> Self {
        Self(Mutex::new(self.kept().clone()))
    }
}

#[cfg(test)]
mod tests {
    use probity_protocol::task::Mode;

    use super::*;
    use crate::play::engine;
    use crate::{World, WorldConfig};

    #[test]
    fn what_is_on_the_shelf_is_what_writing_it_again_would_give() {
        let mut world = World::new(&WorldConfig { check: false, ..Default::default() }).unwrap();
        let (benchmark, models) = world.publish(&[800_000, 600_000, 400_000]).unwrap();
        let asker = world.people[0].clone();
        world.must(&asker, World::request(benchmark, models[0], Mode::Exact)).unwrap();
        let task = world.newest_task().unwrap();
        let frozen = world.ledger().tasks.get(&task).unwrap().frozen.clone();
        let shelf = Shelf::default();
        for _ in 0..2 {
            for (_, sheet) in &world.sheets {
                for lies in [false, true] {
                    let kept = shelf.transcript(sheet, &frozen, engine(), lies).unwrap();
                    assert_eq!(*kept, sheet.transcript(&frozen, engine(), lies).unwrap());
                    assert!(shelf.kept().len() <= PLACES);
                }
            }
        }
        let (_, sheet) = world.sheets[2];
        let again = [0, 0].map(|_| shelf.transcript(&sheet, &frozen, engine(), true).unwrap());
        assert!(Arc::ptr_eq(&again[0], &again[1]), "it was written twice");
    }
}
