//! Words of the HTTP API: identifiers in paths and queries, and JSON in bodies.

use std::fmt::Display;
use std::str::FromStr;

use probity_api::{Envelope, EventId, EventRecord, ListEnvelope, Problem};
use probity_primitives::{
    Address, Amount, ArtifactId, ContentHash, Hash, OperatorId, TaskId, TxHash,
};
use probity_runtime::{Genesis, Header, Message};

use crate::{Verdict, json, text};

/// The first byte chooses a kind of words, the others are the words.
///
/// # Panics
/// If words that were read are not told back as themselves.
#[must_use]
pub fn api(bytes: &[u8]) -> Verdict {
    let Some((kind, bytes)) = bytes.split_first() else { return Verdict::Refused };
    let text = text(bytes);
    match kind % 7 {
        0 => word(text),
        1 => json::<Problem>(text),
        2 => json::<EventRecord>(text),
        3 => json::<Envelope<Header>>(text),
        4 => json::<ListEnvelope<Header>>(text),
        5 => json::<Message>(text),
        _ => genesis(text),
    }
}

/// A genesis document: what reads as one has one text.
fn genesis(text: &str) -> Verdict {
    Verdict::of(Genesis::from_json(text), |genesis| {
        let again = Genesis::from_json(&genesis.to_json());
        assert!(again.as_ref().is_ok_and(|again| again.hash() == genesis.hash()), "{again:?}");
    })
}

/// An identifier of any kind.
fn word(text: &str) -> Verdict {
    let read = [
        exact::<EventId>(text),
        exact::<Address>(text),
        exact::<OperatorId>(text),
        exact::<TaskId>(text),
        exact::<ArtifactId>(text),
        exact::<TxHash>(text),
        exact::<ContentHash>(text),
        exact::<Hash>(text),
        json::<Amount>(text),
    ];
    if read.contains(&Verdict::Accepted) { Verdict::Accepted } else { Verdict::Refused }
}

/// What was read is written as something that reads as the same.
fn exact<T: FromStr + Display + PartialEq>(text: &str) -> Verdict {
    Verdict::of(text.parse::<T>(), |value| {
        let written = value.to_string();
        assert!(written.parse::<T>().is_ok_and(|again| again == value), "{text:?} {written:?}");
    })
}
