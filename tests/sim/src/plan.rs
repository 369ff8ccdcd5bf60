//! What a seed will go through.
//!
//! Some seeds are calm, so that a fault that needs none to show is found under none; the others
//! draw each kind of trouble for itself, so that pairs of them meet in every combination.

use crate::chance::Chance;

/// The kinds and rates of trouble of one run. Rates are in a thousand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Validators of the genesis.
    pub validators: u8,
    /// Operators that join later and become validators.
    pub late: u8,
    /// Whether the last validator of the genesis runs twice.
    pub twin: bool,
    /// Messages that are lost.
    pub loss: u64,
    /// Messages that come twice.
    pub doubles: u64,
    /// Shortest and longest way of a message, in milliseconds.
    pub delay_ms: (u64, u64),
    /// Messages that take ten times as long.
    pub stray: u64,
    /// How often trouble is looked for, in milliseconds.
    pub trouble_ms: u64,
    /// Whether a partition begins, at each look.
    pub partition: u64,
    /// Whether a node is killed, at each look.
    pub crash: u64,
    /// Whether a write will end in a fault, at each look.
    pub disk: u64,
    /// How far a clock may be off, in milliseconds.
    pub skew_ms: u64,
    /// How often someone sends a transaction, in milliseconds.
    pub people_ms: u64,
    /// How long a height should take, in milliseconds.
    pub block_ms: u64,
}

impl Plan {
    /// The plan of a seed.
    #[must_use]
    pub fn draw(chance: &mut Chance) -> Self {
        let calm = Self {
            validators: 4,
            late: 0,
            twin: false,
            loss: 0,
            doubles: 0,
            delay_ms: (1, 40),
            stray: 0,
            trouble_ms: 500,
            partition: 0,
            crash: 0,
            disk: 0,
            skew_ms: 0,
            people_ms: 400,
            block_ms: 400,
        };
        if chance.permille(100) {
            return calm;
        }
        let mut sometimes = |rate, low, high| {
            let drawn = chance.permille(rate);
            let value = chance.between(low, high);
            if drawn { value } else { 0 }
        };
        let fast = sometimes(700, 1, 20);
        Self {
            loss: sometimes(600, 5, 150),
            doubles: sometimes(500, 5, 200),
            stray: sometimes(500, 5, 50),
            partition: sometimes(500, 20, 200),
            crash: sometimes(600, 20, 200),
            disk: sometimes(600, 20, 300),
            skew_ms: sometimes(500, 1, 4_000),
            twin: sometimes(300, 1, 1) == 1,
            late: u8::try_from(sometimes(400, 1, 2)).unwrap_or(0),
            validators: u8::try_from(4 + sometimes(400, 1, 3)).unwrap_or(4),
            delay_ms: (1 + fast, 40 + 6 * fast),
            people_ms: 100 + sometimes(800, 0, 500),
            block_ms: 300 + sometimes(500, 0, 700),
            ..calm
        }
    }
}
