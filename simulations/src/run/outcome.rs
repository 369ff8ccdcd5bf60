//! What a run tells: a row for each epoch, and what it came to.

use std::collections::BTreeMap;

use probity_primitives::{Hash, Height};

use crate::agents::Kind;

/// One epoch of a run, for whoever watches.
#[derive(Debug, Clone, PartialEq)]
pub struct EpochRow {
    /// Which epoch, from 0.
    pub epoch: u32,
    /// The height at its beginning.
    pub height: Height,
    /// Final results so far.
    pub results: u64,
    /// Those of them that are wrong.
    pub captured: u64,
    /// What each group has gained so far, in costs of one evaluation.
    pub payoffs: Vec<f64>,
}

/// What a group came to.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupRow {
    /// Its name.
    pub name: String,
    /// Its strategy.
    pub strategy: Kind,
    /// The seats that it was drawn for.
    pub seats: u64,
    /// All that it gained, in costs of one evaluation.
    pub payoff: f64,
    /// The same by seat; 0 without seats.
    pub per_seat: f64,
    /// The same by epoch, in millionths of what it began with.
    pub return_ppm: f64,
    /// What slashes took, in costs of one evaluation.
    pub slashed: f64,
    /// What its work cost, in costs of one evaluation.
    pub worked: f64,
    /// What captured results were worth to it outside, in costs of one evaluation.
    pub outside: f64,
    /// What its accounts gained or lost on the ledger, in costs of one evaluation.
    pub ledger: f64,
    /// Deeds of its own that were carried out, and that were refused.
    pub deeds: (u64, u64),
}

/// What a run came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Numbers by name.
    pub kpis: BTreeMap<String, f64>,
    /// The groups, in the scenario's order.
    pub groups: Vec<GroupRow>,
    /// The last height.
    pub height: Height,
    /// The root of the state there.
    pub state_root: Hash,
    /// How many transactions stood in its blocks.
    pub transactions: u64,
    /// Why deeds were refused, by code, with how often.
    pub refusals: BTreeMap<String, u64>,
}

impl Outcome {
    /// A number by name; `None` if there is none of this name.
    #[must_use]
    pub fn kpi(&self, name: &str) -> Option<f64> {
        self.kpis.get(name).copied()
    }
}
