//! How fast the whole protocol is played: what a step of an agent costs under the very rules.
//!
//! A hundred operators in a market with a task an epoch: committees are drawn, bind themselves, show,
//! open leaves, are paid and slashed, some cheat and are disputed, and each epoch's state has its
//! root. An *agent-step* is one operator in one epoch, as in the reference model of [`crate::speed`]:
//! an epoch is the step of that model, and every operator stands ready in each of its blocks.
//! Transactions are counted too, since they are what the ledger works on.
//!
//! # Not here
//! A clock: whoever measures has one.
//!
//! Spec: `docs/spec/19-figures.md`.

use std::path::Path;

use crate::random::RunKey;
use crate::run::{Game, Outcome, RunError};
use crate::scenario::{Scenario, ScenarioError};
use crate::world::{Keep, Rigour};

/// The scenario that is measured.
pub const SCENARIO: &str = include_str!("../scenarios/pace.toml");

/// What was done in a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Pace {
    /// Operators times epochs.
    pub agent_steps: u64,
    /// Transactions that stood in a block.
    pub transactions: u64,
    /// Blocks.
    pub blocks: u64,
    /// What it came to.
    pub outcome: Outcome,
}

/// The scenario that is measured, of so many epochs.
///
/// # Errors
/// None in practice: it comes with the program.
pub fn scenario(epochs: u32, mode: Rigour) -> Result<Scenario, ScenarioError> {
    let scenario = Scenario::read(SCENARIO, Path::new("scenarios/pace.toml"))?;
    Ok(Scenario { epochs, mode, ..scenario })
}

/// Plays it once, with the state's root made in every epoch or at the end alone.
///
/// # Errors
/// None in practice, as a test plays it.
pub fn play(scenario: &Scenario, replicate: u64, roots: bool) -> Result<Pace, RunError> {
    let key = RunKey::of(scenario.seed, replicate);
    let mut game = Game::begin(scenario, key, Keep::Newest)?;
    while game.epoch(&mut |_| {})? {
        if roots {
            game.root()?;
        }
    }
    let (outcome, _) = game.end()?;
    let operators: u64 = scenario.groups.iter().map(|group| u64::from(group.count)).sum();
    Ok(Pace {
        agent_steps: operators.saturating_mul(u64::from(scenario.epochs)),
        transactions: outcome.transactions,
        blocks: outcome.height.0,
        outcome,
    })
}
