//! History: what was so at a snapshot, as long as a vote is counted against it.
//!
//! Nothing of the past is kept while nobody votes. When a block is sealed, the value that each
//! changed entry had before the block is written under that block's parent's height, unless the
//! newest open snapshot has one already. So the value at a snapshot `s` is the first one written at
//! `s` or later, and the value at the end of the block before if none was.
//!
//! # Invariants
//! - Each entry is written at most once for each open snapshot.
//! - A reader asks with the state at the end of the block before: what a transaction of this block
//!   has changed is not history yet, and not the past either.
//! - What no open snapshot can ask for is swept out in bounded steps.
//!
//! # Not here
//! What changed in the ledger of the rules, and what power follows from it: the runtime.
//!
//! Spec: `docs/spec/14-governance.md`.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::table::Table;
use probity_primitives::{Address, Amount, BoundedVec, Epoch, Height, OperatorId};
use serde::{Deserialize, Serialize};

use crate::delegation::Delegation;
use crate::ledger::Ledger;
use crate::tally::Power;
use crate::tracks::Track;

/// The most pools that an account may have a part of.
pub const MAX_STAKES: usize = 32;

/// The most parts of an account on their way out.
pub const MAX_CLAIMS: usize = 64;

/// How many entries of each table one block looks at when it sweeps.
const SWEEP: usize = 256;

/// All that an account held.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct Holdings {
    /// What it might spend.
    pub free: Amount,
    /// Its shares in operators' pools.
    pub stakes: BoundedVec<(OperatorId, u128), MAX_STAKES>,
    /// Its shares in what was on its way out.
    pub claims: BoundedVec<(OperatorId, Epoch, u128), MAX_CLAIMS>,
}

/// A pool that accounts have shares in.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    BorshSerialize,
    BorshDeserialize,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum PoolName {
    /// What is bonded behind an operator.
    Bonded(OperatorId),
    /// What began to leave in an epoch.
    Leaving(OperatorId, Epoch),
}

/// What a pool held.
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
pub struct Pool {
    /// Its money.
    pub value: Amount,
    /// The shares in it.
    pub shares: u128,
}

/// How far each table of the past has been swept.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct Cursors {
    holdings: Option<(Address, Height)>,
    pools: Option<(PoolName, Height)>,
    delegations: Option<((Address, Track), Height)>,
    received: Option<((Address, Track), Height)>,
}

/// The first value written for `key` at `snapshot` or later.
#[must_use]
pub fn at<'a, K, V>(table: &'a Table<(K, Height), V>, key: &K, snapshot: Height) -> Option<&'a V>
where
    K: Ord + Clone,
    V: Clone,
{
    let last = Height(u64::MAX);
    table.range((key.clone(), snapshot)..=(key.clone(), last)).next().map(|(_, value)| value)
}

/// Writes the value that `key` had at the end of the block `height`, if the snapshot `newest` has
/// none yet.
pub fn record<K, V>(
    table: &mut Table<(K, Height), V>,
    key: K,
    height: Height,
    newest: Height,
    value: impl FnOnce() -> V,
) where
    K: Ord + Clone,
    V: Clone,
{
    if at(table, &key, newest).is_none() {
        table.insert((key, height), value());
    }
}

impl Ledger {
    /// The newest snapshot that votes are counted against.
    #[must_use]
    pub fn newest_snapshot(&self) -> Option<Height> {
        self.snapshots.iter().next_back().map(|((height, _), ())| *height)
    }

    /// The delegation of an account on a track at a snapshot; `self` is the state at the end of the
    /// block before.
    #[must_use]
    pub fn delegation_at(
        &self,
        account: Address,
        track: Track,
        snapshot: Height,
    ) -> Option<Delegation> {
        let key = (account, track);
        match at(&self.past_delegations, &key, snapshot) {
            Some(past) => *past,
            None => self.delegations.get(&key).copied(),
        }
    }

    /// What an account had received on a track at a snapshot; `self` is the state at the end of the
    /// block before.
    #[must_use]
    pub fn received_at(&self, account: Address, track: Track, snapshot: Height) -> Power {
        let key = (account, track);
        let past = at(&self.past_received, &key, snapshot);
        past.or_else(|| self.received.get(&key)).copied().unwrap_or_default()
    }

    /// Writes down what this block has changed of delegations, as it was in `before`, the state at
    /// the end of the block `height`.
    pub fn record_delegations(&mut self, before: &Self, height: Height) {
        let Some(newest) = self.newest_snapshot() else { return };
        let changed: Vec<_> = self.delegations.changed().copied().collect();
        for key in changed {
            let past = before.delegations.get(&key).copied();
            record(&mut self.past_delegations, key, height, newest, || past);
        }
        let changed: Vec<_> = self.received.changed().copied().collect();
        for key in changed {
            let past = before.received.get(&key).copied().unwrap_or_default();
            record(&mut self.past_received, key, height, newest, || past);
        }
    }

    /// Sweeps out what no open snapshot asks for, a bounded number of entries.
    pub fn sweep_past(&mut self) {
        let oldest = self.snapshots.iter().next().map(|((height, _), ())| *height);
        let oldest = oldest.unwrap_or(Height(u64::MAX));
        let mut cursors = self.sweep.get().clone();
        sweep(&mut self.past_holdings, &mut cursors.holdings, oldest);
        sweep(&mut self.past_pools, &mut cursors.pools, oldest);
        sweep(&mut self.past_delegations, &mut cursors.delegations, oldest);
        sweep(&mut self.past_received, &mut cursors.received, oldest);
        if cursors != *self.sweep.get() {
            *self.sweep.get_mut() = cursors;
        }
    }
}

/// Looks at the entries after the cursor and removes those below `oldest`; begins anew at the end.
fn sweep<K, V>(table: &mut Table<(K, Height), V>, cursor: &mut Option<(K, Height)>, oldest: Height)
where
    K: Ord + Clone,
    V: Clone,
{
    use std::ops::Bound;
    let start = cursor.clone().map_or(Bound::Unbounded, Bound::Excluded);
    let seen: Vec<(K, Height)> =
        table.range((start, Bound::Unbounded)).take(SWEEP).map(|(key, _)| key.clone()).collect();
    *cursor = if seen.len() < SWEEP { None } else { seen.last().cloned() };
    for key in seen.into_iter().filter(|(_, height)| *height < oldest) {
        table.remove(&key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Past = Table<(u8, Height), u16>;

    /// Writes the value that key 1 had until `height`, for the newest snapshot `newest`.
    fn write(past: &mut Past, height: u64, newest: u64, value: u16) {
        record(past, 1, Height(height), Height(newest), || value);
    }

    #[test]
    fn a_snapshot_sees_the_first_value_written_at_it_or_later() {
        let mut past = Past::default();
        write(&mut past, 5, 5, 50);
        write(&mut past, 9, 9, 90);
        let at = |height| at(&past, &1, Height(height)).copied();
        assert_eq!(
            [at(4), at(5), at(6), at(9), at(10)],
            [Some(50), Some(50), Some(90), Some(90), None]
        );
        assert_eq!(super::at(&past, &2, Height(1)), None);
    }

    #[test]
    fn a_value_is_written_once_for_each_open_snapshot() {
        let mut past = Past::default();
        write(&mut past, 5, 3, 50);
        write(&mut past, 6, 3, 60);
        assert_eq!(past.len(), 1);
        write(&mut past, 7, 7, 70);
        assert_eq!(past.len(), 2);
    }

    #[test]
    fn what_no_open_snapshot_asks_for_is_swept_out_in_steps() {
        let mut past = Past::default();
        let mut cursor = None;
        for height in 0..600 {
            past.insert((1, Height(height)), 0);
        }
        sweep(&mut past, &mut cursor, Height(500));
        assert_eq!(past.len(), 600 - SWEEP);
        (0..2).for_each(|_| sweep(&mut past, &mut cursor, Height(500)));
        assert_eq!((past.len(), cursor), (100, None));
        sweep(&mut past, &mut cursor, Height(u64::MAX));
        assert!(past.is_empty());
    }
}
