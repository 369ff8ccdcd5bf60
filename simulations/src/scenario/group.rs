//! A group of operators that think alike.

use serde::{Deserialize, Serialize};

use crate::agents::Kind;

/// Operators of one mind: how many, how rich, and what they do. A parameter that a strategy does not
/// know is refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// What reports call it.
    pub name: String,
    /// What it does.
    pub strategy: Kind,
    /// How many operators it has; at least one.
    pub count: u32,
    /// What each has bonded, in tokens.
    pub stake: u64,
    /// What each has besides to pay fees, bonds and bribes from, in tokens.
    #[serde(default = "budget")]
    pub budget: u64,
    /// On which share of tasks it does it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
    /// By how much it lies about a score, or the most that it shades it; a score is between 0 and 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shift: Option<f64>,
    /// Which share of the items it leaves out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip: Option<f64>,
    /// What a wrong final result that it voted for is worth to it outside, in costs of one evaluation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gain: Option<f64>,
    /// What it pays for a seat's lie, in seat prices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<f64>,
    /// Into how many operators each splits its stake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<u32>,
    /// How many tokens it borrows, or tries to mint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// How many tasks, disputes or artifacts of its own it makes an epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_epoch: Option<u32>,
}

const fn budget() -> u64 {
    10_000
}

impl Group {
    /// The parameters that are set, by name.
    #[must_use]
    pub fn given(&self) -> Vec<&'static str> {
        let Self {
            name: _,
            strategy: _,
            count: _,
            stake: _,
            budget: _,
            share,
            shift,
            skip,
            gain,
            offer,
            split,
            tokens,
            per_epoch,
        } = self;
        let set = [
            ("share", share.is_some()),
            ("shift", shift.is_some()),
            ("skip", skip.is_some()),
            ("gain", gain.is_some()),
            ("offer", offer.is_some()),
            ("split", split.is_some()),
            ("tokens", tokens.is_some()),
            ("per_epoch", per_epoch.is_some()),
        ];
        set.into_iter().filter_map(|(name, set)| set.then_some(name)).collect()
    }
}
