//! What parent and worker say to each other.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::ContentHash;

use crate::engine::{EngineError, Input, ModelSpec, Output};

/// The longest request in bytes.
pub(super) const MAX_REQUEST: usize = 64 << 20;
/// The longest response in bytes: one item's output, or an error.
pub(super) const MAX_RESPONSE: usize = 1 << 20;

#[derive(Debug, BorshSerialize, BorshDeserialize)]
pub(super) enum Request {
    /// Load this model; the first request, and sent once.
    Load(LoadRequest),
    /// Answer each input by a response of its own.
    Run(Vec<Input>),
    /// Show the model all inputs again and again, and count.
    Measure { inputs: Vec<Input>, milliseconds: u64 },
}

#[derive(Debug, BorshSerialize, BorshDeserialize)]
pub(super) struct LoadRequest {
    pub(super) path: String,
    pub(super) hash: ContentHash,
    pub(super) model_bytes: u64,
    pub(super) memory_bytes: u64,
    pub(super) spec: ModelSpec,
}

#[derive(Debug, BorshSerialize, BorshDeserialize)]
pub(super) enum Response {
    /// The model is ready.
    Loaded,
    /// The output for the next input.
    Answered(Output),
    /// No further response follows to this request.
    Failed { item: Option<u32>, error: EngineError },
    /// The end of a measurement.
    Measured(Rate),
}

/// So many items in so much time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Rate {
    /// How many items were answered.
    pub items: u64,
    /// How much processor time it took.
    pub nanoseconds: u64,
}

impl Rate {
    /// Items per second of processor time, rounded down.
    #[must_use]
    pub fn per_second(self) -> u64 {
        let items = u128::from(self.items).saturating_mul(1_000_000_000);
        let rate = items.checked_div(u128::from(self.nanoseconds)).unwrap_or(0);
        u64::try_from(rate).unwrap_or(u64::MAX)
    }
}
