//! Events as they are streamed: facts of blocks, in one order, each with an identifier.
//!
//! The first record of a height says that there is a block; the facts of its receipts follow, and
//! then what was due at its end. A reader that was cut off names the last identifier it saw and
//! misses nothing, since the server reads the records from its store and not from a buffer.

use std::fmt;
use std::str::FromStr;

use probity_primitives::{BlockHash, Height, TxHash};
use probity_runtime::{Event, Header, Receipt};
use serde::{Deserialize, Serialize};

/// The name of the record that says there is a block.
pub const BLOCK: &str = "block";

/// Where a record stands: its block and its place in it. Text form `height-index`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventId {
    /// The block.
    pub height: Height,
    /// The place among its records, from 0.
    pub index: u32,
}

/// Why a text is not an event's identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an event's identifier, which is a height, a hyphen and an index")]
pub struct ParseEventIdError(String);

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.height, self.index)
    }
}

impl FromStr for EventId {
    type Err = ParseEventIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split_once('-');
        parts
            .and_then(|(height, index)| {
                Some(Self { height: Height(height.parse().ok()?), index: index.parse().ok()? })
            })
            .filter(|id| id.to_string() == text)
            .ok_or_else(|| ParseEventIdError(text.chars().take(80).collect()))
    }
}

impl Serialize for EventId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EventId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// One record of the stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRecord {
    /// Where it stands.
    pub id: EventId,
    /// The transaction that caused it; none for a block and for what was due.
    pub tx: Option<TxHash>,
    /// What happened.
    pub happening: Happening,
}

/// What a record says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Happening {
    /// There is a block.
    Block {
        /// Its name.
        hash: BlockHash,
        /// Its time in milliseconds since 1970.
        time_ms: u64,
        /// How many transactions it has.
        txs: u32,
    },
    /// A fact.
    Fact(Event),
}

impl Happening {
    /// The name that streams are filtered by.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Block { .. } => BLOCK.to_owned(),
            Self::Fact(event) => event_name(event),
        }
    }
}

/// The name of a fact: the tag of its JSON form.
fn event_name(event: &Event) -> String {
    let value = serde_json::to_value(event).unwrap_or_default();
    let tag = value.get("event").and_then(|tag| tag.as_str());
    tag.unwrap_or_default().to_owned()
}

/// All records of a block, in order.
#[must_use]
pub fn records(header: &Header, receipts: &[Receipt], events: &[Event]) -> Vec<EventRecord> {
    let txs = u32::try_from(receipts.len()).unwrap_or(u32::MAX);
    let block = Happening::Block { hash: header.hash(), time_ms: header.time_ms, txs };
    let of_receipts = receipts.iter().flat_map(|receipt| {
        receipt.events.iter().map(|event| (Some(receipt.tx), Happening::Fact(event.clone())))
    });
    let at_the_end = events.iter().map(|event| (None, Happening::Fact(event.clone())));
    let all = std::iter::once((None, block)).chain(of_receipts).chain(at_the_end);
    all.zip(0u32..)
        .map(|((tx, happening), index)| EventRecord {
            id: EventId { height: header.height, index },
            tx,
            happening,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_has_one_text() {
        let id = EventId { height: Height(12), index: 3 };
        assert_eq!(id.to_string(), "12-3");
        assert_eq!("12-3".parse(), Ok(id));
        for wrong in ["", "12", "12-", "-3", "012-3", "12-3-4", "+12-3", "12-4294967296"] {
            assert!(wrong.parse::<EventId>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn identifiers_are_in_the_order_of_the_stream() {
        let id = |height, index| EventId { height: Height(height), index };
        assert!(id(1, 9) < id(2, 0) && id(2, 0) < id(2, 1));
    }

    #[test]
    fn a_fact_is_named_by_its_tag() {
        let event = probity_protocol::Event::EpochStarted { epoch: 1, validators: 4, eligible: 4 };
        assert_eq!(Happening::Fact(event.into()).name(), "epoch_started");
    }
}
