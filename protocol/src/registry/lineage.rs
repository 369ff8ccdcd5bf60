//! Lineage: who is above an artifact, and with which share of what it earns.
//!
//! Shares are absolute: an ancestor's share of a descendant's earnings is the share that its child
//! granted it, whatever lies between. Where several ways lead to one ancestor its largest share
//! counts, not their sum, so that nobody raises a share by inserting artifacts in between.
//!
//! # Invariants
//! - The map holds no artifact twice, and never the artifact itself.
//! - All shares add up to at most half.
//!
//! Spec: `docs/spec/05-registry.md`.

use std::collections::{BTreeMap, BTreeSet};

use probity_primitives::{ArtifactId, BoundedVec, Bps};

use super::error::LineageError;
use super::state::{Ancestor, Parent};
use crate::ledger::Ledger;

/// The longest way up from an artifact.
pub const MAX_DEPTH: u8 = 16;

/// The most that all ancestors' shares may add up to.
pub const MAX_SHARES: Bps = Bps::new(5_000);

/// Who is above an artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lineage {
    /// Everyone above it, in ascending order of id.
    pub ancestors: BoundedVec<Ancestor, 64>,
    /// The longest way up: 0 without parents.
    pub depth: u8,
}

/// The lineage of an artifact with these parents.
///
/// # Errors
/// [`LineageError`] with the limit that is broken.
pub fn lineage(ledger: &Ledger, parents: &[Parent]) -> Result<Lineage, LineageError> {
    let mut shares: BTreeMap<ArtifactId, Bps> = BTreeMap::new();
    let mut named = BTreeSet::new();
    let mut depth = 0u8;
    for Parent { id, share, .. } in parents {
        let parent = ledger.artifacts.get(id).ok_or(LineageError::UnknownParent(*id))?;
        if !named.insert(*id) {
            return Err(LineageError::ParentTwice(*id));
        }
        depth = depth.max(parent.depth.saturating_add(1));
        raise(&mut shares, *id, *share);
        for Ancestor { id, share } in &parent.ancestors {
            raise(&mut shares, *id, *share);
        }
    }
    if depth > MAX_DEPTH {
        return Err(LineageError::TooDeep { depth, limit: MAX_DEPTH });
    }
    let sum = shares.values().fold(0u64, |sum, share| sum.saturating_add(share.parts().into()));
    if sum > MAX_SHARES.parts().into() {
        return Err(LineageError::SharesTooLarge { sum, limit: MAX_SHARES });
    }
    let ancestors = shares.into_iter().map(|(id, share)| Ancestor { id, share }).collect();
    Ok(Lineage { ancestors: BoundedVec::from_vec(ancestors)?, depth })
}

fn raise(shares: &mut BTreeMap<ArtifactId, Bps>, id: ArtifactId, share: Bps) {
    let known = shares.entry(id).or_default();
    *known = share.max(*known);
}
