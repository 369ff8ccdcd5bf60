//! The laboratory: experiments over a model that runs from a seed.
//!
//! # Reading order
//! [`stats`] says what a handful of runs says about all runs, [`power`] how many are needed.
//!
//! # Not here
//! Worlds, agents and rules.

pub mod power;
pub mod stats;
