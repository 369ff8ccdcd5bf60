//! Hot keys that were replaced, for as long as what they signed can still be proven.
//!
//! A key answers for its own time and for no other. Were it forgotten when it is replaced, rotating
//! would be the way out of evidence; were it believed for ever, whoever finds an old key could have
//! its former holder barred.
//!
//! # Invariants
//! - A replaced key proves no vote above the last height at which it could vote, and no statement
//!   about a task that was requested when it was out of service.
//! - At most [`MAX_PAST_KEYS`] keys of an operator can still prove something; a rotation that would
//!   need one place more is refused, so that a list of fixed length forgets nothing too early.
//!
//! # Not here
//! A thief of a replaced key can still make up statements about the time before it was replaced:
//! no rule can tell when a signature was made. Replaced keys are to be destroyed.
//!
//! Spec: `docs/spec/12-slashing.md`.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::{BoundedVec, Height, OperatorId, PublicKey};
use serde::{Deserialize, Serialize};

use super::error::ProfileError;
use crate::ledger::{Context, Ledger};

/// The most replaced keys of one operator that can still prove something.
pub const MAX_PAST_KEYS: usize = 8;

/// A hot key that was replaced.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct PastKey {
    /// The key.
    pub key: PublicKey,
    /// The block in which it was replaced.
    pub retired: Height,
    /// The last height at which it could vote: validators keep their keys until an epoch's end.
    pub votes_until: Height,
}

/// The replaced keys of one operator, the oldest first.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct PastKeys {
    /// The keys.
    pub keys: BoundedVec<PastKey, MAX_PAST_KEYS>,
}

impl Ledger {
    /// The keys under which a vote of an operator for a height can prove something: the one it
    /// votes with in this epoch, its present one, and replaced ones whose time it was.
    pub fn voting_keys(
        &self,
        operator: &OperatorId,
        height: Height,
    ) -> impl Iterator<Item = PublicKey> {
        let voting = self.validators.get().get(operator).map(|validator| validator.key);
        let present = self.operators.get(operator).map(|known| known.key);
        let past = self.past_keys.get(operator).into_iter().flat_map(|past| past.keys.iter());
        let past = past.filter(move |past| height <= past.votes_until).map(|past| past.key);
        voting.into_iter().chain(present).chain(past)
    }

    /// Whether a key can have stated something for an operator about a task of this height: it is
    /// the operator's present key, or was in service after the task was requested.
    #[must_use]
    pub fn could_state(&self, operator: &OperatorId, key: &PublicKey, requested: Height) -> bool {
        let present = self.operators.get(operator).is_some_and(|known| known.key == *key);
        let past = self.past_keys.get(operator);
        let past = past.and_then(|past| past.keys.iter().find(|past| past.key == *key));
        present || past.is_some_and(|past| requested < past.retired)
    }
}

/// The list of an operator's replaced keys with one more, without those that prove nothing more.
pub(super) fn with(
    ledger: &Ledger,
    ctx: &Context,
    operator: &OperatorId,
    key: PublicKey,
) -> Result<PastKeys, ProfileError> {
    let staking = &ledger.params.get().staking;
    let known = ledger.past_keys.get(operator).cloned().unwrap_or_default();
    let proves =
        |past: &PastKey| past.votes_until.0.saturating_add(staking.unbond_blocks) >= ctx.height.0;
    let kept: Vec<PastKey> = known.keys.into_iter().filter(proves).collect();
    // The set that an epoch's first block chooses decides from the block after it on.
    let length = staking.epoch_blocks.max(1);
    let votes_until = Height(ctx.height.0.div_ceil(length).saturating_mul(length));
    let mut keys = BoundedVec::from_vec(kept).unwrap_or_default();
    keys.push(PastKey { key, retired: ctx.height, votes_until })
        .map_err(|_| ProfileError::TooManyRotations { most: MAX_PAST_KEYS })?;
    Ok(PastKeys { keys })
}
