//! What happened, out of both sets of rules, as receipts and streams carry it.
//!
//! The two sets of rules do not know of each other's facts, and readers do not care whose they are:
//! in JSON a fact is the object that its own rules made of it, told apart by its `event`.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

/// One fact.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Event {
    /// Of the rules of evaluation.
    Rule(probity_protocol::Event),
    /// Of governance.
    Governance(probity_dao::Event),
}

impl Event {
    /// The fact, if it is of the rules of evaluation.
    #[must_use]
    pub const fn rule(&self) -> Option<&probity_protocol::Event> {
        match self {
            Self::Rule(event) => Some(event),
            Self::Governance(_) => None,
        }
    }

    /// The fact, if it is of governance.
    #[must_use]
    pub const fn governance(&self) -> Option<&probity_dao::Event> {
        match self {
            Self::Rule(_) => None,
            Self::Governance(event) => Some(event),
        }
    }
}

impl From<probity_protocol::Event> for Event {
    fn from(event: probity_protocol::Event) -> Self {
        Self::Rule(event)
    }
}

impl From<probity_dao::Event> for Event {
    fn from(event: probity_dao::Event) -> Self {
        Self::Governance(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_reads_back_from_its_json_whichever_rules_made_it() {
        let rule = Event::Rule(probity_protocol::Event::SlashReverted {
            id: 1,
            amount: probity_primitives::Amount::from_units(u128::MAX),
        });
        let governance = Event::Governance(probity_dao::Event::ReferendumEnacted {
            referendum: probity_dao::ReferendumId(7),
        });
        for event in [rule, governance] {
            let json = serde_json::to_string(&event).unwrap();
            assert!(json.starts_with("{\"event\":\""), "{json}");
            assert_eq!(serde_json::from_str::<Event>(&json).unwrap(), event);
        }
    }
}
