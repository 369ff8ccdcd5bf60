//! What supply stores, beside the counts of [`crate::bank::Supply`].

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::{Amount, BoundedVec, Bps, Height};
use serde::{Deserialize, Serialize};

/// The most streams that may flow at once.
pub const MAX_STREAMS: usize = 16;

/// The present year: the caps count by it.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    BorshSerialize,
    BorshDeserialize,
    Serialize,
    Deserialize,
)]
pub struct Year {
    /// The block at whose end it began.
    pub began: Height,
    /// All that there was then: genesis + minted - burned.
    pub supply: Amount,
    /// Minted since.
    pub minted: Amount,
}

/// How a stream is shared out. What the roundings leave goes to the treasury.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    BorshSerialize,
    BorshDeserialize,
    Serialize,
    Deserialize,
)]
pub struct Shares {
    /// To the audit pool.
    pub audit_pool: Bps,
    /// To the reward pool.
    pub reward_pool: Bps,
}

/// Minted money on its way to the pools, in [`crate::Bucket::Stream`].
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct Stream {
    /// Its number.
    pub id: u32,
    /// All of it.
    pub amount: Amount,
    /// What has reached the pools.
    pub released: Amount,
    /// The block that minted it.
    pub began: Height,
    /// The blocks over which it flows.
    pub blocks: u64,
    /// Where it flows, as it was when it was minted.
    pub shares: Shares,
}

/// What was minted, what may be, and what flows.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct Issuance {
    /// The present year.
    pub year: Year,
    /// What verified work has earned to be minted: each task's compute units at what one counted
    /// for when the task was requested.
    pub earned: Amount,
    /// What was minted against that.
    pub minted_from_compute: Amount,
    /// The number of the next stream.
    pub next_stream: u32,
    /// The streams that flow, in order of number.
    pub streams: BoundedVec<Stream, MAX_STREAMS>,
}
