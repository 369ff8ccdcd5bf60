//! Whole tasks through the real chain, with every invariant checked after every block.

mod blocks;
mod certificate;
mod state;
mod tasks;
