//! The strategies by name, and what each may be told.

use serde::{Deserialize, Serialize};

use super::Strategy;
use super::honest::Honest;
use crate::random::RunKey;
use crate::scenario::{Group, Scenario};

/// A strategy's name in a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Does the work.
    Honest,
    /// Withholds blocks to bend the draw.
    Grinding,
}

impl Kind {
    /// Every strategy.
    pub const ALL: &[Self] = &[Self::Honest, Self::Grinding];

    /// The parameters that the strategy knows.
    #[must_use]
    pub const fn takes(self) -> &'static [&'static str] {
        match self {
            Self::Honest => &[],
            Self::Grinding => &["gain", "shift"],
        }
    }

    /// Whether a slash of it is a false one.
    #[must_use]
    pub const fn is_honest(self) -> bool {
        match self {
            Self::Honest => true,
            Self::Grinding => false,
        }
    }

    /// The strategy of a group.
    #[must_use]
    pub fn build(self, _group: &Group, scenario: &Scenario, _key: RunKey) -> Box<dyn Strategy> {
        match self {
            Self::Honest | Self::Grinding => {
                Box::new(Honest { disputes: scenario.tasks.challenged })
            }
        }
    }
}
