//! The numbers of Yuma's versions.

use super::super::single;

/// How a version keeps bonds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// Instant bonds, renormalised.
    Yuma1,
    /// Shares of weighted stake, averaged over epochs.
    Yuma2,
    /// As 2, with the weights of the epoch before.
    Yuma2B,
    /// Bonds bought out of a capacity, which decay.
    Yuma2C,
    /// Relative bonds for each pair, up to one; stake counts only in the dividend.
    Yuma3,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Self; 5] = [Self::Yuma1, Self::Yuma2, Self::Yuma2B, Self::Yuma2C, Self::Yuma3];

    /// The rule of a version that files name; version 3 with liquid alpha has the rule of version 3.
    #[must_use]
    pub fn named(version: &str) -> Option<Self> {
        match version {
            "YUMA1" => Some(Self::Yuma1),
            "YUMA2" => Some(Self::Yuma2),
            "YUMA2B" => Some(Self::Yuma2B),
            "YUMA2C" => Some(Self::Yuma2C),
            "YUMA3" | "YUMA3_LIQUID" => Some(Self::Yuma3),
            _ => None,
        }
    }
}

/// What weights are clipped against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Clipping {
    /// Medians as shares of their sum, in steps of 1/65535, as the simulation package does.
    #[default]
    Normalised,
    /// The medians themselves, as the chain does.
    Raw,
}

/// Which consensus liquid alpha compares with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// This epoch's.
    Current,
    /// The one before.
    Previous,
    /// For each server the larger of both.
    Mixed,
}

/// Liquid alpha: bonds move faster the farther a weight is from the consensus.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Liquid {
    /// The slowest.
    pub low: f64,
    /// The fastest.
    pub high: f64,
    /// How steep the way between them is.
    pub steepness: f64,
    /// Which consensus counts.
    pub mode: Mode,
}

/// The numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// The share of the stake that makes a median.
    pub kappa: f64,
    /// How much of what exceeds the consensus is lost for bonds, from 0 to 1.
    pub bond_penalty: f64,
    /// What stays of old bonds, for each epoch, in versions 2, 2B and 3.
    pub bond_moving_avg: f64,
    /// Liquid alpha, if it is on.
    pub liquid: Option<Liquid>,
    /// What is lost of bonds for each epoch in version 2C.
    pub decay_rate: f64,
    /// The share of its capacity that a validator may buy in an epoch in version 2C.
    pub capacity_alpha: f64,
    /// Whether only the best server earns.
    pub winner_takes_all: bool,
    /// What weights are clipped against.
    pub clipping: Clipping,
}

/// A rule with its numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Setup {
    /// The rule.
    pub rule: Rule,
    /// Its numbers.
    pub settings: Settings,
}

impl Setup {
    /// A rule with the numbers that the simulation package takes by default.
    #[must_use]
    pub fn of(rule: Rule, liquid: bool) -> Self {
        let liquid = liquid.then_some(Liquid::DEFAULT);
        let bond_moving_avg = match rule {
            Rule::Yuma3 => 0.975,
            Rule::Yuma1 | Rule::Yuma2 | Rule::Yuma2B | Rule::Yuma2C => 0.1,
        };
        Self { rule, settings: Settings { bond_moving_avg, liquid, ..Settings::default() } }
    }
}

impl Liquid {
    /// The package's numbers.
    pub const DEFAULT: Self = Self { low: 0.1, high: 0.3, steepness: 10.0, mode: Mode::Mixed };
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            kappa: 0.5,
            bond_penalty: 1.0,
            bond_moving_avg: 0.1,
            liquid: None,
            decay_rate: 0.1,
            capacity_alpha: 0.1,
            winner_takes_all: false,
            clipping: Clipping::Normalised,
        }
    }
}

impl Settings {
    pub(super) fn kappa(&self) -> f32 {
        single(self.kappa)
    }

    /// The share of new bonds in an epoch without liquid alpha.
    pub(super) fn alpha(&self) -> f64 {
        1.0 - self.bond_moving_avg
    }
}
