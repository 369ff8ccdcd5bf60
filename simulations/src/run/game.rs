//! A run that is gone through epoch by epoch.

use super::outcome::{EpochRow, Outcome};
use super::{Run, RunError};
use crate::random::RunKey;
use crate::scenario::Scenario;
use crate::world::{Keep, World};

/// How many epochs open tasks may take to end after the last one was requested: the longest ladder
/// and the slashes after it.
const DRAIN_EPOCHS: u64 = 60;

/// A run under way.
pub struct Game {
    run: Run,
    length: u64,
    first: u64,
    last: u64,
    limit: u64,
}

impl Game {
    /// A game before its first epoch.
    ///
    /// # Errors
    /// [`RunError`] for a scenario that cannot be run.
    pub fn begin(scenario: &Scenario, key: RunKey, keep: Keep) -> Result<Self, RunError> {
        let run = Run::new(scenario, key, keep)?;
        let length = run.world.ledger().params.get().staking.epoch_blocks;
        let first = run.world.chain.height().0.div_ceil(length).saturating_mul(length);
        let last = first.saturating_add(u64::from(scenario.epochs).saturating_mul(length));
        let limit = last.saturating_add(DRAIN_EPOCHS.saturating_mul(length));
        Ok(Self { run, length, first, last, limit })
    }

    /// Plays to the beginning of the next epoch, or to the end; says whether there is more to play.
    ///
    /// # Errors
    /// [`RunError`] if a rule broke.
    pub fn epoch(&mut self, sink: &mut dyn FnMut(&EpochRow)) -> Result<bool, RunError> {
        let Self { run, length, first, last, limit } = self;
        let mut begun = false;
        while run.world.chain.height().0 < *limit {
            let next = run.world.chain.height().0.saturating_add(1);
            let passed = next.checked_sub(*first);
            let epoch = passed.filter(|passed| passed.checked_rem(*length) == Some(0));
            let epoch = epoch.and_then(|passed| u32::try_from(passed / (*length).max(1)).ok());
            if let Some(number) = epoch {
                if begun {
                    return Ok(true);
                }
                begun = true;
                if next >= *last && run.is_over() {
                    return Ok(false);
                }
                if next < *last {
                    run.request()?;
                }
                let root = run.world.root()?;
                sink(&run.tally.row(&run.world, &run.places, number, root));
            }
            run.turn(epoch.filter(|_| next < *last))?;
        }
        Ok(false)
    }

    /// What it came to, and the world at its end.
    ///
    /// # Errors
    /// [`RunError::Stuck`] if tasks are open.
    pub fn end(mut self) -> Result<(Outcome, World), RunError> {
        if !self.run.courses.is_empty() {
            let (open, height) = (self.run.courses.len(), self.run.world.chain.height());
            return Err(RunError::Stuck { open, height });
        }
        let root = self.run.world.root()?;
        let Run { scenario, world, shelf, places, tally, .. } = self.run;
        let outcome = tally.outcome(&scenario, (&world, &shelf), &places, root);
        Ok((outcome, world))
    }
}
