//! Runs: a scenario played to its end, and what came of it.
//!
//! Each block the agents are asked what they do, their answers become transactions, and the block is
//! made. Whoever watches gets one [`EpochRow`] an epoch, so that nothing grows with the length of a
//! run but the chain's own state; the end is an [`Outcome`].
//!
//! # Reading order
//! `stage` builds the world and [`game`] goes through it epoch by epoch; `duties` asks the seats of committees, `panels` those of juries and
//! audits; `tally` keeps the books.
//!
//! # Invariants
//! - The same scenario and key give the same rows, outcome and roots: on any machine, in any build,
//!   with signatures or without.

mod course;
mod duties;
pub mod game;
mod grinding;
mod outcome;
mod panels;
mod stage;
mod tally;

use std::collections::BTreeMap;
use std::sync::Arc;

use probity_primitives::transcript::Transcript;
use probity_primitives::{ArtifactId, Height};
use probity_protocol::event::Event as Fact;
use probity_protocol::task::Due;
use probity_runtime::Event;

pub use course::{Course, Shelf};
use duties::Written;
pub use game::Game;
pub use outcome::{EpochRow, GroupRow, Outcome};
pub(crate) use panels::apart;

use crate::agents::{Deed, Hand, Scene, Strategy};
use crate::random::RunKey;
use crate::scenario::{Scenario, ScenarioError};
use crate::world::{Keep, Rigour, World, WorldError};
use tally::Tally;

/// Why a run ended early.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The scenario cannot be run.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// The world refused to go on.
    #[error(transparent)]
    World(#[from] WorldError),
    /// A number leaves its range.
    #[error(transparent)]
    Arithmetic(#[from] probity_primitives::ArithmeticError),
    /// What was requested did not come to its end.
    #[error("{open} tasks are open at height {height}, long after the last was requested")]
    Stuck {
        /// How many.
        open: usize,
        /// When.
        height: Height,
    },
}

/// A run that goes on.
pub(crate) struct Run {
    pub(crate) scenario: Arc<Scenario>,
    pub(crate) key: RunKey,
    pub(crate) world: World,
    pub(crate) shelf: Shelf,
    /// The group of each actor, and the actor's place in it.
    pub(crate) member_of: Vec<(usize, usize)>,
    /// The places of each group's actors.
    pub(crate) places: Vec<Vec<usize>>,
    pub(crate) strategies: Vec<Box<dyn Strategy>>,
    pub(crate) courses: BTreeMap<probity_primitives::TaskId, Course>,
    pub(crate) written: Written,
    /// The true transcripts by benchmark and model.
    pub(crate) plain: BTreeMap<(ArtifactId, ArtifactId), Arc<Transcript>>,
    /// The least fee of a task, and its value at risk.
    pub(crate) order: (probity_primitives::Amount, probity_primitives::Amount),
    pub(crate) disputes: std::collections::BTreeSet<u64>,
    pub(crate) requested: u64,
    pub(crate) ordinal: u64,
    /// Tasks that are owed, in millionths.
    pub(crate) owed: u64,
    pub(crate) tally: Tally,
}

/// Plays a scenario to its end.
///
/// # Errors
/// [`RunError`] for a scenario that cannot be run, or a rule that broke.
pub fn run(
    scenario: &Scenario,
    key: RunKey,
    sink: &mut dyn FnMut(&EpochRow),
) -> Result<Outcome, RunError> {
    Ok(played(scenario, key, Keep::Newest, sink)?.0)
}

/// Plays a scenario with every signature computed, and keeps its blocks: they are those that a node would
/// have been given, whatever the scenario's own mode.
///
/// # Errors
/// As [`run`].
pub fn film(scenario: &Scenario, key: RunKey) -> Result<(Outcome, World), RunError> {
    let scenario = Scenario { mode: Rigour::Verified, ..scenario.clone() };
    played(&scenario, key, Keep::Blocks, &mut |_| {})
}

fn played(
    scenario: &Scenario,
    key: RunKey,
    keep: Keep,
    sink: &mut dyn FnMut(&EpochRow),
) -> Result<(Outcome, World), RunError> {
    let mut game = Game::begin(scenario, key, keep)?;
    while game.epoch(sink)? {}
    game.end()
}

impl Run {
    /// One block: everyone acts, the block is made, the books are kept.
    fn turn(&mut self, epoch: Option<u32>) -> Result<(), RunError> {
        self.attend()?;
        let deeds = self.deeds(epoch);
        let grinds = self.grind();
        let receipts = self.world.step_by(grinds)?.len();
        let made = u64::try_from(receipts).unwrap_or(u64::MAX);
        self.tally.transactions = self.tally.transactions.saturating_add(made);
        self.teach(&deeds);
        self.follow()?;
        Ok(())
    }

    /// What the groups do by themselves, queued: with its receipt's place in the block.
    fn deeds(&mut self, epoch: Option<u32>) -> Vec<(usize, Deed, usize)> {
        let next = Height(self.world.chain.height().0.saturating_add(1));
        let mut wanted = Vec::new();
        for (group, strategy) in self.strategies.iter_mut().enumerate() {
            let places = self.places.get(group).map(Vec::as_slice).unwrap_or_default();
            let (world, key, shelf, order) = (&self.world, self.key, &self.shelf, self.order);
            let scene = Scene { world, places, next, epoch, key, shelf, order };
            wanted.extend(strategy.acts(&scene).into_iter().map(|deed| (group, deed)));
        }
        let mut queued = Vec::new();
        for (group, deed) in wanted {
            let key = match deed.by {
                Hand::Owner(place) => self.world.actors.get(place).map(|one| one.owner.clone()),
                Hand::Hot(place) => self.world.actors.get(place).map(|one| one.key.clone()),
                Hand::Person(number) => self.world.people.get(number).cloned(),
            };
            let Some(key) = key else { continue };
            let place = self.world.waiting();
            // One that cannot pay does not do it.
            if self.world.queue(&key, deed.message.clone()).is_ok() {
                queued.push((group, deed, place));
            }
        }
        queued
    }

    fn teach(&mut self, deeds: &[(usize, Deed, usize)]) {
        for (group, deed, place) in deeds {
            let (Some(Some(outcome)), Some(strategy)) =
                (self.world.fates.get(*place), self.strategies.get_mut(*group))
            else {
                continue;
            };
            self.tally.deed(*group, deed, outcome);
            strategy.learns(deed, outcome);
        }
    }

    /// Follows what happened in the newest block.
    #[expect(clippy::wildcard_enum_match_arm, reason = "most facts change nothing here")]
    fn follow(&mut self) -> Result<(), RunError> {
        let newest = std::mem::take(&mut self.world.newest);
        for event in &newest {
            let fact = match event {
                Event::Rule(fact) => fact,
                Event::Governance(fact) => {
                    self.tally.vote(fact, self.world.chain.height());
                    continue;
                }
            };
            self.tally.note(fact, &self.world, &self.member_of, &mut self.courses);
            match fact {
                Fact::TaskRequested { task, artifact, .. } => {
                    let ordinal = self.ordinal;
                    self.ordinal = ordinal.saturating_add(1);
                    let course = self.begin(ordinal, *task, *artifact)?;
                    self.courses.insert(*task, course);
                }
                Fact::DisputeOpened { dispute, .. } => {
                    self.disputes.insert(*dispute);
                }
                Fact::DisputeClosed { dispute, .. } => {
                    self.disputes.remove(dispute);
                }
                Fact::TaskVoid { task, .. } | Fact::ResultFinal { task, .. } => {
                    self.courses.remove(task);
                    self.world.held.retain(|(held, _), _| held != task);
                    self.written.retain(|(held, _), _| held != task);
                }
                _ => {}
            }
        }
        self.world.newest = newest;
        Ok(())
    }

    /// Whether nothing is open any more, and no slash can still grow.
    fn is_over(&self) -> bool {
        let planned = self.world.ledger().schedule.iter();
        // What waits for a vote is not planned, and would wait for ever.
        let mut due = planned.map(|((_, due), ())| matches!(due, Due::Slash(_) | Due::Window(_)));
        self.courses.is_empty() && self.disputes.is_empty() && !due.any(|due| due)
    }
}
