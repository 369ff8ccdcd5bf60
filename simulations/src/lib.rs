//! Seeded worlds that drive the very rules of the network.
//!
//! A [`World`] is a whole network in memory: a genesis document, operators with their keys, a chain
//! and its state tree. It makes blocks as a node would, by `propose` and `apply`, and lets its
//! operators work on tasks: honestly, or as their [`Behaviour`] says. Everything follows from one
//! seed, so that a run can be repeated byte by byte.
//!
//! # Reading order
//! [`actor`] are the operators, [`sheet`] is what their models answer, [`world`] runs blocks and
//! [`play`] and `disputes` let operators act on what the chain asks of them; [`chaos`] lets anyone do
//! anything. [`mod@scenario`], [`agents`], [`mod@run`] and [`learning`] play people with intentions, [`lab`]
//! plays them many times, and [`calculators`] and [`mechanisms`] answer single questions.
//!
//! # Not here
//! Networks, clocks and real models.
//!
//! Spec: `docs/spec/18-invariants.md`.

pub mod actor;
pub mod agents;
mod blocks;
pub mod calculators;
pub mod calibrate;
pub mod chaos;
mod disputes;
pub mod electorate;
pub mod figures;
pub mod lab;
pub mod learning;
pub mod mechanisms;
pub mod outside;
pub mod pace;
pub mod play;
pub mod random;
pub mod run;
pub mod scenario;
mod setup;
pub mod sheet;
mod shelf;
pub mod signing;
pub mod speed;
pub mod world;

pub use actor::{Actor, Behaviour};
pub use random::RunKey;
pub use run::{EpochRow, Game, Outcome, RunError, film, run};
pub use scenario::{Scenario, ScenarioError};
pub use sheet::Sheet;
pub use world::{Keep, Rigour, World, WorldConfig, WorldError};
