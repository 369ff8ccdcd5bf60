//! What stands around every answer.

use probity_primitives::Height;
use probity_runtime::ChainId;
use serde::{Deserialize, Serialize};

/// One thing, with the state it was read from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope<T> {
    /// The name and version of the form of `data`.
    pub schema: String,
    /// The chain.
    pub chain_id: ChainId,
    /// The height of the state that was read.
    pub height: Height,
    /// The thing.
    pub data: T,
}

/// A part of a list, with the state it was read from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListEnvelope<T> {
    /// The name and version of the form of the list.
    pub schema: String,
    /// The chain.
    pub chain_id: ChainId,
    /// The height of the state that was read.
    pub height: Height,
    /// The entries.
    pub data: Vec<T>,
    /// The cursor of what follows; none at the end.
    pub next: Option<String>,
}

/// The schema of a list of things of the schema `item`: `probity.task/v1` gives
/// `probity.task.list/v1`.
#[must_use]
pub fn list_schema(item: &str) -> String {
    match item.split_once('/') {
        Some((name, version)) => format!("{name}.list/{version}"),
        None => format!("{item}.list"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_named_after_its_items() {
        assert_eq!(list_schema("probity.task/v1"), "probity.task.list/v1");
    }
}
