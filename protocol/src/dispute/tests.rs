//! Disputes from opening to settlement, and every way in which a side can fail.

#![expect(clippy::arithmetic_side_effects, reason = "tests count with small numbers")]

mod appeals;
mod arena;
mod contests;
mod games;
mod honest;
mod ladders;
mod openings;
mod refusals;
mod rulings;
