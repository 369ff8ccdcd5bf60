//! A run that is gone through epoch by epoch, so that somebody may change what a group does between two.
//!
//! What was begun under one strategy goes on under the next one: who has bound itself to a lie and turns
//! honest has still to open it.
//!
//! # Invariants
//! - A game in which nobody changes anything is the run of its scenario, to the root.

use probity_primitives::Hash;

use super::outcome::{EpochRow, Outcome};
use super::{Run, RunError};
use crate::agents::Kind;
use crate::random::RunKey;
use crate::scenario::{Group, Scenario};
use crate::world::{Keep, World};

/// How many epochs open tasks may take to end after the last one was requested: the longest ladder
/// and the slashes after it.
const DRAIN_EPOCHS: u64 = 60;

/// A run under way.
pub struct Game {
    run: Run,
    /// What each group does.
    doing: Vec<Kind>,
    length: u64,
    first: u64,
    last: u64,
    limit: u64,
}

/// How a game stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// Results, captured ones and what each group has gained so far.
    pub row: EpochRow,
    /// What slashes took from each group so far, in costs of one evaluation.
    pub slashed: Vec<f64>,
    /// The seats that each group was drawn for so far.
    pub seats: Vec<u64>,
    /// Tasks that are open.
    pub open: u64,
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
        let doing = scenario.groups.iter().map(|group| group.strategy).collect();
        Ok(Self { run, doing, length, first, last, limit })
    }

    /// Plays to the beginning of the next epoch, or to the end; says whether there is more to play.
    ///
    /// # Errors
    /// [`RunError`] if a rule broke.
    pub fn epoch(&mut self, sink: &mut dyn FnMut(&EpochRow)) -> Result<bool, RunError> {
        let Self { run, doing: _, length, first, last, limit } = self;
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
                sink(&run.tally.row(&run.world, &run.places, number));
            }
            run.turn(epoch.filter(|_| next < *last))?;
        }
        Ok(false)
    }

    /// Whether tasks are still asked for.
    #[must_use]
    pub fn asks(&self) -> bool {
        self.run.world.chain.height().0.saturating_add(1) < self.last
    }

    /// Lets a group do something else from now on, told of it what it knows. One that goes on as before
    /// forgets nothing.
    pub fn choose(&mut self, group: usize, strategy: Kind) {
        let (scenario, key) = (&self.run.scenario, self.run.key);
        let Some(group_of) = scenario.groups.get(group) else { return };
        let doing = self.doing.get_mut(group).filter(|doing| **doing != strategy);
        let Some(doing) = doing else { return };
        *doing = strategy;
        let told = Group { strategy, ..group_of.clone() };
        let made = strategy.build(&told, scenario, key);
        if let Some(place) = self.run.strategies.get_mut(group) {
            *place = made;
        }
    }

    /// The root of the state now. An elided world makes it when it is asked, so a run that nobody asks
    /// makes one alone, at its end.
    ///
    /// # Errors
    /// [`RunError`] never: the tree is in memory.
    pub fn root(&mut self) -> Result<Hash, RunError> {
        Ok(self.run.world.root()?)
    }

    /// How it stands.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let Run { world, places, tally, courses, .. } = &self.run;
        let passed = world.chain.height().0.saturating_sub(self.first) / self.length.max(1);
        let epoch = u32::try_from(passed).unwrap_or(u32::MAX);
        let (slashed, seats) = tally.so_far();
        Standing {
            row: tally.row(world, places, epoch),
            slashed,
            seats,
            open: u64::try_from(courses.len()).unwrap_or(u64::MAX),
        }
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
